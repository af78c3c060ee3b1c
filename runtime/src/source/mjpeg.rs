//! Motion JPEG: JPEG images one after the other.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::image_file::{decode_image, jpeg};
use super::{FrameBuffer, FrameRate, Source, SourceError, Supply};

const START_OF_IMAGE: [u8; 3] = [0xff, 0xd8, 0xff];
/// Read at least at once.
const LEAST_READ_BYTES: usize = 1 << 16;
/// A longer image is refused.
const LONGEST_IMAGE_BYTES: usize = 1 << 26;

/// A stream of JPEG images, as `ffmpeg -f mjpeg` or a network camera writes it. What lies between
/// images, such as the lines of a multipart stream, is passed over.
///
/// A damaged image is an error; its place in time stays free.
pub struct MjpegSource<R> {
    input: R,
    name: String,
    rate: FrameRate,
    /// What was read and not yet given.
    pending: Vec<u8>,
    /// Where that begins in the stream.
    position_bytes: u64,
    at_end: bool,
    frame: u64,
}

impl MjpegSource<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, or no image begins in it.
    pub fn open(path: &Path, rate: FrameRate) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::new(BufReader::new(file), name, rate),
            Err(error) => Err(SourceError::Io {
                name,
                position_bytes: 0,
                error,
            }),
        }
    }
}

impl<R: BufRead> MjpegSource<R> {
    /// Reads up to the first image; `name` is for errors.
    ///
    /// # Errors
    /// When it cannot be read, or no image begins in it.
    pub fn new(input: R, name: impl Into<String>, rate: FrameRate) -> Result<Self, SourceError> {
        let mut source = Self {
            input,
            name: name.into(),
            rate,
            pending: Vec::new(),
            position_bytes: 0,
            at_end: false,
            frame: 0,
        };
        if !source.find_start()? {
            return Err(SourceError::NoFrames {
                name: source.name,
                wanted: "JPEG images one after the other, as `ffmpeg -f mjpeg` writes them",
            });
        }
        Ok(source)
    }

    /// Reads on. As much as there is already, so that looking at all of it once more each time costs no
    /// more than twice what there is in the end.
    fn read_more(&mut self) -> Result<(), SourceError> {
        let wanted = self.pending.len().max(LEAST_READ_BYTES) as u64;
        let read = self
            .input
            .by_ref()
            .take(wanted)
            .read_to_end(&mut self.pending);
        match read {
            Ok(bytes) => self.at_end = bytes == 0,
            Err(error) => {
                self.at_end = true;
                let read_bytes = self.pending.len() as u64;
                self.pending.clear();
                return Err(SourceError::Io {
                    name: self.name.clone(),
                    position_bytes: self.position_bytes + read_bytes,
                    error,
                });
            }
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.pending.drain(..bytes);
        self.position_bytes += bytes as u64;
    }

    /// Passes over what is no image; false at the end.
    fn find_start(&mut self) -> Result<bool, SourceError> {
        loop {
            let start = self
                .pending
                .windows(START_OF_IMAGE.len())
                .position(|bytes| bytes == START_OF_IMAGE);
            if let Some(start) = start {
                self.skip(start);
                return Ok(true);
            }
            if self.at_end {
                return Ok(false);
            }
            // The last bytes may be the beginning of an image's.
            self.skip((self.pending.len() + 1).saturating_sub(START_OF_IMAGE.len()));
            self.read_more()?;
        }
    }
}

impl<R: BufRead + Send> Source for MjpegSource<R> {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        if !self.find_start()? {
            return Ok(Supply::Ended);
        }
        let length = loop {
            if let Some(length) = jpeg::length(&self.pending) {
                break length;
            }
            if self.at_end {
                let position_bytes = self.position_bytes + self.pending.len() as u64;
                self.pending.clear();
                return Err(SourceError::Truncated {
                    name: self.name.clone(),
                    frame: self.frame,
                    position_bytes,
                });
            }
            if self.pending.len() >= LONGEST_IMAGE_BYTES {
                let position_bytes = self.position_bytes;
                self.skip(self.pending.len());
                return Err(SourceError::Format {
                    name: self.name.clone(),
                    position_bytes,
                    reason: format!(
                        "a JPEG does not end within {} MB; copy the file again",
                        LONGEST_IMAGE_BYTES >> 20
                    ),
                });
            }
            self.read_more()?;
        };
        let frame = self.frame;
        self.frame += 1;
        let decoded = decode_image(&self.pending[..length], buffer);
        let position_bytes = self.position_bytes;
        self.skip(length);
        decoded.map_err(|error| SourceError::Image {
            name: self.name.clone(),
            frame,
            reason: format!("at byte {position_bytes} gives no picture: {error}"),
        })?;
        buffer.set_capture_us(self.rate.capture_us(frame));
        Ok(Supply::Frame)
    }
}
