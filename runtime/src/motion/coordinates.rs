//! Coordinates for fits.

use super::error::Lost;
use super::fit::Match;
use super::pyramid::GrayPyramid;
use super::uncertain::Motion;
use crate::geometry::{Bounds, Homography, Point};

/// A motion whose centre is known worse than this is of no use, pixels of the first level.
const LARGEST_DEVIATION_PX: f64 = 4.0;
/// The picture's area may change by this factor between two frames.
const LARGEST_ZOOM: f64 = 6.0;

/// Coordinates in which a picture is about 2 wide around 0, so that the fit's numbers are alike.
pub(super) struct Coordinates {
    normalised_from_frame: Homography,
    frame_from_normalised: Homography,
    /// Pixels of the frame for a unit.
    unit_px: f64,
    frame_px_per_gray_px: f64,
    frame: Bounds,
}

impl Coordinates {
    pub(super) fn of(pyramid: &GrayPyramid) -> Self {
        let (width, height) = pyramid.frame_size_px();
        let unit_px = f64::from(width.max(height)).max(1.0) / 2.0;
        let centre = [width, height].map(|side| (f64::from(side) - 1.0) / 2.0);
        // A positive scale and finite numbers: never an error.
        let frame_from_normalised =
            Homography::scaling(unit_px, unit_px, centre[0], centre[1]).unwrap_or_default();
        Self {
            normalised_from_frame: frame_from_normalised.inverse(),
            frame_from_normalised,
            unit_px,
            frame_px_per_gray_px: pyramid.frame_px_per_gray_px().0,
            frame: Bounds::of_image(width, height),
        }
    }

    /// Pixels of the first level in units.
    pub(super) fn length(&self, gray_px: f64) -> f64 {
        gray_px * self.frame_px_per_gray_px / self.unit_px
    }

    pub(super) fn normalised(&self, m: Match) -> Match {
        let place = |point| self.normalised_from_frame.apply(point).unwrap_or_default();
        Match {
            source: place(m.source),
            target: place(m.target),
        }
    }

    pub(super) fn normalised_map(&self, map: &Homography) -> Homography {
        self.normalised_from_frame
            .after(map)
            .after(&self.frame_from_normalised)
    }

    pub(super) fn frame_motion(&self, motion: &Motion) -> Motion {
        motion.in_coordinates(&self.frame_from_normalised, self.unit_px)
    }

    /// Whether the picture keeps its orientation and about its size, and its centre is known.
    pub(super) fn check(&self, motion: &Motion) -> Result<(), Lost> {
        let Bounds {
            x0_px,
            y0_px,
            x1_px,
            y1_px,
        } = self.frame;
        let centre = Point::new((x0_px + x1_px) / 2.0, (y0_px + y1_px) / 2.0);
        let deviation_px = motion.deviation_px(centre);
        let mut corners = [Point::default(); 4];
        let mut seen = true;
        for (moved, corner) in corners.iter_mut().zip(self.frame.corners()) {
            let image = motion.target_from_source().apply(corner);
            seen &= image.is_some();
            *moved = image.unwrap_or_default();
        }
        // Twice the area of the triangle at each corner; all of one sign in a convex quadrilateral.
        let area = (x1_px - x0_px) * (y1_px - y0_px);
        let turned = (0..4).all(|i| {
            let [a, b, c] = [0, 1, 2].map(|k| corners[(i + k) % 4]);
            let cross =
                (b.x_px - a.x_px) * (c.y_px - b.y_px) - (b.y_px - a.y_px) * (c.x_px - b.x_px);
            (area / LARGEST_ZOOM..=area * LARGEST_ZOOM).contains(&cross)
        });
        let known = deviation_px < LARGEST_DEVIATION_PX * self.frame_px_per_gray_px;
        if seen && turned && known {
            Ok(())
        } else {
            Err(Lost::Implausible { deviation_px })
        }
    }
}
