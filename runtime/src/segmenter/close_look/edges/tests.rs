use super::*;
use crate::frame::{PixelFormat, Region};
use crate::mask::Bitmap;
use crate::preprocess::Placement;

const WIDTH: usize = 300;
const HEIGHT: usize = 200;

/// What is to be found: a disc with a handle.
fn thing(x: usize, y: usize) -> bool {
    let (dx, dy) = (x as f32 - 150.0, y as f32 - 100.0);
    dx * dx + dy * dy < 1600.0 || ((180..220).contains(&x) && (92..108).contains(&y))
}

/// Packed pixels: the thing reddish on a bluish ground, both with some noise.
fn picture() -> Vec<u8> {
    let noise = |at: usize| (at * 7919 % 31) as u8;
    let pixel = |at: usize| match thing(at % WIDTH, at / WIDTH) {
        true => [170 + noise(at), 80 + noise(at + 1), 60],
        false => [60 + noise(at), 90 + noise(at + 1), 130],
    };
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

fn frame(pixels: &[u8]) -> Frame<'_> {
    Frame::contiguous(PixelFormat::Rgb8, WIDTH as u32, HEIGHT as u32, pixels, 0).unwrap()
}

/// Logits of the whole image in a mask of 32 x 32: two inside and minus two outside, of what is shifted by so many pixels.
fn seen(shift: usize, logit: f32) -> Seen {
    let near = Placement {
        image_width_px: WIDTH as u32,
        image_height_px: HEIGHT as u32,
        resized_width_px: 96,
        resized_height_px: 64,
        input_size_px: 96,
    };
    let cell = WIDTH as f32 / 32.0;
    let value = |at: usize| {
        let place = |at: usize| ((at as f32 + 0.5) * cell) as usize;
        match thing(place(at % 32) + shift, place(at / 32)) {
            true => logit,
            false => -logit,
        }
    };
    Seen {
        logits: MaskLogits {
            width: 32,
            height: 32,
            values: (0..1024).map(value).collect(),
        },
        near,
        region: Region::whole((WIDTH as u32, HEIGHT as u32)),
    }
}

fn drawn(mask: &Shown) -> Bitmap {
    let mut bitmap = Bitmap::default();
    mask.draw_into((WIDTH as u32, HEIGHT as u32), &mut bitmap);
    bitmap
}

fn settled(edges: &mut Edges, frame: &Frame<'_>, seen: &Seen) -> (Bitmap, Bitmap) {
    let before = seen.logits.view().to_bitmap(&seen.near).unwrap();
    let mut mask = Shown::of(&before, (0, 0));
    edges.settle(frame, seen, &mut mask).unwrap();
    (before, drawn(&mask))
}

#[test]
fn a_coarse_mask_gets_the_edges_of_the_image() {
    let pixels = picture();
    let truth = Bitmap::from_fn(WIDTH, HEIGHT, thing);
    let mut edges = Edges::default();
    for shift in [0, 6] {
        let (before, after) = settled(&mut edges, &frame(&pixels), &seen(shift, 2.0));
        let before = before.intersection_over_union(&truth).unwrap();
        let after = after.intersection_over_union(&truth).unwrap();
        assert!(before < 0.92, "{before}");
        assert!(after > 0.97, "{shift}: {before} {after}");
    }
}

#[test]
fn formats_tell_the_same() {
    let rgb = picture();
    let bgra: Vec<u8> = rgb
        .chunks_exact(3)
        .flat_map(|pixel| [pixel[2], pixel[1], pixel[0], 255])
        .collect();
    let (width, height) = (WIDTH as u32, HEIGHT as u32);
    let other = Frame::contiguous(PixelFormat::Bgra8, width, height, &bgra, 0).unwrap();
    let mut edges = Edges::default();
    let (_, first) = settled(&mut edges, &frame(&rgb), &seen(6, 2.0));
    assert_eq!(settled(&mut edges, &other, &seen(6, 2.0)).1, first);
}

#[test]
fn what_the_model_is_sure_of_stays_where_nothing_else_is_known() {
    let grey = vec![100; WIDTH * HEIGHT * 3];
    let mut edges = Edges::default();
    let (before, after) = settled(&mut edges, &frame(&grey), &seen(0, 9.0));
    let same = after.intersection_over_union(&before).unwrap();
    assert!(same > 0.95, "{same}");
}

#[test]
fn masks_at_the_sides_and_empty_ones_are_settled() {
    let pixels = picture();
    let mut edges = Edges::default();
    let mut fill = |logit: f32| {
        let mut seen = seen(0, 1.0);
        seen.logits.values.fill(logit);
        settled(&mut edges, &frame(&pixels), &seen)
    };
    assert_eq!(fill(-1.0).1, Bitmap::new(WIDTH, HEIGHT));
    let (before, after) = fill(5.0);
    assert_eq!(before.area(), (WIDTH * HEIGHT) as u64);
    assert!(after.intersection_over_union(&before).unwrap() > 0.9);
}

#[test]
fn beyond_what_was_seen_the_mask_itself_counts() {
    let pixels = picture();
    let truth = Bitmap::from_fn(WIDTH, HEIGHT, thing);
    let mut mask = Shown::of(&truth, (0, 0));
    // Seen is a part that has nothing of the thing's left half.
    let mut seen = seen(0, 2.0);
    seen.region = Region {
        x_px: 150,
        y_px: 60,
        width_px: 90,
        height_px: 80,
    };
    seen.near = Placement {
        image_width_px: 90,
        image_height_px: 80,
        resized_width_px: 90,
        resized_height_px: 80,
        input_size_px: 96,
    };
    let value = |at: usize| match thing(150 + at % 32 * 3 + 1, 60 + at / 32 * 3 + 1) {
        true => 2.0,
        false => -2.0,
    };
    seen.logits.values = (0..1024).map(value).collect();
    let mut edges = Edges::default();
    edges.settle(&frame(&pixels), &seen, &mut mask).unwrap();
    let same = drawn(&mask).intersection_over_union(&truth).unwrap();
    assert!(same > 0.97, "{same}");
}
