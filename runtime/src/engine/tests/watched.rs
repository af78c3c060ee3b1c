//! Things that move by themselves.

use super::world::{FRAME_US, Machines, World};
use crate::engine::{AnswerKind, EngineOptions, FrameId, Watched};
use crate::geometry::Point;

/// Pixels per frame.
const PICTURE_PX: f64 = 2.0;
const THING_PX: f64 = 14.0;

/// Frames of a world in which the picture moves, and, once it is watched, a thing on its own. Prompts follow the thing,
/// which was at `x_px` in the first of them.
struct Chase {
    world: World,
    x_px: f64,
    first: u64,
}

impl Chase {
    fn new() -> Self {
        let machines = Machines {
            motion_px: Some(PICTURE_PX),
            thing_px: Some(THING_PX),
            ..Machines::default()
        };
        let world = World::running(EngineOptions::default(), machines);
        let first = world.frame;
        let mut chase = Self {
            world,
            x_px: 200.0,
            first,
        };
        chase.look();
        chase
    }

    /// Where the thing is in a frame.
    fn place_px(&self, frame: u64) -> f64 {
        self.x_px + THING_PX * (frame as f64 - self.first as f64)
    }

    fn look(&mut self) {
        let x_px = self.place_px(self.world.frame);
        self.world.prompt(x_px as f32, 300.0);
        self.world.run(FRAME_US);
    }

    fn go_on(&mut self, frames: usize) {
        for _ in 0..frames {
            self.world.frame();
            self.look();
        }
    }

    fn watched(&self) -> Watched {
        self.world.engine.watched().unwrap()
    }

    /// Which frame a keyframe was.
    fn frame_of(&self, keyframe: crate::engine::KeyframeId) -> u64 {
        let job = self.world.encodes.iter();
        let FrameId(frame) = job
            .clone()
            .find(|job| job.keyframe == keyframe)
            .unwrap()
            .frame;
        frame
    }
}

#[test]
fn prompts_on_a_thing_are_taken_back_along_its_own_way() {
    let mut chase = Chase::new();
    chase.go_on(40);
    let thing = chase.watched().thing;
    let (mut fresh, mut keyframes) = (0, 0);
    for answer in &chase.world.answers[12..] {
        let drawn = answer.drawn.unwrap();
        fresh += usize::from(answer.kind == AnswerKind::Fresh);
        let keyframe = chase.frame_of(drawn.keyframe);
        // What was encoded before the thing was watched knows nothing of its way until then.
        keyframes += usize::from(keyframe > chase.first);
        let known_px = chase.place_px(keyframe.max(chase.first))
            - PICTURE_PX * (chase.first as f64 - keyframe.min(chase.first) as f64);
        let bounds = drawn.shown().unwrap().bounds.unwrap();
        let middle = Point::new((bounds.x0_px + bounds.x1_px) / 2.0, 300.0);
        assert!(
            (middle.x_px - known_px).abs() < 1e-3,
            "{middle:?} {known_px}"
        );
        // And forward again, the mask lies where the thing is.
        let there = drawn.frame_from_keyframe.target_from_source().apply(middle);
        let there_px = chase.place_px(drawn.frame.0);
        assert!((there.unwrap().x_px - there_px).abs() < 1e-3);
    }
    assert!(fresh > 20 && keyframes > 20, "{fresh} {keyframes}");
    assert_eq!(chase.watched().thing, thing);
    assert!(chase.world.engine.counters().things_followed >= 40);
    chase.world.finish();
}

#[test]
fn masks_of_a_thing_are_moved_along_its_own_way() {
    let mut chase = Chase::new();
    chase.go_on(20);
    chase.world.machines.decoder_fails = true;
    chase.go_on(3);
    let answer = chase.world.answers.last().unwrap();
    assert_eq!(answer.kind, AnswerKind::Propagated);
    let drawn = answer.drawn.unwrap();
    let bounds = drawn.shown().unwrap().bounds.unwrap();
    let middle = Point::new((bounds.x0_px + bounds.x1_px) / 2.0, 300.0);
    let there = drawn.frame_from_keyframe.target_from_source().apply(middle);
    assert!((there.unwrap().x_px - chase.place_px(drawn.frame.0)).abs() < 1e-3);
    chase.world.finish();
}

#[test]
fn what_is_looked_at_elsewhere_goes_with_the_picture() {
    let mut chase = Chase::new();
    chase.go_on(20);
    let before = chase.watched().thing;
    let place = Point::new(1_000.0, 600.0);
    chase.world.prompt(1_000.0, 600.0);
    chase.world.run(FRAME_US);
    assert_ne!(chase.watched().thing, before);
    let drawn = chase.world.answers.last().unwrap().drawn.unwrap();
    let frames = chase.world.frame - chase.frame_of(drawn.keyframe);
    let bounds = drawn.shown().unwrap().bounds.unwrap();
    let known_px = place.x_px - PICTURE_PX * frames as f64;
    assert!(((bounds.x0_px + bounds.x1_px) / 2.0 - known_px).abs() < 1e-3);
    // What is told of the old thing is ignored.
    let followed = chase.world.engine.counters().things_followed;
    chase.world.machines.stale_thing = Some(before);
    chase.world.frame();
    assert_eq!(chase.world.engine.counters().things_followed, followed);
    chase.world.finish();
}

#[test]
fn a_mask_that_shares_nothing_with_the_last_is_of_another_thing() {
    let mut chase = Chase::new();
    chase.go_on(20);
    let before = chase.watched().thing;
    chase.world.machines.agreement = 0.02;
    chase.go_on(1);
    // It was looked for where the thing had been, which is not where it was itself.
    assert_eq!(chase.world.engine.watched(), None);
    chase.look();
    let next = chase.watched().thing;
    assert_ne!(next, before);
    // Parts and wholes are of one thing.
    chase.world.machines.agreement = 0.3;
    chase.look();
    assert_eq!(chase.watched().thing, next);
    chase.world.finish();
}
