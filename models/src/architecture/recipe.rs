//! How the weights of a graph follow from the tensors of a checkpoint.
//!
//! Whoever writes a recipe has checked the shapes of its tensors. Nothing is read before the weight
//! is written.

use super::ArchitectureError;
use super::shapes::full_name;
use crate::checkpoint::Checkpoint;

/// What PyTorch's `BatchNorm2d` adds to a variance.
const BATCH_NORMALISATION_EPSILON: f64 = 1e-5;

/// How one weight of a graph is computed. Names lack the prefix of encoders.
#[derive(Clone, Debug)]
pub(crate) enum Recipe {
    /// A tensor as it is.
    Tensor { name: String },
    /// Some rows of a linear layer's weight, `[out, in]`, times a factor, as `[in, rows]`.
    LinearWeight {
        name: String,
        inputs: usize,
        rows: Rows,
        factor: f64,
    },
    /// The same rows of its bias.
    LinearBias {
        name: String,
        rows: Rows,
        factor: f64,
    },
    /// A convolution's weight `c`, times what the batch normalisation `bn` behind it multiplies.
    ConvolutionWeight { module: String },
    /// What that batch normalisation adds.
    ConvolutionBias { module: String },
    /// A table of relative positions, `[length, head]`, as `[query, head, key]` for queries and keys
    /// on a line of `side` places.
    RelativePositions { name: String, side: usize },
    /// A table of attention biases, `[heads, offsets]`, as `[heads, query, key]` for queries and
    /// keys in a square window.
    AttentionBiases { name: String, window: usize },
}

/// Runs of rows of a matrix, all of the same length and distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The first row.
    pub(crate) first: usize,
    /// Rows in a run.
    pub(crate) length: usize,
    /// Rows between the beginnings of runs.
    pub(crate) distance: usize,
    /// Number of runs.
    pub(crate) runs: usize,
}

impl Rows {
    /// The rows from `first` on.
    pub(crate) fn range(first: usize, length: usize) -> Self {
        Self {
            first,
            length,
            distance: length,
            runs: 1,
        }
    }

    /// How many rows these are.
    pub(crate) fn count(self) -> usize {
        self.runs * self.length
    }

    fn indices(self) -> impl Iterator<Item = usize> {
        let run = move |run| {
            let first = self.first + run * self.distance;
            first..first + self.length
        };
        (0..self.runs).flat_map(run)
    }
}

impl Recipe {
    /// Computes the weight.
    pub(crate) fn read(&self, checkpoint: &mut Checkpoint) -> Result<Vec<f32>, ArchitectureError> {
        let (name, values) = match self {
            Self::Tensor { name } => (name, tensor(checkpoint, name)?),
            Self::LinearWeight {
                name,
                inputs,
                rows,
                factor,
            } => {
                let values = tensor(checkpoint, name)?;
                (name, transposed_rows(&values, *inputs, *rows, *factor))
            }
            Self::LinearBias { name, rows, factor } => {
                let values = tensor(checkpoint, name)?;
                (name, transposed_rows(&values, 1, *rows, *factor))
            }
            Self::ConvolutionWeight { module } => (module, folded_weight(checkpoint, module)?),
            Self::ConvolutionBias { module } => {
                let (_, shifts) = normalisation(checkpoint, module)?;
                (module, shifts.iter().map(|&shift| shift as f32).collect())
            }
            Self::RelativePositions { name, side } => {
                let values = tensor(checkpoint, name)?;
                let length = checkpoint
                    .info(&full_name(name))
                    .map_or(1, |info| info.shape[0]);
                (name, relative_positions(&values, length, *side))
            }
            Self::AttentionBiases { name, window } => {
                let values = tensor(checkpoint, name)?;
                (name, attention_biases(&values, *window))
            }
        };
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(ArchitectureError::NotFinite {
                name: full_name(name),
            })
        }
    }
}

fn tensor(checkpoint: &mut Checkpoint, name: &str) -> Result<Vec<f32>, ArchitectureError> {
    Ok(checkpoint.read_f32(&full_name(name))?)
}

fn transposed_rows(values: &[f32], inputs: usize, rows: Rows, factor: f64) -> Vec<f32> {
    /// Rows that are read side by side, so that what is written fills a cache line.
    const SIDE_BY_SIDE: usize = 16;
    let count = rows.count();
    let rows: Vec<usize> = rows.indices().collect();
    let mut result = vec![0.0; count * inputs];
    for (block, rows) in rows.chunks(SIDE_BY_SIDE).enumerate() {
        for input in 0..inputs {
            let columns = &mut result[input * count + block * SIDE_BY_SIDE..];
            for (column, row) in columns.iter_mut().zip(rows) {
                *column = (f64::from(values[row * inputs + input]) * factor) as f32;
            }
        }
    }
    result
}

/// What the batch normalisation of a module multiplies and adds, channel by channel.
fn normalisation(
    checkpoint: &mut Checkpoint,
    module: &str,
) -> Result<(Vec<f64>, Vec<f64>), ArchitectureError> {
    let mut read = |name: &str| tensor(checkpoint, &format!("{module}.bn.{name}"));
    let (weight, bias) = (read("weight")?, read("bias")?);
    let (mean, variance) = (read("running_mean")?, read("running_var")?);
    let factors: Vec<f64> = weight
        .iter()
        .zip(&variance)
        .map(|(&weight, &variance)| {
            f64::from(weight) / (f64::from(variance) + BATCH_NORMALISATION_EPSILON).sqrt()
        })
        .collect();
    let shifts = bias
        .iter()
        .zip(&mean)
        .zip(&factors)
        .map(|((&bias, &mean), factor)| f64::from(bias) - f64::from(mean) * factor)
        .collect();
    Ok((factors, shifts))
}

fn folded_weight(checkpoint: &mut Checkpoint, module: &str) -> Result<Vec<f32>, ArchitectureError> {
    let (factors, _) = normalisation(checkpoint, module)?;
    let mut weight = tensor(checkpoint, &format!("{module}.c.weight"))?;
    let kernel = weight.len() / factors.len();
    for (values, factor) in weight.chunks_exact_mut(kernel).zip(&factors) {
        for value in values {
            *value = (f64::from(*value) * factor) as f32;
        }
    }
    Ok(weight)
}

/// The reference's `get_rel_pos`: row `query - key + side - 1` of the table, which is resized first
/// if it has not `2 * side - 1` rows.
fn relative_positions(table: &[f32], length: usize, side: usize) -> Vec<f32> {
    let head = table.len() / length;
    let resized = resized_rows(table, length, 2 * side - 1);
    let mut result = vec![0.0; side * head * side];
    for query in 0..side {
        for key in 0..side {
            let row = &resized[(query + side - 1 - key) * head..][..head];
            for (channel, &value) in row.iter().enumerate() {
                result[(query * head + channel) * side + key] = value;
            }
        }
    }
    result
}

/// Linear interpolation between rows, half-pixel centres, as `F.interpolate` does by default.
fn resized_rows(table: &[f32], length: usize, target: usize) -> Vec<f32> {
    if length == target {
        return table.to_vec();
    }
    let head = table.len() / length;
    let scale = length as f64 / target as f64;
    let mut result = Vec::with_capacity(target * head);
    for row in 0..target {
        let position = ((row as f64 + 0.5) * scale - 0.5).max(0.0);
        let low = (position as usize).min(length - 1);
        let high = (low + 1).min(length - 1);
        let share = position - low as f64;
        let pairs = table[low * head..][..head]
            .iter()
            .zip(&table[high * head..]);
        result.extend(pairs.map(|(&low, &high)| {
            (f64::from(low) * (1.0 - share) + f64::from(high) * share) as f32
        }));
    }
    result
}

/// The reference numbers offsets as it meets them, and it meets all of them at the first query: the
/// offset of `rows` and `columns`, signs dropped, is number `rows * window + columns`.
fn attention_biases(table: &[f32], window: usize) -> Vec<f32> {
    let area = window * window;
    let mut result = Vec::with_capacity(table.len() * area);
    for biases in table.chunks_exact(area) {
        for query in 0..area {
            result.extend((0..area).map(|key| {
                let rows = (query / window).abs_diff(key / window);
                let columns = (query % window).abs_diff(key % window);
                biases[rows * window + columns]
            }));
        }
    }
    result
}

#[cfg(test)]
mod tests;
