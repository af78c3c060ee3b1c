//! Operators of ONNX's opset 17 that layers are made of, for tensors of batch 1.

use std::f32::consts::SQRT_2;

use tract_onnx::pb::tensor_proto::DataType;

use super::graph::{
    Graph, OPEN, Value, float_attribute, integer_attribute, integers, integers_attribute,
};

/// A square convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution {
    /// Step in pixels between neighbouring results.
    pub(crate) stride: usize,
    /// Zeros around the image.
    pub(crate) padding: usize,
    /// 1, or the number of channels for a depthwise convolution.
    pub(crate) groups: usize,
}

impl<W> Graph<W> {
    /// `[1, in, rows, columns]` by `[out, in / groups, kernel, kernel]`.
    pub(crate) fn convolution(
        &mut self,
        name: &str,
        image: &Value,
        weight: &Value,
        bias: Option<&Value>,
        convolution: Convolution,
    ) -> Value {
        let Convolution {
            stride,
            padding,
            groups,
        } = convolution;
        let kernel = weight.shape[2];
        let side = |side: usize| (side + 2 * padding - kernel) / stride + 1;
        let shape = vec![
            1,
            weight.shape[0],
            side(image.shape[2]),
            side(image.shape[3]),
        ];
        let attributes = vec![
            integers_attribute("kernel_shape", &[kernel; 2]),
            integers_attribute("strides", &[stride; 2]),
            integers_attribute("pads", &[padding; 4]),
            integers_attribute("dilations", &[1; 2]),
            integer_attribute("group", groups as i64),
        ];
        let inputs: Vec<&Value> = [image, weight].into_iter().chain(bias).collect();
        self.node("Conv", name, &inputs, attributes, shape)
    }

    /// A transposed 2x2 convolution with stride 2, from `[1, in, rows, columns]` to `[1, out, 2 rows,
    /// 2 columns]` by `[in, out, 2, 2]`.
    pub(crate) fn doubling_convolution(
        &mut self,
        name: &str,
        image: &Value,
        weight: &Value,
        bias: &Value,
    ) -> Value {
        let &[_, outputs, ..] = weight.shape() else {
            return image.clone();
        };
        let mut shape = vec![1, outputs];
        shape.extend(image.shape[2..].iter().map(|side| 2 * side));
        let attributes = vec![
            integers_attribute("kernel_shape", &[2; 2]),
            integers_attribute("strides", &[2; 2]),
            integers_attribute("pads", &[0; 4]),
            integers_attribute("dilations", &[1; 2]),
            integer_attribute("group", 1),
        ];
        let inputs = [image, weight, bias];
        self.node("ConvTranspose", name, &inputs, attributes, shape)
    }

    /// The product of the last two dimensions; those before are broadcast.
    pub(crate) fn matrix_product(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        let (left_batch, left_matrix) = left.shape.split_at(left.shape.len() - 2);
        let (right_batch, right_matrix) = right.shape.split_at(right.shape.len() - 2);
        let mut shape = broadcast(left_batch, right_batch);
        shape.extend([left_matrix[0], right_matrix[1]]);
        self.node("MatMul", name, &[left, right], Vec::new(), shape)
    }

    /// The sum, broadcast.
    pub(crate) fn add(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        self.elementwise("Add", name, left, right)
    }

    /// The difference, broadcast.
    pub(crate) fn subtract(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        self.elementwise("Sub", name, left, right)
    }

    /// The product of elements, broadcast.
    pub(crate) fn multiply(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        self.elementwise("Mul", name, left, right)
    }

    /// The quotient, broadcast.
    pub(crate) fn divide(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        self.elementwise("Div", name, left, right)
    }

    /// 1 where both are the same, else 0; broadcast.
    pub(crate) fn equality(&mut self, name: &str, left: &Value, right: &Value) -> Value {
        let equal = self.elementwise("Equal", &format!("{name}.truth"), left, right);
        self.cast(name, &equal, DataType::Float)
    }

    fn elementwise(&mut self, operator: &str, name: &str, left: &Value, right: &Value) -> Value {
        let shape = broadcast(&left.shape, &right.shape);
        self.node(operator, name, &[left, right], Vec::new(), shape)
    }

    /// `x / 2 * (1 + erf(x / sqrt(2)))`, in the nodes and the order that engines recognise and fuse.
    pub(crate) fn gelu(&mut self, name: &str, x: &Value) -> Value {
        let root = self.scalar(SQRT_2);
        let one = self.scalar(1.0);
        let half = self.scalar(0.5);
        let scaled = self.elementwise("Div", &format!("{name}.scaled"), x, &root);
        let erf_name = format!("{name}.erf");
        let erf = self.node("Erf", &erf_name, &[&scaled], Vec::new(), x.shape.clone());
        let shifted = self.elementwise("Add", &format!("{name}.shifted"), &erf, &one);
        let doubled = self.elementwise("Mul", &format!("{name}.doubled"), x, &shifted);
        self.elementwise("Mul", name, &doubled, &half)
    }

    /// Negative numbers become 0.
    pub(crate) fn relu(&mut self, name: &str, x: &Value) -> Value {
        self.node("Relu", name, &[x], Vec::new(), x.shape.clone())
    }

    /// Sines of radians.
    pub(crate) fn sine(&mut self, name: &str, x: &Value) -> Value {
        self.node("Sin", name, &[x], Vec::new(), x.shape.clone())
    }

    /// Cosines of radians.
    pub(crate) fn cosine(&mut self, name: &str, x: &Value) -> Value {
        self.node("Cos", name, &[x], Vec::new(), x.shape.clone())
    }

    /// Softmax over the last dimension.
    pub(crate) fn softmax(&mut self, name: &str, x: &Value) -> Value {
        let axis = integer_attribute("axis", -1);
        self.node("Softmax", name, &[x], vec![axis], x.shape.clone())
    }

    /// Normalises over the last dimension.
    pub(crate) fn layer_normalization(
        &mut self,
        name: &str,
        x: &Value,
        scale: &Value,
        bias: &Value,
        epsilon: f32,
    ) -> Value {
        let attributes = vec![
            integer_attribute("axis", -1),
            float_attribute("epsilon", epsilon),
        ];
        let shape = x.shape.clone();
        self.node(
            "LayerNormalization",
            name,
            &[x, scale, bias],
            attributes,
            shape,
        )
    }

    /// The same elements in another shape, at most one side of which is open.
    pub(crate) fn reshape(&mut self, name: &str, x: &Value, shape: &[usize]) -> Value {
        let mut sides = integers(shape);
        for (side, length) in sides.iter_mut().zip(shape) {
            if *length == OPEN {
                *side = -1;
            }
        }
        let target = self.integers(sides);
        self.node("Reshape", name, &[x, &target], Vec::new(), shape.to_vec())
    }

    /// Dimension `i` of the result is dimension `order[i]` of `x`.
    pub(crate) fn transpose(&mut self, name: &str, x: &Value, order: &[usize]) -> Value {
        let shape = order.iter().map(|&axis| x.shape[axis]).collect();
        let order = integers_attribute("perm", order);
        self.node("Transpose", name, &[x], vec![order], shape)
    }

    /// Zeros behind the last row and column of `[1, rows, columns, channels]`, up to `side` of each.
    pub(crate) fn pad_rows_and_columns(&mut self, name: &str, x: &Value, side: usize) -> Value {
        let (rows, columns) = (side - x.shape[1], side - x.shape[2]);
        let padding = self.integers(integers(&[0, 0, 0, 0, 0, rows, columns, 0]));
        let shape = vec![x.shape[0], side, side, x.shape[3]];
        self.node("Pad", name, &[x, &padding], Vec::new(), shape)
    }

    /// The first `side` rows and columns of `[1, rows, columns, channels]`.
    pub(crate) fn crop_rows_and_columns(&mut self, name: &str, x: &Value, side: usize) -> Value {
        let starts = self.integers(vec![0, 0]);
        let ends = self.integers(integers(&[side, side]));
        let axes = self.integers(vec![1, 2]);
        let shape = vec![x.shape[0], side, side, x.shape[3]];
        self.node(
            "Slice",
            name,
            &[x, &starts, &ends, &axes],
            Vec::new(),
            shape,
        )
    }
}

/// The shape of two tensors side by side, aligned at the last dimension.
fn broadcast(left: &[usize], right: &[usize]) -> Vec<usize> {
    let (long, short) = if left.len() < right.len() {
        (right, left)
    } else {
        (left, right)
    };
    let mut shape = long.to_vec();
    let start = long.len() - short.len();
    for (side, &other) in shape[start..].iter_mut().zip(short) {
        *side = match (*side, other) {
            (1, other) => other,
            (side, 1) => side,
            // An open side can only be as long as one that is known.
            (side, other) => side.max(other),
        };
    }
    shape
}
