//! Operators of ONNX's opset 17 that pick, join and resize, for tensors of batch 1.

use tract_onnx::pb::AttributeProto;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;

use super::graph::{Graph, OPEN, Value, integer_attribute, integers, integers_attribute};

impl<W> Graph<W> {
    /// Tensors one behind the other along a dimension.
    pub(crate) fn concatenate(&mut self, name: &str, parts: &[&Value], axis: usize) -> Value {
        let mut shape = parts
            .first()
            .map_or(Vec::new(), |part| part.shape().to_vec());
        if let Some(side) = shape.get_mut(axis) {
            let lengths = || parts.iter().map(|part| part.shape[axis]);
            *side = match lengths().any(|length| length == OPEN) {
                true => OPEN,
                false => lengths().sum(),
            };
        }
        let attributes = vec![integer_attribute("axis", axis as i64)];
        self.node("Concat", name, parts, attributes, shape)
    }

    /// `length` elements from `first` on along a dimension.
    pub(crate) fn slice(
        &mut self,
        name: &str,
        x: &Value,
        axis: usize,
        first: usize,
        length: usize,
    ) -> Value {
        let starts = self.integers(integers(&[first]));
        let ends = self.integers(integers(&[first + length]));
        let axes = self.integers(integers(&[axis]));
        let mut shape = x.shape.clone();
        shape[axis] = length;
        let inputs = [x, &starts, &ends, &axes];
        self.node("Slice", name, &inputs, Vec::new(), shape)
    }

    /// The first rows and columns of `[1, channels, rows, columns]`, as many as the two integers of
    /// `sides` say.
    pub(crate) fn crop_to(&mut self, name: &str, x: &Value, sides: &Value) -> Value {
        let starts = self.integers(vec![0, 0]);
        let axes = self.integers(vec![2, 3]);
        let shape = vec![x.shape[0], x.shape[1], OPEN, OPEN];
        let inputs = [x, &starts, sides, &axes];
        self.node("Slice", name, &inputs, Vec::new(), shape)
    }

    /// The elements along a dimension whose numbers the list of integers has.
    pub(crate) fn gather(&mut self, name: &str, x: &Value, numbers: &Value, axis: usize) -> Value {
        let mut shape = x.shape.clone();
        shape[axis] = numbers.shape[0];
        let attributes = vec![integer_attribute("axis", axis as i64)];
        self.node("Gather", name, &[x, numbers], attributes, shape)
    }

    /// The number of the largest of `[1, length]`, as a list of one integer.
    pub(crate) fn largest(&mut self, name: &str, x: &Value) -> Value {
        let attributes = vec![
            integer_attribute("axis", 1),
            integer_attribute("keepdims", 0),
        ];
        self.node("ArgMax", name, &[x], attributes, vec![1])
    }

    /// The largest number of a list, as a list of one.
    pub(crate) fn maximum(&mut self, name: &str, x: &Value) -> Value {
        let attributes = vec![
            integers_attribute("axes", &[0]),
            integer_attribute("keepdims", 1),
        ];
        self.node("ReduceMax", name, &[x], attributes, vec![1])
    }

    /// The length of a dimension when the graph runs, as a list of one integer.
    pub(crate) fn length(&mut self, name: &str, x: &Value, axis: usize) -> Value {
        let rank = vec![x.shape.len()];
        let sides = self.node("Shape", &format!("{name}.sides"), &[x], Vec::new(), rank);
        self.slice(name, &sides, 0, axis, 1)
    }

    /// Numbers rounded down.
    pub(crate) fn floor(&mut self, name: &str, x: &Value) -> Value {
        self.node("Floor", name, &[x], Vec::new(), x.shape.clone())
    }

    /// Numbers as integers, towards 0.
    pub(crate) fn truncated(&mut self, name: &str, x: &Value) -> Value {
        self.cast(name, x, DataType::Int64)
    }

    /// Integers as numbers.
    pub(crate) fn numbers_of(&mut self, name: &str, x: &Value) -> Value {
        self.cast(name, x, DataType::Float)
    }

    pub(super) fn cast(&mut self, name: &str, x: &Value, element: DataType) -> Value {
        let attributes = vec![integer_attribute("to", i64::from(i32::from(element)))];
        self.node("Cast", name, &[x], attributes, x.shape.clone())
    }

    /// `[1, channels, rows, columns]` with other rows and columns, bilinear, half-pixel centres, no
    /// antialiasing. `sides` are the integers of the whole result; `shape` is what is known of them.
    pub(crate) fn resize(
        &mut self,
        name: &str,
        x: &Value,
        sides: &Value,
        shape: &[usize],
    ) -> Value {
        let absent = Value {
            name: String::new(),
            shape: Vec::new(),
        };
        let attributes = vec![
            text_attribute("mode", "linear"),
            text_attribute("coordinate_transformation_mode", "half_pixel"),
        ];
        let inputs = [x, &absent, &absent, sides];
        self.node("Resize", name, &inputs, attributes, shape.to_vec())
    }
}

fn text_attribute(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::String.into(),
        s: value.as_bytes().to_vec(),
        ..AttributeProto::default()
    }
}
