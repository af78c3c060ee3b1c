//! What a session is told and answers, into a file, while it runs.

use super::player::Player;
use crate::failure::Failure;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use fixate::engine::{Answer, EngineOptions, Event};
use fixate::mask::Bitmap;
use fixate::recording::{Recorder, RecorderOptions, RecordingError};
use fixate::session::Told;
use std::path::Path;
use std::time::Duration;

/// More than a slow disk lets wait: some ten seconds of a session.
const MOST_TOLD: usize = 1 << 14;
const MOST_MASKS: usize = 4;
/// Pictures and masks, which are for people, are written so far apart, microseconds: a JPEG of a large picture takes as
/// long as an answer.
const SHOW_EVERY_US: i64 = 100_000;

/// The ends that fill a recording.
pub(super) struct Ways {
    /// For the session.
    pub(super) told: Sender<Told>,
    /// For whoever reads its answers.
    pub(super) masks: MaskWay,
    pub(super) file: Tape,
}

/// Where masks of answers go.
pub(super) struct MaskWay {
    masks: Sender<(Answer, Bitmap)>,
    next_us: i64,
}

/// The ends that a recording is made of.
pub(super) struct Tape {
    told: Receiver<Told>,
    masks: Receiver<(Answer, Bitmap)>,
}

/// What leads to a recording.
pub(super) fn ways() -> Ways {
    let (told, told_in) = bounded(MOST_TOLD);
    let (masks, masks_in) = bounded(MOST_MASKS);
    Ways {
        told,
        masks: MaskWay {
            masks,
            next_us: i64::MIN,
        },
        file: Tape {
            told: told_in,
            masks: masks_in,
        },
    }
}

impl MaskWay {
    /// Takes a copy of a mask now and then; whoever reads answers never waits.
    pub(super) fn show(&mut self, now_us: i64, answer: &Answer, mask: &Bitmap) {
        if now_us >= self.next_us && self.masks.try_send((*answer, mask.clone())).is_ok() {
            self.next_us = now_us + SHOW_EVERY_US;
        }
    }
}

impl Tape {
    /// Writes the file until the session and the reader of its answers are gone.
    pub(super) fn write(
        self,
        path: &Path,
        engine: &EngineOptions,
        player: &Player<'_>,
    ) -> Result<u64, Failure> {
        let wrong = |error: RecordingError| Failure::Failed(format!("{}: {error}", path.display()));
        let mut recorder =
            Recorder::create(path, engine, RecorderOptions::default()).map_err(wrong)?;
        let mut next_us = i64::MIN;
        let mut count = 0;
        loop {
            match self.told.recv_timeout(Duration::from_millis(20)) {
                Ok(Told::Event(event)) => {
                    recorder.on_event(&event).map_err(wrong)?;
                    count += 1;
                    if let Event::Frame { news, .. } = &event
                        && news.capture_us >= next_us
                        && let Some(frame) = player.picture(news.capture_us)
                    {
                        recorder.write_frame(&frame).map_err(wrong)?;
                        next_us = news.capture_us + SHOW_EVERY_US;
                    }
                }
                Ok(Told::Answer(answer)) => recorder.on_answer(&answer).map_err(wrong)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for (answer, mask) in self.masks.try_iter() {
                recorder.write_mask(&answer, &mask).map_err(wrong)?;
            }
        }
        recorder.finish().map_err(wrong)?;
        Ok(count)
    }
}
