//! What is told of a run.

use super::clip::Clip;
use super::journal::Journal;
use super::score::Scores;
use crate::kinds::Kinds;
use fixate::session::{Quantiles, SessionStats};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Serialize)]
struct Frames {
    #[serde(rename = "in")]
    pushed: u64,
    keyframes: u64,
    dropped: u64,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    model: String,
    frame: [usize; 2],
    prompts: u64,
    answers: u64,
    in_time: u64,
    in_time_share: f64,
    longest_miss_streak: u64,
    kinds: Kinds,
    /// From the push of the gaze sample to the mask in the reader's buffer.
    latency_ms: Quantiles,
    mask_age_ms: Quantiles,
    encode_ms: Quantiles,
    decode_ms: Quantiles,
    frames: Frames,
    answers_dropped: u64,
    /// Why there was nothing to show.
    none_reasons: BTreeMap<&'static str, u64>,
    encoder_failures: u64,
    /// Of the mask shown with the thing looked at: the best fit of whole, part and subpart.
    #[serde(skip_serializing_if = "Option::is_none")]
    iou_newest_frame: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iou_newest_frame_levels: Option<Scores>,
}

impl Report {
    pub(super) fn new(
        model: String,
        clip: &Clip,
        journal: &Journal,
        stats: &SessionStats,
        scores: Option<Scores>,
    ) -> Self {
        let scores = scores.filter(|scores| scores.cases > 0);
        Self {
            model,
            frame: [clip.width, clip.height],
            prompts: stats.engine.prompts,
            answers: journal.answers,
            in_time: journal.in_time,
            in_time_share: journal.in_time as f64 / stats.engine.prompts.max(1) as f64,
            longest_miss_streak: journal.longest_miss_streak,
            kinds: journal.kinds,
            latency_ms: journal.latency.quantiles(),
            mask_age_ms: journal.mask_age.quantiles(),
            encode_ms: stats.encode_ms,
            decode_ms: stats.decode_ms,
            frames: Frames {
                pushed: stats.frames_pushed,
                keyframes: stats.engine.keyframes,
                dropped: stats.frames_dropped,
            },
            answers_dropped: stats.answers_dropped,
            none_reasons: journal.reasons.clone(),
            encoder_failures: stats.engine.encodes_failed,
            iou_newest_frame: scores.map(|scores| scores.best),
            iou_newest_frame_levels: scores,
        }
    }

    /// The same for people.
    pub(super) fn tell(&self, budget_us: i64, pictures: Option<&Path>) {
        let [width, height] = self.frame;
        crate::print_line(format_args!("{} on {width}x{height}", self.model));
        crate::print_line(format_args!(
            "{} prompts, {} answers: {} within {} ms ({:.2} %), at most {} late in a row",
            self.prompts,
            self.answers,
            self.in_time,
            budget_us as f64 / 1e3,
            100.0 * self.in_time_share,
            self.longest_miss_streak
        ));
        crate::print_line(format_args!("{}", self.kinds));
        crate::print_line(format_args!(
            "milliseconds          p50     p99   p99.9     max"
        ));
        for (label, times) in [
            ("gaze to mask", &self.latency_ms),
            ("age of the mask", &self.mask_age_ms),
            ("encoding", &self.encode_ms),
            ("decoding, drawing", &self.decode_ms),
        ] {
            crate::print_line(format_args!(
                "{label:<17} {:>7.2} {:>7.2} {:>7.2} {:>7.2}",
                times.p50_ms, times.p99_ms, times.p999_ms, times.max_ms
            ));
        }
        let Frames {
            pushed,
            keyframes,
            dropped,
        } = self.frames;
        crate::print_line(format_args!(
            "{pushed} frames, {keyframes} keyframes, {dropped} frames dropped, {} answers dropped",
            self.answers_dropped
        ));
        if let Some(scores) = self.iou_newest_frame_levels {
            let level = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.3}"));
            crate::print_line(format_args!(
                "IoU on the newest frame {:.3} (whole {:.3}, part {}, subpart {}; {} masks)",
                scores.best,
                scores.whole,
                level(scores.part),
                level(scores.subpart),
                scores.cases
            ));
        }
        if let Some(folder) = pictures {
            crate::print_line(format_args!("look at {}", folder.display()));
        }
    }
}
