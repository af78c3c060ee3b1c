//! The bundle with the new encoder.

use std::fs;
use std::path::Path;

use fixate::bundle::Bundle;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use crate::quantize::Quantized;
use crate::{QuantizeError, report, weights_file};

/// Name of the quantised encoder in its bundle.
const ENCODER_FILE: &str = "encoder.int8.onnx";
/// Name of its record.
const RECORD_FILE: &str = "calibration.json";
const MANIFEST_FILE: &str = "bundle.toml";

/// Writes a bundle with all that another has and an encoder in int8, which replaces an earlier one; with its record and
/// the report of it. Bytes that the f32 encoder has in a file of their own are shared. Where it is `preferred`, it is the
/// first of the manifest, which runs where bytes are faster and nobody asks for a precision. The folders may be the same.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write(
    from: &Path,
    out: &Path,
    quantized: &Quantized,
    preferred: bool,
) -> Result<Bundle, QuantizeError> {
    let bundle = Bundle::open(from)?;
    fs::create_dir_all(out).map_err(|error| QuantizeError::file(out, error))?;
    let manifest = bundle.manifest();
    let mut files = vec![manifest.decoder.file.clone()];
    for entry in &manifest.encoders {
        files.push(entry.file.clone());
        files.extend(entry.weights.clone());
    }
    for file in files.iter().filter(|file| *file != ENCODER_FILE) {
        let (source, target) = (from.join(file), out.join(file));
        if source.canonicalize().ok() == target.canonicalize().ok() {
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| QuantizeError::file(folder, error))?;
        }
        fs::copy(&source, &target).map_err(|error| QuantizeError::file(&source, error))?;
    }
    let path = from.join(MANIFEST_FILE);
    let text = fs::read_to_string(&path).map_err(|error| QuantizeError::file(&path, error))?;
    let manifest = manifest_with(&text, quantized, preferred)
        .map_err(|error| QuantizeError::file(&path, error))?;
    let record = &quantized.record;
    for (name, contents) in [
        (ENCODER_FILE, quantized.onnx.as_slice()),
        (RECORD_FILE, record.to_json().as_bytes()),
        ("report.md", report::table(record).as_bytes()),
        ("report.svg", report::plot(record).as_bytes()),
        // Last, so that a bundle that is half written has the manifest that it had.
        (MANIFEST_FILE, manifest.as_bytes()),
    ] {
        let path = out.join(name);
        fs::write(&path, contents).map_err(|error| QuantizeError::file(&path, error))?;
    }
    Ok(Bundle::open(out)?)
}

/// The manifest with the quantised encoder: before the others, in the place of an earlier one, or after the others.
fn manifest_with(text: &str, quantized: &Quantized, preferred: bool) -> Result<String, String> {
    let mut manifest: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let Some(Value::Array(encoders)) = manifest.get_mut("encoder") else {
        return Err("there is no [[encoder]]".to_owned());
    };
    let is = |entry: &Value, precision: &str| {
        entry.get("precision").and_then(Value::as_str) == Some(precision)
    };
    let earlier = encoders.iter().position(|entry| is(entry, "int8"));
    encoders.retain(|entry| !is(entry, "int8"));
    let float = encoders.iter().find(|entry| is(entry, "f32"));
    let mut entry = float.and_then(Value::as_table).cloned().unwrap_or_default();
    let digest = Sha256::digest(&quantized.onnx);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    for (key, value) in [
        ("file", ENCODER_FILE),
        ("precision", "int8"),
        ("sha256", &digest),
        ("calibration", RECORD_FILE),
    ] {
        entry.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    if !weights_file::is_used_by(&quantized.onnx) {
        entry.remove("weights");
        entry.remove("weights_sha256");
    }
    let place = match (preferred, earlier) {
        (true, _) => 0,
        (false, Some(place)) => place.min(encoders.len()),
        (false, None) => encoders.len(),
    };
    encoders.insert(place, Value::Table(entry));
    toml::to_string(&manifest).map_err(|error| error.to_string())
}
