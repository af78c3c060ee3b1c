//! Looking again at masks, of a single point or of a box.
//!
//! A point says little of how far the thing goes. Each of its masks says more: the same point with the box around that mask
//! is a prompt in turn, and what is decoded for it, averaged with the mask, is nearer to one of the things under the point
//! more often than the mask alone. That holds for what else the point could mean; the likeliest mask gains nothing, and is
//! left alone. A box says how far the thing goes, and the best of its masks what it is: with both as a prompt the masks are
//! better ones.
//!
//! What is left beside the clicked piece of a mask are often crumbs: places of the same colour. They are dropped.

use crate::decoder::{Decoded, Decoder, Keyframe, MaskSelection, MaskWindow};
use crate::mask::{LogitsView, MaskLogits};
use crate::preprocess::Placement;
use crate::prompt::{PointLabel, Prompt};

use super::fit::{Grid, best_fitting};
use super::pieces::Pieces;

/// The share of a mask that the piece around the point has at least if what else there is of it are crumbs, which say
/// nothing of how far the thing goes.
const MAIN_PIECE: f32 = 0.7;

/// Buffers of it.
#[derive(Default)]
pub(super) struct SecondLook {
    prompt: Prompt,
    /// The best mask of a box.
    best: MaskLogits,
    decoded: Decoded,
    pieces: Pieces,
}

impl SecondLook {
    /// Betters a mask for `prompt`. One that is empty, or whose box the decoder cannot answer, stays as it is: it is an
    /// answer already.
    pub(super) fn take(
        &mut self,
        decoder: &mut dyn Decoder,
        keyframe: &Keyframe,
        prompt: &Prompt,
        mask: &mut MaskLogits,
    ) {
        let placement = &keyframe.placement;
        let grid = Grid::of(mask.view(), placement);
        let everywhere = (0..mask.width, 0..mask.height);
        let Some(mut around) = grid.bounds_of_mask(mask.view(), everywhere) else {
            return;
        };
        if let [point] = prompt.points[..] {
            let place = grid.place(point.x_px, point.y_px);
            let (piece, bounds) = self.pieces.around(mask.view(), place);
            if piece as f32 >= MAIN_PIECE * grid.area(mask.view()) as f32 {
                around = bounds;
            }
        }
        let bounds = grid.image_bounds(around);
        self.prompt.mask = None;
        self.prompt.points.clear();
        self.prompt.points.extend_from_slice(&prompt.points);
        self.prompt.bounds = Some(bounds);
        let (columns, rows) = grid.kept(&bounds, (mask.width, mask.height));
        let window = MaskWindow { rows, columns };
        let (all, decoded) = (MaskSelection::All, &mut self.decoded);
        let answer = decoder.decode_window_into(keyframe, &self.prompt, all, &window, decoded);
        if let Err(error) = answer {
            log::debug!("no second look: {error}");
            return;
        }
        let best = best_fitting(decoded, &self.prompt, placement);
        average(mask, decoded.mask(best), &window);
    }

    /// Betters what was decoded for a prompt with a box and without a mask: the same is asked with the best of those masks.
    /// What the decoder cannot answer stays as it is.
    pub(super) fn take_with_mask(
        &mut self,
        decoder: &mut dyn Decoder,
        keyframe: &Keyframe,
        prompt: &Prompt,
        decoded: &mut Decoded,
    ) {
        let best = decoded.mask(best_fitting(decoded, prompt, &keyframe.placement));
        let mut mask = std::mem::take(&mut self.best);
        (mask.width, mask.height) = (best.width, best.height);
        mask.values.clear();
        mask.values.extend_from_slice(best.values);
        self.prompt.points.clear();
        self.prompt.points.extend_from_slice(&prompt.points);
        self.prompt.bounds = prompt.bounds;
        self.prompt.mask = Some(mask);
        let (all, again) = (MaskSelection::All, &mut self.decoded);
        match decoder.decode_into(keyframe, &self.prompt, all, again) {
            Ok(()) => std::mem::swap(decoded, again),
            Err(error) => log::debug!("no second look: {error}"),
        }
        self.best = self.prompt.mask.take().unwrap_or_default();
    }

    /// Takes crumbs from a mask for a prompt of clicks.
    pub(super) fn drop_crumbs(
        &mut self,
        placement: &Placement,
        prompt: &Prompt,
        mask: &mut MaskLogits,
    ) {
        let grid = Grid::of(mask.view(), placement);
        let on = prompt.points.iter();
        let on = on.filter(|point| point.label == PointLabel::Foreground);
        let places = on.map(|point| grid.place(point.x_px, point.y_px));
        self.pieces.drop_crumbs(mask, places);
    }
}

/// Averages a mask with another inside of a window.
fn average(mask: &mut MaskLogits, other: LogitsView<'_>, window: &MaskWindow) {
    for y in window.rows.clone() {
        let row = y * mask.width;
        let (first, last) = (row + window.columns.start, row + window.columns.end);
        let pairs = mask.values[first..last].iter_mut();
        for (value, other) in pairs.zip(&other.values[first..last]) {
            *value = 0.5 * (*value + other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::{DecoderError, Embedding};
    use crate::prompt::PromptBox;

    /// Gives masks 0 to 3 of one value each, 10 to 40, of which mask 2 is the likeliest; remembers what it was asked.
    struct Constant {
        asked: Vec<(Prompt, MaskWindow)>,
        fails: bool,
    }

    impl Decoder for Constant {
        fn embedding_shape(&self) -> [usize; 3] {
            [1, 2, 2]
        }

        fn mask_size(&self) -> [usize; 2] {
            [8, 8]
        }

        fn decode_into(
            &mut self,
            keyframe: &Keyframe,
            prompt: &Prompt,
            masks: MaskSelection,
            out: &mut Decoded,
        ) -> Result<(), DecoderError> {
            let everywhere = MaskWindow {
                rows: 0..8,
                columns: 0..8,
            };
            self.decode_window_into(keyframe, prompt, masks, &everywhere, out)
        }

        fn decode_window_into(
            &mut self,
            _: &Keyframe,
            prompt: &Prompt,
            masks: MaskSelection,
            window: &MaskWindow,
            out: &mut Decoded,
        ) -> Result<(), DecoderError> {
            assert_eq!(masks, MaskSelection::All);
            self.asked.push((prompt.clone(), window.clone()));
            if self.fails {
                return Err(DecoderError::NotFinite);
            }
            *out = Decoded {
                indices: 0..4,
                width: 8,
                height: 8,
                logits: (0..4 * 64).map(|at| 10.0 * (1 + at / 64) as f32).collect(),
                predicted_iou: vec![0.5, 0.6, 0.9, 0.7],
            };
            Ok(())
        }
    }

    fn keyframe() -> Keyframe {
        Keyframe {
            embedding: Embedding::default(),
            placement: Placement {
                image_width_px: 320,
                image_height_px: 160,
                resized_width_px: 32,
                resized_height_px: 16,
                input_size_px: 32,
            },
            capture_time_us: 0,
            prepared: None,
        }
    }

    fn look(fails: bool, values: Vec<f32>) -> (Constant, MaskLogits) {
        let keyframe = keyframe();
        let asked = Vec::new();
        let mut decoder = Constant { asked, fails };
        let (width, height) = (8, 8);
        let mut mask = MaskLogits {
            width,
            height,
            values,
        };
        let prompt = Prompt::point(100.0, 60.0);
        SecondLook::default().take(&mut decoder, &keyframe, &prompt, &mut mask);
        (decoder, mask)
    }

    /// Columns 2 and 3 of rows 1 and 2, and a place in the padding, which is none of the image.
    fn small() -> Vec<f32> {
        let inside = |at: usize| matches!((at % 8, at / 8), (2 | 3, 1 | 2) | (7, 7));
        (0..64)
            .map(|at| if inside(at) { 2.0 } else { -2.0 })
            .collect()
    }

    #[test]
    fn the_box_around_a_mask_is_asked_for_and_the_likeliest_answer_taken_in() {
        let (decoder, mask) = look(false, small());
        let [(prompt, window)] = &decoder.asked[..] else {
            panic!("asked {} times", decoder.asked.len());
        };
        assert_eq!(prompt.points, Prompt::point(100.0, 60.0).points);
        let bounds = prompt.bounds.unwrap();
        let sides = [bounds.x0_px, bounds.y0_px, bounds.x1_px, bounds.y1_px];
        assert_eq!(sides, [80.0, 40.0, 160.0, 120.0]);
        assert_eq!((window.columns.clone(), window.rows.clone()), (2..4, 1..3));
        for (at, (found, before)) in mask.values.iter().zip(small()).enumerate() {
            let inside = (2..4).contains(&(at % 8)) && (1..3).contains(&(at / 8));
            let expected = if inside {
                0.5 * (before + 30.0)
            } else {
                before
            };
            assert_eq!(*found, expected, "{at}");
        }
    }

    #[test]
    fn crumbs_do_not_widen_the_box() {
        let mut values = small();
        values[8 * 3 + 7] = 2.0;
        let (decoder, _) = look(false, values.clone());
        let bounds = decoder.asked[0].0.bounds.unwrap();
        assert_eq!((bounds.x0_px, bounds.x1_px), (80.0, 160.0));
        // Half of it is no crumb.
        values[8 * 2 + 7] = 2.0;
        values[8 + 7] = 2.0;
        let (decoder, _) = look(false, values);
        let bounds = decoder.asked[0].0.bounds.unwrap();
        assert_eq!((bounds.x0_px, bounds.x1_px), (80.0, 320.0));
    }

    #[test]
    fn the_best_mask_of_a_box_is_asked_for_with_it() {
        let prompt = Prompt::bounds(PromptBox {
            x0_px: 80.0,
            y0_px: 40.0,
            x1_px: 160.0,
            y1_px: 120.0,
        });
        // The likeliest by its predicted IoU is nowhere, the other where the box is.
        let before = Decoded {
            indices: 0..2,
            width: 8,
            height: 8,
            logits: [vec![-1.0; 64], small()].concat(),
            predicted_iou: vec![0.8, 0.7],
        };
        for fails in [false, true] {
            let asked = Vec::new();
            let mut decoder = Constant { asked, fails };
            let (mut decoded, mut look) = (before.clone(), SecondLook::default());
            look.take_with_mask(&mut decoder, &keyframe(), &prompt, &mut decoded);
            let [(asked, _)] = &decoder.asked[..] else {
                panic!("asked {} times", decoder.asked.len());
            };
            assert_eq!(asked.bounds, prompt.bounds);
            assert_eq!(asked.mask.as_ref().unwrap().values, small());
            match fails {
                true => assert_eq!(decoded, before),
                false => assert_eq!(decoded.predicted_iou, [0.5, 0.6, 0.9, 0.7]),
            }
        }
    }

    #[test]
    fn what_cannot_be_asked_for_stays_as_it_is() {
        let (decoder, mask) = look(false, vec![-1.0; 64]);
        assert!(decoder.asked.is_empty());
        assert_eq!(mask.values, [-1.0; 64]);
        let (decoder, mask) = look(true, small());
        assert_eq!(decoder.asked.len(), 1);
        assert_eq!(mask.values, small());
    }
}
