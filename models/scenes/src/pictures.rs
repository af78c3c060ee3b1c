//! Pictures and tracks for people and other programs.

use fixate_scenes::scene::{Scene, SceneFrame};
use fixate_scenes::truth::Truth;
use image::{ImageBuffer, Luma, Rgb, RgbImage};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

/// Rate of the gaze samples written, Hz.
const GAZE_HZ: f64 = 120.0;
/// Rate of the inertial samples written, Hz.
const INERTIAL_HZ: f64 = 200.0;

/// Writes flat images, their labels in colour, and a contact sheet.
pub(crate) fn write_images(
    out: &Path,
    first_seed: u64,
    images: impl Iterator<Item = (Vec<u8>, Truth)>,
) -> Result<(), Box<dyn Error>> {
    let mut sheet = Vec::new();
    for (index, (rgb, truth)) in images.enumerate() {
        let seed = first_seed + index as u64;
        let photograph = picture(&rgb, truth.width, truth.height);
        let labels: Vec<u16> = truth.labels.iter().map(|label| u16::from(*label)).collect();
        let labels = coloured(&labels, truth.width, truth.height);
        save(&photograph, &out.join(format!("{seed}.png")))?;
        save(&labels, &out.join(format!("{seed}_labels.png")))?;
        if sheet.len() < 16 {
            sheet.push((photograph, labels));
        }
    }
    save(&contact_sheet(&sheet), &out.join("sheet.png"))
}

/// Writes frames of a scene at `times_s`: NNN.png, NNN_labels.png (16 bits: labels), NNN_depth.png
/// (16 bits: millimetres, 0 for nothing), tracks.json, and a contact sheet.
pub(crate) fn write_scene(
    out: &Path,
    scene: &Scene,
    times_s: &[f64],
    progress: &ProgressBar,
) -> Result<(), Box<dyn Error>> {
    let (width, height) = (scene.lens.width, scene.lens.height);
    let mut photographer = scene.photographer();
    let (mut sheet, mut frames) = (Vec::new(), Vec::new());
    for (index, time) in times_s.iter().enumerate() {
        let frame = photographer.frame(*time);
        let photograph = picture(&frame.rgb, width, height);
        save(&photograph, &out.join(format!("{index:03}.png")))?;
        let millimetres = frame
            .depth_m
            .iter()
            .map(|depth| (depth * 1e3).min(65535.0) as u16);
        save_16(
            frame.labels.clone(),
            width,
            height,
            &out.join(format!("{index:03}_labels.png")),
        )?;
        save_16(
            millimetres.collect(),
            width,
            height,
            &out.join(format!("{index:03}_depth.png")),
        )?;
        if sheet.len() < 16 {
            sheet.push((photograph, coloured(&frame.labels, width, height)));
        }
        frames.push(described(&frame, index));
        progress.inc(1);
    }
    save(&contact_sheet(&sheet), &out.join("sheet.png"))?;
    let tracks = serde_json::to_string_pretty(&tracks(scene, frames, times_s))?;
    let path = out.join("tracks.json");
    std::fs::write(&path, tracks)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

fn described(frame: &SceneFrame, index: usize) -> Value {
    let pose = frame.world_from_camera;
    json!({
        "image": format!("{index:03}.png"),
        "time_us": frame.time_us,
        "world_from_camera": {
            "rotation_xyzw": pose.rotation.to_array(),
            "translation_m": pose.translation.to_array(),
        },
    })
}

/// Lens, tree of labels, frames, gaze and inertial samples.
fn tracks(scene: &Scene, frames: Vec<Value>, times_s: &[f64]) -> Value {
    let lens = scene.lens;
    let nodes: Vec<Value> = scene
        .placed
        .iter()
        .flat_map(|placed| {
            let first = placed.first_label;
            placed
                .thing
                .pieces
                .iter()
                .enumerate()
                .map(move |(index, piece)| {
                    json!({
                        "label": first + index as u16,
                        "parent": piece.parent.map(|parent| first + u16::from(parent)),
                        "level": format!("{:?}", piece.level).to_lowercase(),
                        "kind": placed.thing.kind,
                        "stuff": placed.thing.stuff,
                    })
                })
        })
        .collect();
    let gaze: Vec<Value> = scene
        .gaze(GAZE_HZ)
        .iter()
        .map(|sample| {
            json!({
                "time_us": sample.time_us,
                "pixel": sample.pixel.to_array(),
                "valid": sample.valid,
                "fixating": sample.fixating,
                "true_pixel": sample.truth.map(|pixel| pixel.to_array()),
            })
        })
        .collect();
    let end_s = times_s.last().map_or(0.0, |last| last + 0.1);
    let inertial: Vec<Value> = (0..(end_s * INERTIAL_HZ) as usize)
        .map(|index| {
            let time_s = index as f64 / INERTIAL_HZ;
            let sample = scene.inertial(time_s);
            json!({
                "time_us": (time_s * 1e6 + 0.5) as u64,
                "gyro_rad_s": sample.gyro.to_array(),
                "accel_m_s2": sample.accel.to_array(),
            })
        })
        .collect();
    json!({
        "lens": {
            "width": lens.width, "height": lens.height, "focal_px": lens.focal_px,
            "centre_px": lens.centre_px.to_array(), "radial": lens.radial,
        },
        "readout_s": scene.readout_s,
        "nodes": nodes,
        "frames": frames,
        "gaze": gaze,
        "inertial": inertial,
    })
}

fn save(image: &RgbImage, path: &Path) -> Result<(), Box<dyn Error>> {
    image
        .save(path)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

fn save_16(
    values: Vec<u16>,
    width: usize,
    height: usize,
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let image: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_raw(width as u32, height as u32, values)
            .ok_or("a frame of another size")?;
    image
        .save(path)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

fn picture(rgb: &[u8], width: usize, height: usize) -> RgbImage {
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = (y as usize * width + x as usize) * 3;
        Rgb([rgb[at], rgb[at + 1], rgb[at + 2]])
    })
}

/// Labels in arbitrary colours.
fn coloured(labels: &[u16], width: usize, height: usize) -> RgbImage {
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let label = labels[y as usize * width + x as usize];
        let hash = (u32::from(label) + 1).wrapping_mul(0x9E37_79B1);
        let [_, red, green, blue] = hash.to_be_bytes();
        Rgb([red, green, blue])
    })
}

/// Images above their labels, four to a row, 256 pixels wide at the most.
fn contact_sheet(pairs: &[(RgbImage, RgbImage)]) -> RgbImage {
    const SIDE: u32 = 256;
    let rows = (pairs.len() as u32).div_ceil(4);
    let mut sheet = RgbImage::from_pixel(4 * SIDE, rows.max(1) * 2 * SIDE, Rgb([32; 3]));
    for (index, (photograph, labels)) in pairs.iter().enumerate() {
        let (column, row) = (index as u32 % 4, index as u32 / 4);
        for (offset, picture) in [photograph, labels].into_iter().enumerate() {
            let (width, height) = picture.dimensions();
            let longest = width.max(height);
            let (w, h) = (
                (width * SIDE / longest).max(1),
                (height * SIDE / longest).max(1),
            );
            let small = image::imageops::thumbnail(picture, w, h);
            let y = (row * 2 + offset as u32) * SIDE;
            image::imageops::replace(&mut sheet, &small, i64::from(column * SIDE), i64::from(y));
        }
    }
    sheet
}
