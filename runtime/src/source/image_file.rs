//! Image files as a camera would have given them: 8 bits of red, green and blue a pixel, upright.

use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};

use super::FrameBuffer;
use crate::frame::PixelFormat;

pub(super) mod jpeg;

/// The largest image that is read, 20000 x 20000 pixels.
const MAX_PIXELS: u64 = 400_000_000;

/// The largest image at 16 bits of red, green, blue and alpha, and half of it again for what a
/// decoder keeps.
const MAX_DECODER_BYTES: u64 = MAX_PIXELS * 8 * 3 / 2;

/// Reads an image file, whatever its name ends in: JPEG, PNG, WebP, GIF, TIFF, BMP or PNM, as RGB or
/// grey captured at 0.
///
/// The Exif orientation is applied; 16 bits a channel become 8; CMYK is converted. Alpha is dropped and
/// the colour beneath it kept, as in a camera's frame. Of an animation the first frame is taken.
///
/// # Errors
/// When the file is no such image, whole. The buffer's content then means nothing.
pub fn read_image(path: &Path, buffer: &mut FrameBuffer) -> Result<(), ImageFileError> {
    decode_file(path, buffer).map_err(|reason| ImageFileError {
        path: path.to_owned(),
        reason,
    })
}

/// The same for the bytes of a file.
///
/// # Errors
/// As [`read_image`].
pub fn decode_image(bytes: &[u8], buffer: &mut FrameBuffer) -> Result<(), UnreadableImage> {
    if bytes.is_empty() {
        return Err(UnreadableImage::Empty);
    }
    decode(Cursor::new(bytes), buffer)
}

fn decode_file(path: &Path, buffer: &mut FrameBuffer) -> Result<(), UnreadableImage> {
    let metadata = path.metadata().map_err(UnreadableImage::Open)?;
    if metadata.is_dir() {
        return Err(UnreadableImage::Directory);
    }
    let file = File::open(path).map_err(UnreadableImage::Open)?;
    if metadata.is_file() && metadata.len() == 0 {
        return Err(UnreadableImage::Empty);
    }
    if !metadata.is_file() {
        // A pipe cannot be read twice, and its format is only known after its first bytes.
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut { file }, &mut bytes).map_err(UnreadableImage::Open)?;
        return decode_image(&bytes, buffer);
    }
    decode(BufReader::new(file), buffer)
}

fn decode(reader: impl BufRead + Seek, buffer: &mut FrameBuffer) -> Result<(), UnreadableImage> {
    let mut reader = ImageReader::new(reader)
        .with_guessed_format()
        .map_err(UnreadableImage::Open)?;
    let Some(format) = reader.format() else {
        return Err(UnreadableImage::NotAnImage);
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    if format == ImageFormat::Jpeg {
        // The decoder would fill what is missing with grey and say nothing.
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut reader.into_inner(), &mut bytes)
            .map_err(UnreadableImage::Open)?;
        if jpeg::length(&bytes).is_none() {
            return Err(UnreadableImage::Truncated);
        }
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        return upright_into(reader.into_decoder().map_err(UnreadableImage::of)?, buffer);
    }
    reader.limits(limits);
    upright_into(reader.into_decoder().map_err(UnreadableImage::of)?, buffer)
}

fn upright_into(
    mut decoder: impl ImageDecoder,
    buffer: &mut FrameBuffer,
) -> Result<(), UnreadableImage> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(UnreadableImage::Damaged("it has no pixels".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(UnreadableImage::TooLarge { width, height });
    }
    let bytes = decoder.total_bytes();
    // The decoder would end the program where memory does not suffice.
    let mut probe: Vec<u8> = Vec::new();
    let wanted = usize::try_from(bytes).unwrap_or(usize::MAX);
    if probe.try_reserve_exact(wanted).is_err() {
        return Err(UnreadableImage::Memory { bytes });
    }
    drop(probe);
    // Broken metadata is no reason not to show the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let direct = match decoder.color_type() {
        ColorType::Rgb8 => Some(PixelFormat::Rgb8),
        ColorType::L8 => Some(PixelFormat::Gray8),
        _ => None,
    };
    if let Some(format) = direct
        && orientation == Orientation::NoTransforms
    {
        let pixels = reshape(buffer, format, width, height)?;
        return decoder.read_image(pixels).map_err(UnreadableImage::of);
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(UnreadableImage::of)?;
    image.apply_orientation(orientation);
    let image = into_rgb(image);
    reshape(buffer, PixelFormat::Rgb8, image.width(), image.height())?
        .copy_from_slice(image.as_raw());
    Ok(())
}

fn reshape(
    buffer: &mut FrameBuffer,
    format: PixelFormat,
    width: u32,
    height: u32,
) -> Result<&mut [u8], UnreadableImage> {
    buffer
        .reshape(format, width, height, 0)
        .map_err(|_| UnreadableImage::TooLarge { width, height })
}

/// Without a second copy where pixels of 8 bits only have to move together.
fn into_rgb(image: DynamicImage) -> RgbImage {
    match image {
        DynamicImage::ImageRgba8(image) => {
            let (width, height) = image.dimensions();
            let mut bytes = image.into_raw();
            let pixels = bytes.len() / 4;
            for pixel in 0..pixels {
                bytes.copy_within(pixel * 4..pixel * 4 + 3, pixel * 3);
            }
            bytes.truncate(pixels * 3);
            RgbImage::from_raw(width, height, bytes).unwrap_or_default()
        }
        image => image.into_rgb8(),
    }
}

/// Why a file gave no image: which file, what is wrong, what to do.
#[derive(Debug)]
pub struct ImageFileError {
    path: PathBuf,
    reason: UnreadableImage,
}

/// Why bytes gave no image: what is wrong, what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum UnreadableImage {
    /// They cannot be read.
    Open(std::io::Error),
    /// The path is a folder's.
    Directory,
    /// There are none.
    Empty,
    /// They are of no known format.
    NotAnImage,
    /// They are of a variety of the format that is not read.
    Unsupported(String),
    /// They end before the image does.
    Truncated,
    /// They contradict each other.
    Damaged(String),
    /// The image is too large.
    TooLarge {
        /// As the file says.
        width: u32,
        /// As the file says.
        height: u32,
    },
    /// Memory does not suffice.
    Memory {
        /// Needed at least.
        bytes: u64,
    },
}

impl UnreadableImage {
    fn of(error: ImageError) -> Self {
        if is_unexpected_end(&error) {
            return Self::Truncated;
        }
        match error {
            ImageError::Unsupported(error) => Self::Unsupported(error.to_string()),
            ImageError::Limits(_) => Self::Memory {
                bytes: MAX_DECODER_BYTES,
            },
            ImageError::IoError(error) => Self::Open(error),
            error => Self::Damaged(error.to_string()),
        }
    }
}

/// Whether an error, or one that it came from, is the end of the file.
fn is_unexpected_end(error: &ImageError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = match error {
        ImageError::IoError(error) => Some(error),
        error => Some(error),
    };
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::UnexpectedEof
        {
            return true;
        }
        cause = error.source();
    }
    false
}

impl fmt::Display for ImageFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot read image {}: {}",
            self.path.display(),
            self.reason
        )
    }
}

impl fmt::Display for UnreadableImage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(formatter, "{error}; check the path and its permissions"),
            Self::Directory => write!(formatter, "it is a folder; give an image file"),
            Self::Empty => write!(formatter, "the file is empty; copy it again"),
            Self::NotAnImage => write!(
                formatter,
                "it is not an image of a known format; give JPEG, PNG, WebP, GIF, TIFF, BMP or PNM"
            ),
            Self::Unsupported(what) => write!(
                formatter,
                "{}; save it as JPEG or PNG with 8 bits a channel",
                one_line(what)
            ),
            Self::Truncated => write!(
                formatter,
                "the file ends before the image does; copy it again"
            ),
            Self::Damaged(what) => write!(
                formatter,
                "the file is damaged ({}); copy it again or save it anew",
                one_line(what)
            ),
            Self::TooLarge { width, height } => write!(
                formatter,
                "{width}x{height} pixels are too many; scale it down to at most {} megapixels",
                MAX_PIXELS / 1_000_000
            ),
            Self::Memory { bytes } => write!(
                formatter,
                "it needs {} MB of memory or more; scale it down, or give this process more memory",
                bytes / 1_000_000
            ),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl ImageFileError {
    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &UnreadableImage {
        &self.reason
    }
}

impl std::error::Error for ImageFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

impl std::error::Error for UnreadableImage {}

#[cfg(test)]
mod tests;
