//! Measuring masks and their depth, and pushing frames, allocate nothing once they are warm.
#![expect(unsafe_code, reason = "an allocator that counts is unsafe to write")]
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

mod counting_allocator;

use fixate::frame::{Frame, PixelFormat};
use fixate::mask::Bitmap;
use fixate::motion::Intrinsics;
use fixate::source::{FrameBuffer, Source, Supply, pushed_frames};
use fixate::tasks::grasp::{DepthImage, DepthMeter, MaskShape};

#[test]
fn nothing_is_allocated_once_it_is_warm() {
    let (width, height) = (160, 120);
    let mask = Bitmap::from_fn(width, height, |x, y| x > 20 && x + y < 120);
    let values: Vec<u16> = (0..width * height).map(|i| 900 + i as u16 % 37).collect();
    let intrinsics = Intrinsics::new(150.0, 150.0, 79.5, 59.5).unwrap();
    let mut meter = DepthMeter::new();
    let pixels = vec![9; width * height];
    let (pusher, mut frames) = pushed_frames();
    let mut buffer = FrameBuffer::new();
    let mut before = 0;
    for round in 0..20 {
        // Every buffer in turn has been filled once.
        if round == 10 {
            before = counting_allocator::calls_of_this_thread();
        }
        let depth = DepthImage::millimetres(&values, width, height, width).unwrap();
        let found = meter.measure(&mask, &depth, &intrinsics).unwrap();
        assert!(found.valid_ratio == 1.0);
        assert!(MaskShape::of(&mask).is_some());
        let frame = Frame::contiguous(PixelFormat::Gray8, 160, 120, &pixels, round).unwrap();
        for _ in 0..=round % 3 {
            pusher.push(&frame).unwrap();
        }
        assert_eq!(frames.next_into(&mut buffer).unwrap(), Supply::Frame);
    }
    assert_eq!(counting_allocator::calls_of_this_thread() - before, 0);
}
