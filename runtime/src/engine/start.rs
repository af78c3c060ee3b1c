//! Jobs that begin.

use super::actions::{DecodeJob, EncodeJob, Memory, MoveJob};
use super::answer::NoneReason;
use super::chains::Following;
use super::frames::KeyframeTrack;
use super::ladder::Rung;
use super::machine::{Anchor, Decoding, Encoding, Engine, Moving, deviation_px};
use super::names::{KeyframeId, age_us};
use super::open::{Open, Stage};

impl Engine {
    /// A frame for an idle encoder.
    pub(super) fn start_encoding(&mut self) -> Option<EncodeJob> {
        let now_us = self.now_us;
        let resting = self.rest_until_us.is_some_and(|until_us| now_us < until_us);
        if self.encoding.is_some() || resting {
            return None;
        }
        let newest = *self.frames.newest()?;
        let shift = self.shift();
        self.policy.expire(self.frames.oldest_us()?);
        let selected = self.policy.select(now_us, newest.capture_us, shift)?;
        let chains = self.frames.track(selected.frame)?.chains;
        self.keyframe_count += 1;
        self.counters.encodes += 1;
        let keyframe = KeyframeId(self.keyframe_count);
        self.encoding = Some(Encoding {
            track: KeyframeTrack {
                keyframe,
                chains,
                width_px: newest.width_px,
                height_px: newest.height_px,
            },
            started_us: now_us,
            hung: false,
            useless: false,
        });
        Some(EncodeJob {
            keyframe,
            frame: selected.frame,
            reason: selected.reason,
        })
    }

    /// The prompt that waits, for an idle decoder.
    pub(super) fn start_decoding(&mut self) -> Option<DecodeJob> {
        if self.decoding.is_some() {
            return None;
        }
        let open = *self.open.waiting()?;
        let prepared = self.prepare(&open);
        let left_us = open.deadline_us.saturating_sub(self.now_us);
        let rung = prepared.as_ref().ok().map(|_| {
            let in_time = self.ladder.decoding(left_us, open.shape.is_ambiguous());
            in_time.or_else(|| self.late_rung(&open))
        });
        let (mut job, decoding) = match (prepared, rung) {
            (Ok(prepared), Some(Some(rung))) => self.assign(prepared, rung),
            (Err(reason), _) => {
                self.obstruct(&open, reason);
                return None;
            }
            // Time only gets shorter.
            _ => {
                let slot = self.open.find(open.prompt)?;
                slot.stage = Stage::Undecoded(NoneReason::NoTime);
                slot.obstacle = Some(NoneReason::NoTime);
                return None;
            }
        };
        job.deadline_us = open.deadline_us;
        self.counters.decodes += 1;
        self.decoding = Some(decoding);
        let slot = self.open.find(open.prompt)?;
        slot.stage = Stage::Decoding(job.job);
        slot.obstacle = None;
        Some(job)
    }

    /// Where nothing is in time, prompts live on masks that are moved: something must be decoded for
    /// those that come after.
    fn late_rung(&self, open: &Open) -> Option<Rung> {
        let young = self
            .usable_last(open)
            .is_some_and(|last| age_us(self.now_us, last.decoded_us) < self.options.late_decode_us);
        (!young).then_some(Rung::Single)
    }

    fn assign(
        &mut self,
        (mut job, mut decoding): (DecodeJob, Decoding),
        rung: Rung,
    ) -> (DecodeJob, Decoding) {
        let name = self.next_job();
        (job.job, job.rung) = (name, rung);
        if rung == Rung::Window {
            job.window = Some(self.window(&job));
        }
        (decoding.job, decoding.rung) = (name, rung);
        (job, decoding)
    }

    fn obstruct(&mut self, open: &Open, reason: NoneReason) {
        // A newer keyframe would help, and may come before the deadline.
        if matches!(reason, NoneReason::OffKeyframe | NoneReason::MotionLost) {
            let prompted_us = open.chains.frame_us();
            let newer = self
                .encoding
                .is_some_and(|job| job.track.chains.frame_us() >= prompted_us);
            if !newer {
                self.policy.ask();
            }
        }
        if let Some(slot) = self.open.find(open.prompt) {
            slot.obstacle = Some(reason);
        }
    }

    /// The prompt on the keyframe; its job still without a name and a rung.
    fn prepare(&self, open: &Open) -> Result<(DecodeJob, Decoding), NoneReason> {
        let (Some(track), Some(newest)) = (self.keyframe, self.frames.newest()) else {
            return Err(NoneReason::NoKeyframe);
        };
        if age_us(self.now_us, newest.arrival_us) >= self.options.camera_lost_us {
            return Err(NoneReason::CameraStalled);
        }
        let last = self.usable_last(open);
        let following = last.map_or(Following::Picture, |_| Following::Thing);
        let frame_from_keyframe = *track
            .newest_from_keyframe(following)
            .ok_or(NoneReason::MotionLost)?;
        let newest_from_prompt = open
            .chains
            .newest_from_frame(following)
            .map_err(|_| NoneReason::MotionLost)?;
        let keyframe_from_prompt = frame_from_keyframe.inverse().after(newest_from_prompt);
        let shape = open
            .shape
            .moved(&keyframe_from_prompt, track.width_px, track.height_px)
            .ok_or(NoneReason::OffKeyframe)?;
        let memory = last.and_then(|last| {
            let newest_from_memory = last.track.newest_from_keyframe(following)?;
            Some(Memory {
                job: last.drawn.job,
                keyframe_from_memory: frame_from_keyframe.inverse().after(newest_from_memory),
            })
        });
        let memory_us = last
            .filter(|_| memory.is_some())
            .map(|last| age_us(self.now_us, last.decoded_us));
        let ambiguous = open.shape.is_ambiguous();
        let unnamed = super::names::JobId(0);
        let job = DecodeJob {
            job: unnamed,
            prompt: open.prompt,
            rung: Rung::Single,
            keyframe: track.keyframe,
            shape,
            ambiguous,
            window: None,
            frame: newest.frame,
            frame_from_keyframe,
            memory,
            memory_age_us: memory_us,
            deadline_us: 0,
        };
        let decoding = Decoding {
            job: unnamed,
            prompt: open.prompt,
            rung: Rung::Single,
            track,
            anchor: shape.anchor().map(|point| Anchor {
                point,
                spread: shape.spread(),
            }),
            following,
            ambiguous,
            frame: newest.frame,
            frame_us: newest.capture_us,
            frame_from_keyframe,
            memory_us,
            started_us: self.now_us,
            hung: false,
            useless: false,
        };
        Ok((job, decoding))
    }

    /// The last answer moved, for a prompt that may not be decoded in time.
    pub(super) fn start_moving(&mut self) -> Option<MoveJob> {
        if self.moving.is_some() {
            return None;
        }
        let now_us = self.now_us;
        let due = |open: &&Open| {
            let undecoded = matches!(open.stage, Stage::Undecoded(_));
            let late = now_us >= self.ladder.latest_move_us(open.deadline_us);
            let cost_us = self.ladder.cost_us(Rung::Moved);
            let possible = now_us.saturating_add(cost_us) <= open.deadline_us;
            let done = matches!(open.stage, Stage::Done(_));
            !open.move_tried && !done && (undecoded || late) && possible
        };
        let open = *self
            .open
            .iter()
            .filter(due)
            .max_by_key(|open| open.prompt)?;
        let newest = *self.frames.newest()?;
        let last = *self.usable_last(&open)?;
        let motion = *last.track.newest_from_keyframe(Following::Thing)?;
        let job = self.next_job();
        let mut drawn = last.drawn;
        drawn.frame = newest.frame;
        drawn.frame_us = newest.capture_us;
        drawn.frame_from_keyframe = motion;
        drawn.deviation_px = deviation_px(&motion, last.anchor.as_ref());
        self.moving = Some(Moving {
            job,
            prompt: open.prompt,
            drawn,
            started_us: now_us,
        });
        self.open.find(open.prompt)?.move_tried = true;
        self.counters.moves += 1;
        Some(MoveJob {
            job,
            prompt: open.prompt,
            decoded: drawn.job,
            frame: newest.frame,
            frame_from_keyframe: motion,
            deadline_us: open.deadline_us,
        })
    }
}
