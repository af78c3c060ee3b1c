//! ONNX files, looked through before they are decoded.
//!
//! Protobuf has messages of two bytes that take a kilobyte in memory. Whoever decodes an ONNX file of a stranger calls
//! [`check`] first, which reads it without taking memory of its own.

use std::fmt;

use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint};
use tract_onnx::pb;

/// What a file may cost in memory beyond twice its length: some ten thousand operators without weights.
const BASE_BYTES: u64 = 32 << 20;

/// Levels of messages within each other. Graphs within graphs, which no encoder has, take four each.
const MAX_DEPTH: usize = 64;

/// Why an ONNX file is not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnnxFileError {
    /// It is not protobuf, or ends in the middle of a message.
    Malformed {
        /// Byte in the file.
        offset: usize,
    },
    /// Messages lie within each other too often.
    Depth {
        /// Byte in the file.
        offset: usize,
    },
    /// In memory it would be much longer than it is.
    Expensive {
        /// Bytes in memory, at least.
        bytes: u64,
        /// The limit for a file of this length.
        most: u64,
    },
}

impl fmt::Display for OnnxFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { offset } => write!(
                f,
                "it is no protobuf at byte {offset}; it is damaged or of another format, fetch it again"
            ),
            Self::Depth { offset } => write!(
                f,
                "at byte {offset} it has messages in more than {MAX_DEPTH} others; export it without control flow"
            ),
            Self::Expensive { bytes, most } => write!(
                f,
                "it would take {bytes} bytes of memory, and a file of its length has at most {most}; it is damaged, or made to fill the memory"
            ),
        }
    }
}

impl std::error::Error for OnnxFileError {}

/// The messages of onnx.proto that lie in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
    Function,
    TrainingInfo,
    Annotation,
    /// Messages of numbers and texts alone.
    Leaf,
}

/// What a field of a message is.
enum Field {
    Message(Message),
    /// Whole numbers of this many bytes in memory, often of fewer in the file.
    Integers(u64),
    /// Floating-point numbers, which are as long in memory as in the file.
    Floats,
    /// Text, bytes, or nothing that is kept.
    Other,
}

impl Message {
    /// The numbers of the fields, as onnx.proto has them.
    fn field(self, number: u32) -> Field {
        use Message as M;
        let message = match (self, number) {
            (M::Model, 7) => M::Graph,
            (M::Model, 8 | 14) => M::Leaf,
            (M::Model, 20) => M::TrainingInfo,
            (M::Model, 25) => M::Function,
            (M::Graph, 1) | (M::Function, 7) => M::Node,
            (M::Graph, 5) => M::Tensor,
            (M::Graph, 11..=13) => M::ValueInfo,
            (M::Graph, 14) => M::Annotation,
            (M::Graph, 15) => M::SparseTensor,
            (M::Node, 5) => M::Attribute,
            (M::Attribute, 5 | 10) => M::Tensor,
            (M::Attribute, 6 | 11) => M::Graph,
            (M::Attribute, 14 | 15) => M::Type,
            (M::Attribute, 22 | 23) => M::SparseTensor,
            (M::SparseTensor, 1 | 2) => M::Tensor,
            (M::Tensor, 13) => M::Leaf,
            (M::Annotation, 2) => M::Leaf,
            (M::ValueInfo, 2) => M::Type,
            (M::Type, 1) => M::TensorType,
            (M::TensorType, 2) => M::Shape,
            (M::Shape, 1) => M::Dimension,
            (M::TrainingInfo, 1 | 2) => M::Graph,
            (M::TrainingInfo, 3 | 4) => M::Leaf,
            (M::Function, 9) => M::Leaf,
            (M::Tensor, 5) => return Field::Integers(4),
            (M::Tensor, 1 | 7 | 11) => return Field::Integers(8),
            (M::Attribute, 8) | (M::SparseTensor, 3) => return Field::Integers(8),
            (M::Tensor, 4 | 10) | (M::Attribute, 7) => return Field::Floats,
            _ => return Field::Other,
        };
        Field::Message(message)
    }

    /// Bytes in memory of the message without what lies in it.
    fn size_bytes(self) -> u64 {
        let size = match self {
            Self::Model => size_of::<pb::ModelProto>(),
            Self::Graph => size_of::<pb::GraphProto>(),
            Self::Node => size_of::<pb::NodeProto>(),
            Self::Attribute => size_of::<pb::AttributeProto>(),
            Self::Tensor => size_of::<pb::TensorProto>(),
            Self::SparseTensor => size_of::<pb::SparseTensorProto>(),
            Self::ValueInfo => size_of::<pb::ValueInfoProto>(),
            Self::Type => size_of::<pb::TypeProto>(),
            Self::TensorType => size_of::<pb::type_proto::Tensor>(),
            Self::Shape => size_of::<pb::TensorShapeProto>(),
            Self::Dimension => size_of::<pb::tensor_shape_proto::Dimension>(),
            Self::Function => size_of::<pb::FunctionProto>(),
            Self::TrainingInfo => size_of::<pb::TrainingInfoProto>(),
            Self::Annotation => size_of::<pb::TensorAnnotation>(),
            Self::Leaf => size_of::<pb::StringStringEntryProto>(),
        };
        size as u64
    }
}

/// A text that is kept, its allocation included, beside its characters.
const TEXT_BYTES: u64 = 40;

/// Checks that decoding a file takes at most twice its length in memory, and 32 MiB.
///
/// # Errors
/// If it would take more, or is not protobuf.
pub fn check(bytes: &[u8]) -> Result<(), OnnxFileError> {
    let most = 2 * bytes.len() as u64 + BASE_BYTES;
    let mut cost = Message::Model.size_bytes();
    // Messages that are being read, and where they end, the outermost first.
    let mut open = [(Message::Model, bytes.len()); MAX_DEPTH];
    let mut depth = 1;
    let mut offset = 0;
    while depth > 0 {
        let (message, end) = open[depth - 1];
        if offset == end {
            depth -= 1;
            continue;
        }
        let malformed = OnnxFileError::Malformed { offset };
        let mut rest = &bytes[offset..end];
        let (number, wire_type) = decode_key(&mut rest).map_err(|_| malformed)?;
        let field = message.field(number);
        let length = match wire_type {
            WireType::Varint => {
                decode_varint(&mut rest).map_err(|_| malformed)?;
                0
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => decode_varint(&mut rest).map_err(|_| malformed)?,
            // Nothing in ONNX is a group.
            WireType::StartGroup | WireType::EndGroup => return Err(malformed),
        };
        let start = end - rest.remaining();
        let stop = usize::try_from(length)
            .ok()
            .and_then(|length| start.checked_add(length));
        let stop = stop.filter(|stop| *stop <= end).ok_or(malformed)?;
        let contents = &bytes[start..stop];
        offset = stop;
        cost = cost.saturating_add(match (field, wire_type) {
            (Field::Message(inner), WireType::LengthDelimited) => {
                if depth == MAX_DEPTH {
                    return Err(OnnxFileError::Depth { offset: start });
                }
                open[depth] = (inner, stop);
                depth += 1;
                offset = start;
                inner.size_bytes()
            }
            (Field::Integers(size), WireType::LengthDelimited) => {
                // The last byte of each has its high bit clear.
                size * contents.iter().filter(|byte| **byte < 0x80).count() as u64
            }
            (Field::Integers(size), _) => size,
            (Field::Floats, WireType::LengthDelimited) => length,
            (Field::Floats, _) => 8,
            (Field::Other, WireType::LengthDelimited) => TEXT_BYTES + length,
            _ => 0,
        });
        if cost > most {
            return Err(OnnxFileError::Expensive { bytes: cost, most });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &[u8] = include_bytes!("../tests/data/tiny_decoder.onnx");

    fn length_delimited(field: u8, contents: &[u8]) -> Vec<u8> {
        let mut message = vec![field << 3 | 2];
        prost::encoding::encode_varint(contents.len() as u64, &mut message);
        message.extend_from_slice(contents);
        message
    }

    #[test]
    fn good_files_pass_and_cut_ones_do_not() {
        check(TINY).unwrap();
        check(b"").unwrap();
        let cut = check(&TINY[..TINY.len() - 1]);
        assert!(
            matches!(cut, Err(OnnxFileError::Malformed { .. })),
            "{cut:?}"
        );
    }

    #[test]
    fn many_empty_messages_are_refused() {
        // Empty nodes, attributes of one node, names of its inputs, numbers of one byte.
        let nodes = length_delimited(7, &length_delimited(1, b"").repeat(1 << 20));
        let attributes = length_delimited(1, &length_delimited(5, b"").repeat(1 << 20));
        let attributes = length_delimited(7, &attributes);
        let names = length_delimited(
            7,
            &length_delimited(1, &length_delimited(1, b"").repeat(1 << 21)),
        );
        let numbers = length_delimited(
            7,
            &length_delimited(5, &length_delimited(7, &vec![0; 1 << 24])),
        );
        for bytes in [nodes, attributes, names, numbers] {
            let error = check(&bytes);
            assert!(
                matches!(error, Err(OnnxFileError::Expensive { .. })),
                "{error:?}"
            );
        }
    }

    #[test]
    fn many_levels_are_refused() {
        let mut graph = Vec::new();
        for _ in 0..40 {
            let attribute = length_delimited(6, &graph);
            graph = length_delimited(1, &length_delimited(5, &attribute));
        }
        let error = check(&length_delimited(7, &graph));
        assert!(
            matches!(error, Err(OnnxFileError::Depth { .. })),
            "{error:?}"
        );
    }
}
