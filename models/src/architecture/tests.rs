//! Small encoders with the names of large ones, whole and damaged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Map, Value, json};

use super::*;

/// Shapes by name.
pub(crate) type Tensors = BTreeMap<String, Vec<usize>>;

fn both(tensors: &mut Tensors, module: &str, weight: &[usize], bias: usize) {
    tensors.insert(format!("{module}.weight"), weight.to_vec());
    tensors.insert(format!("{module}.bias"), vec![bias]);
}

fn neck(tensors: &mut Tensors, width: usize, channels: usize) {
    let neck = "image_encoder.neck";
    tensors.insert(format!("{neck}.0.weight"), vec![channels, width, 1, 1]);
    both(tensors, &format!("{neck}.1"), &[channels], channels);
    let weight = vec![channels, channels, 3, 3];
    tensors.insert(format!("{neck}.2.weight"), weight);
    both(tensors, &format!("{neck}.3"), &[channels], channels);
}

/// A ViT of width 8 with 2 heads on 5x5 patches of 4x4 pixels, whose blocks have tables of these
/// lengths.
pub(crate) fn small_vit(lengths: &[usize]) -> Tensors {
    let mut tensors = Tensors::new();
    let named = |name: &str| format!("image_encoder.{name}");
    both(&mut tensors, &named("patch_embed.proj"), &[8, 3, 4, 4], 8);
    tensors.insert(named("pos_embed"), vec![1, 5, 5, 8]);
    for (index, &length) in lengths.iter().enumerate() {
        let named = |name: &str| format!("image_encoder.blocks.{index}.{name}");
        both(&mut tensors, &named("norm1"), &[8], 8);
        both(&mut tensors, &named("attn.qkv"), &[24, 8], 24);
        both(&mut tensors, &named("attn.proj"), &[8, 8], 8);
        tensors.insert(named("attn.rel_pos_h"), vec![length, 4]);
        tensors.insert(named("attn.rel_pos_w"), vec![length, 4]);
        both(&mut tensors, &named("norm2"), &[8], 8);
        both(&mut tensors, &named("mlp.lin1"), &[12, 8], 12);
        both(&mut tensors, &named("mlp.lin2"), &[8, 12], 8);
    }
    neck(&mut tensors, 8, 16);
    tensors
}

fn convolution(tensors: &mut Tensors, module: &str, weight: [usize; 4]) {
    let module = format!("image_encoder.{module}");
    tensors.insert(format!("{module}.c.weight"), weight.to_vec());
    for name in ["weight", "bias", "running_mean", "running_var"] {
        tensors.insert(format!("{module}.bn.{name}"), vec![weight[0]]);
    }
}

/// A TinyViT with a stage of bottlenecks, one of attention in windows of 3x3 and a last one that
/// keeps rows and columns.
pub(crate) fn small_tiny_vit() -> Tensors {
    let mut tensors = Tensors::new();
    convolution(&mut tensors, "patch_embed.seq.0", [2, 3, 3, 3]);
    convolution(&mut tensors, "patch_embed.seq.2", [4, 2, 3, 3]);
    convolution(&mut tensors, "layers.0.blocks.0.conv1", [8, 4, 1, 1]);
    convolution(&mut tensors, "layers.0.blocks.0.conv2", [8, 1, 3, 3]);
    convolution(&mut tensors, "layers.0.blocks.0.conv3", [4, 8, 1, 1]);
    for (stage, width, next) in [(0, 4, 6), (1, 6, 320)] {
        let named = |name: &str| format!("layers.{stage}.downsample.{name}");
        convolution(&mut tensors, &named("conv1"), [next, width, 1, 1]);
        convolution(&mut tensors, &named("conv2"), [next, 1, 3, 3]);
        convolution(&mut tensors, &named("conv3"), [next, next, 1, 1]);
    }
    for (stage, block, width, heads) in [(1, 0, 6, 2), (1, 1, 6, 2), (2, 0, 320, 5), (2, 1, 320, 5)]
    {
        let block = format!("layers.{stage}.blocks.{block}");
        let named = |name: &str| format!("image_encoder.{block}.{name}");
        tensors.insert(named("attn.attention_biases"), vec![heads, 9]);
        both(&mut tensors, &named("attn.norm"), &[width], width);
        both(
            &mut tensors,
            &named("attn.qkv"),
            &[3 * width, width],
            3 * width,
        );
        both(&mut tensors, &named("attn.proj"), &[width, width], width);
        both(&mut tensors, &named("mlp.norm"), &[width], width);
        both(&mut tensors, &named("mlp.fc1"), &[10, width], 10);
        both(&mut tensors, &named("mlp.fc2"), &[width, 10], width);
        convolution(
            &mut tensors,
            &format!("{block}.local_conv"),
            [width, 1, 3, 3],
        );
    }
    neck(&mut tensors, 320, 16);
    tensors
}

/// The same number everywhere, as a safetensors file.
pub(crate) fn write(tensors: &Tensors, value: f32, path: &Path) {
    let length = |shape: &[usize]| shape.iter().product::<usize>();
    let longest = tensors.values().map(|shape| length(shape)).max();
    let bytes = value.to_le_bytes().repeat(longest.unwrap_or(0));
    let views = tensors.iter().map(|(name, shape)| {
        let data = &bytes[..4 * length(shape)];
        let view = TensorView::new(Dtype::F32, shape.clone(), data);
        (name, view.unwrap())
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(path, file).unwrap();
}

/// Zeros everywhere, which take no time to write.
fn write_zeros(tensors: &Tensors, path: &Path) {
    let mut end = 0;
    let entry = |(name, shape): (&String, &Vec<usize>)| {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
        (name.clone(), entry)
    };
    let header: Map<String, Value> = tensors.iter().map(entry).collect();
    let header = Value::Object(header).to_string();
    let mut file = File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes())
        .unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
}

fn read(tensors: &Tensors, size_px: usize) -> Result<Architecture, ArchitectureError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    write_zeros(tensors, &path);
    Architecture::read(&Checkpoint::open(&path).unwrap(), size_px)
}

fn vit(lengths: &[usize]) -> Result<SamVit, ArchitectureError> {
    match read(&small_vit(lengths), 1024)? {
        Architecture::SamVit(encoder) => Ok(encoder),
        other => panic!("{other}"),
    }
}

#[test]
fn a_vit_is_read() {
    let encoder = vit(&[3, 9, 3]).unwrap();
    assert_eq!((encoder.width, encoder.heads, encoder.hidden), (8, 2, 12));
    assert_eq!((encoder.input_size_px(), encoder.side), (20, 5));
    let windows: Vec<_> = encoder.blocks.iter().map(|block| block.window).collect();
    assert_eq!(windows, [Some(2), None, Some(2)]);
    let text = "SAM ViT for 20x20 pixels: 3 blocks of width 8 with 2 heads, windows of 2x2, global attention in blocks 1";
    assert_eq!(encoder.to_string(), text);
}

#[test]
fn tables_of_another_image_size_are_global() {
    let windows = |lengths: &[usize]| -> Vec<_> {
        let blocks = vit(lengths).unwrap().blocks;
        blocks.iter().map(|block| block.window).collect()
    };
    assert_eq!(windows(&[5, 13]), [Some(3), None]);
    assert_eq!(windows(&[3, 7]), [Some(2), None]);
    assert_eq!(windows(&[9, 9]), [None, None]);
    assert_eq!(windows(&[3, 3]), [Some(2), Some(2)]);
    for lengths in [&[13][..], &[9, 13], &[3, 5, 9], &[11, 13]] {
        let error = vit(lengths).unwrap_err();
        assert!(
            matches!(error, ArchitectureError::Windows { side: 5, .. }),
            "{lengths:?}: {error}"
        );
    }
}

#[test]
fn a_tiny_vit_is_read() {
    let architecture = read(&small_tiny_vit(), 64).unwrap();
    assert_eq!(architecture.embedding_shape(), [16, 8, 8]);
    assert_eq!(architecture.input_size_px(), 64);
    let text = "MobileSAM TinyViT for 64x64 pixels: 3 stages of depth 1, 2, 2; width 4, 6, 320; heads none, 2, 5; window none, 3, 3";
    assert_eq!(architecture.to_string(), text);
}

#[test]
fn what_encoders_never_read_is_skipped() {
    let mut tensors = small_tiny_vit();
    both(&mut tensors, "image_encoder.norm_head", &[320], 320);
    both(&mut tensors, "image_encoder.head", &[1000, 320], 1000);
    let name = "image_encoder.patch_embed.seq.0.bn.num_batches_tracked";
    tensors.insert(name.to_owned(), Vec::new());
    let name = "image_encoder.layers.1.blocks.0.attn.attention_bias_idxs";
    tensors.insert(name.to_owned(), vec![9, 9]);
    read(&tensors, 64).unwrap();
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let mut wide = small_vit(&[9]);
    wide.insert(
        "image_encoder.patch_embed.proj.weight".to_owned(),
        vec![8, 3, 1700, 1700],
    );
    assert!(matches!(
        read(&wide, 1024),
        Err(ArchitectureError::InputSize { found: 8500, .. })
    ));
    for size_px in [0, 20, 8200, usize::MAX] {
        let error = read(&small_tiny_vit(), size_px).unwrap_err();
        assert!(
            matches!(error, ArchitectureError::InputSize { found, .. } if found == size_px),
            "{error}"
        );
    }
}

#[test]
fn every_missing_tensor_is_named() {
    for tensors in [small_vit(&[3, 9]), small_tiny_vit()] {
        for name in tensors.keys() {
            let mut damaged = tensors.clone();
            damaged.remove(name);
            match read(&damaged, 64) {
                Err(ArchitectureError::Missing { name: found }) => assert_eq!(found, *name),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_wrong_shape_is_refused() {
    for tensors in [small_vit(&[3, 9]), small_tiny_vit()] {
        for (name, shape) in &tensors {
            let mut shapes = vec![Vec::new(), [shape.as_slice(), &[1, 1]].concat()];
            for axis in 0..shape.len() {
                for length in [0, 1, shape[axis] + 1, 2 * shape[axis]] {
                    let mut changed = shape.clone();
                    changed[axis] = length;
                    shapes.push(changed);
                }
            }
            for changed in shapes.into_iter().filter(|changed| changed != shape) {
                let mut damaged = tensors.clone();
                damaged.insert(name.clone(), changed.clone());
                let error = read(&damaged, 64).expect_err(name).to_string();
                assert!(!error.is_empty(), "{name} {changed:?}");
            }
        }
    }
}

#[test]
fn heads_must_divide_the_width() {
    let mut tensors = small_tiny_vit();
    let name = "image_encoder.layers.1.blocks.0.attn.attention_biases";
    tensors.insert(name.to_owned(), vec![4, 9]);
    let error = read(&tensors, 64).unwrap_err();
    assert!(matches!(error, ArchitectureError::Shape { .. }), "{error}");
}

#[test]
fn unknown_tensors_are_refused() {
    for name in [
        "image_encoder.blocks.3.norm1.weight",
        "image_encoder.blocks.0.attn.gamma",
        "text_encoder.weight",
    ] {
        let mut tensors = small_vit(&[3, 9]);
        tensors.insert(name.to_owned(), vec![8]);
        match read(&tensors, 64) {
            Err(ArchitectureError::Unexpected { name: found }) => assert_eq!(found, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let tensors = Tensors::from([("vision_encoder.weight".to_owned(), vec![8])]);
    let error = read(&tensors, 64).unwrap_err();
    assert!(matches!(error, ArchitectureError::Unknown), "{error}");
}
