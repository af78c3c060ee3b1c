use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::decoder::{DecoderFacts, write_decoder};
use crate::pickle::PickleError;
use crate::pickle::writer::Writer;

/// A file that is removed at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(extension: &str, contents: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "fixate-checkpoint-{}-{count}.{extension}",
            std::process::id()
        );
        let path = std::env::temp_dir().join(name);
        fs::write(&path, contents).unwrap();
        Self(path)
    }

    fn open(&self) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::open(&self.0)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn refusal(extension: &str, contents: &[u8]) -> CheckpointError {
    Temporary::new(extension, contents).open().unwrap_err()
}

fn zip(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, contents) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(contents).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Storage 7 with four numbers, of which `module.weight` has the last three.
fn good(method: CompressionMethod) -> Vec<u8> {
    let pickle = Writer::new()
        .code(b"}")
        .text("module.mask_decoder.weight")
        .tensor(4, 1, &[3], &[1])
        .code(b"s.");
    let storage = floats(&[9.0, 1.0, 2.5, -3.0]);
    let entries: [(&str, &[u8]); 3] = [
        ("net/data.pkl", &pickle.0),
        ("net/byteorder", b"little"),
        ("net/data/7", &storage),
    ];
    zip(&entries, method)
}

#[test]
fn a_zip_file_is_read() {
    let file = Temporary::new("pt", &good(CompressionMethod::Stored));
    let mut checkpoint = file.open().unwrap();
    let info = TensorInfo {
        shape: vec![3],
        element_type: ElementType::F32,
    };
    let name = "mask_decoder.weight";
    assert_eq!(checkpoint.tensors().collect::<Vec<_>>(), [(name, &info)]);
    for _ in 0..2 {
        assert_eq!(checkpoint.read_f32(name).unwrap(), [1.0, 2.5, -3.0]);
    }
    assert!(matches!(
        checkpoint.read_f32("bias"),
        Err(CheckpointError::Missing { .. })
    ));
}

#[test]
fn truncated_zip_files_are_refused() {
    let good = good(CompressionMethod::Stored);
    for length in 0..good.len() {
        refusal("pt", &good[..length]);
    }
}

#[test]
fn damaged_zip_files_are_read_or_refused() {
    let good = good(CompressionMethod::Stored);
    for index in 0..good.len() {
        let mut damaged = good.clone();
        damaged[index] ^= 0xff;
        if let Ok(mut checkpoint) = Temporary::new("pt", &damaged).open() {
            let names: Vec<_> = checkpoint
                .tensors()
                .map(|(name, _)| name.to_owned())
                .collect();
            for name in names {
                let _ = checkpoint.read_f32(&name);
            }
        }
    }
}

#[test]
fn compressed_entries_are_refused() {
    let error = refusal("pt", &good(CompressionMethod::Deflated));
    assert!(error.to_string().contains("compressed"), "{error}");
    // A thousand times its size in zeros.
    let zeros = vec![0; 10 << 20];
    let pickle = Writer::dictionary(zeros.len() as i64 / 4, 0, &[2], &[1]);
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file("net/data.pkl", stored).unwrap();
    writer.write_all(&pickle).unwrap();
    let deflated = stored.compression_method(CompressionMethod::Deflated);
    writer.start_file("net/data/7", deflated).unwrap();
    writer.write_all(&zeros).unwrap();
    let bomb = writer.finish().unwrap().into_inner();
    let error = refusal("pt", &bomb);
    assert!(error.to_string().contains("compressed"), "{error}");
}

#[test]
fn zip_files_of_others_are_refused() {
    let stored = CompressionMethod::Stored;
    let pickle = Writer::dictionary(4, 0, &[4], &[1]);
    let storage = floats(&[0.0; 4]);
    let contents = |entries: &[(&str, &[u8])]| refusal("pt", &zip(entries, stored));

    let error = contents(&[("readme", b"hello")]);
    assert!(error.to_string().contains("no data.pkl"), "{error}");
    let error = contents(&[("net/data.pkl", &pickle)]);
    assert!(error.to_string().contains("net/data/7"), "{error}");
    let big: [(&str, &[u8]); 3] = [
        ("net/data.pkl", &pickle),
        ("net/byteorder", b"big"),
        ("net/data/7", &storage),
    ];
    assert!(contents(&big).to_string().contains("big-endian"));
    let error = contents(&[("net/data.pkl", &pickle), ("net/data/7", &storage[..15])]);
    assert!(
        matches!(
            error,
            CheckpointError::StorageSize {
                expected: 16,
                found: 15,
                ..
            }
        ),
        "{error}"
    );
    let error = contents(&[("net/data.pkl", b"\x80\x02cos\nsystem\n.")]);
    assert!(
        matches!(error, CheckpointError::Pickle(PickleError::Callable { .. })),
        "{error}"
    );
    let long = vec![0; (64 << 20) + 1];
    let error = contents(&[("net/data.pkl", &long)]);
    assert!(error.to_string().contains("67108865 bytes"), "{error}");
}

#[test]
fn names_are_unique_without_their_prefix() {
    let pickle = Writer::new()
        .code(b"}(")
        .text("module.weight")
        .tensor(1, 0, &[], &[])
        .text("weight")
        .tensor(1, 0, &[], &[])
        .code(b"u.");
    let entries: [(&str, &[u8]); 2] = [("net/data.pkl", &pickle.0), ("net/data/7", &[0; 4])];
    let error = refusal("pt", &zip(&entries, CompressionMethod::Stored));
    assert!(
        matches!(error, CheckpointError::Duplicate { .. }),
        "{error}"
    );
}

#[test]
fn other_files_are_refused() {
    // How torch before 1.6 begins a file.
    let old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    for contents in [&old[..], b"", b"PK", b"\x89PNG"] {
        assert!(!refusal("pt", contents).to_string().is_empty());
    }
    assert!(matches!(refusal("pt", old), CheckpointError::Kind));
    let missing = Checkpoint::open(Path::new("/no/such/file.pt"));
    assert!(matches!(missing, Err(CheckpointError::Io(_))));
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}

#[test]
fn a_safetensors_file_is_read_in_any_floating_point_type() {
    let header = r#"{"__metadata__":{"note":"x"},
        "a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
        "b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},
        "c":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]},
        "d":{"dtype":"I64","shape":[1],"data_offsets":[12,20]}}"#;
    let mut data = floats(&[1.5]);
    data.extend(
        [f16::from_f32(0.25), f16::from_f32(-2.0)]
            .map(f16::to_le_bytes)
            .concat(),
    );
    data.extend(
        [bf16::from_f32(4.0), bf16::from_f32(-8.0)]
            .map(bf16::to_le_bytes)
            .concat(),
    );
    data.extend(7i64.to_le_bytes());
    let file = Temporary::new("safetensors", &safetensors(header, &data));
    let mut checkpoint = file.open().unwrap();
    assert_eq!(checkpoint.metadata()["note"], "x");
    assert_eq!(checkpoint.info("c").unwrap().shape, [2, 1]);
    assert_eq!(checkpoint.read_f32("a").unwrap(), [1.5]);
    assert_eq!(checkpoint.read_f32("b").unwrap(), [0.25, -2.0]);
    assert_eq!(checkpoint.read_f32("c").unwrap(), [4.0, -8.0]);
    assert_eq!(checkpoint.read_bytes("d").unwrap(), 7i64.to_le_bytes());
    assert!(matches!(
        checkpoint.read_f32("d"),
        Err(CheckpointError::NotFloatingPoint { .. })
    ));
}

#[test]
fn damaged_safetensors_files_are_refused() {
    let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let good = safetensors(header, &[0; 8]);
    assert!(Temporary::new("safetensors", &good).open().is_ok());
    for length in 0..good.len() {
        refusal("safetensors", &good[..length]);
    }
    for (from, to) in [
        ("[2]", "[3]"),
        ("[2]", "[4611686018427387904,4]"),
        ("[0,8]", "[0,4]"),
        ("[0,8]", "[8,0]"),
        ("F32", "F8_E4M3"),
        ("}}", "}"),
    ] {
        refusal(
            "safetensors",
            &safetensors(&header.replace(from, to), &[0; 8]),
        );
    }
    let mut long = good.clone();
    long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(
        refusal("safetensors", &long),
        CheckpointError::Safetensors(_)
    ));
    let unknown = safetensors(&header.replace("F32", "I32"), &[0; 8]);
    assert!(matches!(
        refusal("safetensors", &unknown),
        CheckpointError::ElementType { .. }
    ));
}

#[test]
fn the_same_checkpoint_gives_the_same_decoder() {
    let file = Temporary::new("pt", &good(CompressionMethod::Stored));
    let written = [0, 1].map(|_| {
        let out = Temporary::new("safetensors", b"");
        write_decoder(&mut file.open().unwrap(), DecoderFacts::default(), &out.0).unwrap();
        let mut back = out.open().unwrap();
        assert_eq!(back.metadata()["num_heads"], "8");
        assert_eq!(back.metadata()["input_size"], "1024");
        assert_eq!(
            back.read_f32("mask_decoder.weight").unwrap(),
            [1.0, 2.5, -3.0]
        );
        fs::read(&out.0).unwrap()
    });
    assert_eq!(written[0], written[1]);
}

#[test]
fn a_decoder_in_bf16_becomes_f32() {
    let header = r#"{"mask_decoder.a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},
        "mask_decoder.b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}}"#;
    let mut data = [bf16::from_f32(4.0), bf16::from_f32(-8.0)]
        .map(bf16::to_le_bytes)
        .concat();
    data.extend(f16::from_f32(0.25).to_le_bytes());
    let file = Temporary::new("safetensors", &safetensors(header, &data));
    let out = Temporary::new("safetensors", b"");
    write_decoder(&mut file.open().unwrap(), DecoderFacts::default(), &out.0).unwrap();
    let mut back = out.open().unwrap();
    for (name, element_type, values) in [
        ("mask_decoder.a", ElementType::F32, &[4.0, -8.0][..]),
        ("mask_decoder.b", ElementType::F16, &[0.25]),
    ] {
        assert_eq!(back.info(name).unwrap().element_type, element_type);
        assert_eq!(back.read_f32(name).unwrap(), values);
    }
}

#[test]
fn a_checkpoint_without_a_decoder_gives_none() {
    let header = r#"{"image_encoder.a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let file = Temporary::new("safetensors", &safetensors(header, &[0; 8]));
    let out = Temporary::new("safetensors", b"");
    let result = write_decoder(&mut file.open().unwrap(), DecoderFacts::default(), &out.0);
    assert!(matches!(result, Err(CheckpointError::Missing { .. })));
}
