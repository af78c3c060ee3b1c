//! The engine, and the pixels behind the names that it knows.

use std::sync::Arc;

use crossbeam_channel::Sender;

use super::decoding::Masks;
use super::drawing::Drawing;
use super::error::SessionError;
use super::histogram::Histogram;
use super::orders::{DecodeOrder, EncodeOrder, MoveOrder, News};
use super::outbox::Outbox;
use super::pixels::HeldFrame;
use super::shared::Hung;
use super::told::Told;
use crate::decoder::Keyframe;
use crate::engine::{
    Accepted, Actions, Answer, Candidates, DecodeJob, EncodeJob, Engine, Event, JobFailed, JobId,
    KeyframeId, MoveJob, Notice, Outcome, PromptId,
};

/// More than the engine ever wants at one time; the tables below never grow.
const ROOM: usize = 32;
/// Jobs that could not even begin are reported at once, and may bring others.
const MOST_ROUNDS: usize = 8;

/// The engine, and the pixels behind the names that it knows. Nothing in here allocates once made.
pub(super) struct State {
    pub(super) engine: Engine,
    pub(super) frames: Vec<HeldFrame>,
    pub(super) keyframes: Vec<(KeyframeId, Arc<Keyframe>)>,
    pub(super) masks: Vec<Arc<Masks>>,
    pub(super) drawings: Vec<Arc<Drawing>>,
    /// When the prompts without an answer were pushed, microseconds.
    pushed: Vec<(PromptId, i64)>,
    /// None once the session stops.
    pub(super) orders: Option<Orders>,
    /// Orders for those who work, to be sent without the lock.
    pub(super) outgoing: Outgoing,
    news: Sender<News>,
    told: Option<Sender<Told>>,
    pub(super) events_dropped: u64,
    pub(super) gaze_prompts: u64,
    /// When the engine wants to be polled, microseconds.
    pub(super) next_us: Option<i64>,
    /// When the time-keeping thread will wake up, microseconds.
    pub(super) armed_us: Option<i64>,
    pub(super) hung: Hung,
    /// Which threads are listened to.
    pub(super) encoder_generation: u64,
    pub(super) decoder_generation: u64,
    pub(super) encode_times: Histogram,
    pub(super) decode_times: Histogram,
}

/// The ways to the threads that work.
pub(super) struct Orders {
    pub(super) encode: Sender<EncodeOrder>,
    pub(super) decode: Sender<DecodeOrder>,
    pub(super) move_mask: Sender<MoveOrder>,
}

/// An order and the way that it goes.
type Sent<T> = Option<(Sender<T>, T)>;

/// Orders on their way. Who gets one may run at once, before the thread that sent it goes on; had that
/// the lock, all others would wait until the order is done.
#[derive(Default)]
pub(super) struct Outgoing {
    encode: Sent<EncodeOrder>,
    decode: Sent<DecodeOrder>,
    move_mask: Sent<MoveOrder>,
}

impl Outgoing {
    /// Sends them.
    pub(super) fn send(self) {
        send(self.encode, "encoder");
        send(self.decode, "decoder");
        send(self.move_mask, "mover");
    }
}

/// The engine has one job of a kind at a time, so there is room unless the thread has ended.
fn send<T>(sent: Sent<T>, name: &str) {
    if let Some((way, order)) = sent
        && way.try_send(order).is_err()
    {
        log::debug!("the {name} takes no orders any more");
    }
}

impl State {
    pub(super) fn new(
        engine: Engine,
        orders: Orders,
        news: Sender<News>,
        told: Option<Sender<Told>>,
    ) -> Self {
        Self {
            engine,
            frames: Vec::with_capacity(ROOM),
            keyframes: Vec::with_capacity(ROOM),
            masks: Vec::with_capacity(ROOM),
            drawings: Vec::with_capacity(ROOM),
            pushed: Vec::with_capacity(ROOM),
            orders: Some(orders),
            outgoing: Outgoing::default(),
            news,
            told,
            events_dropped: 0,
            gaze_prompts: 0,
            next_us: None,
            armed_us: None,
            hung: Hung::default(),
            encoder_generation: 0,
            decoder_generation: 0,
            encode_times: Histogram::new(),
            decode_times: Histogram::new(),
        }
    }

    /// # Errors
    /// When the session has been stopped.
    pub(super) fn check(&self) -> Result<(), SessionError> {
        if self.orders.is_none() {
            return Err(SessionError::Stopped);
        }
        Ok(())
    }

    /// The engine's time for something that happened then: whoever waited for the lock may come after
    /// those that did not.
    pub(super) fn time(&self, then_us: i64) -> i64 {
        then_us.max(self.engine.now_us())
    }

    /// Tells the engine something. What it refuses it has counted.
    pub(super) fn tell(&mut self, event: Event) -> Outcome {
        self.note(event);
        self.engine.on_event(&event)
    }

    /// Records what the caller tells the engine itself.
    pub(super) fn note(&mut self, event: Event) {
        self.record(Told::Event(event));
    }

    fn record(&mut self, told: Told) {
        let Some(recorder) = &self.told else { return };
        if recorder.try_send(told).is_err() {
            self.events_dropped += 1;
        }
    }

    /// Notes when a prompt was pushed, and gives the answer of the one that had to go for it.
    pub(super) fn accept(&mut self, accepted: &Accepted, pushed_us: i64, outbox: &Outbox) {
        self.pushed.push((accepted.prompt, pushed_us));
        if let Some(answer) = accepted.superseded {
            self.give(&answer, outbox);
        }
    }

    pub(super) fn tell_encoded(
        &mut self,
        now_us: i64,
        keyframe: KeyframeId,
        result: Result<(), JobFailed>,
    ) {
        self.tell(Event::Encoded {
            now_us,
            keyframe,
            result,
        });
    }

    pub(super) fn tell_decoded(
        &mut self,
        now_us: i64,
        job: JobId,
        result: Result<Candidates, JobFailed>,
    ) {
        self.tell(Event::Decoded {
            now_us,
            job,
            result,
        });
    }

    pub(super) fn tell_moved(&mut self, now_us: i64, job: JobId, result: Result<(), JobFailed>) {
        self.tell(Event::Moved {
            now_us,
            job,
            result,
        });
    }

    /// Does what the engine wants at this time, until it wants nothing more.
    pub(super) fn poll(&mut self, time_us: i64, outbox: &Outbox) {
        for _ in 0..MOST_ROUNDS {
            let Outcome::Polled(actions) = self.tell(Event::Poll { now_us: time_us }) else {
                break;
            };
            let failed = self.act(time_us, &actions, outbox);
            self.next_us = actions.next_us;
            if !failed {
                break;
            }
        }
        self.forget();
        let earlier = match (self.next_us, self.armed_us) {
            (Some(next_us), Some(armed_us)) => next_us < armed_us,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let hangs = self.hung != Hung::default();
        if (earlier || hangs) && self.news.try_send(News::Earlier).is_ok() {
            self.armed_us = self.next_us;
        }
    }

    /// Hands out orders and answers; true if an order could not be handed out and was reported.
    fn act(&mut self, time_us: i64, actions: &Actions, outbox: &Outbox) -> bool {
        for notice in actions.notices() {
            self.notice(notice);
        }
        // Answers first: what they show may be forgotten with the next poll.
        for answer in actions.answers() {
            self.give(answer, outbox);
        }
        let mut failed = false;
        if let Some(job) = actions.encode
            && !self.order_encode(&job)
        {
            self.tell_encoded(time_us, job.keyframe, Err(JobFailed));
            failed = true;
        }
        if let Some(job) = actions.decode
            && !self.order_decode(&job)
        {
            self.tell_decoded(time_us, job.job, Err(JobFailed));
            failed = true;
        }
        if let Some(job) = actions.move_mask
            && !self.order_move(&job)
        {
            self.tell_moved(time_us, job.job, Err(JobFailed));
            failed = true;
        }
        failed
    }

    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::EncoderHung { .. } => self.hung.encoder = true,
            Notice::DecoderHung { .. } => self.hung.decoder = true,
            Notice::EncoderFailing { .. } | Notice::CameraStalled { .. } => {}
        }
        log::warn!("{notice:?}");
    }

    fn order_encode(&mut self, job: &EncodeJob) -> bool {
        let frame = self.frames.iter().find(|frame| frame.id == job.frame);
        let (Some(orders), Some(frame)) = (&self.orders, frame) else {
            return false;
        };
        let order = EncodeOrder {
            keyframe: job.keyframe,
            frame: frame.clone(),
        };
        self.outgoing.encode = Some((orders.encode.clone(), order));
        true
    }

    fn order_decode(&mut self, job: &DecodeJob) -> bool {
        let keyframe = self.keyframes.iter().find(|(id, _)| *id == job.keyframe);
        let (Some(orders), Some((_, keyframe))) = (&self.orders, keyframe) else {
            return false;
        };
        let order = DecodeOrder {
            job: *job,
            keyframe: Arc::clone(keyframe),
            memory: job.memory.as_ref().and_then(|memory| self.find(memory.job)),
        };
        self.outgoing.decode = Some((orders.decode.clone(), order));
        true
    }

    fn order_move(&mut self, job: &MoveJob) -> bool {
        let (Some(orders), Some(masks)) = (&self.orders, self.find(job.decoded)) else {
            return false;
        };
        let order = MoveOrder { job: *job, masks };
        self.outgoing.move_mask = Some((orders.move_mask.clone(), order));
        true
    }

    pub(super) fn find(&self, job: JobId) -> Option<Arc<Masks>> {
        let masks = self.masks.iter().find(|masks| masks.job == job);
        masks.map(Arc::clone)
    }

    fn give(&mut self, answer: &Answer, outbox: &Outbox) {
        self.record(Told::Answer(*answer));
        let pushed = self
            .pushed
            .iter()
            .position(|(prompt, _)| *prompt == answer.prompt);
        let pushed_us = pushed.map_or(answer.prompt_us, |index| self.pushed.swap_remove(index).1);
        let drawing = answer.drawn.as_ref().and_then(|drawn| {
            let wanted = (drawn.job, drawn.frame);
            let mut found = self.drawings.iter();
            found.find(|drawing| (drawing.job, drawing.frame) == wanted)
        });
        outbox.give(*answer, pushed_us, drawing.map(Arc::clone));
    }

    /// Lets go of what the engine does not want any more; whoever filled it fills it again.
    fn forget(&mut self) {
        let engine = &self.engine;
        self.frames.retain(|frame| engine.needs_frame(frame.id));
        self.keyframes
            .retain(|(keyframe, _)| engine.needs_keyframe(*keyframe));
        self.masks.retain(|masks| engine.needs(masks.job));
        self.drawings
            .retain(|drawing| engine.needs_drawing(drawing.job, drawing.frame));
    }
}

impl State {
    /// A new encoder listens here.
    pub(super) fn encoder_replaced(
        &mut self,
        generation: u64,
        encode: Sender<EncodeOrder>,
        outbox: &Outbox,
    ) {
        let Some(orders) = &mut self.orders else {
            return;
        };
        orders.encode = encode;
        self.encoder_generation = generation;
        let time_us = self.time(super::clock::now_us());
        self.tell(Event::EncoderReplaced { now_us: time_us });
        self.poll(time_us, outbox);
    }

    /// A new decoder listens here.
    pub(super) fn decoder_replaced(
        &mut self,
        generation: u64,
        decode: Sender<DecodeOrder>,
        outbox: &Outbox,
    ) {
        let Some(orders) = &mut self.orders else {
            return;
        };
        orders.decode = decode;
        self.decoder_generation = generation;
        let time_us = self.time(super::clock::now_us());
        self.tell(Event::DecoderReplaced { now_us: time_us });
        self.poll(time_us, outbox);
    }
}
