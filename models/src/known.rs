//! Public models of the Segment Anything family that can be imported, and where they come from.
//!
//! Only what is certain stands here: sizes and checksums of files that their makers have published under a fixed name.

/// A public model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownModel {
    /// A short name for the command line.
    pub name: &'static str,
    /// What it is called by its makers.
    pub title: &'static str,
    /// Its weights' licence: an SPDX expression where there is one.
    pub license: &'static str,
    /// Whether that licence allows commercial use.
    pub commercial_use: bool,
    /// Address of its makers' repository.
    pub source: &'static str,
    /// The files to import, the encoder first; none if its makers' exporter writes them.
    pub files: &'static [KnownFile],
}

/// A file of a public model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownFile {
    /// Its name.
    pub name: &'static str,
    /// Where its makers offer it, if it can be had by its address alone.
    pub url: Option<&'static str>,
    /// Its length in bytes.
    pub size_bytes: Option<u64>,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: Option<&'static str>,
}

const SEGMENT_ANYTHING: &str = "https://github.com/facebookresearch/segment-anything";

/// The models, those that come with fixate first. SAM's file names end in the first digits of their MD5, not of their
/// SHA-256.
pub const KNOWN_MODELS: &[KnownModel] = &[
    KnownModel {
        name: "fixate-tiny",
        title: "the model that comes with fixate; nothing to fetch",
        license: "MIT OR Apache-2.0",
        commercial_use: true,
        source: "models/default",
        files: &[],
    },
    KnownModel {
        name: "mobile-sam",
        title: "MobileSAM",
        license: "Apache-2.0",
        commercial_use: true,
        source: "https://github.com/ChaoningZhang/MobileSAM",
        files: &[KnownFile {
            name: "mobile_sam.pt",
            url: Some(
                "https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt",
            ),
            size_bytes: Some(40_728_226),
            sha256: Some("6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f"),
        }],
    },
    KnownModel {
        name: "sam-vit-b",
        title: "Segment Anything, ViT-B",
        license: "Apache-2.0",
        commercial_use: true,
        source: SEGMENT_ANYTHING,
        files: &[KnownFile {
            name: "sam_vit_b_01ec64.pth",
            url: Some("https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth"),
            size_bytes: Some(375_042_383),
            sha256: Some("ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912"),
        }],
    },
    KnownModel {
        name: "sam-vit-l",
        title: "Segment Anything, ViT-L",
        license: "Apache-2.0",
        commercial_use: true,
        source: SEGMENT_ANYTHING,
        files: &[KnownFile {
            name: "sam_vit_l_0b3195.pth",
            url: Some("https://dl.fbaipublicfiles.com/segment_anything/sam_vit_l_0b3195.pth"),
            size_bytes: Some(1_249_524_607),
            sha256: Some("3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622"),
        }],
    },
    KnownModel {
        name: "sam-vit-h",
        title: "Segment Anything, ViT-H",
        license: "Apache-2.0",
        commercial_use: true,
        source: SEGMENT_ANYTHING,
        files: &[KnownFile {
            name: "sam_vit_h_4b8939.pth",
            url: Some("https://dl.fbaipublicfiles.com/segment_anything/sam_vit_h_4b8939.pth"),
            size_bytes: Some(2_564_550_879),
            sha256: Some("a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e"),
        }],
    },
    KnownModel {
        name: "nanosam",
        title: "NanoSAM",
        license: "Apache-2.0",
        commercial_use: true,
        source: "https://github.com/NVIDIA-AI-IOT/nanosam",
        files: &[
            named("resnet18_image_encoder.onnx"),
            named("mobile_sam_mask_decoder.onnx"),
        ],
    },
    KnownModel {
        name: "edge-sam",
        title: "EdgeSAM",
        license: "S-Lab License 1.0",
        commercial_use: false,
        source: "https://github.com/chongzhou96/EdgeSAM",
        files: &[],
    },
    KnownModel {
        name: "efficientvit-sam",
        title: "EfficientViT-SAM",
        license: "Apache-2.0",
        commercial_use: true,
        source: "https://github.com/mit-han-lab/efficientvit",
        files: &[],
    },
    KnownModel {
        name: "efficient-sam",
        title: "EfficientSAM",
        license: "Apache-2.0",
        commercial_use: true,
        source: "https://github.com/yformer/EfficientSAM",
        files: &[],
    },
];

/// A file of which only the name is certain.
const fn named(name: &'static str) -> KnownFile {
    KnownFile {
        name,
        url: None,
        size_bytes: None,
        sha256: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_checksums_whole() {
        let names: BTreeSet<&str> = KNOWN_MODELS.iter().map(|model| model.name).collect();
        assert_eq!(names.len(), KNOWN_MODELS.len());
        for file in KNOWN_MODELS.iter().flat_map(|model| model.files) {
            if let Some(sha256) = file.sha256 {
                let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert!(
                    sha256.len() == 64 && sha256.bytes().all(digit),
                    "{}",
                    file.name
                );
                assert!(
                    file.size_bytes.is_some() && file.url.is_some(),
                    "{}",
                    file.name
                );
            }
        }
    }
}
