//! The two-way transformer between tokens and image ("Segment Anything", arXiv 2304.02643,
//! appendix A; details as in the public reference implementation).

use fixate::decoder::WeightsError;

use super::layers::Builder;
use crate::onnx::Value;

const MODULE: &str = "mask_decoder.transformer";

/// PyTorch's default.
const EPSILON: f32 = 1e-5;

/// Which dimension of `[rows, heads, width]` comes first, second and third.
const HEADS_ROWS_WIDTH: [usize; 3] = [1, 0, 2];
const HEADS_WIDTH_ROWS: [usize; 3] = [1, 2, 0];

impl Builder<'_> {
    /// Transforms tokens and image, `[positions, channels]`, whose positions are encoded so.
    pub(super) fn transformed(
        &mut self,
        tokens: &Value,
        image: &Value,
        image_encoding: &Value,
        heads: usize,
    ) -> Result<(Value, Value), WeightsError> {
        let token_encoding = tokens;
        let (mut tokens, mut image) = (tokens.clone(), image.clone());
        for index in 0.. {
            let layer = format!("{MODULE}.layers.{index}");
            if !self.contains(&format!("{layer}.norm1.weight")) {
                break;
            }
            let named = |name: &str| format!("{layer}.{name}");
            let encoded = named("self_attn.tokens");
            // The first self-attention has no residual connection and no encoding.
            let attended = if index == 0 {
                self.attention(&named("self_attn"), [&tokens; 3], heads)?
            } else {
                let encoded = self.graph.add(&encoded, &tokens, token_encoding);
                let inputs = [&encoded, &encoded, &tokens];
                let attended = self.attention(&named("self_attn"), inputs, heads)?;
                self.graph.add(&named("self_attn.sum"), &tokens, &attended)
            };
            tokens = self.normalization(&named("norm1"), &attended, EPSILON)?;

            let module = named("cross_attn_token_to_image");
            let encodings = [token_encoding, image_encoding];
            tokens = self.tokens_to_image(&module, [&tokens, &image], encodings, heads)?;
            tokens = self.normalization(&named("norm2"), &tokens, EPSILON)?;

            let hidden = self.linear(&named("mlp.lin1"), &tokens)?;
            let hidden = self.graph.relu(&named("mlp.relu"), &hidden);
            let hidden = self.linear(&named("mlp.lin2"), &hidden)?;
            tokens = self.graph.add(&named("mlp.sum"), &tokens, &hidden);
            tokens = self.normalization(&named("norm3"), &tokens, EPSILON)?;

            let module = named("cross_attn_image_to_token");
            let graph = &mut self.graph;
            let key = graph.add(&format!("{module}.tokens"), &tokens, token_encoding);
            let query = graph.add(&format!("{module}.image"), &image, image_encoding);
            let attended = self.attention(&module, [&query, &key, &tokens], heads)?;
            image = self.graph.add(&format!("{module}.sum"), &image, &attended);
            image = self.normalization(&named("norm4"), &image, EPSILON)?;
        }
        let module = format!("{MODULE}.final_attn_token_to_image");
        let encodings = [token_encoding, image_encoding];
        tokens = self.tokens_to_image(&module, [&tokens, &image], encodings, heads)?;
        tokens = self.normalization(&format!("{MODULE}.norm_final_attn"), &tokens, EPSILON)?;
        Ok((tokens, image))
    }

    /// Tokens, and what they attend to in the image.
    fn tokens_to_image(
        &mut self,
        module: &str,
        [tokens, image]: [&Value; 2],
        [token_encoding, image_encoding]: [&Value; 2],
        heads: usize,
    ) -> Result<Value, WeightsError> {
        let graph = &mut self.graph;
        let query = graph.add(&format!("{module}.tokens"), tokens, token_encoding);
        let key = graph.add(&format!("{module}.image"), image, image_encoding);
        let attended = self.attention(module, [&query, &key, image], heads)?;
        Ok(self.graph.add(&format!("{module}.sum"), tokens, &attended))
    }

    /// `[rows, channels]` of the queries' rows, given queries, keys and values.
    fn attention(
        &mut self,
        module: &str,
        [query, key, value]: [&Value; 3],
        heads: usize,
    ) -> Result<Value, WeightsError> {
        let [inner, _] = self.shape(&format!("{module}.q_proj.weight"))?;
        let width = inner / heads;
        // Scaling the queries is scaling every score.
        let factor = (width as f32).sqrt().recip();
        let mut part = |name: &str, x: &Value, factor: f32, order: [usize; 3]| {
            let name = format!("{module}.{name}");
            let x = self.scaled_linear(&name, x, factor)?;
            let shape = [x.shape()[0], heads, width];
            let x = self.graph.reshape(&format!("{name}.split"), &x, &shape);
            let heads = self.graph.transpose(&format!("{name}.heads"), &x, &order);
            Ok::<_, WeightsError>(heads)
        };
        let rows = query.shape()[0];
        let query = part("q_proj", query, factor, HEADS_ROWS_WIDTH)?;
        let key = part("k_proj", key, 1.0, HEADS_WIDTH_ROWS)?;
        let value = part("v_proj", value, 1.0, HEADS_ROWS_WIDTH)?;
        let named = |name: &str| format!("{module}.{name}");
        let graph = &mut self.graph;
        let scores = graph.matrix_product(&named("scores"), &query, &key);
        let shares = graph.softmax(&named("shares"), &scores);
        let mixed = graph.matrix_product(&named("mixed"), &shares, &value);
        let mixed = graph.transpose(&named("mixed.rows"), &mixed, &HEADS_ROWS_WIDTH);
        let mixed = graph.reshape(&named("mixed.joined"), &mixed, &[rows, inner]);
        self.linear(&named("out_proj"), &mixed)
    }
}
