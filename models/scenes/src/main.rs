//! Writes procedural scenes and images with truth: pictures to look at, or shards to train on.

mod pictures;

use clap::{Parser, ValueEnum};
use fixate_scenes::random::Random;
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};
use fixate_scenes::truth::Truth;
use fixate_scenes::{flat, shard};
use indicatif::ProgressBar;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Procedural scenes and images with truth.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Seed of the scene, or of the first image; the next has the next.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Frames of the scene, or images, to make.
    #[arg(long, default_value_t = 8)]
    frames: usize,
    /// What to draw: frames of a 3-D scene, or flat images of one seed each.
    #[arg(long, value_enum, default_value_t = Style::Space)]
    style: Style,
    /// Pixels per row.
    #[arg(long, default_value_t = 640, value_parser = clap::value_parser!(u32).range(32..=4096))]
    width: u32,
    /// Rows.
    #[arg(long, default_value_t = 480, value_parser = clap::value_parser!(u32).range(32..=4096))]
    height: u32,
    /// Time between frames of a scene, milliseconds.
    #[arg(long, default_value_t = 400)]
    interval_ms: u32,
    /// Speed rather than looks: one ray a pixel, no noise, no blur.
    #[arg(long)]
    fast: bool,
    /// Only kinds of things that training never shows.
    #[arg(long)]
    held_out: bool,
    /// Folder to write to; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// Write shards of this many square images (of `width`) for training, each of a seed of its own,
    /// instead of pictures; shards that are there already are kept.
    #[arg(long, value_name = "IMAGES")]
    shards_of: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Style {
    Space,
    Flat,
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
    let progress = ProgressBar::new(arguments.frames as u64);
    match (arguments.shards_of, arguments.style) {
        (Some(images), _) => write_shards(arguments, images.max(1), &progress)?,
        (None, Style::Flat) => {
            let images = (0..arguments.frames as u64).map(|index| {
                let (width, height) = (arguments.width as usize, arguments.height as usize);
                let image = flat::draw(arguments.seed + index, width, height);
                progress.inc(1);
                (image.rgb, image.truth)
            });
            pictures::write_images(&arguments.out, arguments.seed, images)?;
        }
        (None, Style::Space) => {
            let step_s = f64::from(arguments.interval_ms) / 1e3;
            let duration_s = step_s * arguments.frames as f64 + 0.2;
            let scene = Scene::new(arguments.seed, &arguments.options(duration_s));
            let times: Vec<f64> = (0..arguments.frames)
                .map(|index| 0.1 + index as f64 * step_s)
                .collect();
            pictures::write_scene(&arguments.out, &scene, &times, &progress)?;
        }
    }
    progress.finish();
    Ok(())
}

impl Arguments {
    fn options(&self, duration_s: f64) -> Options {
        Options {
            width: self.width as usize,
            height: self.height as usize,
            duration_s,
            quality: if self.fast {
                Quality::Fast
            } else {
                Quality::Fine
            },
            held_out: self.held_out,
        }
    }

    /// One square image of a seed of its own.
    fn square(&self, seed: u64) -> (Vec<u8>, Truth) {
        let side = self.width as usize;
        match self.style {
            Style::Flat => {
                let image = flat::draw(seed, side, side);
                (image.rgb, image.truth)
            }
            Style::Space => {
                let mut options = self.options(1.5);
                options.height = side;
                let mut scene = Scene::new(seed, &options);
                // Photographs are of something more often than of a place.
                let mut random = Random::new(seed);
                if !self.held_out && random.chance(0.65) {
                    scene.close_up(random.log_range(0.25, 1.6), 1.0);
                }
                let frame = scene.photographer().frame(1.0);
                let truth = scene.truth(&frame.labels);
                (frame.rgb, truth)
            }
        }
    }
}

fn write_shards(
    arguments: &Arguments,
    images: usize,
    progress: &ProgressBar,
) -> Result<(), Box<dyn Error>> {
    let style = match arguments.style {
        Style::Flat => "flat",
        Style::Space => "space",
    };
    for first in (0..arguments.frames).step_by(images) {
        let seed = arguments.seed + first as u64;
        let count = images.min(arguments.frames - first);
        let path = arguments.out.join(format!("{style}-{seed:08}.safetensors"));
        if !path.exists() {
            let draw = |index| arguments.square(seed + index);
            shard::write(&path, count, arguments.width as usize, draw)?;
        }
        progress.inc(count as u64);
    }
    Ok(())
}
