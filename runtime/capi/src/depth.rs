//! Depth images as C has them.

use std::ffi::c_void;

use fixate::tasks::grasp::DepthImage;

use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_FRAME, Failure, guarded};
use crate::versioned::{Versioned, init};

/// 32-bit floating point, metres.
pub const FIXATE_DEPTH_F32: u32 = 0;
/// 16-bit unsigned numbers of `unit_m`.
pub const FIXATE_DEPTH_U16: u32 = 1;

/// How far each pixel of a frame is along the camera's axis, pixel for pixel with it. Zero, negative and not
/// finite values mean: not measured. Lent for a call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_depth {
    /// `sizeof(fixate_depth)`.
    pub struct_size: u32,
    /// A `FIXATE_DEPTH_` number.
    pub format: u32,
    /// As of the frame's.
    pub width_px: u32,
    /// As of the frame's.
    pub height_px: u32,
    /// The first value of the first row, aligned as its type.
    pub data: *const c_void,
    /// Bytes that are readable from there on; the last row may end where its pixels end.
    pub size_bytes: usize,
    /// From the start of a row to the start of the next, a multiple of a value's size.
    pub stride_bytes: usize,
    /// For `FIXATE_DEPTH_U16`: metres, as 0.001 for millimetres.
    pub unit_m: f32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers and raw pointers.
unsafe impl Versioned for fixate_depth {
    const NAME: &'static str = "fixate_depth";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, reserved) + size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            format: FIXATE_DEPTH_U16,
            width_px: 0,
            height_px: 0,
            data: std::ptr::null(),
            size_bytes: 0,
            stride_bytes: 0,
            unit_m: 0.001,
            reserved: 0,
        }
    }
}

/// Writes initial values: millimetres, no pixels. `struct_size` is `sizeof(fixate_depth)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `depth` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_depth_init(depth: *mut fixate_depth, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(depth, struct_size) })
}

/// The depth image as the library sees it.
///
/// # Safety
/// `data` is NULL or points to its `size_bytes` readable bytes, for as long as the result is used.
pub(crate) unsafe fn view<'a>(depth: &fixate_depth) -> Result<DepthImage<'a>, Failure> {
    let (width_px, height_px) = (depth.width_px as usize, depth.height_px as usize);
    let image = match depth.format {
        FIXATE_DEPTH_F32 => {
            // SAFETY: the caller's promise is the same.
            let (values, stride) = unsafe { values::<f32>(depth)? };
            DepthImage::metres(values, width_px, height_px, stride)
        }
        FIXATE_DEPTH_U16 => {
            // SAFETY: the caller's promise is the same.
            let (values, stride) = unsafe { values::<u16>(depth)? };
            DepthImage::units(values, width_px, height_px, stride, depth.unit_m)
        }
        other => {
            return Err(Failure::new(
                FIXATE_ERROR_ARGUMENT,
                format_args!("fixate_depth.format is {other}, none of FIXATE_DEPTH_*"),
            ));
        }
    };
    image.map_err(Failure::of(FIXATE_ERROR_FRAME))
}

/// The values, and how many there are from row to row. `T` may have any bits.
///
/// # Safety
/// As [`view`].
unsafe fn values<'a, T: Copy>(depth: &fixate_depth) -> Result<(&'a [T], usize), Failure> {
    let wrong = |text: String| Err(Failure::new(FIXATE_ERROR_FRAME, text));
    let data = depth.data.cast::<T>();
    if data.is_null() {
        return Err(Failure::null("fixate_depth.data"));
    }
    if !data.is_aligned() {
        return wrong(format!(
            "fixate_depth.data is at {:#x}, which is no multiple of a value's {} bytes",
            data.addr(),
            align_of::<T>()
        ));
    }
    if !depth.stride_bytes.is_multiple_of(size_of::<T>()) {
        return wrong(format!(
            "fixate_depth.stride_bytes is {}, which is no multiple of a value's {} bytes",
            depth.stride_bytes,
            size_of::<T>()
        ));
    }
    if depth.size_bytes > isize::MAX as usize {
        return wrong(format!(
            "fixate_depth.size_bytes is {}, more than any memory",
            depth.size_bytes
        ));
    }
    let count = depth.size_bytes / size_of::<T>();
    // SAFETY: not NULL, aligned, and the caller promises so many readable bytes.
    let values = unsafe { std::slice::from_raw_parts(data, count) };
    Ok((values, depth.stride_bytes / size_of::<T>()))
}
