//! Constants that a graph computes from others.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::DimLike;
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::konst::Const;

/// How often each element of a graph's constants may be computed with: as integers, less their zero, times their scale.
const PASSES: usize = 3;

/// Replaces operators on constants by what they compute. Weights in eight-bit integers come with the arithmetic that makes
/// floats of them, which tract leaves in the graph where the floats are many.
pub(super) fn folded(mut model: TypedModel) -> TractResult<TypedModel> {
    let order = model.eval_order()?;
    let constants = order
        .iter()
        .filter_map(|id| model.node(*id).op_as::<Const>());
    let mut left = PASSES
        * constants
            .map(|constant| constant.val().len())
            .sum::<usize>();
    for id in order {
        let node = model.node(id);
        let inputs: Option<TVec<TValue>> = model
            .node_input_facts(id)?
            .iter()
            .map(|fact| fact.konst.clone().map(IntoTValue::into_tvalue))
            .collect();
        // What else a stranger computes of constants may take long, or become large.
        let is_known = node.op_is::<Cast>() || node.op_is::<TypedBinOp>() || node.op_is::<AxisOp>();
        let Some(inputs) = inputs.filter(|inputs| is_known && !inputs.is_empty()) else {
            continue;
        };
        let largest = inputs.iter().map(|input| input.len()).max().unwrap_or(0);
        let Some(length) = node.outputs[0].fact.shape.volume().to_usize().ok() else {
            continue;
        };
        if length > largest.min(left) {
            continue;
        }
        left -= length;
        let Ok(Some(mut values)) = node.op.eval_out_of_plan(inputs) else {
            continue;
        };
        let name = node.name.clone();
        let mut patch = TypedModelPatch::default();
        let constant = patch.add_const(name, values.remove(0).into_arc_tensor())?;
        patch.shunt_outside(&model, id.into(), constant)?;
        patch.apply(&mut model)?;
    }
    Ok(model)
}
