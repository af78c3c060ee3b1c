//! Logits in safetensors files: what `--logits` writes and `--mask` reads.

use crate::arguments::MaskFile;
use crate::failure::Failure;
use fixate::decoder::Decoded;
use fixate::mask::MaskLogits;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::path::Path;

/// The tensor of masks in a file of logits.
const LOGITS: &str = "low_res_logits";

/// Writes `low_res_logits` [K, h, w] and `iou_predictions` [K], f32, in the model's own order.
pub(crate) fn write_logits(path: &Path, decoded: &Decoded) -> Result<(), Failure> {
    let logits = bytes(&decoded.logits);
    let ious = bytes(&decoded.predicted_iou);
    let count = decoded.predicted_iou.len();
    let view = |shape, data| TensorView::new(Dtype::F32, shape, data).map_err(Failure::of);
    let tensors = [
        (
            LOGITS,
            view(vec![count, decoded.height, decoded.width], &logits)?,
        ),
        ("iou_predictions", view(vec![count], &ious)?),
    ];
    safetensors::serialize_to_file(tensors, None, path).map_err(|error| Failure::file(path, error))
}

/// Reads one mask of a file that [`write_logits`] wrote, or of any with a tensor of that name.
pub(crate) fn read_mask(file: &MaskFile) -> Result<MaskLogits, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::file(&file.path, error);
    let content = std::fs::read(&file.path).map_err(|error| failed(&error))?;
    let tensors = SafeTensors::deserialize(&content)
        .map_err(|error| failed(&format!("not a safetensors file of logits: {error}")))?;
    let tensor = tensors.tensor(LOGITS).map_err(|_| {
        failed(&format!(
            "no tensor {LOGITS:?}; `fixate segment --logits` writes one"
        ))
    })?;
    let (count, height, width) = match *tensor.shape() {
        [height, width] => (1, height, width),
        [count, height, width] | [1, count, height, width] => (count, height, width),
        _ => {
            return Err(failed(&format!(
                "{LOGITS} has shape {:?}, not [K, h, w]",
                tensor.shape()
            )));
        }
    };
    if tensor.dtype() != Dtype::F32 {
        return Err(failed(&format!(
            "{LOGITS} is {:?}, not F32",
            tensor.dtype()
        )));
    }
    if file.index >= count {
        return Err(failed(&format!(
            "mask {} asked for, but there are {count}, from 0",
            file.index
        )));
    }
    let length = width * height;
    let values = tensor.data()[file.index * length * 4..][..length * 4].chunks_exact(4);
    let values = values.map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]));
    Ok(MaskLogits {
        width,
        height,
        values: values.collect(),
    })
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_return_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logits.safetensors");
        let decoded = Decoded {
            indices: 1..3,
            width: 3,
            height: 2,
            logits: (0..12).map(|value| value as f32 - 5.5).collect(),
            predicted_iou: vec![0.25, 0.5],
        };
        write_logits(&path, &decoded).unwrap();
        let mask = read_mask(&MaskFile {
            path: path.clone(),
            index: 1,
        })
        .unwrap();
        assert_eq!(mask.view(), decoded.mask(1));
        assert!(
            read_mask(&MaskFile {
                path: path.clone(),
                index: 2
            })
            .is_err()
        );
        std::fs::write(&path, b"no tensors").unwrap();
        let failure = read_mask(&MaskFile { path, index: 0 })
            .unwrap_err()
            .to_string();
        assert!(failure.contains("logits.safetensors"), "{failure}");
    }
}
