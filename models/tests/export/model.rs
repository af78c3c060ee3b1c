//! Decoders, and prompts of every kind for them.

use fixate::bundle::Bundle;
use fixate::decoder::{Embedding, Keyframe};
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::MaskLogits;
use fixate::preprocess::{InputSpec, ResizeRule};
use fixate::prompt::{PointLabel, Prompt, PromptBox, PromptPoint};
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate_models::checkpoint::Checkpoint;
use fixate_models::decoder::{DecoderFacts, write_decoder};
use fixate_models::export::{ExportOptions, export_decoder};

use crate::reference::{Reference, golden, softened};

/// A decoder, and an embedding for it.
pub(crate) struct Model {
    pub(crate) weights: Vec<u8>,
    pub(crate) input: InputSpec,
    pub(crate) embedding: Embedding,
}

impl Model {
    /// The one that comes with fixate, with what it makes of a disk.
    pub(crate) fn builtin() -> Self {
        let bundle = Bundle::builtin().unwrap();
        let (width, height) = (160_u32, 120_u32);
        let inside = |x: u32, y: u32| x.abs_diff(90).pow(2) + y.abs_diff(60).pow(2) < 900;
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|i| match inside(i % width, i / width) {
                true => [220, 60, 40],
                false => [30, 60, 80],
            })
            .collect();
        let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, &pixels, 0).unwrap();
        let mut segmenter = Segmenter::new(&bundle, SegmenterOptions::default()).unwrap();
        Self {
            weights: bundle.decoder().unwrap().into_owned(),
            input: bundle.input_spec(),
            embedding: segmenter.encode(&frame).unwrap().embedding,
        }
    }

    /// MobileSAM's architecture with weights that do not amplify rounding, and a reference embedding.
    pub(crate) fn mobile_sam() -> Option<Self> {
        let folder = golden()?;
        let mut checkpoint = Checkpoint::open(&folder.join("mobile_sam_random.pt")).unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("decoder.safetensors");
        write_decoder(&mut checkpoint, DecoderFacts::default(), &path).unwrap();
        let reference = Reference::open(&folder.join("mobile_sam_random.safetensors"));
        let (shape, values) = reference.tensors["truck.embedding"].clone();
        Some(Self {
            weights: softened(&std::fs::read(path).unwrap(), 64.0),
            input: InputSpec {
                size_px: 1024,
                resize: ResizeRule::LongestSide,
                mean: [123.675, 116.28, 103.53],
                std: [58.395, 57.12, 57.375],
            },
            embedding: Embedding {
                shape: [shape[1], shape[2], shape[3]],
                values,
            },
        })
    }

    fn keyframe(&self, width_px: u32, height_px: u32) -> Keyframe {
        Keyframe {
            embedding: self.embedding.clone(),
            placement: self.input.placement(width_px, height_px),
            capture_time_us: 0,
            prepared: None,
        }
    }

    /// Prompts of every kind, on images of different sizes.
    pub(crate) fn cases(&self) -> Vec<(&'static str, Keyframe, Prompt)> {
        let point = |x_px, y_px, label| PromptPoint { x_px, y_px, label };
        let one = Prompt::point(75.0, 50.0);
        let several = Prompt {
            points: vec![
                point(90.0, 60.5, PointLabel::Foreground),
                point(20.0, 100.0, PointLabel::Background),
                point(0.0, 0.0, PointLabel::Background),
                point(60.0, 40.0, PointLabel::Foreground),
            ],
            ..Prompt::default()
        };
        let bounds = Prompt::bounds(PromptBox {
            x0_px: 30.0,
            y0_px: 20.0,
            x1_px: 110.5,
            y1_px: 95.0,
        });
        let both = Prompt {
            bounds: bounds.bounds,
            ..several.clone()
        };
        let side = 4 * self.embedding.shape[1];
        let logit = |i: usize| 8.0 - ((i % side) as f32 / 9.0 - (i / side) as f32 / 13.0).abs();
        let mask = MaskLogits {
            width: side,
            height: side,
            values: (0..side * side).map(logit).collect(),
        };
        let refined = Prompt {
            mask: Some(mask),
            ..one.clone()
        };
        let mask_alone = Prompt {
            points: Vec::new(),
            ..refined.clone()
        };
        vec![
            ("one point", self.keyframe(160, 120), one),
            ("several points", self.keyframe(101, 211), several),
            ("box", self.keyframe(300, 200), bounds),
            ("box and points", self.keyframe(120, 120), both),
            ("point and mask", self.keyframe(1201, 97), refined),
            ("mask", self.keyframe(97, 401), mask_alone),
        ]
    }

    pub(crate) fn onnx(&self, single_mask: bool) -> Vec<u8> {
        let mut options = ExportOptions::default();
        options.return_single_mask = single_mask;
        export_decoder(&self.weights, self.input, &options).unwrap()
    }
}
