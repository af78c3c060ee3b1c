//! ONNX encoders run by ONNX Runtime.
//!
//! Its library is C++ that is loaded at run time. Graphs are looked through before it reads them, but it has not been
//! hardened against hostile ones as tract has been here: give it models of makers whom you trust.

mod cache;
mod graph_check;
mod library;
mod providers;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::logging::LogLevel;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session};
use ort::value::{TensorElementType, TensorRef, ValueType};

use super::{
    Encoder, EncoderError, ExecutionProvider, MAX_THREADS, OnnxRuntimeOptions, check_finite,
    check_length, warmed,
};
use crate::bundle::{Precision, WeightsFile, sha256};
use crate::graph::guarded;

/// A graph, and what it does not tell by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnnxRuntimeGraph {
    /// The ONNX file.
    pub onnx: Cow<'static, [u8]>,
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
    /// What the graph is computed in; f16 is what TensorRT makes of a graph in f32.
    pub precision: Precision,
}

/// All that an encoder is made of, and made of again.
struct Recipe {
    graph: OnnxRuntimeGraph,
    options: OnnxRuntimeOptions,
    /// What the graph calls its file of weights.
    weights_name: Option<String>,
    cache: Option<PathBuf>,
}

/// An encoder in ONNX Runtime.
pub struct OnnxRuntimeEncoder {
    recipe: Arc<Recipe>,
    /// None in a fork that has encoded nothing yet.
    session: Option<Session>,
}

impl OnnxRuntimeEncoder {
    /// Loads the library and an ONNX graph, and encodes a grey image to warm up. With TensorRT that takes minutes, unless
    /// the engine lies in the cache.
    ///
    /// # Errors
    /// If the library cannot be loaded, a provider is missing, or the graph cannot be loaded, cannot be run or is not what
    /// its description says.
    pub fn new(
        graph: OnnxRuntimeGraph,
        options: &OnnxRuntimeOptions,
    ) -> Result<Self, EncoderError> {
        if !(1..=MAX_THREADS).contains(&graph.threads) {
            return Err(EncoderError::Threads {
                found: graph.threads,
            });
        }
        let weights_name = graph_check::check(&graph.onnx, graph.weights.as_ref())?;
        library::load(options.library.as_deref())?;
        let cache = match &options.cache {
            Some(root) => Some(cache_folder(root, &graph, options)?),
            None => None,
        };
        let recipe = Arc::new(Recipe {
            graph,
            options: options.clone(),
            weights_name,
            cache,
        });
        warmed(Self {
            session: Some(recipe.session()?),
            recipe,
        })
    }

    /// The folder that belongs to this encoder on this device with these versions, if anything is kept.
    #[must_use]
    pub fn cache(&self) -> Option<&Path> {
        self.recipe.cache.as_deref()
    }
}

fn cache_folder(
    root: &Path,
    graph: &OnnxRuntimeGraph,
    options: &OnnxRuntimeOptions,
) -> Result<PathBuf, EncoderError> {
    let weights = graph.weights.as_ref().map(|file| sha256(&file.contents));
    let providers = format!("{:?}", options.providers);
    cache::folder(
        root,
        &[
            &sha256(&graph.onnx),
            &weights.unwrap_or_default(),
            &graph.precision.to_string(),
            &providers,
            &options.device.to_string(),
            ort::info(),
            &cache::machine(),
            env!("CARGO_PKG_VERSION"),
        ],
    )
}

fn load_error(error: impl ToString) -> EncoderError {
    EncoderError::Load(error.to_string())
}

impl Recipe {
    fn session(&self) -> Result<Session, EncoderError> {
        guarded(EncoderError::Load, || self.build())
    }

    fn build(&self) -> Result<Session, EncoderError> {
        let (graph, options) = (&self.graph, &self.options);
        let mut builder = Session::builder()
            .map_err(load_error)?
            .with_log_level(LogLevel::Warning)
            .map_err(load_error)?
            .with_intra_threads(graph.threads)
            .map_err(load_error)?
            .with_inter_threads(1)
            .map_err(load_error)?
            // Threads that spin for more work take the time of those that answer.
            .with_intra_op_spinning(false)
            .map_err(load_error)?
            .with_inter_op_spinning(false)
            .map_err(load_error)?;
        builder = providers::register(builder, options, graph.precision, self.cache.as_deref())?;
        if let (Some(name), Some(file)) = (&self.weights_name, &graph.weights) {
            let contents = Cow::Owned(file.contents.to_vec());
            builder = builder
                .with_external_initializer_file_in_memory(name, contents)
                .map_err(load_error)?;
        }
        if options.providers.contains(&ExecutionProvider::TensorRt) {
            log::info!(
                "TensorRT loads the encoder; without an engine in the cache it builds one, for minutes"
            );
        }
        let session = builder
            .commit_from_memory(&graph.onnx)
            .map_err(load_error)?;
        graph.check(&session)?;
        Ok(session)
    }
}

impl OnnxRuntimeGraph {
    /// Compares a loaded graph with its description.
    fn check(&self, session: &Session) -> Result<(), EncoderError> {
        let names = |outlets: &[ort::value::Outlet]| -> Vec<String> {
            outlets
                .iter()
                .map(|outlet| outlet.name().to_owned())
                .collect()
        };
        let inputs = names(session.inputs());
        if inputs != [self.input.as_str()] {
            return Err(EncoderError::Inputs {
                expected: self.input.clone(),
                found: inputs,
            });
        }
        let outputs = session.outputs();
        let Some(output) = outputs.iter().find(|output| output.name() == self.output) else {
            return Err(EncoderError::Output {
                expected: self.output.clone(),
                found: names(outputs),
            });
        };
        let expected = self.output_shape();
        let fits = match output.dtype() {
            ValueType::Tensor {
                ty: TensorElementType::Float32,
                shape,
                ..
            } => {
                // Sides that follow from the input are -1, and compared when it has been run.
                shape.is_empty()
                    || shape.len() == expected.len()
                        && shape.iter().zip(expected).all(|(side, expected)| {
                            *side < 0 || usize::try_from(*side) == Ok(expected)
                        })
            }
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(self.shape_error(output.dtype()))
        }
    }

    fn output_shape(&self) -> [usize; 4] {
        let [channels, rows, columns] = self.embedding_shape;
        [1, channels, rows, columns]
    }

    fn shape_error(&self, found: &ValueType) -> EncoderError {
        EncoderError::EmbeddingShape {
            expected: self.output_shape(),
            found: found.to_string(),
        }
    }

    fn run(
        &self,
        session: &mut Session,
        input: &[f32],
        embedding: &mut [f32],
    ) -> Result<(), EncoderError> {
        let run_error = |error: ort::Error| EncoderError::Run(error.to_string());
        let size = self.input_size_px;
        let input = TensorRef::from_array_view(([1, 3, size, size], input)).map_err(run_error)?;
        let options: RunOptions<HasSelectedOutputs> = RunOptions::new()
            .map_err(run_error)?
            .with_outputs(OutputSelector::no_default().with(&self.output));
        let outputs = session
            .run_with_options(ort::inputs![&*self.input => input], &options)
            .map_err(run_error)?;
        let Some(output) = outputs.get(&self.output) else {
            return Err(EncoderError::Run(format!(
                "{:?} was not computed",
                self.output
            )));
        };
        let (shape, values) = output
            .try_extract_tensor::<f32>()
            .map_err(|_| self.shape_error(output.dtype()))?;
        let found = shape.iter().map(|side| usize::try_from(*side));
        if !found.eq(self.output_shape().into_iter().map(Ok)) {
            return Err(self.shape_error(output.dtype()));
        }
        embedding.copy_from_slice(values);
        Ok(())
    }
}

impl Encoder for OnnxRuntimeEncoder {
    fn input_size_px(&self) -> usize {
        self.recipe.graph.input_size_px
    }

    fn embedding_shape(&self) -> [usize; 3] {
        self.recipe.graph.embedding_shape
    }

    /// The fork loads the graph when it first encodes.
    fn fork(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Self {
            recipe: Arc::clone(&self.recipe),
            session: None,
        }))
    }

    fn encode_into(&mut self, input: &[f32], embedding: &mut [f32]) -> Result<(), EncoderError> {
        let Self { recipe, session } = self;
        let graph = &recipe.graph;
        let size = graph.input_size_px;
        check_length("input", 3 * size * size, input.len())?;
        let length = graph.embedding_shape.iter().product();
        check_length("embedding", length, embedding.len())?;
        let session = match session {
            Some(session) => session,
            None => session.insert(recipe.session()?),
        };
        guarded(EncoderError::Run, || graph.run(session, input, embedding))?;
        check_finite(embedding)
    }
}
