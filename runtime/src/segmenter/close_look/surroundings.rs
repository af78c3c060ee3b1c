//! What of an image is worth a close look, and what is asked there.

use crate::frame::Region;
use crate::mask::Bitmap;
use crate::prompt::{PointLabel, Prompt, PromptBox};

/// The sides of what is encoded around a click, shares of the image's longer side.
const FOVEAS: [f32; 2] = [0.25, 0.125];

/// The side of what is encoded around a mask, for each of the longer side of the mask or the prompt's box.
const SURROUNDINGS: f32 = 1.5;

/// The shortest side that is encoded, pixels of the image: fewer show nothing when they are magnified.
const SHORTEST_PX: f32 = 64.0;

/// The longest, a share of the image's longer side: more would be hardly closer.
const LONGEST: f32 = 0.9;

/// A side that is this many times as long as wanted serves too, if it is encoded already.
const NEAR_ENOUGH: f32 = 2.0;

/// Where a click's fovea goes, in an image of this size; none where the image is too small to have one.
pub(super) fn foveas((x_px, y_px): (f32, f32), size: (u32, u32)) -> impl Iterator<Item = Region> {
    let sides = FOVEAS.map(|share| share * size.0.max(size.1) as f32);
    let sides = sides.into_iter().filter(|side| *side >= SHORTEST_PX);
    sides.map(move |side| Region::square((x_px, y_px), side, size))
}

/// What is worth encoding to see a mask closer that is an answer to a prompt; none if it is empty or most of the image, or
/// if the prompt does not say where the thing is.
pub(super) fn surroundings(mask: &Bitmap, prompt: &Prompt) -> Option<Region> {
    let (width_px, height_px) = (mask.width() as u32, mask.height() as u32);
    let bounds = bounds(mask, prompt)?;
    let longer = (bounds.x1_px - bounds.x0_px).max(bounds.y1_px - bounds.y0_px);
    let side = (SURROUNDINGS * longer).max(SHORTEST_PX);
    if side > LONGEST * width_px.max(height_px) as f32 {
        return None;
    }
    let center = (
        0.5 * (bounds.x0_px + bounds.x1_px),
        0.5 * (bounds.y0_px + bounds.y1_px),
    );
    Some(Region::square(center, side, (width_px, height_px)))
}

/// Whether what is encoded shows what is wanted, nearly as large.
pub(super) fn serves(seen: Region, wanted: Region) -> bool {
    seen.contains(&wanted) && seen.longer_side_px() <= NEAR_ENOUGH * wanted.longer_side_px()
}

/// The prompt in pixels of a region, without the points outside of it, and without a mask: that is one of the whole image.
pub(super) fn move_into(prompt: &Prompt, region: Region, moved: &mut Prompt) {
    let (left, top) = (region.x_px as f32, region.y_px as f32);
    let (width, height) = (region.width_px as f32, region.height_px as f32);
    moved.points.clear();
    moved.points.extend(prompt.points.iter().map(|point| {
        let mut point = *point;
        point.x_px -= left;
        point.y_px -= top;
        point
    }));
    moved
        .points
        .retain(|point| (0.0..width).contains(&point.x_px) && (0.0..height).contains(&point.y_px));
    moved.bounds = prompt.bounds.map(|bounds| PromptBox {
        x0_px: bounds.x0_px - left,
        y0_px: bounds.y0_px - top,
        x1_px: bounds.x1_px - left,
        y1_px: bounds.y1_px - top,
    });
    moved.mask = None;
}

/// The prompt's box, or that around a mask and the prompt's foreground points; none if the mask is empty or there is neither.
fn bounds(mask: &Bitmap, prompt: &Prompt) -> Option<PromptBox> {
    let [x, y, width, height] = mask.bounding_box().map(|side| side as f32);
    if width == 0.0 {
        return None;
    }
    if let Some(bounds) = prompt.bounds {
        return Some(bounds.clipped(mask.width() as u32, mask.height() as u32));
    }
    let mut bounds = PromptBox {
        x0_px: x,
        y0_px: y,
        x1_px: x + width,
        y1_px: y + height,
    };
    let on = prompt.points.iter();
    let mut on = on
        .filter(|point| point.label == PointLabel::Foreground)
        .peekable();
    on.peek()?;
    for point in on {
        bounds.x0_px = bounds.x0_px.min(point.x_px);
        bounds.y0_px = bounds.y0_px.min(point.y_px);
        bounds.x1_px = bounds.x1_px.max(point.x_px);
        bounds.y1_px = bounds.y1_px.max(point.y_px);
    }
    Some(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::PromptPoint;

    fn square_mask(left: usize, side: usize) -> Bitmap {
        let inside = |at: usize| (left..left + side).contains(&at);
        Bitmap::from_fn(400, 300, |x, y| inside(x) && inside(y))
    }

    #[test]
    fn small_masks_have_surroundings() {
        let click = Prompt::point(110.0, 110.0);
        let region = surroundings(&square_mask(100, 80), &click).unwrap();
        assert_eq!((region.width_px, region.height_px), (120, 120));
        assert_eq!((region.x_px, region.y_px), (80, 80));
        // A speck is not magnified without end.
        let region = surroundings(&square_mask(100, 4), &Prompt::point(101.0, 101.0)).unwrap();
        assert_eq!(region.width_px, 64);
        assert_eq!(surroundings(&square_mask(0, 290), &click), None);
        assert_eq!(surroundings(&square_mask(0, 0), &click), None);
    }

    #[test]
    fn what_was_pointed_at_is_in_sight() {
        let mask = square_mask(100, 20);
        let mut prompt = Prompt::point(220.0, 110.0);
        let region = surroundings(&mask, &prompt).unwrap();
        assert!((region.x_px..region.x_px + region.width_px).contains(&220));
        prompt.points[0].label = PointLabel::Background;
        assert_eq!(surroundings(&mask, &prompt), None);
        prompt.points.extend(Prompt::point(110.0, 110.0).points);
        let region = surroundings(&mask, &prompt).unwrap();
        assert!(region.x_px + region.width_px < 220);
        // A box says where the thing is, whatever the mask.
        prompt.bounds = Some(PromptBox {
            x0_px: 20.0,
            y0_px: 20.0,
            x1_px: 120.0,
            y1_px: 120.0,
        });
        let region = surroundings(&mask, &prompt).unwrap();
        assert_eq!((region.x_px, region.width_px), (0, 150));
    }

    #[test]
    fn what_is_encoded_serves_if_it_is_close_enough() {
        let square = |side| Region::square((200.0, 150.0), side, (400, 300));
        assert!(serves(square(100.0), square(100.0)));
        assert!(serves(square(190.0), square(100.0)));
        assert!(!serves(square(210.0), square(100.0)));
        assert!(!serves(square(90.0), square(100.0)));
    }

    #[test]
    fn prompts_move_into_a_region() {
        let region = Region::square((100.0, 100.0), 80.0, (400, 300));
        let (x, y) = (region.x_px as f32, region.y_px as f32);
        let point = |x_px, y_px| PromptPoint {
            x_px,
            y_px,
            label: PointLabel::Foreground,
        };
        let prompt = Prompt {
            points: vec![point(100.0, 100.0), point(399.0, 100.0), point(x, y)],
            bounds: Some(PromptBox {
                x0_px: 80.0,
                y0_px: 90.0,
                x1_px: 110.0,
                y1_px: 120.0,
            }),
            mask: Some(Default::default()),
        };
        let mut moved = Prompt::default();
        move_into(&prompt, region, &mut moved);
        assert_eq!(moved.points, [point(100.0 - x, 100.0 - y), point(0.0, 0.0)]);
        assert_eq!(moved.bounds.unwrap().x0_px, 80.0 - x);
        assert_eq!(moved.bounds.unwrap().y1_px, 120.0 - y);
        assert_eq!(moved.mask, None);
    }

    #[test]
    fn a_fovea_is_around_its_click() {
        let found: Vec<_> = foveas((10.0, 200.0), (1024, 768)).collect();
        let sides = found.iter().map(|region| region.width_px);
        assert_eq!(sides.collect::<Vec<_>>(), [256, 128]);
        assert!(found.iter().all(|region| region.x_px == 0));
        assert_eq!(foveas((10.0, 20.0), (400, 300)).count(), 1);
        assert_eq!(foveas((10.0, 20.0), (200, 100)).count(), 0);
    }
}
