//! Masks into the caller's buffers.

use std::ffi::c_char;

use fixate::mask::{Bitmap, Rle};

use crate::status::{
    FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_BUFFER, FIXATE_ERROR_INTERNAL, Failure, guarded,
};
use crate::versioned::{Versioned, init};

/// One of the masks for a prompt.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_candidate {
    /// `sizeof(fixate_candidate)`.
    pub struct_size: u32,
    /// Which of the model's masks it is; 0 is the single mask.
    pub index: u32,
    /// The estimated intersection over union of the mask with the truth: the model's own, or what a closer look has made of it.
    pub predicted_iou: f32,
    /// How little the mask depends on its threshold, 0 to 1.
    pub stability: f32,
    /// Pixels of the mask.
    pub area_px: u64,
    /// The box around it: left, top, width and height in pixels; all 0 if the mask is empty.
    pub box_px: [u32; 4],
    /// Columns and rows of its logits.
    pub logits_size: [u32; 2],
    /// In a session: intersection over union with the last answer's mask, moved to this frame; -1 if there was none.
    pub agreement: f32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_candidate {
    const NAME: &'static str = "fixate_candidate";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, logits_size) + 2 * size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            index: 0,
            predicted_iou: 0.0,
            stability: 0.0,
            area_px: 0,
            box_px: [0; 4],
            logits_size: [0; 2],
            agreement: -1.0,
            reserved: 0,
        }
    }
}

/// Writes initial values. `struct_size` is `sizeof(fixate_candidate)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `candidate` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_candidate_init(
    candidate: *mut fixate_candidate,
    struct_size: u32,
) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(candidate, struct_size) })
}

/// Writes a mask, 0 or 255 for each pixel, row after row `stride_bytes` apart.
///
/// # Safety
/// `to` is NULL or has room for `size_bytes`.
pub(crate) unsafe fn write_bitmap(
    bitmap: &Bitmap,
    to: *mut u8,
    stride_bytes: usize,
    size_bytes: usize,
) -> Result<(), Failure> {
    let (width, height) = (bitmap.width(), bitmap.height());
    if to.is_null() {
        return Err(Failure::null("bitmap"));
    }
    if stride_bytes < width {
        return Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("stride_bytes is {stride_bytes}, less than the {width} pixels of a row"),
        ));
    }
    let rows = stride_bytes.checked_mul(height.saturating_sub(1));
    let needed = rows.and_then(|bytes| bytes.checked_add(width));
    let Some(needed) = needed.filter(|needed| *needed <= size_bytes) else {
        return Err(Failure::new(
            FIXATE_ERROR_BUFFER,
            format_args!(
                "the bitmap's buffer has {size_bytes} bytes; {height} rows of {width} with a stride of {stride_bytes} need {}",
                needed.map_or("more than there are".to_owned(), |bytes| bytes.to_string())
            ),
        ));
    };
    debug_assert!(needed <= size_bytes);
    for y in 0..height {
        let row = bitmap.row(y);
        for (x, inside) in row.iter().enumerate() {
            // SAFETY: y * stride + x is less than `needed`, which the buffer has.
            unsafe {
                to.add(y * stride_bytes + x)
                    .write(if *inside == 0 { 0 } else { 255 });
            }
        }
    }
    Ok(())
}

/// Writes a mask as the compressed run lengths of COCO, with a NUL at the end; `length` gets the bytes
/// of the text without it, whether or not it fits.
///
/// # Safety
/// `to` is NULL or has room for `capacity` bytes; `length` is NULL or points to a `size_t`.
pub(crate) unsafe fn write_rle(
    bitmap: &Bitmap,
    to: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Result<(), Failure> {
    let rle = Rle::from_bitmap(bitmap).map_err(Failure::of(FIXATE_ERROR_INTERNAL))?;
    let text = rle.to_compressed();
    if !length.is_null() {
        // SAFETY: the caller promises a `size_t` there.
        unsafe { length.write(text.len()) };
    }
    if capacity <= text.len() {
        return Err(too_small("text", capacity, text.len() + 1));
    }
    if to.is_null() {
        return Err(Failure::null("text"));
    }
    // SAFETY: the text and its NUL fit in the capacity.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), to.cast::<u8>(), text.len());
        to.add(text.len()).write(0);
    }
    Ok(())
}

/// Copies numbers out.
///
/// # Safety
/// `to` is NULL or has room for `capacity` numbers.
pub(crate) unsafe fn write_logits(
    values: &[f32],
    to: *mut f32,
    capacity: usize,
) -> Result<(), Failure> {
    if capacity < values.len() {
        return Err(too_small("logits", capacity, values.len()));
    }
    if to.is_null() {
        return Err(Failure::null("logits"));
    }
    // SAFETY: as many as the capacity has.
    unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len()) };
    Ok(())
}

fn too_small(name: &str, capacity: usize, needed: usize) -> Failure {
    Failure::new(
        FIXATE_ERROR_BUFFER,
        format_args!("{name} has a capacity of {capacity}, {needed} are needed"),
    )
}
