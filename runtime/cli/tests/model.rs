//! Models of other makes, from the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The checkpoint of a small SAM; none, said aloud, where the shared files are absent, which CI does not accept.
#[allow(clippy::print_stderr)]
fn checkpoint() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/golden/sam_vit_small_random.pth");
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing",
        path.display()
    );
    eprintln!("skipped: {} is missing", path.display());
    None
}

#[test]
fn a_checkpoint_becomes_a_bundle_that_segments() {
    let Some(checkpoint) = checkpoint() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint.to_str().unwrap();
    let import = ["model", "import", checkpoint, "-o", "sam", "--json"];
    // Again, over the first.
    for _ in 0..2 {
        let output = fixate(folder.path(), &import);
        assert!(output.status.success(), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["model"], "sam_vit_small_random 1.0.0");
    }
    let image = image::RgbImage::from_fn(80, 60, |x, _| image::Rgb([x as u8 * 3, 90, 120]));
    image.save(folder.path().join("image.png")).unwrap();
    let segment = [
        "segment",
        "image.png",
        "--point",
        "40,30",
        "--model",
        "sam",
        "--json",
    ];
    let output = fixate(folder.path(), &segment);
    assert!(output.status.success(), "{output:?}");
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["candidates"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_no_checkpoint_is_told_in_one_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.pt"), "not a model").unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for file in ["notes.pt", "absent.pt", "folder"] {
        let output = fixate(folder.path(), &["model", "import", file, "-o", "bundle"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!folder.path().join("bundle").exists());
    }
    for usage in [
        &["notes.pt"][..],
        &["encoder.onnx", "-o", "bundle"],
        &["notes.pt", "notes.pt", "-o", "bundle"],
        &["notes.pt", "-o", "bundle", "--mean", "1,2,3"],
        &["a.onnx", "b.onnx", "-o", "bundle", "--std", "1,2"],
    ] {
        let output = fixate(folder.path(), &[&["model", "import"][..], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

/// A folder with the bundle `tiny`, imported from ONNX files.
fn tiny_bundle() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    for (file, name) in [
        ("tiny_encoder.onnx", "encoder.onnx"),
        ("tiny_decoder.onnx", "decoder.onnx"),
    ] {
        std::fs::copy(data.join(file), folder.path().join(name)).unwrap();
    }
    let import = "model import encoder.onnx decoder.onnx -o tiny --name tiny --license MIT --json";
    let report = json(&fixate(folder.path(), &words(import)));
    assert_eq!(report["model"], "tiny 1.0.0");
    assert_eq!(report["decoder_family"], "SAM");
    assert_eq!(
        report["prompts"],
        serde_json::json!(["points", "boxes", "masks"])
    );
    folder
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn onnx_files_become_a_bundle_that_segments() {
    let folder = tiny_bundle();
    let image = image::RgbImage::from_fn(80, 60, |x, _| image::Rgb([x as u8 * 3, 90, 120]));
    image.save(folder.path().join("image.png")).unwrap();
    for prompt in [
        "--point 40,30 --logits l.safetensors",
        "--box 5,5,60,40",
        "--point 40,30 --mask l.safetensors:1",
    ] {
        let line = format!("segment image.png {prompt} --model tiny --json");
        let result = json(&fixate(folder.path(), &words(&line)));
        assert!(!result["candidates"].as_array().unwrap().is_empty());
    }
    // The wrong way round.
    let line = "model import decoder.onnx encoder.onnx -o swapped";
    let output = fixate(folder.path(), &words(line));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("name the image encoder first"));
}

#[test]
fn bundles_tell_what_they_are() {
    let folder = tiny_bundle();
    let info = json(&fixate(folder.path(), &words("model info tiny --json")));
    assert_eq!(
        (&info["name"], &info["license"]),
        (&"tiny".into(), &"MIT".into())
    );
    assert_eq!(info["input"]["size"], 8);
    assert_eq!(info["decoder"]["kind"], "onnx");
    assert_eq!(info["decoder"]["bytes"], 1130);
    assert_eq!(info["encoders"][0]["precision"], "f32");
    assert_eq!(info["encoders"][0]["sha256"].as_str().unwrap().len(), 64);
    let builtin = json(&fixate(folder.path(), &words("model info --json")));
    assert_eq!(builtin["name"], "fixate-tiny");
    let text = fixate(folder.path(), &words("model info tiny"));
    assert!(
        String::from_utf8_lossy(&text.stdout).contains("points, boxes, masks"),
        "{text:?}"
    );
    let absent = fixate(folder.path(), &words("model info absent"));
    assert_eq!(absent.status.code(), Some(1));
}

#[test]
fn verifying_names_the_damaged_file() {
    let folder = tiny_bundle();
    let whole = json(&fixate(folder.path(), &words("model verify tiny --json")));
    assert_eq!(whole["ok"], true);
    assert_eq!(whole["encoders"][0]["prompts"].as_array().unwrap().len(), 3);
    json(&fixate(folder.path(), &words("model verify --json")));

    let path = folder.path().join("tiny/decoder.onnx");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let output = fixate(folder.path(), &words("model verify tiny"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.contains("decoder.onnx: DAMAGED"), "{lines}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.lines().count() == 1 && error.contains("decoder.onnx"),
        "{error}"
    );
    let output = fixate(folder.path(), &words("model verify tiny --json"));
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["files"][0]["error"]),
        (&false.into(), &serde_json::Value::Null)
    );

    std::fs::remove_file(&path).unwrap();
    let output = fixate(folder.path(), &words("model verify tiny"));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("decoder.onnx"),
        "{output:?}"
    );
}

#[test]
fn known_and_installed_models_are_listed() {
    let folder = tiny_bundle();
    std::fs::create_dir(folder.path().join("broken")).unwrap();
    std::fs::write(folder.path().join("broken/bundle.toml"), "format = 1").unwrap();
    let list = |arguments: &str, models: &Path| {
        Command::new(env!("CARGO_BIN_EXE_fixate"))
            .args(words(arguments))
            .env("FIXATE_MODELS", models)
            .output()
            .unwrap()
    };
    let report = json(&list("model list --json", folder.path()));
    let known = report["known"].as_array().unwrap();
    let edge = known
        .iter()
        .find(|model| model["name"] == "edge-sam")
        .unwrap();
    assert_eq!(edge["commercial_use"], false);
    let installed = report["installed"].as_array().unwrap();
    assert_eq!(installed.len(), 2);
    assert!(installed[0]["error"].is_string());
    assert_eq!(installed[1]["model"], "tiny 1.0.0");

    let text = String::from_utf8(list("model list", &folder.path().join("none")).stdout).unwrap();
    assert!(
        text.contains("NOT for commercial use") && text.contains("none installed"),
        "{text}"
    );
}

/// What `pickle.dumps` makes of an object whose loading runs `touch ran`, as `torch.save` would wrap it.
fn hostile_checkpoint(path: &Path) {
    let pickle = b"\x80\x02cposix\nsystem\nX\x09\x00\x00\x00touch ran\x85R.";
    let file = std::fs::File::create(path).unwrap();
    let mut archive = zip::ZipWriter::new(file);
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("archive/data.pkl", stored).unwrap();
    std::io::Write::write_all(&mut archive, pickle).unwrap();
    archive.finish().unwrap();
}

#[test]
fn a_pickle_that_would_run_a_command_is_refused_and_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    hostile_checkpoint(&folder.path().join("hostile.pt"));
    let output = fixate(folder.path(), &words("model import hostile.pt -o bundle"));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.lines().count() == 1 && error.contains("posix.system"),
        "{error}"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
