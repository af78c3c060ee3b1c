//! Rewriting of graphs, given up where it would take too long.
//!
//! tract rewrites a graph a few nodes at a time, and each time costs as much as there are nodes: a chain of ten thousand
//! operators, which a stranger writes into a quarter of a megabyte, would keep it busy for minutes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;
use tract_onnx::tract_core::optim::{Optimizer, OptimizerSession, TypedPass};

/// Rewrites of a graph, each counted once for every node that the graph has by then. MobileSAM's encoder takes 2.4
/// million, one of SAM's largest size some 16; what takes this many lasts well under a minute.
const MAX_NODE_REWRITES: u64 = 64_000_000;

/// Fusing two operators copies all that were fused into them before.
const FUSION_WEIGHT: u64 = 10;

/// A pass that fails when all passes together have rewritten too much.
#[derive(Clone)]
struct Bounded {
    pass: Box<dyn TypedPass>,
    weight: u64,
    rewrites: Arc<AtomicU64>,
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What tract calls the pass in its errors.
        self.pass.fmt(f)
    }
}

impl TypedPass for Bounded {
    fn reset(&mut self) -> TractResult<()> {
        self.pass.reset()
    }

    fn next(
        &mut self,
        session: &mut OptimizerSession<'_>,
        model: &TypedModel,
    ) -> TractResult<Option<TypedModelPatch>> {
        let nodes = model.nodes().len() as u64;
        let work = nodes * self.weight;
        if self.rewrites.fetch_add(work, Ordering::Relaxed) > MAX_NODE_REWRITES {
            bail!(
                "its {nodes} operators would have to be rewritten too often, as no encoder's or decoder's have; simplify the graph"
            );
        }
        self.pass.next(session, model)
    }

    fn run_direct(&mut self, model: &mut TypedModel) -> TractResult<bool> {
        self.pass.run_direct(model)
    }
}

/// A graph whose inputs have their shapes, made ready to run; `rewrite` may put operators of our own into it when it is in
/// its simplest form.
pub(crate) fn optimized(
    model: InferenceModel,
    rewrite: impl FnOnce(TypedModel) -> TractResult<TypedModel>,
) -> TractResult<TypedModel> {
    let rewrites = Arc::new(AtomicU64::new(0));
    let model = run(Optimizer::declutter(), model.into_typed()?, &rewrites)?;
    run(Optimizer::codegen(), rewrite(model)?, &rewrites)
}

/// A graph whose inputs have their shapes, in its simplest form.
#[cfg(feature = "tract-cuda")]
pub(crate) fn simplest(model: InferenceModel) -> TractResult<TypedModel> {
    let rewrites = Arc::new(AtomicU64::new(0));
    run(Optimizer::declutter(), model.into_typed()?, &rewrites)
}

/// Rewrites a graph with one of tract's optimizers.
fn run(
    mut optimizer: Optimizer,
    mut model: TypedModel,
    rewrites: &Arc<AtomicU64>,
) -> TractResult<TypedModel> {
    {
        for pass in &mut optimizer.passes {
            let fuses = format!("{pass:?}") == "fuse";
            *pass = Box::new(Bounded {
                pass: pass.clone(),
                weight: if fuses { FUSION_WEIGHT } else { 1 },
                rewrites: Arc::clone(rewrites),
            });
        }
        model.optimize_with_session(&mut optimizer.session())?;
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use tract_onnx::pb::{
        GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto, ValueInfoProto,
        type_proto,
    };
    use tract_onnx::prelude::*;

    /// A graph of one operator after the other.
    fn chain(operators: usize) -> TractResult<TypedModel> {
        let value = |index: usize| ValueInfoProto {
            name: index.to_string(),
            r#type: Some(TypeProto {
                value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                    elem_type: 1,
                    ..type_proto::Tensor::default()
                })),
                ..TypeProto::default()
            }),
            ..ValueInfoProto::default()
        };
        let node = |index: usize| NodeProto {
            input: vec![index.to_string()],
            output: vec![(index + 1).to_string()],
            name: format!("node {index}"),
            op_type: "Relu".to_owned(),
            ..NodeProto::default()
        };
        let model = ModelProto {
            ir_version: 9,
            opset_import: vec![OperatorSetIdProto {
                version: 17,
                ..OperatorSetIdProto::default()
            }],
            graph: Some(GraphProto {
                node: (0..operators).map(node).collect(),
                input: vec![value(0)],
                output: vec![value(operators)],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        let model = crate::graph::parse(&model.encode_to_vec(), None)?;
        super::optimized(
            model.with_input_fact(0, f32::fact([1, 3, 8, 8]).into())?,
            Ok,
        )
    }

    #[test]
    fn long_chains_are_given_up() {
        chain(200).unwrap();
        let error = format!("{:#}", chain(4000).unwrap_err());
        assert!(error.contains("rewritten too often"), "{error}");
    }
}
