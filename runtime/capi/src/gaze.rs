//! Gaze as C has it.

use fixate::engine::gaze::GazeSample;
use fixate::motion::Intrinsics;

use crate::status::{FIXATE_ERROR_ARGUMENT, Failure, guarded};
use crate::versioned::{Versioned, init};

/// `x` and `y` are pixels of the frame.
pub const FIXATE_GAZE_PIXEL: u32 = 0;
/// `x`, `y`, `z` are a direction in the camera's coordinates: x right, y down, z forward, of any length.
/// The session's options must have the camera's intrinsics.
pub const FIXATE_GAZE_DIRECTION: u32 = 1;

/// One sample of an eye tracker.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_gaze {
    /// `sizeof(fixate_gaze)`.
    pub struct_size: u32,
    /// `FIXATE_GAZE_PIXEL` or `FIXATE_GAZE_DIRECTION`.
    pub kind: u32,
    /// When the eyes were seen, microseconds of `fixate_now_us`.
    pub time_us: i64,
    /// See `kind`.
    pub x: f64,
    /// See `kind`.
    pub y: f64,
    /// See `kind`.
    pub z: f64,
    /// How sure the tracker is, 0 to 1; negative if it does not say.
    pub confidence: f32,
    /// 0 in a blink, or while the tracker is not worn: the position means nothing then.
    pub valid: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_gaze {
    const NAME: &'static str = "fixate_gaze";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, valid) + size_of::<u32>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            kind: FIXATE_GAZE_PIXEL,
            time_us: 0,
            x: 0.0,
            y: 0.0,
            z: 0.0,
            confidence: -1.0,
            valid: 1,
        }
    }
}

/// Writes initial values: a valid sample. `struct_size` is `sizeof(fixate_gaze)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `gaze` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_gaze_init(gaze: *mut fixate_gaze, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(gaze, struct_size) })
}

/// The sample as the library has it.
pub(crate) fn gaze_sample(
    from: &fixate_gaze,
    intrinsics: Option<&Intrinsics>,
) -> Result<GazeSample, Failure> {
    let wrong = |text: String| Err(Failure::new(FIXATE_ERROR_ARGUMENT, text));
    if from.valid == 0 {
        return Ok(GazeSample::missing(from.time_us));
    }
    let mut sample = match (from.kind, intrinsics) {
        (FIXATE_GAZE_PIXEL, _) => GazeSample::at(from.time_us, from.x, from.y),
        (FIXATE_GAZE_DIRECTION, None) => {
            return wrong(
                "a gaze direction needs the camera's intrinsics in fixate_session_options"
                    .to_owned(),
            );
        }
        (FIXATE_GAZE_DIRECTION, Some(intrinsics)) => {
            let direction = [from.x, from.y, from.z];
            match GazeSample::towards(from.time_us, direction, intrinsics) {
                Some(sample) => sample,
                None => {
                    return wrong(format!(
                        "the gaze direction {direction:?} does not point forward; z is forward"
                    ));
                }
            }
        }
        (other, _) => {
            return wrong(format!(
                "fixate_gaze.kind is {other}, none of FIXATE_GAZE_*"
            ));
        }
    };
    // NaN is passed on, to be refused with a text.
    sample.confidence =
        (from.confidence >= 0.0 || from.confidence.is_nan()).then_some(from.confidence);
    Ok(sample)
}
