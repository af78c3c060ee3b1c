//! Reading a TinyViT's architecture off its tensors' shapes.

use super::{TinyVit, TinyVitAttention, TinyVitDownsample, TinyVitStage};
use crate::architecture::shapes::Shapes;
use crate::architecture::{ArchitectureError, neck};

/// The reference keeps rows and columns where a downsampling has this many channels behind it: those
/// of the last stages of TinyViT-5M, -11M and -21M.
const WIDTHS_THAT_KEEP_THE_SIDE: [usize; 3] = [320, 448, 576];

impl TinyVit {
    /// Reads the architecture off the tensors' shapes.
    pub(in crate::architecture) fn read(
        shapes: &mut Shapes<'_>,
        input_size_px: usize,
    ) -> Result<Self, ArchitectureError> {
        let [stem_width, ..] = shapes.shape::<4>("patch_embed.seq.0.c.weight")?;
        take_convolution(shapes, "patch_embed.seq.0", [stem_width, 3, 3, 3])?;
        let [mut width, ..] = shapes.shape::<4>("patch_embed.seq.2.c.weight")?;
        take_convolution(shapes, "patch_embed.seq.2", [width, stem_width, 3, 3])?;

        let mut divisor: usize = 4;
        let mut stages = Vec::new();
        loop {
            let module = format!("layers.{}", stages.len());
            let (depth, hidden, attention) = read_blocks(shapes, &module, width)?;
            let downsample = read_downsample(shapes, &module, width)?;
            stages.push(TinyVitStage {
                depth,
                width,
                side: input_size_px / divisor,
                hidden,
                attention,
                downsample,
            });
            let Some(downsample) = downsample else { break };
            width = downsample.width;
            divisor = divisor.saturating_mul(downsample.stride);
        }
        if input_size_px == 0 || !input_size_px.is_multiple_of(divisor) {
            return Err(ArchitectureError::InputSize {
                found: input_size_px,
                expected: format!("a multiple of {divisor}, such as 1024"),
            });
        }
        let channels = neck::read(shapes, width)?;
        // The head that sorted images into classes, which MobileSAM keeps and never runs.
        for name in ["norm_head", "head"] {
            shapes.skip(&format!("{name}.weight"));
            shapes.skip(&format!("{name}.bias"));
        }
        Ok(Self {
            input_size_px,
            stem_width,
            stages,
            channels,
        })
    }
}

/// Checks off a stage's blocks: their number, hidden channels and attention.
fn read_blocks(
    shapes: &mut Shapes<'_>,
    stage: &str,
    width: usize,
) -> Result<(usize, usize, Option<TinyVitAttention>), ArchitectureError> {
    let blocks = format!("{stage}.blocks");
    let depth = shapes.count(&blocks).max(1);
    if shapes.contains_module(&format!("{blocks}.0.conv1")) {
        let [hidden, ..] = shapes.shape::<4>(&format!("{blocks}.0.conv1.c.weight"))?;
        for index in 0..depth {
            let named = |name: &str| format!("{blocks}.{index}.{name}");
            take_convolution(shapes, &named("conv1"), [hidden, width, 1, 1])?;
            take_convolution(shapes, &named("conv2"), [hidden, 1, 3, 3])?;
            take_convolution(shapes, &named("conv3"), [width, hidden, 1, 1])?;
        }
        return Ok((depth, hidden, None));
    }
    let [hidden, _] = shapes.shape(&format!("{blocks}.0.mlp.fc1.weight"))?;
    let attention = read_attention(shapes, &format!("{blocks}.0"), width)?;
    for index in 0..depth {
        let block = format!("{blocks}.{index}");
        take_attention_block(shapes, &block, width, hidden, attention)?;
    }
    Ok((depth, hidden, Some(attention)))
}

/// The attention of a block, of which nothing is checked off yet.
fn read_attention(
    shapes: &Shapes<'_>,
    block: &str,
    width: usize,
) -> Result<TinyVitAttention, ArchitectureError> {
    let name = format!("{block}.attn.attention_biases");
    let [heads, area] = shapes.shape(&name)?;
    let window = area.isqrt();
    if window * window != area || !width.is_multiple_of(heads) {
        let expected = format!("heads that divide {width} by the area of a square window");
        return Err(shapes.mismatch(&name, expected));
    }
    let name = format!("{block}.local_conv.c.weight");
    let [_, _, kernel, _] = shapes.shape(&name)?;
    if kernel % 2 == 0 {
        return Err(shapes.mismatch(&name, "an odd kernel".to_owned()));
    }
    Ok(TinyVitAttention {
        heads,
        window,
        kernel,
    })
}

fn take_attention_block(
    shapes: &mut Shapes<'_>,
    block: &str,
    width: usize,
    hidden: usize,
    attention: TinyVitAttention,
) -> Result<(), ArchitectureError> {
    let named = |name: &str| format!("{block}.{name}");
    let TinyVitAttention {
        heads,
        window,
        kernel,
    } = attention;
    shapes.take(&named("attn.attention_biases"), &[heads, window * window])?;
    // Which bias belongs to which pair of places; some checkpoints keep it, and it is computed.
    shapes.skip(&named("attn.attention_bias_idxs"));
    shapes.take_both(&named("attn.norm"), &[width], &[width])?;
    shapes.take_both(&named("attn.qkv"), &[3 * width, width], &[3 * width])?;
    shapes.take_both(&named("attn.proj"), &[width, width], &[width])?;
    shapes.take_both(&named("mlp.norm"), &[width], &[width])?;
    shapes.take_both(&named("mlp.fc1"), &[hidden, width], &[hidden])?;
    shapes.take_both(&named("mlp.fc2"), &[width, hidden], &[width])?;
    take_convolution(shapes, &named("local_conv"), [width, 1, kernel, kernel])
}

/// Checks off a downsampling, if the stage has one.
fn read_downsample(
    shapes: &mut Shapes<'_>,
    stage: &str,
    width: usize,
) -> Result<Option<TinyVitDownsample>, ArchitectureError> {
    let named = |name: &str| format!("{stage}.downsample.{name}");
    if !shapes.contains_module(&format!("{stage}.downsample")) {
        return Ok(None);
    }
    let [next, ..] = shapes.shape::<4>(&named("conv1.c.weight"))?;
    take_convolution(shapes, &named("conv1"), [next, width, 1, 1])?;
    take_convolution(shapes, &named("conv2"), [next, 1, 3, 3])?;
    take_convolution(shapes, &named("conv3"), [next, next, 1, 1])?;
    let stride = if WIDTHS_THAT_KEEP_THE_SIDE.contains(&next) {
        1
    } else {
        2
    };
    Ok(Some(TinyVitDownsample {
        width: next,
        stride,
    }))
}

/// Checks off a convolution and the batch normalisation behind it.
fn take_convolution(
    shapes: &mut Shapes<'_>,
    module: &str,
    weight: [usize; 4],
) -> Result<(), ArchitectureError> {
    shapes.take(&format!("{module}.c.weight"), &weight)?;
    for name in ["weight", "bias", "running_mean", "running_var"] {
        shapes.take(&format!("{module}.bn.{name}"), &weight[..1])?;
    }
    // How long it was trained, which changes nothing.
    shapes.skip(&format!("{module}.bn.num_batches_tracked"));
    Ok(())
}
