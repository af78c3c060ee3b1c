//! SAM's prompt encoder and mask decoder, in plain f32, as the public reference implementation
//! computes them.
//!
//! Every size is read off the weights, so any model with SAM's state-dict names loads: SAM,
//! MobileSAM, and smaller ones. It is the twin that faster decoders are compared with.

mod attention;
mod factored;
mod layers;
mod mask_embedding;
mod mask_head;
mod positional;
mod prompt_encoder;
mod shape;
mod transformer;
mod weights;

use crate::kernels::add_assign;
use crate::preprocess::Placement;
use crate::prompt::Prompt;

use super::{Decoded, Decoder, DecoderError, Keyframe, MaskSelection};
use layers::sized;
use mask_head::MaskHead;
use prompt_encoder::PromptEncoder;
use shape::Shape;
use transformer::Transformer;
use weights::Weights;

pub use factored::{
    CachePrecision, FactoredSamDecoder, ProductPrecision, StageArithmetic, StageProfile,
};
pub use weights::WeightsError;

/// SAM's decoder with its weights and buffers. Buffers grow to the largest prompt seen and are then
/// reused.
pub struct SamDecoder {
    shape: Shape,
    /// `[1 + mask tokens, channels]`: the IoU token, then the mask tokens.
    output_tokens: Vec<f32>,
    prompt_encoder: PromptEncoder,
    transformer: Transformer,
    mask_head: MaskHead,
    tokens: Vec<f32>,
    image: Vec<f32>,
}

/// A prompt as the mask decoder sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptEncoding {
    /// `[tokens, channels]`: points, then the padding point or the corners of the box. The reference
    /// implementation calls these sparse embeddings.
    pub tokens: Vec<f32>,
    /// `[channels, rows, columns]`, added to the embedding's first channels: a dense embedding.
    pub image: Vec<f32>,
}

impl SamDecoder {
    /// Reads `prompt_encoder.*` and `mask_decoder.*`, in f32 or f16, from a safetensors file. What
    /// shapes do not tell stands in its metadata: `num_heads` (default 8), `input_size` (side of the
    /// encoder's input in pixels, default 1024), `embedding_size` (side of the embedding, default
    /// a sixteenth of `input_size`) and `embedding_channels` (default those of the tokens; more if
    /// features of finer strides stand behind them, which the upscaling adds: for its first
    /// transposed convolution to 2 x 2 places and its second one to 4 x 4).
    ///
    /// # Errors
    /// If a tensor is missing, unknown, of the wrong shape or type, or not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, WeightsError> {
        let mut weights = Weights::read(bytes)?;
        let shape = Shape::read(&weights)?;
        let output_tokens = shape.take_output_tokens(&mut weights)?;
        let transformer = Transformer::take(
            &mut weights,
            "mask_decoder.transformer",
            shape.channels,
            shape.heads,
        )?;
        let mask_head = MaskHead::take(&mut weights, shape.channels, shape.mask_tokens)?;
        let prompt_encoder = PromptEncoder::take(&mut weights, &shape)?;
        weights.finish()?;
        Ok(Self {
            shape,
            output_tokens,
            prompt_encoder,
            transformer,
            mask_head,
            tokens: Vec::new(),
            image: Vec::new(),
        })
    }

    /// Side in pixels of the square that prompts' coordinates were trained in.
    #[must_use]
    pub fn input_size_px(&self) -> usize {
        self.shape.input_size_px
    }

    /// The positional encoding of the embedding's positions: `[channels, rows, columns]`.
    #[must_use]
    pub fn image_positional_encoding(&self) -> &[f32] {
        self.prompt_encoder.image_encoding()
    }

    /// What the prompt encoder alone makes of a prompt in pixels of an image, to be compared with
    /// other implementations.
    ///
    /// # Errors
    /// If the prompt does not fit.
    pub fn encode_prompt(
        &mut self,
        placement: &Placement,
        prompt: &Prompt,
    ) -> Result<PromptEncoding, DecoderError> {
        self.shape.check_prompt(placement, prompt)?;
        let mut tokens = vec![0.0; PromptEncoder::token_count(prompt) * self.shape.channels];
        self.prompt_encoder
            .encode_points(prompt, placement, &mut tokens);
        let mut image = vec![0.0; self.shape.channels * self.shape.positions()];
        self.prompt_encoder
            .add_mask(prompt.mask.as_ref(), &mut image);
        Ok(PromptEncoding { tokens, image })
    }
}

impl Decoder for SamDecoder {
    fn embedding_shape(&self) -> [usize; 3] {
        self.shape.embedding()
    }

    fn mask_size(&self) -> [usize; 2] {
        [self.shape.mask_side(); 2]
    }

    fn decode_into(
        &mut self,
        keyframe: &Keyframe,
        prompt: &Prompt,
        masks: MaskSelection,
        out: &mut Decoded,
    ) -> Result<(), DecoderError> {
        self.shape.check(keyframe, prompt)?;
        let wanted = self.shape.wanted(masks)?;
        let (embedding, fine) = self.shape.split(&keyframe.embedding.values);
        let output_length = self.output_tokens.len();

        let tokens = sized(
            &mut self.tokens,
            output_length + PromptEncoder::token_count(prompt) * self.shape.channels,
        );
        let (output_tokens, prompt_tokens) = tokens.split_at_mut(output_length);
        output_tokens.copy_from_slice(&self.output_tokens);
        self.prompt_encoder
            .encode_points(prompt, &keyframe.placement, prompt_tokens);

        let image = sized(&mut self.image, embedding.len());
        image.fill(0.0);
        self.prompt_encoder.add_mask(prompt.mask.as_ref(), image);
        add_assign(image, embedding);

        self.transformer
            .apply(tokens, image, self.prompt_encoder.image_encoding());

        let (iou_token, mask_tokens) = tokens[..output_length].split_at(self.shape.channels);
        self.mask_head
            .predict_iou(iou_token, wanted.clone(), &mut out.predicted_iou);
        let size = self.shape.embedding_size;
        self.mask_head.masks(
            mask_tokens,
            wanted.clone(),
            (image, fine),
            size,
            &mut out.logits,
        );
        [out.width, out.height] = self.mask_size();
        out.indices = wanted;
        out.check_finite()
    }
}
