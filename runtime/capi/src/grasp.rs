//! What a gripper asks of a mask, as C has it.

use fixate::mask::Bitmap;
use fixate::prompt::Prompt;
use fixate::tasks::grasp::{DepthMeter, MaskShape, NoDepth};

use crate::camera::fixate_camera;
use crate::depth::{fixate_depth, view};
use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_NOTHING, Failure, guarded};
use crate::versioned::{Versioned, init, read};

/// `x` and `y` are pixels of the frame.
pub const FIXATE_GRASP_PIXEL: u32 = 0;
/// `x`, `y`, `z` are a position in the robot's coordinates, metres.
pub const FIXATE_GRASP_ROBOT: u32 = 1;

/// A point that a robot wants to reach.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_grasp_point {
    /// `sizeof(fixate_grasp_point)`.
    pub struct_size: u32,
    /// A `FIXATE_GRASP_` number.
    pub kind: u32,
    /// See `kind`.
    pub x: f64,
    /// See `kind`.
    pub y: f64,
    /// See `kind`.
    pub z: f64,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_grasp_point {
    const NAME: &'static str = "fixate_grasp_point";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, z) + size_of::<f64>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            kind: FIXATE_GRASP_PIXEL,
            x: 0.0,
            y: 0.0,
            z: 0.0,
        }
    }
}

/// Writes initial values: the first pixel. `struct_size` is `sizeof(fixate_grasp_point)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `point` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_grasp_point_init(
    point: *mut fixate_grasp_point,
    struct_size: u32,
) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(point, struct_size) })
}

/// What a gripper asks of a mask. Lengths in the picture are in pixels, which count as squares; the first
/// pixel's centre is (0, 0). Places in space are metres, in OpenCV's camera coordinates (x right, y down, z
/// forward) or the robot's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_grasp {
    /// `sizeof(fixate_grasp)`.
    pub struct_size: u32,
    /// Not 0: the mask touches the picture's edge, so that the thing may go on beyond it.
    pub touches_border: u32,
    /// Pixels of the mask.
    pub area_px: u64,
    /// The box around its pixels' squares: left, top, right, bottom.
    pub box_px: [f64; 4],
    /// The mean of its pixels; may lie outside of the mask.
    pub centroid_px: [f64; 2],
    /// The pixel of the mask nearest to that.
    pub medoid_px: [u32; 2],
    /// Unit vector along the mask, in which it is longest; x is not negative.
    pub major: [f64; 2],
    /// Unit vector across it, a quarter turn from x towards y.
    pub minor: [f64; 2],
    /// Standard deviation of its pixels along it.
    pub major_deviation_px: f64,
    /// Standard deviation of its pixels across it.
    pub minor_deviation_px: f64,
    /// From one end to the other along it.
    pub length_px: f64,
    /// From one side to the other across it: how far a gripper must open at least.
    pub width_px: f64,
    /// Not 0: what follows was measured. 0 without a depth image, or where it has no value under the mask.
    pub has_depth: u32,
    /// 0.
    pub reserved: u32,
    /// Median depth along the camera's axis.
    pub depth_median_m: f64,
    /// Median absolute deviation from it.
    pub depth_mad_m: f64,
    /// Share of the mask's pixels whose depth was measured, 0 to 1.
    pub depth_valid_ratio: f64,
    /// Pixels that the centroid rests on: those measured whose depth is near the median.
    pub surface_px: u64,
    /// The mean of these pixels in space, camera coordinates.
    pub centroid_camera_m: [f64; 3],
    /// The same in the robot's coordinates, by the camera's `camera_from_robot`.
    pub centroid_robot_m: [f64; 3],
    /// Length of something flat at the median depth.
    pub length_m: f64,
    /// Width of something flat at the median depth.
    pub width_m: f64,
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_grasp {
    const NAME: &'static str = "fixate_grasp";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, width_m) + size_of::<f64>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            touches_border: 0,
            area_px: 0,
            box_px: [0.0; 4],
            centroid_px: [0.0; 2],
            medoid_px: [0; 2],
            major: [1.0, 0.0],
            minor: [0.0, 1.0],
            major_deviation_px: 0.0,
            minor_deviation_px: 0.0,
            length_px: 0.0,
            width_px: 0.0,
            has_depth: 0,
            reserved: 0,
            depth_median_m: 0.0,
            depth_mad_m: 0.0,
            depth_valid_ratio: 0.0,
            surface_px: 0,
            centroid_camera_m: [0.0; 3],
            centroid_robot_m: [0.0; 3],
            length_m: 0.0,
            width_m: 0.0,
        }
    }
}

/// Writes initial values: nothing measured. `struct_size` is `sizeof(fixate_grasp)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `grasp` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_grasp_init(grasp: *mut fixate_grasp, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(grasp, struct_size) })
}

/// The prompt of a grasp point, in pixels.
///
/// # Safety
/// `point` is NULL or points to an initialised point, `camera` is NULL or points to an initialised camera.
pub(crate) unsafe fn prompt(
    point: *const fixate_grasp_point,
    camera: *const fixate_camera,
) -> Result<Prompt, Failure> {
    // SAFETY: the caller promises NULL or an initialised point.
    let point = unsafe { read(point)? };
    match point.kind {
        FIXATE_GRASP_PIXEL => Ok(Prompt::point(point.x as f32, point.y as f32)),
        FIXATE_GRASP_ROBOT => {
            // SAFETY: the caller promises NULL or an initialised camera.
            let camera = unsafe { read(camera)? };
            Ok(camera.project([point.x, point.y, point.z])?.prompt())
        }
        other => Err(Failure::new(
            FIXATE_ERROR_ARGUMENT,
            format_args!("fixate_grasp_point.kind is {other}, none of FIXATE_GRASP_*"),
        )),
    }
}

/// Measures a mask; without depth its shape alone.
///
/// # Safety
/// `depth` is NULL or points to an initialised depth image with readable data; then `camera` is NULL or points
/// to an initialised camera.
pub(crate) unsafe fn measured(
    mask: &Bitmap,
    depth: *const fixate_depth,
    camera: *const fixate_camera,
    meter: &mut DepthMeter,
) -> Result<fixate_grasp, Failure> {
    let Some(shape) = MaskShape::of(mask) else {
        return Err(Failure::new(FIXATE_ERROR_NOTHING, NoDepth::EmptyMask));
    };
    let axes = &shape.axes;
    let bounds = &shape.bounds;
    let mut grasp = fixate_grasp {
        touches_border: shape.touches_border.into(),
        area_px: shape.area_px,
        box_px: [bounds.x0_px, bounds.y0_px, bounds.x1_px, bounds.y1_px],
        centroid_px: [shape.centroid.x_px, shape.centroid.y_px],
        medoid_px: [shape.medoid.0 as u32, shape.medoid.1 as u32],
        major: axes.major,
        minor: axes.minor,
        major_deviation_px: axes.major_deviation_px,
        minor_deviation_px: axes.minor_deviation_px,
        length_px: axes.length_px,
        width_px: axes.width_px,
        ..fixate_grasp::initial()
    };
    if depth.is_null() {
        return Ok(grasp);
    }
    // SAFETY: the caller promises an initialised depth image ...
    let depth = unsafe { read(depth)? };
    // SAFETY: ... whose data is readable.
    let depth = unsafe { view(&depth)? };
    // SAFETY: the caller promises NULL or an initialised camera.
    let camera = unsafe { read(camera)? };
    let (intrinsics, camera_from_robot) = (camera.intrinsics()?, camera.camera_from_robot()?);
    let found = match meter.measure(mask, &depth, &intrinsics) {
        Ok(found) => found,
        Err(NoDepth::NotMeasured { .. }) => return Ok(grasp),
        Err(error) => return Err(Failure::new(FIXATE_ERROR_ARGUMENT, error)),
    };
    let median_m = f64::from(found.median_m);
    grasp.has_depth = 1;
    grasp.depth_median_m = median_m;
    grasp.depth_mad_m = found.mad_m.into();
    grasp.depth_valid_ratio = found.valid_ratio;
    grasp.surface_px = found.surface_px;
    grasp.centroid_camera_m = found.centroid_camera_m;
    grasp.centroid_robot_m = found.centroid_robot_m(&camera_from_robot.inverse());
    grasp.length_m = axes.length_m(median_m, &intrinsics);
    grasp.width_m = axes.width_m(median_m, &intrinsics);
    Ok(grasp)
}
