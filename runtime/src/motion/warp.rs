//! Masks moved between frames.

use crate::geometry::{Homography, Point};
use crate::mask::{LogitsView, MaskError, MaskLogits, check_placed};
use crate::preprocess::Placement;

/// The logit of what was not in the picture: surely background.
pub const BACKGROUND_LOGIT: f32 = -16.0;

/// Writes the logits of the target frame's mask: those of the source's, where each of its points
/// came from, bilinear; [`BACKGROUND_LOGIT`] for what came from outside of the source's image. Both
/// frames have the same size and lie alike in the encoder's input (`placement`); `out` has as many logits
/// as `logits`.
///
/// # Errors
/// When the logits, the placement or the output do not have the sizes they say.
pub fn warp_logits_into(
    logits: LogitsView<'_>,
    placement: &Placement,
    target_from_source: &Homography,
    out: &mut [f32],
) -> Result<(), MaskError> {
    check_placed(logits, placement)?;
    if out.len() != logits.values.len() {
        return Err(MaskError::OutputLength {
            found: out.len(),
            needed: logits.values.len(),
        });
    }
    let Some(cell_from_image) = cell_from_image(logits, placement) else {
        return Err(MaskError::Placement(*placement));
    };
    let source_from_target = cell_from_image
        .after(&target_from_source.inverse())
        .after(&cell_from_image.inverse());
    let image = Area::of_image(&cell_from_image, placement);
    let rows = source_from_target.rows();
    for (y, out) in out.chunks_exact_mut(logits.width).enumerate() {
        let y = y as f64;
        // Single precision from here on: a thousandth of a logit's width.
        let [u, v, w] = rows.map(|row| (row[1] * y + row[2]) as f32);
        let [du, dv, dw] = rows.map(|row| row[0] as f32);
        for (x, value) in out.iter_mut().enumerate() {
            let x = x as f32;
            let divisor = w + dw * x;
            let share = 1.0 / divisor;
            let (source_x, source_y) = ((u + du * x) * share, (v + dv * x) * share);
            // False for NaN, too.
            *value = if divisor > 0.0 && image.contains(source_x, source_y) {
                logits.between(source_x, source_y)
            } else {
                BACKGROUND_LOGIT
            };
        }
    }
    Ok(())
}

/// A mask, asked point by point.
#[derive(Clone, Debug)]
pub struct PlacedMask<'a> {
    logits: LogitsView<'a>,
    cell_from_image: Homography,
    image: Area,
}

impl<'a> PlacedMask<'a> {
    /// The mask of logits that lie so in the encoder's input.
    ///
    /// # Errors
    /// When the logits or the placement do not have the sizes they say.
    pub fn new(logits: LogitsView<'a>, placement: &Placement) -> Result<Self, MaskError> {
        check_placed(logits, placement)?;
        let cell_from_image =
            cell_from_image(logits, placement).ok_or(MaskError::Placement(*placement))?;
        Ok(Self {
            logits,
            cell_from_image,
            image: Area::of_image(&cell_from_image, placement),
        })
    }

    /// Whether the mask covers a point of the image, pixels.
    #[must_use]
    pub fn covers(&self, point: Point) -> bool {
        self.cell_from_image.apply(point).is_some_and(|cell| {
            let (x, y) = (cell.x_px as f32, cell.y_px as f32);
            self.image.contains(x, y) && self.logits.between(x, y) > 0.0
        })
    }
}

/// [`warp_logits_into`] in a buffer of its own.
///
/// # Errors
/// When the logits or the placement do not have the sizes they say.
pub fn warp_logits(
    logits: LogitsView<'_>,
    placement: &Placement,
    target_from_source: &Homography,
) -> Result<MaskLogits, MaskError> {
    let mut warped = logits.to_mask_logits();
    warp_logits_into(logits, placement, target_from_source, &mut warped.values)?;
    Ok(warped)
}

/// Pixels of the image as columns and rows of logits, as
/// [`MaskUpsampler`](crate::mask::MaskUpsampler) places them: half-pixel centres in both steps.
fn cell_from_image(logits: LogitsView<'_>, placement: &Placement) -> Option<Homography> {
    let input = f64::from(placement.input_size_px);
    let scale = |resized: u32, image: u32, cells: usize| {
        f64::from(resized) / f64::from(image) * cells as f64 / input
    };
    let scale_x = scale(
        placement.resized_width_px,
        placement.image_width_px,
        logits.width,
    );
    let scale_y = scale(
        placement.resized_height_px,
        placement.image_height_px,
        logits.height,
    );
    Homography::scaling(scale_x, scale_y, 0.5 * scale_x - 0.5, 0.5 * scale_y - 0.5).ok()
}

/// What the image covers, in columns and rows of logits.
#[derive(Clone, Debug)]
struct Area {
    low: [f32; 2],
    high: [f32; 2],
}

impl Area {
    fn of_image(cell_from_image: &Homography, placement: &Placement) -> Self {
        let corner = |x: f64, y: f64| {
            let place = cell_from_image.apply(Point::new(x, y)).unwrap_or_default();
            [place.x_px as f32, place.y_px as f32]
        };
        let (width, height) = (placement.image_width_px, placement.image_height_px);
        Self {
            low: corner(-0.5, -0.5),
            high: corner(f64::from(width) - 0.5, f64::from(height) - 0.5),
        }
    }

    fn contains(&self, x: f32, y: f32) -> bool {
        x >= self.low[0] && x <= self.high[0] && y >= self.low[1] && y <= self.high[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement() -> Placement {
        Placement {
            image_width_px: 128,
            image_height_px: 96,
            resized_width_px: 64,
            resized_height_px: 48,
            input_size_px: 64,
        }
    }

    fn ramp() -> MaskLogits {
        MaskLogits {
            width: 16,
            height: 16,
            values: (0..256)
                .map(|i| (i % 16) as f32 - (i / 16) as f32 * 0.5)
                .collect(),
        }
    }

    #[test]
    fn logits_move_by_pixels_of_the_image() {
        // 8 pixels of the image are one column of logits.
        let map = Homography::translation(12.0, -8.0);
        let warped = warp_logits(ramp().view(), &placement(), &map).unwrap();
        for y in 0..10 {
            for x in 2..16 {
                let expected = (x as f32 - 1.5) - 0.5 * (y as f32 + 1.0);
                let found = warped.values[y * 16 + x];
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{x} {y} {found} {expected}"
                );
            }
        }
        assert_eq!(warped.values[0], BACKGROUND_LOGIT);
        assert_eq!(warped.values[12 * 16 + 5], BACKGROUND_LOGIT);
    }

    #[test]
    fn staying_keeps_the_image_and_clears_the_padding() {
        let warped = warp_logits(ramp().view(), &placement(), &Homography::IDENTITY).unwrap();
        assert_eq!(warped.values[..12 * 16], ramp().values[..12 * 16]);
        assert!(
            warped.values[12 * 16..]
                .iter()
                .all(|&logit| logit == BACKGROUND_LOGIT)
        );
    }

    #[test]
    fn wrong_sizes_and_points_behind_the_camera_do_no_harm() {
        let logits = ramp();
        let mut short = [0.0; 9];
        assert!(matches!(
            warp_logits_into(
                logits.view(),
                &placement(),
                &Homography::IDENTITY,
                &mut short
            ),
            Err(MaskError::OutputLength { .. })
        ));
        let behind =
            Homography::new([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-0.05, 0.0, 1.0]]).unwrap();
        let warped = warp_logits(logits.view(), &placement(), &behind).unwrap();
        assert!(warped.values.iter().all(|logit| logit.is_finite()));
    }
}
