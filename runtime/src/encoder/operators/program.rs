//! Steps, and where what they compute is kept.

use super::attention::Attention;
use super::codes::{Codes, Decoded};
use super::copy::Copy;
use super::depthwise::Depthwise;
use super::layer_norm::LayerNorm;
use super::lookup::Lookup;
use super::machine::Values;
use super::max_pool::LargestOf;
use super::product::{Finish, Product, Weights};
use super::sum::Sum;
use super::view::ValueId;
use crate::kernels::{Coding, TILE_ROWS, add_assign, encode_into, gelu, relu, round_to_codes};

/// What is done to every value last.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Activation {
    Relu,
    Gelu,
    /// To what eight-bit codes can stand for.
    Rounded(Coding),
    /// With something added to each column.
    Added(Vec<f32>),
}

/// Does one after the other to whole rows.
pub(super) fn apply(activations: &[Activation], values: &mut [f32]) {
    for activation in activations {
        match activation {
            Activation::Relu => relu(values),
            Activation::Gelu => gelu(values),
            Activation::Rounded(coding) => round_to_codes(values, *coding),
            Activation::Added(columns) => {
                let rows = values.chunks_mut(columns.len());
                rows.for_each(|row| add_assign(row, columns));
            }
        }
    }
}

/// Whether nothing is done to values but what making codes of them does as well.
pub(super) fn is_what_coding_does(activations: &[Activation], coding: Coding) -> bool {
    match activations {
        [] => true,
        // Less than zero has no code.
        [Activation::Relu] => coding.zero == 0,
        _ => false,
    }
}

/// Computes one value, `rows` rows of `columns`, from others.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) out: ValueId,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) work: Work,
    /// How the value is kept if not as floats.
    pub(super) coding: Option<Coding>,
}

/// Rows that are computed as floats and coded while they are in the cache.
const CODED_ROWS: usize = 96;

impl Step {
    /// What it is called in tables of times.
    pub(super) fn kind(&self) -> &'static str {
        match &self.work {
            Work::Product(work) => match work.weights {
                Weights::Floats(_) => "product",
                Weights::Codes { .. } => "product in int8",
            },
            Work::Codes(_) => "to codes",
            Work::Lookup(_) => "lookup of codes",
            Work::Decoded(_) => "from codes",
            Work::Depthwise(_) => "depthwise convolution",
            Work::MaxPool(_) => "max pooling",
            Work::LayerNorm(_) => "layer norm",
            Work::Attention(_) => "attention",
            Work::Sum(_) => "sum",
            Work::Copy(_) => "copy",
        }
    }

    /// Computes rows from `first_row` on as codes.
    pub(super) fn run_coded(&self, values: Values<'_>, first_row: usize, out: &mut [u8]) {
        let Some(coding) = self.coding else { return };
        match &self.work {
            Work::Codes(work) => return work.run(values, first_row, out),
            Work::Lookup(work) => return work.run(values, first_row, out),
            // Of floats that were never coded, it goes the way of all others.
            Work::MaxPool(work) if work.of_codes => {
                return work.run_coded(values, first_row, out);
            }
            Work::Product(work) if work.gives_codes(coding) => {
                return work.run_coded(values, first_row, out, coding);
            }
            Work::Sum(work) if work.gives_codes(coding) => {
                return work.run_coded(values, first_row, out, coding);
            }
            _ => {}
        }
        let rows = match &self.work {
            Work::Product(work) => CODED_ROWS.max(work.block_tiles() * TILE_ROWS),
            work => CODED_ROWS.next_multiple_of(work.grain()),
        };
        let mut floats = vec![0.0; out.len().min(rows * self.columns)];
        for (index, out) in out.chunks_mut(rows * self.columns).enumerate() {
            let floats = &mut floats[..out.len()];
            self.work.run(values, first_row + index * rows, floats);
            encode_into(out, floats, coding);
        }
    }
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Work {
    Product(Product),
    Codes(Codes),
    Lookup(Lookup),
    Decoded(Decoded),
    Depthwise(Depthwise),
    MaxPool(LargestOf),
    LayerNorm(LayerNorm),
    Attention(Attention),
    Sum(Sum),
    Copy(Copy),
}

impl Work {
    /// What it reads.
    pub(super) fn reads(&self) -> Vec<ValueId> {
        match self {
            Self::Product(work) => work.reads(),
            Self::Codes(work) => vec![work.value],
            Self::Lookup(work) => vec![work.value],
            Self::Decoded(work) => vec![work.value],
            Self::Depthwise(work) => vec![work.value],
            Self::MaxPool(work) => vec![work.patches.value],
            Self::LayerNorm(work) => vec![work.value],
            Self::Attention(work) => work.reads(),
            Self::Sum(work) => work.reads(),
            Self::Copy(work) => vec![work.value],
        }
    }

    /// Computes rows from `first_row` on as floats.
    pub(super) fn run(&self, values: Values<'_>, first_row: usize, out: &mut [f32]) {
        match self {
            Self::Product(work) => work.run(values, first_row, out),
            Self::Depthwise(work) => work.run(values, first_row, out),
            Self::MaxPool(work) => work.run(values, first_row, out),
            Self::LayerNorm(work) => work.run(values, first_row, out),
            Self::Attention(work) => work.run(values, first_row, out),
            Self::Sum(work) => work.run(values, first_row, out),
            Self::Copy(work) => work.run(values, first_row, out),
            Self::Decoded(work) => work.run(values, first_row, out),
            // Their steps have a coding.
            Self::Codes(_) | Self::Lookup(_) => {}
        }
    }

    /// What a product does last.
    pub(super) fn finish(&mut self) -> Option<&mut Finish> {
        match self {
            Self::Product(work) => Some(&mut work.finish),
            _ => None,
        }
    }

    /// The activations that a step ends with, in their order.
    pub(super) fn activations(&mut self) -> Option<&mut Vec<Activation>> {
        match self {
            Self::Product(work) => Some(&mut work.finish.activations),
            Self::Depthwise(work) => Some(&mut work.activations),
            Self::Sum(work) => Some(&mut work.activations),
            _ => None,
        }
    }

    /// The bias of a step that ends with it.
    pub(super) fn last_bias(&mut self) -> Option<&mut Vec<f32>> {
        match self {
            Self::Product(work) if work.finish.is_nothing() => Some(&mut work.bias),
            Self::Depthwise(work) if work.activations.is_empty() => Some(&mut work.bias),
            Self::LayerNorm(work) => Some(&mut work.bias),
            _ => None,
        }
    }

    /// Rows that must stay together when a step is divided between threads.
    pub(super) fn grain(&self) -> usize {
        match self {
            Self::Product(_) => TILE_ROWS,
            Self::Depthwise(work) => work.columns(),
            Self::Attention(work) => work.grain(),
            Self::Copy(work) => work.grain(),
            Self::LayerNorm(_)
            | Self::MaxPool(_)
            | Self::Sum(_)
            | Self::Codes(_)
            | Self::Lookup(_)
            | Self::Decoded(_) => 1,
        }
    }
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Input(usize),
    Constant(usize),
    Buffer(usize),
    /// A buffer of codes.
    Codes(usize),
}

/// What is fixed when a graph is loaded.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) places: Vec<Place>,
    pub(super) constants: Vec<Vec<f32>>,
    /// Length of each buffer, and of each buffer of codes.
    pub(super) buffers: Vec<usize>,
    pub(super) codes: Vec<usize>,
    pub(super) outputs: Vec<ValueId>,
}

/// A value while a program is put together.
#[derive(Debug)]
pub(super) enum Origin {
    Input(usize),
    Constant(Vec<f32>),
    /// Computed by a step; its length.
    Computed(usize),
}

impl Program {
    /// Gives every value a place: a buffer is used again as soon as nobody reads what is in it.
    pub(super) fn new(steps: Vec<Step>, origins: Vec<Origin>, outputs: Vec<ValueId>) -> Self {
        let mut last_read = vec![0; origins.len()];
        let mut is_read = vec![false; origins.len()];
        for (index, step) in steps.iter().enumerate() {
            for value in step.work.reads() {
                last_read[value.0] = index;
                is_read[value.0] = true;
            }
        }
        for output in &outputs {
            last_read[output.0] = usize::MAX;
        }
        let mut constants = Vec::new();
        let mut lengths = vec![0; origins.len()];
        let mut places: Vec<Place> = Vec::with_capacity(origins.len());
        for (index, origin) in origins.into_iter().enumerate() {
            places.push(match origin {
                Origin::Input(input) => Place::Input(input),
                Origin::Constant(values) => {
                    // Weights were packed; nobody reads them as they came.
                    constants.push(if is_read[index] { values } else { Vec::new() });
                    Place::Constant(constants.len() - 1)
                }
                Origin::Computed(length) => {
                    lengths[index] = length;
                    Place::Buffer(usize::MAX)
                }
            });
        }
        let (mut buffers, mut codes) = (Pool::default(), Pool::default());
        for (index, step) in steps.iter().enumerate() {
            let length = lengths[step.out.0];
            places[step.out.0] = match step.coding {
                Some(_) => Place::Codes(codes.take(step.out, length)),
                None => Place::Buffer(buffers.take(step.out, length)),
            };
            let is_over = |value: ValueId| last_read[value.0] <= index && value != step.out;
            buffers.free(is_over);
            codes.free(is_over);
        }
        let (buffers, codes) = (buffers.lengths, codes.lengths);
        Self {
            steps,
            places,
            constants,
            buffers,
            codes,
            outputs,
        }
    }

    /// Elements of all buffers.
    pub(super) fn buffered(&self) -> usize {
        self.buffers.iter().chain(&self.codes).sum()
    }
}

/// Buffers while they are planned.
#[derive(Default)]
struct Pool {
    lengths: Vec<usize>,
    owners: Vec<Option<ValueId>>,
}

impl Pool {
    /// A buffer for a value: the smallest free one that is large enough, or else the largest, which grows.
    fn take(&mut self, value: ValueId, wanted: usize) -> usize {
        let free = (0..self.lengths.len()).filter(|buffer| self.owners[*buffer].is_none());
        let best = free.min_by_key(|buffer| {
            let length = self.lengths[*buffer];
            if length >= wanted {
                (0, length)
            } else {
                (1, usize::MAX - length)
            }
        });
        let buffer = best.unwrap_or_else(|| {
            self.lengths.push(0);
            self.owners.push(None);
            self.lengths.len() - 1
        });
        self.lengths[buffer] = self.lengths[buffer].max(wanted);
        self.owners[buffer] = Some(value);
        buffer
    }

    /// Takes back the buffers of values that nobody reads any more.
    fn free(&mut self, is_over: impl Fn(ValueId) -> bool) {
        for owner in &mut self.owners {
            if owner.is_some_and(&is_over) {
                *owner = None;
            }
        }
    }
}
