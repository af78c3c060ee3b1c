//! Pictures and what goes with them, ready before the clock starts.

use fixate::motion::Intrinsics;

/// Where a person looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Since the clip's first frame, microseconds.
    pub(crate) time_us: i64,
    /// What the tracker says, pixels.
    pub(crate) pixel: [f64; 2],
    /// Whether it saw an eye.
    pub(crate) valid: bool,
    /// Where the person really looks, pixels, where that is known.
    pub(crate) truth: Option<[f64; 2]>,
}

/// How the camera turns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// Since the clip's first frame, microseconds.
    pub(crate) time_us: i64,
    pub(crate) rate_rad_s: [f64; 3],
}

/// Which label is a part of which.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) parents: Vec<Option<u16>>,
    /// 0 for wholes, 1 for parts, 2 for subparts.
    pub(crate) levels: Vec<usize>,
    /// Regions such as floors, which are no things.
    pub(crate) stuff: Vec<bool>,
}

/// Which label each pixel has, as runs in rows that follow one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(pub(crate) Vec<(u16, u32)>);

impl Labels {
    pub(crate) fn of(labels: &[u16]) -> Self {
        let runs = labels.chunk_by(|left, right| left == right);
        Self(runs.map(|run| (run[0], run.len() as u32)).collect())
    }

    pub(crate) fn at(&self, mut pixel: usize) -> Option<u16> {
        for &(label, length) in &self.0 {
            if pixel < length as usize {
                return Some(label);
            }
            pixel -= length as usize;
        }
        None
    }
}

/// Some seconds of pictures, played forth and back.
pub(crate) struct Clip {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) fps: f64,
    /// Packed RGB.
    pub(crate) frames: Vec<Vec<u8>>,
    /// In order of time; of a scene, as long as the frames, and played forth and back with them.
    pub(crate) looks: Vec<Look>,
    /// Whether the looks go forth and back with the frames, rather than once through.
    pub(crate) looks_return: bool,
    pub(crate) turns: Vec<Turn>,
    pub(crate) intrinsics: Option<Intrinsics>,
    /// One for each frame, of scenes.
    pub(crate) labels: Vec<Labels>,
    pub(crate) tree: Tree,
}

/// A place in a clip that is played forth and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<T> {
    pub(crate) at: T,
    pub(crate) backwards: bool,
}

impl Clip {
    /// From the first frame to the last, microseconds.
    pub(crate) fn length_us(&self) -> i64 {
        ((self.frames.len().saturating_sub(1)) as f64 / self.fps * 1e6) as i64
    }

    /// How long it is played unless that is said.
    pub(crate) fn default_seconds(&self) -> f64 {
        if self.looks_return || self.frames.is_empty() {
            10.0
        } else {
            (self.frames.len() as f64 / self.fps).max(0.1)
        }
    }

    /// The frame to show as the so-manieth.
    pub(crate) fn frame_at(&self, count: usize) -> usize {
        let last = self.frames.len().saturating_sub(1);
        returning(count as i64, last as i64).at as usize
    }

    /// The time in the clip, so long after its begin.
    pub(crate) fn time_at(&self, since_begin_us: i64) -> Place<i64> {
        returning(since_begin_us, self.length_us())
    }

    /// The frame shown next to this time in the clip.
    pub(crate) fn frame_near(&self, time_us: i64) -> usize {
        let index = (time_us as f64 * 1e-6 * self.fps).round() as usize;
        index.min(self.frames.len().saturating_sub(1))
    }

    /// The tracker says the truth.
    pub(crate) fn look_exactly(&mut self) {
        for look in &mut self.looks {
            match look.truth {
                Some(truth) => look.pixel = truth,
                None => look.valid = false,
            }
        }
    }

    /// Takes looks from elsewhere, which are played once.
    pub(crate) fn set_gaze(&mut self, looks: Vec<Look>) {
        self.looks = looks;
        self.looks_return = false;
    }
}

/// Forth from 0 to `last`, back, and again.
fn returning(count: i64, last: i64) -> Place<i64> {
    if last == 0 {
        return Place {
            at: 0,
            backwards: false,
        };
    }
    let within = count.rem_euclid(2 * last);
    let backwards = within > last;
    Place {
        at: if backwards { 2 * last - within } else { within },
        backwards,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_go_forth_and_back() {
        let places: Vec<i64> = (0..8).map(|count| returning(count, 3).at).collect();
        assert_eq!(places, [0, 1, 2, 3, 2, 1, 0, 1]);
        assert!(returning(4, 3).backwards && !returning(7, 3).backwards);
        assert_eq!(returning(5, 0).at, 0);
    }

    #[test]
    fn runs_keep_every_label() {
        let labels = Labels::of(&[4, 4, 4, 9, 4]);
        let all: Vec<_> = (0..6).map(|pixel| labels.at(pixel)).collect();
        assert_eq!(all, [Some(4), Some(4), Some(4), Some(9), Some(4), None]);
    }
}
