//! Damaged and hostile files: whatever is read gives a result or an error that says something, never a panic, never a
//! hang, and takes no more memory than follows from its length.
//!
//! One test, because the most memory there was is known of the whole process.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

mod graphs;
mod mutation;
mod samples;

use std::backtrace::Backtrace;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use fastrand::Rng;
use fixate::bundle::{Bundle, DecoderKind};
use fixate::decoder::{OnnxDecoder, SamDecoder};
use fixate::encoder::{TractEncoder, TractOptions};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate_models::checkpoint::Checkpoint;
use fixate_models::import::{ImportOptions, OnnxOverrides, import_checkpoint, import_onnx};
use fixate_models::pickle::read_state_dictionary;
use fixate_models::signature::GraphSignature;
use peak_alloc::PeakAlloc;
use samples::Samples;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const SEED: u64 = 0x5eed;

/// Far longer than any file takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What reading may take beyond twice the length of all files that are read, in bytes. Graphs get optimised, which takes
/// memory of its own.
const BASE_BYTES: usize = 4 << 20;

/// A kind of file: how many of it are damaged, and what is done with them.
type Kind = (&'static str, usize, fn(&Samples, &Path, &mut Rng) -> usize);

const KINDS: [Kind; 10] = [
    ("PyTorch checkpoint", 200, pytorch),
    ("pickle", 250, pickle),
    ("safetensors checkpoint", 200, safetensors),
    ("decoder weights", 150, decoder_weights),
    ("ONNX encoder", 100, onnx_encoder),
    ("ONNX decoder", 100, onnx_decoder),
    ("graph of an encoder", 200, encoder_graph),
    ("graph of an encoder with attention", 250, vit_graph),
    ("graph of a decoder", 250, decoder_graph),
    ("manifest", 300, manifest),
];

/// Small files that ask for all memory, one by one.
fn bombs(samples: &Samples) {
    let DecoderKind::Onnx(spec) = &samples.onnx_bundle.manifest().decoder.kind else {
        panic!("the sample is no graph");
    };
    let mut spec = spec.clone();
    spec.outputs.predicted_iou = "scores".to_owned();
    for (name, bytes) in graphs::bombs(&samples.onnx_decoder) {
        ALLOCATOR.reset_peak_usage();
        let before = ALLOCATOR.current_usage();
        let loaded = tell(OnnxDecoder::new(&bytes, &spec, [2, 2, 2], 8));
        assert!(loaded.is_none(), "{name} loads");
        let taken = ALLOCATOR.peak_usage().saturating_sub(before);
        let most = 4 * bytes.len() + BASE_BYTES;
        assert!(taken <= most, "{name}: {} bytes took {taken}", bytes.len());
    }
}

#[test]
fn two_thousand_damaged_files_do_no_harm() {
    // The library catches the backend's panics; what they print takes memory, too.
    std::panic::set_hook(Box::new(|_| ()));
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::spawn(move || {
        // With RUST_BACKTRACE, the first error reads the names of all functions, once for all.
        let _ = Backtrace::force_capture().to_string();
        let samples = Samples::new();
        bombs(&samples);
        for (kind, count, read) in KINDS {
            for index in 0..count {
                let case = format!("{kind} {index}");
                sender
                    .send(case.clone())
                    .map_err(|error| error.to_string())?;
                let mut chance = Rng::with_seed(SEED + index as u64);
                let place = tempfile::tempdir().unwrap();
                ALLOCATOR.reset_peak_usage();
                let before = ALLOCATOR.current_usage();
                let done = AssertUnwindSafe(|| read(&samples, place.path(), &mut chance));
                let length = catch_unwind(done).map_err(|_| format!("{case} panicked"))?;
                let taken = ALLOCATOR.peak_usage().saturating_sub(before);
                if taken > 2 * length + BASE_BYTES {
                    return Err(format!("{case}: {length} bytes took {taken}"));
                }
            }
        }
        Ok(())
    });
    let mut newest = String::new();
    let hangs = loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(case) => newest = case,
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
        }
    };
    let result = match hangs {
        true => Err(format!("{newest} hangs")),
        false => worker
            .join()
            .unwrap_or_else(|_| Err(format!("panic after {newest:?}"))),
    };
    // Only now may a panic be printed.
    let _ = std::panic::take_hook();
    assert_eq!(result, Ok(()));
    assert_eq!(KINDS.iter().map(|(_, count, _)| count).sum::<usize>(), 2000);
}

/// An error has to say something, in one line.
fn tell<T, E: Display>(result: Result<T, E>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(!error.to_string().trim().is_empty());
            None
        }
    }
}

fn pytorch(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = mutation::mutated(&samples.pytorch, &samples.safetensors, chance);
    checkpoint(&bytes, &place.join("checkpoint.pt"))
}

fn safetensors(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = mutation::mutated(&samples.safetensors, &samples.pytorch, chance);
    checkpoint(&bytes, &place.join("checkpoint.safetensors"))
}

fn checkpoint(bytes: &[u8], path: &Path) -> usize {
    std::fs::write(path, bytes).unwrap();
    if let Some(mut checkpoint) = tell(Checkpoint::open(path)) {
        let names: Vec<String> = checkpoint
            .tensors()
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            tell(checkpoint.read_bytes(&name));
            tell(checkpoint.read_f32(&name));
        }
    }
    let options = ImportOptions::new("hostile", "1");
    let output = path.with_file_name("bundle");
    tell(import_checkpoint(path, &output, &options, &mut |_, _| ()));
    bytes.len()
}

fn decoder_weights(samples: &Samples, _: &Path, chance: &mut Rng) -> usize {
    let bytes = mutation::mutated(&samples.decoder, &samples.safetensors, chance);
    tell(SamDecoder::from_safetensors(&bytes));
    bytes.len()
}

fn pickle(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let pickle = mutation::mutated(&samples.pickle, &samples.onnx_vit, chance);
    tell(read_state_dictionary(&pickle));
    checkpoint(&samples.with_pickle(&pickle), &place.join("checkpoint.pt"))
}

fn onnx_encoder(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = mutation::mutated(&samples.onnx_encoder, &samples.onnx_decoder, chance);
    read_encoder(samples, &bytes, place)
}

fn encoder_graph(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = graphs::mutated(&samples.onnx_encoder, chance);
    read_encoder(samples, &bytes, place)
}

fn read_encoder(samples: &Samples, bytes: &[u8], place: &Path) -> usize {
    onnx(bytes, &samples.onnx_decoder, place);
    encoder(bytes, 8, [2, 2, 2]);
    bytes.len() + samples.onnx_decoder.len()
}

fn vit_graph(samples: &Samples, _: &Path, chance: &mut Rng) -> usize {
    let bytes = graphs::mutated(&samples.onnx_vit, chance);
    tell(GraphSignature::parse(&bytes));
    encoder(&bytes, 20, [16, 5, 5]);
    bytes.len()
}

fn onnx_decoder(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = mutation::mutated(&samples.onnx_decoder, &samples.onnx_encoder, chance);
    read_decoder(samples, &bytes, place)
}

fn decoder_graph(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let bytes = graphs::mutated(&samples.onnx_decoder, chance);
    read_decoder(samples, &bytes, place)
}

fn read_decoder(samples: &Samples, bytes: &[u8], place: &Path) -> usize {
    onnx(&samples.onnx_encoder, bytes, place);
    if let DecoderKind::Onnx(spec) = &samples.onnx_bundle.manifest().decoder.kind {
        tell(OnnxDecoder::new(bytes, spec, [2, 2, 2], 8));
    }
    bytes.len() + samples.onnx_encoder.len()
}

fn encoder(bytes: &[u8], input_size_px: usize, embedding_shape: [usize; 3]) {
    let options = TractOptions {
        input: "image".to_owned(),
        output: "image_embeddings".to_owned(),
        input_size_px,
        embedding_shape,
        threads: 1,
        weights: None,
    };
    tell(TractEncoder::new(bytes, &options));
}

fn onnx(encoder: &[u8], decoder: &[u8], place: &Path) {
    let (encoder_path, decoder_path) = (place.join("encoder.onnx"), place.join("decoder.onnx"));
    std::fs::write(&encoder_path, encoder).unwrap();
    std::fs::write(&decoder_path, decoder).unwrap();
    tell(GraphSignature::read(&encoder_path));
    tell(GraphSignature::read(&decoder_path));
    tell(import_onnx(
        &encoder_path,
        &decoder_path,
        &place.join("bundle"),
        &ImportOptions::new("hostile", "1"),
        &OnnxOverrides::default(),
        &mut |_, _| (),
    ));
}

fn manifest(samples: &Samples, place: &Path, chance: &mut Rng) -> usize {
    let folder = chance.choice(&samples.bundles).unwrap();
    let mut length = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        if path.ends_with("bundle.toml") {
            bytes = match chance.bool() {
                true => mutation::with_another_number(&bytes, chance),
                false => mutation::mutated(&bytes, &bytes, chance),
            };
        }
        length += bytes.len();
        std::fs::write(place.join(path.file_name().unwrap()), bytes).unwrap();
    }
    tell(Bundle::read_manifest(place));
    tell(Bundle::check_files(Some(place)));
    if let Some(bundle) = tell(Bundle::open(place)) {
        // What a model takes when it runs follows from its manifest, and is much for a large input.
        if bundle.input_spec().size_px < 100 {
            tell(Segmenter::new(&bundle, SegmenterOptions::default()));
        }
    }
    length
}
