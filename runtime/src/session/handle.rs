//! A session from outside.

use std::sync::atomic::{AtomicBool, Ordering};
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
use super::intake::Intake;
use super::model::SessionModel;
use super::options::SessionOptions;
use super::orders::News;
use super::outbox::SessionAnswer;
use super::shared::{Counts, Shared};
use super::state::{Orders, State};
use super::stats::SessionStats;
use super::timekeeper;
use super::warm_up::warm_up;
use crate::engine::gaze::GazeSample;
use crate::engine::{Accepted, Engine, EngineOptions, FrameId, GazeOutcome, PromptShape};
use crate::frame::{Frame, LentFrame};
use crate::prompt::Prompt;

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
    intake: Intake,
    stop_within: Duration,
    turns: Sender<Turn>,
    news: Sender<News>,
    stopped: AtomicBool,
    timekeeper: Mutex<Option<JoinHandle<usize>>>,
    engine_options: EngineOptions,
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
        let intake = Intake::new(options.engine.clock_difference_us)?;
        let engine = Engine::new(options.engine);
        let state = State::new(engine, orders, news.clone(), options.told.take());
        let shared = Arc::new(Shared::new(state, kept));
        let (engine_options, stop_within) = (options.engine, options.stop_within);
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
            intake,
            stop_within,
            turns,
            news,
            stopped: AtomicBool::new(false),
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
        self.intake.copy(frame, &self.shared)
    }

    /// Takes a frame without copying its pixels; else as [`Session::push_frame`]. It is dropped when its
    /// motion is known and it is either in the encoder's own format or not wanted by the encoder: after
    /// some milliseconds, or as long as an encoding takes if it waits for one. That happens on a thread of
    /// the session that does nothing else and holds no lock, so that whoever lent it may call the session
    /// then; those that are refused are dropped by this call.
    ///
    /// # Errors
    /// As [`Session::push_frame`]; when too many frames are out.
    pub fn lend_frame(&self, frame: Box<dyn LentFrame>) -> Result<FrameId, SessionError> {
        self.check()?;
        self.intake.lend(frame, &self.shared)
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
        let newest = self.intake.newest();
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
        SessionStats::of(&self.shared)
    }

    /// Stops all threads, and waits for them, and for lent frames to be dropped, at most as long as the
    /// options say. Tells how many threads did not end: those that hang are left to themselves. Answers
    /// that are there can still be taken; whoever waits for one goes on without. The second time it does
    /// nothing.
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
        // A lender who stops the session while he takes a frame back waits for it.
        drop(timekeeper);
        let left = match ended {
            Some(Ok(left)) => left,
            Some(Err(_)) => {
                log::error!("the session's time-keeping thread panicked");
                0
            }
            None => 0,
        };
        let out = self.intake.all_back(&self.shared, self.stop_within);
        if out > 0 {
            log::warn!("{out} lent frames are not given back yet");
        }
        left
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
