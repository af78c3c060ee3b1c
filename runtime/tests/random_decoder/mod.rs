//! Decoders of any size with pseudo-random weights.

use safetensors::tensor::{Dtype, TensorView};

/// The sizes of a decoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) channels: usize,
    pub(crate) heads: usize,
    /// Channels of the self-attention, and of the attentions to and from the image.
    pub(crate) inner: [usize; 2],
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) mask_tokens: usize,
    /// Channels after the first and the second upscaling.
    pub(crate) upscaled: [usize; 2],
    /// Channels after the first and the second downscaling of a mask prompt.
    pub(crate) mask_channels: [usize; 2],
    pub(crate) embedding_size: usize,
    /// Whether features of finer strides stand behind the embedding's own.
    pub(crate) fine: bool,
}

impl Sizes {
    /// Channels of the embedding.
    pub(crate) fn embedding_channels(&self) -> usize {
        let [half, quarter] = self.upscaled;
        let fine = 4 * half + 16 * quarter;
        self.channels + if self.fine { fine } else { 0 }
    }
}

/// MobileSAM's.
#[allow(
    dead_code,
    reason = "not everyone who includes this file needs all of it"
)]
pub(crate) const MOBILE_SAM: Sizes = Sizes {
    channels: 256,
    heads: 8,
    inner: [256, 128],
    hidden: 2048,
    layers: 2,
    mask_tokens: 4,
    upscaled: [64, 32],
    mask_channels: [4, 16],
    embedding_size: 64,
    fine: false,
};

/// Values between -1/2 and 1/2 that look random.
pub(crate) fn noise(seed: u32) -> impl Iterator<Item = f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    })
}

/// The bytes of a `decoder.safetensors` whose input has 16 pixels for each position.
pub(crate) fn random_decoder(sizes: &Sizes, seed: u32) -> Vec<u8> {
    let mut random = noise(seed);
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes(sizes)
        .into_iter()
        .map(|(name, shape)| {
            let inputs: usize = shape[1..].iter().product();
            let is_norm = shape.len() == 1 && name.ends_with("weight");
            // Products keep the magnitude of what they are applied to, as with trained weights.
            let scale = 3.0 / (inputs as f32).sqrt();
            let bytes = (0..shape.iter().product())
                .flat_map(|_| {
                    let value = random.next().unwrap_or_default();
                    let value = if is_norm { 1.0 + value } else { value * scale };
                    value.to_le_bytes()
                })
                .collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as long as its shape");
        (name, view)
    });
    let facts = [
        ("num_heads", sizes.heads),
        ("input_size", sizes.embedding_size * 16),
        ("embedding_size", sizes.embedding_size),
        ("embedding_channels", sizes.embedding_channels()),
    ];
    let facts = facts.map(|(key, value)| (key.to_owned(), value.to_string()));
    safetensors::serialize(views, Some(facts.into())).expect("tensors with names of their own")
}

/// Names and shapes of a decoder's tensors, as the reference implementation's state dictionary has
/// them.
fn shapes(sizes: &Sizes) -> Vec<(String, Vec<usize>)> {
    let Sizes {
        channels,
        inner: [self_inner, image_inner],
        mask_channels: [mask_first, mask_second],
        upscaled: [first, second],
        mask_tokens,
        ..
    } = *sizes;
    let mut shapes = Vec::new();
    let mut add = |name: String, shape: &[usize]| shapes.push((name, shape.to_vec()));
    let prompt = "prompt_encoder";
    for index in 0..4 {
        add(
            format!("{prompt}.point_embeddings.{index}.weight"),
            &[1, channels],
        );
    }
    add(format!("{prompt}.not_a_point_embed.weight"), &[1, channels]);
    add(format!("{prompt}.no_mask_embed.weight"), &[1, channels]);
    add(
        format!("{prompt}.pe_layer.positional_encoding_gaussian_matrix"),
        &[2, channels / 2],
    );
    let masks = format!("{prompt}.mask_downscaling");
    for (index, shape) in [
        (0, [mask_first, 1, 2, 2]),
        (3, [mask_second, mask_first, 2, 2]),
        (6, [channels, mask_second, 1, 1]),
    ] {
        add(format!("{masks}.{index}.weight"), &shape);
        add(format!("{masks}.{index}.bias"), &shape[..1]);
    }
    for (index, width) in [(1, mask_first), (4, mask_second)] {
        add(format!("{masks}.{index}.weight"), &[width]);
        add(format!("{masks}.{index}.bias"), &[width]);
    }
    let decoder = "mask_decoder";
    add(format!("{decoder}.iou_token.weight"), &[1, channels]);
    add(
        format!("{decoder}.mask_tokens.weight"),
        &[mask_tokens, channels],
    );
    let upscaling = format!("{decoder}.output_upscaling");
    for (index, shape) in [(0, [channels, first, 2, 2]), (3, [first, second, 2, 2])] {
        add(format!("{upscaling}.{index}.weight"), &shape);
        add(format!("{upscaling}.{index}.bias"), &shape[1..2]);
    }
    let transformer = format!("{decoder}.transformer");
    let mut norms = vec![
        (format!("{upscaling}.1"), first),
        (format!("{transformer}.norm_final_attn"), channels),
    ];
    let mut linears = Vec::new();
    let mut attention = |name: String, inner: usize| {
        for part in ["q_proj", "k_proj", "v_proj"] {
            linears.push((format!("{name}.{part}"), inner, channels));
        }
        linears.push((format!("{name}.out_proj"), channels, inner));
    };
    for index in 0..sizes.layers {
        let layer = format!("{transformer}.layers.{index}");
        attention(format!("{layer}.self_attn"), self_inner);
        attention(format!("{layer}.cross_attn_token_to_image"), image_inner);
        attention(format!("{layer}.cross_attn_image_to_token"), image_inner);
        norms.extend((1..5).map(|number| (format!("{layer}.norm{number}"), channels)));
    }
    attention(
        format!("{transformer}.final_attn_token_to_image"),
        image_inner,
    );
    for index in 0..sizes.layers {
        let mlp = format!("{transformer}.layers.{index}.mlp");
        linears.push((format!("{mlp}.lin1"), sizes.hidden, channels));
        linears.push((format!("{mlp}.lin2"), channels, sizes.hidden));
    }
    for index in 0..=mask_tokens {
        let (name, last) = if index == mask_tokens {
            (format!("{decoder}.iou_prediction_head"), mask_tokens)
        } else {
            (
                format!("{decoder}.output_hypernetworks_mlps.{index}"),
                second,
            )
        };
        linears.push((format!("{name}.layers.0"), channels, channels));
        linears.push((format!("{name}.layers.1"), channels, channels));
        linears.push((format!("{name}.layers.2"), last, channels));
    }
    for (name, outputs, inputs) in linears {
        add(format!("{name}.weight"), &[outputs, inputs]);
        add(format!("{name}.bias"), &[outputs]);
    }
    for (name, width) in norms {
        add(format!("{name}.weight"), &[width]);
        add(format!("{name}.bias"), &[width]);
    }
    shapes
}
