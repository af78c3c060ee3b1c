//! Decoders that are ONNX graphs, run by tract: slower than SAM's own, but of any make.

use std::ops::Range;

use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use super::{
    Decoded, Decoder, DecoderError, Keyframe, MaskSelection, check_embedding, check_points,
};
use crate::bundle::{OnnxDecoderSpec, PaddingPoint};
use crate::graph::{self, guarded};
use crate::preprocess::Placement;
use crate::prompt::{PointLabel, Prompt};

/// Points a prompt may have, box corners and padding included.
const MAX_POINTS: usize = 1024;

/// Numbers of points for which an optimised graph is kept: people and robots use few.
const MAX_PLANS: usize = 8;

/// A decoder of any make.
pub struct OnnxDecoder {
    graph: InferenceModel,
    spec: OnnxDecoderSpec,
    roles: Vec<Input>,
    coordinate_size_px: f32,
    input_size_px: usize,
    embedding_shape: [usize; 3],
    /// Masks, columns, rows.
    masks: [usize; 3],
    /// The newest used is the last.
    plans: Vec<(usize, TypedSimpleState)>,
    points: Vec<f32>,
    labels: Vec<f32>,
}

/// One of a graph's inputs.
#[derive(Clone, Copy, Debug)]
struct Input {
    role: Role,
    /// Dimensions before `[points, 2]` or `[points]`.
    leading: usize,
    element: DatumType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Embedding,
    Points,
    Labels,
    Mask,
    HasMask,
    ImageSize,
}

impl OnnxDecoder {
    /// Loads a graph that `spec` describes, for embeddings of this shape and an encoder's input of this side.
    ///
    /// # Errors
    /// If tract cannot run the graph, or it is not what the manifest says.
    pub fn new(
        onnx: &[u8],
        spec: &OnnxDecoderSpec,
        embedding_shape: [usize; 3],
        input_size_px: usize,
    ) -> Result<Self, DecoderError> {
        let (graph, roles) = guarded(DecoderError::Load, || read(onnx, spec))?;
        let mut decoder = Self {
            graph,
            spec: spec.clone(),
            roles,
            coordinate_size_px: spec
                .coordinate_size_px
                .map_or(input_size_px as f32, |size| size as f32),
            input_size_px,
            embedding_shape,
            masks: [0; 3],
            plans: Vec::new(),
            points: Vec::new(),
            labels: Vec::new(),
        };
        // What a click needs is there before the first one, and tells the shape of answers.
        let (masks, state) = guarded(DecoderError::Load, || decoder.plan(2))?;
        decoder.masks = masks;
        decoder.plans.push((2, state));
        Ok(decoder)
    }

    /// The graph for a number of points, and the masks, columns and rows that it gives.
    fn plan(&self, points: usize) -> Result<([usize; 3], TypedSimpleState), DecoderError> {
        let mut model = self.graph.clone();
        let [channels, rows, columns] = self.embedding_shape;
        for (index, input) in self.roles.iter().enumerate() {
            let mut shape = vec![1; input.leading];
            match input.role {
                Role::Embedding => shape = vec![1, channels, rows, columns],
                Role::Points => shape.extend([points, 2]),
                Role::Labels => shape.push(points),
                // SAM's masks have four times the embedding's resolution.
                Role::Mask => shape = vec![1, 1, 4 * rows, 4 * columns],
                Role::HasMask => shape = vec![1],
                Role::ImageSize => shape = vec![2],
            }
            let fact = InferenceFact::dt_shape(input.element, shape);
            model.set_input_fact(index, fact).map_err(load_error)?;
        }
        let model = graph::optimized(model, Ok).map_err(load_error)?;
        graph::check_sizes(&model).map_err(load_error)?;
        let shape = |output: usize| -> Result<Vec<usize>, DecoderError> {
            let fact = model.output_fact(output).map_err(load_error)?;
            let shape = fact.shape.as_concrete().map(<[usize]>::to_vec);
            shape
                .filter(|_| fact.datum_type == f32::datum_type())
                .ok_or_else(|| {
                    DecoderError::Load(format!("its output is {fact:?}, not f32 of a fixed shape"))
                })
        };
        let (logits, scores) = (shape(0)?, shape(1)?);
        let masks = match logits.as_slice() {
            [1, masks, rows, columns] | [1, 1, masks, rows, columns] => [*masks, *columns, *rows],
            _ => {
                return Err(DecoderError::Load(format!(
                    "its masks have shape {logits:?}"
                )));
            }
        };
        if !(1..=16).contains(&masks[0]) || scores.iter().product::<usize>() != masks[0] {
            return Err(DecoderError::Load(format!(
                "its masks have shape {logits:?}, its predicted IoUs {scores:?}"
            )));
        }
        let state = model
            .into_runnable()
            .and_then(|plan| TypedSimpleState::new(&plan));
        Ok((masks, state.map_err(load_error)?))
    }

    fn check(&self, keyframe: &Keyframe, prompt: &Prompt) -> Result<(), DecoderError> {
        check_embedding(&keyframe.embedding, self.embedding_shape)?;
        check_points(&keyframe.placement, prompt, MAX_POINTS - 2)?;
        let [_, rows, columns] = self.embedding_shape;
        match &prompt.mask {
            Some(_) if self.spec.inputs.mask.is_none() => {
                Err(DecoderError::Lacks { prompt: "masks" })
            }
            Some(mask) if [mask.width, mask.height] != [4 * columns, 4 * rows] => {
                Err(DecoderError::MaskSize {
                    expected: 4 * rows,
                    found: [mask.width, mask.height],
                })
            }
            _ => Ok(()),
        }
    }

    /// Writes the prompt's points as the graph takes them.
    fn put_points(&mut self, placement: &Placement, prompt: &Prompt) {
        self.points.clear();
        self.labels.clear();
        let scale = self.coordinate_size_px / self.input_size_px as f32;
        let mut put = |x_px: f32, y_px: f32, label: f32| {
            let (x, y) = placement.input_from_image(x_px, y_px);
            self.points.extend([x * scale, y * scale]);
            self.labels.push(label);
        };
        for point in &prompt.points {
            let label = match point.label {
                PointLabel::Foreground => 1.0,
                PointLabel::Background => 0.0,
            };
            put(point.x_px, point.y_px, label);
        }
        if let Some(bounds) = &prompt.bounds {
            put(bounds.x0_px, bounds.y0_px, 2.0);
            put(bounds.x1_px, bounds.y1_px, 3.0);
        } else if self.spec.padding_point == PaddingPoint::WithoutBox || prompt.points.is_empty() {
            self.points.extend([0.0, 0.0]);
            self.labels.push(-1.0);
        }
    }

    /// The position among `self.plans` of the graph for this number of points.
    fn ready(&mut self, points: usize) -> Result<usize, DecoderError> {
        if let Some(found) = self.plans.iter().position(|(count, _)| *count == points) {
            let plan = self.plans.remove(found);
            self.plans.push(plan);
        } else {
            let (masks, state) = guarded(DecoderError::Load, || self.plan(points))?;
            if masks != self.masks {
                return Err(DecoderError::Load(format!(
                    "it gives {masks:?} masks for {points} points, but {:?} for two",
                    self.masks
                )));
            }
            if self.plans.len() == MAX_PLANS {
                self.plans.remove(0);
            }
            self.plans.push((points, state));
        }
        Ok(self.plans.len() - 1)
    }

    /// The graph's inputs, in its order.
    fn inputs(&self, keyframe: &Keyframe, prompt: &Prompt) -> TractResult<TVec<TValue>> {
        let [channels, rows, columns] = self.embedding_shape;
        let mut inputs = TVec::new();
        for input in &self.roles {
            let leading = vec![1; input.leading];
            let with = |rest: &[usize]| [leading.as_slice(), rest].concat();
            let size = self.input_size_px as f32;
            let empty;
            let (shape, values): (Vec<usize>, &[f32]) = match input.role {
                Role::Embedding => (vec![1, channels, rows, columns], &keyframe.embedding.values),
                Role::Points => (with(&[self.labels.len(), 2]), &self.points),
                Role::Labels => (with(&[self.labels.len()]), &self.labels),
                Role::Mask => match &prompt.mask {
                    Some(mask) => (vec![1, 1, 4 * rows, 4 * columns], &mask.values),
                    None => {
                        empty = vec![0.0; 16 * rows * columns];
                        (vec![1, 1, 4 * rows, 4 * columns], &empty)
                    }
                },
                Role::HasMask => (
                    vec![1],
                    if prompt.mask.is_some() {
                        &[1.0]
                    } else {
                        &[0.0]
                    },
                ),
                Role::ImageSize => {
                    empty = vec![size; 2];
                    (vec![2], &empty)
                }
            };
            let tensor = Tensor::from_shape(&shape, values)?;
            inputs.push(tensor.cast_to_dt(input.element)?.into_owned().into());
        }
        Ok(inputs)
    }

    /// Positions among the graph's masks that are wanted, and the index of the first in SAM's order: the single mask
    /// is 0. Of three masks without a single one, the single answer is the best by predicted IoU.
    fn wanted(&self, selection: MaskSelection, scores: &[f32]) -> (Range<usize>, usize) {
        let count = self.masks[0];
        let best = (0..count)
            .max_by(|left, right| scores[*left].total_cmp(&scores[*right]))
            .unwrap_or(0);
        match (selection, count) {
            (MaskSelection::Single, 3) => (best..best + 1, best + 1),
            (_, 3) => (0..3, 1),
            (MaskSelection::Single, _) => (0..1, 0),
            (MaskSelection::Multiple, _) => (1..count, 1),
            (MaskSelection::All, _) => (0..count, 0),
        }
    }
}

impl Decoder for OnnxDecoder {
    fn embedding_shape(&self) -> [usize; 3] {
        self.embedding_shape
    }

    fn mask_size(&self) -> [usize; 2] {
        [self.masks[1], self.masks[2]]
    }

    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        self.check(keyframe, prompt)?;
        if masks == MaskSelection::Multiple && self.masks[0] == 1 {
            return Err(DecoderError::SingleMaskOnly);
        }
        self.put_points(&keyframe.placement, prompt);
        let plan = self.ready(self.labels.len())?;
        let inputs = self.inputs(keyframe, prompt).map_err(run_error)?;
        let state = &mut self.plans[plan].1;
        let outputs = guarded(DecoderError::Run, || state.run(inputs).map_err(run_error));
        if outputs.is_err() {
            // Whatever was half done is forgotten.
            self.plans.remove(plan);
        }
        let outputs = outputs?;
        let values = |index: usize| -> TractResult<&[f32]> {
            outputs[index].try_as_plain_ram()?.as_slice::<f32>()
        };
        let (logits, scores) = (values(0).map_err(run_error)?, values(1).map_err(run_error)?);
        let (positions, first) = self.wanted(masks, scores);
        let [_, width, height] = self.masks;
        let length = width * height;
        out.indices = first..first + positions.len();
        [out.width, out.height] = [width, height];
        out.logits.clear();
        out.logits
            .extend_from_slice(&logits[positions.start * length..positions.end * length]);
        out.predicted_iou.clear();
        out.predicted_iou.extend_from_slice(&scores[positions]);
        out.check_finite()
    }

    fn fork(&self) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Self {
            graph: self.graph.clone(),
            spec: self.spec.clone(),
            roles: self.roles.clone(),
            plans: Vec::new(),
            points: Vec::new(),
            labels: Vec::new(),
            ..*self
        }))
    }
}

/// Parses the graph, keeps the two outputs that are used, and finds out what its inputs are.
fn read(onnx: &[u8], spec: &OnnxDecoderSpec) -> Result<(InferenceModel, Vec<Input>), DecoderError> {
    let mut graph = graph::parse(onnx, None).map_err(load_error)?;
    let outlets = graph.output_outlets().map_err(load_error)?.to_vec();
    let names = graph::names(&outlets, &graph);
    let outlet = |wanted: &String| {
        let position = names.iter().position(|name| name == wanted);
        position.map(|index| outlets[index]).ok_or_else(|| {
            DecoderError::Load(format!(
                "its outputs are {names:?}; bundle.toml says {wanted:?}"
            ))
        })
    };
    let outputs = [
        outlet(&spec.outputs.logits)?,
        outlet(&spec.outputs.predicted_iou)?,
    ];
    graph.select_output_outlets(&outputs).map_err(load_error)?;

    let inputs = &spec.inputs;
    let known = [
        (Some(&inputs.embedding), Role::Embedding),
        (Some(&inputs.points), Role::Points),
        (Some(&inputs.labels), Role::Labels),
        (inputs.mask.as_ref(), Role::Mask),
        (inputs.has_mask.as_ref(), Role::HasMask),
        (inputs.image_size.as_ref(), Role::ImageSize),
    ];
    let outlets = graph.input_outlets().map_err(load_error)?.to_vec();
    let names = graph::names(&outlets, &graph);
    if let Some((Some(missing), _)) = known
        .iter()
        .find(|(name, _)| name.is_some_and(|name| !names.contains(name)))
    {
        return Err(DecoderError::Load(format!(
            "its inputs are {names:?}; bundle.toml says {missing:?}"
        )));
    }
    let mut roles = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let Some((_, role)) = known.iter().find(|(known, _)| *known == Some(name)) else {
            return Err(DecoderError::Load(format!(
                "it has an input {name:?}, which bundle.toml does not name"
            )));
        };
        let fact = graph.input_fact(index).map_err(load_error)?;
        let rank = fact
            .shape
            .rank()
            .concretize()
            .map_or(0, |rank| rank as usize);
        let own = match role {
            Role::Points => 2,
            Role::Labels => 1,
            _ => 0,
        };
        roles.push(Input {
            role: *role,
            leading: rank.saturating_sub(own).clamp(1, 2),
            element: fact.datum_type.concretize().unwrap_or(f32::datum_type()),
        });
    }
    Ok((graph, roles))
}

fn load_error(error: TractError) -> DecoderError {
    DecoderError::Load(format!("{error:#}"))
}

fn run_error(error: TractError) -> DecoderError {
    DecoderError::Run(format!("{error:#}"))
}

#[cfg(test)]
mod tests;
