//! Image files as a camera would have given them: 8 bits of red, green and blue a pixel, upright.

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};

mod jpeg;

/// The largest image that is read, 20000 x 20000 pixels.
const MAX_PIXELS: u64 = 400_000_000;

/// The largest image at 16 bits of red, green, blue and alpha, and half of it again for what a
/// decoder keeps.
const MAX_DECODER_BYTES: u64 = MAX_PIXELS * 8 * 3 / 2;

/// Reads an image file, whatever its name ends in: JPEG, PNG, WebP, GIF, TIFF, BMP or PNM.
///
/// The Exif orientation is applied; 16 bits a channel become 8; grey is replicated; CMYK is
/// converted. Alpha is dropped and the colour beneath it kept, as in a camera's frame. Of an
/// animation the first frame is taken.
pub(crate) fn load_image(path: &Path) -> Result<RgbImage, ImageFileError> {
    let in_file = |reason| ImageFileError {
        path: path.to_owned(),
        reason,
    };
    let image = decode_file(path).map_err(in_file)?;
    Ok(into_rgb(image))
}

fn decode_file(path: &Path) -> Result<DynamicImage, Reason> {
    let metadata = path.metadata().map_err(Reason::Open)?;
    if metadata.is_dir() {
        return Err(Reason::Directory);
    }
    let file = File::open(path).map_err(Reason::Open)?;
    if metadata.is_file() && metadata.len() == 0 {
        return Err(Reason::Empty);
    }
    if !metadata.is_file() {
        // A pipe cannot be read twice, and its format is only known after its first bytes.
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut { file }, &mut bytes).map_err(Reason::Open)?;
        return decode(Cursor::new(bytes));
    }
    decode(BufReader::new(file))
}

fn decode<R: BufRead + Seek>(reader: R) -> Result<DynamicImage, Reason> {
    let mut reader = ImageReader::new(reader)
        .with_guessed_format()
        .map_err(Reason::Open)?;
    let Some(format) = reader.format() else {
        return Err(Reason::NotAnImage);
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    if format == ImageFormat::Jpeg {
        // The decoder would fill what is missing with grey and say nothing.
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut reader.into_inner(), &mut bytes).map_err(Reason::Open)?;
        if !jpeg::is_complete(&bytes) {
            return Err(Reason::Truncated);
        }
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        return upright(reader.into_decoder().map_err(Reason::of)?);
    }
    reader.limits(limits);
    upright(reader.into_decoder().map_err(Reason::of)?)
}

fn upright(mut decoder: impl ImageDecoder) -> Result<DynamicImage, Reason> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Reason::Damaged("it has no pixels".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Reason::TooLarge { width, height });
    }
    let bytes = decoder.total_bytes();
    // The decoder would end the program where memory does not suffice.
    let mut probe: Vec<u8> = Vec::new();
    let wanted = usize::try_from(bytes).unwrap_or(usize::MAX);
    if probe.try_reserve_exact(wanted).is_err() {
        return Err(Reason::Memory { bytes });
    }
    drop(probe);
    // Broken metadata is no reason not to show the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(Reason::of)?;
    image.apply_orientation(orientation);
    Ok(image)
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
pub(crate) struct ImageFileError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Open(std::io::Error),
    Directory,
    Empty,
    NotAnImage,
    Unsupported(String),
    Truncated,
    Damaged(String),
    TooLarge { width: u32, height: u32 },
    Memory { bytes: u64 },
}

impl Reason {
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
        write!(formatter, "cannot read image {}: ", self.path.display())?;
        match &self.reason {
            Reason::Open(error) => write!(formatter, "{error}; check the path and its permissions"),
            Reason::Directory => write!(formatter, "it is a folder; give an image file"),
            Reason::Empty => write!(formatter, "the file is empty; copy it again"),
            Reason::NotAnImage => write!(
                formatter,
                "it is not an image of a known format; give JPEG, PNG, WebP, GIF, TIFF, BMP or PNM"
            ),
            Reason::Unsupported(what) => write!(
                formatter,
                "{}; save it as JPEG or PNG with 8 bits a channel",
                one_line(what)
            ),
            Reason::Truncated => write!(
                formatter,
                "the file ends before the image does; copy it again"
            ),
            Reason::Damaged(what) => write!(
                formatter,
                "the file is damaged ({}); copy it again or save it anew",
                one_line(what)
            ),
            Reason::TooLarge { width, height } => write!(
                formatter,
                "{width}x{height} pixels are too many; scale it down to at most {} megapixels",
                MAX_PIXELS / 1_000_000
            ),
            Reason::Memory { bytes } => write!(
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

impl std::error::Error for ImageFileError {}

#[cfg(test)]
mod tests;
