//! How often what happened.

use super::answer::{Answer, AnswerKind, NoneReason};

/// How often what happened. Nothing that is dropped, refused or late goes uncounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct EngineCounters {
    /// Prompts taken. Each gets one answer: the four kinds and what is open add up to this.
    pub prompts: u64,
    /// Prompts refused with an error.
    pub prompts_refused: u64,
    /// Answers decoded for their prompt.
    pub fresh: u64,
    /// Answers moved from an earlier decoding.
    pub propagated: u64,
    /// Answers that were the last one, as it was.
    pub held: u64,
    /// Answers without a mask, superseded ones too.
    pub none: u64,
    /// Of these, for a newer prompt.
    pub superseded: u64,
    /// Answers after their deadline.
    pub missed: u64,
    /// Most of them in a row.
    pub longest_miss_streak: u64,
    /// Of them in a row now.
    pub miss_streak: u64,
    /// Frames taken.
    pub frames: u64,
    /// Frames refused with an error.
    pub frames_refused: u64,
    /// Frames to which the thing that is watched went by itself.
    pub things_followed: u64,
    /// Times at which frames changed their size.
    pub size_changes: u64,
    /// Times at which the camera stalled.
    pub camera_stalls: u64,
    /// Frames given to the encoder.
    pub encodes: u64,
    /// Keyframes that came of them.
    pub keyframes: u64,
    /// Failures of the encoder.
    pub encodes_failed: u64,
    /// Results of the encoder for frames of another size.
    pub encodes_discarded: u64,
    /// Times at which the encoder was given up as hanging.
    pub encoder_hangs: u64,
    /// Prompts given to the decoder.
    pub decodes: u64,
    /// Failures of the decoder, and results without a usable mask.
    pub decodes_failed: u64,
    /// Results of the decoder after their prompt was answered otherwise.
    pub decodes_late: u64,
    /// Times at which the decoder was given up as hanging.
    pub decoder_hangs: u64,
    /// Masks given to be moved.
    pub moves: u64,
    /// Moved masks that no prompt waited for any more, or that failed.
    pub moves_unused: u64,
    /// Reports of jobs that are not running.
    pub unknown_jobs: u64,
    /// Gaze samples whose fixation was off the frame.
    pub gaze_off_frame: u64,
    /// Gaze samples refused with an error.
    pub gaze_refused: u64,
    /// Gyroscope samples refused with an error.
    pub imu_refused: u64,
    /// Calls whose time was before that of an earlier call; they were taken to be at the same time.
    pub clock_backwards: u64,
}

impl EngineCounters {
    pub(super) fn answered(&mut self, answer: &Answer) {
        match answer.kind {
            AnswerKind::Fresh => self.fresh += 1,
            AnswerKind::Propagated => self.propagated += 1,
            AnswerKind::Held => self.held += 1,
            AnswerKind::None(reason) => {
                self.none += 1;
                if matches!(reason, NoneReason::Superseded { .. }) {
                    self.superseded += 1;
                }
            }
        }
        if answer.in_time() {
            self.miss_streak = 0;
        } else {
            self.missed += 1;
            self.miss_streak += 1;
            self.longest_miss_streak = self.longest_miss_streak.max(self.miss_streak);
        }
    }

    /// Answers of all kinds.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.fresh + self.propagated + self.held + self.none
    }
}
