//! What callers hand over: structs, buffers, handles, and what must hold after each call.

use std::ffi::{CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use fixate_capi::depth::fixate_depth;
use fixate_capi::frame::{fixate_frame, fixate_plane};
use fixate_capi::prompt::{fixate_point, fixate_prompt};
use fixate_capi::segmenter::{fixate_segmenter, fixate_segmenter_create};
use fixate_capi::session::options::{fixate_session_options, fixate_session_options_init};
use fixate_capi::session::{
    fixate_now_us, fixate_session, fixate_session_create, fixate_session_stop,
};
use fixate_capi::status::{FIXATE_ERROR_INTERNAL, FIXATE_OK};

/// The longest plane, and what is read by any call.
const MOST_BYTES: usize = 1 << 16;
/// Written behind what callers lend to be written.
const CANARY: u8 = 0xc5;

static FRAMES_OUT: AtomicI64 = AtomicI64::new(0);
pub static LIVE_SESSION: AtomicUsize = AtomicUsize::new(0);
static LIVE_SEGMENTER: AtomicUsize = AtomicUsize::new(0);
static FREED: OnceLock<usize> = OnceLock::new();
static BUNDLE: OnceLock<CString> = OnceLock::new();
static BYTES: OnceLock<Vec<u8>> = OnceLock::new();

/// A model of 20 x 20 pixels, so that a call takes no longer than its checks.
pub fn start() {
    let folder = std::env::temp_dir().join(format!("fixate-fuzz-{}", std::process::id()));
    let checkpoint = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/tests/data/small_sam.pt"
    );
    let options = fixate_models::import::ImportOptions::new("small", "1.0.0");
    fixate_models::import::import_checkpoint(
        checkpoint.as_ref(),
        &folder,
        &options,
        &mut |_, _| (),
    )
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
pub fn told(status: i32) {
    assert!(
        (FIXATE_ERROR_INTERNAL + 1..=FIXATE_OK).contains(&status),
        "status {status}"
    );
}

pub unsafe extern "C" fn ignores(level: u32, text: *const c_char, _: *mut c_void) {
    // SAFETY: the library gives a string.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    assert!((1..=4).contains(&level) && text.to_str().is_ok());
}

/// The world between two calls: a live session and segmenter.
pub struct World(());

impl World {
    pub fn new() -> Self {
        Self(())
    }

    pub fn session(&self, handle: &Handle) -> *mut fixate_session {
        match handle {
            Handle::Live => live(&LIVE_SESSION, || new_session() as usize) as *mut _,
            Handle::OtherKind => live(&LIVE_SEGMENTER, || new_segmenter() as usize) as *mut _,
            other => other.number() as *mut _,
        }
    }

    pub fn segmenter(&self, handle: &Handle) -> *mut fixate_segmenter {
        match handle {
            Handle::Live => live(&LIVE_SEGMENTER, || new_segmenter() as usize) as *mut _,
            Handle::OtherKind => live(&LIVE_SESSION, || new_session() as usize) as *mut _,
            other => other.number() as *mut _,
        }
    }

    /// What was stopped or freed goes, and with it every frame.
    pub fn end(self) {
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

pub enum Handle {
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

/// What a struct says of its size.
#[derive(Arbitrary, Clone, Copy)]
pub enum Size {
    Right,
    Less(u8),
    More,
}

/// A struct that a call writes, with something behind it that it may not.
pub struct Written<T> {
    memory: Vec<u64>,
    stated: usize,
    kind: std::marker::PhantomData<T>,
}

/// Bytes that a caller of a later release has more.
const LATER: usize = 64;

impl<T> Written<T> {
    pub fn new(size: Size) -> Self {
        let stated = match size {
            Size::Right => size_of::<T>(),
            Size::Less(bytes) => size_of::<T>().saturating_sub(bytes.into()),
            Size::More => size_of::<T>() + LATER,
        };
        let word = u64::from_ne_bytes([CANARY; 8]);
        let mut memory = vec![word; (size_of::<T>() + 2 * LATER) / 8 + 1];
        // The first field of all of them.
        memory[0] = u64::from_ne_bytes({
            let mut bytes = [CANARY; 8];
            bytes[..4].copy_from_slice(&(stated as u32).to_ne_bytes());
            bytes
        });
        Self {
            memory,
            stated,
            kind: std::marker::PhantomData,
        }
    }

    pub fn stated(&self) -> u32 {
        self.stated as u32
    }

    pub fn pointer(&mut self) -> *mut T {
        self.memory.as_mut_ptr().cast()
    }

    /// Nothing was written behind what it states.
    pub fn check(&self) {
        let bytes = self.memory.iter().flat_map(|word| word.to_ne_bytes());
        assert!(
            bytes.skip(self.stated.max(4)).all(|byte| byte == CANARY),
            "written behind a struct"
        );
    }
}

/// A struct that a call reads, with any bits.
pub struct Given<T>(Option<Written<T>>);

impl<T> Given<T> {
    fn new(value: T, size: Option<Size>) -> Self {
        Self(size.map(|size| {
            let mut given = Written::<T>::new(size);
            let first = given.memory[0].to_ne_bytes();
            // SAFETY: it has room, and is aligned.
            unsafe { given.pointer().write(value) };
            let mut bytes = given.memory[0].to_ne_bytes();
            bytes[..4].copy_from_slice(&first[..4]);
            given.memory[0] = u64::from_ne_bytes(bytes);
            given
        }))
    }

    pub fn pointer(&self) -> *const T {
        self.0
            .as_ref()
            .map_or(null(), |given| given.memory.as_ptr().cast())
    }
}

/// Any bits of a struct of numbers.
pub struct Any<T> {
    bytes: Vec<u8>,
    size: Option<Size>,
    kind: std::marker::PhantomData<T>,
}

impl<'a, T> Arbitrary<'a> for Any<T> {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let size = Option::<Size>::arbitrary(input)?;
        let mut bytes = vec![0; size_of::<T>()];
        // Small numbers as often as any.
        if input.ratio(1, 2)? {
            input.fill_buffer(&mut bytes)?;
        } else {
            for word in bytes.chunks_mut(8) {
                let number = f64::from(i16::arbitrary(input)?) / 8.0;
                word.copy_from_slice(&number.to_ne_bytes()[..word.len()]);
            }
        }
        Ok(Self {
            bytes,
            size,
            kind: std::marker::PhantomData,
        })
    }
}

impl<T> Any<T> {
    pub fn made(&self) -> Given<T> {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: as many bytes; the structs that come here are numbers, which may have any bits.
        let value = unsafe {
            value
                .as_mut_ptr()
                .cast::<u8>()
                .copy_from(self.bytes.as_ptr(), size_of::<T>());
            value.assume_init()
        };
        Given::new(value, self.size)
    }
}

#[derive(Arbitrary)]
pub struct AnyFrame {
    size: Option<Size>,
    format: u8,
    width_px: Side,
    height_px: Side,
    yuv: (u8, u8),
    time: Time,
    planes: [(Option<u16>, Stride); 2],
}

#[derive(Arbitrary)]
enum Side {
    Small(u8),
    Any(u32),
}

#[derive(Arbitrary)]
enum Stride {
    /// Enough for any row of so many pixels.
    Row,
    Small(u8),
    Any(usize),
}

#[derive(Arbitrary)]
enum Time {
    Now,
    Any(i64),
}

impl Side {
    fn px(&self) -> u32 {
        match *self {
            Self::Small(px) => px.into(),
            Self::Any(px) => px,
        }
    }
}

impl Stride {
    fn bytes(&self, width_px: u32) -> usize {
        match *self {
            Self::Row => width_px as usize * 4,
            Self::Small(bytes) => bytes.into(),
            Self::Any(bytes) => bytes,
        }
    }
}

impl AnyFrame {
    pub fn made(&self) -> Given<fixate_frame> {
        let plane = |(size, stride): &(Option<u16>, Stride)| fixate_plane {
            data: size.map_or(null(), |_| BYTES.get().unwrap().as_ptr()),
            size_bytes: size.map_or(usize::MAX, usize::from),
            stride_bytes: stride.bytes(self.width_px.px()),
        };
        let frame = fixate_frame {
            struct_size: 0,
            format: (self.format % 8).into(),
            width_px: self.width_px.px(),
            height_px: self.height_px.px(),
            yuv_matrix: (self.yuv.0 % 3).into(),
            yuv_range: (self.yuv.1 % 3).into(),
            capture_time_us: match self.time {
                Time::Now => fixate_now_us(),
                Time::Any(time_us) => time_us,
            },
            planes: [plane(&self.planes[0]), plane(&self.planes[1])],
        };
        Given::new(frame, self.size)
    }
}

#[derive(Arbitrary)]
pub struct AnyPrompt {
    size: Option<Size>,
    points: Option<Vec<(f32, f32, u8)>>,
    small: bool,
    count: Option<usize>,
    bounds: Option<[f32; 4]>,
    mask: Option<(Side, Side)>,
}

pub struct MadePrompt {
    _points: Vec<fixate_point>,
    prompt: Given<fixate_prompt>,
}

impl MadePrompt {
    pub fn pointer(&self) -> *const fixate_prompt {
        self.prompt.pointer()
    }
}

impl AnyPrompt {
    pub fn made(&self) -> MadePrompt {
        let place = |px: f32| if self.small { px.abs() % 64.0 } else { px };
        let points: Vec<fixate_point> = self
            .points
            .iter()
            .flatten()
            .map(|&(x, y, label)| fixate_point {
                x_px: place(x),
                y_px: place(y),
                label: (label % 3).into(),
            })
            .collect();
        let [x0_px, y0_px, x1_px, y1_px] = self.bounds.unwrap_or_default().map(place);
        let (mask_width, mask_height) = self.mask.as_ref().map_or((0, 0), |(width, height)| {
            let (width, height) = (width.px(), height.px());
            // What is read is there: at most 64 KiB of numbers, or so many that they are refused.
            if width <= 4096 && height <= 4096 {
                (width % 128, height % 128)
            } else {
                (width, height)
            }
        });
        let prompt = fixate_prompt {
            struct_size: 0,
            has_box: self.bounds.is_some().into(),
            r#box: fixate_capi::prompt::fixate_box {
                x0_px,
                y0_px,
                x1_px,
                y1_px,
            },
            points: if self.points.is_some() {
                points.as_ptr()
            } else {
                null()
            },
            point_count: match self.count {
                // Without points any number may stand there; with them only as many as there are, or too many.
                Some(count) if self.points.is_none() || count > 4096 => count,
                _ => points.len(),
            },
            mask: if self.mask.is_some() {
                BYTES.get().unwrap().as_ptr().cast()
            } else {
                null()
            },
            mask_width,
            mask_height,
        };
        MadePrompt {
            _points: points,
            prompt: Given::new(
                prompt,
                self.size.filter(|size| !matches!(size, Size::Less(_))),
            ),
        }
    }
}

#[derive(Arbitrary)]
pub struct AnyDepth {
    size: Option<Size>,
    format: u8,
    width_px: Side,
    height_px: Side,
    data: Option<bool>,
    size_bytes: u16,
    stride: Stride,
    unit_m: f32,
}

impl AnyDepth {
    pub fn made(&self) -> Given<fixate_depth> {
        let bytes = BYTES.get().unwrap().as_ptr();
        let depth = fixate_depth {
            struct_size: 0,
            format: (self.format % 3).into(),
            width_px: self.width_px.px(),
            height_px: self.height_px.px(),
            data: self
                .data
                .map_or(null(), |odd| bytes.wrapping_add(odd.into()).cast()),
            size_bytes: self.size_bytes.into(),
            stride_bytes: self.stride.bytes(self.width_px.px()),
            unit_m: self.unit_m,
            reserved: 0,
        };
        Given::new(depth, self.size)
    }
}

/// A buffer that a call writes: NULL, or so long.
#[derive(Arbitrary)]
pub enum Out {
    Null(u16),
    Bytes(u16),
}

pub struct Buffer<T> {
    memory: Vec<T>,
    capacity: usize,
    is_null: bool,
}

impl Out {
    pub fn made<T: FromCanary>(&self) -> Buffer<T> {
        let (capacity, is_null) = match *self {
            Self::Null(capacity) => (capacity.into(), true),
            Self::Bytes(capacity) => (capacity.into(), false),
        };
        Buffer {
            memory: vec![T::CANARY; capacity + 16],
            capacity,
            is_null,
        }
    }
}

/// What stands behind a buffer.
pub trait FromCanary: PartialEq + Copy {
    const CANARY: Self;
}

impl FromCanary for u8 {
    const CANARY: Self = CANARY;
}

impl FromCanary for i8 {
    const CANARY: Self = CANARY as i8;
}

impl FromCanary for f32 {
    const CANARY: Self = -12345.5;
}

impl<T: FromCanary> Buffer<T> {
    pub fn pointer(&mut self) -> (*mut T, usize) {
        let to = if self.is_null {
            null_mut()
        } else {
            self.memory.as_mut_ptr()
        };
        (to, self.capacity)
    }

    /// Nothing was written behind it.
    pub fn check(&self) {
        assert!(
            self.memory[self.capacity..]
                .iter()
                .all(|value| *value == T::CANARY),
            "written behind a buffer"
        );
    }
}

/// Counts a frame that is out; its context is what it was counted with.
pub fn lend(_: &Given<fixate_frame>) -> *mut c_void {
    FRAMES_OUT.fetch_add(1, Ordering::SeqCst);
    Box::into_raw(Box::new(1_u64)).cast()
}

pub unsafe extern "C" fn gives_back(context: *mut c_void) {
    // SAFETY: `lend` made it, and it comes back once; twice is what a sanitizer, or the allocator, finds.
    drop(unsafe { Box::from_raw(context.cast::<u64>()) });
    FRAMES_OUT.fetch_sub(1, Ordering::SeqCst);
}
