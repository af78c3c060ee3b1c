//! Asking ONNX Runtime, by way of Python.

use std::path::Path;
use std::process::Command;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// Largest difference that counts as the same, as a share of the deviation.
pub(crate) const TOLERANCE: f64 = 1e-3;

/// Whether `export/check.py` can be run; if not, said aloud, which CI does not accept.
fn python_can_check() -> bool {
    let imports = ["-c", "import numpy, onnx, onnxruntime"];
    let found = Command::new("python3").args(imports).output();
    if found.is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "python3 with onnx and onnxruntime is missing"
    );
    println!("skipped: python3 with onnx and onnxruntime is missing");
    false
}

/// Named tensors of some shape.
pub(crate) type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

pub(crate) fn check_with_onnx_runtime(onnx: &Path, cases: &Tensors) {
    if !python_can_check() {
        return;
    }
    let file = onnx.with_extension("cases.safetensors");
    let bytes = |values: &[f32]| -> Vec<u8> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        bytes.collect()
    };
    let stored: Vec<_> = cases.iter().map(|(.., values)| bytes(values)).collect();
    let views = cases.iter().zip(&stored).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.unwrap())
    });
    safetensors::serialize_to_file(views, None, &file).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/check.py");
    let output = Command::new("python3")
        .arg(script)
        .args([onnx, &file])
        .arg(TOLERANCE.to_string())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{output:?}");
    println!("{told}");
}
