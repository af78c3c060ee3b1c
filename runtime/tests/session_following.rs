//! What moves by itself is found on old keyframes where it was then.

mod session_rig;

use std::time::{Duration, Instant};

use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::Point;
use fixate::prompt::Prompt;
use fixate::session::now_us;
use session_rig::{Does, FRAME, Part, Rig, ends, options, texture};

const WIDTH: usize = 480;
const HEIGHT: usize = 360;
/// The thing: a square patch, and how far it goes with every frame while the picture rests.
const PATCH: usize = 240;
const STEP: usize = 2;
const FRAMES: usize = 110;

/// The patch's left edge.
fn left(frame: usize) -> usize {
    10 + STEP * frame
}

fn picture(frame: usize) -> Vec<u8> {
    let (left, top) = (left(frame), (HEIGHT - PATCH) / 2);
    let pixel = |index: usize| {
        let (x, y) = (index % WIDTH, index / WIDTH);
        let on_patch = (left..left + PATCH).contains(&x) && (top..top + PATCH).contains(&y);
        if on_patch {
            texture(x - left + 5_000, y + 3_000)
        } else {
            texture(x, y)
        }
    };
    (0..WIDTH * HEIGHT).map(pixel).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_thing_that_moves_by_itself_is_prompted_where_it_was_on_the_keyframe() {
    ends(|| {
        let mut options = options();
        options.engine.budget_us = 100_000;
        let encoder = Part::new(|_| Does::Takes(Duration::from_millis(250)));
        let mut rig = Rig::new(&encoder, &Part::good(), &options);
        let pictures: Vec<_> = (0..FRAMES).map(picture).collect();
        let mut captured_us = Vec::new();
        let middle_px = |frame: usize| left(frame) as f64 + PATCH as f64 / 2.0;
        for (index, bytes) in pictures.iter().enumerate() {
            captured_us.push(now_us());
            let size = (WIDTH as u32, HEIGHT as u32);
            let capture_us = captured_us[index];
            let gray = PixelFormat::Gray8;
            let frame = Frame::contiguous(gray, size.0, size.1, bytes, capture_us).unwrap();
            let id = rig.session.push_frame(&frame).unwrap();
            let next = Instant::now() + FRAME;
            // Where it is in this frame, once the camera's thread is done with it.
            std::thread::sleep(FRAME / 2);
            let prompt = Prompt::point(middle_px(index) as f32, HEIGHT as f32 / 2.0);
            let _ = rig.session.push_prompt(Some(id), &prompt, None);
            while Instant::now() < next {
                rig.take(next.saturating_duration_since(Instant::now()));
            }
        }
        // By how much masks of the keyframe are drawn beside the thing, and by how much it has moved since.
        let (mut missed_px, mut moved_px) = (Vec::new(), Vec::new());
        for answer in &rig.answers[rig.answers.len() / 2..] {
            let Some(drawn) = answer.answer.drawn else {
                continue;
            };
            let frame_of = |time_us| captured_us.iter().position(|&us| us == time_us).unwrap();
            let (keyframe, frame) = (frame_of(drawn.keyframe_us), frame_of(drawn.frame_us));
            let middle = Point::new(middle_px(keyframe), HEIGHT as f64 / 2.0);
            let drawn_at = drawn.frame_from_keyframe.target_from_source().apply(middle);
            missed_px.push((drawn_at.unwrap().x_px - middle_px(frame)).abs());
            moved_px.push(middle_px(frame) - middle_px(keyframe));
        }
        let (missed_px, moved_px) = (median(missed_px), median(moved_px));
        assert!(moved_px > 40.0, "{moved_px}");
        assert!(missed_px < 4.0, "{missed_px} of {moved_px}");
        let stats = rig.finish();
        assert!(stats.engine.things_followed > 30, "{stats:?}");
    });
}
