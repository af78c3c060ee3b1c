//! Prompts as C has them.

use fixate::mask::MaskLogits;
use fixate::prompt::{MultimaskOutput, PointLabel, Prompt, PromptBox, PromptPoint};

use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_PROMPT, Failure, guarded};
use crate::versioned::{Versioned, init};

/// The point does not belong to the thing.
pub const FIXATE_POINT_BACKGROUND: u32 = 0;
/// The point belongs to the thing.
pub const FIXATE_POINT_FOREGROUND: u32 = 1;

/// Three masks for one point and nothing else, which is ambiguous; one otherwise.
pub const FIXATE_MULTIMASK_AUTO: u32 = 0;
/// Three masks: whole, part, subpart.
pub const FIXATE_MULTIMASK_ALWAYS: u32 = 1;
/// One mask.
pub const FIXATE_MULTIMASK_NEVER: u32 = 2;

/// Points of a prompt, at most.
pub const FIXATE_MAX_POINTS: usize = 4096;

/// Pixels of a mask prompt's side, at most.
const MAX_MASK_SIDE: u32 = 4096;

/// A labelled point in pixels of the frame: x to the right, y down, (0, 0) the first pixel.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_point {
    /// 0 <= x < width.
    pub x_px: f32,
    /// 0 <= y < height.
    pub y_px: f32,
    /// `FIXATE_POINT_FOREGROUND` or `FIXATE_POINT_BACKGROUND`.
    pub label: u32,
}

/// A box in pixels: (x0, y0) at the top left, (x1, y1) at the bottom right.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_box {
    /// Left.
    pub x0_px: f32,
    /// Top.
    pub y0_px: f32,
    /// Right.
    pub x1_px: f32,
    /// Bottom.
    pub y1_px: f32,
}

/// Points, a box, low-resolution logits of an earlier answer, or any mix; at least one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_prompt {
    /// `sizeof(fixate_prompt)`.
    pub struct_size: u32,
    /// Not 0: `box` counts.
    pub has_box: u32,
    /// A box around the thing.
    pub r#box: fixate_box,
    /// `point_count` points; may be NULL if there are none.
    pub points: *const fixate_point,
    /// At most `FIXATE_MAX_POINTS`.
    pub point_count: usize,
    /// Logits `[mask_height, mask_width]`, row by row; NULL for none.
    pub mask: *const f32,
    /// Columns of the logits, as the model gives them.
    pub mask_width: u32,
    /// Rows of the logits.
    pub mask_height: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers and raw pointers.
unsafe impl Versioned for fixate_prompt {
    const NAME: &'static str = "fixate_prompt";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, mask_height) + size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            has_box: 0,
            r#box: fixate_box {
                x0_px: 0.0,
                y0_px: 0.0,
                x1_px: 0.0,
                y1_px: 0.0,
            },
            points: std::ptr::null(),
            point_count: 0,
            mask: std::ptr::null(),
            mask_width: 0,
            mask_height: 0,
        }
    }
}

/// Writes initial values: no points, no box, no mask. `struct_size` is `sizeof(fixate_prompt)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `prompt` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_prompt_init(prompt: *mut fixate_prompt, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(prompt, struct_size) })
}

/// The prompt as the library has it, copied.
///
/// # Safety
/// `points` and `mask` are NULL or point to as many elements as the prompt says.
pub(crate) unsafe fn copy(prompt: &fixate_prompt) -> Result<Prompt, Failure> {
    if prompt.point_count > FIXATE_MAX_POINTS {
        return Err(Failure::new(
            FIXATE_ERROR_PROMPT,
            format_args!(
                "fixate_prompt.point_count is {}, at most {FIXATE_MAX_POINTS} are taken",
                prompt.point_count
            ),
        ));
    }
    let points = match (prompt.points.is_null(), prompt.point_count) {
        (_, 0) => &[],
        (true, _) => return Err(Failure::null("fixate_prompt.points")),
        // SAFETY: not NULL, and the caller promises so many points.
        (false, count) => unsafe { std::slice::from_raw_parts(prompt.points, count) },
    };
    let points = points.iter().map(|point| {
        let label = match point.label {
            FIXATE_POINT_BACKGROUND => PointLabel::Background,
            FIXATE_POINT_FOREGROUND => PointLabel::Foreground,
            other => {
                return Err(Failure::new(
                    FIXATE_ERROR_ARGUMENT,
                    format_args!("fixate_point.label is {other}, none of FIXATE_POINT_*"),
                ));
            }
        };
        Ok(PromptPoint {
            x_px: point.x_px,
            y_px: point.y_px,
            label,
        })
    });
    let bounds = (prompt.has_box != 0).then_some(PromptBox {
        x0_px: prompt.r#box.x0_px,
        y0_px: prompt.r#box.y0_px,
        x1_px: prompt.r#box.x1_px,
        y1_px: prompt.r#box.y1_px,
    });
    Ok(Prompt {
        points: points.collect::<Result<_, _>>()?,
        bounds,
        // SAFETY: the caller's promise about the mask.
        mask: unsafe { mask(prompt)? },
    })
}

/// # Safety
/// `mask` is NULL or points to as many numbers as the prompt says.
unsafe fn mask(prompt: &fixate_prompt) -> Result<Option<MaskLogits>, Failure> {
    if prompt.mask.is_null() {
        return Ok(None);
    }
    let (width, height) = (prompt.mask_width, prompt.mask_height);
    if width > MAX_MASK_SIDE || height > MAX_MASK_SIDE {
        return Err(Failure::new(
            FIXATE_ERROR_PROMPT,
            format_args!(
                "fixate_prompt has a mask of {width}x{height} logits; a model's are at most {MAX_MASK_SIDE} wide and high"
            ),
        ));
    }
    let (width, height) = (width as usize, height as usize);
    // SAFETY: not NULL, and the caller promises width times height numbers, which do not overflow.
    let values = unsafe { std::slice::from_raw_parts(prompt.mask, width * height) };
    Ok(Some(MaskLogits {
        width,
        height,
        values: values.to_vec(),
    }))
}

/// A `FIXATE_MULTIMASK_` number.
pub(crate) fn multimask(number: u32) -> Result<MultimaskOutput, Failure> {
    match number {
        FIXATE_MULTIMASK_AUTO => Ok(MultimaskOutput::Auto),
        FIXATE_MULTIMASK_ALWAYS => Ok(MultimaskOutput::Always),
        FIXATE_MULTIMASK_NEVER => Ok(MultimaskOutput::Never),
        other => Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("multimask is {other}, none of FIXATE_MULTIMASK_*"),
        )),
    }
}
