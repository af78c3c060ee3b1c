//! Writing the decoder of a bundle from a checkpoint.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::checkpoint::{Checkpoint, CheckpointError, ElementType};

/// What the shapes of a decoder's tensors do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderFacts {
    /// Attention heads; 8 in every public SAM.
    pub num_heads: usize,
    /// Side in pixels of the square that prompts were trained in; 1024 in every public SAM.
    pub input_size_px: usize,
    /// Side of the embedding; 64 in every public SAM.
    pub embedding_size: usize,
}

impl Default for DecoderFacts {
    fn default() -> Self {
        Self {
            num_heads: 8,
            input_size_px: 1024,
            embedding_size: 64,
        }
    }
}

/// Writes the tensors `prompt_encoder.*` and `mask_decoder.*` of a checkpoint, and these facts as
/// metadata, into a safetensors file. Elements keep their type, but for bf16, which becomes f32. The
/// same checkpoint always gives the same bytes.
///
/// # Errors
/// If the checkpoint has no such tensors, has them in a type that decoders do not take, or a file
/// cannot be read or written.
pub fn write_decoder(
    checkpoint: &mut Checkpoint,
    facts: DecoderFacts,
    path: &Path,
) -> Result<(), CheckpointError> {
    let mut header = Map::new();
    header.insert(
        "__metadata__".to_owned(),
        json!({
            "embedding_size": facts.embedding_size.to_string(),
            "input_size": facts.input_size_px.to_string(),
            "num_heads": facts.num_heads.to_string(),
        }),
    );
    let mut names = Vec::new();
    let mut offset = 0;
    for (name, info) in checkpoint.tensors() {
        if !name.starts_with("prompt_encoder.") && !name.starts_with("mask_decoder.") {
            continue;
        }
        let (element_type, size_bytes) = match info.element_type {
            ElementType::F32 => ("F32", info.size_bytes()),
            ElementType::F16 => ("F16", info.size_bytes()),
            ElementType::Bf16 => ("F32", 2 * info.size_bytes()),
            ElementType::I64 => {
                let name = name.to_owned();
                return Err(CheckpointError::NotFloatingPoint { name });
            }
        };
        let end = offset + size_bytes;
        let entry =
            json!({"dtype": element_type, "shape": info.shape, "data_offsets": [offset, end]});
        header.insert(name.to_owned(), entry);
        names.push((name.to_owned(), info.element_type));
        offset = end;
    }
    if names.is_empty() {
        return Err(CheckpointError::Missing {
            name: "prompt_encoder.*".to_owned(),
        });
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for (name, element_type) in names {
        if element_type == ElementType::Bf16 {
            for value in checkpoint.read_f32(&name)? {
                file.write_all(&value.to_le_bytes())?;
            }
        } else {
            file.write_all(&checkpoint.read_bytes(&name)?)?;
        }
    }
    file.into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(())
}
