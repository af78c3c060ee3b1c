//! Plays a clip into a session, in real time.

use super::clip::Clip;
use fixate::engine::PromptId;
use fixate::engine::gaze::GazeSample;
use fixate::frame::{Frame, PixelFormat};
use fixate::session::{Session, now_us};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A prompt, and the look that made it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prompted {
    pub(super) prompt: PromptId,
    pub(super) look: usize,
    /// The clip's frame that was shown next to that time.
    pub(super) frame: usize,
}

/// What was told to the session.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) prompted: Vec<Prompted>,
    /// Frames, looks and turns that the session refused.
    pub(super) refused: usize,
}

impl Told {
    /// What the prompt was made of.
    pub(super) fn find(&self, prompt: PromptId) -> Option<&Prompted> {
        let found = self
            .prompted
            .binary_search_by_key(&prompt, |prompted| prompted.prompt);
        found.ok().map(|index| &self.prompted[index])
    }
}

/// Plays a clip from one time to another, microseconds of the session's clock.
pub(super) struct Player<'a> {
    clip: &'a Clip,
    begin_us: i64,
    end_us: i64,
    /// The clip's frame shown last.
    newest: AtomicUsize,
}

impl<'a> Player<'a> {
    pub(super) fn new(clip: &'a Clip, begin_us: i64, end_us: i64) -> Self {
        Self {
            clip,
            begin_us,
            end_us,
            newest: AtomicUsize::new(0),
        }
    }

    /// What was shown at a time at which a frame was.
    pub(super) fn picture(&self, capture_us: i64) -> Option<Frame<'_>> {
        let clip = self.clip;
        let count = ((capture_us - self.begin_us) as f64 * 1e-6 * clip.fps).round();
        let rgb = clip.frames.get(clip.frame_at(count.max(0.0) as usize))?;
        let (width, height) = (clip.width as u32, clip.height as u32);
        Frame::contiguous(PixelFormat::Rgb8, width, height, rgb, capture_us).ok()
    }

    /// The clip's frame shown last.
    pub(super) fn newest(&self) -> usize {
        self.newest.load(Ordering::Relaxed)
    }

    /// Plays it; comes back at the end.
    pub(super) fn play(&self, session: &Session) -> Told {
        let clip = self.clip;
        let seconds = (self.end_us - self.begin_us) as f64 * 1e-6;
        let mut told = Told::default();
        told.prompted
            .reserve((seconds * 300.0) as usize + clip.looks.len());
        let mut frames = Steps::frames(clip);
        let mut looks = Steps::looks(clip);
        let mut turns = Steps::turns(clip);
        loop {
            // Turns first: motion between frames rests on them.
            let next = [turns.next_us(), frames.next_us(), looks.next_us()];
            let Some(next_us) = next.into_iter().flatten().min() else {
                break;
            };
            let time_us = self.begin_us + next_us;
            if time_us >= self.end_us {
                break;
            }
            sleep_until(time_us);
            let taken = if turns.next_us() == Some(next_us) {
                self.turn(session, turns.take(), time_us)
            } else if frames.next_us() == Some(next_us) {
                self.frame(session, frames.take(), time_us)
            } else {
                self.look(session, looks.take(), time_us, &mut told.prompted)
            };
            told.refused += usize::from(!taken);
        }
        told
    }

    fn frame(&self, session: &Session, count: usize, time_us: i64) -> bool {
        let clip = self.clip;
        let index = clip.frame_at(count);
        let (width, height) = (clip.width as u32, clip.height as u32);
        let rgb = &clip.frames[index];
        let frame = Frame::contiguous(PixelFormat::Rgb8, width, height, rgb, time_us);
        let taken = frame.is_ok_and(|frame| session.push_frame(&frame).is_ok());
        self.newest.store(index, Ordering::Relaxed);
        taken
    }

    fn look(
        &self,
        session: &Session,
        count: usize,
        time_us: i64,
        prompted: &mut Vec<Prompted>,
    ) -> bool {
        let clip = self.clip;
        let last = clip.looks.len().saturating_sub(1);
        let index = if clip.looks_return {
            Steps::returning(count, last).0
        } else {
            count
        };
        let look = &clip.looks[index];
        let sample = if look.valid {
            GazeSample::at(time_us, look.pixel[0], look.pixel[1])
        } else {
            GazeSample::missing(time_us)
        };
        let Ok(outcome) = session.push_gaze(&sample) else {
            return false;
        };
        if let Some(accepted) = outcome.accepted {
            let place = clip.time_at(time_us - self.begin_us);
            prompted.push(Prompted {
                prompt: accepted.prompt,
                look: index,
                frame: clip.frame_near(place.at),
            });
        }
        true
    }

    fn turn(&self, session: &Session, count: usize, time_us: i64) -> bool {
        let last = self.clip.turns.len().saturating_sub(1);
        let (index, backwards) = Steps::returning(count, last);
        let rate = self.clip.turns[index].rate_rad_s;
        let rate = if backwards {
            rate.map(|rate| -rate)
        } else {
            rate
        };
        session.push_imu(time_us, rate).is_ok()
    }
}

/// When the next of a kind is due.
struct Steps<'a> {
    count: usize,
    due_us: Box<dyn Fn(usize) -> Option<i64> + 'a>,
}

impl<'a> Steps<'a> {
    fn frames(clip: &'a Clip) -> Self {
        let some = !clip.frames.is_empty();
        Self {
            count: 0,
            due_us: Box::new(move |count| some.then(|| (count as f64 / clip.fps * 1e6) as i64)),
        }
    }

    fn looks(clip: &'a Clip) -> Self {
        let times: Vec<i64> = clip.looks.iter().map(|look| look.time_us).collect();
        Self {
            count: 0,
            due_us: Box::new(move |count| {
                if clip.looks_return {
                    forth_and_back(&times, count)
                } else {
                    times.get(count).copied()
                }
            }),
        }
    }

    fn turns(clip: &'a Clip) -> Self {
        let times: Vec<i64> = clip.turns.iter().map(|turn| turn.time_us).collect();
        Self {
            count: 0,
            due_us: Box::new(move |count| forth_and_back(&times, count)),
        }
    }

    fn next_us(&self) -> Option<i64> {
        (self.due_us)(self.count)
    }

    /// The number of the one that is due, which is then done.
    fn take(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    /// Forth from 0 to `last`, back, and again; whether it goes back.
    fn returning(count: usize, last: usize) -> (usize, bool) {
        if last == 0 {
            return (0, false);
        }
        let within = count % (2 * last);
        if within > last {
            (2 * last - within, true)
        } else {
            (within, false)
        }
    }
}

/// When the so-manieth of samples at these times is due that are played forth and back.
fn forth_and_back(times: &[i64], count: usize) -> Option<i64> {
    let last = times.len().checked_sub(1).filter(|&last| last > 0)?;
    let length_us = times[last] - times[0];
    let rounds = (count / (2 * last)) as i64 * 2 * length_us;
    let (index, backwards) = Steps::returning(count, last);
    let since_us = times[index] - times[0];
    let within_us = if backwards {
        2 * length_us - since_us
    } else {
        since_us
    };
    Some(times[0] + rounds + within_us)
}

fn sleep_until(time_us: i64) {
    let left_us = time_us - now_us();
    if left_us > 0 {
        std::thread::sleep(Duration::from_micros(left_us.unsigned_abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_grow_forth_and_back() {
        let times = [10, 20, 40];
        let all: Vec<_> = (0..7)
            .filter_map(|count| forth_and_back(&times, count))
            .collect();
        assert_eq!(all, [10, 20, 40, 60, 70, 80, 100]);
        assert_eq!(forth_and_back(&times[..1], 0), None);
    }
}
