//! How well the masks shown fit what was looked at.

use super::clip::{Clip, Labels};
use super::journal::{Journal, Kept};
use super::player::Told;
use serde::Serialize;

/// IoU of the masks shown with the truth of the thing looked at, on the newest frame.
///
/// A gaze at a cup's handle may mean the handle or the cup: `best` is the best fit among the things
/// that the place belongs to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Scores {
    /// Masks compared.
    pub(super) cases: usize,
    pub(super) best: f64,
    pub(super) whole: f64,
    /// Of the places that belong to a part.
    pub(super) part: Option<f64>,
    /// Of the places that belong to a subpart.
    pub(super) subpart: Option<f64>,
}

/// The mean over all masks kept; none without a truth.
pub(super) fn scores(clip: &Clip, journal: &Journal, told: &Told) -> Option<Scores> {
    if clip.labels.is_empty() || !clip.looks_return {
        return None;
    }
    let (mut best, mut by_level) = (Mean::default(), [Mean::default(); 3]);
    for shown in &journal.cases {
        let Some(prompted) = told.find(shown.prompt) else {
            continue;
        };
        let Some([x, y]) = clip.looks[prompted.look].truth else {
            continue;
        };
        let (x, y) = (x.round(), y.round());
        let inside = x >= 0.0 && y >= 0.0 && x < clip.width as f64 && y < clip.height as f64;
        let at = y as usize * clip.width + x as usize;
        let label = clip.labels[prompted.frame].at(at).filter(|_| inside);
        let Some(label) = label.filter(|&label| !clip.tree.stuff[usize::from(label)]) else {
            continue;
        };
        let mut closest: Option<f64> = None;
        let mut node = Some(label);
        while let Some(current) = node {
            if let Some(iou) = overlap(clip, &clip.labels[shown.newest], current, &shown.mask) {
                by_level[clip.tree.levels[usize::from(current)]].add(iou);
                closest = Some(closest.map_or(iou, |before| before.max(iou)));
            }
            node = clip.tree.parents[usize::from(current)];
        }
        if let Some(iou) = closest {
            best.add(iou);
        }
    }
    Some(Scores {
        cases: best.count,
        best: best.value().unwrap_or(0.0),
        whole: by_level[0].value().unwrap_or(0.0),
        part: by_level[1].value(),
        subpart: by_level[2].value(),
    })
}

/// IoU of a mask with a thing, its parts included; none if that is out of sight.
fn overlap(clip: &Clip, labels: &Labels, node: u16, mask: &Kept) -> Option<f64> {
    let belongs = |label: u16| {
        let mut current = Some(label);
        while let Some(label) = current {
            if label == node {
                return true;
            }
            current = clip.tree.parents[usize::from(label)];
        }
        false
    };
    let (mut both, mut either, mut area, mut pixel) = (0_u64, 0_u64, 0_u64, 0);
    for &(label, length) in &labels.0 {
        let there = belongs(label);
        for _ in 0..length {
            let shown = mask.contains(pixel);
            both += u64::from(there && shown);
            either += u64::from(there || shown);
            area += u64::from(there);
            pixel += 1;
        }
    }
    (area > 0).then(|| both as f64 / either as f64)
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
