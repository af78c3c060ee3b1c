//! Where an encoder's time goes, by tract's own operators and by ours.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tract_onnx::prelude::*;
use tract_onnx::tract_core::plan::eval;

use super::{Rewrite, TractOptions, load};
use crate::encoder::{EncoderError, check_length, operators};
use crate::graph::guarded;

/// What the operators of a kind take in one encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorTime {
    /// The kind.
    pub kind: String,
    /// How many there are.
    pub count: usize,
    /// Of all of them together.
    pub time: Duration,
}

/// An encoder's operators, those that take longest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorTimes {
    /// As tract runs the graph by itself.
    pub before: Vec<OperatorTime>,
    /// With our own operators: what is fused into a step counts with it.
    pub after: Vec<OperatorTime>,
}

/// Runs an encoder so often with tract's own operators, and as often with ours, and tells what each kind takes: the mean.
///
/// # Errors
/// As for [`TractEncoder`](super::TractEncoder), loading and running.
pub fn operator_times(
    onnx: &[u8],
    options: &TractOptions,
    input: &[f32],
    runs: usize,
) -> Result<OperatorTimes, EncoderError> {
    let size = options.input_size_px;
    check_length("input", 3 * size * size, input.len())?;
    let of = |rewrite: Rewrite| {
        let plan = guarded(EncoderError::Load, || load(onnx, options, rewrite))?;
        guarded(EncoderError::Run, || {
            // Whatever becomes of the run, a panic too, this thread's later ones are not timed.
            let _timing = operators::timing::Timing::begin();
            Tensor::from_shape(&[1, 3, size, size], input)
                .and_then(|image| run(&plan, &image, runs.max(1)))
                .map_err(|error| EncoderError::Run(format!("{error:#}")))
        })
    };
    Ok(OperatorTimes {
        before: of(|model, _| Ok(model))?,
        after: of(operators::rewrite)?,
    })
}

fn run(plan: &Arc<TypedSimplePlan>, image: &Tensor, runs: usize) -> TractResult<Vec<OperatorTime>> {
    let mut state = TypedSimpleState::new(plan)?;
    // The first run allocates.
    state.run(tvec!(image.clone().into()))?;
    operators::timing::take();
    let mut kinds: BTreeMap<String, (usize, Duration)> = BTreeMap::new();
    let mut add = |kind: &str, took: Duration| {
        let (count, time) = kinds.entry(kind.to_owned()).or_default();
        *count += 1;
        *time += took;
    };
    for _ in 0..runs {
        state.run_plan_with_eval(
            tvec!(image.clone().into()),
            |context, state, node, inputs| {
                let begun = Instant::now();
                let outputs = eval(context, state, node, inputs);
                let took = begun.elapsed();
                let steps = operators::timing::take();
                let rest = took.saturating_sub(steps.iter().map(|(_, time)| *time).sum());
                steps.iter().for_each(|(kind, time)| add(kind, *time));
                add(&node.op().name(), rest);
                outputs
            },
        )?;
    }
    let mut times: Vec<OperatorTime> = kinds
        .into_iter()
        .map(|(kind, (count, time))| OperatorTime {
            kind,
            count: count / runs,
            time: time / u32::try_from(runs).unwrap_or(u32::MAX),
        })
        .collect();
    times.sort_by_key(|kind| std::cmp::Reverse(kind.time));
    Ok(times)
}
