//! Talks to the demo firmware and checks everything that it says.
//!
//! `cargo run --release -p fixate-bridge --features host --example demo_check -- ADDRESS [SECONDS]`, where the emulator
//! listens at ADDRESS, such as 127.0.0.1:5555; with the feature `serial`, ADDRESS may be a serial port's or
//! pseudo-terminal's path. `.ci/firmware` runs it.
// A program whose purpose is to print.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use fixate_bridge::clock::LinkDelay;
use fixate_bridge::host::{Action, Connection, Event, Reconnect, Session};
use fixate_bridge::message::*;

/// What was sent and seen.
#[derive(Debug, Default)]
struct Check {
    configured: Option<Configuration>,
    /// When the device was found, and when the talk ended, host time.
    from_us: u64,
    until_us: u64,
    gaze: Stream,
    imu: Stream,
    strobe: Stream,
    masks_sent: u32,
    health: Option<Health>,
    faults: Vec<String>,
    largest_error_us: u32,
    largest_age_us: u64,
}

/// Samples whose times must lie a period apart.
#[derive(Debug, Default)]
struct Stream {
    count: u32,
    last_us: Option<u32>,
}

impl Stream {
    fn take(&mut self, name: &str, time_us: u32, period_us: u32, faults: &mut Vec<String>) {
        if let Some(step) = self
            .last_us
            .map(|last| time_us.wrapping_sub(last))
            .filter(|&step| step != period_us)
        {
            faults.push(format!(
                "{name} {}: {step} us after the last, not {period_us}",
                self.count
            ));
        }
        self.count += 1;
        self.last_us = Some(time_us);
    }
}

impl Check {
    fn message(&mut self, message: Message) {
        let faults = &mut self.faults;
        match message {
            Message::Configuration(configuration) => self.configured = Some(configuration),
            Message::GazeSample(gaze) => {
                let blink = self.gaze.count % 100 == 99;
                let x_px = 540.0 + (self.gaze.count % 200) as f32;
                if gaze.point != (GazePoint::Pixel { x_px, y_px: 360.0 })
                    || blink != (gaze.state == GazeState::Blink)
                {
                    faults.push(format!("gaze {}: {gaze:?}", self.gaze.count));
                }
                self.gaze.take("gaze", gaze.device_time_us, 5_000, faults);
            }
            Message::ImuSample(imu) => self.imu.take("imu", imu.device_time_us, 5_000, faults),
            Message::FrameStrobe(strobe) => {
                if strobe.frame_number != self.strobe.count {
                    faults.push(format!("strobe {}: {strobe:?}", self.strobe.count));
                }
                self.strobe
                    .take("strobe", strobe.exposure_start_us, 33_333, faults);
            }
            Message::Health(health) => self.health = Some(health),
            other => faults.push(format!("unexpected {other:?}")),
        }
    }
}

/// An answer to the newest gaze sample.
fn mask(prompt_time_us: u32) -> MaskSummary {
    MaskSummary {
        prompt_time_us,
        in_time: true,
        answer: Answer::Mask {
            kind: AnswerKind::Fresh,
            mask_age_us: 40_000,
            shape: MaskShape {
                left_px: 500,
                top_px: 300,
                width_px: 100,
                height_px: 120,
                area_px: 9_000,
                centroid_x_px: 550.0,
                centroid_y_px: 360.5,
                major_axis_px: 118.0,
                minor_axis_px: 97.0,
                axis_angle_rad: 1.2,
                score_permille: 930,
                touches_border: false,
            },
        },
    }
}

/// Talks for some seconds; masks are sent until a second and a half before the end, so that the last health message
/// counts all of them.
fn talk<T: Read + Write>(
    mut connection: Connection<T>,
    seconds: f64,
    clock: &Instant,
) -> Result<(Check, Session), Box<dyn Error>> {
    let now_us = || clock.elapsed().as_micros() as u64;
    let mut session = Session::new(std::process::id() as u16, LinkDelay::default());
    let (mut check, mut buffer) = (Check::default(), [0; 4096]);
    let begin = now_us();
    let end = begin + (seconds * 1e6) as u64;
    let mut next_mask_us = 0;
    while now_us() < end {
        let bytes = connection.read(&mut buffer)?;
        let (now, mut configure) = (now_us(), false);
        session.receive(bytes, now, |event| match event {
            Event::Agreed(_) => {
                configure = true;
                check.from_us = now;
            }
            Event::Refused(error) => check.faults.push(error.to_string()),
            Event::Dropped(dropped) => check.faults.push(dropped.to_string()),
            Event::Message {
                received,
                host_time,
            } => {
                check.message(received.message);
                if let Some(time) = host_time.filter(|_| now > check.from_us + 2_000_000) {
                    check.largest_error_us = check.largest_error_us.max(time.error_us);
                    check.largest_age_us =
                        check.largest_age_us.max(now.saturating_sub(time.host_us));
                    if time.host_us > now + u64::from(time.error_us) {
                        check
                            .faults
                            .push(format!("from the future: {time:?} at {now}"));
                    }
                }
            }
            _ => {}
        });
        let mut out = Vec::new();
        if configure {
            let wish = Configuration {
                gaze_hz: 200,
                imu_hz: 200,
                health_period_ms: 250,
                strobes: true,
            };
            session.send(&wish.into(), &mut out)?;
        }
        if let Some(prompt) = check
            .gaze
            .last_us
            .filter(|_| now >= next_mask_us && now + 1_500_000 < end)
        {
            session.send(&mask(prompt).into(), &mut out)?;
            check.masks_sent += 1;
            next_mask_us = now + 16_667;
        }
        session.poll(now_us(), &mut out);
        connection.write(&out)?;
    }
    check.until_us = now_us();
    Ok((check, session))
}

/// Everything that must hold after some seconds.
fn judge(check: &mut Check, session: &Session) {
    let seconds = (check.until_us - check.from_us) as f64 / 1e6;
    let statistics = session.statistics();
    let (link, faults) = (statistics.link, &mut check.faults);
    let mut must = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    must(session.agreed().is_some(), "no handshake");
    must(
        check
            .configured
            .is_some_and(|configured| configured.gaze_hz == 200),
        "not configured",
    );
    // The first part of a second goes into the handshake.
    let at_least = |rate: f64| ((seconds - 1.0) * rate) as u32;
    must(check.gaze.count >= at_least(199.0), "too few gaze samples");
    must(
        check.imu.count >= at_least(199.0),
        "too few inertial samples",
    );
    must(check.strobe.count >= at_least(29.5), "too few strobes");
    must(
        link.missed == 0 && link.duplicates == 0 && link.restarts == 0,
        "messages were lost",
    );
    // How many are sent is up to how often this program gets to run; that each is answered is not.
    must(
        statistics.pings_lost == 0 && statistics.pings_answered >= at_least(1.0),
        "pings were not answered",
    );
    must(
        statistics.exchanges_refused == 0 && statistics.clock_restarts == 1,
        "the clock is not steady",
    );
    let health = check.health.unwrap_or_default();
    must(
        health.missed == 0 && health.damaged == 0 && health.outbox_dropped == 0,
        "the device lost messages",
    );
    must(
        check.masks_sent > 0 && health.masks_received == check.masks_sent,
        "not every mask arrived",
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("usage: demo_check ADDRESS [SECONDS]")?;
    let seconds: f64 = arguments
        .next()
        .map_or(Ok(5.0), |seconds| seconds.parse())?;
    let (clock, timeout) = (Instant::now(), Duration::from_millis(1));
    let mut reconnect = Reconnect::new(50_000, 1_000_000);
    let (mut check, session) = loop {
        let now_us = clock.elapsed().as_micros() as u64;
        match reconnect.poll(now_us) {
            Action::Wait { until_us } => {
                std::thread::sleep(Duration::from_micros(until_us - now_us))
            }
            _ if reconnect.failures() > 20 => {
                return Err(format!("nothing answers at {address}").into());
            }
            _ => {
                #[cfg(feature = "serial")]
                if address.starts_with('/') {
                    break talk(
                        Connection::serial(&address, 1_000_000, timeout)?,
                        seconds,
                        &clock,
                    )?;
                }
                match Connection::tcp(&address, timeout) {
                    Ok(connection) => break talk(connection, seconds, &clock)?,
                    Err(_) => reconnect.failed(clock.elapsed().as_micros() as u64),
                }
            }
        }
    };
    judge(&mut check, &session);
    let statistics = session.statistics();
    println!(
        "gaze {}, inertial {}, strobes {}, masks {} in {seconds} s; {} bytes in, {} out; {} lost, {} damaged",
        check.gaze.count,
        check.imu.count,
        check.strobe.count,
        check.masks_sent,
        statistics.bytes_received,
        statistics.bytes_sent,
        statistics.link.missed,
        statistics.link.damaged + statistics.link.overlong,
    );
    println!(
        "clock: {} pings answered, shortest round trip {} us, drift {:.1} ppm, error at most {} us after 2 s; oldest message {} us",
        statistics.pings_answered,
        statistics.shortest_round_trip_us.unwrap_or_default(),
        statistics.drift_ppm.unwrap_or_default(),
        check.largest_error_us,
        check.largest_age_us,
    );
    for fault in check.faults.iter().take(10) {
        println!("fault: {fault}");
    }
    if check.faults.is_empty() {
        Ok(())
    } else {
        Err(format!("{} faults", check.faults.len()).into())
    }
}
