//! `fixate model info`: what a bundle is.

use crate::arguments::BundleArgument;
use crate::failure::Failure;
use crate::{print_json, print_line};
use fixate::bundle::{Bundle, DecoderKind};
use fixate::preprocess::ResizeRule;
use serde::Serialize;

/// What `--json` prints.
#[derive(Serialize)]
struct Info {
    name: String,
    version: String,
    license: Option<String>,
    input: Input,
    embedding: [usize; 3],
    encoders: Vec<Encoder>,
    decoder: Decoder,
    prompts: Vec<&'static str>,
}

#[derive(Serialize)]
struct Input {
    size: u32,
    resize: &'static str,
    mean: [f32; 3],
    std: [f32; 3],
}

#[derive(Serialize)]
struct Encoder {
    precision: String,
    #[serde(flatten)]
    file: File,
    weights: Option<File>,
}

#[derive(Serialize)]
struct Decoder {
    kind: &'static str,
    #[serde(flatten)]
    file: File,
}

#[derive(Clone, Serialize)]
struct File {
    file: String,
    bytes: u64,
    sha256: String,
}

pub(crate) fn run(arguments: &BundleArgument, json: bool) -> Result<(), Failure> {
    let info = read(arguments)?;
    if json {
        return print_json(&info);
    }
    let size = info.input.size;
    print_line(format_args!("{} {}", info.name, info.version));
    print_line(format_args!(
        "licence    {}",
        info.license.as_deref().unwrap_or("not stated")
    ));
    print_line(format_args!(
        "input      {size}x{size} pixels, {}, mean {:?}, std {:?}",
        info.input.resize, info.input.mean, info.input.std
    ));
    print_line(format_args!("embedding  {:?}", info.embedding));
    for encoder in &info.encoders {
        tell(&format!("encoder    {}", encoder.precision), &encoder.file);
        if let Some(weights) = &encoder.weights {
            tell("           weights", weights);
        }
    }
    tell(
        &format!("decoder    {}", info.decoder.kind),
        &info.decoder.file,
    );
    print_line(format_args!("prompts    {}", info.prompts.join(", ")));
    Ok(())
}

fn tell(what: &str, file: &File) {
    print_line(format_args!(
        "{what}, {}, {} bytes, SHA-256 {}",
        file.file, file.bytes, file.sha256
    ));
}

fn read(arguments: &BundleArgument) -> Result<Info, Failure> {
    let folder = arguments.bundle.as_deref();
    let bundle = match folder {
        Some(folder) => Bundle::open(folder),
        None => Bundle::builtin(),
    };
    let bundle = bundle.map_err(Failure::of)?;
    let manifest = bundle.manifest();
    let mut files = Vec::new();
    for check in Bundle::check_files(folder).map_err(Failure::of)? {
        files.push(File {
            bytes: check.result.map_err(Failure::of)?,
            file: check.file,
            sha256: check.sha256,
        });
    }
    let file = |name: &str| {
        let found = files.iter().find(|file| file.file == name).cloned();
        found.ok_or_else(|| Failure::Failed(format!("{name} is not in the bundle any more")))
    };
    let mut encoders = Vec::new();
    for encoder in &manifest.encoders {
        encoders.push(Encoder {
            precision: encoder.precision.to_string(),
            file: file(&encoder.file)?,
            weights: encoder.weights.as_deref().map(file).transpose()?,
        });
    }
    Ok(Info {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        license: manifest.license.clone(),
        input: Input {
            size: manifest.input.size_px,
            resize: match manifest.input.resize {
                ResizeRule::Stretch => "stretch",
                _ => "longest-side",
            },
            mean: manifest.input.mean,
            std: manifest.input.std,
        },
        embedding: manifest.embedding_shape,
        encoders,
        decoder: Decoder {
            kind: match manifest.decoder.kind {
                DecoderKind::Sam => "sam",
                _ => "onnx",
            },
            file: file(&manifest.decoder.file)?,
        },
        prompts: super::prompts(manifest.decoder.kind.takes_masks()),
    })
}
