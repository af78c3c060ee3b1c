//! ONNX encoders run by tract.

use std::sync::Arc;

use tract_linalg::multithread::Executor;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::runtime::{Runnable, State};

use super::{Encoder, EncoderError, MAX_THREADS, check_finite, check_length, operators};
use crate::bundle::WeightsFile;
use crate::graph::{self, guarded};

#[cfg(feature = "tract-cuda")]
mod cuda;
mod times;

pub use times::{OperatorTime, OperatorTimes, operator_times};

/// What a graph does not tell by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TractOptions {
    /// Name of the graph's input, `[1, 3, size, size]`.
    pub input: String,
    /// Name of the graph's output, `[1, channels, rows, columns]`.
    pub output: String,
    /// Side of the square input in pixels.
    pub input_size_px: usize,
    /// Channels, rows and columns of an embedding.
    pub embedding_shape: [usize; 3],
    /// Threads to compute with, the caller's included.
    pub threads: usize,
    /// The weights, if the graph keeps them in a file of their own.
    pub weights: Option<WeightsFile>,
}

/// An ONNX encoder, optimised for this machine.
pub struct TractEncoder {
    plan: Arc<dyn Runnable>,
    state: Box<dyn State>,
    input_size_px: usize,
    embedding_shape: [usize; 3],
}

impl TractEncoder {
    /// Loads an ONNX graph. Weights stored as f16 with a cast to f32 behind them are cast once, here.
    ///
    /// # Errors
    /// If tract cannot read or optimise the graph, or its input or output is not what `options` say.
    pub fn new(onnx: &[u8], options: &TractOptions) -> Result<Self, EncoderError> {
        check_threads(options)?;
        let plan = guarded(EncoderError::Load, || {
            load(onnx, options, operators::rewrite)
        })?;
        Self::of(Arc::new(plan), options)
    }

    fn of(plan: Arc<dyn Runnable>, options: &TractOptions) -> Result<Self, EncoderError> {
        let state = spawn(&*plan, EncoderError::Load)?;
        Ok(Self {
            plan,
            state,
            input_size_px: options.input_size_px,
            embedding_shape: options.embedding_shape,
        })
    }
}

fn check_threads(options: &TractOptions) -> Result<(), EncoderError> {
    if (1..=MAX_THREADS).contains(&options.threads) {
        Ok(())
    } else {
        Err(EncoderError::Threads {
            found: options.threads,
        })
    }
}

/// The buffers of one encoder.
fn spawn(
    plan: &dyn Runnable,
    error: fn(String) -> EncoderError,
) -> Result<Box<dyn State>, EncoderError> {
    guarded(error, || {
        plan.spawn().map_err(|reason| error(format!("{reason:#}")))
    })
}

fn load_error(error: TractError) -> EncoderError {
    EncoderError::Load(format!("{error:#}"))
}

/// What is done to a graph in its simplest form before it runs on so many threads.
type Rewrite = fn(TypedModel, usize) -> TractResult<TypedModel>;

fn load(
    onnx: &[u8],
    options: &TractOptions,
    rewrite: Rewrite,
) -> Result<Arc<TypedSimplePlan>, EncoderError> {
    let model = read(onnx, options, |model| {
        graph::optimized(model, |model| {
            graph::check_sizes(&model)?;
            rewrite(model, options.threads)
        })
    })?;
    model
        .into_runnable_with_options(&run_options(options.threads))
        .map_err(load_error)
}

fn run_options(threads: usize) -> RunOptions {
    let executor = match threads {
        1 => Executor::SingleThread,
        threads => Executor::multithread(threads),
    };
    RunOptions {
        executor: Some(executor),
        ..RunOptions::default()
    }
}

/// Reads a graph, brings it into the form to run, and compares it with its description.
fn read(
    onnx: &[u8],
    options: &TractOptions,
    form: impl FnOnce(InferenceModel) -> TractResult<TypedModel>,
) -> Result<TypedModel, EncoderError> {
    let mut model = graph::parse(onnx, options.weights.clone()).map_err(load_error)?;
    let inputs = graph::names(model.input_outlets().map_err(load_error)?, &model);
    if inputs != [options.input.as_str()] {
        return Err(EncoderError::Inputs {
            expected: options.input.clone(),
            found: inputs,
        });
    }
    let outputs = graph::names(model.output_outlets().map_err(load_error)?, &model);
    let Some(output) = outputs.iter().position(|name| *name == options.output) else {
        return Err(EncoderError::Output {
            expected: options.output.clone(),
            found: outputs,
        });
    };
    let outlet = model.output_outlets().map_err(load_error)?[output];
    model.select_output_outlets(&[outlet]).map_err(load_error)?;

    let size = options.input_size_px;
    let model = model
        .with_input_fact(0, f32::fact([1, 3, size, size]).into())
        .and_then(form)
        .map_err(load_error)?;
    let [channels, rows, columns] = options.embedding_shape;
    let expected = [1, channels, rows, columns];
    let fact = model.output_fact(0).map_err(load_error)?;
    if fact.datum_type != f32::datum_type() || fact.shape.as_concrete() != Some(&expected) {
        return Err(EncoderError::EmbeddingShape {
            expected,
            found: format!("{fact:?}"),
        });
    }
    graph::check_sizes(&model).map_err(load_error)?;
    Ok(model)
}

impl Encoder for TractEncoder {
    fn input_size_px(&self) -> usize {
        self.input_size_px
    }

    fn embedding_shape(&self) -> [usize; 3] {
        self.embedding_shape
    }

    fn fork(&self) -> Option<Box<dyn Encoder>> {
        let state = spawn(&*self.plan, EncoderError::Load);
        let state = state
            .inspect_err(|error| log::warn!("no second encoder: {error}"))
            .ok()?;
        Some(Box::new(Self {
            plan: Arc::clone(&self.plan),
            state,
            ..*self
        }))
    }

    fn encode_into(&mut self, input: &[f32], embedding: &mut [f32]) -> Result<(), EncoderError> {
        let size = self.input_size_px;
        check_length("input", 3 * size * size, input.len())?;
        check_length(
            "embedding",
            self.embedding_shape.iter().product(),
            embedding.len(),
        )?;
        let state = &mut self.state;
        let result = guarded(EncoderError::Run, || {
            let run_error = |error: TractError| EncoderError::Run(format!("{error:#}"));
            let input = Tensor::from_shape(&[1, 3, size, size], input).map_err(run_error)?;
            let outputs = state.run(tvec!(input.into())).map_err(run_error)?;
            let output = outputs[0].try_as_plain_ram().map_err(run_error)?;
            let output = output.as_slice::<f32>().map_err(run_error)?;
            check_length("output of the graph", embedding.len(), output.len())?;
            embedding.copy_from_slice(output);
            Ok(())
        });
        if result.is_err() {
            // Whatever was half done is forgotten.
            self.state = spawn(&*self.plan, EncoderError::Run)?;
        }
        result?;
        check_finite(embedding)
    }
}

#[cfg(test)]
mod tests;
