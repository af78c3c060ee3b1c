//! A decoder of MobileSAM's sizes with pseudo-random weights, for timing alone.

use safetensors::tensor::{Dtype, TensorView};

/// The bytes of a `decoder.safetensors`.
pub(crate) fn decoder() -> Vec<u8> {
    let mut shapes: Vec<(String, Vec<usize>)> = Vec::new();
    let mut add = |name: String, shape: &[usize]| shapes.push((name, shape.to_vec()));
    let prompt = "prompt_encoder";
    for index in 0..4 {
        add(
            format!("{prompt}.point_embeddings.{index}.weight"),
            &[1, 256],
        );
    }
    add(format!("{prompt}.not_a_point_embed.weight"), &[1, 256]);
    add(format!("{prompt}.no_mask_embed.weight"), &[1, 256]);
    add(
        format!("{prompt}.pe_layer.positional_encoding_gaussian_matrix"),
        &[2, 128],
    );
    let masks = format!("{prompt}.mask_downscaling");
    for (index, shape) in [(0, [4, 1, 2, 2]), (3, [16, 4, 2, 2]), (6, [256, 16, 1, 1])] {
        add(format!("{masks}.{index}.weight"), &shape);
        add(format!("{masks}.{index}.bias"), &shape[..1]);
    }
    for (index, width) in [(1, 4), (4, 16)] {
        add(format!("{masks}.{index}.weight"), &[width]);
        add(format!("{masks}.{index}.bias"), &[width]);
    }
    let decoder = "mask_decoder";
    add(format!("{decoder}.iou_token.weight"), &[1, 256]);
    add(format!("{decoder}.mask_tokens.weight"), &[4, 256]);
    let mut linear = |name: String, outputs: usize, inputs: usize| {
        add(format!("{name}.weight"), &[outputs, inputs]);
        add(format!("{name}.bias"), &[outputs]);
    };
    let transformer = format!("{decoder}.transformer");
    let attention = |linear: &mut dyn FnMut(String, usize, usize), name: &str, inner: usize| {
        for part in ["q_proj", "k_proj", "v_proj"] {
            linear(format!("{name}.{part}"), inner, 256);
        }
        linear(format!("{name}.out_proj"), 256, inner);
    };
    for index in 0..2 {
        let layer = format!("{transformer}.layers.{index}");
        attention(&mut linear, &format!("{layer}.self_attn"), 256);
        attention(
            &mut linear,
            &format!("{layer}.cross_attn_token_to_image"),
            128,
        );
        attention(
            &mut linear,
            &format!("{layer}.cross_attn_image_to_token"),
            128,
        );
        linear(format!("{layer}.mlp.lin1"), 2048, 256);
        linear(format!("{layer}.mlp.lin2"), 256, 2048);
    }
    attention(
        &mut linear,
        &format!("{transformer}.final_attn_token_to_image"),
        128,
    );
    for index in 0..5 {
        let (name, last) = match index {
            4 => (format!("{decoder}.iou_prediction_head"), 4),
            _ => (format!("{decoder}.output_hypernetworks_mlps.{index}"), 32),
        };
        linear(format!("{name}.layers.0"), 256, 256);
        linear(format!("{name}.layers.1"), 256, 256);
        linear(format!("{name}.layers.2"), last, 256);
    }
    let mut norm = |name: String, width: usize| {
        add(format!("{name}.weight"), &[width]);
        add(format!("{name}.bias"), &[width]);
    };
    for index in 0..2 {
        for number in 1..5 {
            norm(format!("{transformer}.layers.{index}.norm{number}"), 256);
        }
    }
    norm(format!("{transformer}.norm_final_attn"), 256);
    let upscaling = format!("{decoder}.output_upscaling");
    norm(format!("{upscaling}.1"), 64);
    add(format!("{upscaling}.0.weight"), &[256, 64, 2, 2]);
    add(format!("{upscaling}.0.bias"), &[64]);
    add(format!("{upscaling}.3.weight"), &[64, 32, 2, 2]);
    add(format!("{upscaling}.3.bias"), &[32]);

    let mut random = 1_u32;
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let bytes = (0..shape.iter().product())
                .flat_map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Of the size that trained weights have.
                    (((random >> 8) as f32 / 16_777_216.0 - 0.5) * 0.1).to_le_bytes()
                })
                .collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("as long as its shape");
        (name, view)
    });
    safetensors::serialize(views, None).expect("tensors with names of their own")
}
