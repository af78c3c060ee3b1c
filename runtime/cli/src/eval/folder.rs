//! People's own images: `NAME.jpg` or `NAME.png` beside a folder `NAME_masks` of PNGs, one object
//! each: what is not black is the object.

use super::EvalImage;
use crate::failure::Failure;
use crate::image_file::load_image;
use fixate::mask::Bitmap;
use std::path::{Path, PathBuf};

/// The images of a folder that have masks, by name.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut images: Vec<PathBuf> = entries(folder)?
        .into_iter()
        .filter(|path| is_image(path) && masks_folder(path).is_dir())
        .collect();
    images.sort();
    if images.is_empty() {
        return Err(Failure::file(
            folder,
            "no NAME.jpg or NAME.png with a folder NAME_masks beside it; see `fixate eval --help`",
        ));
    }
    Ok(images)
}

/// Whether any image of a folder has masks.
pub(crate) fn has_masks(folder: &Path) -> Result<bool, Failure> {
    let has = |path: &PathBuf| is_image(path) && masks_folder(path).is_dir();
    Ok(entries(folder)?.iter().any(has))
}

/// One image and its objects.
pub(crate) fn read(path: &Path) -> Result<EvalImage, Failure> {
    let image = load_image(path).map_err(Failure::of)?;
    let mut files: Vec<PathBuf> = entries(&masks_folder(path))?
        .into_iter()
        .filter(|path| is_image(path))
        .collect();
    files.sort();
    let mut objects = Vec::new();
    for file in files {
        let mask = load_image(&file).map_err(Failure::of)?;
        if mask.dimensions() != image.dimensions() {
            let ((width, height), (wanted_width, wanted_height)) =
                (mask.dimensions(), image.dimensions());
            let reason =
                format!("the mask is {width}x{height}, its image {wanted_width}x{wanted_height}");
            return Err(Failure::file(&file, reason));
        }
        let object = Bitmap::from_fn(mask.width() as usize, mask.height() as usize, |x, y| {
            mask.get_pixel(x as u32, y as u32).0 != [0; 3]
        });
        if object.area() == 0 {
            return Err(Failure::file(
                &file,
                "the mask is black: there is no object to ask for",
            ));
        }
        objects.push(object);
    }
    Ok(EvalImage {
        name: path.display().to_string(),
        image,
        objects,
    })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    read().map_err(|error| Failure::file(folder, error))
}

fn is_image(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["jpg", "jpeg", "png"].contains(&extension.to_ascii_lowercase().as_str())
}

fn masks_folder(image: &Path) -> PathBuf {
    let mut name = image.file_stem().unwrap_or_default().to_owned();
    name.push("_masks");
    image.with_file_name(name)
}
