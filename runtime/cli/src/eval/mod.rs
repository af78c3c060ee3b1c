//! `fixate eval`: mean IoU of the model's masks with the truth.
//!
//! The protocol is that of Kirillov et al. 2023, section 7.1: a click at the point farthest from the
//! object's boundary, or, harder and closer to a gaze, anywhere on the object; and the object's
//! box. A click is answered with three masks: "top" is the one of the highest predicted IoU,
//! "oracle" the best of the three.

mod folder;
mod scenes;
mod score;

use crate::arguments::Eval;
use crate::failure::Failure;
use crate::model;
use fixate::mask::Bitmap;
pub(crate) use folder::{has_masks, list as files, read};
use image::RgbImage;
use indicatif::ProgressBar;
pub(crate) use scenes::training_images as training_scenes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// An image and the objects in it that are asked for.
pub(crate) struct EvalImage {
    pub(crate) name: String,
    pub(crate) image: RgbImage,
    /// Of the image's size.
    pub(crate) objects: Vec<Bitmap>,
}

/// Mean IoU over all cases, and what the model thought of itself.
#[derive(Debug, Serialize)]
struct Report {
    model: String,
    cases: usize,
    center: TopAndOracle,
    random: TopAndOracle,
    #[serde(rename = "box")]
    bounds: Top,
    /// Mean absolute difference of predicted and true IoU over all masks of the centre clicks.
    predicted_iou_error: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    clicks_per_object: BTreeMap<u8, f64>,
}

#[derive(Debug, Serialize)]
struct TopAndOracle {
    top: f64,
    oracle: f64,
}

#[derive(Debug, Serialize)]
struct Top {
    top: f64,
}

/// Runs the command.
pub(crate) fn run(arguments: &Eval, json: bool) -> Result<(), Failure> {
    let (mut segmenter, name) = model::open(&arguments.model)?;
    let rounds = arguments
        .clicks_per_object
        .iter()
        .copied()
        .max()
        .unwrap_or(0);
    let mut scores = score::Scores::new(rounds, arguments.close_look);
    if arguments.source == Path::new("scenes") {
        let clicks = arguments.clicks as usize;
        let progress = ProgressBar::new(u64::from(arguments.clicks));
        for image in scenes::images(arguments.style) {
            let left = clicks - scores.cases();
            let image = EvalImage {
                objects: image.objects.into_iter().take(left).collect(),
                ..image
            };
            scores.add(&mut segmenter, &image)?;
            progress.set_position(scores.cases() as u64);
            if scores.cases() >= clicks {
                break;
            }
        }
        progress.finish_and_clear();
    } else {
        let images = folder::list(&arguments.source)?;
        let progress = ProgressBar::new(images.len() as u64);
        for image in &images {
            scores.add(&mut segmenter, &folder::read(image)?)?;
            progress.inc(1);
        }
        progress.finish_and_clear();
    }
    let report = Report {
        model: name,
        cases: scores.cases(),
        center: TopAndOracle {
            top: scores.center_top.mean(),
            oracle: scores.center_oracle.mean(),
        },
        random: TopAndOracle {
            top: scores.random_top.mean(),
            oracle: scores.random_oracle.mean(),
        },
        bounds: Top {
            top: scores.bounds_top.mean(),
        },
        predicted_iou_error: scores.predicted_iou_error.mean(),
        clicks_per_object: arguments
            .clicks_per_object
            .iter()
            .map(|clicks| {
                (
                    *clicks,
                    scores.after_clicks[usize::from(*clicks) - 1].mean(),
                )
            })
            .collect(),
    };
    if json {
        return crate::print_json(&report);
    }
    crate::print_line(format_args!("{}: {} objects", report.model, report.cases));
    crate::print_line(format_args!("mean IoU            top  best of three"));
    for (label, score) in [
        ("click at the centre", &report.center),
        ("click anywhere", &report.random),
    ] {
        crate::print_line(format_args!(
            "{label:<19} {:.3}  {:.3}",
            score.top, score.oracle
        ));
    }
    crate::print_line(format_args!("{:<19} {:.3}", "box", report.bounds.top));
    for (clicks, mean) in &report.clicks_per_object {
        crate::print_line(format_args!(
            "{:<19} {mean:.3}",
            format!("after {clicks} clicks")
        ));
    }
    crate::print_line(format_args!(
        "predicted IoU is off by {:.3} on average",
        report.predicted_iou_error
    ));
    Ok(())
}
