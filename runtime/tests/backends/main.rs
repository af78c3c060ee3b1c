//! Every backend gives the same embeddings for the same inputs, and the same kinds of errors for the same mistakes.
//!
//! With the feature `onnxruntime`, `ORT_DYLIB_PATH` must name ONNX Runtime's library. With `tract-cuda`, a GPU takes part
//! where there is one; where there is none, the tests say so.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod graphs;
mod hostile;

use std::mem::discriminant;
use std::sync::OnceLock;

use fixate::bundle::WeightsFile;
use fixate::encoder::{Encoder, EncoderError, TractEncoder, TractOptions};
use graphs::TINY;

/// A graph, and what is said of it.
#[derive(Clone)]
struct Case {
    onnx: Vec<u8>,
    input: &'static str,
    output: &'static str,
    input_size_px: usize,
    embedding_shape: [usize; 3],
    threads: usize,
    weights: Option<WeightsFile>,
}

impl Case {
    /// What is right for the graphs of [`graphs`].
    fn of(onnx: &[u8]) -> Self {
        Self {
            onnx: onnx.to_vec(),
            input: "image",
            output: "image_embeddings",
            input_size_px: 8,
            embedding_shape: [2, 2, 2],
            threads: 1,
            weights: None,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

type Load = fn(&Case) -> Result<Box<dyn Encoder>, EncoderError>;

/// Backends that are there.
fn backends() -> &'static [(&'static str, Load)] {
    static BACKENDS: OnceLock<Vec<(&str, Load)>> = OnceLock::new();
    BACKENDS.get_or_init(|| {
        let backends = [
            Some(("tract", on_tract as Load)),
            #[cfg(feature = "onnxruntime")]
            Some(("onnxruntime", on_onnxruntime as Load)),
            #[cfg(feature = "tract-cuda")]
            a_gpu().then_some(("tract:cuda", on_tract_cuda as Load)),
        ];
        backends.into_iter().flatten().collect()
    })
}

/// Whether there is a GPU; says, past the test runner, which keeps what tests print, that it takes no part if there is none.
#[cfg(feature = "tract-cuda")]
fn a_gpu() -> bool {
    use std::io::Write;
    let answer = on_tract_cuda(&Case::of(TINY));
    let Err(error @ EncoderError::Provider { .. }) = answer else {
        return true;
    };
    let _ = writeln!(std::io::stderr(), "tract:cuda is NOT tested: {error}");
    false
}

fn tract_options(case: &Case) -> TractOptions {
    TractOptions {
        input: case.input.to_owned(),
        output: case.output.to_owned(),
        input_size_px: case.input_size_px,
        embedding_shape: case.embedding_shape,
        threads: case.threads,
        weights: case.weights.clone(),
    }
}

fn on_tract(case: &Case) -> Result<Box<dyn Encoder>, EncoderError> {
    let encoder = TractEncoder::new(&case.onnx, &tract_options(case))?;
    Ok(Box::new(encoder))
}

#[cfg(feature = "tract-cuda")]
fn on_tract_cuda(case: &Case) -> Result<Box<dyn Encoder>, EncoderError> {
    let encoder = TractEncoder::on_cuda(&case.onnx, &tract_options(case))?;
    Ok(Box::new(encoder))
}

#[cfg(feature = "onnxruntime")]
fn on_onnxruntime(case: &Case) -> Result<Box<dyn Encoder>, EncoderError> {
    use fixate::bundle::Precision;
    use fixate::encoder::{OnnxRuntimeEncoder, OnnxRuntimeGraph, OnnxRuntimeOptions};
    let graph = OnnxRuntimeGraph {
        onnx: case.onnx.clone().into(),
        input: case.input.to_owned(),
        output: case.output.to_owned(),
        input_size_px: case.input_size_px,
        embedding_shape: case.embedding_shape,
        threads: case.threads,
        weights: case.weights.clone(),
        precision: Precision::F32,
    };
    let encoder = OnnxRuntimeEncoder::new(graph, &OnnxRuntimeOptions::default());
    if let Err(error @ EncoderError::Library { .. }) = &encoder {
        panic!("this test needs ONNX Runtime: {error}");
    }
    Ok(Box::new(encoder?))
}

/// The refusals of a case, which are of one kind.
fn refusal(case: &Case) -> EncoderError {
    let mut refusals = backends().iter().map(|(name, load)| {
        (
            name,
            load(case)
                .err()
                .unwrap_or_else(|| panic!("{name} takes it")),
        )
    });
    let (_, first) = refusals.next().unwrap();
    for (name, error) in refusals {
        assert_eq!(
            discriminant(&error),
            discriminant(&first),
            "{name}: {error}; {first}"
        );
    }
    first
}

fn encoders(case: &Case) -> impl Iterator<Item = (&'static str, Box<dyn Encoder>)> {
    backends().iter().map(|(name, load)| {
        let encoder = load(case).unwrap_or_else(|error| panic!("{name}: {error}"));
        (*name, encoder)
    })
}

/// An image of noise.
fn noise(length: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 37 + seed * 101 + i * i % 89) % 211) as f32 / 105.0 - 1.0;
    (0..length).map(value).collect()
}

/// Checks that embeddings are the first backend's, on one thread and two, twice, and of a fork.
fn agree(case: &Case, tolerance: f32) {
    let length = 3 * case.input_size_px * case.input_size_px;
    for seed in 0..2 {
        let input = noise(length, seed);
        let mut expected: Option<Vec<f32>> = None;
        for threads in [1, 2] {
            for (name, encoder) in encoders(&case.clone().with(|case| case.threads = threads)) {
                let fork = encoder.fork().unwrap();
                for mut encoder in [encoder, fork] {
                    assert_eq!(encoder.input_size_px(), case.input_size_px);
                    assert_eq!(encoder.embedding_shape(), case.embedding_shape);
                    let mut embedding = vec![f32::NAN; case.embedding_shape.iter().product()];
                    encoder.encode_into(&input, &mut embedding).unwrap();
                    let expected = expected.get_or_insert_with(|| embedding.clone());
                    for (found, expected) in embedding.iter().zip(expected) {
                        let difference = (found - *expected).abs();
                        assert!(difference <= tolerance, "{name}: {found} for {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn embeddings_agree() {
    agree(&Case::of(TINY), 1e-5);
    agree(&Case::of(&graphs::with_dynamic_sides()), 1e-5);
    agree(&Case::of(&graphs::with_a_second_output()), 1e-5);
    agree(
        &Case::of(&graphs::with_a_second_output()).with(|case| case.output = "doubled"),
        1e-5,
    );
}

#[cfg(feature = "default-model")]
#[test]
fn embeddings_of_the_default_model_agree() {
    let bundle = fixate::bundle::Bundle::builtin().unwrap();
    let entry = bundle.choose_encoder(None).unwrap();
    let case = Case::of(&bundle.encoder(entry).unwrap()).with(|case| {
        case.input_size_px = bundle.input_spec().size_px as usize;
        case.embedding_shape = bundle.manifest().embedding_shape;
        case.weights = bundle.encoder_weights(entry).unwrap();
    });
    let mut embedding = vec![0.0; case.embedding_shape.iter().product()];
    let input = noise(bundle.input_spec().len(), 0);
    on_tract(&case)
        .unwrap()
        .encode_into(&input, &mut embedding)
        .unwrap();
    let count = embedding.len() as f32;
    let mean = embedding.iter().sum::<f32>() / count;
    let variance = embedding
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>()
        / count;
    agree(&case, 1e-3 * variance.sqrt());
}

#[test]
fn wrong_descriptions_are_told() {
    let case = Case::of(TINY);
    let error = refusal(&case.clone().with(|case| case.input = "pixels"));
    assert!(matches!(error, EncoderError::Inputs { .. }), "{error}");
    let error = refusal(&case.clone().with(|case| case.output = "features"));
    assert!(matches!(error, EncoderError::Output { .. }), "{error}");
    for shape in [[2, 2, 3], [3, 2, 2], [8, 1, 1]] {
        let error = refusal(&case.clone().with(|case| case.embedding_shape = shape));
        assert!(
            matches!(error, EncoderError::EmbeddingShape { .. }),
            "{error}"
        );
        let dynamic = Case::of(&graphs::with_dynamic_sides());
        let error = refusal(&dynamic.with(|case| case.embedding_shape = shape));
        assert!(
            matches!(error, EncoderError::EmbeddingShape { .. }),
            "{error}"
        );
    }
    let error = refusal(&Case::of(&graphs::with_integers()));
    assert!(
        matches!(error, EncoderError::EmbeddingShape { .. }),
        "{error}"
    );
    let error = refusal(&Case::of(&graphs::with_a_second_input()));
    assert!(matches!(error, EncoderError::Inputs { .. }), "{error}");
    // Exported for one size, a graph may still follow from another; what it gives then does not fit.
    for (name, load) in backends() {
        let error = load(&case.clone().with(|case| case.input_size_px = 16));
        assert!(error.is_err(), "{name}");
    }
    for threads in [0, 257] {
        let error = refusal(&case.clone().with(|case| case.threads = threads));
        assert_eq!(error, EncoderError::Threads { found: threads });
    }
}

#[test]
fn wrong_lengths_are_told_and_do_no_harm() {
    for (name, mut encoder) in encoders(&Case::of(TINY)) {
        let length = |what, expected, found| {
            Err(EncoderError::Length {
                what,
                expected,
                found,
            })
        };
        let mut embedding = [0.0; 8];
        assert_eq!(
            encoder.encode_into(&[0.0; 191], &mut embedding),
            length("input", 192, 191),
            "{name}"
        );
        assert_eq!(
            encoder.encode_into(&[0.0; 192], &mut [0.0; 9]),
            length("embedding", 8, 9),
            "{name}"
        );
        assert_eq!(
            encoder.encode_into(&[], &mut embedding),
            length("input", 192, 0),
            "{name}"
        );
        assert_eq!(
            encoder.encode_into(&[0.0; 192], &mut embedding),
            Ok(()),
            "{name}"
        );
    }
}

#[test]
fn what_is_not_finite_is_refused_and_does_no_harm() {
    for (name, mut encoder) in encoders(&Case::of(TINY)) {
        let mut embedding = [0.0; 8];
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let found = encoder.encode_into(&[value; 192], &mut embedding);
            assert_eq!(found, Err(EncoderError::NotFinite), "{name}: {value}");
        }
        assert_eq!(
            encoder.encode_into(&[0.0; 192], &mut embedding),
            Ok(()),
            "{name}"
        );
    }
    for (name, mut encoder) in encoders(&Case::of(&graphs::with_nan())) {
        let found = encoder.encode_into(&[0.0; 192], &mut [0.0; 8]);
        assert_eq!(found, Err(EncoderError::NotFinite), "{name}");
    }
}
