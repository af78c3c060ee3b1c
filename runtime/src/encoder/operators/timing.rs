//! How long steps take, for whoever wants to know.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::program::Step;

thread_local! {
    static STEPS: RefCell<Option<Vec<(&'static str, Duration)>>> = const { RefCell::new(None) };
}

/// Times the steps that this thread runs, until it is dropped.
pub(in crate::encoder) struct Timing(());

impl Timing {
    pub(in crate::encoder) fn begin() -> Self {
        STEPS.set(Some(Vec::new()));
        Self(())
    }
}

impl Drop for Timing {
    fn drop(&mut self) {
        STEPS.set(None);
    }
}

/// The kinds and times of the steps since the last call.
pub(in crate::encoder) fn take() -> Vec<(&'static str, Duration)> {
    STEPS.with_borrow_mut(|steps| steps.as_mut().map(std::mem::take).unwrap_or_default())
}

/// Runs a step, timed if that is wanted.
pub(super) fn timed(step: &Step, run: impl FnOnce()) {
    if STEPS.with_borrow(Option::is_none) {
        return run();
    }
    let begun = Instant::now();
    run();
    let took = begun.elapsed();
    STEPS.with_borrow_mut(|steps| {
        if let Some(steps) = steps {
            steps.push((step.kind(), took));
        }
    });
}
