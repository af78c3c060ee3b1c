//! What the reference implementation computed, and how far results are from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fixate::mask::MaskLogits;
use fixate::preprocess::{InputSpec, Placement, ResizeRule};
use fixate::prompt::{PointLabel, Prompt, PromptBox, PromptPoint};
use fixate_models::checkpoint::Checkpoint;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

/// The folder of reference results, which is not part of the repository.
pub(crate) fn golden() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing",
        folder.display()
    );
    println!("skipped: {} is missing", folder.display());
    None
}

/// What the reference implementation computed, all as f32, and the prompts it was asked.
pub(crate) struct Reference {
    pub(crate) tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    pub(crate) prompts: BTreeMap<String, Value>,
}

impl Reference {
    pub(crate) fn open(path: &Path) -> Self {
        let mut file = Checkpoint::open(path).unwrap();
        let infos: Vec<_> = file
            .tensors()
            .map(|(name, info)| (name.to_owned(), info.shape.clone()))
            .collect();
        let tensors = infos
            .into_iter()
            .map(|(name, shape)| {
                let values = file.read_f32(&name).unwrap();
                (name, (shape, values))
            })
            .collect();
        let prompts = file.metadata().get("prompts").unwrap();
        Self {
            tensors,
            prompts: serde_json::from_str(prompts).unwrap(),
        }
    }

    pub(crate) fn values(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    /// One of a stack of masks.
    pub(crate) fn mask(&self, name: &str, index: usize) -> MaskLogits {
        let (shape, values) = &self.tensors[name];
        let (height, width) = (shape[1], shape[2]);
        let values = values[index * width * height..][..width * height].to_vec();
        MaskLogits {
            width,
            height,
            values,
        }
    }

    pub(crate) fn prompt(&self, name: &str) -> Prompt {
        let prompt = &self.prompts[name];
        let numbers = |value: &Value| -> Vec<f32> {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap() as f32)
                .collect()
        };
        let mut result = Prompt::default();
        if let Some(points) = prompt.get("point_coords") {
            let labels = numbers(&prompt["point_labels"]);
            for (point, label) in points.as_array().unwrap().iter().zip(labels) {
                let [x_px, y_px] = numbers(point)[..] else {
                    panic!("{point}")
                };
                let label = if label == 1.0 {
                    PointLabel::Foreground
                } else {
                    PointLabel::Background
                };
                result.points.push(PromptPoint { x_px, y_px, label });
            }
        }
        if let Some(bounds) = prompt.get("box") {
            let [x0_px, y0_px, x1_px, y1_px] = numbers(bounds)[..] else {
                panic!("{bounds}")
            };
            result.bounds = Some(PromptBox {
                x0_px,
                y0_px,
                x1_px,
                y1_px,
            });
        }
        if let Some(from) = prompt.get("mask_from") {
            let from = from.as_str().unwrap();
            let iou = self.values(&format!("truck.{from}.multi.iou"));
            let best = (0..iou.len())
                .max_by(|a, b| iou[*a].total_cmp(&iou[*b]))
                .unwrap();
            result.mask = Some(self.mask(&format!("truck.{from}.multi.low_res"), best));
        }
        result
    }
}

/// How far results are from what is expected.
pub(crate) struct Difference {
    pub(crate) largest: f64,
    pub(crate) root_mean_square: f64,
    /// Standard deviation of what is expected.
    pub(crate) deviation: f64,
}

pub(crate) fn difference(found: &[f32], expected: &[f32]) -> Difference {
    assert_eq!(found.len(), expected.len());
    let count = expected.len() as f64;
    let mean = expected.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let variance = expected
        .iter()
        .map(|v| (f64::from(*v) - mean).powi(2))
        .sum::<f64>()
        / count;
    let differences: Vec<f64> = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f64::from(*f) - f64::from(*e)).abs())
        .collect();
    Difference {
        largest: differences.iter().copied().fold(0.0, f64::max),
        root_mean_square: (differences.iter().map(|d| d * d).sum::<f64>() / count).sqrt(),
        deviation: variance.sqrt(),
    }
}

/// Divides the queries of the attentions to and from the image, so that scores are small.
pub(crate) fn softened(decoder: &[u8], divisor: f32) -> Vec<u8> {
    let file = SafeTensors::deserialize(decoder).unwrap();
    let tensors = file.iter().map(|(name, view)| {
        let cross = name.contains("cross_attn") || name.contains("final_attn");
        let divisor = if cross && name.contains("q_proj") {
            divisor
        } else {
            1.0
        };
        let (values, _) = view.data().as_chunks::<4>();
        let values = values
            .iter()
            .flat_map(|v| (f32::from_le_bytes(*v) / divisor).to_le_bytes());
        (
            name.to_owned(),
            view.shape().to_vec(),
            values.collect::<Vec<u8>>(),
        )
    });
    let tensors: Vec<_> = tensors.collect();
    let views = tensors.iter().map(|(name, shape, values)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), values).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

pub(crate) fn truck() -> Placement {
    let spec = InputSpec {
        size_px: 1024,
        resize: ResizeRule::LongestSide,
        mean: [123.675, 116.28, 103.53],
        std: [58.395, 57.12, 57.375],
    };
    spec.placement(1800, 1200)
}
