//! A graph as an ONNX file, written from front to back with one weight in memory at a time.
//!
//! Protobuf puts the length of a message before it. The lengths of all tensors follow from their
//! shapes, so the graph's own length is known before any weight is read.

use std::io::{self, Write};

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

use super::graph::{Contents, Graph, Initialiser, OPEN, Port, integers};

const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 17;

/// Field `graph` of a `ModelProto`, in onnx.proto.
const MODEL_GRAPH: u32 = 7;
/// Field `initializer` of a `GraphProto`.
const GRAPH_INITIALISER: u32 = 5;
/// Field `raw_data` of a `TensorProto`.
const TENSOR_RAW_DATA: u32 = 9;

/// Offsets in external data are multiples of a page, so that engines can map the file.
const PAGE_BYTES: u64 = 4096;

/// A second file, beside the first, that takes the weights.
pub(crate) struct ExternalData<'a> {
    /// Its name, as the first file has it.
    pub(crate) name: &'a str,
    /// Its contents.
    pub(crate) file: &'a mut dyn Write,
}

/// A tensor's message.
struct Record {
    /// All fields but the contents.
    header: Vec<u8>,
    place: Place,
}

/// Where a tensor's contents are.
enum Place {
    /// In its message, as a field of this many bytes.
    Inline(usize),
    /// In the external data, after this many zeros.
    External { gap_bytes: u64 },
}

impl Record {
    /// Length of the whole message.
    fn length(&self) -> usize {
        let contents = match self.place {
            Place::Inline(length) => {
                key_len(TENSOR_RAW_DATA) + encoded_len_varint(length as u64) + length
            }
            Place::External { .. } => 0,
        };
        self.header.len() + contents
    }
}

/// Writes a graph; its weights go into `external`, if there is one. Without, a graph of more than
/// 2 GiB is beyond what protobuf holds. `read` gives a weight's elements, as many as its shape says.
///
/// # Errors
/// If `read` fails or a file cannot be written.
pub(crate) fn write<W, E: From<io::Error>>(
    graph: &Graph<W>,
    onnx: &mut dyn Write,
    mut external: Option<ExternalData<'_>>,
    read: &mut dyn FnMut(&W) -> Result<Vec<f32>, E>,
) -> Result<(), E> {
    let external_name = external.as_ref().map(|external| external.name);
    let records = records(&graph.initialisers, external_name);
    write_start(graph, &records, onnx)?;
    for (initialiser, record) in graph.initialisers.iter().zip(&records) {
        let mut start = Vec::new();
        encode_key(GRAPH_INITIALISER, WireType::LengthDelimited, &mut start);
        encode_varint(record.length() as u64, &mut start);
        start.extend_from_slice(&record.header);
        if let Place::Inline(length) = record.place {
            encode_key(TENSOR_RAW_DATA, WireType::LengthDelimited, &mut start);
            encode_varint(length as u64, &mut start);
        }
        onnx.write_all(&start)?;
        let contents: &mut dyn Write = match (&record.place, &mut external) {
            (Place::External { gap_bytes }, Some(external)) => {
                io::copy(
                    &mut io::Read::take(io::repeat(0), *gap_bytes),
                    external.file,
                )?;
                external.file
            }
            _ => onnx,
        };
        match &initialiser.contents {
            Contents::Scalar(number) => contents.write_all(&number.to_le_bytes())?,
            Contents::Integers(integers) => {
                for integer in integers {
                    contents.write_all(&integer.to_le_bytes())?;
                }
            }
            Contents::Weights(weights) => write_floats(&read(weights)?, contents)?,
        }
    }
    Ok(())
}

/// Writes all of the model but its initialisers.
fn write_start<W>(graph: &Graph<W>, records: &[Record], onnx: &mut dyn Write) -> io::Result<()> {
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPERATOR_SET,
        }],
        producer_name: "fixate".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..ModelProto::default()
    };
    let nodes = GraphProto {
        name: graph.name.to_owned(),
        node: graph.nodes.clone(),
        input: graph.inputs.iter().map(description).collect(),
        output: graph.outputs.iter().map(description).collect(),
        ..GraphProto::default()
    };
    let initialisers = records.iter().map(|record| {
        let length = record.length();
        key_len(GRAPH_INITIALISER) + encoded_len_varint(length as u64) + length
    });
    let length = nodes.encoded_len() + initialisers.sum::<usize>();
    let mut start = model.encode_to_vec();
    encode_key(MODEL_GRAPH, WireType::LengthDelimited, &mut start);
    encode_varint(length as u64, &mut start);
    start.extend(nodes.encode_to_vec());
    onnx.write_all(&start)
}

fn records<W>(initialisers: &[Initialiser<W>], external: Option<&str>) -> Vec<Record> {
    let mut end = 0_u64;
    let record = |initialiser: &Initialiser<W>| {
        let size_bytes = initialiser.size_bytes();
        let data_type = match initialiser.contents {
            Contents::Scalar(_) | Contents::Weights(_) => DataType::Float,
            Contents::Integers(_) => DataType::Int64,
        };
        let mut header = TensorProto {
            name: initialiser.name.clone(),
            dims: integers(&initialiser.shape),
            data_type: data_type.into(),
            ..TensorProto::default()
        };
        let place = match (&initialiser.contents, external) {
            (Contents::Weights(_), Some(file)) => {
                let offset = end.next_multiple_of(PAGE_BYTES);
                let gap_bytes = offset - end;
                end = offset + size_bytes;
                header.data_location = Some(DataLocation::External.into());
                header.external_data = vec![
                    entry("location", file.to_owned()),
                    entry("offset", offset.to_string()),
                    entry("length", size_bytes.to_string()),
                ];
                Place::External { gap_bytes }
            }
            _ => Place::Inline(size_bytes as usize),
        };
        Record {
            header: header.encode_to_vec(),
            place,
        }
    };
    initialisers.iter().map(record).collect()
}

fn entry(key: &str, value: String) -> StringStringEntryProto {
    StringStringEntryProto {
        key: key.to_owned(),
        value,
    }
}

fn description(Port { value, open }: &Port) -> ValueInfoProto {
    let mut open = open.iter();
    let dimension = |length: usize| Dimension {
        value: match length {
            OPEN => open
                .next()
                .map(|name| dimension::Value::DimParam((*name).to_owned())),
            _ => Some(dimension::Value::DimValue(length as i64)),
        },
        ..Dimension::default()
    };
    let shape = TensorShapeProto {
        dim: value.shape.iter().copied().map(dimension).collect(),
    };
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float.into(),
        shape: Some(shape),
    };
    ValueInfoProto {
        name: value.name.clone(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

/// Writes numbers in pieces, so that they are not in memory twice.
fn write_floats(values: &[f32], file: &mut dyn Write) -> io::Result<()> {
    const PIECE: usize = 16 << 10;
    let mut bytes = Vec::with_capacity(4 * PIECE.min(values.len()));
    for piece in values.chunks(PIECE) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
        file.write_all(&bytes)?;
    }
    Ok(())
}
