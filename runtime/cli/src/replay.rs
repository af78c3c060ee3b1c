//! `fixate replay`: whether a recording replays to its answers, and how good they were.

use crate::failure::Failure;
use crate::kinds::Kinds;
use clap::Args;
use fixate::recording::{Disagreement, RecordingReader, ReplayReport, check};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A recording, FILE.mcap. Viewers of MCAP files show its images, gaze and masks.
    pub(crate) file: PathBuf,
}

/// What `--json` prints; where `fixate live` says the same, under the same names.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether every answer is the recorded one, bit for bit, and nothing is missing.
    agrees: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
    events: u64,
    recorded_answers: u64,
    agreeing_answers: u64,
    seconds: f64,
    prompts: u64,
    answers: u64,
    in_time: u64,
    longest_miss_streak: u64,
    kinds: Kinds,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<Distribution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask_age_ms: Option<Distribution>,
    frames: Frames,
}

#[derive(Debug, Serialize)]
struct Frames {
    r#in: u64,
    keyframes: u64,
}

#[derive(Debug, Serialize)]
struct Distribution {
    p50: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl Distribution {
    /// None of no values.
    fn of(mut values_us: Vec<i64>) -> Option<Self> {
        values_us.sort_unstable();
        let at = |share: f64| {
            let index = (share * values_us.len() as f64).ceil() as usize;
            let value_us = values_us.get(index.max(1) - 1)?;
            Some(*value_us as f64 / 1e3)
        };
        Some(Self {
            p50: at(0.5)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
            max: at(1.0)?,
        })
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Replay, json: bool) -> Result<(), Failure> {
    let failed = |error| Failure::file(&arguments.file, error);
    let reader = RecordingReader::open(&arguments.file).map_err(failed)?;
    let report = report(check(reader));
    if json {
        crate::print_json(&report)?;
    } else {
        tell(&report);
    }
    match report.difference {
        None => Ok(()),
        Some(difference) => Err(Failure::file(&arguments.file, difference)),
    }
}

fn report(replay: ReplayReport) -> Report {
    let counters = replay.counters;
    Report {
        agrees: replay.agrees(),
        difference: difference(&replay),
        events: replay.events,
        recorded_answers: replay.recorded,
        agreeing_answers: replay.agreeing,
        seconds: replay.duration_us as f64 / 1e6,
        prompts: counters.prompts,
        answers: counters.answers(),
        in_time: counters.answers().saturating_sub(counters.missed),
        longest_miss_streak: counters.longest_miss_streak,
        kinds: Kinds::from(&counters),
        latency_ms: Distribution::of(replay.latencies_us),
        mask_age_ms: Distribution::of(replay.mask_ages_us),
        frames: Frames {
            r#in: counters.frames,
            keyframes: counters.keyframes,
        },
    }
}

/// Why a recording does not agree, in one line.
fn difference(replay: &ReplayReport) -> Option<String> {
    let found = match &replay.disagreement {
        Some(Disagreement::Differs {
            index,
            recorded,
            replayed,
        }) => Some(format!(
            "answer {index}, to prompt {}, was {:?} at {} us, but replays to {:?} for prompt {} at {} us; replay with the version that recorded it, on the same kind of machine",
            recorded.prompt.0,
            recorded.kind,
            recorded.answered_us,
            replayed.kind,
            replayed.prompt.0,
            replayed.answered_us
        )),
        Some(Disagreement::NotRecorded { index, replayed }) => Some(format!(
            "answer {index}, to prompt {}, is not in the recording; record every answer",
            replayed.prompt.0
        )),
        Some(Disagreement::NotReplayed { index, recorded }) => Some(format!(
            "answer {index}, to prompt {}, does not follow from the recorded events; record every call of the engine",
            recorded.prompt.0
        )),
        Some(_) => Some("its answers differ".to_owned()),
        None => None,
    };
    let missing = (replay.lost > 0).then(|| {
        format!(
            "{} entries are missing, because they came faster than they were written; it was replayed up to there",
            replay.lost
        )
    });
    let broken = replay.broken.as_ref().map(ToString::to_string);
    found.or(missing).or(broken)
}

fn tell(report: &Report) {
    let Report {
        events,
        recorded_answers,
        agreeing_answers,
        seconds,
        prompts,
        answers,
        in_time,
        longest_miss_streak,
        kinds,
        latency_ms,
        mask_age_ms,
        frames,
        ..
    } = report;
    crate::print_line(format_args!(
        "{events} events in {seconds:.1} s: {} frames, {} keyframes, {prompts} prompts",
        frames.r#in, frames.keyframes
    ));
    crate::print_line(format_args!(
        "{in_time} of {answers} answers in time, at most {longest_miss_streak} late in a row"
    ));
    crate::print_line(format_args!("{kinds}"));
    for (label, times) in [("latency", latency_ms), ("mask age", mask_age_ms)] {
        if let Some(Distribution {
            p50,
            p99,
            p999,
            max,
        }) = times
        {
            crate::print_line(format_args!(
                "{label:<9} p50 {p50:.1} ms, p99 {p99:.1}, p99.9 {p999:.1}, at most {max:.1}"
            ));
        }
    }
    crate::print_line(format_args!(
        "{agreeing_answers} of {recorded_answers} recorded answers replay to the same bits"
    ));
}
