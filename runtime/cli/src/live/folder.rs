//! Clips of numbered images.

use super::clip::{Clip, Tree};
use crate::arguments::Live;
use crate::failure::Failure;
use crate::image_file::load_image;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

/// Endings of files that are taken for frames.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];

/// Reads a folder's images in the order of their names.
pub(super) fn read(arguments: &Live, folder: &Path) -> Result<Clip, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        Failure::Usage(format!(
            "{}: {error}; give scene[:SEED] or a folder of images",
            folder.display()
        ))
    })?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failure::file(folder, error))?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str())) {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| order(path));
    let progress = ProgressBar::new(paths.len() as u64);
    let mut size = None;
    let mut frames = Vec::with_capacity(paths.len());
    for path in &paths {
        let image = load_image(path).map_err(Failure::of)?;
        let expected = *size.get_or_insert(image.dimensions());
        if image.dimensions() != expected {
            return Err(Failure::file(
                path,
                format!(
                    "it is {:?} pixels, but the images before {expected:?}; scale them alike",
                    image.dimensions()
                ),
            ));
        }
        frames.push(image.into_raw());
        progress.inc(1);
    }
    progress.finish_and_clear();
    let Some((width, height)) = size else {
        return Err(Failure::file(
            folder,
            "no images are in it; give PNG or JPEG files",
        ));
    };
    Ok(Clip {
        width: width as usize,
        height: height as usize,
        fps: f64::from(arguments.fps),
        frames,
        looks: Vec::new(),
        looks_return: false,
        turns: Vec::new(),
        intrinsics: None,
        labels: Vec::new(),
        tree: Tree::default(),
    })
}

/// By the number in the name, then by the name: 2.png comes before 10.png.
fn order(path: &Path) -> (u64, PathBuf) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u64::MAX), path.to_owned())
}
