//! The files of the model that comes with the library.

#[cfg(feature = "default-model")]
macro_rules! files {
    ($($name:literal),*) => {
        &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/default/", $name)),
        )),*]
    };
}

/// Names and contents; none without the feature `default-model`.
#[cfg(feature = "default-model")]
pub(super) const FILES: &[(&str, &[u8])] = files![
    "bundle.toml",
    "encoder.onnx",
    "encoder.int8.onnx",
    "encoder.weights",
    "decoder.safetensors"
];

#[cfg(not(feature = "default-model"))]
pub(super) const FILES: &[(&str, &[u8])] = &[];
