//! `fixate segment`: masks of what a click, a box or an earlier mask points at.

use crate::arguments::Segment;
use crate::failure::Failure;
use crate::image_file::load_image;
use crate::overlay::{self, OverlayCandidate};
use crate::{model, tensors};
use fixate::decoder::Keyframe;
use fixate::frame::{Frame, PixelFormat};
use fixate::mask::{Bitmap, Rle};
use fixate::prompt::Prompt;
use fixate::segmenter::{EmbeddingFileError, Segmenter, SegmenterError};
use image::{GrayImage, RgbImage};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// The most masks that an answer has.
const MOST_MASKS: usize = 4;

#[derive(Debug, Serialize)]
struct Answer {
    model: String,
    image: Size,
    candidates: Vec<Candidate>,
    times_ms: Times,
}

#[derive(Debug, Serialize)]
struct Size {
    width: u32,
    height: u32,
}

#[derive(Debug, Serialize)]
struct Candidate {
    index: usize,
    predicted_iou: f32,
    stability: f32,
    area: u64,
    bbox: [usize; 4],
    rle: RleJson,
}

#[derive(Debug, Serialize)]
struct RleJson {
    size: [usize; 2],
    counts: String,
}

#[derive(Debug, Serialize)]
struct Times {
    load: f64,
    preprocess: f64,
    encode: f64,
    cache: f64,
    decode: f64,
    close_look: f64,
    post: f64,
}

/// Runs the command.
pub(crate) fn run(arguments: &Segment, json: bool) -> Result<(), Failure> {
    let mut prompt = Prompt {
        points: arguments.point.clone(),
        bounds: arguments.bounds,
        mask: arguments
            .mask
            .as_ref()
            .map(tensors::read_mask)
            .transpose()?,
    };
    if prompt == Prompt::default() {
        return Err(Failure::Usage(
            "nothing is asked for; give --point X,Y, --box X0,Y0,X1,Y1 or --mask FILE".to_owned(),
        ));
    }
    let started = Instant::now();
    let image = load_image(&arguments.image).map_err(Failure::of)?;
    let (width, height) = image.dimensions();
    prompt
        .clip(width, height)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let (mut segmenter, model) = model::open(&arguments.model)?;
    let load = started.elapsed();
    let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, image.as_raw(), 0)
        .map_err(Failure::of)?;
    let keyframe = keyframe(&mut segmenter, &frame, arguments.embedding.as_deref())?;
    let multimask = arguments.multimask.into();
    let mut answers = segmenter
        .segment(&keyframe, &prompt, multimask)
        .map_err(|error| Failure::Failed(error.to_string()))?;

    let started = Instant::now();
    let masks = arguments.close_look.masks(
        &mut segmenter,
        &frame,
        &keyframe,
        &prompt,
        multimask,
        &mut answers,
    )?;
    let mut candidates = Vec::with_capacity(answers.len());
    for (answer, mask) in answers.iter().zip(&masks) {
        let rle = Rle::from_bitmap(mask).map_err(Failure::of)?;
        candidates.push(Candidate {
            index: answer.index,
            predicted_iou: answer.predicted_iou,
            stability: answer.stability,
            area: mask.area(),
            bbox: mask.bounding_box(),
            rle: RleJson {
                size: [mask.height(), mask.width()],
                counts: rle.to_compressed(),
            },
        });
    }
    let spent = segmenter.times();
    let post = started.elapsed().saturating_sub(spent.close_look);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let answer = Answer {
        model,
        image: Size { width, height },
        candidates,
        times_ms: Times {
            load: milliseconds(load),
            preprocess: milliseconds(spent.preprocess),
            encode: milliseconds(spent.encode),
            cache: milliseconds(spent.cache),
            decode: milliseconds(spent.decode),
            close_look: milliseconds(spent.close_look),
            post: milliseconds(post),
        },
    };
    if let Some(path) = &arguments.logits {
        tensors::write_logits(path, segmenter.decoded())?;
    }
    write(&arguments.out, &image, &masks, &answer, &prompt)?;
    if json {
        return crate::print_json(&answer);
    }
    tell(&answer, &arguments.out);
    Ok(())
}

/// The image's embedding: from `file` if it is there and of this model and image, else computed,
/// and written there if it is named.
fn keyframe(
    segmenter: &mut Segmenter,
    frame: &Frame<'_>,
    file: Option<&Path>,
) -> Result<Keyframe, Failure> {
    if let Some(path) = file
        && path.exists()
    {
        let content = std::fs::read(path).map_err(|error| Failure::file(path, error))?;
        match segmenter.import_embedding(&content, frame) {
            Ok(keyframe) => return Ok(keyframe),
            // Of another model or image: it is replaced. Anything else might be somebody's work.
            Err(SegmenterError::EmbeddingFile(EmbeddingFileError::Belonging { key, .. })) => {
                log::info!("{} is of another {key}; it is made anew", path.display());
            }
            Err(error) => return Err(Failure::file(path, error)),
        }
    }
    let keyframe = segmenter.encode(frame).map_err(Failure::of)?;
    if let Some(path) = file {
        let content = segmenter
            .export_embedding(&keyframe, frame)
            .map_err(Failure::of)?;
        std::fs::write(path, content).map_err(|error| Failure::file(path, error))?;
    }
    Ok(keyframe)
}

/// Writes the masks, best first, the overlay and the answer.
fn write(
    folder: &Path,
    image: &RgbImage,
    masks: &[Bitmap],
    answer: &Answer,
    prompt: &Prompt,
) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    for rank in 0..MOST_MASKS {
        let path = folder.join(format!("mask_{rank}.png"));
        let Some(mask) = masks.get(rank) else {
            // A mask of an earlier answer is not one of this.
            if path.exists() {
                std::fs::remove_file(&path).map_err(|error| Failure::file(&path, error))?;
            }
            continue;
        };
        let grey = mask.bytes().iter().map(|inside| inside * 255).collect();
        let (width, height) = image.dimensions();
        // The bitmap has the image's size.
        let picture = GrayImage::from_raw(width, height, grey).unwrap_or_default();
        picture
            .save(&path)
            .map_err(|error| Failure::file(&path, error))?;
    }
    let shown: Vec<OverlayCandidate<'_>> = masks
        .iter()
        .zip(&answer.candidates)
        .map(|(mask, candidate)| OverlayCandidate {
            mask,
            predicted_iou: candidate.predicted_iou,
            stability: candidate.stability,
        })
        .collect();
    let path = folder.join("overlay.png");
    overlay::draw(image, &shown, prompt)
        .save(&path)
        .map_err(|error| Failure::file(&path, error))?;
    let path = folder.join("result.json");
    let text = serde_json::to_string(answer).map_err(Failure::of)?;
    std::fs::write(&path, text + "\n").map_err(|error| Failure::file(&path, error))
}

fn tell(answer: &Answer, folder: &Path) {
    let Answer {
        model,
        image,
        candidates,
        times_ms: times,
    } = answer;
    crate::print_line(format_args!("{model} on {}x{}", image.width, image.height));
    for (rank, candidate) in candidates.iter().enumerate() {
        let [x, y, width, height] = candidate.bbox;
        crate::print_line(format_args!(
            "mask_{rank}.png  IoU {:.2}  stability {:.2}  {} px  box {x},{y} {width}x{height}",
            candidate.predicted_iou, candidate.stability, candidate.area
        ));
    }
    crate::print_line(format_args!(
        "load {:.1} ms, preprocess {:.1}, encode {:.1}, cache {:.1}, decode {:.1}, close look {:.1}, post {:.1}",
        times.load,
        times.preprocess,
        times.encode,
        times.cache,
        times.decode,
        times.close_look,
        times.post
    ));
    crate::print_line(format_args!(
        "look at {}",
        folder.join("overlay.png").display()
    ));
}
