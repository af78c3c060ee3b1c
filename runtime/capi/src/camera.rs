//! Cameras: where points in space are seen.

use fixate::geometry::RigidTransform;
use fixate::motion::Intrinsics;
use fixate::tasks::grasp::{GraspPoint, project};

use crate::prompt::{FIXATE_POINT_FOREGROUND, fixate_point};
use crate::status::{FIXATE_ERROR_ARGUMENT, FIXATE_ERROR_PROMPT, Failure, guarded};
use crate::versioned::{Versioned, init, read};

/// A camera without distortion (undistort the pictures of a lens that bends lines), and where it is. Camera
/// coordinates are OpenCV's: x right, y down, z forward, metres; the first pixel's centre is (0, 0).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_camera {
    /// `sizeof(fixate_camera)`.
    pub struct_size: u32,
    /// Pixels of a row of its pictures; needed where points are projected.
    pub width_px: u32,
    /// Rows of its pictures; needed where points are projected.
    pub height_px: u32,
    /// 0.
    pub reserved: u32,
    /// Focal length, pixels.
    pub focal_x_px: f64,
    /// See `focal_x_px`.
    pub focal_y_px: f64,
    /// Principal point, pixels.
    pub centre_x_px: f64,
    /// See `centre_x_px`.
    pub centre_y_px: f64,
    /// From the robot's coordinates to the camera's: a rotation, row after row.
    pub camera_from_robot_rotation: [f64; 9],
    /// And then a translation, metres.
    pub camera_from_robot_translation_m: [f64; 3],
}

// SAFETY: `repr(C)`, begins with its size, all fields are numbers.
unsafe impl Versioned for fixate_camera {
    const NAME: &'static str = "fixate_camera";
    const FIRST_SIZE: usize =
        std::mem::offset_of!(Self, camera_from_robot_translation_m) + 3 * size_of::<f64>();

    fn initial() -> Self {
        Self {
            struct_size: size_of::<Self>() as u32,
            width_px: 0,
            height_px: 0,
            reserved: 0,
            focal_x_px: 0.0,
            focal_y_px: 0.0,
            centre_x_px: 0.0,
            centre_y_px: 0.0,
            camera_from_robot_rotation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            camera_from_robot_translation_m: [0.0; 3],
        }
    }
}

/// Writes initial values: the robot's coordinates are the camera's, sizes and focal lengths are 0 and must be
/// given. `struct_size` is `sizeof(fixate_camera)`.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL` or `FIXATE_ERROR_STRUCT_SIZE`.
///
/// # Safety
/// `camera` points to `struct_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_camera_init(camera: *mut fixate_camera, struct_size: u32) -> i32 {
    // SAFETY: the caller promises so many bytes.
    guarded(|| unsafe { init(camera, struct_size) })
}

/// Where a point in the robot's coordinates (three numbers, metres) is seen: `point` gets a foreground point
/// for a prompt, `depth_m`, if not NULL, how far the point is along the camera's axis. Does not wait.
///
/// Returns `FIXATE_OK`, `FIXATE_ERROR_NULL`, `_STRUCT_SIZE`, `_ARGUMENT` for a camera that cannot be, or
/// `_PROMPT` for a point that is not finite, behind the camera or not on its picture.
///
/// # Safety
/// `camera` points to an initialised camera, `point_robot_m` to three numbers, `point` to a point, `depth_m` is
/// NULL or points to a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_camera_project(
    camera: *const fixate_camera,
    point_robot_m: *const f64,
    point: *mut fixate_point,
    depth_m: *mut f64,
) -> i32 {
    guarded(|| {
        // SAFETY: the caller promises an initialised camera.
        let camera = unsafe { read(camera)? };
        if point_robot_m.is_null() {
            return Err(Failure::null("point_robot_m"));
        }
        if point.is_null() {
            return Err(Failure::null("point"));
        }
        // SAFETY: the caller promises three numbers.
        let position_m = unsafe { point_robot_m.cast::<[f64; 3]>().read_unaligned() };
        let seen = camera.project(position_m)?;
        let prompt = seen.prompt();
        let Some(found) = prompt.points.first() else {
            return Ok(());
        };
        let found = fixate_point {
            x_px: found.x_px,
            y_px: found.y_px,
            label: FIXATE_POINT_FOREGROUND,
        };
        // SAFETY: not NULL, and the caller promises a point there.
        unsafe { point.write_unaligned(found) };
        if !depth_m.is_null() {
            // SAFETY: the caller promises a number there.
            unsafe { depth_m.write_unaligned(seen.depth_m) };
        }
        Ok(())
    })
}

impl fixate_camera {
    pub(crate) fn intrinsics(&self) -> Result<Intrinsics, Failure> {
        let known = Intrinsics::new(
            self.focal_x_px,
            self.focal_y_px,
            self.centre_x_px,
            self.centre_y_px,
        );
        known.map_err(Failure::of(FIXATE_ERROR_ARGUMENT))
    }

    pub(crate) fn camera_from_robot(&self) -> Result<RigidTransform, Failure> {
        let [a, b, c, d, e, f, g, h, i] = self.camera_from_robot_rotation;
        let rotation = [[a, b, c], [d, e, f], [g, h, i]];
        let known = RigidTransform::new(rotation, self.camera_from_robot_translation_m);
        known.map_err(Failure::of(FIXATE_ERROR_ARGUMENT))
    }

    pub(crate) fn project(&self, point_robot_m: [f64; 3]) -> Result<GraspPoint, Failure> {
        if self.width_px == 0 || self.height_px == 0 {
            return Err(Failure::new(
                FIXATE_ERROR_ARGUMENT,
                format_args!(
                    "fixate_camera is {}x{} pixels; give the size of its pictures",
                    self.width_px, self.height_px
                ),
            ));
        }
        let seen = project(
            point_robot_m,
            &self.camera_from_robot()?,
            &self.intrinsics()?,
            self.width_px,
            self.height_px,
        );
        seen.map_err(Failure::of(FIXATE_ERROR_PROMPT))
    }
}
