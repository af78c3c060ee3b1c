//! Whole files, to be damaged.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use fixate::bundle::Bundle;
use fixate_models::checkpoint::Checkpoint;
use fixate_models::import::{ImportOptions, OnnxOverrides, import_checkpoint, import_onnx};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Files of every kind that is read.
pub(crate) struct Samples {
    pub(crate) pytorch: Vec<u8>,
    /// The list of its tensors.
    pub(crate) pickle: Vec<u8>,
    pub(crate) safetensors: Vec<u8>,
    /// A decoder as bundles have it.
    pub(crate) decoder: Vec<u8>,
    pub(crate) onnx_encoder: Vec<u8>,
    pub(crate) onnx_decoder: Vec<u8>,
    /// An encoder with attention and its weights.
    pub(crate) onnx_vit: Vec<u8>,
    pub(crate) onnx_bundle: Bundle,
    pub(crate) bundles: Vec<PathBuf>,
    _folder: TempDir,
}

impl Samples {
    pub(crate) fn new() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let checkpoint = here.join("tests/data/small_sam.pt");
        let [encoder, decoder] = ["tiny_encoder.onnx", "tiny_decoder.onnx"]
            .map(|name| here.join("../runtime/tests/data").join(name));
        let folder = tempfile::tempdir().unwrap();
        let bundles = ["sam", "onnx"].map(|name| folder.path().join(name));
        let options = ImportOptions::new("small", "1");
        import_checkpoint(&checkpoint, &bundles[0], &options, &mut |_, _| ()).unwrap();
        let overrides = OnnxOverrides::default();
        import_onnx(
            &encoder,
            &decoder,
            &bundles[1],
            &options,
            &overrides,
            &mut |_, _| (),
        )
        .unwrap();
        let read = |path: &Path| std::fs::read(path).unwrap();
        Self {
            pickle: pickle(&read(&checkpoint)),
            pytorch: read(&checkpoint),
            safetensors: as_safetensors(&checkpoint),
            decoder: read(&bundles[0].join("decoder.safetensors")),
            onnx_encoder: read(&encoder),
            onnx_decoder: read(&decoder),
            onnx_vit: read(&bundles[0].join("encoder.onnx")),
            onnx_bundle: Bundle::open(&bundles[1]).unwrap(),
            bundles: bundles.to_vec(),
            _folder: folder,
        }
    }

    /// The PyTorch file with another list of tensors.
    pub(crate) fn with_pickle(&self, pickle: &[u8]) -> Vec<u8> {
        let mut whole = ZipArchive::new(Cursor::new(&self.pytorch)).unwrap();
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for index in 0..whole.len() {
            let mut entry = whole.by_index(index).unwrap();
            archive.start_file(entry.name().unwrap(), stored).unwrap();
            if entry.name().unwrap().ends_with("data.pkl") {
                archive.write_all(pickle).unwrap();
            } else {
                std::io::copy(&mut entry, &mut archive).unwrap();
            }
        }
        archive.finish().unwrap().into_inner()
    }
}

fn pickle(pytorch: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(pytorch)).unwrap();
    let mut bytes = Vec::new();
    let mut entry = archive.by_name("small_sam/data.pkl").unwrap();
    entry.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The same tensors in the other format.
fn as_safetensors(path: &Path) -> Vec<u8> {
    let mut checkpoint = Checkpoint::open(path).unwrap();
    let tensors: Vec<_> = checkpoint
        .tensors()
        .map(|(name, info)| (name.to_owned(), info.shape.clone()))
        .collect();
    let contents: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(name, _)| checkpoint.read_bytes(name).unwrap())
        .collect();
    let views = tensors.iter().zip(&contents).map(|((name, shape), bytes)| {
        (
            name,
            TensorView::new(Dtype::F16, shape.clone(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}
