//! From images to an int8 encoder that loses little.

use std::collections::BTreeMap;
use std::path::Path;

use fixate::bundle::{Bundle, EncoderEntry, Precision};
use sha2::{Digest, Sha256};

use crate::QuantizeError;
use crate::equalize::{self, Divisors};
use crate::graph::Graph;
use crate::images::CalibrationImage;
use crate::judge::{self, Judge, Verdict};
use crate::observe::{self, Observed};
use crate::plan::Plan;
pub use crate::plan::Target;
use crate::range::RangeMethod;
use crate::record::{ImagesRecord, LayerRecord, Record, Trial};
use crate::rewrite::{Form, Ranges, rewrite};

/// The least mean IoU of masks with those of f32, whatever else is allowed.
const LEAST_IOU: f64 = 0.95;

/// Images that each layer's error is measured on.
const SENSITIVITY_IMAGES: usize = 4;

/// How much faster integers are taken to be, for want of a measurement: a lower bound of what processors with
/// dot-product instructions show.
const INTEGER_SPEED: f64 = 3.0;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Goal {
    /// As many layers in int8 as lose at most so many points of mIoU on images with known objects, to within the standard
    /// error; and a mean IoU of 0.95 with the masks of f32, on any.
    MaxLoss(f64),
    /// As many layers in float as a speed-up of this factor allows, estimated by multiply-adds.
    Speed(f64),
}

/// How an encoder is quantised.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QuantizeOptions {
    /// What it is made for.
    pub target: Target,
    /// How ranges of values are chosen.
    pub method: RangeMethod,
    /// When it is good.
    pub goal: Goal,
    /// Layers, or beginnings of their names, that stay in float.
    pub keep_float: Vec<String>,
    /// Whether channels of values between layers are brought to like ranges first.
    pub equalize: bool,
    /// Weights of 7 bits, for processors that would saturate with 8: x86 without VNNI.
    pub reduce_range: bool,
    /// Threads to compute with.
    pub threads: usize,
    /// Where the images came from, for the record.
    pub source: String,
}

impl Default for QuantizeOptions {
    fn default() -> Self {
        Self {
            target: Target::Cpu,
            method: RangeMethod::Mse,
            goal: Goal::MaxLoss(0.5),
            keep_float: Vec::new(),
            equalize: true,
            reduce_range: false,
            threads: 1,
            source: String::new(),
        }
    }
}

/// A quantised encoder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quantized {
    /// The ONNX file.
    pub onnx: Vec<u8>,
    /// How it came about.
    pub record: Record,
}

impl Quantized {
    /// An encoder with its record.
    #[must_use]
    pub fn new(onnx: Vec<u8>, record: Record) -> Self {
        Self { onnx, record }
    }
}

/// A step, and how much of it is done.
pub type Progress<'a> = &'a mut dyn FnMut(&'static str, usize, usize);

/// Everything that stays the same from trial to trial.
struct Work<'a> {
    bundle: &'a Bundle,
    entry: &'a EncoderEntry,
    graph: Graph,
    ranges: Ranges,
    options: &'a QuantizeOptions,
}

impl Work<'_> {
    fn greatest_weight(&self) -> i8 {
        if self.options.reduce_range { 63 } else { 127 }
    }

    fn written(&self, layers: Vec<bool>, form: Form) -> (Plan, Vec<u8>) {
        let target = self.options.target;
        let plan = Plan::new(&self.graph, layers, target);
        let onnx = rewrite(
            &self.graph,
            &plan,
            &self.ranges,
            target,
            self.greatest_weight(),
            form,
        );
        (plan, onnx)
    }

    /// The encoder with some layers quantised, in arithmetic that gives what integers give.
    fn simulated(&self, layers: Vec<bool>) -> Result<impl fixate::encoder::Encoder, QuantizeError> {
        let (_, onnx) = self.written(layers, Form::Simulated);
        judge::encoder(self.bundle, self.entry, &onnx, None, self.options.threads)
    }
}

/// Quantises the f32 encoder of a bundle. Ranges and layers are chosen by some of the images; the others only tell what
/// came of it.
///
/// # Errors
/// If there is no f32 encoder, it cannot be quantised or run, or too much is lost whatever is done.
pub fn quantize(
    bundle: &Bundle,
    calibration: &[CalibrationImage],
    held_out: &[CalibrationImage],
    options: &QuantizeOptions,
    progress: Progress<'_>,
) -> Result<Quantized, QuantizeError> {
    for images in [calibration, held_out] {
        if images.is_empty() {
            return Err(QuantizeError::Images {
                found: calibration.len() + held_out.len(),
            });
        }
    }
    let entry = bundle.choose_encoder(Some(Precision::F32))?;
    let source = bundle.encoder(entry)?;
    let weights = bundle.encoder_weights(entry)?;
    let mut graph = Graph::read(&source, weights.as_ref())?;
    progress("f32", 0, 1);
    let mut float = judge::encoder(bundle, entry, &source, weights, options.threads)?;
    let mut judge = Judge::new(bundle, &mut float, calibration)?;

    let size = bundle.input_spec().size_px as usize;
    let mut equalized = Divisors::new();
    if options.equalize {
        equalized = equalize::divisors(&graph, size, calibration.len(), &mut |index| {
            progress("channels", index, calibration.len());
            Ok(judge.input(index)?.0)
        })?;
        equalize::apply(&mut graph, &equalized)?;
    }
    let wanted = |layer: &crate::graph::Layer| {
        options.target.takes(layer)
            && !options
                .keep_float
                .iter()
                .any(|start| layer.name.starts_with(start.as_str()))
    };
    let candidates: Vec<bool> = graph.layers.iter().map(wanted).collect();
    let whole = Plan::new(&graph, candidates.clone(), options.target);
    let mut seen = whole.values.clone();
    seen.extend(graph.layers.iter().map(|layer| layer.output.clone()));
    let observed = Observed::new(&graph, size, &seen)?;
    let multiply_adds: Vec<u64> = graph
        .layers
        .iter()
        .map(|layer| {
            (observed.lengths.get(&layer.output).copied().unwrap_or(0) * layer.multiply_adds_each())
                as u64
        })
        .collect();
    if let Goal::Speed(wanted) = options.goal {
        let most = speed(&candidates, &multiply_adds);
        if most < wanted {
            return Err(QuantizeError::Speed { wanted, most });
        }
    }
    let mut runs = 0;
    let distributions =
        observe::distributions(&observed, &entry.input, calibration.len(), &mut |index| {
            progress("ranges", runs, 2 * calibration.len());
            runs += 1;
            Ok(judge.input(index)?.0)
        })?;
    let integers = options.target.integers();
    let ranges: Ranges = distributions
        .iter()
        .map(|(name, distribution)| (name.clone(), distribution.range(options.method, integers)))
        .collect();
    drop(observed);

    let work = Work {
        bundle,
        entry,
        graph,
        ranges,
        options,
    };
    let count = work.graph.layers.len();
    let mut sensitivities = vec![None; count];
    for index in 0..count {
        progress("layers", index, count);
        if candidates[index] {
            let alone = (0..count).map(|other| other == index).collect();
            let mut encoder = work.simulated(alone)?;
            sensitivities[index] =
                Some(judge.signal_to_noise_db(&mut encoder, SENSITIVITY_IMAGES)?);
        }
    }
    // What hurts most comes first.
    let mut order: Vec<usize> = (0..count).filter(|index| candidates[*index]).collect();
    order.sort_by(|left, right| {
        let loudness = |index: &usize| sensitivities[*index].unwrap_or(f64::INFINITY);
        loudness(left).total_cmp(&loudness(right))
    });
    let layers_with = |float_layers: usize| {
        let mut layers = vec![false; count];
        order[float_layers.min(order.len())..]
            .iter()
            .for_each(|index| layers[*index] = true);
        layers
    };
    let mut trials: BTreeMap<usize, Verdict> = BTreeMap::new();
    let mut good = |float_layers: usize| -> Result<bool, QuantizeError> {
        let layers = layers_with(float_layers);
        if let Goal::Speed(wanted) = options.goal {
            return Ok(speed(&layers, &multiply_adds) < wanted);
        }
        progress("trials", trials.len(), trials.len() + 1);
        let verdict = judge.judge(&mut work.simulated(layers)?)?;
        trials.insert(float_layers, verdict);
        Ok(meets(&verdict, options.goal))
    };
    let float_layers = match options.goal {
        Goal::MaxLoss(_) => first_good(order.len(), &mut good)?,
        Goal::Speed(_) => {
            // The last that is fast enough comes before the first that is not.
            let slow = first_good(order.len(), &mut good)?.unwrap_or(order.len());
            Some(slow.saturating_sub(1))
        }
    };
    let Some(float_layers) = float_layers else {
        let lost = trials
            .values()
            .map(Verdict::lost_points)
            .fold(f64::INFINITY, f64::min);
        return Err(QuantizeError::Goal { lost });
    };
    let layers = layers_with(float_layers);
    let verdict = match trials.get(&float_layers) {
        Some(verdict) => *verdict,
        None => judge.judge(&mut work.simulated(layers.clone())?)?,
    };
    progress("held-out images", 0, 1);
    let held_out_verdict =
        Judge::new(bundle, &mut float, held_out)?.judge(&mut work.simulated(layers.clone())?)?;
    let (plan, onnx) = work.written(layers.clone(), Form::Integers);
    let layer = |index: usize| LayerRecord {
        name: work.graph.layers[index].name.clone(),
        quantised: layers[index],
        signal_to_noise_db: sensitivities[index],
        multiply_adds: multiply_adds[index],
    };
    let values = plan
        .values
        .iter()
        .filter_map(|name| Some((name.clone(), *work.ranges.get(name)?)));
    let record = Record {
        format: Record::FORMAT,
        fixate: env!("CARGO_PKG_VERSION").to_owned(),
        encoder_sha256: entry.sha256.clone(),
        target: options.target,
        method: options.method,
        greatest_weight: work.greatest_weight(),
        images: ImagesRecord {
            source: options.source.clone(),
            calibration: calibration.len(),
            held_out: held_out.len(),
            sha256: digest(calibration.iter().chain(held_out)),
        },
        layers: (0..count).map(layer).collect(),
        equalized,
        values: values.collect(),
        trials: trials
            .into_iter()
            .map(|(float_layers, verdict)| Trial {
                float_layers,
                verdict,
            })
            .collect(),
        calibration: verdict,
        held_out: held_out_verdict,
    };
    Ok(Quantized { onnx, record })
}

/// The quantised encoder that a record is of, byte for byte.
///
/// # Errors
/// If the bundle's f32 encoder is another than the record's.
pub fn reproduce(bundle: &Bundle, record: &Record) -> Result<Vec<u8>, QuantizeError> {
    let entry = bundle.choose_encoder(Some(Precision::F32))?;
    let other = |what: &str| QuantizeError::Record(format!("it is of another encoder, {what}"));
    if entry.sha256 != record.encoder_sha256 {
        return Err(other("whose SHA-256 is another"));
    }
    let weights = bundle.encoder_weights(entry)?;
    let mut graph = Graph::read(&bundle.encoder(entry)?, weights.as_ref())?;
    equalize::apply(&mut graph, &record.equalized)?;
    let names = graph.layers.iter().map(|layer| &layer.name);
    if !names.eq(record.layers.iter().map(|layer| &layer.name)) {
        return Err(other("whose layers are others"));
    }
    let layers = record.layers.iter().map(|layer| layer.quantised).collect();
    let plan = Plan::new(&graph, layers, record.target);
    if !plan
        .values
        .iter()
        .all(|value| record.values.contains_key(value))
    {
        return Err(other("whose values are others"));
    }
    let greatest = record.greatest_weight.clamp(1, 127);
    Ok(rewrite(
        &graph,
        &plan,
        &record.values,
        record.target,
        greatest,
        Form::Integers,
    ))
}

fn meets(verdict: &Verdict, goal: Goal) -> bool {
    let close = verdict.iou_with_f32 >= LEAST_IOU;
    match (goal, verdict.miou) {
        // What prompts differ in by chance is no reason to give up int8.
        (Goal::MaxLoss(most), Some(_)) => {
            let chance = 100.0 * verdict.miou_error.unwrap_or(0.0);
            close && verdict.lost_points() - chance <= most
        }
        _ => close,
    }
}

/// The estimated speed-up.
fn speed(layers: &[bool], multiply_adds: &[u64]) -> f64 {
    let cost = |(quantised, count): (&bool, &u64)| match quantised {
        true => *count as f64 / INTEGER_SPEED,
        false => *count as f64,
    };
    let total: u64 = multiply_adds.iter().sum();
    total as f64
        / layers
            .iter()
            .zip(multiply_adds)
            .map(cost)
            .sum::<f64>()
            .max(1.0)
}

/// The least number below `end` that is good, where all after a good one are taken to be good: by doubling, then by
/// halving.
fn first_good(
    end: usize,
    good: &mut dyn FnMut(usize) -> Result<bool, QuantizeError>,
) -> Result<Option<usize>, QuantizeError> {
    let (mut bad, mut found) = (None, None);
    let mut next = 0;
    while found.is_none() && next < end {
        if good(next)? {
            found = Some(next);
        } else {
            bad = Some(next);
            next = (2 * next).max(1).min((end - 1).max(next + 1));
        }
    }
    let Some(mut found) = found else {
        return Ok(None);
    };
    let mut low = bad.map_or(0, |bad| bad + 1);
    while low < found {
        let middle = (low + found) / 2;
        if good(middle)? {
            found = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Some(found))
}

fn digest<'a>(images: impl Iterator<Item = &'a CalibrationImage>) -> String {
    let mut hash = Sha256::new();
    for image in images {
        hash.update(image.width_px.to_le_bytes());
        hash.update(image.height_px.to_le_bytes());
        hash.update(&image.rgb);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads a record from a file.
///
/// # Errors
/// If it is not there or malformed.
pub fn read_record(path: &Path) -> Result<Record, QuantizeError> {
    let text = std::fs::read_to_string(path).map_err(|error| QuantizeError::file(path, error))?;
    Record::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_good_number_is_found() {
        for end in [1usize, 2, 5, 40, 41] {
            for first in 0..end {
                let mut tried = Vec::new();
                let found = first_good(end, &mut |number| {
                    assert!(number < end);
                    tried.push(number);
                    Ok(number >= first)
                });
                assert_eq!(found, Ok(Some(first)), "{tried:?}");
                assert!(tried.len() <= 14, "{tried:?}");
            }
            assert_eq!(first_good(end, &mut |_| Ok(false)), Ok(None));
        }
    }

    #[test]
    fn speed_follows_from_multiply_adds() {
        assert_eq!(speed(&[false, false], &[10, 20]), 1.0);
        assert!((speed(&[true, true], &[10, 20]) - INTEGER_SPEED).abs() < 1e-9);
        assert!((speed(&[false, true], &[10, 30]) - 2.0).abs() < 1e-9);
    }
}
