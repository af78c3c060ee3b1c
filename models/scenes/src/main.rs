//! Writes procedural images with truth: pictures to look at, or shards to train on.

use clap::Parser;
use fixate_scenes::flat::{self, FlatImage};
use fixate_scenes::shard;
use image::{Rgb, RgbImage};
use indicatif::ProgressBar;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Procedural images with truth.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Seed of the first image; the next has the next.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Images to make.
    #[arg(long, default_value_t = 8)]
    frames: usize,
    /// Side of an image, pixels.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(32..=4096))]
    size: u32,
    /// Folder to write to; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// Write shards of this many images for training, instead of pictures; shards that are there
    /// already are kept.
    #[arg(long, value_name = "IMAGES")]
    shards_of: Option<usize>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command line speaks here")]
            {
                eprintln!("fixate-scenes: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(&arguments.out).map_err(|error| {
        format!(
            "cannot make the folder {}: {error}",
            arguments.out.display()
        )
    })?;
    match arguments.shards_of {
        Some(images) => write_shards(arguments, images.max(1)),
        None => write_pictures(arguments),
    }
}

fn write_shards(arguments: &Arguments, images: usize) -> Result<(), Box<dyn Error>> {
    let progress = ProgressBar::new(arguments.frames as u64);
    for first in (0..arguments.frames).step_by(images) {
        let seed = arguments.seed + first as u64;
        let count = images.min(arguments.frames - first);
        let path = arguments.out.join(format!("flat-{seed:08}.safetensors"));
        if !path.exists() {
            shard::write(&path, seed, count, arguments.size as usize)?;
        }
        progress.inc(count as u64);
    }
    progress.finish();
    Ok(())
}

fn write_pictures(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let size = arguments.size as usize;
    let progress = ProgressBar::new(arguments.frames as u64);
    let mut sheet = Vec::new();
    for index in 0..arguments.frames {
        let seed = arguments.seed + index as u64;
        let image = flat::draw(seed, size, size);
        let (photograph, labels) = pictures(&image);
        save(&photograph, &arguments.out.join(format!("{seed}.png")))?;
        save(&labels, &arguments.out.join(format!("{seed}_labels.png")))?;
        if sheet.len() < 16 {
            sheet.push((photograph, labels));
        }
        progress.inc(1);
    }
    progress.finish();
    save(&contact_sheet(&sheet), &arguments.out.join("sheet.png"))
}

fn save(image: &RgbImage, path: &Path) -> Result<(), Box<dyn Error>> {
    image
        .save(path)
        .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// The image, and its labels in arbitrary colours.
fn pictures(image: &FlatImage) -> (RgbImage, RgbImage) {
    let (width, height) = (image.truth.width as u32, image.truth.height as u32);
    let pixel = |x: u32, y: u32| (y * width + x) as usize;
    let photograph = RgbImage::from_fn(width, height, |x, y| {
        let at = pixel(x, y) * 3;
        Rgb([image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]])
    });
    let labels = RgbImage::from_fn(width, height, |x, y| {
        let hash = u32::from(image.truth.labels[pixel(x, y)])
            .wrapping_add(1)
            .wrapping_mul(0x9E37_79B1);
        let [_, red, green, blue] = hash.to_be_bytes();
        Rgb([red, green, blue])
    });
    (photograph, labels)
}

/// Images above their labels, four to a row, a quarter of their size at the most.
fn contact_sheet(pairs: &[(RgbImage, RgbImage)]) -> RgbImage {
    const SIDE: u32 = 256;
    let rows = (pairs.len() as u32).div_ceil(4);
    let mut sheet = RgbImage::from_pixel(4 * SIDE, rows.max(1) * 2 * SIDE, Rgb([32; 3]));
    for (index, (photograph, labels)) in pairs.iter().enumerate() {
        let (column, row) = (index as u32 % 4, index as u32 / 4);
        for (offset, picture) in [photograph, labels].into_iter().enumerate() {
            let small = image::imageops::thumbnail(picture, SIDE, SIDE);
            let y = (row * 2 + offset as u32) * SIDE;
            image::imageops::replace(&mut sheet, &small, i64::from(column * SIDE), i64::from(y));
        }
    }
    sheet
}
