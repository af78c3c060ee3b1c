//! What is kept between runs: engines that take minutes to build, and that an encoder passed its self-check.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::EncoderError;
use crate::bundle::sha256;

/// The folder for one encoder on one device with one version of everything; any of them changed, it is another.
pub(super) fn folder(root: &Path, parts: &[&str]) -> Result<PathBuf, EncoderError> {
    let mut text = String::new();
    for part in parts {
        text += &format!("{} {part}\n", part.len());
    }
    let folder = root
        .join("onnxruntime")
        .join(&sha256(text.as_bytes())[..32]);
    let made = fs::create_dir_all(&folder);
    made.map_err(|error| {
        EncoderError::Load(format!(
            "{} cannot be made: {error}; name another folder for caches",
            folder.display()
        ))
    })?;
    Ok(folder)
}

/// What an engine depends on beyond model and versions of libraries: the GPUs, their driver, and the board.
pub(super) fn machine() -> String {
    described(Path::new("/"))
}

fn described(root: &Path) -> String {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let mut text = read("proc/driver/nvidia/version") + &read("proc/device-tree/model");
    text += &read("etc/nv_tegra_release");
    let gpus = fs::read_dir(root.join("proc/driver/nvidia/gpus"));
    let mut gpus: Vec<PathBuf> = gpus
        .into_iter()
        .flatten()
        .filter_map(|gpu| Some(gpu.ok()?.path().join("information")))
        .collect();
    gpus.sort();
    for gpu in gpus {
        let information = fs::read_to_string(gpu).unwrap_or_default();
        for line in information
            .lines()
            .filter(|line| line.starts_with("Model:") || line.starts_with("Video BIOS:"))
        {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_that_changes_gets_another_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = |parts: &[&str]| folder(root.path(), parts).unwrap();
        let first = folder(&["encoder", "1.31", "GPU"]);
        assert!(first.is_dir());
        assert_eq!(folder(&["encoder", "1.31", "GPU"]), first);
        for parts in [
            ["encoder2", "1.31", "GPU"],
            ["encoder", "1.32", "GPU"],
            ["encoder", "1.31", ""],
            ["encoder", "1.31G", "PU"],
        ] {
            assert_ne!(folder(&parts), first, "{parts:?}");
        }
    }

    #[test]
    fn machines_are_told_by_their_gpus_and_driver() {
        let root = tempfile::tempdir().unwrap();
        let gpu = root.path().join("proc/driver/nvidia/gpus/0000:01:00.0");
        fs::create_dir_all(&gpu).unwrap();
        assert_eq!(described(root.path()), "");
        fs::write(
            gpu.join("information"),
            "Model: \t A\nIRQ: 7\nVideo BIOS: 1\n",
        )
        .unwrap();
        assert_eq!(described(root.path()), "Model: \t A\nVideo BIOS: 1\n");
        fs::write(
            root.path().join("proc/driver/nvidia/version"),
            "Module 580\n",
        )
        .unwrap();
        assert!(described(root.path()).starts_with("Module 580\n"));
    }
}
