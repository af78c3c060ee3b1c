use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const MANIFEST: &str = r#"
format = 1
name = "test"
version = "1.0.0"
license = "MIT"

[input]
size = 64
resize = "longest-side"
pad = "zero-after-normalise"
mean = [1, 2.5, 3]
std = [4, 5, 6]
layout = "nchw"

[embedding]
shape = [8, 4, 4]

[[encoder]]
file = "encoder.int8.onnx"
precision = "int8"
sha256 = "INT8"
calibration = "calibration.json"

[[encoder]]
file = "encoder.onnx"
precision = "f32"
sha256 = "F32"
input = "pixels"
output = "features"

[decoder]
kind = "sam"
file = "parts/decoder.safetensors"
sha256 = "DECODER"
"#;

/// A folder with a bundle whose files are not models, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("fixate-bundle-{}-{count}", std::process::id()));
        fs::create_dir_all(folder.join("parts")).unwrap();
        fs::write(folder.join("encoder.int8.onnx"), "int8").unwrap();
        fs::write(folder.join("encoder.onnx"), "f32").unwrap();
        fs::write(folder.join("parts/decoder.safetensors"), "decoder").unwrap();
        let folder = Self(folder);
        folder.write(MANIFEST);
        folder
    }

    /// Writes the manifest with the right checksums.
    fn write(&self, manifest: &str) {
        let manifest = manifest
            .replace("\"INT8\"", &format!("{:?}", files::sha256(b"int8")))
            .replace("\"F32\"", &format!("{:?}", files::sha256(b"f32")))
            .replace("\"DECODER\"", &format!("{:?}", files::sha256(b"decoder")));
        fs::write(self.0.join("bundle.toml"), manifest).unwrap();
    }

    fn refusal(&self) -> BundleError {
        Bundle::open(&self.0).unwrap_err()
    }

    /// The refusal after one change to the manifest.
    fn refusal_after(&self, from: &str, to: &str) -> BundleError {
        assert!(MANIFEST.contains(from), "{from}");
        self.write(&MANIFEST.replacen(from, to, 1));
        self.refusal()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_good_bundle_opens() {
    let folder = Folder::new();
    let bundle = Bundle::open(&folder.0).unwrap();
    assert_eq!(bundle.manifest().name, "test");
    assert_eq!(bundle.manifest().embedding_shape, [8, 4, 4]);
    assert_eq!(bundle.manifest().decoder.answers, Answers::AsDecoded);
    folder.write(&MANIFEST.replace("kind = \"sam\"", "kind = \"sam\"\nanswers = \"fitted\""));
    let bundle = Bundle::open(&folder.0).unwrap();
    assert_eq!(bundle.manifest().decoder.answers, Answers::Fitted);
    assert_eq!(bundle.input_spec().size_px, 64);
    assert_eq!(bundle.input_spec().mean, [1.0, 2.5, 3.0]);
    assert_eq!(*bundle.decoder().unwrap(), *b"decoder");

    let f32 = bundle.choose_encoder(None).unwrap();
    assert_eq!(
        (f32.input.as_str(), f32.output.as_str()),
        ("pixels", "features")
    );
    assert_eq!(*bundle.encoder(f32).unwrap(), *b"f32");
    let int8 = bundle.choose_encoder(Some(Precision::Int8)).unwrap();
    assert_eq!(
        (int8.input.as_str(), int8.output.as_str()),
        ("image", "image_embeddings")
    );
    assert_eq!(bundle.preferred_encoder(true).unwrap(), int8);
    assert_eq!(bundle.preferred_encoder(false).unwrap(), f32);
    let refusal = bundle.choose_encoder(Some(Precision::F16)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the bundle has no f16 encoder; it has int8, f32"
    );
}

#[test]
fn damaged_files_are_named() {
    for file in [
        "encoder.onnx",
        "encoder.int8.onnx",
        "parts/decoder.safetensors",
    ] {
        let folder = Folder::new();
        fs::write(folder.0.join(file), "damaged").unwrap();
        let error = folder.refusal();
        let BundleError::Checksum {
            file: named, found, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!((named.as_str(), found), (file, &files::sha256(b"damaged")));

        fs::remove_file(folder.0.join(file)).unwrap();
        let error = folder.refusal();
        assert!(matches!(error, BundleError::Read { .. }), "{error}");
        assert!(error.to_string().contains(file), "{error}");

        fs::create_dir(folder.0.join(file)).unwrap();
        assert_eq!(
            folder.refusal(),
            BundleError::NotAFile {
                file: file.to_owned()
            }
        );
    }
}

#[test]
fn every_file_is_checked_although_one_is_damaged() {
    let folder = Folder::new();
    fs::write(folder.0.join("encoder.int8.onnx"), "damaged").unwrap();
    let checks = Bundle::check_files(Some(&folder.0)).unwrap();
    let found: Vec<(&str, Option<u64>)> = checks
        .iter()
        .map(|check| (check.file.as_str(), check.result.as_ref().ok().copied()))
        .collect();
    let expected = [
        ("encoder.int8.onnx", None),
        ("encoder.onnx", Some(3)),
        ("parts/decoder.safetensors", Some(7)),
    ];
    assert_eq!(found, expected);
    assert_eq!(checks[1].sha256, files::sha256(b"f32"));
    assert_eq!(Bundle::read_manifest(&folder.0).unwrap().name, "test");
    fs::remove_file(folder.0.join("bundle.toml")).unwrap();
    assert!(Bundle::check_files(Some(&folder.0)).is_err());
}

#[test]
fn a_file_that_changes_later_is_noticed() {
    let folder = Folder::new();
    let bundle = Bundle::open(&folder.0).unwrap();
    fs::write(folder.0.join("parts/decoder.safetensors"), "changed").unwrap();
    assert!(matches!(
        bundle.decoder(),
        Err(BundleError::Checksum { .. })
    ));
}

#[test]
fn files_stay_inside_the_folder() {
    let folder = Folder::new();
    for name in [
        "../encoder.onnx",
        "/etc/passwd",
        "parts/../../x",
        "",
        ".",
        "C:\\x",
        "a\\\\b",
    ] {
        let error = folder.refusal_after("file = \"encoder.onnx\"", &format!("file = {name:?}"));
        assert!(matches!(error, BundleError::Path { .. }), "{name}: {error}");
    }
    let error = folder.refusal_after("calibration.json", "../calibration.json");
    assert!(matches!(error, BundleError::Path { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn links_stay_inside_the_folder() {
    let (folder, other) = (Folder::new(), Folder::new());
    let link = folder.0.join("encoder.onnx");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(other.0.join("encoder.onnx"), &link).unwrap();
    assert_eq!(
        folder.refusal(),
        BundleError::Path {
            file: "encoder.onnx".to_owned()
        }
    );

    fs::remove_file(&link).unwrap();
    fs::write(folder.0.join("parts/f32"), "f32").unwrap();
    std::os::unix::fs::symlink("parts/f32", &link).unwrap();
    assert!(Bundle::open(&folder.0).is_ok());
}

#[test]
fn values_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    for (from, to, named) in [
        ("size = 64", "size = 0", "input.size"),
        ("size = 64", "size = 100000", "input.size"),
        ("mean = [1, 2.5, 3]", "mean = [nan, 2.5, 3]", "input.mean"),
        ("std = [4, 5, 6]", "std = [4, 0, 6]", "input.std"),
        ("std = [4, 5, 6]", "std = [4, -1, 6]", "input.std"),
        ("shape = [8, 4, 4]", "shape = [8, 0, 4]", "embedding.shape"),
        (
            "shape = [8, 4, 4]",
            "shape = [4096, 4096, 4096]",
            "embedding.shape",
        ),
        (
            "shape = [8, 4, 4]",
            "shape = [9223372036854775807, 4, 4]",
            "embedding.shape",
        ),
        ("\"INT8\"", "\"00\"", "encoder.sha256"),
        ("\"DECODER\"", "\"DECODER \"", "decoder.sha256"),
        ("name = \"test\"", "name = \"\"", "name"),
        ("version = \"1.0.0\"", "version = \"1\\n2\"", "version"),
    ] {
        let error = folder.refusal_after(from, to);
        let BundleError::Value { field, .. } = error else {
            panic!("{to}: {error}")
        };
        assert_eq!(field, named);
    }
}

#[test]
fn fields_are_known_and_complete() {
    let folder = Folder::new();
    for (from, to, named) in [
        ("license", "licence", "licence"),
        ("[input]", "[input]\nlarge = true", "large"),
        ("[embedding]", "[embedding]\ndepth = 1", "depth"),
        ("input = \"pixels\"", "inputs = \"pixels\"", "inputs"),
        ("kind = \"sam\"", "kind = \"sam\"\nheads = 8", "heads"),
        ("kind = \"sam\"", "kind = \"spam\"", "spam"),
        (
            "kind = \"sam\"",
            "kind = \"sam\"\nanswers = \"guessed\"",
            "guessed",
        ),
        ("precision = \"f32\"", "precision = \"f64\"", "f64"),
        ("resize = \"longest-side\"", "resize = \"crop\"", "crop"),
        ("pad = \"zero-after-normalise\"", "pad = \"grey\"", "grey"),
        ("layout = \"nchw\"", "layout = \"nhwc\"", "nhwc"),
        ("layout = \"nchw\"", "", "layout"),
        ("shape = [8, 4, 4]", "shape = [8, 4]", "shape"),
        ("shape = [8, 4, 4]", "shape = [8, 4, -4]", "shape"),
        ("size = 64", "size = 4294967296", "size"),
        ("format = 1", "", "format"),
        ("[input]", "[input", "[input"),
    ] {
        let error = folder.refusal_after(from, to);
        assert!(matches!(error, BundleError::Manifest(_)), "{to}: {error}");
        assert!(error.to_string().contains(named), "{to}: {error}");
    }
    let error = folder.refusal_after("format = 1", "format = 2\nunheard = \"of\"");
    assert_eq!(error, BundleError::Format { found: 2 });
    let unnamed = "kind = \"onnx\"\ncoordinates = \"1024\"";
    assert!(matches!(
        folder.refusal_after("kind = \"sam\"", unnamed),
        BundleError::Manifest(_)
    ));
}

#[test]
fn large_manifests_are_not_read() {
    let folder = Folder::new();
    let padding = "#".repeat(MAX_MANIFEST_BYTES as usize);
    folder.write(&format!("{MANIFEST}{padding}"));
    assert!(matches!(folder.refusal(), BundleError::TooLarge { .. }));
}

#[cfg(feature = "default-model")]
#[test]
fn the_built_in_model_is_whole() {
    let bundle = Bundle::builtin().unwrap();
    assert!(bundle.choose_encoder(None).is_ok());
    let bytes: usize = builtin::FILES.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= 6_000_000, "{bytes}");
    let preferred = bundle.preferred_encoder(true).unwrap();
    assert_eq!(preferred.precision, Precision::Int8);
}

#[test]
fn decoders_that_are_graphs_name_their_inputs_and_outputs() {
    let folder = Folder::new();
    let onnx = r#"kind = "onnx"
coordinate_size = 1024
padding_point = "never"
inputs = { embedding = "image_embeddings", points = "point_coords", labels = "point_labels" }
outputs = { logits = "masks", predicted_iou = "scores" }"#;
    folder.write(&MANIFEST.replacen("kind = \"sam\"", onnx, 1));
    let bundle = Bundle::open(&folder.0).unwrap();
    let DecoderKind::Onnx(spec) = &bundle.manifest().decoder.kind else {
        panic!("{:?}", bundle.manifest().decoder);
    };
    assert_eq!(spec.coordinate_size_px, Some(1024));
    assert_eq!(spec.padding_point, PaddingPoint::Never);
    assert_eq!(spec.inputs.labels, "point_labels");
    assert_eq!(spec.inputs.mask, None);

    let empty = onnx.replace("\"scores\"", "\"\"");
    let error = folder.refusal_after("kind = \"sam\"", &empty);
    assert!(
        matches!(
            error,
            BundleError::Value {
                field: "decoder.outputs.predicted_iou",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn weights_of_their_own_are_verified() {
    let folder = Folder::new();
    fs::write(folder.0.join("encoder.onnx.data"), "weights").unwrap();
    let with = |sha256: &str| {
        let entry = format!(
            "output = \"features\"\nweights = \"encoder.onnx.data\"\nweights_sha256 = \"{sha256}\""
        );
        folder.write(&MANIFEST.replacen("output = \"features\"", &entry, 1));
        Bundle::open(&folder.0)
    };
    let bundle = with(&files::sha256(b"weights")).unwrap();
    let entry = bundle.choose_encoder(None).unwrap();
    let weights = bundle.encoder_weights(entry).unwrap().unwrap();
    assert_eq!(*weights.contents, *b"weights");
    assert!(weights.path.is_absolute());
    assert!(matches!(
        with(&files::sha256(b"others")),
        Err(BundleError::Checksum { .. })
    ));
    assert!(matches!(with(""), Err(BundleError::Value { .. })));
}
