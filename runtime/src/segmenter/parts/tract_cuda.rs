//! Encoders on tract's GPU, checked before they are used.

use super::super::{SegmenterError, SegmenterOptions, self_check};
use super::tract_options;
use crate::bundle::{Bundle, EncoderEntry, Precision};
use crate::decoder::Decoder;
use crate::encoder::{Encoder, EncoderError, TractCudaOptions, TractEncoder};

pub(super) fn load<'a>(
    bundle: &'a Bundle,
    options: &SegmenterOptions,
    cuda: &TractCudaOptions,
    decoder: &mut dyn Decoder,
) -> Result<(Box<dyn Encoder>, &'a EncoderEntry), SegmenterError> {
    let entry = bundle.choose_encoder(options.precision)?;
    if entry.precision == Precision::Int8 {
        let reason = "tract:cuda would leave its products in int8 to the CPU; ask for f32";
        return Err(EncoderError::Load(reason.to_owned()).into());
    }
    let graph = tract_options(bundle, entry, options.threads)?;
    let mut encoder = TractEncoder::on_cuda(&bundle.encoder(entry)?, &graph)?;
    if cuda.self_check {
        let iou = self_check::check(bundle, &mut encoder, decoder, options.threads)?;
        log::info!("the encoder's masks have an IoU of {iou:.4} with those of f32 on the CPU");
    }
    Ok((Box::new(encoder), entry))
}
