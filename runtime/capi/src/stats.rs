//! Statistics as C has them.

use fixate::session::{Quantiles, SessionStats};

use crate::status::guarded;
use crate::versioned::{Versioned, init};

/// Quantiles of a distribution of times, milliseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_quantiles {
    /// Half of the times are at most this.
    pub p50_ms: f64,
    /// 99 of 100 times are at most this.
    pub p99_ms: f64,
    /// 999 of 1000 times are at most this.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// What a session has done so far.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_stats {
    /// `sizeof(fixate_stats)`.
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// Prompts taken, those made of gaze too.
    pub prompts: u64,
    /// Answers given, the four kinds together.
    pub answers: u64,
    /// Answers within their prompt's budget, counted from its push.
    pub in_time: u64,
    /// Answers after it.
    pub missed: u64,
    /// Most of those in a row.
    pub longest_miss_streak: u64,
    /// Answers of each kind, by `FIXATE_ANSWER_` number.
    pub kinds: [u64; 4],
    /// Answers that nobody took before newer ones came.
    pub answers_dropped: u64,
    /// Frames pushed.
    pub frames_pushed: u64,
    /// Of those, left out.
    pub frames_dropped: u64,
    /// Frames encoded.
    pub keyframes: u64,
    /// Prompts made of gaze samples.
    pub gaze_prompts: u64,
    /// From the push of a prompt to its answer.
    pub latency: fixate_quantiles,
    /// From the capture of an answer's keyframe to the answer.
    pub mask_age: fixate_quantiles,
    /// What encodings took, their keyframes' preparation included.
    pub encode: fixate_quantiles,
    /// What decodings took, drawing included.
    pub decode: fixate_quantiles,
    /// Prompts refused.
    pub prompts_refused: u64,
    /// Prompts that newer ones took the place of.
    pub superseded: u64,
    /// Frames whose motion was known, refused by the engine.
    pub frames_refused: u64,
    /// Times that the camera gave no frame for too long.
    pub camera_stalls: u64,
    /// Encodings begun.
    pub encodes: u64,
    /// Encodings that failed.
    pub encodes_failed: u64,
    /// Encodings that did not come back in time.
    pub encoder_hangs: u64,
    /// Encoders put in the place of others that hung.
    pub encoders_replaced: u64,
    /// Decodings begun.
    pub decodes: u64,
    /// Decodings that failed.
    pub decodes_failed: u64,
    /// Decodings that came after their prompt's answer.
    pub decodes_late: u64,
    /// Decodings that did not come back in time.
    pub decoder_hangs: u64,
    /// Decoders put in the place of others that hung.
    pub decoders_replaced: u64,
    /// Masks moved to a newer frame while the decoder was late.
    pub masks_moved: u64,
    /// Frames that the encoder wanted, but for their blur.
    pub frames_blurry: u64,
    /// Frames that waited for the encoder until a newer one came.
    pub frames_superseded: u64,
    /// Frames that waited for the encoder for too long.
    pub frames_expired: u64,
    /// Gaze samples taken, valid or not.
    pub gaze_samples: u64,
    /// Gaze samples refused.
    pub gaze_refused: u64,
    /// Gaze samples that said nothing: blinks, low confidence.
    pub gaze_invalid: u64,
    /// Blinks.
    pub blinks: u64,
    /// Saccades.
    pub saccades: u64,
    /// Fixations; interrupted ones that went on count once.
    pub fixations: u64,
    /// Samples of the gyroscope refused.
    pub imu_refused: u64,
    /// Samples of the gyroscope that did not reach the estimation of motion.
    pub imu_dropped: u64,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_stats {
    const NAME: &'static str = "fixate_stats";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, mask_age) + size_of::<fixate_quantiles>();

    fn initial() -> Self {
        const NO_TIMES: fixate_quantiles = fixate_quantiles {
            p50_ms: 0.0,
            p99_ms: 0.0,
            p999_ms: 0.0,
            max_ms: 0.0,
        };
        Self {
            struct_size: size_of::<Self>() as u32,
            reserved: 0,
            prompts: 0,
            answers: 0,
            in_time: 0,
            missed: 0,
            longest_miss_streak: 0,
            kinds: [0; 4],
            answers_dropped: 0,
            frames_pushed: 0,
            frames_dropped: 0,
            keyframes: 0,
            gaze_prompts: 0,
            latency: NO_TIMES,
            mask_age: NO_TIMES,
            encode: NO_TIMES,
            decode: NO_TIMES,
            prompts_refused: 0,
            superseded: 0,
            frames_refused: 0,
            camera_stalls: 0,
            encodes: 0,
            encodes_failed: 0,
            encoder_hangs: 0,
            encoders_replaced: 0,
            decodes: 0,
            decodes_failed: 0,
            decodes_late: 0,
            decoder_hangs: 0,
            decoders_replaced: 0,
            masks_moved: 0,
            frames_blurry: 0,
            frames_superseded: 0,
            frames_expired: 0,
            gaze_samples: 0,
            gaze_refused: 0,
            gaze_invalid: 0,
            blinks: 0,
            saccades: 0,
            fixations: 0,
            imu_refused: 0,
            imu_dropped: 0,
        }
    }
}

/// Writes initial values. `struct_size` is `sizeof(fixate_stats)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `stats` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_stats_init(stats: *mut fixate_stats, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(stats, struct_size) })
}

impl fixate_stats {
    pub(crate) fn of(stats: &SessionStats) -> Self {
        let quantiles = |from: Quantiles| fixate_quantiles {
            p50_ms: from.p50_ms,
            p99_ms: from.p99_ms,
            p999_ms: from.p999_ms,
            max_ms: from.max_ms,
        };
        let engine = &stats.engine;
        Self {
            prompts: engine.prompts,
            answers: engine.answers(),
            in_time: stats.in_time,
            missed: stats.missed,
            longest_miss_streak: stats.longest_miss_streak,
            kinds: [engine.fresh, engine.propagated, engine.held, engine.none],
            answers_dropped: stats.answers_dropped,
            frames_pushed: stats.frames_pushed,
            frames_dropped: stats.frames_dropped,
            keyframes: engine.keyframes,
            gaze_prompts: stats.gaze_prompts,
            latency: quantiles(stats.latency_ms),
            mask_age: quantiles(stats.mask_age_ms),
            encode: quantiles(stats.encode_ms),
            decode: quantiles(stats.decode_ms),
            prompts_refused: engine.prompts_refused,
            superseded: engine.superseded,
            frames_refused: engine.frames_refused,
            camera_stalls: engine.camera_stalls,
            encodes: engine.encodes,
            encodes_failed: engine.encodes_failed,
            encoder_hangs: engine.encoder_hangs,
            encoders_replaced: stats.encoders_replaced,
            decodes: engine.decodes,
            decodes_failed: engine.decodes_failed,
            decodes_late: engine.decodes_late,
            decoder_hangs: engine.decoder_hangs,
            decoders_replaced: stats.decoders_replaced,
            masks_moved: engine.moves,
            frames_blurry: stats.keyframes.blurry,
            frames_superseded: stats.keyframes.superseded,
            frames_expired: stats.keyframes.expired,
            gaze_samples: stats.gaze.samples,
            gaze_refused: engine.gaze_refused,
            gaze_invalid: stats.gaze.invalid,
            blinks: stats.gaze.blinks,
            saccades: stats.gaze.saccades,
            fixations: stats.gaze.fixations,
            imu_refused: engine.imu_refused,
            imu_dropped: stats.imu_dropped,
            ..Self::initial()
        }
    }
}
