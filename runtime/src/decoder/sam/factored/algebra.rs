//! What the image features are made of, and what a projection of them therefore is.
//!
//! A layer leaves the features at `LN(R)`, where `R` is what they were before plus the layer's
//! attention weights times a matrix of few rows. A layer norm is linear but for each position's
//! deviation, so the features of *level* l (after l layers) are, up to one factor for each
//! position,
//!
//!   keyframe's features x matrix  +  factors x rows
//!
//! where the factors are the attention weights of all layers so far, the features of a mask prompt
//! and ones for what is constant, each multiplied by the deviations since. A projection of them
//! keeps that form: its product with the keyframe's features is computed once, its products with
//! the rows for each prompt.
//!
//! *Space* l is where `R` of level l lives, its mean over channels taken away; space 0 is the
//! keyframe's features plus the mask's.

use super::super::layers::{ImageLinear, LayerNorm};

/// Rows that enter the features at some level: a layer's output projection, or the last convolution
/// of a mask prompt.
pub(super) struct Source {
    /// `[rows, channels]`, one row for each factor of this source.
    rows: Vec<Vec<f64>>,
    /// What enters at every position alike.
    ones: Vec<f64>,
    space: usize,
}

/// What enters at which level, and the layer norms between the levels.
pub(super) struct Algebra {
    channels: usize,
    /// The mask, then one for each layer.
    sources: Vec<Source>,
    /// Of each layer.
    norms: Vec<Norm>,
    /// What enters with the first layer at every position alike: there it counts among the keyframe's
    /// own features.
    first_bias: Vec<f32>,
}

struct Norm {
    weight: Vec<f64>,
    bias: Vec<f64>,
}

/// What a projection makes of one source.
pub(super) struct SourceTerm {
    /// `[rows, width]`.
    pub(super) rows: Vec<f32>,
    /// `[width]`.
    pub(super) ones: Vec<f32>,
}

/// A linear map of the features of one level.
pub(super) struct Projection {
    pub(super) width: usize,
    /// `[width, channels]`: of the keyframe's features.
    pub(super) base: Vec<f32>,
    /// By source: the mask, then the layers before the level.
    pub(super) sources: Vec<SourceTerm>,
    /// `[width]`, added at every position whatever its deviation.
    pub(super) constant: Vec<f32>,
}

impl Algebra {
    /// From what turns a mask's features into image features, and what the absence of a mask adds.
    pub(super) fn new(mask: &ImageLinear, no_mask: &[f32]) -> Self {
        let channels = no_mask.len();
        let absent = no_mask.iter().map(|value| f64::from(*value));
        let bias = mask.bias().iter().map(|value| f64::from(*value));
        let source = Source {
            rows: columns(mask, mask.inputs()),
            ones: bias
                .zip(absent)
                .map(|(bias, absent)| bias - absent)
                .collect(),
            space: 0,
        };
        Self {
            channels,
            sources: vec![source],
            norms: Vec::new(),
            first_bias: vec![0.0; channels],
        }
    }

    /// Adds a layer: its output projection and the norm after it.
    pub(super) fn push_layer(&mut self, output: &ImageLinear, norm: &LayerNorm) {
        let mut rows = columns(output, output.inputs());
        rows.iter_mut().for_each(|row| centre(row));
        let ones = match self.norms.last() {
            None => {
                self.first_bias.copy_from_slice(output.bias());
                vec![0.0; self.channels]
            }
            Some(before) => {
                let own = output.bias().iter().map(|value| f64::from(*value));
                let mut ones: Vec<f64> = own
                    .zip(&before.bias)
                    .map(|(own, bias)| own + bias)
                    .collect();
                centre(&mut ones);
                ones
            }
        };
        let space = self.norms.len() + 1;
        self.sources.push(Source { rows, ones, space });
        let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect();
        self.norms.push(Norm {
            weight: wide(norm.weight()),
            bias: wide(norm.bias()),
        });
    }

    /// What counts among the keyframe's own features from level 1 on, `[channels]`.
    pub(super) fn first_bias(&self) -> &[f32] {
        &self.first_bias
    }

    /// The newest level.
    pub(super) fn level(&self) -> usize {
        self.norms.len()
    }

    /// The projection `linear` of the features of the newest level.
    pub(super) fn project(&self, linear: &ImageLinear) -> Projection {
        let norm = self.norms.last();
        let outputs = linear.weight().chunks_exact(self.channels);
        let constant = outputs.clone().zip(linear.bias()).map(|(row, bias)| {
            let shift: f64 = match norm {
                Some(norm) => dot(row.iter().map(|value| f64::from(*value)), &norm.bias),
                None => 0.0,
            };
            (shift + f64::from(*bias)) as f32
        });
        let constant = constant.collect();
        let rows = outputs.map(|row| {
            let mut row: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
            if let Some(norm) = norm {
                multiply(&mut row, &norm.weight);
            }
            row
        });
        self.terms(rows.collect(), constant)
    }

    /// Rows of all sources in the newest space: what the deviations follow from. There is no base.
    pub(super) fn residual(&self) -> Projection {
        let term = |source: &Source| SourceTerm {
            rows: source
                .rows
                .iter()
                .flat_map(|row| narrow(&self.carried(row, source.space)))
                .collect(),
            ones: narrow(&self.carried(&source.ones, source.space)),
        };
        Projection {
            width: self.channels,
            base: Vec::new(),
            sources: self.sources.iter().map(term).collect(),
            constant: Vec::new(),
        }
    }

    /// The products of the keyframe's features, in the newest space, with the rows of every layer, its
    /// ones last; the first layer's are nothing, and left out.
    pub(super) fn cross(&self) -> Projection {
        let layers = self.sources.iter().enumerate().skip(1);
        let rows = layers.flat_map(|(index, source)| {
            let ones = (index > 1).then_some(&source.ones);
            let all = source.rows.iter().chain(ones);
            all.map(|row| self.carried(row, source.space))
        });
        self.terms(rows.collect(), Vec::new())
    }

    /// The same with the rows of a mask.
    pub(super) fn mask_cross(&self) -> Projection {
        let mask = &self.sources[0];
        let all = mask.rows.iter().chain([&mask.ones]);
        let rows = all.map(|row| self.carried(row, mask.space));
        self.terms(rows.collect(), Vec::new())
    }

    /// What the weight of each norm between the spaces 1 and the newest is: with it and the taking
    /// away of means, features go from space to space.
    pub(super) fn norm_weights(&self) -> impl Iterator<Item = Vec<f32>> {
        let between = self.level().saturating_sub(1);
        self.norms[..between]
            .iter()
            .map(|norm| narrow(&norm.weight))
    }

    /// Products of everything with `rows`, `[width]` of channels in the newest space.
    fn terms(&self, rows: Vec<Vec<f64>>, constant: Vec<f32>) -> Projection {
        let width = rows.len();
        let mut base = Vec::with_capacity(width * self.channels);
        let mut sources: Vec<SourceTerm> = self
            .sources
            .iter()
            .map(|source| SourceTerm {
                rows: vec![0.0; source.rows.len() * width],
                ones: vec![0.0; width],
            })
            .collect();
        for (output, mut row) in rows.into_iter().enumerate() {
            // Back through the levels: what a row of this space is in each earlier one.
            for space in (0..=self.level()).rev() {
                for (source, term) in self.sources.iter().zip(&mut sources) {
                    if source.space == space {
                        for (index, factor) in source.rows.iter().enumerate() {
                            term.rows[index * width + output] =
                                dot(factor.iter().copied(), &row) as f32;
                        }
                        term.ones[output] = dot(source.ones.iter().copied(), &row) as f32;
                    }
                }
                if space > 0 {
                    centre(&mut row);
                    if space > 1 {
                        multiply(&mut row, &self.norms[space - 2].weight);
                    }
                }
            }
            base.extend(narrow(&row));
        }
        Projection {
            width,
            base,
            sources,
            constant,
        }
    }

    /// A row of one space in the newest one.
    fn carried(&self, row: &[f64], from: usize) -> Vec<f64> {
        let mut row = row.to_vec();
        for space in from..self.level() {
            if space > 0 {
                multiply(&mut row, &self.norms[space - 1].weight);
            }
            centre(&mut row);
        }
        row
    }
}

/// The columns of a linear map's weight: what each of its inputs adds to the outputs.
fn columns(linear: &ImageLinear, inputs: usize) -> Vec<Vec<f64>> {
    let column = |input| linear.weight().iter().skip(input).step_by(inputs);
    (0..inputs)
        .map(|input| column(input).map(|value| f64::from(*value)).collect())
        .collect()
}

fn centre(row: &mut [f64]) {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    for value in row {
        *value -= mean;
    }
}

fn multiply(row: &mut [f64], factors: &[f64]) {
    for (value, factor) in row.iter_mut().zip(factors) {
        *value *= factor;
    }
}

fn dot(left: impl Iterator<Item = f64>, right: &[f64]) -> f64 {
    left.zip(right).map(|(left, right)| left * right).sum()
}

fn narrow(row: &[f64]) -> Vec<f32> {
    row.iter().map(|value| *value as f32).collect()
}
