//! Where frames come in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::clock::now_us;
use super::error::SessionError;
use super::pixels::HeldFrame;
use super::pool::Pool;
use super::release::Lending;
use super::shared::{Counts, Shared};
use crate::engine::{EngineError, FrameId};
use crate::frame::{Frame, LentFrame};
use crate::newest::Taken;
use crate::source::FrameBuffer;

/// Copied frames in use at once: one being copied, one for the camera's thread, one that it looks at, the
/// newest, one that waits for the encoder, one being encoded, those of encoders that hang.
const MOST_FRAMES: usize = 10;

/// Checks, numbers and keeps frames, copied or lent.
pub(super) struct Intake {
    frames: Mutex<Frames>,
    /// The number of the newest frame, 0 before the first.
    newest: AtomicU64,
    lending: Lending,
    /// How far a frame's clock may be ahead, microseconds.
    clock_difference_us: i64,
}

struct Frames {
    pool: Pool<FrameBuffer>,
    count: u64,
    newest_us: Option<i64>,
}

impl Intake {
    pub(super) fn new(clock_difference_us: i64) -> Result<Self, SessionError> {
        Ok(Self {
            frames: Mutex::new(Frames {
                pool: Pool::new(MOST_FRAMES, FrameBuffer::new),
                count: 0,
                newest_us: None,
            }),
            newest: AtomicU64::new(0),
            lending: Lending::start()?,
            clock_difference_us,
        })
    }

    /// The number of the newest frame, 0 before the first.
    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Takes a copy of a frame.
    pub(super) fn copy(&self, frame: &Frame<'_>, shared: &Shared) -> Result<FrameId, SessionError> {
        self.admit(frame.capture_time_us(), shared, |pool| {
            let copied = pool.fill(|buffer| buffer.copy_from(frame).map_err(SessionError::Frame));
            let copied = copied.ok_or(SessionError::NoBuffer)?;
            copied.map(|copied| copied as Arc<dyn LentFrame>)
        })
    }

    /// Takes a frame itself; drops it if it is refused.
    pub(super) fn lend(
        &self,
        frame: Box<dyn LentFrame>,
        shared: &Shared,
    ) -> Result<FrameId, SessionError> {
        let capture_us = frame
            .frame()
            .map_err(SessionError::Frame)?
            .capture_time_us();
        // What is refused stays here, and is dropped without the lock.
        let mut lent = Some(frame);
        self.admit(capture_us, shared, |_| {
            self.lending.take(&mut lent).ok_or(SessionError::NoBuffer)
        })
    }

    fn admit(
        &self,
        found_us: i64,
        shared: &Shared,
        hold: impl FnOnce(&mut Pool<FrameBuffer>) -> Result<Arc<dyn LentFrame>, SessionError>,
    ) -> Result<FrameId, SessionError> {
        let counts = &shared.counts;
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        Counts::add(&counts.frames_pushed);
        let held = match frames.refusal(found_us, self.clock_difference_us) {
            Some(error) => Err(SessionError::Refused(error)),
            None => hold(&mut frames.pool),
        };
        let pixels = held.inspect_err(|_| Counts::add(&counts.frames_dropped))?;
        frames.count += 1;
        frames.newest_us = Some(found_us);
        let id = FrameId(frames.count);
        self.newest.store(id.0, Ordering::Release);
        if shared.camera.put(HeldFrame::new(id, pixels)).is_some() {
            Counts::add(&counts.frames_dropped);
        }
        Ok(id)
    }

    /// After the threads have ended: lets go of all frames, and waits at most so long until the lent ones
    /// are back; tells how many are not.
    pub(super) fn all_back(&self, shared: &Shared, within: Duration) -> usize {
        shared.lock().frames.clear();
        while let Taken::Value(frame) = shared.camera.take(Some(Instant::now())) {
            drop(frame);
        }
        self.lending.all_back(within)
    }
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
