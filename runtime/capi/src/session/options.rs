//! How a session runs, as C has it.

use std::fmt::Display;
use std::time::Duration;

use fixate::motion::Intrinsics;
use fixate::session::SessionOptions;

use crate::model::{FIXATE_DECODER_PRECISION_ANY, FIXATE_PRECISION_ANY};
use crate::status::{FIXATE_ERROR_ARGUMENT, Failure, guarded};
use crate::versioned::{Versioned, init};

/// The longest times that options may have: a day, microseconds.
const LONGEST_US: i64 = 86_400_000_000;

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
    /// The real-time priority that the system is asked for, for the threads that give answers, 1 to 97; 0 asks for
    /// none. Without the privilege for it nothing is lost but that answers may be late while processors are busy.
    pub real_time_priority: u32,
    /// Encodes and decodes so often before the first frame, 0 to 1000.
    pub warm_up_runs: u32,
    /// The processors that the encoder's thread may run on, bit by bit, the lowest for the first; 0 for all.
    pub encoder_processors: u64,
    /// The same for the decoder's thread.
    pub decoder_processors: u64,
    /// How long `fixate_session_stop` waits for threads, and then for lent frames, microseconds.
    pub stop_within_us: i64,
    /// Threads that hang, given up and replaced, at most at one time.
    pub most_given_up: u32,
    /// Gaze samples below this confidence count as invalid, 0 to 1.
    pub gaze_least_confidence: f32,
    /// The tracker's constant delay, taken off every sample's time, microseconds.
    pub gaze_delay_us: i64,
    /// Fixations shorter than this are none, microseconds.
    pub gaze_shortest_fixation_us: i64,
    /// A frame is encoded when the picture has moved by this share of its width since the keyframe ...
    pub keyframe_moved_share: f64,
    /// ... or the keyframe is this old, microseconds.
    pub keyframe_oldest_us: i64,
    /// From the start of an encoding to that of the next at least, microseconds: spares heat and power.
    pub keyframe_least_interval_us: i64,
    /// An encoder that takes longer hangs, and is replaced; microseconds.
    pub encoder_watchdog_us: i64,
    /// A decoder that takes longer hangs, and is replaced; microseconds.
    pub decoder_watchdog_us: i64,
    /// Without a frame for so long, the camera has stalled: answers say so; microseconds.
    pub camera_stall_us: i64,
    /// Without a frame for so long, prompts get none; microseconds.
    pub camera_lost_us: i64,
    /// Answers whose keyframe is older, and not the newest, are neither moved nor held; microseconds.
    pub oldest_mask_us: i64,
    /// A `FIXATE_DECODER_PRECISION_` number: in what the decoder computes most of its products for a prompt.
    pub decoder_precision: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_session_options {
    const NAME: &'static str = "fixate_session_options";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, encoder_nice) + size_of::<u32>();

    fn initial() -> Self {
        let options = SessionOptions::default();
        let engine = &options.engine;
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
            real_time_priority: options.real_time_priority.into(),
            warm_up_runs: options.warm_up_runs as u32,
            encoder_processors: 0,
            decoder_processors: 0,
            stop_within_us: options.stop_within.as_micros() as i64,
            most_given_up: options.most_given_up as u32,
            gaze_least_confidence: engine.gaze.least_confidence,
            gaze_delay_us: engine.gaze.delay_us,
            gaze_shortest_fixation_us: engine.gaze.shortest_fixation_us,
            keyframe_moved_share: engine.keyframes.moved_share,
            keyframe_oldest_us: engine.keyframes.oldest_us,
            keyframe_least_interval_us: engine.keyframes.least_interval_us,
            encoder_watchdog_us: engine.encoder_watchdog_us,
            decoder_watchdog_us: engine.decoder_watchdog_us,
            camera_stall_us: engine.camera_stall_us,
            camera_lost_us: engine.camera_lost_us,
            oldest_mask_us: engine.oldest_mask_us,
            decoder_precision: FIXATE_DECODER_PRECISION_ANY,
            reserved: 0,
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
    in_range("budget_us", from.budget_us, 1, i64::MAX)?;
    for (name, count, least, most) in [
        ("encoder_threads", from.encoder_threads, 1, 256),
        ("answers_kept", from.answers_kept, 1, 1024),
        ("encoder_nice", from.encoder_nice, 0, 19),
        ("expected_width_px", from.expected_width_px, 1, 16384),
        ("expected_height_px", from.expected_height_px, 1, 16384),
        ("real_time_priority", from.real_time_priority, 0, 97),
        ("warm_up_runs", from.warm_up_runs, 0, 1000),
        ("most_given_up", from.most_given_up, 0, 64),
    ] {
        in_range(name, i64::from(count), least, most)?;
    }
    for (name, time_us) in [
        ("gaze_interval_us", from.gaze_interval_us),
        ("stop_within_us", from.stop_within_us),
        ("gaze_shortest_fixation_us", from.gaze_shortest_fixation_us),
        ("keyframe_oldest_us", from.keyframe_oldest_us),
        (
            "keyframe_least_interval_us",
            from.keyframe_least_interval_us,
        ),
        ("encoder_watchdog_us", from.encoder_watchdog_us),
        ("decoder_watchdog_us", from.decoder_watchdog_us),
        ("camera_stall_us", from.camera_stall_us),
        ("camera_lost_us", from.camera_lost_us),
        ("oldest_mask_us", from.oldest_mask_us),
    ] {
        in_range(name, time_us, 0, LONGEST_US)?;
    }
    in_range("gaze_delay_us", from.gaze_delay_us, -LONGEST_US, LONGEST_US)?;
    in_range("keyframe_moved_share", from.keyframe_moved_share, 0.0, 1e6)?;
    in_range(
        "gaze_least_confidence",
        from.gaze_least_confidence,
        0.0,
        1.0,
    )?;

    let mut options = SessionOptions::default();
    options.expected_size_px = (from.expected_width_px, from.expected_height_px);
    options.answers_kept = from.answers_kept as usize;
    options.encoder_nice = from.encoder_nice as i32;
    options.real_time_priority = from.real_time_priority as u8;
    options.warm_up_runs = from.warm_up_runs as usize;
    options.encoder_processors = processors(from.encoder_processors);
    options.decoder_processors = processors(from.decoder_processors);
    options.stop_within = Duration::from_micros(from.stop_within_us.unsigned_abs());
    options.most_given_up = from.most_given_up as usize;
    let engine = &mut options.engine;
    engine.budget_us = from.budget_us;
    engine.gaze_interval_us = from.gaze_interval_us;
    engine.intrinsics = intrinsics(from)?;
    engine.gaze.least_confidence = from.gaze_least_confidence;
    engine.gaze.delay_us = from.gaze_delay_us;
    engine.gaze.shortest_fixation_us = from.gaze_shortest_fixation_us;
    engine.keyframes.moved_share = from.keyframe_moved_share;
    engine.keyframes.oldest_us = from.keyframe_oldest_us;
    engine.keyframes.least_interval_us = from.keyframe_least_interval_us;
    engine.encoder_watchdog_us = from.encoder_watchdog_us;
    engine.decoder_watchdog_us = from.decoder_watchdog_us;
    engine.camera_stall_us = from.camera_stall_us;
    engine.camera_lost_us = from.camera_lost_us;
    engine.oldest_mask_us = from.oldest_mask_us;
    Ok(options)
}

/// Refuses a number that is not between these, both allowed, or not a number.
fn in_range<T: PartialOrd + Display>(
    name: &str,
    found: T,
    least: T,
    most: T,
) -> Result<(), Failure> {
    if found >= least && found <= most {
        return Ok(());
    }
    Err(Failure::new(
        FIXATE_ERROR_ARGUMENT,
        format_args!("fixate_session_options.{name} is {found}, not {least} to {most}"),
    ))
}

/// The numbers of the bits that are set.
fn processors(bits: u64) -> Vec<usize> {
    (0..64).filter(|bit| bits >> bit & 1 == 1).collect()
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
