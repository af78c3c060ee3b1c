//! The C surface: calls in any order with any arguments, on handles that live, were freed, are of another kind or never
//! were. Pointers point to what they say, which no library can check; everything else is arbitrary.

mod buffers;
mod given;
mod structs;
mod world;

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Unstructured};
use buffers::Out;
use fixate_capi::answer::fixate_answer_init;
use fixate_capi::camera::{fixate_camera, fixate_camera_init, fixate_camera_project};
use fixate_capi::depth::fixate_depth_init;
use fixate_capi::frame::fixate_frame_init;
use fixate_capi::gaze::{fixate_gaze, fixate_gaze_init};
use fixate_capi::grasp::{fixate_grasp_init, fixate_grasp_point, fixate_grasp_point_init};
use fixate_capi::log_callback::fixate_set_log_callback;
use fixate_capi::mask::fixate_candidate_init;
use fixate_capi::prompt::{fixate_point, fixate_prompt_init};
use fixate_capi::segmenter::reading::*;
use fixate_capi::segmenter::*;
use fixate_capi::session::options::fixate_session_options_init;
use fixate_capi::session::pushing::*;
use fixate_capi::session::reading::*;
use fixate_capi::session::*;
use fixate_capi::stats::fixate_stats_init;
use fixate_capi::status::fixate_last_error;
use given::{AnyDepth, AnyFrame, AnyPrompt};
use structs::{Any, Size, Written};
pub use world::start;
use world::{Handle, LIVE_SESSION, World, gives_back, ignores, lend, told};

#[derive(Arbitrary)]
enum Call {
    PushFrame(Handle, AnyFrame, Lends, bool),
    PushGaze(Handle, Any<fixate_gaze>, bool),
    PushImu(Handle, i64, Option<[f64; 3]>),
    PushPrompt(Handle, u64, AnyPrompt, i64),
    PushGrasp(
        Handle,
        u64,
        Any<fixate_grasp_point>,
        Any<fixate_camera>,
        i64,
    ),
    AskKeyframe(Handle),
    WaitAnswer(Handle, u8, Size),
    Bitmap(Handle, usize, usize, Out),
    Rle(Handle, usize, Out),
    Logits(Handle, usize, Out),
    Candidate(Handle, usize, Size),
    Measure(Handle, usize, AnyDepth, Any<fixate_camera>, Size),
    Stats(Handle, Size),
    /// Now and then: another session takes much longer to begin than any call.
    Stop(Handle, u8),
    Free(Handle, u8),
    SetImage(Handle, AnyFrame),
    Segment(Handle, AnyPrompt, u32),
    LookCloser(Handle, AnyFrame),
    Project(Any<fixate_camera>, Option<[f64; 3]>, bool),
    LastError(Out),
    Init(u8, Size),
    Log(bool, u32),
}

#[derive(Arbitrary)]
enum Lends {
    Copied,
    Lent,
    CallsBack,
}

/// Takes these bytes for calls of the C interface, after [`start`](world::start).
///
/// # Panics
/// When a call returns what none may, writes where it may not, or keeps a thread or a frame.
pub fn surface(data: &[u8]) {
    let Ok(calls) = Vec::<Call>::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let mut world = World::new();
    for call in calls.iter().take(24) {
        // SAFETY: what the pointers of each call point to lives until the world ends, or the frame was given back.
        unsafe { make(call, &mut world) };
    }
    world.end();
}

unsafe extern "C" fn calls_back(context: *mut c_void) {
    // SAFETY: the statistics live during the call, and nobody else has them; the handle is a number.
    unsafe {
        let session = LIVE_SESSION.load(std::sync::atomic::Ordering::SeqCst) as *mut fixate_session;
        let mut stats = Written::<fixate_capi::stats::fixate_stats>::new(Size::Right);
        told(fixate_session_stats(session, stats.pointer()));
        told(fixate_session_ask_keyframe(session));
        gives_back(context);
    }
}

unsafe fn make(call: &Call, world: &mut World) {
    // SAFETY: as the caller promises.
    unsafe {
        match call {
            Call::PushFrame(handle, frame, lends, id) => {
                let (session, frame) = (world.session(handle), frame.made());
                let mut number = 0_u64;
                let id = if *id { &raw mut number } else { null_mut() };
                let (release, context): (fixate_capi::frame::fixate_release, _) = match lends {
                    Lends::Copied => (None, null_mut()),
                    Lends::Lent => (Some(gives_back), lend(&frame)),
                    Lends::CallsBack => (Some(calls_back), lend(&frame)),
                };
                told(fixate_session_push_frame(
                    session,
                    frame.pointer(),
                    release,
                    context,
                    id,
                ));
            }
            Call::PushGaze(handle, gaze, prompt) => {
                let mut number = 0_u64;
                let prompt = if *prompt { &raw mut number } else { null_mut() };
                told(fixate_session_push_gaze(
                    world.session(handle),
                    gaze.made().pointer(),
                    prompt,
                ));
            }
            Call::PushImu(handle, time_us, rate) => {
                let rate = rate.as_ref().map_or(null(), |rate| rate.as_ptr());
                told(fixate_session_push_imu(
                    world.session(handle),
                    *time_us,
                    rate,
                ));
            }
            Call::PushPrompt(handle, frame, prompt, budget_us) => {
                let prompt = prompt.made();
                let mut id = 0;
                let prompt = prompt.pointer();
                told(fixate_session_push_prompt(
                    world.session(handle),
                    frame % 300,
                    prompt,
                    *budget_us,
                    &mut id,
                ));
            }
            Call::PushGrasp(handle, frame, point, camera, budget_us) => {
                let (point, camera) = (point.made(), camera.made());
                let (point, camera) = (point.pointer(), camera.pointer());
                let session = world.session(handle);
                told(fixate_session_push_grasp(
                    session,
                    frame % 300,
                    point,
                    camera,
                    *budget_us,
                    null_mut(),
                ));
            }
            Call::AskKeyframe(handle) => told(fixate_session_ask_keyframe(world.session(handle))),
            Call::WaitAnswer(handle, milliseconds, size) => {
                let mut answer = Written::new(*size);
                let session = world.session(handle);
                told(match milliseconds % 8 {
                    0 => fixate_session_poll_answer(session, answer.pointer()),
                    within => fixate_session_wait_answer(
                        session,
                        u64::from(within) * 500,
                        answer.pointer(),
                    ),
                });
                answer.check();
            }
            Call::Bitmap(handle, position, stride, out) => {
                let mut out = out.made::<u8>();
                let (to, size) = out.pointer();
                told(fixate_session_bitmap(
                    world.session(handle),
                    to,
                    stride % 4096,
                    size,
                ));
                told(fixate_segmenter_bitmap(
                    world.segmenter(handle),
                    position % 5,
                    to,
                    *stride,
                    size,
                ));
                out.check();
            }
            Call::Rle(handle, position, out) => {
                let mut out = out.made::<i8>();
                let (to, size) = out.pointer();
                let mut length = 0;
                told(fixate_session_rle(
                    world.session(handle),
                    to.cast(),
                    size,
                    &mut length,
                ));
                told(fixate_segmenter_rle(
                    world.segmenter(handle),
                    position % 5,
                    to.cast(),
                    size,
                    null_mut(),
                ));
                out.check();
            }
            Call::Logits(handle, position, out) => {
                let mut out = out.made::<f32>();
                let (to, size) = out.pointer();
                told(fixate_session_logits(world.session(handle), to, size));
                told(fixate_segmenter_logits(
                    world.segmenter(handle),
                    position % 5,
                    to,
                    size,
                ));
                out.check();
            }
            Call::Candidate(handle, position, size) => {
                let mut candidate = Written::new(*size);
                told(fixate_session_candidate(
                    world.session(handle),
                    position % 5,
                    candidate.pointer(),
                ));
                told(fixate_segmenter_candidate(
                    world.segmenter(handle),
                    *position,
                    candidate.pointer(),
                ));
                candidate.check();
            }
            Call::Measure(handle, position, depth, camera, size) => {
                let (depth, camera) = (depth.made(), camera.made());
                let (depth, camera) = (depth.pointer(), camera.pointer());
                let mut grasp = Written::new(*size);
                told(fixate_session_measure(
                    world.session(handle),
                    depth,
                    camera,
                    grasp.pointer(),
                ));
                let segmenter = world.segmenter(handle);
                told(fixate_segmenter_measure(
                    segmenter,
                    position % 5,
                    depth,
                    camera,
                    grasp.pointer(),
                ));
                grasp.check();
            }
            Call::Stats(handle, size) => {
                let mut stats = Written::new(*size);
                told(fixate_session_stats(world.session(handle), stats.pointer()));
                stats.check();
            }
            Call::Stop(handle, now) if now % 8 == 0 => {
                let mut left = 0;
                told(fixate_session_stop(world.session(handle), &mut left));
                assert_eq!(left, 0, "a thread did not end");
            }
            Call::Stop(..) => {}
            Call::Free(handle, now) if now % 8 == 0 => {
                told(fixate_session_free(world.session(handle)));
                told(fixate_segmenter_free(world.segmenter(handle)));
            }
            Call::Free(..) => {}
            Call::SetImage(handle, frame) => {
                let frame = frame.made();
                told(fixate_segmenter_set_image(
                    world.segmenter(handle),
                    frame.pointer(),
                ));
            }
            Call::Segment(handle, prompt, multimask) => {
                let prompt = prompt.made();
                let mut count = 0;
                let segmenter = world.segmenter(handle);
                told(fixate_segmenter_segment(
                    segmenter,
                    prompt.pointer(),
                    multimask % 4,
                    &mut count,
                ));
                assert!(count <= 4);
            }
            Call::LookCloser(handle, frame) => {
                let frame = frame.made();
                told(fixate_segmenter_look_closer(
                    world.segmenter(handle),
                    frame.pointer(),
                ));
            }
            Call::Project(camera, position_m, depth) => {
                let camera = camera.made();
                let mut point = fixate_point {
                    x_px: 0.0,
                    y_px: 0.0,
                    label: 0,
                };
                let mut depth_m = 0.0;
                let depth_m = if *depth { &raw mut depth_m } else { null_mut() };
                let position_m = position_m
                    .as_ref()
                    .map_or(null(), |position| position.as_ptr());
                told(fixate_camera_project(
                    camera.pointer(),
                    position_m,
                    &mut point,
                    depth_m,
                ));
                assert!(point.x_px.is_finite() && point.y_px.is_finite());
            }
            Call::LastError(out) => {
                let mut out = out.made::<i8>();
                let (to, size) = out.pointer();
                let mut length = 0;
                told(fixate_last_error(to.cast(), size, &mut length));
                out.check();
            }
            Call::Init(which, size) => initialise(*which, *size),
            Call::Log(on, level) => told(fixate_set_log_callback(
                on.then_some(ignores),
                null_mut(),
                level % 6,
            )),
        }
    }
}

/// `_init` of the structs, one after the other.
unsafe fn initialise(which: u8, size: Size) {
    macro_rules! init {
        ($($function:ident),*) => {{
            let all: &[&dyn Fn()] = &[$(&|| {
                let mut value = Written::new(size);
                let stated = value.stated();
                // SAFETY: there are as many bytes as it states.
                told(unsafe { $function(value.pointer(), stated) });
                value.check();
            }),*];
            all[which as usize % all.len()]();
        }};
    }
    init!(
        fixate_answer_init,
        fixate_camera_init,
        fixate_candidate_init,
        fixate_depth_init,
        fixate_frame_init,
        fixate_gaze_init,
        fixate_grasp_init,
        fixate_grasp_point_init,
        fixate_prompt_init,
        fixate_segmenter_options_init,
        fixate_session_options_init,
        fixate_stats_init
    );
}
