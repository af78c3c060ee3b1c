//! How long pictures take: a fast frame of 640x480 on one core, and a fine one of 512x512.

use criterion::{Criterion, criterion_group, criterion_main};
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};

fn frames(criterion: &mut Criterion) {
    for (name, width, height, quality) in [
        ("fast 640x480", 640, 480, Quality::Fast),
        ("fine 512x512", 512, 512, Quality::Fine),
    ] {
        let options = Options {
            width,
            height,
            duration_s: 2.0,
            quality,
            held_out: false,
        };
        let scenes: Vec<Scene> = (0..6).map(|seed| Scene::new(seed, &options)).collect();
        let mut photographers: Vec<_> = scenes.iter().map(Scene::photographer).collect();
        let (mut turn, mut time) = (0, 0.0);
        criterion.bench_function(name, |bench| {
            bench.iter(|| {
                turn = (turn + 1) % photographers.len();
                time = (time + 0.033) % 2.0;
                photographers[turn].frame(time)
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(12);
    targets = frames
}
criterion_main!(benches);
