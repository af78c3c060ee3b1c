use std::collections::BTreeMap;
use std::path::PathBuf;

use fixate::bundle::Bundle;
use tempfile::TempDir;
use tract_onnx::prelude::*;

use super::*;
use crate::architecture::tests::{Tensors, small_tiny_vit, small_vit, write};
use crate::staging::StagingError;

/// SAM's decoder with 16 channels.
pub(crate) fn small_decoder() -> Tensors {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../runtime/tests/data/small_decoder.safetensors");
    let checkpoint = Checkpoint::open(&path).unwrap();
    let tensors = checkpoint.tensors().map(|(name, info)| {
        // That one has 24 and 12, which eight heads do not divide.
        let divided = |&side: &usize| match side {
            24 => 16,
            12 => 8,
            other => other,
        };
        (name.to_owned(), info.shape.iter().map(divided).collect())
    });
    tensors.collect()
}

fn with_decoder(encoder: Tensors) -> Tensors {
    encoder.into_iter().chain(small_decoder()).collect()
}

/// A checkpoint, and a folder for bundles.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(tensors: &Tensors, value: f32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        write(tensors, value, &place.checkpoint());
        place
    }

    fn checkpoint(&self) -> PathBuf {
        self.folder.path().join("checkpoint.safetensors")
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    fn import(&self) -> Result<ImportReport, ImportError> {
        let mut options = ImportOptions::new("small", "1");
        options.image_size_px = 64;
        import_checkpoint(&self.checkpoint(), &self.output(), &options, &mut |_, _| ())
    }

    /// Everything but the checkpoint.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "checkpoint.safetensors")
            .collect()
    }

    fn refusal(&self) -> ImportError {
        let before = self.left();
        let error = self.import().unwrap_err();
        assert_eq!(self.left(), before, "{error}");
        assert!(!error.to_string().is_empty());
        error
    }
}

fn run(bundle: &Path, size_px: usize) -> Vec<f32> {
    let model = tract_onnx::onnx()
        .model_for_path(bundle.join(ENCODER_FILE))
        .unwrap();
    let plan = model.into_optimized().unwrap().into_runnable().unwrap();
    let image: Vec<f32> = (0..3 * size_px * size_px)
        .map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0)
        .collect();
    let image = Tensor::from_shape(&[1, 3, size_px, size_px], &image).unwrap();
    let outputs = plan.run(tvec!(image.into())).unwrap();
    let output = outputs[0].try_as_plain_ram().unwrap();
    output.as_slice::<f32>().unwrap().to_vec()
}

#[test]
fn bundles_open() {
    for (encoder, side) in [
        (small_vit(&[3, 9, 3]), 5),
        // Windows that do not divide the image, and tables of another image size.
        (small_vit(&[5, 13]), 5),
        (small_tiny_vit(), 8),
    ] {
        let count = |tensors: &Tensors| -> usize {
            let shapes = tensors.values();
            shapes.map(|shape| shape.iter().product::<usize>()).sum()
        };
        let parameters = [count(&encoder), count(&small_decoder())];
        let place = Place::new(&with_decoder(encoder), 0.25);
        let report = place.import().unwrap();
        assert_eq!(report.architecture.embedding_shape(), [16, side, side]);
        let found = [report.encoder_parameters, report.decoder_parameters];
        assert_eq!(found, parameters.map(|parameters| parameters as u64));
        assert!(!report.external_weights);
        let bundle = Bundle::open(&place.output()).unwrap();
        let manifest = bundle.manifest();
        assert_eq!(manifest.embedding_shape, [16, side, side]);
        assert_eq!(manifest.license, None);
        let embedding = run(&place.output(), report.architecture.input_size_px());
        assert_eq!(embedding.len(), 16 * side * side);
        assert!(embedding.iter().all(|value| value.is_finite()));
        assert_eq!(place.left(), ["bundle"]);
    }
}

#[test]
fn large_weights_are_a_file_of_their_own() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    place.import().unwrap();
    let inline = run(&place.output(), 20);
    let options = ImportOptions::new("small", "1");
    let path = place.checkpoint();
    let report = import(&path, &place.output(), &options, &mut |_, _| (), 1000).unwrap();
    assert!(report.external_weights);
    assert_eq!(run(&place.output(), 20), inline);

    let manifest = fs::read_to_string(place.output().join(MANIFEST_FILE)).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let encoder = manifest["encoder"][0].as_table().unwrap();
    assert_eq!(encoder["weights"].as_str(), Some(WEIGHTS_FILE));
    let weights = fs::read(place.output().join(WEIGHTS_FILE)).unwrap();
    let sha256 = hashed_file::sha256(&weights);
    assert_eq!(encoder["weights_sha256"].as_str(), Some(&*sha256));
    let sizes = [ENCODER_FILE, WEIGHTS_FILE, DECODER_FILE]
        .map(|name| place.output().join(name).metadata().unwrap().len());
    assert_eq!(report.bundle_bytes, sizes.iter().sum::<u64>());
}

#[test]
fn the_same_checkpoint_gives_the_same_bundle() {
    let files = || -> BTreeMap<_, _> {
        let place = Place::new(&with_decoder(small_tiny_vit()), 0.25);
        place.import().unwrap();
        let entries = fs::read_dir(place.output()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .map(|path| {
                (
                    path.file_name().unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(files(), files());
}

#[test]
fn imports_are_replaced_whole() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    fs::create_dir(place.output()).unwrap();
    place.import().unwrap();
    let before = fs::read(place.output().join(ENCODER_FILE)).unwrap();
    write(
        &with_decoder(small_vit(&[3, 9])),
        f32::NAN,
        &place.checkpoint(),
    );
    let error = place.refusal();
    assert!(
        matches!(
            error,
            ImportError::Architecture(ArchitectureError::NotFinite { .. })
        ),
        "{error}"
    );
    assert_eq!(fs::read(place.output().join(ENCODER_FILE)).unwrap(), before);
    write(&with_decoder(small_vit(&[3, 9])), 0.5, &place.checkpoint());
    place.import().unwrap();
    assert_ne!(fs::read(place.output().join(ENCODER_FILE)).unwrap(), before);
    assert_eq!(place.left(), ["bundle"]);
}

#[test]
fn nothing_else_is_replaced() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    fs::create_dir(place.output()).unwrap();
    let precious = place.output().join("encoder.int8.onnx");
    fs::write(&precious, b"quantised").unwrap();
    assert!(
        matches!(place.refusal(), ImportError::Output(StagingError::Occupied { path }) if path == precious)
    );
    assert_eq!(fs::read(&precious).unwrap(), b"quantised");
    fs::remove_dir_all(place.output()).unwrap();
    fs::write(place.output(), b"a file").unwrap();
    assert!(matches!(
        place.refusal(),
        ImportError::Output(StagingError::Output { .. })
    ));
    assert_eq!(fs::read(place.output()).unwrap(), b"a file");
}

#[test]
fn folders_that_do_not_exist_are_named() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    let options = ImportOptions::new("small", "1");
    let output = place.folder.path().join("missing/bundle");
    let error = import_checkpoint(&place.checkpoint(), &output, &options, &mut |_, _| ());
    let error = error.unwrap_err();
    assert!(
        matches!(error, ImportError::Output(StagingError::Write { .. })),
        "{error}"
    );
    let error = import_checkpoint(
        &place.checkpoint(),
        Path::new("/"),
        &options,
        &mut |_, _| (),
    );
    assert!(error.is_err());
}

#[test]
fn texts_that_no_manifest_takes_are_refused() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    for text in ["", "two\nlines", &"long".repeat(51)] {
        let mut options = ImportOptions::new("small", "1");
        options.license = Some(text.to_owned());
        let path = place.checkpoint();
        let error = import_checkpoint(&path, &place.output(), &options, &mut |_, _| ());
        assert!(matches!(
            error,
            Err(ImportError::Text {
                field: "license",
                ..
            })
        ));
    }
    assert!(place.left().is_empty());
}

#[test]
fn files_that_are_cut_short_are_refused() {
    let place = Place::new(&with_decoder(small_vit(&[3, 9])), 0.25);
    let whole = fs::read(place.checkpoint()).unwrap();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(place.checkpoint(), &whole[..length]).unwrap();
        let error = place.refusal();
        assert!(matches!(error, ImportError::Checkpoint(_)), "{error}");
    }
    fs::remove_file(place.checkpoint()).unwrap();
    assert!(matches!(place.refusal(), ImportError::Checkpoint(_)));
}

#[test]
fn decoders_must_fit() {
    let place = Place::new(&small_vit(&[3, 9]), 0.25);
    assert!(matches!(place.refusal(), ImportError::Checkpoint(_)));

    let mut tensors = with_decoder(small_vit(&[3, 9]));
    tensors.remove("mask_decoder.iou_token.weight");
    let place = Place::new(&tensors, 0.25);
    assert!(matches!(place.refusal(), ImportError::Decoder(_)));

    let mut tensors = with_decoder(small_vit(&[3, 9]));
    for (name, shape) in [
        ("0.weight", vec![8, 8, 1, 1]),
        ("1.weight", vec![8]),
        ("1.bias", vec![8]),
        ("2.weight", vec![8, 8, 3, 3]),
        ("3.weight", vec![8]),
        ("3.bias", vec![8]),
    ] {
        tensors.insert(format!("image_encoder.neck.{name}"), shape);
    }
    let place = Place::new(&tensors, 0.25);
    let (encoder, decoder) = ([8, 5, 5], [16, 5, 5]);
    let error = place.refusal();
    assert!(
        matches!(error, ImportError::Parts { encoder: e, decoder: d } if e == encoder && d == decoder),
        "{error}"
    );
}

#[test]
fn what_is_written_is_bounded_by_the_file() {
    assert!(check_size(100 << 20, 50 << 20).is_ok());
    assert!(check_size(65 << 20, 0).is_err());
    assert!(check_size(u64::MAX, 1 << 40).is_err());
    // A window of 1000x1000 has a bias for each of 10^12 pairs.
    let mut tensors = with_decoder(small_tiny_vit());
    for block in 0..2 {
        let name = format!("image_encoder.layers.1.blocks.{block}.attn.attention_biases");
        tensors.insert(name, vec![2, 1000 * 1000]);
    }
    let error = Place::new(&tensors, 0.25).refusal();
    assert!(
        matches!(
            error,
            ImportError::Architecture(ArchitectureError::TooLarge { .. })
        ),
        "{error}"
    );
}
