//! Whether a recording replays to its answers.

use std::collections::VecDeque;
use std::io::Read;

use super::entry::Entry;
use super::error::RecordingError;
use super::reader::RecordingReader;
use crate::engine::{Answer, Engine, EngineCounters};

/// Most that either side is ahead of the other before the rest is called missing: answers stand right
/// after their events.
const MOST_AHEAD: usize = 4096;

/// The first answer that differs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
#[non_exhaustive]
pub enum Disagreement {
    /// Both gave an answer, and not the same.
    Differs {
        /// Which answer, from 0.
        index: u64,
        /// What stands in the recording.
        recorded: Answer,
        /// What the replay gave.
        replayed: Answer,
    },
    /// The replay gave an answer that the recording does not have.
    NotRecorded {
        /// Which answer, from 0.
        index: u64,
        /// What the replay gave.
        replayed: Answer,
    },
    /// The recording has an answer that the replay did not give.
    NotReplayed {
        /// Which answer, from 0.
        index: u64,
        /// What stands in the recording.
        recorded: Answer,
    },
}

/// What came of a replay.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplayReport {
    /// Calls of the engine made again.
    pub events: u64,
    /// Answers in the recording.
    pub recorded: u64,
    /// Answers that are the same bit for bit, up to the first that is not.
    pub agreeing: u64,
    /// The first answer that differs.
    pub disagreement: Option<Disagreement>,
    /// Entries that the recorder could not write; nothing after the first gap is replayed.
    pub lost: u64,
    /// Why the recording could not be read to its end; what stands before was replayed.
    pub broken: Option<RecordingError>,
    /// From the first event to the last, microseconds.
    pub duration_us: i64,
    /// The replaying engine's counters.
    pub counters: EngineCounters,
    /// Of each replayed answer, from the prompt to it; microseconds.
    pub latencies_us: Vec<i64>,
    /// Of each replayed answer with a mask, from the keyframe's capture to the answer; microseconds.
    pub mask_ages_us: Vec<i64>,
}

impl ReplayReport {
    /// Whether every answer agrees, and nothing is missing.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.disagreement.is_none() && self.lost == 0 && self.broken.is_none()
    }
}

/// Makes the recorded calls again and compares the answers, bit for bit. Reads as far as it can; what
/// is wrong with the file stands in the report.
#[must_use]
pub fn check(reader: RecordingReader<impl Read>) -> ReplayReport {
    let mut replayed = VecDeque::new();
    let mut recorded = VecDeque::new();
    let mut engine = Engine::new(*reader.options());
    let mut times_us: Option<(i64, i64)> = None;
    let mut report = ReplayReport {
        events: 0,
        recorded: 0,
        agreeing: 0,
        disagreement: None,
        lost: 0,
        broken: None,
        duration_us: 0,
        counters: EngineCounters::default(),
        latencies_us: Vec::new(),
        mask_ages_us: Vec::new(),
    };
    for entry in reader {
        match entry {
            // After a gap, answers follow from calls that are not there.
            Ok(Entry::Lost(count)) => report.lost += count.max(1),
            Ok(_) if report.lost > 0 => {}
            Ok(Entry::Event(event)) => {
                report.events += 1;
                if let Some(now_us) = event.now_us() {
                    let (first_us, last_us) = times_us.unwrap_or((now_us, now_us));
                    times_us = Some((first_us, last_us.max(now_us)));
                }
                for answer in engine.on_event(&event).answers() {
                    report.latencies_us.push(answer.latency_us());
                    report.mask_ages_us.extend(answer.mask_age_us);
                    replayed.push_back(*answer);
                }
            }
            Ok(Entry::Answer(answer)) => {
                report.recorded += 1;
                recorded.push_back(answer);
            }
            Ok(Entry::Began(_)) => {
                report.broken = Some(RecordingError::Entry {
                    reason: "the engine's options stand in the middle".to_owned(),
                });
                break;
            }
            Err(error) => {
                report.broken = Some(error);
                break;
            }
        }
        report.compare(&mut recorded, &mut replayed, MOST_AHEAD);
    }
    // Where a recording is cut, the answers to its last event may be missing.
    let is_cut = report.broken.is_some() || report.lost > 0;
    let ahead = if is_cut { MOST_AHEAD } else { 0 };
    report.compare(&mut recorded, &mut replayed, ahead);
    report.duration_us = times_us.map_or(0, |(first_us, last_us)| last_us.saturating_sub(first_us));
    report.counters = *engine.counters();
    report
}

impl ReplayReport {
    /// Compares the answers that both sides have, and calls those missing of which one side has more
    /// than `ahead`.
    fn compare(
        &mut self,
        recorded: &mut VecDeque<Answer>,
        replayed: &mut VecDeque<Answer>,
        ahead: usize,
    ) {
        while self.disagreement.is_none() {
            let index = self.agreeing;
            self.disagreement = match (recorded.front(), replayed.front()) {
                (Some(&recorded), Some(&replayed)) if !same_bits(&recorded, &replayed) => {
                    Some(Disagreement::Differs {
                        index,
                        recorded,
                        replayed,
                    })
                }
                (Some(_), Some(_)) => None,
                (Some(&answer), None) if recorded.len() > ahead => {
                    Some(Disagreement::NotReplayed {
                        index,
                        recorded: answer,
                    })
                }
                (None, Some(&answer)) if replayed.len() > ahead => {
                    Some(Disagreement::NotRecorded {
                        index,
                        replayed: answer,
                    })
                }
                _ => return,
            };
            if self.disagreement.is_none() {
                self.agreeing += 1;
                recorded.pop_front();
                replayed.pop_front();
            }
        }
        recorded.clear();
        replayed.clear();
    }
}

/// Whether the answers are the same to the last bit: not-a-numbers too, and zeros of either sign.
fn same_bits(left: &Answer, right: &Answer) -> bool {
    let bytes = |answer: &Answer| postcard::to_allocvec(answer).ok();
    bytes(left) == bytes(right)
}
