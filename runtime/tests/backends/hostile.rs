//! Graphs that are damaged, or made to do harm.

use fixate::encoder::EncoderError;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, GraphProto, StringStringEntryProto};

use super::graphs::{TINY, changed};
use super::{Case, backends, refusal};

fn refused(onnx: &[u8]) -> String {
    match refusal(&Case::of(onnx)) {
        EncoderError::Load(reason) => reason,
        error => panic!("{error}"),
    }
}

#[test]
fn what_is_no_graph_is_refused() {
    refused(b"");
    refused(b"not a graph");
    refused(&[0xff; 64]);
    refused(&TINY[..TINY.len() / 2]);
    // Nodes without end, in a file of a megabyte.
    let empty = [0x0a, 0].repeat(1 << 19);
    let mut bomb = vec![0x3a];
    prost::encoding::encode_varint(empty.len() as u64, &mut bomb);
    bomb.extend(empty);
    let reason = refused(&bomb);
    assert!(reason.contains("memory"), "{reason}");
}

#[test]
fn graphs_that_contradict_themselves_are_refused() {
    let refused = |change: fn(&mut GraphProto)| refused(&changed(change));
    refused(|graph| graph.output[0].name = "nothing".to_owned());
    refused(|graph| graph.node[1].input[0] = "nothing".to_owned());
    refused(|graph| graph.node[1].op_type = "Convolve".to_owned());
    refused(|graph| graph.node.clear());
    refused(|graph| graph.initializer.clear());
    refused(|graph| graph.initializer[0].dims[0] = 1 << 40);
    refused(|graph| graph.initializer[0].dims = vec![2, 3, 4]);
    refused(|graph| graph.initializer[0].raw_data.truncate(3));
    let reason = refused(|graph| {
        graph.node[1].attribute.push(AttributeProto {
            name: "perm".to_owned(),
            ints: vec![0, 0],
            ..AttributeProto::default()
        });
    });
    assert!(reason.contains("no permutation"), "{reason}");
}

#[test]
fn files_that_the_bundle_does_not_name_are_not_read() {
    for location in ["/etc/passwd", "../secret", "weights.bin", ""] {
        refused(&changed(|graph| {
            let tensor = &mut graph.initializer[0];
            tensor.raw_data.clear();
            tensor.data_location = Some(DataLocation::External as i32);
            tensor.external_data = vec![StringStringEntryProto {
                key: "location".to_owned(),
                value: location.to_owned(),
            }];
        }));
    }
}

#[test]
fn damaged_graphs_end_no_process() {
    let backends = backends();
    let mut refusals = vec![0; backends.len()];
    let mut tried = 0;
    for index in (0..TINY.len()).step_by(3) {
        let mut damaged = TINY.to_vec();
        damaged[index] ^= 0x55;
        tried += 1;
        for ((name, load), refusals) in backends.iter().zip(&mut refusals) {
            match load(&Case::of(&damaged)) {
                Ok(mut encoder) => {
                    let _ = encoder.encode_into(&[0.5; 192], &mut [0.0; 8]);
                }
                Err(error) => {
                    assert!(!error.to_string().is_empty(), "{name}");
                    *refusals += 1;
                }
            }
        }
    }
    for refusals in refusals {
        assert!((1..tried).contains(&refusals), "{refusals} of {tried}");
    }
}
