//! The tensors of a `decoder.safetensors`, checked one by one as they are taken out.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use half::f16;
use safetensors::{Dtype, SafeTensors};

/// Tensors by name, in f32, all finite.
pub(super) struct Weights {
    tensors: BTreeMap<String, Tensor>,
    metadata: HashMap<String, String>,
}

struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Weights {
    /// Reads a safetensors file with values in f32 or f16. The memory taken is at most twice the
    /// length of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        let unreadable = |error| WeightsError::Unreadable(format!("{error}"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.iter() {
            let values: Vec<f32> = match view.dtype() {
                Dtype::F32 => {
                    let (chunks, _) = view.data().as_chunks::<4>();
                    chunks
                        .iter()
                        .map(|bytes| f32::from_le_bytes(*bytes))
                        .collect()
                }
                Dtype::F16 => {
                    let (chunks, _) = view.data().as_chunks::<2>();
                    chunks
                        .iter()
                        .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
                        .collect()
                }
                other => {
                    return Err(WeightsError::Type {
                        name: name.to_owned(),
                        found: format!("{other:?}"),
                    });
                }
            };
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                return Err(WeightsError::NotFinite {
                    name: name.to_owned(),
                    index,
                    value: values[index],
                });
            }
            let shape = view.shape().to_vec();
            tensors.insert(name.to_owned(), Tensor { shape, values });
        }
        Ok(Self { tensors, metadata })
    }

    /// A positive whole number from the metadata, or `default` if it is not there.
    pub(super) fn number(&self, key: &'static str, default: usize) -> Result<usize, WeightsError> {
        /// Far above any model, and low enough that products of three do not overflow.
        const LARGEST: usize = 1 << 20;
        let Some(text) = self.metadata.get(key) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(number) if (1..=LARGEST).contains(&number) => Ok(number),
            _ => Err(WeightsError::Metadata {
                key,
                found: text.clone(),
            }),
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The shape of a tensor that must have `RANK` dimensions, none of them 0.
    pub(super) fn shape<const RANK: usize>(
        &self,
        name: &str,
    ) -> Result<[usize; RANK], WeightsError> {
        let tensor = self
            .tensors
            .get(name)
            .ok_or_else(|| WeightsError::Missing {
                name: name.to_owned(),
            })?;
        match <[usize; RANK]>::try_from(tensor.shape.as_slice()) {
            Ok(shape) if !shape.contains(&0) => Ok(shape),
            _ => Err(WeightsError::Rank {
                name: name.to_owned(),
                expected: RANK,
                found: tensor.shape.clone(),
            }),
        }
    }

    /// Takes out the values of a tensor that must have exactly this shape.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        match self.tensors.remove(name) {
            None => Err(WeightsError::Missing {
                name: name.to_owned(),
            }),
            Some(tensor) if tensor.shape != shape => Err(WeightsError::Shape {
                name: name.to_owned(),
                expected: shape.to_vec(),
                found: tensor.shape,
            }),
            Some(tensor) => Ok(tensor.values),
        }
    }

    /// Checks that every tensor was taken: one that is left belongs to another architecture, whose
    /// results would silently differ.
    pub(super) fn finish(self) -> Result<(), WeightsError> {
        match self.tensors.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(WeightsError::Unexpected { name }),
        }
    }
}

/// Why a file is not the weights of a SAM decoder.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WeightsError {
    /// Not a safetensors file, or a truncated one.
    Unreadable(String),
    /// A tensor is missing.
    Missing {
        /// Its name.
        name: String,
    },
    /// A tensor that SAM's decoder does not have.
    Unexpected {
        /// Its name.
        name: String,
    },
    /// A tensor has the wrong number of dimensions, or one of length 0.
    Rank {
        /// Its name.
        name: String,
        /// Number of dimensions.
        expected: usize,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor has the wrong shape.
    Shape {
        /// Its name.
        name: String,
        /// Shape that the other tensors ask for.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor is neither f32 nor f16.
    Type {
        /// Its name.
        name: String,
        /// Type in the file.
        found: String,
    },
    /// A value is NaN or infinite.
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// Index in the flattened tensor.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A metadata entry is not a number that can be used.
    Metadata {
        /// Its key.
        key: &'static str,
        /// Its value.
        found: String,
    },
    /// A dimension cannot be divided among the attention heads, or into sines and cosines.
    Indivisible {
        /// What is divided.
        what: &'static str,
        /// Its length.
        length: usize,
        /// Into how many parts.
        parts: usize,
    },
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => {
                write!(
                    f,
                    "not a readable safetensors file ({reason}); fetch or import it again"
                )
            }
            Self::Missing { name } => write!(
                f,
                "tensor {name} is missing; a SAM decoder needs all of prompt_encoder.* and mask_decoder.*"
            ),
            Self::Unexpected { name } => write!(
                f,
                "tensor {name} is unknown to SAM's decoder; this is a variant that is not supported"
            ),
            Self::Rank {
                name,
                expected,
                found,
            } => write!(
                f,
                "tensor {name} has shape {found:?}; it needs {expected} dimensions, none of them 0"
            ),
            Self::Shape {
                name,
                expected,
                found,
            } => {
                write!(
                    f,
                    "tensor {name} has shape {found:?}; the others ask for {expected:?}"
                )
            }
            Self::Type { name, found } => {
                write!(f, "tensor {name} has type {found}; store it as F32 or F16")
            }
            Self::NotFinite { name, index, value } => {
                write!(
                    f,
                    "tensor {name} has {value} at index {index}; weights must be finite"
                )
            }
            Self::Metadata { key, found } => {
                write!(
                    f,
                    "metadata {key} is {found:?}; write a whole number from 1 to 1048576"
                )
            }
            Self::Indivisible {
                what,
                length,
                parts,
            } => write!(
                f,
                "the {what} of {length} cannot be divided by {parts}; correct the metadata num_heads or the weights"
            ),
        }
    }
}

impl std::error::Error for WeightsError {}
