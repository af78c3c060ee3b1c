//! Points and masks moved between frames of scenes in space, against the truth, by age.
//!
//! `cargo test --release -p fixate --test scene_motion -- --nocapture` prints the table, with
//! `FIXATE_SCENES=12` that of more scenes, with `FIXATE_FINE=1` that of a camera whose blur
//! and noise (the same in every frame) are drawn, with `FIXATE_NOISE=8` that of noise of so many gray levels,
//! another in every frame.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where it finds something missing"
)]

mod clip;

use clip::{Clip, HEIGHT, PLACEMENT, SeenThing, Table, WIDTH, time_s};
use fixate::geometry::Homography;
use fixate::motion::{
    FlowEstimator, GrayPyramid, GyroTrack, Intrinsics, Motion, MotionChain, MotionEstimator,
    PlacedMask, object_motion,
};
use fixate_scenes::motion::Carrier;
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};
use std::collections::BTreeMap;

const FRAMES: usize = 46;
const KEYFRAMES: [usize; 2] = [0, 15];
/// Frames after the keyframe, 30 a second.
const AGES: [usize; 7] = [1, 2, 3, 6, 10, 15, 30];
const METHODS: [&str; 7] = [
    "nothing",
    "gyro",
    "flow",
    "gyro+flow",
    "direct",
    "object",
    "followed",
];
const INERTIAL_HZ: f64 = 200.0;

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share) as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A thing's motion since its keyframe, one frame further.
fn follow(
    estimator: &mut MotionEstimator,
    frame_motion: &Motion,
    thing: &SeenThing,
    since: &Motion,
) -> Motion {
    let mask = PlacedMask::new(thing.view(), &PLACEMENT).unwrap();
    let own = estimator.thing(
        frame_motion,
        &mask,
        &thing.bounds,
        since.target_from_source(),
    );
    own.or_frame(frame_motion).after(since)
}

fn measure(seed: u64, [heads, wrists]: &mut [Table; 2]) -> (usize, usize) {
    let options = Options {
        width: WIDTH,
        height: HEIGHT,
        duration_s: time_s(FRAMES) + 0.2,
        quality: if std::env::var_os("FIXATE_FINE").is_some() {
            Quality::Fine
        } else {
            Quality::Fast
        },
        held_out: false,
    };
    let scene = Scene::new(seed, &options);
    let table = if scene.carrier == Carrier::Wrist {
        wrists
    } else {
        heads
    };
    let mut photographer = scene.photographer();
    let noise: f32 = std::env::var("FIXATE_NOISE").map_or(0.0, |levels| levels.parse().unwrap());
    let mut random = fixate_scenes::random::Random::new(seed);
    let mut take = |index| {
        let mut frame = photographer.frame(time_s(index));
        if noise > 0.0 {
            for byte in &mut frame.rgb {
                *byte = (f32::from(*byte) + noise * random.normal()).clamp(0.0, 255.0) as u8;
            }
        }
        frame
    };
    let frames: Vec<_> = (0..FRAMES).map(&mut take).collect();
    let focal = f64::from(scene.lens.focal_px);
    let centre = scene.lens.centre_px;
    let mut clip = Clip {
        scene: &scene,
        frames: &frames,
        gyro: GyroTrack::new(),
        intrinsics: Intrinsics::new(focal, focal, centre.x.into(), centre.y.into()).unwrap(),
    };
    for sample in 0..(time_s(FRAMES) * INERTIAL_HZ) as usize {
        let time_s = sample as f64 / INERTIAL_HZ;
        let rate = scene.inertial(time_s).gyro;
        let rate = [rate.x, rate.y, rate.z].map(f64::from);
        clip.gyro.push((time_s * 1e6) as i64, rate).unwrap();
    }
    let (mut links, mut lost) = (0, 0);
    // Chains of every keyframe, without and with the gyroscope.
    let mut chains = [0, 1].map(|_| BTreeMap::<usize, MotionChain>::new());
    let mut pyramids: BTreeMap<usize, GrayPyramid> = BTreeMap::new();
    let mut estimators = [0, 1].map(|_| MotionEstimator::new(1));
    let mut direct = FlowEstimator::new(1);
    // Every keyframe's things with their own motion since, found frame by frame.
    let mut followed: BTreeMap<usize, Vec<(SeenThing, Motion)>> = BTreeMap::new();
    for (index, seen) in frames.iter().enumerate() {
        for (with_gyro, estimator) in estimators.iter_mut().enumerate() {
            let turned = (with_gyro == 1 && index > 0).then(|| clip.turned(index - 1, index));
            let link = estimator.push(&clip.frame(index), turned.as_ref()).unwrap();
            if let Some(mut link) = link {
                links += 1;
                if link.motion.is_none() {
                    lost += 1;
                    link.motion = Some(Motion::exact(Homography::IDENTITY));
                }
                for chain in chains[with_gyro].values_mut() {
                    chain.extend(&link).unwrap();
                }
                if let (1, Some(motion)) = (with_gyro, link.motion) {
                    for (thing, own) in followed.values_mut().flatten() {
                        *own = follow(estimator, &motion, thing, own);
                    }
                }
            }
            if KEYFRAMES.contains(&index) {
                let chain = MotionChain::new(seen.time_us as i64);
                chains[with_gyro].insert(index, chain);
                pyramids.insert(index, estimator.newest().clone());
                let still = |thing| (thing, Motion::exact(Homography::IDENTITY));
                followed.insert(index, clip.things(index).into_iter().map(still).collect());
            }
        }
        for keyframe in KEYFRAMES {
            if index <= keyframe || !AGES.contains(&(index - keyframe)) {
                continue;
            }
            let newest = estimators[1].newest();
            let chained = *chains[1][&keyframe].newest_from_keyframe().unwrap();
            let at_once = direct
                .estimate(&pyramids[&keyframe], newest, chained.target_from_source())
                .map_or(chained, |found| found.motion);
            let motions = [
                Motion::exact(Homography::IDENTITY),
                clip.turned(keyframe, index),
                *chains[0][&keyframe].newest_from_keyframe().unwrap(),
                chained,
                at_once,
            ];
            for (method, motion) in motions.iter().enumerate() {
                clip.points(keyframe, index, method, motion, table);
            }
            for (thing, followed) in &followed[&keyframe] {
                let own = object_motion(
                    &mut direct,
                    &pyramids[&keyframe],
                    newest,
                    &chained,
                    thing.bounds,
                    |point| thing.contains(point),
                );
                let all = motions.iter().chain([own.or_frame(&chained), followed]);
                for (method, motion) in all.enumerate() {
                    if let Some(overlap) = clip.overlap(thing, index, motion) {
                        let measured = table.entry((method, index - keyframe)).or_default();
                        measured.overlaps.push(overlap);
                    }
                }
            }
        }
    }
    (links, lost)
}

#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn print(what: &str, table: &Table) {
    println!(
        "\n{what}\nmethod      age_ms  points  median_px  p90_px  error/deviation p50 p90   masks  mean_iou  p10_iou"
    );
    for (method, name) in METHODS.iter().enumerate() {
        for age in AGES {
            let Some(m) = table.get(&(method, age)) else {
                continue;
            };
            println!(
                "{name:10} {:7} {:7} {:10.2} {:7.2} {:12.2e} {:7.2e} {:9} {:9.3} {:8.3}",
                age * 1000 / 30,
                m.errors_px.len(),
                quantile(&m.errors_px, 0.5),
                quantile(&m.errors_px, 0.9),
                quantile(&m.ratios, 0.5),
                quantile(&m.ratios, 0.9),
                m.overlaps.len(),
                mean(&m.overlaps),
                quantile(&m.overlaps, 0.1),
            );
        }
    }
}

#[test]
fn moved_points_and_masks_are_closer_than_unmoved_ones() {
    let count = std::env::var("FIXATE_SCENES").map_or(3, |count| count.parse().unwrap());
    let mut tables = [Table::new(), Table::new()];
    let (mut links, mut lost) = (0, 0);
    for seed in 1..=count {
        let (more_links, more_lost) = measure(seed, &mut tables);
        links += more_links;
        lost += more_lost;
    }
    println!("{count} scenes, {links} links, {lost} lost");
    let mut table = Table::new();
    for (what, part) in ["cameras on heads", "cameras on wrists"].iter().zip(tables) {
        print(what, &part);
        for (key, measured) in part {
            table.entry(key).or_default().add(measured);
        }
    }
    print("all", &table);
    for age in AGES {
        let median = |method: usize| quantile(&table[&(method, age)].errors_px, 0.5);
        let overlap = |method: usize| mean(&table[&(method, age)].overlaps);
        for method in [1, 2, 3, 4] {
            assert!(median(method) < median(0), "{} at {age}", METHODS[method]);
        }
        for method in [5, 6] {
            assert!(overlap(method) > overlap(0), "{} at {age}", METHODS[method]);
        }
    }
}
