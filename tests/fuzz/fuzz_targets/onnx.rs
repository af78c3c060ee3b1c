//! ONNX files: what they are, and loading them as encoders and decoders.
#![no_main]

use fixate::bundle::{DecoderInputs, DecoderOutputs, OnnxDecoderSpec};
use fixate::decoder::OnnxDecoder;
use fixate::encoder::{TractEncoder, TractOptions};
use fixate_models::signature::{GraphSignature, recognise_decoder, recognise_encoder};
use libfuzzer_sys::fuzz_target;

// The library catches the backend's panics; the fuzzer's own hook would end the run at the first of them. One that is
// not caught still does.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |data: &[u8]| {
    let Ok(graph) = GraphSignature::parse(data) else {
        return;
    };
    let encoder = recognise_encoder(&graph, Some(8)).ok();
    let options = TractOptions {
        input: encoder.as_ref().map_or("image".to_owned(), |found| found.input.clone()),
        output: encoder.map_or("image_embeddings".to_owned(), |found| found.output),
        input_size_px: 8,
        embedding_shape: [2, 2, 2],
        threads: 1,
        weights: None,
    };
    let _ = TractEncoder::new(data, &options);
    let spec = recognise_decoder(&graph).map_or_else(
        |_| {
            OnnxDecoderSpec::new(
                DecoderInputs::new("image_embeddings", "point_coords", "point_labels"),
                DecoderOutputs::new("low_res_masks", "iou_predictions"),
            )
        },
        |(_, spec)| spec,
    );
    let _ = OnnxDecoder::new(data, &spec, [2, 2, 2], 8);
});
