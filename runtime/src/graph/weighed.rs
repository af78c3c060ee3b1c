//! Operators that are not evaluated before it is known how much they give.
//!
//! tract computes what follows from constants alone when it reads a graph, and looks at its size afterwards; a graph of a
//! few bytes could ask for all memory.

use tract_onnx::tract_hir::infer::Factoid;
use tract_onnx::tract_hir::internal::*;

/// What may be computed from constants at a time. The largest weight of SAM's largest encoder has 26 MB.
const MAX_CONSTANT_BYTES: i64 = 64 << 20;

/// An operator that refuses to compute constants that are too large; otherwise it is the one inside.
#[derive(Clone, Debug)]
struct Weighed(Box<dyn InferenceOp>);

/// Parts of the names of operators whose inputs say how much they give.
const AMPLIFIERS: [&str; 8] = [
    "range",
    "pad",
    "tile",
    "broadcast",
    "constantofshape",
    "onehot",
    "resize",
    "eyelike",
];

impl Weighed {
    fn lower_case_name(&self) -> String {
        self.0.name().to_lowercase()
    }

    /// Checks that an operator which counts up to the rank of its indices, less one, has indices with a rank.
    fn check_indices(&self, inputs: &[&InferenceFact]) -> TractResult<()> {
        let rank = inputs
            .get(1)
            .and_then(|fact| fact.shape.rank().concretize());
        if rank == Some(0) && self.lower_case_name().contains("gathernd") {
            bail!("a single number does not index dimensions");
        }
        Ok(())
    }

    /// Checks that numbers from which a shape follows are no longer than 32 bits: tract drops the rest when it computes
    /// the shape, and not when it computes the value.
    fn check_numbers(&self, inputs: &[&InferenceFact]) -> TractResult<()> {
        let name = self.lower_case_name();
        if !AMPLIFIERS.iter().any(|part| name.contains(part)) {
            return Ok(());
        }
        for value in inputs.iter().filter_map(|fact| fact.value.concretize()) {
            if value.datum_type() == i64::datum_type()
                && let Some(found) = value
                    .try_as_plain_ram()?
                    .as_slice::<i64>()?
                    .iter()
                    .find(|number| i32::try_from(**number).is_err())
            {
                bail!("{found} is too large for a shape");
            }
        }
        Ok(())
    }
}

/// Weighs every operator of a graph.
pub(super) fn weigh(model: &mut InferenceModel) {
    for node in model.nodes_mut() {
        if !InferenceModel::is_source(&node.op) {
            node.op = Box::new(Weighed(node.op.clone()));
        }
    }
}

/// Bytes of a value, if they are known.
fn size_bytes(fact: &InferenceFact) -> Option<i64> {
    let element = i64::try_from(fact.datum_type.concretize()?.size_of()).ok()?;
    let shape = fact.shape.concretize()?;
    shape.iter().try_fold(element, |bytes, side| {
        Some(bytes.saturating_mul(side.to_i64().ok()?))
    })
}

impl PartialEq for Weighed {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_op() == other.0.as_op()
    }
}

impl Eq for Weighed {}

impl Op for Weighed {
    fn name(&self) -> StaticName {
        self.0.name()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        self.0.info()
    }

    fn as_typed(&self) -> Option<&dyn TypedOp> {
        self.0.as_typed()
    }
}

impl EvalOp for Weighed {
    fn eval(&self, context: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.0.eval(context, inputs)
    }

    fn eval_out_of_plan(&self, inputs: TVec<TValue>) -> TractResult<Option<TVec<TValue>>> {
        self.0.eval_out_of_plan(inputs)
    }

    fn state(&self, context: &EvalContext<'_>) -> TractResult<Option<Box<dyn OpState>>> {
        self.0.state(context)
    }
}

impl InferenceOp for Weighed {
    fn infer(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(
        TVec<InferenceFact>,
        TVec<InferenceFact>,
        TVec<InferenceFact>,
    )> {
        self.check_indices(&inputs)?;
        if inputs.iter().all(|fact| fact.value.is_concrete()) {
            let facts = self.infer_facts(inputs.clone(), outputs.clone(), observed.clone())?;
            self.check_numbers(&inputs)?;
            for fact in &facts.1 {
                if size_bytes(fact).is_some_and(|bytes| bytes > MAX_CONSTANT_BYTES) {
                    bail!(
                        "a constant of shape {:?} is too large to be computed",
                        fact.shape
                    );
                }
            }
        }
        self.0.infer(inputs, outputs, observed)
    }

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(
        TVec<InferenceFact>,
        TVec<InferenceFact>,
        TVec<InferenceFact>,
    )> {
        self.0.infer_facts(inputs, outputs, observed)
    }

    fn observe_outlets(
        &self,
        model: &InferenceModel,
        node: &InferenceNode,
    ) -> TractResult<Vec<OutletId>> {
        self.0.observe_outlets(model, node)
    }

    fn incorporate(
        &self,
        model: &InferenceModel,
        node: &InferenceNode,
    ) -> TractResult<Option<InferenceModelPatch>> {
        self.0.incorporate(model, node)
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.0.nboutputs()
    }

    fn as_op(&self) -> &dyn Op {
        self.0.as_op()
    }

    fn as_op_mut(&mut self) -> &mut dyn Op {
        self.0.as_op_mut()
    }

    fn to_typed(
        &self,
        source: &InferenceModel,
        node: &InferenceNode,
        target: &mut TypedModel,
        mapping: &HashMap<OutletId, OutletId>,
    ) -> TractResult<TVec<OutletId>> {
        self.0.to_typed(source, node, target, mapping)
    }
}
