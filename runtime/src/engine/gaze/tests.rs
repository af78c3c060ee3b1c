//! Gaze made up: fixations, saccades, pursuit, blinks, noise.

use super::*;
use crate::geometry::{Homography, Point};

const PX_PER_RAD: f64 = 900.0;
const STEP_US: i64 = 8_333;

/// Numbers of mean 0 and deviation 1, the same every time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        (0..12)
            .map(|_| {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 40) as f64 / (1_u64 << 24) as f64
            })
            .sum::<f64>()
            - 6.0
    }
}

/// Something that eyes do, sample by sample.
struct Eyes {
    tracker: GazeTracker,
    noise: Noise,
    noise_px: f64,
    time_us: i64,
    at: Point,
    events: Vec<GazeEvent>,
    updates: Vec<GazeUpdate>,
}

fn px(degrees: f64) -> f64 {
    degrees.to_radians() * PX_PER_RAD
}

impl Eyes {
    fn new(options: GazeOptions, noise_degrees: f64, seed: u64) -> Self {
        Self {
            tracker: GazeTracker::new(options),
            noise: Noise(seed),
            noise_px: px(noise_degrees),
            time_us: 1_000_000,
            at: Point::new(640.0, 360.0),
            events: Vec::new(),
            updates: Vec::new(),
        }
    }

    fn push(&mut self, sample: &GazeSample, map: Option<&Homography>) {
        let update = self.tracker.push(sample, map).unwrap();
        self.events.extend(update.event);
        self.updates.push(update);
    }

    /// Moves at a speed in degrees/s.
    fn pursue(&mut self, duration_us: i64, speed: [f64; 2]) {
        let end_us = self.time_us + duration_us;
        while self.time_us < end_us {
            self.time_us += STEP_US;
            let seconds = STEP_US as f64 * 1e-6;
            self.at.x_px += px(speed[0]) * seconds;
            self.at.y_px += px(speed[1]) * seconds;
            let x_px = self.at.x_px + self.noise.next() * self.noise_px;
            let y_px = self.at.y_px + self.noise.next() * self.noise_px;
            self.push(&GazeSample::at(self.time_us, x_px, y_px), None);
        }
    }

    fn rest(&mut self, duration_us: i64) {
        self.pursue(duration_us, [0.0; 2]);
    }

    /// Jumps by this many degrees, as fast as eyes do: 2.2 ms a degree and 21 ms.
    fn jump(&mut self, degrees: f64) {
        let duration_us = 21_000.0 + 2_200.0 * degrees.abs();
        self.pursue(duration_us as i64, [degrees / (duration_us * 1e-6), 0.0]);
    }

    fn shut(&mut self, duration_us: i64) {
        let end_us = self.time_us + duration_us;
        while self.time_us < end_us {
            self.time_us += STEP_US;
            self.push(&GazeSample::missing(self.time_us), None);
        }
    }

    fn last_fixation(&self) -> Fixation {
        self.updates.last().unwrap().fixation.unwrap()
    }
}

fn by_dispersion(largest_degrees: f64) -> GazeOptions {
    GazeOptions {
        detection: Detection::Dispersion(Dispersion {
            largest_rad: largest_degrees.to_radians(),
            ..Dispersion::default()
        }),
        ..GazeOptions::default()
    }
}

#[test]
fn fixations_and_saccades_are_told_apart_both_ways_and_in_noise() {
    for (options, noise) in [
        (GazeOptions::default(), 0.1),
        (GazeOptions::default(), 0.3),
        (GazeOptions::default(), 1.0),
        (by_dispersion(1.5), 0.1),
        (by_dispersion(9.0), 1.0),
    ] {
        for seed in 0..8 {
            let mut eyes = Eyes::new(options, noise, seed);
            eyes.rest(500_000);
            for degrees in [12.0, -15.0, 20.0] {
                eyes.jump(degrees);
                eyes.rest(500_000);
            }
            let counters = eyes.tracker.counters();
            assert_eq!(counters.fixations, 4, "{options:?} {noise} {seed}");
            // In noise a saccade may count as two; fixations are what prompts.
            let most = if noise < 1.0 { 4 } else { 9 };
            assert!((3..=most).contains(&counters.saccades), "{counters:?}");
            let fixation = eyes.last_fixation();
            let off_px = fixation.point.distance_px(eyes.at);
            assert!(off_px < px(1.2 * noise + 0.3), "{off_px} {noise} {seed}");
            assert!(!fixation.pursuit, "{fixation:?}");
        }
    }
}

#[test]
fn nothing_is_fixated_in_the_middle_of_a_saccade() {
    let mut eyes = Eyes::new(GazeOptions::default(), 0.1, 3);
    eyes.rest(500_000);
    let before = eyes.updates.len();
    eyes.jump(20.0);
    // The first samples are not yet faster than the noise allows.
    let during = &eyes.updates[before + 2..];
    assert!(
        during.iter().all(|update| update.fixation.is_none()),
        "{during:?}"
    );
    assert_eq!(during.last().unwrap().state, GazeState::Saccade);
}

#[test]
fn spread_says_how_uncertain_and_becomes_a_prompt() {
    let prompt = |noise| {
        let mut eyes = Eyes::new(GazeOptions::default(), noise, 11);
        eyes.rest(1_000_000);
        let fixation = eyes.last_fixation();
        let deviation_px = fixation.spread.largest_deviation_px();
        assert!(
            (0.5..2.0).contains(&(deviation_px / px(noise))),
            "{deviation_px}"
        );
        fixation.prompt(px(0.5), px(1.5), 1280, 720).unwrap()
    };
    assert_eq!(prompt(0.1).points().len(), 1);
    assert_eq!(prompt(0.9).points().len(), 5);
    let uncertain = prompt(3.0);
    assert!(uncertain.points().is_empty());
    assert!(uncertain.prompt_box().is_some());
    assert_eq!(uncertain.check(1280, 720), Ok(()));
    let mut eyes = Eyes::new(GazeOptions::default(), 0.1, 1);
    eyes.at = Point::new(2000.0, 100.0);
    eyes.rest(500_000);
    assert_eq!(eyes.last_fixation().prompt(8.0, 24.0, 1280, 720), None);
}

#[test]
fn pursuit_is_one_fixation_that_moves() {
    for noise in [0.1, 0.5] {
        let mut eyes = Eyes::new(GazeOptions::default(), noise, 5);
        eyes.rest(300_000);
        eyes.pursue(1_500_000, [12.0, 4.0]);
        assert_eq!(eyes.tracker.counters().fixations, 1);
        let fixation = eyes.last_fixation();
        assert!(fixation.pursuit, "{fixation:?}");
        assert!(
            (fixation.speed_rad_s.to_degrees() - 12.6).abs() < 5.0,
            "{fixation:?}"
        );
        assert!(fixation.point.distance_px(eyes.at) < px(2.0));
        // Following is no uncertainty.
        assert!(fixation.spread.largest_deviation_px() < px(2.0 * noise));
        eyes.rest(600_000);
        assert!(!eyes.last_fixation().pursuit);
    }
}

#[test]
fn blinks_interrupt_and_long_ones_end() {
    let mut eyes = Eyes::new(GazeOptions::default(), 0.2, 2);
    eyes.rest(400_000);
    let begin_us = eyes.last_fixation().begin_us;
    eyes.shut(60_000);
    assert_eq!(eyes.updates.last().unwrap().state, GazeState::Blink);
    assert_eq!(eyes.updates.last().unwrap().fixation, None);
    eyes.rest(300_000);
    assert_eq!(eyes.last_fixation().begin_us, begin_us);
    assert_eq!(eyes.tracker.counters().saccades, 0);
    eyes.shut(200_000);
    assert!(matches!(
        eyes.events.last(),
        Some(GazeEvent::FixationEnded(_))
    ));
    eyes.rest(400_000);
    assert!(eyes.last_fixation().begin_us > begin_us);
    eyes.shut(700_000);
    assert_eq!(eyes.updates.last().unwrap().state, GazeState::NoSignal);
    let counters = eyes.tracker.counters();
    assert_eq!((counters.blinks, counters.fixations), (3, 2));
}

#[test]
fn a_dwell_comes_once_for_each_fixation() {
    let mut eyes = Eyes::new(GazeOptions::default(), 0.3, 4);
    let dwells = |eyes: &Eyes| {
        let is_dwell = |event: &&GazeEvent| matches!(event, GazeEvent::Dwell(_));
        eyes.events.iter().filter(is_dwell).count()
    };
    eyes.rest(500_000);
    assert_eq!(dwells(&eyes), 0);
    eyes.rest(2_000_000);
    assert_eq!(dwells(&eyes), 1);
    eyes.jump(15.0);
    eyes.rest(1_000_000);
    assert_eq!(dwells(&eyes), 2);
    assert_eq!(eyes.tracker.counters().dwells, 2);
}

#[test]
fn a_head_that_turns_under_a_resting_gaze_is_no_saccade() {
    let turn = Homography::translation(-6.0, 0.0);
    let run = |known: bool| {
        let mut eyes = Eyes::new(GazeOptions::default(), 0.1, 6);
        eyes.rest(400_000);
        for _ in 0..60 {
            eyes.time_us += STEP_US;
            eyes.at.x_px -= 6.0;
            let sample = GazeSample::at(eyes.time_us, eyes.at.x_px, eyes.at.y_px);
            eyes.push(&sample, known.then_some(&turn));
        }
        (
            eyes.tracker.counters().saccades,
            eyes.updates.last().unwrap().fixation.is_some(),
        )
    };
    // 46 degrees/s on the picture.
    assert_eq!(run(true), (0, true));
    assert_eq!(run(false), (1, false));
}

#[test]
fn times_that_run_backwards_and_bad_numbers_are_refused_and_counted() {
    let mut tracker = GazeTracker::new(GazeOptions {
        delay_us: 40_000,
        ..GazeOptions::default()
    });
    let update = tracker
        .push(&GazeSample::at(100_000, 1.0, 1.0), None)
        .unwrap();
    assert_eq!(update.time_us, 60_000);
    for found_us in [100_000, 99_999, i64::MIN] {
        let error = tracker
            .push(&GazeSample::at(found_us, 1.0, 1.0), None)
            .unwrap_err();
        assert_eq!(
            error,
            GazeError::NotLater {
                newest_us: 100_000,
                found_us
            }
        );
    }
    let error = tracker
        .push(&GazeSample::at(200_000, f64::NAN, 1.0), None)
        .unwrap_err();
    assert!(matches!(error, GazeError::NotFinite { .. }), "{error}");
    let unsure = |confidence| GazeSample {
        confidence: Some(confidence),
        ..GazeSample::at(200_000, 1.0, 1.0)
    };
    let error = tracker.push(&unsure(1.5), None).unwrap_err();
    assert!(matches!(error, GazeError::Confidence { .. }), "{error}");
    assert!(tracker.push(&unsure(0.1), None).is_ok());
    let counters = tracker.counters();
    assert_eq!(
        (counters.not_later, counters.malformed, counters.invalid),
        (3, 2, 1)
    );
    tracker.reset();
    assert!(tracker.push(&GazeSample::at(0, 1.0, 1.0), None).is_ok());
    assert_eq!(tracker.counters().not_later, 3);
}

#[test]
fn trackers_pixels_and_directions_come_to_the_frame() {
    let mut tracker = GazeTracker::new(GazeOptions {
        frame_from_tracker: Homography::scaling(0.5, 0.5, 10.0, 0.0).unwrap(),
        ..GazeOptions::default()
    });
    for index in 0..40 {
        let sample = GazeSample {
            position: GazePosition::Tracker(Point::new(400.0, 300.0)),
            ..GazeSample::at(index * STEP_US, 0.0, 0.0)
        };
        if let Some(fixation) = tracker.push(&sample, None).unwrap().fixation {
            assert!(fixation.point.distance_px(Point::new(210.0, 150.0)) < 1e-9);
        }
    }
    assert_eq!(tracker.counters().fixations, 1);
    let intrinsics = crate::motion::Intrinsics::new(900.0, 900.0, 640.0, 360.0).unwrap();
    let sample = GazeSample::towards(5, [0.2, 0.0, 2.0], &intrinsics).unwrap();
    assert_eq!(sample, GazeSample::at(5, 730.0, 360.0));
    assert_eq!(GazeSample::towards(5, [0.2, 0.0, -2.0], &intrinsics), None);
}
