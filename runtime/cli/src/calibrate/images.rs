//! Images to calibrate on: scenes, folders, recordings.

use crate::arguments::SceneStyle;
use crate::eval::{self, EvalImage};
use crate::failure::Failure;
use fixate::source::{FrameBuffer, FrameRate, Supply, open};
use fixate_calibration::images::CalibrationImage;
use std::path::Path;

/// So many images, in two parts: those to calibrate on, and those that are held out. Files and recordings are taken
/// at even distances, and every third is held out.
pub(super) fn read(
    source: &Path,
    count: usize,
    style: SceneStyle,
) -> Result<(Vec<CalibrationImage>, Vec<CalibrationImage>), Failure> {
    let images = if source == Path::new("scenes") {
        scenes(count, style)
    } else if source.is_dir() && eval::has_masks(source)? {
        let files = eval::files(source)?;
        let files = spread(files.len(), count).map(|index| &files[index]);
        files
            .map(|file| Ok(of_eval(eval::read(file)?)))
            .collect::<Result<_, Failure>>()?
    } else {
        frames(source, count)?
    };
    let (mut calibration, mut held_out) = (Vec::new(), Vec::new());
    for (index, image) in images.into_iter().enumerate() {
        match index % 3 {
            2 => held_out.push(image),
            _ => calibration.push(image),
        }
    }
    // Two images are one of each kind.
    if held_out.is_empty() && calibration.len() > 1 {
        held_out.extend(calibration.pop());
    }
    Ok((calibration, held_out))
}

fn scenes(count: usize, style: SceneStyle) -> Vec<CalibrationImage> {
    eval::training_scenes(style)
        .take(count)
        .map(of_eval)
        .collect()
}

fn of_eval(image: EvalImage) -> CalibrationImage {
    let (width_px, height_px) = image.image.dimensions();
    CalibrationImage {
        name: image.name,
        width_px,
        height_px,
        rgb: image.image.into_raw(),
        objects: image.objects,
    }
}

/// Numbers below `available` at even distances.
fn spread(available: usize, count: usize) -> impl Iterator<Item = usize> {
    let count = count.min(available);
    (0..count).map(move |index| index * available / count)
}

/// Frames of a folder or a file.
fn frames(source: &Path, count: usize) -> Result<Vec<CalibrationImage>, Failure> {
    let mut buffer = FrameBuffer::new();
    let rate = FrameRate::default();
    let unknown = |error| Failure::Usage(format!("{error}; or give scenes"));
    // Counted first, so that the whole of it is seen and little of it kept.
    let mut reader = open(source, rate).map_err(unknown)?;
    let mut available = 0;
    while reader.next_into(&mut buffer).map_err(Failure::of)? == Supply::Frame {
        available += 1;
    }
    let mut wanted = spread(available, count).peekable();
    let mut reader = open(source, rate).map_err(unknown)?;
    let mut images = Vec::new();
    for index in 0..available {
        if reader.next_into(&mut buffer).map_err(Failure::of)? != Supply::Frame {
            break;
        }
        if wanted.next_if_eq(&index).is_none() {
            continue;
        }
        let frame = buffer
            .frame()
            .map_err(|error| Failure::file(source, error))?;
        images.push(CalibrationImage {
            name: format!("frame {index}"),
            width_px: frame.width_px(),
            height_px: frame.height_px(),
            rgb: frame.to_rgb8(),
            objects: Vec::new(),
        });
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_spread_over_all_of_a_source() {
        assert_eq!(spread(10, 3).collect::<Vec<_>>(), [0, 3, 6]);
        assert_eq!(spread(2, 3).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(spread(0, 3).count(), 0);
    }

    #[test]
    fn a_third_is_held_out() {
        let (calibration, held_out) = read(Path::new("scenes"), 6, SceneStyle::Flat).unwrap();
        assert_eq!((calibration.len(), held_out.len()), (4, 2));
        let (calibration, held_out) = read(Path::new("scenes"), 2, SceneStyle::Flat).unwrap();
        assert_eq!((calibration.len(), held_out.len()), (1, 1));
    }
}
