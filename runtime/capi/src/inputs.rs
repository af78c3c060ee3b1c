//! What a session takes in beside frames: gaze, and options.

use fixate::engine::gaze::GazeSample;
use fixate::motion::Intrinsics;
use fixate::session::SessionOptions;

use crate::segmenter::FIXATE_PRECISION_ANY;
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

/// How a session runs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_session_options {
    /// `sizeof(fixate_session_options)`.
    pub struct_size: u32,
    /// Threads of the encoder, 1 to 256; answers come from one more.
    pub encoder_threads: u32,
    /// A `FIXATE_PRECISION_` number: which of the bundle's encoders.
    pub precision: u32,
    /// Not 0: half the memory for a keyframe's products, at a cost of some thousandths in the logits.
    pub half_cache: u32,
    /// From a prompt's arrival to its answer, microseconds, unless it says otherwise.
    pub budget_us: i64,
    /// Prompts made of one fixation are at least so far apart, microseconds; 0 prompts with every gaze
    /// sample.
    pub gaze_interval_us: i64,
    /// What frames are expected to be, for the warm-up; pixels.
    pub expected_width_px: u32,
    /// See `expected_width_px`.
    pub expected_height_px: u32,
    /// Focal length of the camera, pixels; 0 if the intrinsics are not known.
    pub focal_x_px: f64,
    /// See `focal_x_px`.
    pub focal_y_px: f64,
    /// Principal point of the camera, pixels.
    pub centre_x_px: f64,
    /// See `centre_x_px`.
    pub centre_y_px: f64,
    /// Answers with masks that wait for a reader, 1 to 1024; of more, the oldest are dropped.
    pub answers_kept: u32,
    /// By how much the encoder's thread gives way to all others: its nice value, 0 to 19.
    pub encoder_nice: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_session_options {
    const NAME: &'static str = "fixate_session_options";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, encoder_nice) + size_of::<u32>();

    fn initial() -> Self {
        let options = SessionOptions::default();
        Self {
            struct_size: size_of::<Self>() as u32,
            encoder_threads: 1,
            precision: FIXATE_PRECISION_ANY,
            half_cache: 0,
            budget_us: options.engine.budget_us,
            gaze_interval_us: options.engine.gaze_interval_us,
            expected_width_px: options.expected_size_px.0,
            expected_height_px: options.expected_size_px.1,
            focal_x_px: 0.0,
            focal_y_px: 0.0,
            centre_x_px: 0.0,
            centre_y_px: 0.0,
            answers_kept: options.answers_kept as u32,
            encoder_nice: options.encoder_nice.unsigned_abs(),
        }
    }
}

/// Writes initial values: one encoder thread, a budget of 10 milliseconds, 1280x720, no intrinsics.
/// `struct_size` is `sizeof(fixate_session_options)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `options` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_session_options_init(
    options: *mut fixate_session_options,
    struct_size: u32,
) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(options, struct_size) })
}

/// The options as the library has them.
pub(crate) fn session_options(from: &fixate_session_options) -> Result<SessionOptions, Failure> {
    let out_of = |name: &str, found: i64, range: &str| {
        Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("fixate_session_options.{name} is {found}, not {range}"),
        ))
    };
    if from.budget_us < 1 {
        return out_of("budget_us", from.budget_us, "1 or more");
    }
    if from.gaze_interval_us < 0 {
        return out_of("gaze_interval_us", from.gaze_interval_us, "0 or more");
    }
    if !(1..=1024).contains(&from.answers_kept) {
        return out_of("answers_kept", from.answers_kept.into(), "1 to 1024");
    }
    if from.encoder_nice > 19 {
        return out_of("encoder_nice", from.encoder_nice.into(), "0 to 19");
    }
    for (name, side) in [
        ("expected_width_px", from.expected_width_px),
        ("expected_height_px", from.expected_height_px),
    ] {
        if !(1..=16384).contains(&side) {
            return out_of(name, side.into(), "1 to 16384");
        }
    }
    let mut options = SessionOptions::default();
    options.engine.budget_us = from.budget_us;
    options.engine.gaze_interval_us = from.gaze_interval_us;
    options.engine.intrinsics = intrinsics(from)?;
    options.expected_size_px = (from.expected_width_px, from.expected_height_px);
    options.answers_kept = from.answers_kept as usize;
    options.encoder_nice = from.encoder_nice as i32;
    Ok(options)
}

fn intrinsics(from: &fixate_session_options) -> Result<Option<Intrinsics>, Failure> {
    if from.focal_x_px == 0.0 && from.focal_y_px == 0.0 {
        return Ok(None);
    }
    let known = Intrinsics::new(
        from.focal_x_px,
        from.focal_y_px,
        from.centre_x_px,
        from.centre_y_px,
    );
    known.map(Some).map_err(Failure::of(FIXATE_ERROR_ARGUMENT))
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
