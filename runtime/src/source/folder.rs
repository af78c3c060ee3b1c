//! A folder of images.

use std::path::{Path, PathBuf};

use super::image_file::read_image;
use super::{FrameBuffer, FrameRate, Source, SourceError, Supply, natural};

const EXTENSIONS: [&str; 12] = [
    "jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp", "pnm", "pgm", "ppm", "pbm",
];

/// The images of a folder, one frame each, in the order in which people count their names: frame2 before
/// frame10. Files with other endings, and hidden ones, are passed over.
///
/// A damaged image is an error; its place in time stays free.
pub struct FolderSource {
    files: Vec<PathBuf>,
    rate: FrameRate,
    next: usize,
}

impl FolderSource {
    /// Lists a folder.
    ///
    /// # Errors
    /// When it cannot be read, or holds no image.
    pub fn open(folder: &Path, rate: FrameRate) -> Result<Self, SourceError> {
        let name = || folder.display().to_string();
        let io = |error| SourceError::Io {
            name: name(),
            position_bytes: 0,
            error,
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let file_name = path.file_name().unwrap_or_default();
            let file_name = file_name.to_string_lossy().into_owned();
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            let known = EXTENSIONS
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known));
            if known && !file_name.starts_with('.') {
                found.push((file_name, path));
            }
        }
        if found.is_empty() {
            return Err(SourceError::NoFrames {
                name: name(),
                wanted: "a folder of numbered images: .jpg, .png, .bmp, .gif, .tif, .webp or .pnm",
            });
        }
        found.sort_by(|(a, _), (b, _)| natural::compare(a, b));
        Ok(Self {
            files: found.into_iter().map(|(_, path)| path).collect(),
            rate,
            next: 0,
        })
    }

    /// The images, in order.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

impl Source for FolderSource {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        let Some(path) = self.files.get(self.next) else {
            return Ok(Supply::Ended);
        };
        let frame = self.next as u64;
        self.next += 1;
        read_image(path, buffer).map_err(|error| SourceError::Image {
            name: path.display().to_string(),
            frame,
            reason: format!("gives no picture: {}", error.reason()),
        })?;
        buffer.set_capture_us(self.rate.capture_us(frame));
        Ok(Supply::Frame)
    }
}
