//! The threads that work, and others in place of those that hang.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::camera::Turn;
use super::decoding::{self, DecoderDesk};
use super::encoding::{self, EncoderDesk};
use super::error::SessionError;
use super::options::SessionOptions;
use super::orders::{DecodeOrder, EncodeOrder, MoveOrder, News};
use super::shared::Shared;
use super::{camera, moving};
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::preprocess::InputSpec;
use crate::threads;

/// How often threads that are waited for are looked at.
const LOOK: Duration = Duration::from_millis(1);

/// What new threads are made from when one hangs.
pub(super) struct Spares {
    pub(super) encoder: Option<Box<dyn Encoder>>,
    pub(super) decoder: Option<Box<dyn Decoder>>,
    pub(super) spec: InputSpec,
}

/// The threads that work.
pub(super) struct Crew {
    options: SessionOptions,
    news: Sender<News>,
    spares: Spares,
    members: Vec<JoinHandle<()>>,
    encoder: Option<JoinHandle<()>>,
    decoder: Option<JoinHandle<()>>,
    given_up: Vec<JoinHandle<()>>,
}

fn spawn(name: &str, job: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, SessionError> {
    let started = Builder::new().name(name.to_owned()).spawn(job);
    started.map_err(|error: io::Error| SessionError::Threads(error.kind()))
}

impl Crew {
    pub(super) fn new(options: SessionOptions, news: Sender<News>, spares: Spares) -> Self {
        Self {
            options,
            news,
            spares,
            members: Vec::new(),
            encoder: None,
            decoder: None,
            given_up: Vec::new(),
        }
    }

    /// The priority of a thread that goes before so many others of those that answer; 0 for none. Those
    /// that work for microseconds go before the one that decodes for milliseconds.
    pub(super) fn real_time_priority(&self, before: u8) -> u8 {
        match self.options.real_time_priority {
            0 => 0,
            lowest => lowest.saturating_add(before),
        }
    }

    pub(super) fn start_camera(
        &mut self,
        shared: &Arc<Shared>,
        turns: Receiver<Turn>,
    ) -> Result<(), SessionError> {
        let (shared, intrinsics) = (Arc::clone(shared), self.options.engine.intrinsics);
        let member = spawn("fixate-camera", move || {
            camera::run(&shared, &turns, intrinsics);
        })?;
        self.members.push(member);
        Ok(())
    }

    pub(super) fn start_mover(
        &mut self,
        shared: &Arc<Shared>,
        orders: Receiver<MoveOrder>,
    ) -> Result<(), SessionError> {
        let (shared, kept) = (Arc::clone(shared), self.options.answers_kept);
        let (name, real_time) = ("fixate-mover", self.real_time_priority(1));
        let member = spawn(name, move || {
            threads::answer_in_real_time(name, real_time);
            moving::run(&shared, &orders, kept);
        })?;
        self.members.push(member);
        Ok(())
    }

    pub(super) fn start_encoder(
        &mut self,
        desk: EncoderDesk,
        orders: Receiver<EncodeOrder>,
        generation: u64,
    ) -> Result<(), SessionError> {
        let (news, nice) = (self.news.clone(), self.options.encoder_nice);
        let processors = self.options.encoder_processors.clone();
        let name = "fixate-encoder";
        let member = spawn(name, move || {
            threads::give_way(name, nice);
            threads::stay_on(name, &processors);
            encoding::run(desk, &orders, &news, generation);
        })?;
        self.given_up.extend(self.encoder.replace(member));
        Ok(())
    }

    pub(super) fn start_decoder(
        &mut self,
        shared: &Arc<Shared>,
        desk: DecoderDesk,
        orders: Receiver<DecodeOrder>,
        generation: u64,
    ) -> Result<(), SessionError> {
        let shared = Arc::clone(shared);
        let processors = self.options.decoder_processors.clone();
        let (name, real_time) = ("fixate-decoder", self.real_time_priority(0));
        let member = spawn(name, move || {
            threads::answer_in_real_time(name, real_time);
            threads::stay_on(name, &processors);
            decoding::run(&shared, desk, &orders, generation);
        })?;
        self.given_up.extend(self.decoder.replace(member));
        Ok(())
    }

    /// Puts a new encoder in place of the one that hangs.
    pub(super) fn replace_encoder(&mut self, shared: &Arc<Shared>) {
        if !self.may_give_up("encoder") {
            return;
        }
        let encoder = self.spares.encoder.as_ref().and_then(|spare| spare.fork());
        let Some(encoder) = encoder else {
            log::error!("the encoder hangs, and its backend makes no second one");
            return;
        };
        let preparer = self.spares.decoder.as_ref().and_then(|spare| spare.fork());
        let (sender, receiver) = bounded(1);
        let generation = shared.lock().encoder_generation + 1;
        let started = EncoderDesk::new(encoder, preparer, self.spares.spec)
            .and_then(|desk| self.start_encoder(desk, receiver, generation));
        match started {
            Ok(()) => {
                let outbox = &shared.outbox;
                shared.lock().encoder_replaced(generation, sender, outbox);
                shared.send_orders();
            }
            Err(error) => log::error!("the encoder hangs and cannot be replaced: {error}"),
        }
    }

    /// Puts a new decoder in place of the one that hangs.
    pub(super) fn replace_decoder(&mut self, shared: &Arc<Shared>) {
        if !self.may_give_up("decoder") {
            return;
        }
        let decoder = self.spares.decoder.as_ref().and_then(|spare| spare.fork());
        let Some(decoder) = decoder else {
            log::error!("the decoder hangs, and its backend makes no second one");
            return;
        };
        let (choice, kept) = (self.options.engine.choice, self.options.answers_kept);
        let desk = DecoderDesk::new(decoder, choice, kept);
        let (sender, receiver) = bounded(1);
        let generation = shared.lock().decoder_generation + 1;
        match self.start_decoder(shared, desk, receiver, generation) {
            Ok(()) => {
                let outbox = &shared.outbox;
                shared.lock().decoder_replaced(generation, sender, outbox);
                shared.send_orders();
            }
            Err(error) => log::error!("the decoder hangs and cannot be replaced: {error}"),
        }
    }

    /// Threads that never come back cost memory: not more than some are given up.
    fn may_give_up(&mut self, name: &str) -> bool {
        self.given_up.retain(|thread| !thread.is_finished());
        let may = self.given_up.len() < self.options.most_given_up;
        if !may {
            log::error!("the {name} hangs, and too many threads were given up already");
        }
        may
    }

    /// Waits for all threads, at most so long; tells how many did not end. Those are left to
    /// themselves: they hold nothing that anyone waits for.
    pub(super) fn dismiss(mut self) -> usize {
        let until = Instant::now() + self.options.stop_within;
        let mut all = std::mem::take(&mut self.members);
        all.extend(self.encoder.take());
        all.extend(self.decoder.take());
        // Of these, nothing better is expected.
        let mut left: usize = self.given_up.iter().filter(|t| !t.is_finished()).count();
        for thread in all {
            while !thread.is_finished() && Instant::now() < until {
                sleep(LOOK);
            }
            if thread.is_finished() {
                // What a thread says with its last breath was logged where it was caught.
                let _ = thread.join();
            } else {
                left += 1;
            }
        }
        if left > 0 {
            log::warn!("{left} threads of the session did not end in time");
        }
        left
    }
}
