//! A session from outside.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Sender, bounded};

use super::camera::Turn;
use super::clock::now_us;
use super::crew::{Crew, Spares};
use super::decoding::DecoderDesk;
use super::drawing::MaskPixels;
use super::encoding::EncoderDesk;
use super::error::SessionError;
use super::model::SessionModel;
use super::options::SessionOptions;
use super::orders::News;
use super::outbox::SessionAnswer;
use super::pixels::OwnFrame;
use super::pool::Pool;
use super::shared::{Counts, Shared};
use super::state::{Orders, State};
use super::stats::SessionStats;
use super::timekeeper;
use super::warm_up::warm_up;
use crate::engine::gaze::GazeSample;
use crate::engine::{
    Accepted, Engine, EngineError, EngineOptions, FrameId, GazeOutcome, PromptShape,
};
use crate::frame::Frame;
use crate::prompt::Prompt;

/// Frames in use at once: one being copied, one for the camera's thread, one that it looks at, the
/// newest, one that waits for the encoder, one being encoded, those of encoders that hang.
const MOST_FRAMES: usize = 10;
/// Samples of the gyroscope between two frames, at 1 kHz and 10 Hz.
const MOST_TURNS: usize = 128;
/// More than ever wait for the time-keeping thread.
const MOST_NEWS: usize = 64;

/// A camera's pictures, looks and prompts in; masks by their deadlines out. Threads, slots and the clock
/// around an [`Engine`].
///
/// All methods may be called from any thread. Pushing never waits for another thread's work.
pub struct Session {
    shared: Arc<Shared>,
    frames: Mutex<Frames>,
    turns: Sender<Turn>,
    news: Sender<News>,
    stopped: AtomicBool,
    /// The number of the newest frame pushed, 0 for none.
    newest_frame: AtomicU64,
    timekeeper: Mutex<Option<JoinHandle<usize>>>,
    engine_options: EngineOptions,
}

/// What pushing frames needs.
struct Frames {
    pool: Pool<OwnFrame>,
    count: u64,
    newest_us: Option<i64>,
}

impl Session {
    /// Warms the model up and starts the threads.
    ///
    /// # Errors
    /// When the model fails, or the system gives no more threads.
    pub fn start(model: SessionModel, options: &SessionOptions) -> Result<Self, SessionError> {
        let mut options = options.clone();
        let SessionModel {
            encoder,
            decoder,
            spec,
        } = model;
        let spares = Spares {
            encoder: encoder.fork(),
            decoder: decoder.fork(),
            spec,
        };
        let mut encoder = EncoderDesk::new(encoder, decoder.fork(), spec)?;
        let (choice, kept) = (options.engine.choice, options.answers_kept);
        let mut decoder = DecoderDesk::new(decoder, choice, kept);
        warm_up(
            &mut encoder,
            &mut decoder,
            options.expected_size_px,
            options.warm_up_runs,
            &mut options.engine,
        )?;
        let (encode, encode_orders) = bounded(1);
        let (decode, decode_orders) = bounded(1);
        let (move_mask, move_orders) = bounded(1);
        let (news, news_in) = bounded(MOST_NEWS);
        let (turns, turns_in) = bounded(MOST_TURNS);
        let orders = Orders {
            encode,
            decode,
            move_mask,
        };
        let engine = Engine::new(options.engine);
        let state = State::new(engine, orders, news.clone(), options.told.take());
        let shared = Arc::new(Shared::new(state, kept));
        let engine_options = options.engine;
        let mut crew = Crew::new(options, news.clone(), spares);
        let started = crew
            .start_camera(&shared, turns_in)
            .and_then(|()| crew.start_mover(&shared, move_orders))
            .and_then(|()| crew.start_encoder(encoder, encode_orders, 0))
            .and_then(|()| crew.start_decoder(&shared, decoder, decode_orders, 0));
        let timekeeper = started.and_then(|()| {
            let shared = Arc::clone(&shared);
            let started = Builder::new()
                .name("fixate-timekeeper".to_owned())
                .spawn(move || timekeeper::run(&shared, news_in, crew));
            started.map_err(|error| SessionError::Threads(error.kind()))
        });
        let timekeeper = timekeeper.inspect_err(|_| close(&shared))?;
        Ok(Self {
            shared,
            frames: Mutex::new(Frames {
                pool: Pool::new(MOST_FRAMES, OwnFrame::empty),
                count: 0,
                newest_us: None,
            }),
            turns,
            news,
            stopped: AtomicBool::new(false),
            newest_frame: AtomicU64::new(0),
            timekeeper: Mutex::new(Some(timekeeper)),
            engine_options,
        })
    }

    /// The engine's options as they are after the warm-up: what a replay starts from.
    #[must_use]
    pub fn engine_options(&self) -> &EngineOptions {
        &self.engine_options
    }

    /// Takes a frame, copying its pixels. Its capture time is in microseconds of [`now_us`], and later
    /// than that of the frame before. Prompts name it by what is given back.
    ///
    /// # Errors
    /// When it is not later, or from the future; when the session has been stopped.
    pub fn push_frame(&self, frame: &Frame<'_>) -> Result<FrameId, SessionError> {
        self.check()?;
        let counts = &self.shared.counts;
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        Counts::add(&counts.frames_pushed);
        let found_us = frame.capture_time_us();
        let refused = frames.refusal(found_us, self.engine_options.clock_difference_us);
        if let Some(error) = refused {
            Counts::add(&counts.frames_dropped);
            return Err(SessionError::Refused(error));
        }
        let id = FrameId(frames.count + 1);
        let copied = frames
            .pool
            .fill(|own| own.copy_from(id, frame).map_err(SessionError::Frame));
        let Some(own) = copied else {
            Counts::add(&counts.frames_dropped);
            return Err(SessionError::NoBuffer);
        };
        let own = own?;
        frames.count += 1;
        frames.newest_us = Some(found_us);
        self.newest_frame.store(id.0, Ordering::Release);
        if self.shared.camera.put(own).is_some() {
            Counts::add(&counts.frames_dropped);
        }
        Ok(id)
    }

    /// Takes a sample of an eye tracker, its time in microseconds of [`now_us`]. While the eyes rest on,
    /// or follow, something, it is a prompt.
    ///
    /// # Errors
    /// When its numbers mean nothing, or it is not later than the one before; when the session has been
    /// stopped.
    pub fn push_gaze(&self, sample: &GazeSample) -> Result<GazeOutcome, SessionError> {
        self.shared.gaze(now_us(), sample)
    }

    /// Takes a prompt of points, a box or both, in pixels of this frame (or else of the newest), to be
    /// answered within `budget_us` microseconds, or the usual time. A frame whose motion is still being
    /// estimated, or that was left out, stands for the one before it.
    ///
    /// # Errors
    /// When the frame was never pushed, or is too old; when the prompt means nothing on it; when there is
    /// no time; when the session has been stopped.
    pub fn push_prompt(
        &self,
        frame: Option<FrameId>,
        prompt: &Prompt,
        budget_us: Option<i64>,
    ) -> Result<Accepted, SessionError> {
        let pushed_us = now_us();
        if prompt.mask.is_some() {
            return Err(SessionError::MaskPrompt);
        }
        let shape = PromptShape::of(prompt)?;
        let newest = self.newest_frame.load(Ordering::Acquire);
        if let Some(found) = frame.filter(|frame| frame.0 == 0 || frame.0 > newest) {
            self.check()?;
            let newest = (newest > 0).then_some(FrameId(newest));
            return Err(SessionError::NeverPushed { found, newest });
        }
        self.shared.prompt(pushed_us, frame, &shape, budget_us)
    }

    /// Takes a sample of a gyroscope at the camera: angular velocity about the camera's own axes, rad/s.
    /// Its time is in microseconds of [`now_us`].
    ///
    /// # Errors
    /// When a rate is not finite, or the sample not later than the one before; when the session has been
    /// stopped.
    pub fn push_imu(&self, time_us: i64, rate_rad_s: [f64; 3]) -> Result<(), SessionError> {
        self.shared.turn(time_us, rate_rad_s)?;
        let turn = Turn {
            time_us,
            rate_rad_s,
        };
        if self.turns.try_send(turn).is_err() {
            Counts::add(&self.shared.counts.turns_dropped);
        }
        Ok(())
    }

    /// Wants the next good frame encoded, whatever the motion.
    ///
    /// # Errors
    /// When the session has been stopped.
    pub fn ask_keyframe(&self) -> Result<(), SessionError> {
        self.shared.ask_keyframe()
    }

    /// The oldest answer that nobody took, if there is one. Its pixels are written into `pixels`, unless
    /// it has none.
    pub fn poll_answer(&self, pixels: &mut MaskPixels) -> Option<SessionAnswer> {
        self.shared.outbox.take(Duration::ZERO, pixels)
    }

    /// The same, waiting for one at most so long, or until the session stops.
    pub fn wait_answer(&self, within: Duration, pixels: &mut MaskPixels) -> Option<SessionAnswer> {
        self.shared.outbox.take(within, pixels)
    }

    /// What has been done so far. Allocates.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        let times = self.shared.outbox.times();
        let counts = &self.shared.counts;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let state = self.shared.lock();
        SessionStats {
            engine: *state.engine.counters(),
            keyframes: *state.engine.keyframes().counters(),
            gaze: *state.engine.gaze().counters(),
            gaze_prompts: state.gaze_prompts,
            latency_ms: times.latency.quantiles(),
            mask_age_ms: times.mask_age.quantiles(),
            encode_ms: state.encode_times.quantiles(),
            decode_ms: state.decode_times.quantiles(),
            in_time: times.in_time,
            missed: times.missed,
            longest_miss_streak: times.longest_miss_streak,
            answers_dropped: times.dropped,
            frames_pushed: read(&counts.frames_pushed),
            frames_dropped: read(&counts.frames_dropped),
            imu_dropped: read(&counts.turns_dropped),
            events_dropped: state.events_dropped,
            encoders_replaced: state.encoder_generation,
            decoders_replaced: state.decoder_generation,
        }
    }

    /// Stops all threads, and waits for them at most as long as the options say. Tells how many did not
    /// end: threads that hang are left to themselves. Answers that are there can still be taken; whoever
    /// waits for one goes on without. The second time it does nothing.
    pub fn stop(&self) -> usize {
        self.stopped.store(true, Ordering::Relaxed);
        close(&self.shared);
        // Nobody listens any more if the thread is gone.
        let _ = self.news.send(News::Stop);
        let mut timekeeper = self
            .timekeeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let ended = timekeeper.take().map(JoinHandle::join);
        match ended {
            Some(Ok(left)) => left,
            Some(Err(_)) => {
                log::error!("the session's time-keeping thread panicked");
                0
            }
            None => 0,
        }
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), SessionError> {
        if self.is_stopped() {
            return Err(SessionError::Stopped);
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Threads that wait for work end, and so does waiting for answers.
fn close(shared: &Shared) {
    shared.lock().orders = None;
    shared.camera.close();
    shared.outbox.close();
}

impl Frames {
    /// Why a frame of this capture time is refused.
    fn refusal(&self, found_us: i64, clock_difference_us: i64) -> Option<EngineError> {
        if let Some(newest_us) = self.newest_us
            && found_us <= newest_us
        {
            return Some(EngineError::FrameNotLater {
                newest_us,
                found_us,
            });
        }
        let now_us = now_us();
        (found_us > now_us.saturating_add(clock_difference_us)).then_some(EngineError::FromFuture {
            name: "frame",
            now_us,
            found_us,
        })
    }
}
