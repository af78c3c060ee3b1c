//! The thread that gives lent frames back.
//!
//! The last to look at a frame may be a thread that answers by a deadline, or one that holds a lock, and
//! what a lender does when his buffer comes back may take long, or call the session. So lent frames are
//! dropped on a thread of their own, which holds no lock and which nobody waits for but
//! [`Lending::all_back`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, ThreadId, current};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::error::SessionError;
use crate::frame::{Frame, FrameError, LentFrame};

/// Frames lent and not given back at one time: those that a session looks at, and those whose lenders are
/// slow to take them.
const MOST_LENT: usize = 16;

/// Frames that are lent to a session.
pub(super) struct Lending {
    back: Sender<Box<dyn LentFrame>>,
    out: Arc<Out>,
    thread: ThreadId,
}

/// How many frames are out.
#[derive(Default)]
struct Out {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Out {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lending {
    /// Starts the thread, which ends with the last of its frames after this is dropped.
    pub(super) fn start() -> Result<Self, SessionError> {
        let (back, frames) = bounded(MOST_LENT);
        let out = Arc::new(Out::default());
        let counted = Arc::clone(&out);
        let thread = Builder::new()
            .name("fixate-releaser".to_owned())
            .spawn(move || give_back(&frames, &counted))
            .map_err(|error| SessionError::Threads(error.kind()))?;
        Ok(Self {
            back,
            out,
            thread: thread.thread().id(),
        })
    }

    /// Takes a frame out of `lent`, to be given back when it is dropped; none if too many are out.
    pub(super) fn take(&self, lent: &mut Option<Box<dyn LentFrame>>) -> Option<Arc<dyn LentFrame>> {
        let mut count = self.out.count();
        if *count == MOST_LENT {
            return None;
        }
        let frame = lent.take()?;
        *count += 1;
        Some(Arc::new(Loan {
            frame: Some(frame),
            back: self.back.clone(),
        }))
    }

    /// Waits until all frames are back, at most so long; tells how many are not. A lender that asks this
    /// while he takes a frame back does not wait for himself.
    pub(super) fn all_back(&self, within: Duration) -> usize {
        let until = Instant::now() + within;
        let mut count = self.out.count();
        while *count > 0 && current().id() != self.thread {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.out.changed.wait_timeout(count, left);
            count = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *count
    }
}

/// A frame that is out.
struct Loan {
    /// None once it is on its way back.
    frame: Option<Box<dyn LentFrame>>,
    back: Sender<Box<dyn LentFrame>>,
}

impl LentFrame for Loan {
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        match &self.frame {
            Some(frame) => frame.frame(),
            None => Err(FrameError::ZeroSize {
                width_px: 0,
                height_px: 0,
            }),
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(frame) = self.frame.take()
            && self.back.try_send(frame).is_err()
        {
            // There is room for all that are out, and the thread waits for them.
            log::error!("a lent frame found no way back");
        }
    }
}

/// What the thread does until nothing more can come back.
fn give_back(frames: &Receiver<Box<dyn LentFrame>>, out: &Out) {
    while let Ok(frame) = frames.recv() {
        if catch_unwind(AssertUnwindSafe(|| drop(frame))).is_err() {
            log::error!("whoever lent a frame panicked when it came back");
        }
        *out.count() -= 1;
        out.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::frame::PixelFormat;

    struct Counted(Arc<AtomicUsize>);

    impl LentFrame for Counted {
        fn frame(&self) -> Result<Frame<'_>, FrameError> {
            Frame::contiguous(PixelFormat::Gray8, 2, 2, &[1, 2, 3, 4], 0)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            assert_ne!(self.0.load(Ordering::SeqCst), 3, "the third one panics");
        }
    }

    #[test]
    fn frames_come_back_once_and_no_more_are_taken_than_have_room() {
        let lending = Lending::start().unwrap();
        let back = Arc::new(AtomicUsize::new(0));
        let lend = || {
            let mut lent: Option<Box<dyn LentFrame>> = Some(Box::new(Counted(Arc::clone(&back))));
            let taken = lending.take(&mut lent);
            assert_eq!(taken.is_none(), lent.is_some());
            taken
        };
        let out: Vec<_> = (0..MOST_LENT).map(|_| lend().unwrap()).collect();
        let two = (Arc::clone(&out[0]), Arc::clone(&out[1]));
        assert!(lend().is_none());
        assert_eq!(back.load(Ordering::SeqCst), 1);
        drop(out);
        while lending.all_back(Duration::from_millis(1)) > 2 {}
        assert_eq!(two.0.frame().unwrap().width_px(), 2);
        drop(two);
        assert_eq!(lending.all_back(Duration::from_secs(60)), 0);
        assert_eq!(back.load(Ordering::SeqCst), 1 + MOST_LENT);
        assert!(lend().is_some());
    }
}
