use std::fs;
use std::path::PathBuf;

use fixate::bundle::BundleError;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::staging::StagingError;

fn sha256(contents: &[u8]) -> String {
    let digest = Sha256::digest(contents);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder with a bundle whose encoder keeps its weights apart and whose decoder is a graph; what
/// is in these files is nobody's business here.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(weights: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let bundle = desk.path("bundle");
        fs::create_dir_all(bundle.join("parts")).unwrap();
        fs::write(bundle.join("graph.onnx"), b"a graph").unwrap();
        fs::write(bundle.join(weights), b"weights").unwrap();
        fs::write(bundle.join("prompts.onnx"), b"another graph").unwrap();
        let manifest = format!(
            "format = 1\nname = \"other\"\nversion = \"2\"\n\
             [input]\nsize = 512\nresize = \"longest-side\"\nmean = [0.0, 0.0, 0.0]\n\
             std = [1.0, 1.0, 1.0]\nlayout = \"nchw\"\n\
             [embedding]\nshape = [2, 2, 2]\n\
             [[encoder]]\nfile = \"graph.onnx\"\nprecision = \"f32\"\nsha256 = \"{}\"\n\
             weights = \"{weights}\"\nweights_sha256 = \"{}\"\n\
             [decoder]\nkind = \"onnx\"\nfile = \"prompts.onnx\"\nsha256 = \"{}\"\n\
             coordinate_size = 1024\n\
             [decoder.inputs]\nembedding = \"e\"\npoints = \"p\"\nlabels = \"l\"\n\
             [decoder.outputs]\nlogits = \"m\"\npredicted_iou = \"s\"\n",
            sha256(b"a graph"),
            sha256(b"weights"),
            sha256(b"another graph")
        );
        fs::write(bundle.join("bundle.toml"), manifest).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn export(&self, options: &ExportOptions) -> Result<ExportReport, ExportError> {
        let bundle = Bundle::open(&self.path("bundle")).unwrap();
        export_bundle(&bundle, &self.path("out"), options)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

#[test]
fn what_is_onnx_already_is_copied() {
    let desk = Desk::new("parts/graph.data");
    // Again, over the first.
    for _ in 0..2 {
        let report = desk.export(&ExportOptions::default()).unwrap();
        assert_eq!(
            (report.input_size_px, report.coordinate_size_px),
            (512, 1024)
        );
        let expected = [
            ("encoder.onnx", &b"a graph"[..]),
            ("graph.data", b"weights"),
            ("decoder.onnx", b"another graph"),
        ];
        for (file, (name, contents)) in report.files.iter().zip(expected) {
            assert_eq!(file.name, name);
            assert_eq!(file.bytes, contents.len() as u64);
            assert_eq!(file.sha256, sha256(contents));
            assert_eq!(fs::read(desk.path("out").join(name)).unwrap(), contents);
        }
        assert_eq!(desk.names("out").len(), 3);
    }
    assert_eq!(desk.names(""), ["bundle", "out"]);
}

#[test]
fn nothing_of_others_is_lost() {
    let desk = Desk::new("graph.data");
    fs::create_dir(desk.path("out")).unwrap();
    fs::write(desk.path("out/thesis.tex"), b"years of work").unwrap();
    let error = desk.export(&ExportOptions::default()).unwrap_err();
    let path = desk.path("out/thesis.tex");
    assert!(
        matches!(&error, ExportError::Output(StagingError::Occupied { path: found }) if *found == path),
        "{error}"
    );
    assert_eq!(desk.names("out"), ["thesis.tex"]);
    assert_eq!(desk.names(""), ["bundle", "out"]);
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let desk = Desk::new("graph.data");
    let options = ExportOptions {
        return_single_mask: true,
    };
    let error = desk.export(&options).unwrap_err();
    assert!(matches!(error, ExportError::SingleMask), "{error}");

    let bundle = Bundle::open(&desk.path("bundle")).unwrap();
    fs::write(desk.path("bundle/graph.onnx"), b"changed").unwrap();
    let error = export_bundle(&bundle, &desk.path("out"), &ExportOptions::default()).unwrap_err();
    assert!(
        matches!(error, ExportError::Bundle(BundleError::Checksum { .. })),
        "{error}"
    );

    let desk_of_names = Desk::new("decoder.onnx");
    let error = desk_of_names.export(&ExportOptions::default()).unwrap_err();
    assert!(matches!(error, ExportError::WeightsName { .. }), "{error}");

    let input = bundle.input_spec();
    let error = export_decoder(b"no tensors", input, &ExportOptions::default()).unwrap_err();
    assert!(matches!(error, ExportError::Decoder(_)), "{error}");
    assert_eq!(desk.names(""), ["bundle"]);
    assert_eq!(desk_of_names.names(""), ["bundle"]);
}
