//! Which of the nested candidates is shown.
//!
//! A point says "this" of a whole, a part and a subpart alike, and their predicted IoUs differ by less
//! than their noise: by the scores alone, masks flicker between them. So the one that agrees with the
//! last answer, moved to this frame, is preferred while the same thing is looked at. The others stay
//! in the answer.

use serde::{Deserialize, Serialize};

use crate::geometry::Bounds;

/// Masks of a prompt: the single one and three nested.
const MOST: usize = 4;

/// One mask of a decoded prompt; its pixels are the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which of the model's masks: 0 is the single one; 1 to 3 are nested.
    pub index: usize,
    /// The model's own guess, about 0..=1.
    pub predicted_iou: f32,
    /// How little the mask depends on the threshold, 0..=1.
    pub stability: f32,
    /// Pixels of the keyframe.
    pub area_px: f64,
    /// Box around it in the keyframe; none for an empty mask.
    pub bounds: Option<Bounds>,
    /// IoU with the last answer's mask, moved to this frame, if there was one; else none.
    pub agreement: Option<f32>,
}

impl Candidate {
    /// Whether its numbers can be compared.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.predicted_iou.is_finite()
            && self.stability.is_finite()
            && self.area_px.is_finite()
            && self.agreement.is_none_or(f32::is_finite)
    }
}

/// Up to [`Candidates::MOST`] candidates, in the model's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidates {
    all: [Option<Candidate>; MOST],
}

impl Candidates {
    /// Candidates that fit.
    pub const MOST: usize = MOST;

    /// The first [`Candidates::MOST`] of these.
    #[must_use]
    pub fn new(candidates: &[Candidate]) -> Self {
        candidates.iter().copied().collect()
    }

    /// In the model's order.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.all.iter().flatten()
    }

    /// The candidate at this place.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&Candidate> {
        self.all.get(position)?.as_ref()
    }
}

impl FromIterator<Candidate> for Candidates {
    /// The first [`Candidates::MOST`] of these.
    fn from_iter<I: IntoIterator<Item = Candidate>>(candidates: I) -> Self {
        let mut all = [None; MOST];
        for (slot, candidate) in all.iter_mut().zip(candidates) {
            *slot = Some(candidate);
        }
        Self { all }
    }
}

/// How candidates are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChoiceOptions {
    /// Weight of stability beside the predicted IoU's 1.
    pub stability_weight: f32,
    /// Weight of the agreement with the last answer, while the same thing is prompted.
    pub memory_weight: f32,
    /// The agreement weighs half as much when the last answer is so old, microseconds.
    pub memory_half_life_us: i64,
    /// Taken from the single mask's score when the prompt is ambiguous: it averages over the nested
    /// things.
    pub single_penalty: f32,
}

impl Default for ChoiceOptions {
    fn default() -> Self {
        Self {
            stability_weight: 0.3,
            memory_weight: 0.4,
            memory_half_life_us: 500_000,
            single_penalty: 0.1,
        }
    }
}

/// The candidate chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Its place among the candidates.
    pub position: usize,
    /// By how much its score exceeds the next candidate's: small where the prompt stays ambiguous.
    /// Infinite where there is only one.
    #[serde(with = "infinite_as_none")]
    pub margin: f32,
    /// Whether memory has overruled the scores.
    pub remembered: bool,
}

/// Not every format has a number for infinity.
mod infinite_as_none {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f32, to: S) -> Result<S::Ok, S::Error> {
        Some(*value).filter(|value| value.is_finite()).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<f32, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or(f32::INFINITY))
    }
}

impl ChoiceOptions {
    /// Chooses among candidates; none if there are none, or none has a mask and comparable numbers.
    /// `memory_age_us` is the age of the last answer if the prompt is of the same thing.
    #[must_use]
    pub fn choose(
        &self,
        candidates: &Candidates,
        ambiguous: bool,
        memory_age_us: Option<i64>,
    ) -> Option<Choice> {
        let memory = memory_age_us.map_or(0.0, |age_us| {
            let half_lives = age_us.max(0) as f64 / self.memory_half_life_us.max(1) as f64;
            self.memory_weight * 0.5_f64.powf(half_lives) as f32
        });
        let (position, margin) = self.best(candidates, ambiguous, memory)?;
        let by_scores = self.best(candidates, ambiguous, 0.0);
        Some(Choice {
            position,
            margin,
            remembered: by_scores.is_some_and(|(scored, _)| scored != position),
        })
    }

    /// The place of the highest score, and by how much it is higher; the first of equals.
    fn best(&self, candidates: &Candidates, ambiguous: bool, memory: f32) -> Option<(usize, f32)> {
        let several = candidates.iter().count() > 1;
        let mut best: Option<(usize, f32)> = None;
        let mut second = f32::NEG_INFINITY;
        for (position, candidate) in candidates.all.iter().enumerate() {
            let usable = candidate.filter(|c| c.is_finite() && c.bounds.is_some());
            let Some(candidate) = usable else {
                continue;
            };
            // A prompt that leaves no doubt is what the single mask was trained for.
            let bonus = match (candidate.index == 0 && several, ambiguous) {
                (true, true) => -self.single_penalty,
                (true, false) => self.single_penalty,
                (false, _) => 0.0,
            };
            let score = candidate.predicted_iou
                + self.stability_weight * candidate.stability
                + memory * candidate.agreement.unwrap_or(0.0)
                + bonus;
            match best {
                Some((_, highest)) if score <= highest => second = second.max(score),
                _ => {
                    second = best.map_or(second, |(_, highest)| highest);
                    best = Some((position, score));
                }
            }
        }
        best.map(|(position, highest)| (position, highest - second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(index: usize, predicted_iou: f32, agreement: Option<f32>) -> Candidate {
        Candidate {
            index,
            predicted_iou,
            stability: 0.9,
            area_px: 100.0,
            bounds: Some(Bounds::of_image(10, 10)),
            agreement,
        }
    }

    /// Scores that are noise: how often does the choice change?
    fn switches(memory: bool) -> usize {
        let mut state = 9_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32 * 0.2
        };
        let mut last = 1;
        let mut switches = 0;
        for _ in 0..200 {
            let agreement = |index| Some(if index == last { 0.95 } else { 0.4 });
            let all = [1, 2, 3].map(|i| candidate(i, 0.8 + noise(), agreement(i)));
            let choice = ChoiceOptions::default()
                .choose(&Candidates::new(&all), true, memory.then_some(8_000))
                .unwrap();
            let now = all[choice.position].index;
            switches += usize::from(now != last);
            last = now;
        }
        switches
    }

    #[test]
    fn memory_ends_flicker() {
        assert!(switches(false) > 80);
        assert_eq!(switches(true), 0);
    }

    #[test]
    fn a_clearly_better_candidate_and_an_old_memory_win() {
        let options = ChoiceOptions::default();
        let all = Candidates::new(&[
            candidate(1, 0.55, Some(0.95)),
            candidate(2, 0.95, Some(0.2)),
        ]);
        assert_eq!(options.choose(&all, true, Some(0)).unwrap().position, 1);
        let close =
            Candidates::new(&[candidate(1, 0.8, Some(0.95)), candidate(2, 0.85, Some(0.2))]);
        let young = options.choose(&close, true, Some(0)).unwrap();
        assert_eq!((young.position, young.remembered), (0, true));
        let old = options.choose(&close, true, Some(5_000_000)).unwrap();
        assert_eq!((old.position, old.remembered), (1, false));
        assert!((old.margin - 0.05).abs() < 1e-2);
    }

    #[test]
    fn the_single_mask_is_for_prompts_without_doubt() {
        let options = ChoiceOptions::default();
        let all = Candidates::new(&[candidate(0, 0.85, None), candidate(2, 0.9, None)]);
        assert_eq!(options.choose(&all, false, None).unwrap().position, 0);
        assert_eq!(options.choose(&all, true, None).unwrap().position, 1);
    }

    #[test]
    fn useless_candidates_are_never_chosen() {
        let mut empty = candidate(1, 0.99, None);
        empty.bounds = None;
        let all = [candidate(3, f32::NAN, None), empty];
        let options = ChoiceOptions::default();
        assert_eq!(options.choose(&Candidates::new(&all), true, None), None);
        assert_eq!(options.choose(&Candidates::default(), true, None), None);
        let only = Candidates::new(&[candidate(0, 0.5, None)]);
        assert_eq!(
            options.choose(&only, true, None).unwrap().margin,
            f32::INFINITY
        );
    }
}
