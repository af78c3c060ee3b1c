//! What the engine needs to know of decoded masks.

use super::decoding::Masks;
use super::error::SessionError;
use crate::decoder::MaskWindow;
use crate::engine::{Candidate, Candidates, DecodeJob};
use crate::geometry::Bounds;
use crate::mask::{LogitsView, stability_score};
use crate::motion::warp_logits_into;
use crate::preprocess::Placement;

/// Pixels of the image for a column and a row of logits.
fn px_per_cell(placement: &Placement, [columns, rows]: [usize; 2]) -> (f64, f64) {
    let scale = |image: u32, resized: u32, cells: usize| {
        f64::from(image) / f64::from(resized.max(1)) * f64::from(placement.input_size_px)
            / cells.max(1) as f64
    };
    (
        scale(
            placement.image_width_px,
            placement.resized_width_px,
            columns,
        ),
        scale(placement.image_height_px, placement.resized_height_px, rows),
    )
}

/// Columns and rows of logits that the image covers, part of the last ones perhaps.
fn covered(placement: &Placement, mask_size: [usize; 2]) -> [usize; 2] {
    let (x, y) = px_per_cell(placement, mask_size);
    let cells = |side_px: u32, px: f64, most: usize| {
        ((f64::from(side_px) / px.max(1e-9)).ceil() as usize).min(most)
    };
    [
        cells(placement.image_width_px, x, mask_size[0]),
        cells(placement.image_height_px, y, mask_size[1]),
    ]
}

/// A part of the image in pixels of the masks; a pixel more on each side, for interpolation.
pub(super) fn window(part: &Bounds, placement: &Placement, mask_size: [usize; 2]) -> MaskWindow {
    let (x, y) = px_per_cell(placement, mask_size);
    let range = |from_px: f64, to_px: f64, px: f64, most: usize| {
        // Casting makes negative numbers zero.
        let from = ((from_px / px).floor() - 1.0) as usize;
        let to = ((to_px / px).ceil() + 1.0) as usize;
        from.min(most)..to.min(most)
    };
    MaskWindow {
        rows: range(part.y0_px, part.y1_px, y, mask_size[1]),
        columns: range(part.x0_px, part.x1_px, x, mask_size[0]),
    }
}

/// The numbers of all masks; `remembered` is a buffer for the memory's mask, moved to the keyframe.
pub(super) fn look_at(
    masks: &Masks,
    job: &DecodeJob,
    memory: Option<&Masks>,
    remembered: &mut Vec<f32>,
) -> Result<Candidates, SessionError> {
    let decoded = &masks.decoded;
    let size = [decoded.width, decoded.height];
    let known = match (memory, &job.memory) {
        (Some(memory), Some(job_memory)) if comparable(memory, masks) => {
            let shown = memory.decoded.mask(memory.shown);
            if memory.keyframe == masks.keyframe {
                remembered.clear();
                remembered.extend_from_slice(shown.values);
            } else {
                remembered.resize(shown.values.len(), 0.0);
                warp_logits_into(
                    shown,
                    &memory.placement,
                    job_memory.keyframe_from_memory.target_from_source(),
                    remembered,
                )?;
            }
            true
        }
        _ => false,
    };
    let inside = covered(&masks.placement, size);
    let mut all = [None; Candidates::MOST];
    let count = decoded.indices.len().min(Candidates::MOST);
    for (position, slot) in all.iter_mut().take(count).enumerate() {
        let logits = decoded.mask(position);
        let seen = Seen::of(logits, inside, known.then_some(remembered.as_slice()));
        *slot = Some(Candidate {
            index: decoded.indices.start + position,
            predicted_iou: decoded.predicted_iou[position],
            stability: stability_score(logits, &masks.placement)?,
            area_px: seen.area_px(&masks.placement, size),
            bounds: seen.bounds(&masks.placement, size),
            agreement: known.then(|| seen.agreement()),
        });
    }
    Ok(all.into_iter().flatten().collect())
}

/// Whether two decodings' masks are of one shape, of frames of one size.
fn comparable(memory: &Masks, masks: &Masks) -> bool {
    let size = |masks: &Masks| (masks.decoded.width, masks.decoded.height);
    size(memory) == size(masks)
        && memory.placement == masks.placement
        && memory.shown < memory.decoded.indices.len()
}

/// Cells of a mask.
#[derive(Default)]
struct Seen {
    area: u32,
    both: u32,
    either: u32,
    /// Left, top, right and bottom, the last two beyond the mask.
    edges: Option<[usize; 4]>,
}

impl Seen {
    fn of(logits: LogitsView<'_>, [columns, rows]: [usize; 2], remembered: Option<&[f32]>) -> Self {
        let mut seen = Self::default();
        for (y, row) in logits
            .values
            .chunks_exact(logits.width)
            .take(rows)
            .enumerate()
        {
            let row = &row[..columns];
            let area: u32 = row.iter().map(|&logit| u32::from(logit > 0.0)).sum();
            if let Some(remembered) = remembered {
                let before = &remembered[y * logits.width..][..columns];
                for (&logit, &before) in row.iter().zip(before) {
                    seen.both += u32::from(logit > 0.0 && before > 0.0);
                    seen.either += u32::from(logit > 0.0 || before > 0.0);
                }
            }
            if area == 0 {
                continue;
            }
            seen.area += area;
            let left = row.iter().position(|&logit| logit > 0.0).unwrap_or(0);
            let right = row.iter().rposition(|&logit| logit > 0.0).unwrap_or(0) + 1;
            let edges = seen.edges.get_or_insert([left, y, right, y + 1]);
            *edges = [edges[0].min(left), edges[1], edges[2].max(right), y + 1];
        }
        seen
    }

    fn area_px(&self, placement: &Placement, size: [usize; 2]) -> f64 {
        let (x, y) = px_per_cell(placement, size);
        f64::from(self.area) * x * y
    }

    fn bounds(&self, placement: &Placement, size: [usize; 2]) -> Option<Bounds> {
        let [left, top, right, bottom] = self.edges?.map(|edge| edge as f64);
        let (x, y) = px_per_cell(placement, size);
        let whole = Bounds::of_image(placement.image_width_px, placement.image_height_px);
        Some(Bounds {
            x0_px: left * x,
            y0_px: top * y,
            x1_px: (right * x).min(whole.x1_px),
            y1_px: (bottom * y).min(whole.y1_px),
        })
    }

    fn agreement(&self) -> f32 {
        if self.either == 0 {
            return 1.0;
        }
        (f64::from(self.both) / f64::from(self.either)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEMENT: Placement = Placement {
        image_width_px: 1280,
        image_height_px: 720,
        resized_width_px: 512,
        resized_height_px: 288,
        input_size_px: 512,
    };

    #[test]
    fn windows_cover_their_part() {
        let part = Bounds {
            x0_px: 100.0,
            y0_px: 0.0,
            x1_px: 205.0,
            y1_px: 719.0,
        };
        let found = window(&part, &PLACEMENT, [128, 128]);
        // Ten pixels of the image are one column.
        assert_eq!(found.columns, 9..22);
        assert_eq!(found.rows, 0..73);
        assert_eq!(covered(&PLACEMENT, [128, 128]), [128, 72]);
    }

    #[test]
    fn areas_boxes_and_agreement_are_of_the_image() {
        let mut values = vec![-1.0; 128 * 128];
        let mut before = values.clone();
        for y in 10..20 {
            for x in 30..50 {
                values[y * 128 + x] = 2.0;
                before[y * 128 + x + 10] = 2.0;
            }
        }
        // In the padding, which is not seen.
        values[100 * 128] = 1.0;
        let logits = LogitsView {
            width: 128,
            height: 128,
            values: &values,
        };
        let size = [128, 128];
        let seen = Seen::of(logits, covered(&PLACEMENT, size), Some(&before));
        assert_eq!(seen.area_px(&PLACEMENT, size), 20_000.0);
        let bounds = seen.bounds(&PLACEMENT, size).unwrap();
        assert_eq!((bounds.x0_px, bounds.y1_px), (300.0, 200.0));
        assert!((seen.agreement() - 1.0 / 3.0).abs() < 1e-6);
    }
}
