//! Prompts that wait for their answer.

use super::actions::MOST_OPEN;
use super::answer::{Drawn, NoneReason};
use super::chains::Chains;
use super::names::{JobId, PromptId};
use super::shape::PromptShape;

/// How far a prompt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// For the decoder.
    Waiting,
    /// For its deadline, or a moved mask: it will not be decoded.
    Undecoded(NoneReason),
    /// For the decoder's result.
    Decoding(JobId),
    /// To be given, with or without a mask.
    Done(Option<NoneReason>),
}

/// A prompt without an answer yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) prompt: PromptId,
    pub(super) shape: PromptShape,
    /// From its frame to the newest.
    pub(super) chains: Chains,
    pub(super) prompt_us: i64,
    pub(super) deadline_us: i64,
    pub(super) stage: Stage,
    /// Decoded for it.
    pub(super) fresh: Option<Drawn>,
    /// Moved for it.
    pub(super) moved: Option<Drawn>,
    /// Whether that was tried.
    pub(super) move_tried: bool,
    /// Why it could not be decoded when that was last tried.
    pub(super) obstacle: Option<NoneReason>,
}

/// All prompts without an answer. At most one of them is decoded and at most one waits to be.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenPrompts {
    slots: [Option<Open>; MOST_OPEN],
}

impl OpenPrompts {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Open> {
        self.slots.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.slots.iter_mut().flatten()
    }

    pub(super) fn find(&mut self, prompt: PromptId) -> Option<&mut Open> {
        self.iter_mut().find(|open| open.prompt == prompt)
    }

    pub(super) fn waiting(&self) -> Option<&Open> {
        self.iter().find(|open| open.stage == Stage::Waiting)
    }

    pub(super) fn decoding(&mut self, job: JobId) -> Option<&mut Open> {
        self.iter_mut()
            .find(|open| open.stage == Stage::Decoding(job))
    }

    /// The oldest prompt for which this holds, taken out.
    pub(super) fn take(&mut self, mut which: impl FnMut(&Open) -> bool) -> Option<Open> {
        let slot = self
            .slots
            .iter_mut()
            .filter(|slot| slot.as_ref().is_some_and(&mut which))
            .min_by_key(|slot| slot.as_ref().map(|open| open.prompt))?;
        slot.take()
    }

    /// Takes in the newest prompt, and gives the one that had to go for it: the one that waits for the
    /// decoder; if none does and all places are taken, the one that has least to lose.
    pub(super) fn push(&mut self, newest: Open) -> Option<Open> {
        let mut gone = self.take(|open| open.stage == Stage::Waiting);
        if self.slots.iter().all(Option::is_some) {
            gone = self
                .take(|open| matches!(open.stage, Stage::Undecoded(_)))
                .or_else(|| self.take(|_| true));
        }
        if let Some(free) = self.slots.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(newest);
        }
        gone
    }
}
