//! Frames, prompts and depth images that callers hand over.

use std::ptr::null;

use arbitrary::Arbitrary;
use fixate_capi::depth::fixate_depth;
use fixate_capi::frame::{fixate_frame, fixate_plane};
use fixate_capi::prompt::{fixate_point, fixate_prompt};
use fixate_capi::session::fixate_now_us;

use super::structs::{Given, Size};
use super::world::BYTES;

#[derive(Arbitrary)]
pub(super) struct AnyFrame {
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
    pub(super) fn made(&self) -> Given<fixate_frame> {
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
pub(super) struct AnyPrompt {
    size: Option<Size>,
    points: Option<Vec<(f32, f32, u8)>>,
    small: bool,
    count: Option<usize>,
    bounds: Option<[f32; 4]>,
    mask: Option<(Side, Side)>,
}

pub(super) struct MadePrompt {
    _points: Vec<fixate_point>,
    prompt: Given<fixate_prompt>,
}

impl MadePrompt {
    pub(super) fn pointer(&self) -> *const fixate_prompt {
        self.prompt.pointer()
    }
}

impl AnyPrompt {
    pub(super) fn made(&self) -> MadePrompt {
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
pub(super) struct AnyDepth {
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
    pub(super) fn made(&self) -> Given<fixate_depth> {
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
