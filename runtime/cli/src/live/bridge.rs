//! An eye tracker and a gyroscope behind a microcontroller's link; what is seen there goes back to it.

use super::summary::summary;
use crate::failure::Failure;
use crossbeam_channel::{Receiver, Sender, bounded};
use fixate::engine::gaze::GazeSample;
use fixate::engine::{Answer, PromptId};
use fixate::mask::Bitmap;
use fixate::motion::Intrinsics;
use fixate::prompt::Prompt;
use fixate::session::{Session, now_us};
use fixate_bridge::clock::LinkDelay;
use fixate_bridge::host::{self, Action, Connection, Reconnect};
use fixate_bridge::message::{
    self as wire, Configuration, GazePoint, GazeState, MaskSummary, Message,
};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::Duration;

/// Of serial ports.
const BAUD: u32 = 1_000_000;
const TIMEOUT: Duration = Duration::from_millis(1);
/// Between two attempts at a line that has broken.
const FIRST_WAIT_US: u64 = 100_000;
const LONGEST_WAIT_US: u64 = 2_000_000;
/// Prompts whose answers are still to come.
const MOST_PROMPTS: usize = 256;
const MOST_SUMMARIES: usize = 64;

/// What is told to the device of an answer.
pub(super) struct Summary {
    prompt: PromptId,
    in_time: bool,
    answer: wire::Answer,
}

/// Where summaries of answers go.
pub(super) struct SummaryWay(Sender<Summary>);

/// Talks over a line, the one that was opened, or opened again.
type Run = Box<dyn FnMut(&mut Talk<'_>, &Receiver<Summary>) -> std::io::Result<()> + Send>;

/// A link to a device.
pub(super) struct Bridge {
    address: String,
    run: Run,
    summaries: Receiver<Summary>,
}

/// Opens a line; gives the two ends of a link, one for the thread that talks, one for the reader of answers.
pub(super) fn open(address: &str) -> Result<(Bridge, SummaryWay), Failure> {
    let (sender, summaries) = bounded(MOST_SUMMARIES);
    let local = address.bytes().all(|byte| byte.is_ascii_digit());
    let address = match local {
        true => format!("127.0.0.1:{address}"),
        false => address.to_owned(),
    };
    let to = address.clone();
    let opened = match address.starts_with('/') {
        true => lines(move || Connection::serial(&to, BAUD, TIMEOUT)),
        false => lines(move || Connection::tcp(to.as_str(), TIMEOUT)),
    };
    let run = opened.map_err(|error| broken(&address, &error))?;
    let bridge = Bridge {
        address,
        run,
        summaries,
    };
    Ok((bridge, SummaryWay(sender)))
}

/// Opens a line now, and again where the one before has broken.
fn lines<T: Read + Write + Send + 'static>(
    mut open: impl FnMut() -> std::io::Result<Connection<T>> + Send + 'static,
) -> std::io::Result<Run> {
    let mut opened = Some(open()?);
    Ok(Box::new(move |talk: &mut Talk<'_>, said: &_| {
        let line = match opened.take() {
            Some(line) => line,
            None => open()?,
        };
        talk.run(line, said)
    }))
}

fn broken(address: &str, error: &std::io::Error) -> Failure {
    Failure::Failed(format!(
        "bridge {address}: {error}; give a serial port's path, HOST:PORT or PORT of a device that is there"
    ))
}

impl SummaryWay {
    /// Tells the device of an answer; whoever reads answers never waits.
    pub(super) fn tell(&self, answer: &Answer, in_time: bool, mask: &Bitmap) {
        let prompt = answer.prompt;
        let answer = summary(answer, mask);
        // A device that listens too slowly misses some.
        let _ = self.0.try_send(Summary {
            prompt,
            in_time,
            answer,
        });
    }
}

impl Bridge {
    /// Talks to the device until this time, microseconds, over another line where one breaks. Inertial samples are passed
    /// on if the camera is not a scene, which turns by itself.
    pub(super) fn talk(
        mut self,
        session: &Session,
        until_us: i64,
        intrinsics: Option<&Intrinsics>,
        turns: bool,
    ) -> Result<(), Failure> {
        // A number that differs from start to start.
        let boot = now_us() as u16;
        let mut talk = Talk {
            link: host::Session::new(boot, LinkDelay::default()),
            session,
            until_us,
            intrinsics,
            turns,
            prompts: VecDeque::with_capacity(MOST_PROMPTS),
            configure: false,
        };
        let mut reconnect = Reconnect::new(FIRST_WAIT_US, LONGEST_WAIT_US);
        while now_us() < until_us {
            match reconnect.poll(host_us()) {
                Action::Wait { until_us: wait_us } => {
                    let end_us = u64::try_from(until_us).unwrap_or_default();
                    let left_us = wait_us.min(end_us).saturating_sub(host_us());
                    std::thread::sleep(Duration::from_micros(left_us));
                }
                Action::Connect | Action::Stay => {
                    reconnect.connected(host_us());
                    if let Err(error) = (self.run)(&mut talk, &self.summaries) {
                        log::warn!("bridge {}: {error}; it is tried again", self.address);
                        reconnect.failed(host_us());
                    }
                }
            }
        }
        log::info!("the bridge: {:?}", talk.link.statistics());
        Ok(())
    }
}

struct Talk<'a> {
    link: host::Session,
    session: &'a Session,
    until_us: i64,
    intrinsics: Option<&'a Intrinsics>,
    turns: bool,
    /// Prompts and the device's times of the samples that made them.
    prompts: VecDeque<(PromptId, u32)>,
    configure: bool,
}

impl Talk<'_> {
    /// Until the time is over, or the line breaks.
    fn run<T: Read + Write>(
        &mut self,
        mut connection: Connection<T>,
        summaries: &Receiver<Summary>,
    ) -> std::io::Result<()> {
        let mut buffer = [0; 4096];
        while now_us() < self.until_us {
            let bytes = connection.read(&mut buffer)?;
            let mut events = Vec::new();
            self.link
                .receive(bytes, host_us(), |event| events.push(event));
            events.into_iter().for_each(|event| self.take(event));
            let mut out = Vec::new();
            if std::mem::take(&mut self.configure) {
                let wish = Configuration {
                    gaze_hz: 200,
                    imu_hz: 200,
                    health_period_ms: 1000,
                    strobes: false,
                };
                send(&mut self.link, &wish.into(), &mut out);
            }
            for summary in summaries.try_iter() {
                let known = self.prompts.iter();
                let time = known.rev().find(|(prompt, _)| *prompt == summary.prompt);
                if let Some((_, prompt_time_us)) = time {
                    let summary = MaskSummary {
                        prompt_time_us: *prompt_time_us,
                        in_time: summary.in_time,
                        answer: summary.answer,
                    };
                    send(&mut self.link, &summary.into(), &mut out);
                }
            }
            self.link.poll(host_us(), &mut out);
            connection.write(&out)?;
        }
        Ok(())
    }

    fn take(&mut self, event: host::Event) {
        match event {
            host::Event::Agreed(_) => self.configure = true,
            host::Event::Refused(error) => log::warn!("the device cannot be talked to: {error}"),
            host::Event::Message {
                received,
                host_time: Some(time),
            } => {
                let time_us = i64::try_from(time.host_us).unwrap_or(i64::MAX);
                match received.message {
                    Message::GazeSample(gaze) => self.gaze(&gaze, time_us),
                    Message::GraspPoint(point) => self.grasp(&point),
                    Message::ImuSample(imu) if self.turns => {
                        let rate = imu.angular_rate_rad_s.map(f64::from);
                        let _ = self.session.push_imu(time_us, rate);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn gaze(&mut self, gaze: &wire::GazeSample, time_us: i64) {
        let sample = match (gaze.state, gaze.point, self.intrinsics) {
            // The wire counts from the first pixel's corner, fixate from its centre.
            (GazeState::Tracked, GazePoint::Pixel { x_px, y_px }, _) => Some(GazeSample::at(
                time_us,
                f64::from(x_px) - 0.5,
                f64::from(y_px) - 0.5,
            )),
            (GazeState::Tracked, GazePoint::Direction { yaw_rad, pitch_rad }, Some(intrinsics)) => {
                let (yaw, pitch) = (f64::from(yaw_rad), f64::from(pitch_rad));
                let direction = [
                    pitch.cos() * yaw.sin(),
                    -pitch.sin(),
                    pitch.cos() * yaw.cos(),
                ];
                GazeSample::towards(time_us, direction, intrinsics)
            }
            _ => None,
        };
        let mut sample = sample.unwrap_or(GazeSample::missing(time_us));
        let confidence = gaze.confidence_permille;
        sample.confidence = confidence.map(|permille| f32::from(permille) / 1000.0);
        // Refusals, such as of what comes twice, are counted by the session.
        let Ok(outcome) = self.session.push_gaze(&sample) else {
            return;
        };
        if let Some(accepted) = outcome.accepted {
            self.remember(accepted.prompt, gaze.device_time_us);
        }
    }

    /// A pixel of the newest frame.
    fn grasp(&mut self, point: &wire::GraspPoint) {
        // The first pixel's corner and its centre both belong to it.
        let first = |px: f32| (px - 0.5).max(0.0).min(px);
        let prompt = Prompt::point(first(point.x_px), first(point.y_px));
        match self.session.push_prompt(None, &prompt, None) {
            Ok(accepted) => self.remember(accepted.prompt, point.device_time_us),
            Err(error) => log::warn!("a grasp point was refused: {error}"),
        }
    }

    fn remember(&mut self, prompt: PromptId, device_time_us: u32) {
        if self.prompts.len() == MOST_PROMPTS {
            self.prompts.pop_front();
        }
        self.prompts.push_back((prompt, device_time_us));
    }
}

/// The session's clock, which is not negative.
fn host_us() -> u64 {
    u64::try_from(now_us()).unwrap_or_default()
}

fn send(link: &mut host::Session, message: &Message, out: &mut Vec<u8>) {
    if let Err(error) = link.send(message, out) {
        log::warn!("a message to the device was left out: {error}");
    }
}
