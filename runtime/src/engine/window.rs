//! Which part of a keyframe is worth decoding when there is no time for all of it.

use super::actions::DecodeJob;
use super::machine::Engine;
use crate::geometry::{Bounds, Point};

/// A mask may have grown by this share of its box to each side since it was last seen.
const GROWTH: f64 = 0.25;
/// Of the keyframe's longer side, around a place where nothing is known yet, to each side.
const UNSEEN_SHARE: f64 = 0.25;

impl Engine {
    /// Around the last mask if the prompt is of the same thing, the box if there is one, else a part of
    /// the picture around the place wanted; cut to the keyframe.
    pub(super) fn window(&self, job: &DecodeJob) -> Bounds {
        let (width_px, height_px) = self
            .keyframe
            .map_or((0, 0), |track| (track.width_px, track.height_px));
        let whole = Bounds::of_image(width_px, height_px);
        let wanted = self
            .remembered_bounds(job)
            .or_else(|| {
                job.shape.prompt_box().map(|b| {
                    grown(&Bounds {
                        x0_px: b.x0_px.into(),
                        y0_px: b.y0_px.into(),
                        x1_px: b.x1_px.into(),
                        y1_px: b.y1_px.into(),
                    })
                })
            })
            .or_else(|| {
                let half_px = UNSEEN_SHARE * f64::from(width_px.max(height_px));
                job.shape.anchor().map(|anchor| around(anchor, half_px))
            });
        wanted
            .map(|wanted| cut(&wanted, &whole))
            .filter(|cut| cut.x1_px > cut.x0_px && cut.y1_px > cut.y0_px)
            .unwrap_or(whole)
    }

    /// The last mask's box in the job's keyframe.
    fn remembered_bounds(&self, job: &DecodeJob) -> Option<Bounds> {
        let memory = job.memory?;
        let last = self.last.as_ref()?;
        let bounds = last.drawn.shown()?.bounds?;
        let moved = memory
            .keyframe_from_memory
            .target_from_source()
            .apply_to_bounds(&bounds)?;
        Some(grown(&moved))
    }
}

fn grown(bounds: &Bounds) -> Bounds {
    let (dx, dy) = (
        GROWTH * (bounds.x1_px - bounds.x0_px),
        GROWTH * (bounds.y1_px - bounds.y0_px),
    );
    Bounds {
        x0_px: bounds.x0_px - dx,
        y0_px: bounds.y0_px - dy,
        x1_px: bounds.x1_px + dx,
        y1_px: bounds.y1_px + dy,
    }
}

fn around(point: Point, half_px: f64) -> Bounds {
    Bounds {
        x0_px: point.x_px - half_px,
        y0_px: point.y_px - half_px,
        x1_px: point.x_px + half_px,
        y1_px: point.y_px + half_px,
    }
}

fn cut(bounds: &Bounds, whole: &Bounds) -> Bounds {
    Bounds {
        x0_px: bounds.x0_px.max(whole.x0_px),
        y0_px: bounds.y0_px.max(whole.y0_px),
        x1_px: bounds.x1_px.min(whole.x1_px),
        y1_px: bounds.y1_px.min(whole.y1_px),
    }
}
