//! The lines of a YUV4MPEG2 stream. Errors say what is wrong, with the value, and the remedy.

use crate::source::FrameRate;

/// Longer lines are refused.
pub(super) const LONGEST_LINE_BYTES: usize = 4096;
/// The largest picture that is read, 20000 x 20000 pixels.
const MOST_PIXELS: u64 = 400_000_000;

/// Which samples a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chroma {
    /// One U and V for 2 x 2 pixels.
    C420,
    /// One U and V for two pixels of a row.
    C422,
    /// One U and V for each pixel.
    C444,
    /// Luma alone.
    Mono,
}

impl Chroma {
    /// Columns and rows of a plane of U or V.
    pub(super) fn plane_size(self, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::C420 => (width.div_ceil(2), height.div_ceil(2)),
            Self::C422 => (width.div_ceil(2), height),
            Self::C444 => (width, height),
            Self::Mono => (0, 0),
        }
    }
}

/// What all frames of a stream have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) chroma: Chroma,
    /// Whether samples use 0..=255; nothing if the header does not say.
    pub(super) full_range: Option<bool>,
    pub(super) rate: Option<FrameRate>,
    /// All planes of a frame.
    pub(super) frame_bytes: usize,
}

pub(super) fn parse_header(line: &[u8]) -> Result<Header, String> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    let mut fields = text.split(' ');
    if fields.next() != Some("YUV4MPEG2") {
        return Err(
            "no YUV4MPEG2 header; give a .y4m file, as `ffmpeg -f yuv4mpegpipe` writes".to_owned(),
        );
    }
    let (mut width, mut height, mut chroma, mut rate) = (None, None, None, None);
    let mut full_range = None;
    for field in fields.filter(|field| !field.is_empty()) {
        let value = field.get(1..).unwrap_or_default();
        let twice = match field.as_bytes()[0] {
            b'W' => width.replace(parse_side("width", value)?).is_some(),
            b'H' => height.replace(parse_side("height", value)?).is_some(),
            b'C' => chroma.replace(parse_chroma(value)?).is_some(),
            b'F' => rate.replace(parse_rate(value)?).is_some(),
            b'X' => match value {
                "COLORRANGE=FULL" => full_range.replace(true).is_some(),
                "COLORRANGE=LIMITED" => full_range.replace(false).is_some(),
                // Anybody's own remark.
                _ => false,
            },
            // Interlacing and the pixels' aspect do not change the samples.
            b'I' | b'A' => false,
            _ => {
                return Err(format!(
                    "the header has an unknown field {field:?}; give W, H, F, I, A, C and X alone"
                ));
            }
        };
        if twice {
            return Err(format!(
                "the header says {field:?} and something else before"
            ));
        }
    }
    let (Some(width_px), Some(height_px)) = (width, height) else {
        return Err("the header has no size; give W and H".to_owned());
    };
    if u64::from(width_px) * u64::from(height_px) > MOST_PIXELS {
        return Err(format!(
            "frames of {width_px}x{height_px} pixels are too large; scale them down to at most {} megapixels",
            MOST_PIXELS / 1_000_000
        ));
    }
    let chroma = chroma.unwrap_or(Chroma::C420);
    let (columns, rows) = chroma.plane_size(width_px as usize, height_px as usize);
    Ok(Header {
        width_px,
        height_px,
        chroma,
        full_range,
        rate: rate.flatten(),
        // At most three times the bound on pixels.
        frame_bytes: width_px as usize * height_px as usize + 2 * columns * rows,
    })
}

/// The line before a frame's samples; its parameters do not change them.
pub(super) fn parse_frame_line(line: &[u8]) -> Result<(), String> {
    if line == b"FRAME" || line.starts_with(b"FRAME ") {
        return Ok(());
    }
    Err(
        "no frame begins where the one before ends; its size in the header is wrong, or bytes are missing: copy it again"
            .to_owned(),
    )
}

fn parse_side(name: &str, value: &str) -> Result<u32, String> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let side = value.parse().ok().filter(|&side| digits && side > 0);
    side.ok_or_else(|| format!("the header's {name} is {value:?}; give a whole number from 1"))
}

fn parse_chroma(value: &str) -> Result<Chroma, String> {
    match value {
        // They differ by where chroma is sampled, a quarter of a pixel.
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Ok(Chroma::C420),
        "422" => Ok(Chroma::C422),
        "444" => Ok(Chroma::C444),
        "mono" => Ok(Chroma::Mono),
        _ => Err(format!(
            "samples of kind {value:?} are not read; convert to 4:2:0, 4:2:2, 4:4:4 or grey of 8 bits, as with `ffmpeg -pix_fmt yuv420p`"
        )),
    }
}

/// None where the header says that it is not known.
fn parse_rate(value: &str) -> Result<Option<FrameRate>, String> {
    let wrong = || format!("the header's frame rate is {value:?}; give frames:seconds, as F30:1");
    let (frames, seconds) = value.split_once(':').ok_or_else(wrong)?;
    let (frames, seconds): (u32, u32) = (
        frames.parse().map_err(|_| wrong())?,
        seconds.parse().map_err(|_| wrong())?,
    );
    if (frames, seconds) == (0, 0) {
        return Ok(None);
    }
    FrameRate::new(frames, seconds).map(Some).ok_or_else(wrong)
}
