//! What reproduces a quantised encoder, and tells how it came about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::QuantizeError;
pub use crate::judge::Verdict;
pub use crate::plan::Target;
use crate::range::{Range, RangeMethod};

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// `calibration.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// 1.
    pub format: u32,
    /// Version of fixate that wrote it.
    pub fixate: String,
    /// Of the encoder in f32, in lower-case hexadecimal.
    pub encoder_sha256: String,
    /// What the encoder is made for.
    pub target: Target,
    /// How the ranges of values were chosen.
    pub method: RangeMethod,
    /// The greatest integer of weights.
    pub greatest_weight: i8,
    /// What it was calibrated on.
    pub images: ImagesRecord,
    /// All layers with weights, in the graph's order.
    pub layers: Vec<LayerRecord>,
    /// What channels of values between layers are divided by, and the next layers' weights multiplied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub equalized: BTreeMap<String, Vec<f32>>,
    /// Ranges of the values that are quantised.
    pub values: BTreeMap<String, Range>,
    /// What was tried until little enough was lost.
    pub trials: Vec<Trial>,
    /// The encoder on the images that it was calibrated on.
    pub calibration: Verdict,
    /// The encoder on images that nothing was chosen by.
    pub held_out: Verdict,
}

/// Images of a calibration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImagesRecord {
    /// Where they came from, in the words of the command.
    pub source: String,
    /// Those that ranges and layers were chosen by.
    pub calibration: usize,
    /// Those that nothing was chosen by.
    pub held_out: usize,
    /// Of the pixels of all of them, in order.
    pub sha256: String,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayerRecord {
    /// Its name in the graph.
    pub name: String,
    /// Whether it is computed in integers.
    pub quantised: bool,
    /// How much stronger the embedding is than its error if this layer alone is quantised; none for layers that stay in
    /// float because integers would be of no use or were not wanted.
    pub signal_to_noise_db: Option<f64>,
    /// Multiply-adds for an image.
    pub multiply_adds: u64,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trial {
    /// How many of the layers that hurt most stayed in float.
    pub float_layers: usize,
    /// What came of it.
    pub verdict: Verdict,
}

impl Record {
    pub(crate) const FORMAT: u32 = FORMAT;

    /// Reads one.
    ///
    /// # Errors
    /// If it is of another format or malformed.
    pub fn parse(text: &str) -> Result<Self, QuantizeError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let malformed = |error: serde_json::Error| QuantizeError::Record(error.to_string());
        let Version { format } = serde_json::from_str(text).map_err(malformed)?;
        if format != FORMAT {
            return Err(QuantizeError::Record(format!(
                "it has format {format}, this version reads {FORMAT}"
            )));
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// The text of `calibration.json`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists have no way to fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Multiply-adds that are computed in integers, of all.
    #[must_use]
    pub fn quantised_share(&self) -> f64 {
        let sum = |only: bool| -> u64 {
            let layers = self.layers.iter().filter(|layer| layer.quantised || !only);
            layers.map(|layer| layer.multiply_adds).sum()
        };
        sum(true) as f64 / sum(false).max(1) as f64
    }
}
