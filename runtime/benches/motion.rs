//! What the camera thread does with every frame: gray pyramid, corners, flow, motion; and what an
//! answer costs: a mask moved.

use criterion::{Criterion, criterion_group, criterion_main};
use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::{Bounds, Homography};
use fixate::mask::LogitsView;
use fixate::motion::{FlowEstimator, GrayPyramid, MotionEstimator, PlacedMask, warp_logits_into};
use fixate::preprocess::Placement;
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};

/// Two frames of a scene in space, 33 ms apart, as packed RGB.
fn pair(width: usize, height: usize) -> [Vec<u8>; 2] {
    let options = Options {
        width,
        height,
        duration_s: 1.0,
        quality: Quality::Fast,
        held_out: false,
    };
    let scene = Scene::new(1, &options);
    let mut photographer = scene.photographer();
    [0.3, 0.333].map(|time_s| photographer.frame(time_s).rgb)
}

/// The green of every pixel in place of luma, and no colour.
fn as_nv12(rgb: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgb.as_chunks::<3>();
    let luma = pixels.iter().map(|pixel| pixel[1]);
    luma.chain(std::iter::repeat_n(128, pixels.len() / 2))
        .collect()
}

fn frame(format: PixelFormat, size: (usize, usize), bytes: &[u8], time_us: i64) -> Frame<'_> {
    let (width, height) = (size.0 as u32, size.1 as u32);
    #[expect(clippy::expect_used, reason = "the sizes are those of the scene")]
    Frame::contiguous(format, width, height, bytes, time_us).expect("a frame")
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("motion of a frame");
    for size in [(320, 240), (640, 480), (1280, 720)] {
        let rgb = pair(size.0, size.1);
        let nv12 = [as_nv12(&rgb[0]), as_nv12(&rgb[1])];
        for (format, bytes) in [(PixelFormat::Rgb8, &rgb), (PixelFormat::Nv12, &nv12)] {
            let mut estimator = MotionEstimator::new(1);
            let mut time_us = 0;
            group.bench_function(format!("{format:?} {}x{}", size.0, size.1), |bencher| {
                bencher.iter(|| {
                    time_us += 1;
                    let bytes = &bytes[(time_us % 2) as usize];
                    estimator.push(&frame(format, size, bytes, time_us), None)
                });
            });
        }
    }
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts of a motion");
    let size = (1280, 720);
    let rgb = pair(size.0, size.1);
    let mut pyramids = [GrayPyramid::new(), GrayPyramid::new()];
    for (pyramid, bytes) in pyramids.iter_mut().zip(&rgb) {
        pyramid.build(&frame(PixelFormat::Rgb8, size, bytes, 0));
    }
    let [source, target] = &mut pyramids;
    let mut flow = FlowEstimator::new(1);
    group.bench_function("flow and fit", |bencher| {
        bencher.iter(|| flow.estimate(source, target, &Homography::IDENTITY));
    });
    group.bench_function("pyramid of Rgb8 1280x720", |bencher| {
        bencher.iter(|| source.build(&frame(PixelFormat::Rgb8, size, &rgb[0], 0)));
    });
}

/// What the last answer shows, besides: a disk of a third of the picture's height.
fn thing(criterion: &mut Criterion) {
    let size = (1280, 720);
    let rgb = pair(size.0, size.1);
    let mut estimator = MotionEstimator::new(1);
    let mut picture = None;
    for (bytes, time_us) in rgb.iter().zip([0, 33_333]) {
        let link = estimator.push(&frame(PixelFormat::Rgb8, size, bytes, time_us), None);
        picture = link.ok().flatten().and_then(|link| link.motion);
    }
    let Some(picture) = picture else { return };
    let placement = Placement {
        image_width_px: 1280,
        image_height_px: 720,
        resized_width_px: 512,
        resized_height_px: 288,
        input_size_px: 512,
    };
    let disk = |cell: usize| {
        let (x, y) = ((cell % 128) as f32, (cell / 128) as f32);
        12.0 - (x - 64.0).hypot(y - 36.0)
    };
    let values: Vec<f32> = (0..128 * 128).map(disk).collect();
    let logits = LogitsView {
        width: 128,
        height: 128,
        values: &values,
    };
    let Ok(mask) = PlacedMask::new(logits, &placement) else {
        return;
    };
    let bounds = Bounds {
        x0_px: 520.0,
        y0_px: 240.0,
        x1_px: 760.0,
        y1_px: 480.0,
    };
    criterion.bench_function("motion of a thing", |bencher| {
        bencher.iter(|| estimator.thing(&picture, &mask, &bounds, &Homography::IDENTITY));
    });
}

fn masks(criterion: &mut Criterion) {
    let placement = Placement {
        image_width_px: 1280,
        image_height_px: 720,
        resized_width_px: 1024,
        resized_height_px: 576,
        input_size_px: 1024,
    };
    let values: Vec<f32> = (0..256 * 256).map(|i| (i % 251) as f32 - 125.0).collect();
    let logits = LogitsView {
        width: 256,
        height: 256,
        values: &values,
    };
    let mut out = vec![0.0; values.len()];
    let map = Homography::translation(20.0, -11.0);
    criterion.bench_function("256x256 logits moved", |bencher| {
        bencher.iter(|| warp_logits_into(logits, &placement, &map, &mut out));
    });
}

criterion_group!(benches, frames, parts, thing, masks);
criterion_main!(benches);
