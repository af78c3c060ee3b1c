//! Once warm, the decoder's thread allocates nothing, and the others nothing with every frame or prompt;
//! what the encoder's backend does is not counted.
#![expect(unsafe_code, reason = "an allocator that counts is unsafe to write")]
#![cfg(feature = "default-model")]

mod counting_allocator;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fixate::bundle::Bundle;
use fixate::decoder::{
    Decoded, Decoder, DecoderError, FactoredSamDecoder, Keyframe, MaskSelection, MaskWindow,
};
use fixate::encoder::{Encoder, EncoderError};
use fixate::engine::gaze::GazeSample;
use fixate::frame::{Frame, PixelFormat};
use fixate::motion::Intrinsics;
use fixate::prompt::Prompt;
use fixate::session::{MaskPixels, Session, SessionModel, SessionOptions, now_us};

const SIZE: (u32, u32) = (640, 360);

/// Embeddings that look like some, without a backend.
struct Noise {
    size_px: usize,
    shape: [usize; 3],
    state: u64,
}

impl Encoder for Noise {
    fn input_size_px(&self) -> usize {
        self.size_px
    }

    fn embedding_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn encode_into(&mut self, _: &[f32], embedding: &mut [f32]) -> Result<(), EncoderError> {
        for value in embedding {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *value = (self.state >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        std::thread::sleep(Duration::from_millis(5));
        Ok(())
    }
}

/// The real decoder, and how often its thread has allocated when it was called last.
struct Watched {
    decoder: Box<dyn Decoder>,
    allocations: Arc<AtomicUsize>,
}

impl Decoder for Watched {
    fn embedding_shape(&self) -> [usize; 3] {
        self.decoder.embedding_shape()
    }

    fn mask_size(&self) -> [usize; 2] {
        self.decoder.mask_size()
    }

    fn prepare(&mut self, keyframe: &mut Keyframe) -> Result<(), DecoderError> {
        self.decoder.prepare(keyframe)
    }

    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        let here = counting_allocator::calls_of_this_thread();
        self.allocations.store(here, Ordering::SeqCst);
        self.decoder.decode_into(keyframe, prompt, masks, out)
    }

    fn decode_window_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        window: &MaskWindow,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        let here = counting_allocator::calls_of_this_thread();
        self.allocations.store(here, Ordering::SeqCst);
        self.decoder
            .decode_window_into(keyframe, prompt, masks, window, out)
    }

    fn fork(&self) -> Option<Box<dyn Decoder>> {
        // For the encoder's thread, which is not watched.
        self.decoder.fork()
    }
}

fn texture(shift: usize) -> Vec<u8> {
    let width = SIZE.0 as usize;
    let value = |index: usize| {
        let (x, y) = ((index % width + shift) / 9, (index / width) / 7);
        (x * 7919 + y * 104_729 + x * y * 31) % 251
    };
    (0..width * SIZE.1 as usize)
        .map(|index| value(index) as u8)
        .collect()
}

#[test]
fn a_session_allocates_nothing_once_it_is_warm() {
    let bundle = Bundle::builtin().unwrap();
    let decoder = FactoredSamDecoder::from_safetensors(&bundle.decoder().unwrap()).unwrap();
    let shape = decoder.embedding_shape();
    let spec = bundle.input_spec();
    let allocations = Arc::new(AtomicUsize::new(0));
    let watched = Watched {
        decoder: Box::new(decoder),
        allocations: Arc::clone(&allocations),
    };
    let noise = Noise {
        size_px: spec.size_px as usize,
        shape,
        state: 1,
    };
    let model = SessionModel::new(Box::new(noise), Box::new(watched), spec).unwrap();
    let mut options = SessionOptions::default();
    options.expected_size_px = SIZE;
    options.engine.budget_us = 30_000;
    options.engine.keyframes.oldest_us = 60_000;
    options.engine.intrinsics = Intrinsics::new(500.0, 500.0, 320.0, 180.0).ok();
    let session = Session::start(model, &options).unwrap();
    let pictures: Vec<_> = (0..40).map(texture).collect();
    let mut pixels = MaskPixels::new();
    // Sometimes less time than decoding takes: masks are moved, held, windows decoded.
    let budgets_us = [None, Some(20_000), Some(3_000), Some(1_500), Some(200)];
    let points = [200.0_f32, 300.0, 420.0].map(|x_px| Prompt::point(x_px, 150.0));
    let mut before = (0, 0);
    let mut counted = fixate::engine::EngineCounters::default();
    for round in 0..600_usize {
        if round == 300 {
            counted = session.stats().engine;
            before = (
                counting_allocator::calls(),
                allocations.load(Ordering::SeqCst),
            );
        }
        let now_us = now_us();
        session.push_imu(now_us, [0.0, 0.01, 0.0]).unwrap();
        let bytes = &pictures[round % pictures.len()];
        let frame = Frame::contiguous(PixelFormat::Gray8, SIZE.0, SIZE.1, bytes, now_us).unwrap();
        session.push_frame(&frame).unwrap();
        let gaze = GazeSample::at(now_us, 250.0 + (round / 50) as f64, 160.0);
        session.push_gaze(&gaze).unwrap();
        for turn in 0..3 {
            let budget_us = budgets_us[(round + turn) % budgets_us.len()];
            // The first come before any frame is known.
            let _ = session.push_prompt(None, &points[(round / 20) % points.len()], budget_us);
            while session
                .wait_answer(Duration::from_millis(3), &mut pixels)
                .is_some()
            {}
        }
    }
    let after = (
        counting_allocator::calls(),
        allocations.load(Ordering::SeqCst),
    );
    let stats = session.stats();
    let since = |now: u64, then: u64| now - then;
    assert!(since(stats.engine.fresh, counted.fresh) > 50, "{stats:?}");
    assert!(
        since(stats.engine.keyframes, counted.keyframes) > 5,
        "{stats:?}"
    );
    assert!(
        stats.engine.propagated + stats.engine.held > 10,
        "{stats:?}"
    );
    assert_eq!(after.1 - before.1, 0, "on the decoder's thread");
    // A thread that was late may need a buffer more than before: a camera's frame, a drawing of the
    // mover's. One for every round would be 300.
    assert!(
        after.0 - before.0 < 30,
        "{} on all threads",
        after.0 - before.0
    );
    assert_eq!(session.stop(), 0);
}
