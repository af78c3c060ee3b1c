//! Where frames come in: any format, size, strides and lengths; what is accepted is read in every way there is.

use std::cell::RefCell;

use arbitrary::{Arbitrary, Unstructured};
use fixate::frame::{Frame, PixelFormat, Plane, YuvMatrix, YuvRange};
use fixate::motion::MotionEstimator;
use fixate::preprocess::{InputSpec, Preprocessor, ResizeRule};
use fixate::source::FrameBuffer;

const FORMATS: [PixelFormat; 7] = [
    PixelFormat::Rgb8,
    PixelFormat::Bgr8,
    PixelFormat::Rgba8,
    PixelFormat::Bgra8,
    PixelFormat::Gray8,
    PixelFormat::Nv12,
    PixelFormat::Yuyv,
];
/// The longest plane.
const MOST_BYTES: usize = 1 << 16;

#[derive(Arbitrary, Debug)]
struct Picture {
    format: u8,
    size_px: Side,
    other_size_px: Side,
    planes: Vec<(Side, Stride)>,
    capture_us: i64,
    bt709: bool,
    full: bool,
    fill: u8,
}

/// Mostly sizes that there are.
#[derive(Arbitrary, Debug)]
enum Side {
    Small(u8),
    Medium(u16),
    Any(u32),
}

#[derive(Arbitrary, Debug)]
enum Stride {
    /// So many bytes more than a row has.
    Padded(u8),
    Any(usize),
}

impl Side {
    fn px(&self) -> u32 {
        match *self {
            Self::Small(px) => px.into(),
            Self::Medium(px) => px.into(),
            Self::Any(px) => px,
        }
    }
}

thread_local! {
    static ESTIMATOR: RefCell<MotionEstimator> = RefCell::new(MotionEstimator::new(1));
}

/// Takes these bytes for frames.
///
/// # Panics
/// When a frame that was accepted cannot be read alike in every way.
pub fn frame(data: &[u8]) {
    let Ok(pictures) = Vec::<Picture>::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let mut buffer = FrameBuffer::new();
    for picture in pictures.iter().take(3) {
        look_at(picture, &mut buffer);
    }
}

fn look_at(picture: &Picture, buffer: &mut FrameBuffer) {
    let format = FORMATS[picture.format as usize % FORMATS.len()];
    let (width_px, height_px) = (picture.size_px.px(), picture.other_size_px.px());
    let bytes: Vec<u8> = (0..MOST_BYTES)
        .map(|at| (at as u8).wrapping_mul(picture.fill))
        .collect();
    let row = format.contiguous_bytes(width_px, 2).unwrap_or(2) / 2;
    let planes: Vec<Plane<'_>> = picture
        .planes
        .iter()
        .map(|(length, stride)| Plane {
            bytes: &bytes[..(length.px() as usize).min(MOST_BYTES)],
            stride_bytes: match *stride {
                Stride::Padded(more) => row.saturating_add(more.into()),
                Stride::Any(bytes) => bytes,
            },
        })
        .collect();
    let contiguous = Frame::contiguous(format, width_px, height_px, &bytes, picture.capture_us);
    for frame in [
        Frame::new(format, width_px, height_px, &planes, picture.capture_us),
        contiguous,
    ] {
        let Ok(frame) = frame else { continue };
        let matrix = if picture.bt709 {
            YuvMatrix::Bt709
        } else {
            YuvMatrix::Bt601
        };
        let range = if picture.full {
            YuvRange::Full
        } else {
            YuvRange::Limited
        };
        let frame = frame.with_yuv(matrix, range);
        let rgb = frame.to_rgb8();
        assert_eq!(rgb.len(), width_px as usize * height_px as usize * 3);
        buffer.copy_from(&frame).expect("it is a frame");
        assert_eq!(buffer.frame().expect("it was copied").to_rgb8(), rgb);
        for resize in [ResizeRule::LongestSide, ResizeRule::Stretch] {
            let spec = InputSpec {
                size_px: 32,
                resize,
                mean: [100.0; 3],
                std: [50.0; 3],
            };
            let mut preprocessor = Preprocessor::new(spec).expect("a sound size");
            let mut input = vec![0.0; spec.len()];
            if preprocessor.preprocess_into(&frame, &mut input).is_ok() {
                assert!(input.iter().all(|value| value.is_finite()));
            }
        }
        ESTIMATOR.with_borrow_mut(|estimator| {
            let _ = estimator.push(&frame, None);
        });
    }
}
