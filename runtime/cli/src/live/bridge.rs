//! An eye tracker and a gyroscope behind a microcontroller's link; what is seen there goes back to it.

use crate::failure::Failure;
use crossbeam_channel::{Receiver, Sender, bounded};
use fixate::engine::gaze::GazeSample;
use fixate::engine::{Answer, AnswerKind, NoneReason, PromptId};
use fixate::mask::Bitmap;
use fixate::motion::Intrinsics;
use fixate::session::{Session, now_us};
use fixate::tasks::grasp::MaskShape;
use fixate_bridge::clock::LinkDelay;
use fixate_bridge::host::{self, Connection};
use fixate_bridge::message::{
    self as wire, Configuration, GazePoint, GazeState, MaskSummary, Message,
};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::time::Duration;

/// Of serial ports.
const BAUD: u32 = 1_000_000;
const TIMEOUT: Duration = Duration::from_millis(1);
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

/// Talks over the line that was opened.
type Run = Box<dyn FnOnce(Talk<'_>, &Receiver<Summary>) -> std::io::Result<()> + Send>;

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
    let opened: std::io::Result<Run> = match address.starts_with('/') {
        true => Connection::serial(&address, BAUD, TIMEOUT)
            .map(|line| Box::new(move |talk: Talk<'_>, said: &_| talk.run(line, said)) as Run),
        false => Connection::tcp(address.as_str(), TIMEOUT)
            .map(|line| Box::new(move |talk: Talk<'_>, said: &_| talk.run(line, said)) as Run),
    };
    let run = opened.map_err(|error| broken(&address, &error))?;
    let bridge = Bridge {
        address,
        run,
        summaries,
    };
    Ok((bridge, SummaryWay(sender)))
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
    /// Talks to the device until this time, microseconds. Inertial samples are passed on if the camera is not a scene,
    /// which turns by itself.
    pub(super) fn talk(
        self,
        session: &Session,
        until_us: i64,
        intrinsics: Option<&Intrinsics>,
        turns: bool,
    ) -> Result<(), Failure> {
        let talk = Talk {
            session,
            until_us,
            intrinsics,
            turns,
            prompts: VecDeque::with_capacity(MOST_PROMPTS),
            configure: false,
        };
        (self.run)(talk, &self.summaries).map_err(|error| broken(&self.address, &error))
    }
}

struct Talk<'a> {
    session: &'a Session,
    until_us: i64,
    intrinsics: Option<&'a Intrinsics>,
    turns: bool,
    /// Prompts and the device's times of the samples that made them.
    prompts: VecDeque<(PromptId, u32)>,
    configure: bool,
}

impl Talk<'_> {
    fn run<T: Read + Write>(
        mut self,
        mut connection: Connection<T>,
        summaries: &Receiver<Summary>,
    ) -> std::io::Result<()> {
        // A number that differs from start to start.
        let boot = now_us() as u16;
        let mut link = host::Session::new(boot, LinkDelay::default());
        let mut buffer = [0; 4096];
        while now_us() < self.until_us {
            let bytes = connection.read(&mut buffer)?;
            link.receive(bytes, host_us(), |event| self.take(event));
            let mut out = Vec::new();
            if std::mem::take(&mut self.configure) {
                let wish = Configuration {
                    gaze_hz: 200,
                    imu_hz: 200,
                    health_period_ms: 1000,
                    strobes: false,
                };
                send(&mut link, &wish.into(), &mut out);
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
                    send(&mut link, &summary.into(), &mut out);
                }
            }
            link.poll(host_us(), &mut out);
            connection.write(&out)?;
        }
        log::info!("the bridge: {:?}", link.statistics());
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
            if self.prompts.len() == MOST_PROMPTS {
                self.prompts.pop_front();
            }
            self.prompts
                .push_back((accepted.prompt, gaze.device_time_us));
        }
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

fn summary(answer: &Answer, mask: &Bitmap) -> wire::Answer {
    let kind = match answer.kind {
        AnswerKind::Fresh => wire::AnswerKind::Fresh,
        AnswerKind::Propagated => wire::AnswerKind::Propagated,
        AnswerKind::Held => wire::AnswerKind::Held,
        AnswerKind::None(reason) => return wire::Answer::None(reason_of(reason)),
    };
    let shape = answer.drawn.as_ref().zip(MaskShape::of(mask));
    let Some((drawn, shape)) = shape else {
        return wire::Answer::None(wire::NoneReason::Nothing);
    };
    let [left, top, width, height] = mask.bounding_box();
    let small = |pixels: usize| u16::try_from(pixels).unwrap_or(u16::MAX);
    let score = drawn
        .shown()
        .map_or(0.0, |shown| shown.predicted_iou.clamp(0.0, 1.0));
    let axes = &shape.axes;
    let major_axis_px = axes.length_px.max(axes.width_px);
    wire::Answer::Mask {
        kind,
        mask_age_us: answer
            .mask_age_us
            .map_or(0, |age_us| u32::try_from(age_us).unwrap_or(u32::MAX)),
        shape: wire::MaskShape {
            left_px: small(left),
            top_px: small(top),
            width_px: small(width),
            height_px: small(height),
            area_px: u32::try_from(shape.area_px).unwrap_or(u32::MAX),
            centroid_x_px: (shape.centroid.x_px + 0.5) as f32,
            centroid_y_px: (shape.centroid.y_px + 0.5) as f32,
            major_axis_px: major_axis_px as f32,
            minor_axis_px: axes.width_px as f32,
            axis_angle_rad: axes.major[1].atan2(axes.major[0]) as f32,
            score_permille: (score * 1000.0) as u16,
            touches_border: shape.touches_border,
        },
    }
}

fn reason_of(reason: NoneReason) -> wire::NoneReason {
    match reason {
        NoneReason::NoKeyframe => wire::NoneReason::NoKeyframe,
        NoneReason::OffKeyframe | NoneReason::FrameSizeChanged => wire::NoneReason::OffFrame,
        NoneReason::NothingFound => wire::NoneReason::Nothing,
        _ => wire::NoneReason::Failed,
    }
}
