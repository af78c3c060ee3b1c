//! The world between two calls: handles, and what must hold after each call.

use std::ffi::{CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use fixate_capi::frame::fixate_frame;
use fixate_capi::segmenter::{fixate_segmenter, fixate_segmenter_create};
use fixate_capi::session::options::{fixate_session_options, fixate_session_options_init};
use fixate_capi::session::{fixate_session, fixate_session_create, fixate_session_stop};
use fixate_capi::status::{FIXATE_ERROR_INTERNAL, FIXATE_OK};

use super::structs::{Given, Size, Written};

/// The longest plane, and what is read by any call.
const MOST_BYTES: usize = 1 << 16;

static FRAMES_OUT: AtomicI64 = AtomicI64::new(0);
pub(super) static LIVE_SESSION: AtomicUsize = AtomicUsize::new(0);
static LIVE_SEGMENTER: AtomicUsize = AtomicUsize::new(0);
static FREED: OnceLock<usize> = OnceLock::new();
static BUNDLE: OnceLock<CString> = OnceLock::new();
pub(super) static BYTES: OnceLock<Vec<u8>> = OnceLock::new();

/// Makes ready for [`surface`](super::surface), once: writes a bundle of 20 x 20 pixels to this folder, so that a call takes
/// no longer than its checks.
///
/// # Panics
/// When the folder cannot be written, or the model's checkpoint is not where it was when this was built.
pub fn start(folder: &Path) {
    let checkpoint = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/tests/data/small_sam.pt"
    );
    let options = fixate_models::import::ImportOptions::new("small", "1.0.0");
    fixate_models::import::import_checkpoint(checkpoint.as_ref(), folder, &options, &mut |_, _| ())
        .unwrap();
    BUNDLE
        .set(CString::new(folder.to_str().unwrap()).unwrap())
        .unwrap();
    BYTES
        .set(
            (0..MOST_BYTES + 1)
                .map(|at| (at * 31 % 251) as u8)
                .collect(),
        )
        .unwrap();
    FREED.set(new_session() as usize).unwrap();
    told(fixate_capi::session::fixate_session_free(
        *FREED.get().unwrap() as *mut fixate_session,
    ));
}

fn new_session() -> *mut fixate_session {
    let mut session = null_mut();
    let mut options = MaybeUninit::<fixate_session_options>::uninit();
    // SAFETY: there are as many bytes, initialised before they are read; the bundle is a string.
    let status = unsafe {
        fixate_session_options_init(
            options.as_mut_ptr(),
            size_of::<fixate_session_options>() as u32,
        );
        let mut options = options.assume_init();
        (options.expected_width_px, options.expected_height_px) = (32, 24);
        (
            options.warm_up_runs,
            options.real_time_priority,
            options.encoder_nice,
        ) = (1, 0, 0);
        (options.focal_x_px, options.focal_y_px) = (30.0, 30.0);
        options.keyframe_oldest_us = 1_000;
        fixate_session_create(BUNDLE.get().unwrap().as_ptr(), &options, &mut session)
    };
    assert_eq!(status, FIXATE_OK);
    session
}

fn new_segmenter() -> *mut fixate_segmenter {
    let mut segmenter = null_mut();
    // SAFETY: the bundle is a string.
    let status =
        unsafe { fixate_segmenter_create(BUNDLE.get().unwrap().as_ptr(), null(), &mut segmenter) };
    assert_eq!(status, FIXATE_OK);
    segmenter
}

/// Every call returns one of the numbers that there are, and none tells of a mistake in the library.
pub(super) fn told(status: i32) {
    assert!(
        (FIXATE_ERROR_INTERNAL + 1..=FIXATE_OK).contains(&status),
        "status {status}"
    );
}

pub(super) unsafe extern "C" fn ignores(level: u32, text: *const c_char, _: *mut c_void) {
    // SAFETY: the library gives a string.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    assert!((1..=4).contains(&level) && text.to_str().is_ok());
}

/// The world between two calls: a live session and segmenter.
pub(super) struct World(());

impl World {
    pub(super) fn new() -> Self {
        Self(())
    }

    pub(super) fn session(&self, handle: &Handle) -> *mut fixate_session {
        match handle {
            Handle::Live => live(&LIVE_SESSION, || new_session() as usize) as *mut _,
            Handle::OtherKind => live(&LIVE_SEGMENTER, || new_segmenter() as usize) as *mut _,
            other => other.number() as *mut _,
        }
    }

    pub(super) fn segmenter(&self, handle: &Handle) -> *mut fixate_segmenter {
        match handle {
            Handle::Live => live(&LIVE_SEGMENTER, || new_segmenter() as usize) as *mut _,
            Handle::OtherKind => live(&LIVE_SESSION, || new_session() as usize) as *mut _,
            other => other.number() as *mut _,
        }
    }

    /// What was stopped or freed goes, and with it every frame.
    pub(super) fn end(self) {
        let session = LIVE_SESSION.load(Ordering::SeqCst) as *mut fixate_session;
        let asked = fixate_capi::session::pushing::fixate_session_ask_keyframe(session);
        if asked != FIXATE_OK {
            // SAFETY: the count is not wanted.
            unsafe { fixate_session_stop(session, null_mut()) };
            fixate_capi::session::fixate_session_free(session);
            LIVE_SESSION.store(0, Ordering::SeqCst);
            let until = Instant::now() + Duration::from_secs(5);
            while FRAMES_OUT.load(Ordering::SeqCst) != 0 {
                assert!(Instant::now() < until, "a frame was not given back");
                std::thread::yield_now();
            }
        }
        let mut probe = Written::<fixate_capi::mask::fixate_candidate>::new(Size::Right);
        let segmenter = LIVE_SEGMENTER.load(Ordering::SeqCst) as *mut fixate_segmenter;
        // SAFETY: the candidate is there.
        let found = unsafe {
            fixate_capi::segmenter::reading::fixate_segmenter_candidate(
                segmenter,
                0,
                probe.pointer(),
            )
        };
        if found == fixate_capi::status::FIXATE_ERROR_HANDLE {
            LIVE_SEGMENTER.store(0, Ordering::SeqCst);
        }
    }
}

fn live(slot: &AtomicUsize, make: impl FnOnce() -> usize) -> usize {
    if slot.load(Ordering::SeqCst) == 0 {
        slot.store(make(), Ordering::SeqCst);
    }
    slot.load(Ordering::SeqCst)
}

pub(super) enum Handle {
    Live,
    Freed,
    OtherKind,
    Null,
    Any(usize),
}

impl<'a> Arbitrary<'a> for Handle {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match u8::arbitrary(input)? {
            0 => Self::Freed,
            1 => Self::OtherKind,
            2 => Self::Null,
            3 => Self::Any(usize::arbitrary(input)?),
            // Most of them.
            _ => Self::Live,
        })
    }
}

impl Handle {
    fn number(&self) -> usize {
        match *self {
            Self::Freed => *FREED.get().unwrap(),
            // Not one that was given out, by chance.
            Self::Any(number) => number | 1,
            _ => 0,
        }
    }
}

/// Counts a frame that is out; its context is what it was counted with.
pub(super) fn lend(_: &Given<fixate_frame>) -> *mut c_void {
    FRAMES_OUT.fetch_add(1, Ordering::SeqCst);
    Box::into_raw(Box::new(1_u64)).cast()
}

pub(super) unsafe extern "C" fn gives_back(context: *mut c_void) {
    // SAFETY: `lend` made it, and it comes back once; twice is what a sanitizer, or the allocator, finds.
    drop(unsafe { Box::from_raw(context.cast::<u64>()) });
    FRAMES_OUT.fetch_sub(1, Ordering::SeqCst);
}
