//! How a session runs.

use std::time::Duration;

use crossbeam_channel::Sender;

use super::told::Told;
use crate::engine::EngineOptions;

/// How a session runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionOptions {
    /// How its engine decides.
    pub engine: EngineOptions,
    /// By how much the encoder's thread gives way to all others: its nice value, 0 (not at all) to 19.
    /// Decoding then interrupts encoding, where both want the same core.
    pub encoder_nice: i32,
    /// The real-time priority that the system is asked for, for the threads that give answers, 1 to 97; two
    /// of them get one and two more; 0 asks for none. Kernels that let a thread compute on until the next tick wake others up
    /// milliseconds late without it. Most systems want a privilege; without that, answers may be late
    /// while the processors are busy.
    pub real_time_priority: u8,
    /// The processors that the encoder's thread may run on; empty for all.
    pub encoder_processors: Vec<usize>,
    /// The processors that the decoder's thread may run on; empty for all.
    pub decoder_processors: Vec<usize>,
    /// Before the first frame, encodes and decodes so often, so that the first answers are no slower
    /// than the others, and the engine knows what its rungs cost.
    pub warm_up_runs: usize,
    /// The size of frames that are to be expected, for the warm-up; pixels. With frames of another size
    /// the first decodings allocate.
    pub expected_size_px: (u32, u32),
    /// Answers with pixels that wait for a reader; of more, the oldest are dropped.
    pub answers_kept: usize,
    /// Threads that hang, given up and replaced, at most at one time.
    pub most_given_up: usize,
    /// How long [`Session::stop`](super::Session::stop) waits for threads that still compute.
    pub stop_within: Duration,
    /// Where all that the engine is told, and its answers, are copied to: see [`Told`]. What
    /// finds the queue full is dropped and counted.
    pub told: Option<Sender<Told>>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            engine: EngineOptions::default(),
            encoder_nice: 10,
            real_time_priority: 10,
            encoder_processors: Vec::new(),
            decoder_processors: Vec::new(),
            warm_up_runs: 8,
            expected_size_px: (1280, 720),
            answers_kept: 4,
            most_given_up: 3,
            stop_within: Duration::from_secs(5),
            told: None,
        }
    }
}
