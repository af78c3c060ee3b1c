use prost::Message;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    GraphProto, ModelProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};

use super::*;

fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|length| Dimension {
            value: Some(dimension::Value::DimValue(*length)),
            ..Dimension::default()
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: 1,
                shape: Some(TensorShapeProto { dim }),
            })),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

/// A graph without operators; lengths of -1 are dynamic.
fn graph(inputs: &[(&str, &[i64])], outputs: &[&str]) -> GraphSignature {
    let model = ModelProto {
        graph: Some(GraphProto {
            input: inputs
                .iter()
                .map(|(name, shape)| value(name, shape))
                .collect(),
            output: outputs.iter().map(|name| value(name, &[-1])).collect(),
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    };
    GraphSignature::parse(&model.encode_to_vec()).unwrap()
}

fn decoder(
    inputs: &[&str],
    outputs: &[&str],
) -> Result<(&'static str, OnnxDecoderSpec), SignatureError> {
    let inputs: Vec<(&str, &[i64])> = inputs.iter().map(|name| (*name, &[-1][..])).collect();
    recognise_decoder(&graph(&inputs, outputs))
}

const SAM: [&str; 6] = [
    "image_embeddings",
    "point_coords",
    "point_labels",
    "mask_input",
    "has_mask_input",
    "orig_im_size",
];

#[test]
fn the_known_decoders_are_told_apart() {
    let (family, spec) = decoder(&SAM, &["masks", "iou_predictions", "low_res_masks"]).unwrap();
    assert_eq!(
        (family, spec.outputs.logits.as_str()),
        ("SAM", "low_res_masks")
    );
    assert_eq!(spec.inputs.image_size.as_deref(), Some("orig_im_size"));
    assert_eq!(
        (spec.coordinate_size_px, spec.padding_point),
        (None, PaddingPoint::WithoutBox)
    );

    let (family, spec) = decoder(&SAM[..5], &["iou_predictions", "low_res_masks"]).unwrap();
    assert_eq!((family, spec.inputs.image_size), ("NanoSAM", None));
    assert_eq!(spec.inputs.mask.as_deref(), Some("mask_input"));

    let (family, spec) = decoder(&SAM[..3], &["scores", "masks"]).unwrap();
    assert_eq!(
        (family, spec.outputs.predicted_iou.as_str()),
        ("EdgeSAM", "scores")
    );
    assert_eq!(spec.inputs.mask, None);

    let (family, spec) = decoder(&SAM[..3], &["masks", "iou_predictions"]).unwrap();
    assert_eq!(
        (family, spec.coordinate_size_px),
        ("EfficientViT-SAM", Some(1024))
    );

    let inputs = [
        "image_embeddings",
        "batched_point_coords",
        "batched_point_labels",
        "orig_im_size",
    ];
    let (family, spec) = decoder(
        &inputs,
        &["output_masks", "iou_predictions", "onnx::Shape_1735"],
    )
    .unwrap();
    assert_eq!(
        (family, spec.outputs.logits.as_str()),
        ("EfficientSAM", "onnx::Shape_1735")
    );
    assert_eq!(spec.padding_point, PaddingPoint::Never);
}

#[test]
fn decoders_that_cannot_be_run_are_named() {
    let sam2 = [
        "image_embed",
        "high_res_feats_0",
        "high_res_feats_1",
        "point_coords",
        "point_labels",
        "mask_input",
        "has_mask_input",
    ];
    assert_eq!(decoder(&sam2, &["masks", "iou_predictions"]), Err(SAM2));
    let error = decoder(&["image_embeddings", "clicks"], &["masks"]).unwrap_err();
    assert!(error.to_string().contains("\"clicks\""), "{error}");
}

#[test]
fn the_known_encoders_are_told_apart() {
    let encoder = |name: &str, shape: &[i64], outputs: &[&str], size| {
        recognise_encoder(&graph(&[(name, shape)], outputs), size)
    };
    let found = encoder("image", &[1, 3, 1024, 1024], &["image_embeddings"], None).unwrap();
    assert_eq!(
        (found.input_size_px, found.stretch, found.mean),
        (1024, false, MEAN)
    );

    let found = encoder(
        "input_image",
        &[-1, 3, 512, 512],
        &["image_embeddings"],
        None,
    )
    .unwrap();
    assert_eq!(
        (found.input_size_px, found.input.as_str()),
        (512, "input_image")
    );

    let found = encoder(
        "batched_images",
        &[-1, 3, -1, -1],
        &["image_embeddings"],
        None,
    )
    .unwrap();
    assert_eq!((found.stretch, found.std), (true, [255.0; 3]));

    let open = |size| encoder("x", &[-1, 3, -1, -1], &["features"], size);
    assert_eq!(open(None), Err(SignatureError::InputSize));
    let found = open(Some(768)).unwrap();
    assert_eq!(
        (found.input_size_px, found.output.as_str()),
        (768, "features")
    );

    let raw = encoder("input_image", &[-1, -1, 3], &["image_embeddings"], None);
    assert!(
        matches!(raw, Err(SignatureError::Unsupported { .. })),
        "{raw:?}"
    );
    let outputs = ["high_res_feats_0", "high_res_feats_1", "image_embed"];
    assert_eq!(
        encoder("image", &[1, 3, 1024, 1024], &outputs, None),
        Err(SAM2)
    );
}

#[test]
fn files_that_are_not_onnx_are_refused() {
    for bytes in [&b""[..], b"not onnx", &[0xff; 64]] {
        assert!(matches!(
            GraphSignature::parse(bytes),
            Err(SignatureError::NotOnnx { .. })
        ));
    }
    let absent = GraphSignature::read(std::path::Path::new("/nonexistent/encoder.onnx"));
    assert!(matches!(absent, Err(SignatureError::Read { .. })));
}
