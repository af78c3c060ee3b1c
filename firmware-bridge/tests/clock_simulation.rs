//! Two simulated clocks and a link between them.

use fastrand::Rng;
use fixate_bridge::clock::{ClockError, ClockSync, Exchange, LinkDelay, Pinger};
use fixate_bridge::message::{ClockPong, Kind};
use fixate_bridge::rates::Link;

const LINK: Link = Link::Uart { baud: 1_000_000 };

/// A device whose clock starts somewhere and runs wrong, behind a link that delays.
struct World {
    random: Rng,
    /// Device time at host time 0, and the drift of the device's clock, parts per million.
    start_us: f64,
    drift_ppm: f64,
    /// Drift that comes and goes with the temperature: its size, over twenty minutes.
    wander_ppm: f64,
    /// The most that the driver and the scheduler add, each way; now and then ten times as much.
    jitter_us: f64,
    /// The share of the jitter that only the answers have, 0 to 1.
    asymmetry: f64,
}

impl World {
    fn new(seed: u64) -> Self {
        World {
            random: Rng::with_seed(seed),
            start_us: 4_294_967_296.0 - 600e6,
            drift_ppm: 50.0,
            wander_ppm: 0.0,
            jitter_us: 1_000.0,
            asymmetry: 0.0,
        }
    }

    /// The device's 32 bits at a host time.
    fn device_us(&self, host_us: f64) -> u32 {
        let angle = host_us / 1_200e6 * std::f64::consts::TAU;
        let wander = self.wander_ppm * 1e-6 * 1_200e6 / std::f64::consts::TAU * (1.0 - angle.cos());
        let device = self.start_us + host_us * (1.0 + self.drift_ppm * 1e-6) + wander;
        (device as u64) as u32
    }

    fn jitter(&mut self, answer: bool) -> f64 {
        let scale = if self.random.u8(..100) == 0 {
            10.0
        } else {
            1.0
        };
        let share = if answer { 1.0 } else { 1.0 - self.asymmetry };
        self.random.f64() * self.jitter_us * share * scale
    }

    /// The exchange of a ping at a host time, with the wire's own time on top of the jitter.
    fn exchange(&mut self, pinger: &mut Pinger, host_us: u64) -> Option<Exchange> {
        let ping = pinger.poll(host_us)?;
        let arrived =
            host_us as f64 + f64::from(LINK.transmission_us(Kind::ClockPing)) + self.jitter(false);
        let answered = arrived + 50.0 + self.random.f64() * 500.0;
        let back = answered + f64::from(LINK.transmission_us(Kind::ClockPong)) + self.jitter(true);
        let pong = ClockPong {
            ping: ping.ping,
            ping_time_us: ping.ping_time_us,
            received_us: self.device_us(arrived),
            sent_us: self.device_us(answered),
        };
        pinger.answer(1, &pong, back as u64)
    }
}

/// The largest error, the largest bound, and the share of samples whose error exceeds the bound.
#[derive(Debug)]
struct Outcome {
    largest_error_us: f64,
    error_p999_us: f64,
    largest_bound_us: u32,
    bound_p50_us: u32,
    broken_share: f64,
}

/// Gaze samples at 200 Hz for some time, each converted when it arrives, after `warm_up_s`.
fn simulate(mut world: World, delay: LinkDelay, hours: f64, warm_up_s: f64) -> Outcome {
    let mut pinger = Pinger::new(100_000);
    let mut sync: ClockSync = ClockSync::new(delay);
    let (mut errors, mut bounds, mut broken) = (Vec::new(), Vec::new(), 0);
    let mut waiting: Option<Exchange> = None;
    for sample in 0..(hours * 3600.0 * 200.0) as u64 {
        let now = sample * 5_000;
        if let Some(exchange) = waiting.take_if(|exchange| exchange.host_received_us <= now) {
            sync.observe(&exchange).expect("a sound exchange");
        }
        if let Some(exchange) = world.exchange(&mut pinger, now) {
            waiting = Some(exchange);
        }
        // Taken up to 40 ms before it arrives.
        let taken = (now as f64 - 5_000.0 - world.random.f64() * 35_000.0).max(0.0);
        match sync.host_from_device(1, world.device_us(taken), now) {
            Ok(time) if now as f64 > warm_up_s * 1e6 => {
                let error = (time.host_us as f64 - taken).abs();
                broken += u32::from(error > f64::from(time.error_us));
                errors.push(error);
                bounds.push(time.error_us);
            }
            Ok(_) => {}
            Err(error) => assert_eq!((error, now < 100_000), (ClockError::NotSynchronised, true)),
        }
    }
    assert_eq!(sync.restarts(), 1, "one life, one beginning");
    errors.sort_by(f64::total_cmp);
    bounds.sort_unstable();
    Outcome {
        largest_error_us: *errors.last().expect("samples"),
        error_p999_us: errors[errors.len() * 999 / 1000],
        largest_bound_us: *bounds.last().expect("samples"),
        bound_p50_us: bounds[bounds.len() / 2],
        broken_share: f64::from(broken) / errors.len() as f64,
    }
}

fn known_delay() -> LinkDelay {
    LinkDelay {
        ping_us: LINK.transmission_us(Kind::ClockPing),
        pong_us: LINK.transmission_us(Kind::ClockPong),
    }
}

#[test]
fn an_hour_over_a_serial_line_with_jitter_and_drift() {
    for seed in 0..3 {
        // Ten minutes in, the device's 32 bits wrap.
        let outcome = simulate(World::new(seed), known_delay(), 1.0, 10.0);
        assert!(outcome.largest_error_us < 200.0, "{outcome:?}");
        assert!(outcome.broken_share <= 0.001, "{outcome:?}");
        println!("{outcome:?}");
        // The bound says something, and typical errors are far below the largest.
        assert!(
            outcome.largest_bound_us < 600 && outcome.bound_p50_us < 300,
            "{outcome:?}"
        );
        assert!(outcome.error_p999_us < 150.0, "{outcome:?}");
    }
}

#[test]
fn the_bound_holds_in_the_first_seconds_too() {
    let outcome = simulate(
        World {
            drift_ppm: -120.0,
            ..World::new(4)
        },
        known_delay(),
        0.01,
        0.0,
    );
    assert_eq!(outcome.broken_share, 0.0, "{outcome:?}");
}

#[test]
fn a_link_whose_delay_is_not_known_has_a_wider_bound() {
    let outcome = simulate(World::new(5), LinkDelay::default(), 1.0, 10.0);
    assert!(
        outcome.largest_error_us < 200.0 && outcome.broken_share <= 0.001,
        "{outcome:?}"
    );
}

#[test]
fn jitter_on_one_way_only_is_within_the_bound() {
    let world = World {
        asymmetry: 1.0,
        ..World::new(6)
    };
    let outcome = simulate(world, known_delay(), 0.3, 10.0);
    assert_eq!(outcome.broken_share, 0.0, "{outcome:?}");
    assert!(outcome.largest_error_us < 500.0, "{outcome:?}");
}

#[test]
fn a_drift_that_wanders_stays_within_the_bound() {
    let outcome = simulate(
        World {
            wander_ppm: 2.0,
            ..World::new(7)
        },
        known_delay(),
        1.0,
        10.0,
    );
    assert!(
        outcome.largest_error_us < 200.0 && outcome.broken_share <= 0.001,
        "{outcome:?}"
    );
}

#[test]
fn silence_longer_than_the_wrap_is_bridged() {
    let mut world = World {
        jitter_us: 100.0,
        ..World::new(8)
    };
    let (mut pinger, mut sync) = (Pinger::new(100_000), ClockSync::<64>::default());
    for now in (0..60_000_000).step_by(100_000) {
        let exchange = world.exchange(&mut pinger, now).expect("a ping is due");
        sync.observe(&exchange).expect("sound");
    }
    // Two hours: the 32 bits wrap once or twice unseen.
    let later = 7_260_000_000;
    let time = sync
        .host_from_device(1, world.device_us(later as f64), later)
        .expect("synchronised");
    assert!(
        time.host_us.abs_diff(later) <= u64::from(time.error_us),
        "{time:?}"
    );
    let exchange = world.exchange(&mut pinger, later).expect("a ping is due");
    assert_eq!(sync.observe(&exchange), Ok(()));
    assert_eq!(sync.restarts(), 1);
}
