//! Constants that a graph computes from others.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::konst::Const;

/// Elements of all constants that are computed here.
const MAX_ELEMENTS: usize = 1 << 27;

/// Replaces operators on constants by what they compute. Weights in eight-bit integers come with the arithmetic that makes
/// floats of them, which tract leaves in the graph where the floats are many.
pub(super) fn folded(mut model: TypedModel) -> TractResult<TypedModel> {
    let mut left = MAX_ELEMENTS;
    for id in model.eval_order()? {
        let node = model.node(id);
        let inputs: Option<TVec<TValue>> = model
            .node_input_facts(id)?
            .iter()
            .map(|fact| fact.konst.clone().map(IntoTValue::into_tvalue))
            .collect();
        let [output] = &node.outputs[..] else {
            continue;
        };
        let Some(shape) = output.fact.shape.as_concrete() else {
            continue;
        };
        let product = shape
            .iter()
            .try_fold(1_usize, |product, extent| product.checked_mul(*extent));
        let (Some(inputs), Some(length)) = (inputs, product.filter(|length| *length <= left))
        else {
            continue;
        };
        if inputs.is_empty() || node.op_is::<Const>() {
            continue;
        }
        let Some(mut values) = node.op.eval_out_of_plan(inputs)? else {
            continue;
        };
        left -= length;
        let name = node.name.clone();
        let mut patch = TypedModelPatch::default();
        let constant = patch.add_const(name, values.remove(0).into_arc_tensor())?;
        patch.shunt_outside(&model, id.into(), constant)?;
        patch.apply(&mut model)?;
    }
    Ok(model)
}
