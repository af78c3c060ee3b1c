//! Steps, the buffers between them, and the threads that run them.

use std::io;
use std::sync::Arc;

use super::attention::Attention;
use super::copy::Copy;
use super::depthwise::Depthwise;
use super::layer_norm::LayerNorm;
use super::product::Product;
use super::sum::Sum;
use super::view::ValueId;
use crate::kernels::{Team, gelu, relu};

/// What is done to every value last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Activation {
    #[default]
    None,
    Relu,
    Gelu,
}

impl Activation {
    pub(super) fn apply(self, values: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Relu => relu(values),
            Self::Gelu => gelu(values),
        }
    }
}

/// Computes one value, `rows` rows of `columns`, from others.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) out: ValueId,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) work: Work,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Work {
    Product(Product),
    Depthwise(Depthwise),
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
            Self::Depthwise(work) => vec![work.value],
            Self::LayerNorm(work) => vec![work.value],
            Self::Attention(work) => work.reads(),
            Self::Sum(work) => work.reads(),
            Self::Copy(work) => vec![work.value],
        }
    }

    /// Rows that must stay together when a step is divided between threads.
    fn grain(&self) -> usize {
        match self {
            Self::Product(_) => crate::kernels::TILE_ROWS,
            Self::Depthwise(work) => work.columns(),
            Self::Attention(work) => work.queries(),
            Self::LayerNorm(_) | Self::Sum(_) | Self::Copy(_) => 1,
        }
    }
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Input(usize),
    Constant(usize),
    Buffer(usize),
}

/// What is fixed when a graph is loaded.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    places: Vec<Place>,
    constants: Vec<Vec<f32>>,
    /// Length of each buffer.
    buffers: Vec<usize>,
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
        for (index, step) in steps.iter().enumerate() {
            for value in step.work.reads() {
                last_read[value.0] = index;
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
                    constants.push(values);
                    Place::Constant(constants.len() - 1)
                }
                Origin::Computed(length) => {
                    lengths[index] = length;
                    Place::Buffer(usize::MAX)
                }
            });
        }
        let mut buffers: Vec<usize> = Vec::new();
        let mut owners: Vec<Option<ValueId>> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let wanted = lengths[step.out.0];
            // The smallest free buffer that is large enough, or else the largest, which grows.
            let free = (0..buffers.len()).filter(|buffer| owners[*buffer].is_none());
            let best = free.min_by_key(|buffer| {
                let length = buffers[*buffer];
                if length >= wanted {
                    (0, length)
                } else {
                    (1, usize::MAX - length)
                }
            });
            let buffer = best.unwrap_or_else(|| {
                buffers.push(0);
                owners.push(None);
                buffers.len() - 1
            });
            buffers[buffer] = buffers[buffer].max(wanted);
            owners[buffer] = Some(step.out);
            places[step.out.0] = Place::Buffer(buffer);
            for owner in &mut owners {
                if owner.is_some_and(|value| last_read[value.0] <= index && value != step.out) {
                    *owner = None;
                }
            }
        }
        Self {
            steps,
            places,
            constants,
            buffers,
            outputs,
        }
    }
}

/// Buffers and threads of one run at a time.
pub(super) struct Machine {
    program: Arc<Program>,
    buffers: Vec<Vec<f32>>,
    team: Team,
}

impl Machine {
    /// # Errors
    /// If the system gives no more threads.
    pub(super) fn new(program: &Arc<Program>, threads: usize) -> io::Result<Self> {
        Ok(Self {
            program: Arc::clone(program),
            buffers: program
                .buffers
                .iter()
                .map(|length| vec![0.0; *length])
                .collect(),
            team: Team::new("fixate-encoder", threads - 1, |_| ())?,
        })
    }

    /// Runs all steps.
    pub(super) fn run(&mut self, inputs: &[&[f32]]) {
        let program = &*self.program;
        for step in &program.steps {
            let Place::Buffer(buffer) = program.places[step.out.0] else {
                continue;
            };
            let mut out = std::mem::take(&mut self.buffers[buffer]);
            let values = Values {
                program,
                inputs,
                buffers: &self.buffers,
            };
            let length = step.rows * step.columns;
            let grains = step.rows.div_ceil(step.work.grain());
            let rows = grains.div_ceil(self.team.members()) * step.work.grain();
            let mut parts: Vec<(usize, &mut [f32])> = out[..length]
                .chunks_mut((rows * step.columns).max(1))
                .enumerate()
                .map(|(index, part)| (index * rows, part))
                .collect();
            self.team
                .each(&mut parts, |(first_row, out)| match &step.work {
                    Work::Product(work) => work.run(values, *first_row, out),
                    Work::Depthwise(work) => work.run(values, *first_row, out),
                    Work::LayerNorm(work) => work.run(values, *first_row, out),
                    Work::Attention(work) => work.run(values, *first_row, out),
                    Work::Sum(work) => work.run(values, *first_row, out),
                    Work::Copy(work) => work.run(values, *first_row, out),
                });
            self.buffers[buffer] = out;
        }
    }

    /// An output of the last run: as long as it is, and perhaps more.
    pub(super) fn output<'a>(&'a self, index: usize, inputs: &'a [&'a [f32]]) -> &'a [f32] {
        let values = Values {
            program: &self.program,
            inputs,
            buffers: &self.buffers,
        };
        values.get(self.program.outputs[index])
    }

    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    pub(super) fn threads(&self) -> usize {
        self.team.members()
    }
}

/// What steps read.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    program: &'a Program,
    inputs: &'a [&'a [f32]],
    buffers: &'a [Vec<f32>],
}

impl<'a> Values<'a> {
    pub(super) fn get(&self, value: ValueId) -> &'a [f32] {
        match self.program.places[value.0] {
            Place::Input(input) => self.inputs[input],
            Place::Constant(constant) => &self.program.constants[constant],
            Place::Buffer(buffer) => &self.buffers[buffer],
        }
    }
}
