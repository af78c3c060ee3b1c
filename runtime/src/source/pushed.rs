//! Frames that another thread pushes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{FrameBuffer, Source, SourceError, Supply};
use crate::frame::{Frame, FrameError};
use crate::newest::{Newest, Taken};

/// What became of pushed frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushCounters {
    /// Frames pushed.
    pub pushed: u64,
    /// Frames taken by the source's reader.
    pub taken: u64,
    /// Frames that a newer one replaced before they were taken, or that came after the end.
    pub dropped: u64,
}

/// A slot for the newest frame: what is pushed into one end comes out of the other, and whoever pushes
/// never waits for whoever takes.
#[must_use]
pub fn pushed_frames() -> (FramePusher, PushedFrames) {
    let shared = Arc::new(Shared {
        newest: Newest::new(),
        spare: Mutex::default(),
        pushed: AtomicU64::new(0),
        taken: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
    });
    let pusher = FramePusher {
        shared: Arc::clone(&shared),
    };
    (pusher, PushedFrames { shared })
}

#[derive(Debug)]
struct Shared {
    newest: Newest<FrameBuffer>,
    /// To be filled. A buffer is made only when there is none, so that there are never more than a few.
    spare: Mutex<Vec<FrameBuffer>>,
    pushed: AtomicU64,
    taken: AtomicU64,
    dropped: AtomicU64,
}

impl Shared {
    /// Nothing is left half done under the lock, so that a panic elsewhere does no harm.
    fn spare(&self) -> MutexGuard<'_, Vec<FrameBuffer>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counters(&self) -> PushCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PushCounters {
            pushed: read(&self.pushed),
            taken: read(&self.taken),
            dropped: read(&self.dropped),
        }
    }
}

/// The end that frames are pushed into. The stream is over when it is dropped.
#[derive(Debug)]
pub struct FramePusher {
    shared: Arc<Shared>,
}

impl FramePusher {
    /// Copies a frame into the slot, in place of one that nobody has taken yet. Allocates nothing once
    /// frames have their size.
    ///
    /// # Errors
    /// As [`FrameBuffer::copy_from`]; nothing is pushed then.
    pub fn push(&self, frame: &Frame<'_>) -> Result<(), FrameError> {
        let shared = &*self.shared;
        // Pixels are copied outside of any lock.
        let spare = shared.spare().pop();
        let mut buffer = spare.unwrap_or_default();
        buffer.copy_from(frame)?;
        shared.pushed.fetch_add(1, Ordering::Relaxed);
        if let Some(unwanted) = shared.newest.put(buffer) {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
            shared.spare().push(unwanted);
        }
        Ok(())
    }

    /// Whether nobody takes frames any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.newest.is_closed()
    }

    /// What became of the frames so far.
    #[must_use]
    pub fn counters(&self) -> PushCounters {
        self.shared.counters()
    }
}

impl Drop for FramePusher {
    fn drop(&mut self) {
        self.shared.newest.close();
    }
}

/// The end that frames are taken from: the newest, once.
#[derive(Debug)]
pub struct PushedFrames {
    shared: Arc<Shared>,
}

impl PushedFrames {
    /// Waits for so long at most; none when no frame came.
    #[must_use]
    pub fn next_within(&mut self, buffer: &mut FrameBuffer, wait: Duration) -> Option<Supply> {
        self.take(buffer, Instant::now().checked_add(wait))
    }

    /// What became of the frames so far.
    #[must_use]
    pub fn counters(&self) -> PushCounters {
        self.shared.counters()
    }

    /// The newest frame, at the latest at `until`; without it, whenever.
    fn take(&mut self, buffer: &mut FrameBuffer, until: Option<Instant>) -> Option<Supply> {
        match self.shared.newest.take(until) {
            Taken::Value(newest) => {
                self.shared.taken.fetch_add(1, Ordering::Relaxed);
                let before = std::mem::replace(buffer, newest);
                self.shared.spare().push(before);
                Some(Supply::Frame)
            }
            Taken::Late => None,
            Taken::Closed => Some(Supply::Ended),
        }
    }
}

impl Source for PushedFrames {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        Ok(self.take(buffer, None).unwrap_or(Supply::Ended))
    }

    fn is_live(&self) -> bool {
        true
    }
}

impl Drop for PushedFrames {
    fn drop(&mut self) {
        self.shared.newest.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{PixelFormat, Plane};

    fn gray(value: u8, capture_us: i64) -> FrameBuffer {
        let mut buffer = FrameBuffer::new();
        let bytes = buffer.reshape(PixelFormat::Gray8, 2, 2, capture_us);
        bytes.unwrap().fill(value);
        buffer
    }

    #[test]
    fn the_newest_frame_wins_and_drops_are_counted() {
        let (pusher, mut frames) = pushed_frames();
        let mut buffer = FrameBuffer::new();
        let nothing = frames.next_within(&mut buffer, Duration::ZERO);
        assert_eq!(nothing, None);
        for value in 1..=3 {
            let frame = gray(value, value.into());
            pusher.push(&frame.frame().unwrap()).unwrap();
        }
        assert_eq!(frames.next_into(&mut buffer).unwrap(), Supply::Frame);
        assert_eq!(buffer.frame().unwrap().capture_time_us(), 3);
        let counters = PushCounters {
            pushed: 3,
            taken: 1,
            dropped: 2,
        };
        assert_eq!(pusher.counters(), counters);
        pusher.push(&gray(4, 4).frame().unwrap()).unwrap();
        drop(pusher);
        assert_eq!(frames.next_into(&mut buffer).unwrap(), Supply::Frame);
        assert_eq!(frames.next_into(&mut buffer).unwrap(), Supply::Ended);
        assert_eq!(frames.next_into(&mut buffer).unwrap(), Supply::Ended);
    }

    #[test]
    fn every_frame_is_taken_or_dropped_across_threads() {
        let (pusher, mut frames) = pushed_frames();
        let taker = std::thread::spawn(move || {
            let mut buffer = FrameBuffer::new();
            let mut times_us = Vec::new();
            while frames.next_into(&mut buffer).unwrap() == Supply::Frame {
                let frame = buffer.frame().unwrap();
                assert!(frame.to_rgb8().iter().all(|&v| v == frame.to_rgb8()[0]));
                times_us.push(frame.capture_time_us());
            }
            (times_us, frames.counters())
        });
        for value in 0..1_000 {
            let frame = gray((value % 251) as u8, value);
            pusher.push(&frame.frame().unwrap()).unwrap();
        }
        drop(pusher);
        let (times_us, counters) = taker.join().unwrap();
        assert!(times_us.is_sorted_by(|a, b| a < b));
        assert_eq!(times_us.last(), Some(&999));
        assert_eq!(counters.taken, times_us.len() as u64);
        assert_eq!(counters.taken + counters.dropped, counters.pushed);
    }

    #[test]
    fn padding_is_left_behind() {
        let plane = Plane {
            bytes: &[1, 2, 99, 3, 4],
            stride_bytes: 3,
        };
        let padded = Frame::new(PixelFormat::Gray8, 2, 2, &[plane], 7).unwrap();
        let mut buffer = FrameBuffer::new();
        buffer.copy_from(&padded).unwrap();
        assert_eq!(buffer.into_bytes(), [1, 2, 3, 4]);
    }

    #[test]
    fn a_reader_that_left_stops_nobody() {
        let (pusher, frames) = pushed_frames();
        drop(frames);
        pusher.push(&gray(1, 1).frame().unwrap()).unwrap();
        assert_eq!(pusher.counters().dropped, 1);
        assert!(pusher.is_closed());
    }
}
