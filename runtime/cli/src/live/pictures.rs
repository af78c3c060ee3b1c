//! Pictures of answers on the newest frame, for people to look at.

use super::clip::Clip;
use super::journal::Journal;
use super::player::Told;
use crate::failure::Failure;
use crate::overlay::{self, OverlayCandidate};
use fixate::prompt::Prompt;
use image::RgbImage;
use std::path::Path;

/// Writes one picture for each answer kept.
pub(super) fn write(
    folder: &Path,
    clip: &Clip,
    journal: &Journal,
    told: &Told,
) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    for (number, shown) in journal.pictures.iter().enumerate() {
        let rgb = clip.frames[shown.newest].clone();
        let (width, height) = (clip.width as u32, clip.height as u32);
        let image = RgbImage::from_raw(width, height, rgb).unwrap_or_default();
        let prompt = told
            .find(shown.prompt)
            .map_or_else(Prompt::default, |told| {
                let [x, y] = clip.looks[told.look].pixel;
                Prompt::point(x as f32, y as f32)
            });
        let mask = shown.mask.bitmap();
        let candidate = OverlayCandidate {
            mask: &mask,
            predicted_iou: shown.predicted_iou,
            stability: shown.stability,
        };
        let kind = shown.kind.name();
        let path = folder.join(format!("answer_{number}_{kind}.png"));
        overlay::draw(&image, &[candidate], &prompt)
            .save(&path)
            .map_err(|error| Failure::file(&path, error))?;
    }
    Ok(())
}
