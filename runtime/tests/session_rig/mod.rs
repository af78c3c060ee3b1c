//! A session with a made-up model whose parts fail as they are told, and a camera that pans.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use fixate::decoder::{Decoded, Decoder, DecoderError, Keyframe, MaskSelection};
use fixate::encoder::{Encoder, EncoderError};
use fixate::engine::{FrameId, JobId};
use fixate::frame::{Frame, PixelFormat};
use fixate::preprocess::{InputSpec, ResizeRule};
use fixate::prompt::Prompt;
use fixate::session::{
    MaskPixels, Session, SessionAnswer, SessionError, SessionModel, SessionOptions, SessionStats,
    now_us,
};

pub(crate) const FRAME: Duration = Duration::from_millis(10);
pub(crate) const MASK_SIDE: usize = 32;
const SHAPE: [usize; 3] = [1, 2, 2];
const INPUT_PX: usize = 32;

/// What a part of the model does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Well,
    Fails,
    Panics,
    NotANumber,
    /// Until the gate is opened.
    Hangs,
    Takes(Duration),
}

/// Holds back what hangs.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    /// How many wait now.
    pub(crate) waiting: AtomicU64,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.changed.wait(open).unwrap();
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What each call does, counted from 0 over all forks.
type Script = Arc<dyn Fn(u64) -> Does + Send + Sync>;

/// A part of the model.
#[derive(Clone)]
pub(crate) struct Part {
    script: Script,
    pub(crate) calls: Arc<AtomicU64>,
    pub(crate) gate: Arc<Gate>,
}

impl Part {
    pub(crate) fn new(script: impl Fn(u64) -> Does + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            calls: Arc::default(),
            gate: Arc::default(),
        }
    }

    pub(crate) fn good() -> Self {
        Self::new(|_| Does::Well)
    }

    fn called(&self) -> Does {
        let does = (self.script)(self.calls.fetch_add(1, Ordering::SeqCst));
        match does {
            Does::Hangs => self.gate.pass(),
            Does::Takes(time) => std::thread::sleep(time),
            Does::Panics => panic!("a made-up panic"),
            Does::Well | Does::Fails | Does::NotANumber => {}
        }
        does
    }
}

struct MadeUpEncoder(Part);

impl Encoder for MadeUpEncoder {
    fn input_size_px(&self) -> usize {
        INPUT_PX
    }

    fn embedding_shape(&self) -> [usize; 3] {
        SHAPE
    }

    fn encode_into(&mut self, _: &[f32], embedding: &mut [f32]) -> Result<(), EncoderError> {
        match self.0.called() {
            Does::Fails => return Err(EncoderError::Run("made up".to_owned())),
            Does::NotANumber => embedding.fill(f32::NAN),
            _ => embedding.fill(1.0),
        }
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Self(self.0.clone())))
    }
}

/// Disks around the prompt's first point or its box's middle.
struct MadeUpDecoder(Part);

impl Decoder for MadeUpDecoder {
    fn embedding_shape(&self) -> [usize; 3] {
        SHAPE
    }

    fn mask_size(&self) -> [usize; 2] {
        [MASK_SIDE; 2]
    }

    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        if self.0.called() == Does::Fails {
            return Err(DecoderError::NotFinite);
        }
        assert!(keyframe.embedding.values.iter().all(|value| *value == 1.0));
        let middle = match (prompt.points.first(), prompt.bounds) {
            (Some(point), _) => [point.x_px, point.y_px],
            (None, Some(b)) => [(b.x0_px + b.x1_px) / 2.0, (b.y0_px + b.y1_px) / 2.0],
            (None, None) => [0.0; 2],
        };
        let (x, y) = keyframe.placement.input_from_image(middle[0], middle[1]);
        out.indices = match masks {
            MaskSelection::Single => 0..1,
            MaskSelection::Multiple => 1..4,
            MaskSelection::All => 0..4,
        };
        [out.width, out.height] = [MASK_SIDE; 2];
        out.logits.clear();
        out.predicted_iou.clear();
        for index in out.indices.clone() {
            let radius = 9.0 - 2.0 * index as f32;
            for cell in 0..MASK_SIDE * MASK_SIDE {
                let (cx, cy) = ((cell % MASK_SIDE) as f32, (cell / MASK_SIDE) as f32);
                out.logits.push(radius - (cx - x).hypot(cy - y));
            }
            out.predicted_iou.push(0.9 - 0.01 * index as f32);
        }
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Self(self.0.clone())))
    }
}

pub(crate) fn model(encoder: &Part, decoder: &Part) -> SessionModel {
    let spec = InputSpec {
        size_px: INPUT_PX as u32,
        resize: ResizeRule::LongestSide,
        mean: [0.0; 3],
        std: [1.0; 3],
    };
    let (encoder, decoder) = (encoder.clone(), decoder.clone());
    SessionModel::new(
        Box::new(MadeUpEncoder(encoder)),
        Box::new(MadeUpDecoder(decoder)),
        spec,
    )
    .unwrap()
}

/// A watchdog for tests in which something hangs; long enough for a machine that does much else.
pub(crate) const HANGS_AFTER_US: i64 = 500_000;

/// Options for short tests, without a warm-up that calls the parts.
pub(crate) fn options() -> SessionOptions {
    let mut options = SessionOptions::default();
    options.warm_up_runs = 0;
    options.encoder_nice = 0;
    options.engine.budget_us = 20_000;
    options.engine.keyframes.oldest_us = 50_000;
    options.engine.encoder_watchdog_us = 60_000_000;
    options.engine.decoder_watchdog_us = 60_000_000;
    options.engine.encoder_rest_us = 50_000;
    options.engine.camera_stall_us = 100_000;
    options.engine.camera_lost_us = 400_000;
    options
}

/// Pixels of a texture that moves by whole pixels.
pub(crate) fn picture(shift: usize, (width, height): (u32, u32)) -> Vec<u8> {
    let width = width as usize;
    (0..width * height as usize)
        .map(|index| texture(index % width + shift, index / width))
        .collect()
}

/// Patches with corners.
pub(crate) fn texture(x: usize, y: usize) -> u8 {
    let (x, y) = (x / 9, y / 7);
    ((x * 7919 + y * 104_729 + x * y * 31) % 251) as u8
}

/// A session and those who use it.
pub(crate) struct Rig {
    pub(crate) session: Arc<Session>,
    pub(crate) size_px: (u32, u32),
    pub(crate) frames: usize,
    pub(crate) answers: Vec<SessionAnswer>,
    pixels: MaskPixels,
}

impl Rig {
    pub(crate) fn new(encoder: &Part, decoder: &Part, options: &SessionOptions) -> Self {
        let session = Session::start(model(encoder, decoder), options).unwrap();
        Self {
            session: Arc::new(session),
            size_px: (160, 120),
            frames: 0,
            answers: Vec::new(),
            pixels: MaskPixels::new(),
        }
    }

    pub(crate) fn frame(&mut self) -> Result<FrameId, SessionError> {
        self.frame_of(now_us())
    }

    pub(crate) fn frame_of(&mut self, capture_us: i64) -> Result<FrameId, SessionError> {
        self.frames += 1;
        let bytes = picture(self.frames, self.size_px);
        let (width, height) = self.size_px;
        let frame =
            Frame::contiguous(PixelFormat::Gray8, width, height, &bytes, capture_us).unwrap();
        self.session.push_frame(&frame)
    }

    pub(crate) fn prompt(&mut self) -> Result<JobId, SessionError> {
        let (width, height) = self.size_px;
        let prompt = Prompt::point(width as f32 * 0.4, height as f32 * 0.5);
        let accepted = self.session.push_prompt(None, &prompt, None)?;
        Ok(JobId(accepted.prompt.0))
    }

    /// Frames with a prompt each, for so many of them; takes the answers.
    pub(crate) fn run(&mut self, frames: usize) {
        for _ in 0..frames {
            self.frame().unwrap();
            let next = Instant::now() + FRAME;
            // There may be no frame in the engine yet.
            let _ = self.prompt();
            while Instant::now() < next {
                self.take(next.saturating_duration_since(Instant::now()));
            }
        }
    }

    /// Frames with prompts until this holds.
    pub(crate) fn run_until(&mut self, mut holds: impl FnMut(&SessionStats) -> bool) {
        let until = Instant::now() + Duration::from_secs(60);
        while !holds(&self.session.stats()) {
            assert!(
                Instant::now() < until,
                "it never came: {:?}",
                self.session.stats()
            );
            self.run(1);
        }
    }

    pub(crate) fn take(&mut self, within: Duration) {
        if let Some(answer) = self.session.wait_answer(within, &mut self.pixels) {
            if answer.has_pixels {
                let (width, height) = (self.pixels.bitmap.width(), self.pixels.bitmap.height());
                assert_eq!(self.pixels.bitmap.bytes().len(), width * height);
                assert!(self.pixels.bitmap.area() > 0);
            }
            assert_eq!(
                answer.has_pixels,
                answer.answer.drawn.is_some(),
                "{answer:?}"
            );
            self.answers.push(answer);
        }
    }

    /// Lets all prompts run out, and checks that each was answered once or counted; stops, and gives the
    /// last counts.
    pub(crate) fn finish(mut self) -> SessionStats {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let stats = self.session.stats();
            if stats.engine.answers() == stats.engine.prompts {
                break;
            }
            assert!(Instant::now() < until, "prompts stay open: {stats:?}");
            self.take(Duration::from_millis(5));
        }
        let taken_before = self.answers.len();
        loop {
            self.take(Duration::ZERO);
            if self.answers.len() == taken_before {
                break;
            }
            let taken = self.answers.len();
            self.take(Duration::ZERO);
            if self.answers.len() == taken {
                break;
            }
        }
        let stats = self.session.stats();
        let taken = self.answers.len() as u64;
        assert_eq!(taken + stats.answers_dropped, stats.engine.prompts);
        assert_eq!(stats.in_time + stats.missed, stats.engine.prompts);
        let mut prompts: Vec<_> = self.answers.iter().map(|a| a.answer.prompt).collect();
        prompts.sort();
        prompts.dedup();
        assert_eq!(prompts.len(), self.answers.len(), "answered twice");
        assert_eq!(self.session.stop(), 0, "threads are left");
        assert_eq!(self.session.stop(), 0);
        assert!(matches!(self.frame(), Err(SessionError::Stopped)));
        assert!(matches!(self.prompt(), Err(SessionError::Stopped)));
        self.session.stats()
    }
}

/// Runs a test that must end: a deadlock fails it instead of hanging.
pub(crate) fn ends(test: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let ended = Ended(done, AtomicBool::new(false));
        test();
        ended.1.store(true, Ordering::SeqCst);
    });
    match wait.recv_timeout(Duration::from_secs(180)) {
        Ok(()) => thread.join().unwrap(),
        Err(_) => panic!("it does not end: a deadlock"),
    }
}

struct Ended(mpsc::Sender<()>, AtomicBool);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}
