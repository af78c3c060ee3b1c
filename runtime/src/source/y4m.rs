//! Uncompressed video: YUV4MPEG2, as `ffmpeg -f yuv4mpegpipe` writes it.

mod convert;
mod header;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::{FrameBuffer, FrameRate, Source, SourceError, Supply};
use crate::frame::YuvMatrix;
use convert::convert_into;
use header::{Header, LONGEST_LINE_BYTES, parse_frame_line, parse_header};

/// A YUV4MPEG2 stream: 4:2:0, 4:2:2, 4:4:4 or grey, 8 bits. 4:2:0 comes as NV12, 4:2:2 as YUYV, the
/// others, and odd sizes, as RGB or grey. Capture times follow from the stream's frame rate.
pub struct Y4mSource<R> {
    input: R,
    name: String,
    header: Header,
    rate: FrameRate,
    matrix: YuvMatrix,
    planar: Vec<u8>,
    frame: u64,
    position_bytes: u64,
    over: bool,
}

impl Y4mSource<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, or its header is none.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::new(BufReader::new(file), name),
            Err(error) => Err(SourceError::Io {
                name,
                position_bytes: 0,
                error,
            }),
        }
    }
}

impl<R: BufRead> Y4mSource<R> {
    /// Reads the header of a stream; `name` is for errors.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn new(mut input: R, name: impl Into<String>) -> Result<Self, SourceError> {
        let name = name.into();
        let mut position_bytes = 0;
        let line = read_line(&mut input, &name, &mut position_bytes)?.unwrap_or_default();
        let header = parse_header(&line).map_err(|reason| SourceError::Format {
            name: name.clone(),
            position_bytes: 0,
            reason,
        })?;
        let rate = header.rate.unwrap_or_else(|| {
            log::warn!("{name}: no frame rate in the header; taking 30 frames a second");
            FrameRate::default()
        });
        Ok(Self {
            input,
            name,
            header,
            rate,
            matrix: YuvMatrix::default(),
            planar: Vec::new(),
            frame: 0,
            position_bytes,
            over: false,
        })
    }

    /// The same stream with colours of another standard; the format does not say which. BT.601 until then.
    #[must_use]
    pub fn with_matrix(mut self, matrix: YuvMatrix) -> Self {
        self.matrix = matrix;
        self
    }

    /// Frames a second, as the header says.
    #[must_use]
    pub fn rate(&self) -> FrameRate {
        self.rate
    }

    fn read_frame(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        let start_bytes = self.position_bytes;
        let line = read_line(&mut self.input, &self.name, &mut self.position_bytes)?;
        let Some(line) = line else {
            return Ok(Supply::Ended);
        };
        parse_frame_line(&line).map_err(|reason| SourceError::Format {
            name: self.name.clone(),
            position_bytes: start_bytes,
            reason,
        })?;
        // Grows with what is there, not with what the header claims.
        self.planar.clear();
        let wanted = self.header.frame_bytes as u64;
        let read = self
            .input
            .by_ref()
            .take(wanted)
            .read_to_end(&mut self.planar);
        self.position_bytes += self.planar.len() as u64;
        read.map_err(|error| SourceError::Io {
            name: self.name.clone(),
            position_bytes: self.position_bytes,
            error,
        })?;
        if self.planar.len() < self.header.frame_bytes {
            return Err(SourceError::Truncated {
                name: self.name.clone(),
                frame: self.frame,
                position_bytes: self.position_bytes,
            });
        }
        let capture_us = self.rate.capture_us(self.frame);
        convert_into(&self.header, self.matrix, &self.planar, capture_us, buffer).map_err(
            |error| SourceError::Frame {
                name: self.name.clone(),
                error,
            },
        )?;
        self.frame += 1;
        Ok(Supply::Frame)
    }
}

impl<R: BufRead + Send> Source for Y4mSource<R> {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        if self.over {
            return Ok(Supply::Ended);
        }
        let result = self.read_frame(buffer);
        // Without the right number of bytes nobody knows where the next frame begins.
        self.over = !matches!(result, Ok(Supply::Frame));
        result
    }
}

/// One line without its end; none where the stream ends before it.
fn read_line(
    input: &mut impl BufRead,
    name: &str,
    position_bytes: &mut u64,
) -> Result<Option<Vec<u8>>, SourceError> {
    let mut line = Vec::new();
    let most = LONGEST_LINE_BYTES as u64 + 1;
    let read = input.by_ref().take(most).read_until(b'\n', &mut line);
    let start_bytes = *position_bytes;
    *position_bytes += line.len() as u64;
    match read {
        Ok(0) => return Ok(None),
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
            return Err(SourceError::Io {
                name: name.to_owned(),
                position_bytes: start_bytes,
                error,
            });
        }
        _ => {}
    }
    if line.pop() != Some(b'\n') {
        return Err(SourceError::Format {
            name: name.to_owned(),
            position_bytes: start_bytes,
            reason: format!(
                "no line of at most {LONGEST_LINE_BYTES} bytes; give a YUV4MPEG2 stream, whole"
            ),
        });
    }
    Ok(Some(line))
}
