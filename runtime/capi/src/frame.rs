//! Frames as C has them.

use std::ffi::c_void;

use fixate::frame::{Frame, PixelFormat, Plane, YuvMatrix, YuvRange};

use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_FRAME, Failure, guarded};
use crate::versioned::{Versioned, init};

/// Red, green, blue; 3 bytes a pixel.
pub const FIXATE_FORMAT_RGB8: u32 = 0;
/// Blue, green, red; 3 bytes a pixel.
pub const FIXATE_FORMAT_BGR8: u32 = 1;
/// Red, green, blue, alpha; 4 bytes a pixel; alpha is ignored.
pub const FIXATE_FORMAT_RGBA8: u32 = 2;
/// Blue, green, red, alpha; 4 bytes a pixel; alpha is ignored.
pub const FIXATE_FORMAT_BGRA8: u32 = 3;
/// One byte of grey a pixel.
pub const FIXATE_FORMAT_GRAY8: u32 = 4;
/// Two planes: luma, then interleaved U, V at half the width and height. Both sides are even.
pub const FIXATE_FORMAT_NV12: u32 = 5;
/// Y0 U Y1 V in one plane, 4 bytes for two pixels. The width is even.
pub const FIXATE_FORMAT_YUYV: u32 = 6;

/// Luma coefficients of ITU-R BT.601, what most cameras give.
pub const FIXATE_YUV_BT601: u32 = 0;
/// Luma coefficients of ITU-R BT.709, high-definition video.
pub const FIXATE_YUV_BT709: u32 = 1;

/// Luma 16..235, chroma 16..240.
pub const FIXATE_YUV_LIMITED: u32 = 0;
/// 0..255, as in JPEG.
pub const FIXATE_YUV_FULL: u32 = 1;

/// One plane of a frame: rows of bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_plane {
    /// The first byte of the first row.
    pub data: *const u8,
    /// Bytes that are readable from there on; the last row may end where its pixels end.
    pub size_bytes: usize,
    /// From the start of a row to the start of the next.
    pub stride_bytes: usize,
}

/// Called once when a lent frame is not read any more, on any thread.
pub type fixate_release = Option<unsafe extern "C" fn(context: *mut c_void)>;

/// An image that the caller lends for a call, or until its release is called.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_frame {
    /// `sizeof(fixate_frame)`.
    pub struct_size: u32,
    /// A `FIXATE_FORMAT_` number.
    pub format: u32,
    /// Pixels of a row, at least 1.
    pub width_px: u32,
    /// Rows, at least 1.
    pub height_px: u32,
    /// A `FIXATE_YUV_BT` number, for YUV formats.
    pub yuv_matrix: u32,
    /// `FIXATE_YUV_LIMITED` or `FIXATE_YUV_FULL`, for YUV formats.
    pub yuv_range: u32,
    /// When the pixels were captured: microseconds of a monotonic clock, the same for all inputs.
    pub capture_time_us: i64,
    /// As many as the format has; the second is for NV12 alone.
    pub planes: [fixate_plane; 2],
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers and raw pointers.
unsafe impl Versioned for fixate_frame {
    const NAME: &'static str = "fixate_frame";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, planes) + 2 * size_of::<fixate_plane>();

    fn initial() -> Self {
        let plane = fixate_plane {
            data: std::ptr::null(),
            size_bytes: 0,
            stride_bytes: 0,
        };
        Self {
            struct_size: size_of::<Self>() as u32,
            format: FIXATE_FORMAT_RGB8,
            width_px: 0,
            height_px: 0,
            yuv_matrix: FIXATE_YUV_BT601,
            yuv_range: FIXATE_YUV_LIMITED,
            capture_time_us: 0,
            planes: [plane; 2],
        }
    }
}

/// Writes initial values: an RGB frame without pixels. `struct_size` is `sizeof(fixate_frame)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `frame` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_frame_init(frame: *mut fixate_frame, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(frame, struct_size) })
}

/// The frame as the library sees it.
///
/// # Safety
/// Every plane that the format has is NULL or points to its `size_bytes` readable bytes, for as long
/// as the result is used.
pub(crate) unsafe fn view<'a>(frame: &fixate_frame) -> Result<Frame<'a>, Failure> {
    let format = match frame.format {
        FIXATE_FORMAT_RGB8 => PixelFormat::Rgb8,
        FIXATE_FORMAT_BGR8 => PixelFormat::Bgr8,
        FIXATE_FORMAT_RGBA8 => PixelFormat::Rgba8,
        FIXATE_FORMAT_BGRA8 => PixelFormat::Bgra8,
        FIXATE_FORMAT_GRAY8 => PixelFormat::Gray8,
        FIXATE_FORMAT_NV12 => PixelFormat::Nv12,
        FIXATE_FORMAT_YUYV => PixelFormat::Yuyv,
        other => return Err(unknown("format", other, "FIXATE_FORMAT_")),
    };
    let matrix = match frame.yuv_matrix {
        FIXATE_YUV_BT601 => YuvMatrix::Bt601,
        FIXATE_YUV_BT709 => YuvMatrix::Bt709,
        other => return Err(unknown("yuv_matrix", other, "FIXATE_YUV_BT")),
    };
    let range = match frame.yuv_range {
        FIXATE_YUV_LIMITED => YuvRange::Limited,
        FIXATE_YUV_FULL => YuvRange::Full,
        other => return Err(unknown("yuv_range", other, "FIXATE_YUV_")),
    };
    let mut planes = [Plane {
        bytes: &[],
        stride_bytes: 0,
    }; 2];
    let planes = &mut planes[..format.planes()];
    for (index, (plane, from)) in planes.iter_mut().zip(&frame.planes).enumerate() {
        if from.data.is_null() {
            return Err(Failure::null(&format!("fixate_frame.planes[{index}].data")));
        }
        if from.size_bytes > isize::MAX as usize {
            return Err(Failure::new(
                FIXATE_ERROR_FRAME,
                format_args!(
                    "fixate_frame.planes[{index}].size_bytes is {}, more than any memory",
                    from.size_bytes
                ),
            ));
        }
        *plane = Plane {
            // SAFETY: not NULL, and the caller promises so many readable bytes.
            bytes: unsafe { std::slice::from_raw_parts(from.data, from.size_bytes) },
            stride_bytes: from.stride_bytes,
        };
    }
    Frame::new(
        format,
        frame.width_px,
        frame.height_px,
        planes,
        frame.capture_time_us,
    )
    .map(|view| view.with_yuv(matrix, range))
    .map_err(Failure::of(FIXATE_ERROR_FRAME))
}

fn unknown(field: &str, found: u32, family: &str) -> Failure {
    Failure::new(
        FIXATE_ERROR_ARGUMENT,
        format_args!("fixate_frame.{field} is {found}, none of {family}*"),
    )
}
