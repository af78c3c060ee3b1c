//! Stretches of a graph that become one operator.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::source::TypedSource;

use super::constants::folded;
use super::lowering::{Lowered, lower};
use super::machine::Machine;
use super::program::Program;

/// How often a stretch is cut where it cannot be lowered before the rest is left to tract.
const MAX_CUTS: usize = 64;

/// An operator that runs a program.
#[derive(Clone)]
struct Region {
    program: Arc<Program>,
    shapes: Vec<Vec<usize>>,
    threads: usize,
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("shapes", &self.shapes)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
    }
}

impl Eq for Region {}

impl Op for Region {
    fn name(&self) -> StaticName {
        "FixateRegion".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Region {
    not_out_of_plan!();

    fn state(&self, _: &EvalContext<'_>) -> TractResult<Option<Box<dyn OpState>>> {
        Ok(Some(Box::new(RegionState(Machine::new(
            &self.program,
            self.threads,
        )?))))
    }
}

impl TypedOp for Region {
    as_op!();

    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.shapes.iter().map(f32::fact).collect())
    }
}

/// Buffers and threads of a region.
struct RegionState(Machine);

impl fmt::Debug for RegionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegionState")
    }
}

impl OpState for RegionState {
    fn eval(
        &mut self,
        _: &EvalContext<'_>,
        op: &dyn Op,
        inputs: TVec<TValue>,
    ) -> TractResult<TVec<TValue>> {
        let region = op.downcast_ref::<Region>().context("no region")?;
        let views = inputs
            .iter()
            .map(|input| input.try_as_plain_ram())
            .collect::<TractResult<Vec<_>>>()?;
        let slices = views
            .iter()
            .map(|view| view.as_slice::<f32>())
            .collect::<TractResult<Vec<_>>>()?;
        self.0.run(&slices);
        let outputs = region.shapes.iter().enumerate().map(|(index, shape)| {
            let length = shape.iter().product();
            let values = &self.0.output(index, &slices)[..length];
            Ok(Tensor::from_shape(shape, values)?.into_tvalue())
        });
        outputs.collect()
    }

    fn reset_lanes(&mut self, _: &[LaneId]) -> TractResult<()> {
        Ok(())
    }
}

impl Clone for RegionState {
    fn clone(&self) -> Self {
        // tract clones states of running models, which is not done here.
        let machine = Machine::new(self.0.program(), self.0.threads())
            .or_else(|_| Machine::new(self.0.program(), 1));
        Self(machine.expect("a team of one starts no thread"))
    }
}

/// Replaces what is known of a decluttered graph.
pub(in crate::encoder) fn rewrite(model: TypedModel, threads: usize) -> TractResult<TypedModel> {
    let model = folded(model)?;
    let order: Vec<usize> = model.eval_order()?;
    let is_plain = |node: &usize| {
        let node = &model.nodes()[*node];
        !node.op_is::<Const>() && !node.op_is::<TypedSource>()
    };
    let computing: Vec<usize> = order.iter().copied().filter(is_plain).collect();
    let mut regions: Vec<(usize, Lowered)> = Vec::new();
    let (mut first, mut cuts, mut places) = (0, 0, 0);
    while first < computing.len() && cuts < MAX_CUTS {
        match lower(&model, &computing[first..], &mut places) {
            Some(lowered) => {
                cuts += 1;
                first += lowered.nodes;
                if lowered.is_worth_it {
                    regions.push((first - lowered.nodes, lowered));
                }
            }
            None => first += 1,
        }
    }
    if regions.is_empty() {
        return Ok(model);
    }
    assemble(&model, &order, &computing, regions, threads)
}

/// The graph with regions in the place of what they compute.
fn assemble(
    model: &TypedModel,
    order: &[usize],
    computing: &[usize],
    regions: Vec<(usize, Lowered)>,
    threads: usize,
) -> TractResult<TypedModel> {
    let mut inside = HashSet::new();
    let mut ends = HashMap::new();
    for (first, lowered) in regions {
        let nodes = &computing[first..first + lowered.nodes];
        inside.extend(nodes.iter().copied());
        ends.insert(nodes[nodes.len() - 1], lowered);
    }
    let mut new = TypedModel {
        symbols: model.symbols.clone(),
        ..TypedModel::default()
    };
    let mut outlets: HashMap<OutletId, OutletId> = HashMap::new();
    // Constants and inputs first: a region's end may come before a constant that only others read.
    for node in order.iter().map(|node| &model.nodes()[*node]) {
        if !inside.contains(&node.id) {
            let inputs: TVec<OutletId> = node.inputs.iter().map(|input| outlets[input]).collect();
            let wired = if node.op_is::<TypedSource>() {
                tvec!(new.add_source(&node.name, node.outputs[0].fact.clone())?)
            } else {
                new.wire_node(&node.name, node.op.clone(), &inputs)?
            };
            for (slot, outlet) in wired.into_iter().enumerate() {
                outlets.insert(OutletId::new(node.id, slot), outlet);
            }
        } else if let Some(lowered) = ends.remove(&node.id) {
            let inputs: TVec<OutletId> =
                lowered.inputs.iter().map(|input| outlets[input]).collect();
            let shapes = lowered.outputs.iter().map(|outlet| {
                let shape = model
                    .outlet_fact(*outlet)?
                    .shape
                    .as_concrete()
                    .context("a shape is not known")?;
                Ok(shape.to_vec())
            });
            let region = Region {
                program: Arc::new(lowered.program),
                shapes: shapes.collect::<TractResult<_>>()?,
                threads,
            };
            let wired = new.wire_node(format!("{}.region", node.name), region, &inputs)?;
            for (outlet, wired) in lowered.outputs.iter().zip(wired) {
                outlets.insert(*outlet, wired);
            }
        }
    }
    let translated =
        |old: &[OutletId]| old.iter().map(|outlet| outlets[outlet]).collect::<Vec<_>>();
    new.inputs = translated(model.input_outlets()?);
    new.outputs = translated(model.output_outlets()?);
    Ok(new)
}
