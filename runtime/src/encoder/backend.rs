//! What encoders run on.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What runs an encoder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// tract, on the CPU; built in.
    #[default]
    Tract,
    /// tract, on the first of NVIDIA's GPUs that CUDA shows; with the feature `tract-cuda`.
    TractCuda(TractCudaOptions),
    /// ONNX Runtime, whose library is loaded at run time; with the feature `onnxruntime`.
    OnnxRuntime(OnnxRuntimeOptions),
}

/// How tract uses a GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TractCudaOptions {
    /// Whether masks made with the encoder are compared with those of the f32 encoder on the CPU before it is used.
    pub self_check: bool,
}

impl Default for TractCudaOptions {
    fn default() -> Self {
        Self { self_check: true }
    }
}

/// How ONNX Runtime is found and used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnnxRuntimeOptions {
    /// The library (`libonnxruntime.so`, `onnxruntime.dll`, `libonnxruntime.dylib`) or the folder that it lies in; none
    /// for the one that `ORT_DYLIB_PATH` names, else the one that the system finds. A process loads one, once.
    pub library: Option<PathBuf>,
    /// Who computes, the first that can; the CPU only where it is named.
    pub providers: Vec<ExecutionProvider>,
    /// Which GPU, counted from 0.
    pub device: u16,
    /// Folder for what takes long and does not change: TensorRT's engines and timings, and that an encoder passed its
    /// self-check. None to keep nothing.
    pub cache: Option<PathBuf>,
    /// Whether masks made with the encoder are compared with those of the f32 encoder on tract before it is used.
    pub self_check: bool,
}

impl Default for OnnxRuntimeOptions {
    fn default() -> Self {
        Self {
            library: None,
            providers: vec![ExecutionProvider::Cpu],
            device: 0,
            cache: None,
            self_check: true,
        }
    }
}

/// Who computes for ONNX Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecutionProvider {
    /// The processor.
    Cpu,
    /// A GPU of NVIDIA's.
    Cuda,
    /// A GPU of NVIDIA's, with kernels chosen for it; computes f32 encoders in f16 if that is asked for.
    TensorRt,
}

impl ExecutionProvider {
    const ALL: [Self; 3] = [Self::Cpu, Self::Cuda, Self::TensorRt];
}

impl fmt::Display for ExecutionProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tract => f.write_str("tract"),
            Self::TractCuda(_) => f.write_str("tract:cuda"),
            Self::OnnxRuntime(options) => {
                let names: Vec<String> =
                    options.providers.iter().map(ToString::to_string).collect();
                write!(f, "onnxruntime:{}", names.join(","))
            }
        }
    }
}

/// A text that names no backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBackend(String);

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no backend; give tract, tract:cuda, onnxruntime, or onnxruntime: with cpu, cuda, tensorrt in the order of preference, as onnxruntime:tensorrt,cuda",
            self.0
        )
    }
}

impl std::error::Error for UnknownBackend {}

impl FromStr for Backend {
    type Err = UnknownBackend;

    /// Reads what [`Backend`]'s `Display` writes; `onnxruntime` alone is `onnxruntime:cpu`.
    fn from_str(text: &str) -> Result<Self, UnknownBackend> {
        let unknown = || UnknownBackend(text.to_owned());
        let (name, providers) = match text.split_once(':') {
            Some((name, providers)) => (name, Some(providers)),
            None => (text, None),
        };
        let mut options = OnnxRuntimeOptions::default();
        match (name, providers) {
            ("tract", None) => return Ok(Self::Tract),
            ("tract", Some("cuda")) => return Ok(Self::TractCuda(TractCudaOptions::default())),
            ("onnxruntime", None) => {}
            ("onnxruntime", Some(names)) => {
                options.providers.clear();
                for name in names.split(',') {
                    let named = |provider: &ExecutionProvider| provider.to_string() == name;
                    let provider = ExecutionProvider::ALL.into_iter().find(named);
                    let provider = provider.ok_or_else(unknown)?;
                    if options.providers.contains(&provider) {
                        return Err(unknown());
                    }
                    options.providers.push(provider);
                }
            }
            _ => return Err(unknown()),
        }
        Ok(Self::OnnxRuntime(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_read_as_they_are_written() {
        for text in [
            "tract",
            "tract:cuda",
            "onnxruntime:cpu",
            "onnxruntime:tensorrt,cuda",
            "onnxruntime:cuda,cpu",
        ] {
            assert_eq!(text.parse::<Backend>().unwrap().to_string(), text);
        }
        assert_eq!("onnxruntime".parse(), "onnxruntime:cpu".parse::<Backend>());
        for text in [
            "",
            "onnx",
            "tract:cpu",
            "onnxruntime:",
            "onnxruntime:gpu",
            "onnxruntime:cpu,cpu",
            "onnxruntime:cuda,",
        ] {
            let error = text.parse::<Backend>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
