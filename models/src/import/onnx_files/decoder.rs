//! The decoder beside an ONNX encoder: a graph, or a checkpoint of SAM's.

use std::fs::File;
use std::path::Path;

use fixate::bundle::OnnxDecoderSpec;

use super::super::manifest::DecoderFile;
use super::super::{ImportError, ONNX_DECODER_FILE, write_and_check_decoder};
use super::{OnnxOverrides, copy, read_signature, signature_error};
use crate::checkpoint::Checkpoint;
use crate::decoder::DecoderFacts;
use crate::hashed_file::HashedFile;
use crate::signature::{EncoderSignature, GraphSignature, recognise_decoder};
use crate::staging::Staging;

/// A decoder that was recognised.
pub(super) enum DecoderSource<'a> {
    Onnx {
        path: &'a Path,
        graph: GraphSignature,
        family: &'static str,
        spec: Box<OnnxDecoderSpec>,
    },
    Checkpoint(Box<Checkpoint>),
}

impl<'a> DecoderSource<'a> {
    /// Reads what it is, and no weights.
    pub(super) fn open(path: &'a Path) -> Result<Self, ImportError> {
        if !is_onnx(path) {
            return Ok(Self::Checkpoint(Box::new(Checkpoint::open(path)?)));
        }
        let graph = read_signature(path)?;
        let (family, spec) =
            recognise_decoder(&graph).map_err(|error| signature_error(path, error))?;
        if graph.external_weights {
            return Err(ImportError::ExternalData {
                path: path.to_owned(),
                reason: "a decoder's must be in its own file; save it as one file".to_owned(),
            });
        }
        Ok(Self::Onnx {
            path,
            graph,
            family,
            spec: Box::new(spec),
        })
    }

    /// Channels, rows and columns of the embeddings that it takes, if it says.
    pub(super) fn embedding_shape(&self) -> Option<[usize; 3]> {
        match self {
            Self::Onnx { graph, spec, .. } => graph.input_shape(&spec.inputs.embedding),
            Self::Checkpoint(_) => None,
        }
    }

    /// Writes it, and says which family's it is.
    pub(super) fn write(
        self,
        encoder: &EncoderSignature,
        embedding_shape: [usize; 3],
        overrides: &OnnxOverrides,
        staging: &Staging,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(&'static str, DecoderFile), ImportError> {
        match self {
            Self::Onnx {
                path,
                family,
                mut spec,
                ..
            } => {
                let own = spec.coordinate_size_px;
                spec.coordinate_size_px = overrides.coordinate_size_px.or(own).or_else(|| {
                    let usual = encoder.coordinate_size_px;
                    u32::try_from(usual)
                        .ok()
                        .filter(|_| usual != encoder.input_size_px)
                });
                if let Some(padding_point) = overrides.padding_point {
                    spec.padding_point = padding_point;
                }
                let mut file = HashedFile::create(&staging.file(ONNX_DECODER_FILE))?;
                copy(&mut File::open(path)?, &mut file, advance)?;
                let decoder = DecoderFile {
                    bytes: file.length(),
                    sha256: file.finish()?,
                    onnx: Some(*spec),
                };
                Ok((family, decoder))
            }
            Self::Checkpoint(mut checkpoint) => {
                let usual = encoder.coordinate_size_px;
                let coordinates = overrides.coordinate_size_px.map(|size| size as usize);
                let facts = DecoderFacts {
                    input_size_px: coordinates.unwrap_or(usual),
                    embedding_size: embedding_shape[1],
                    ..DecoderFacts::default()
                };
                let decoder =
                    write_and_check_decoder(&mut checkpoint, facts, embedding_shape, staging)?;
                advance(decoder.bytes);
                Ok(("SAM", decoder))
            }
        }
    }
}

/// Whether a file's name ends as those of ONNX files do.
fn is_onnx(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}
