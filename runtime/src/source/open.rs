//! Whichever source fits a path.

use std::path::Path;

use super::{FrameRate, Source, SourceError, Y4mSource};

/// Opens a folder of images, or a file of video (.y4m), motion JPEG (.mjpeg, .mjpg) or a recording
/// (.mcap). Folders and motion JPEG have the given frame rate, the others have their own.
///
/// # Errors
/// When it is none of these, cannot be read, or its feature was not built in.
pub fn open(path: &Path, rate: FrameRate) -> Result<Box<dyn Source>, SourceError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match extension.to_ascii_lowercase().as_str() {
        _ if path.is_dir() => folder(path, rate),
        "y4m" => Ok(Box::new(Y4mSource::open(path)?)),
        "mjpeg" | "mjpg" => mjpeg(path, rate),
        "mcap" => mcap(path),
        _ => Err(SourceError::NoFrames {
            name: path.display().to_string(),
            wanted: "a folder of images, or a file .y4m, .mjpeg or .mcap",
        }),
    }
}

#[cfg(feature = "source-files")]
fn folder(path: &Path, rate: FrameRate) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(super::FolderSource::open(path, rate)?))
}

#[cfg(feature = "source-files")]
fn mjpeg(path: &Path, rate: FrameRate) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(super::MjpegSource::open(path, rate)?))
}

#[cfg(feature = "recording")]
fn mcap(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(super::McapSource::open(path, None)?))
}

#[cfg(not(feature = "source-files"))]
fn folder(path: &Path, _: FrameRate) -> Result<Box<dyn Source>, SourceError> {
    Err(not_built(path, "source-files"))
}

#[cfg(not(feature = "source-files"))]
fn mjpeg(path: &Path, _: FrameRate) -> Result<Box<dyn Source>, SourceError> {
    Err(not_built(path, "source-files"))
}

#[cfg(not(feature = "recording"))]
fn mcap(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    Err(not_built(path, "recording"))
}

#[cfg(not(all(feature = "source-files", feature = "recording")))]
fn not_built(path: &Path, feature: &'static str) -> SourceError {
    SourceError::NotBuilt {
        name: path.display().to_string(),
        feature,
    }
}
