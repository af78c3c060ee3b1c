//! A robot wants to reach a point: the mask of the thing there, and what a gripper asks of it.
//!
//! ```sh
//! cargo run --release --example robot_grasp -- [SEED]
//! ```
//!
//! Camera, depth and pose come from a procedural scene here; on a robot they come from its depth camera
//! and its hand-eye calibration.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example tells what it found"
)]

use std::error::Error;
use std::process::ExitCode;

use fixate::bundle::Bundle;
use fixate::frame::{Frame, PixelFormat};
use fixate::geometry::RigidTransform;
use fixate::motion::Intrinsics;
use fixate::prompt::MultimaskOutput;
use fixate::segmenter::{Segmenter, SegmenterOptions};
use fixate::tasks::grasp::{DepthImage, DepthMeter, MaskShape, project};
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};

const WIDTH_PX: u32 = 640;
const HEIGHT_PX: u32 = 480;

/// What a robot knows before it prompts.
struct Seen {
    rgb: Vec<u8>,
    depth_m: Vec<f32>,
    intrinsics: Intrinsics,
    camera_from_robot: RigidTransform,
    wanted_robot_m: [f64; 3],
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).unwrap_or("3".to_owned()).parse()?;
    let seen = look(seed)?;
    let point = project(
        seen.wanted_robot_m,
        &seen.camera_from_robot,
        &seen.intrinsics,
        WIDTH_PX,
        HEIGHT_PX,
    )?;
    println!(
        "the robot wants {:.3?} m, seen at pixel {:.1}, {:.1}, {:.2} m away",
        seen.wanted_robot_m, point.pixel.x_px, point.pixel.y_px, point.depth_m
    );

    let frame = Frame::contiguous(PixelFormat::Rgb8, WIDTH_PX, HEIGHT_PX, &seen.rgb, 0)?;
    let mut segmenter = Segmenter::new(&Bundle::builtin()?, SegmenterOptions::default())?;
    let keyframe = segmenter.encode(&frame)?;
    let candidates = segmenter.segment(&keyframe, &point.prompt(), MultimaskOutput::Auto)?;
    let best = candidates.first().ok_or("no mask")?;
    let mask = best.logits.view().to_bitmap(&keyframe.placement)?;

    // An empty mask has no shape: nothing to grasp, rather than a grasp at the origin.
    let shape = MaskShape::of(&mask).ok_or("the mask is empty; prompt again")?;
    println!(
        "mask: {} px, predicted IoU {:.2}, centroid {:.1}, {:.1}, medoid {:?}{}",
        shape.area_px,
        best.predicted_iou,
        shape.centroid.x_px,
        shape.centroid.y_px,
        shape.medoid,
        if shape.touches_border {
            ", goes on beyond the picture"
        } else {
            ""
        }
    );

    let (width, height) = (WIDTH_PX as usize, HEIGHT_PX as usize);
    let depth = DepthImage::metres(&seen.depth_m, width, height, width)?;
    let found = DepthMeter::new().measure(&mask, &depth, &seen.intrinsics)?;
    println!(
        "depth: median {:.3} m, deviation {:.3} m, measured on {:.0} % of the mask",
        found.median_m,
        found.mad_m,
        100.0 * found.valid_ratio
    );
    let axes = &shape.axes;
    let depth_m = f64::from(found.median_m);
    println!(
        "grasp across {:.2?}: open at least {:.0} px = {:.3} m; it is {:.3} m long",
        axes.minor,
        axes.width_px,
        axes.width_m(depth_m, &seen.intrinsics),
        axes.length_m(depth_m, &seen.intrinsics)
    );
    let robot_from_camera = seen.camera_from_robot.inverse();
    println!(
        "surface centroid: {:.3?} m in the camera, {:.3?} m in the robot",
        found.centroid_camera_m,
        found.centroid_robot_m(&robot_from_camera)
    );
    Ok(())
}

/// A scene's picture, depth and pose, and a point on something in it.
fn look(seed: u64) -> Result<Seen, Box<dyn Error>> {
    let options = Options {
        width: WIDTH_PX as usize,
        height: HEIGHT_PX as usize,
        duration_s: 1.0,
        quality: Quality::Fast,
        held_out: false,
    };
    let mut scene = Scene::new(seed, &options);
    // As after undistorting the picture.
    scene.lens.radial = [0.0; 2];
    let time_s = 0.2;
    let picture = scene.photographer().frame(time_s);
    let lens = scene.lens;
    let (focal_px, centre_px) = (f64::from(lens.focal_px), lens.centre_px);
    let robot_from_camera = picture.world_from_camera;
    let rotation = robot_from_camera.rotation;
    let robot_from_camera = RigidTransform::from_quaternion_xyzw(
        [rotation.x, rotation.y, rotation.z, rotation.w].map(f64::from),
        robot_from_camera.translation.to_array().map(f64::from),
    )?;
    let wanted = scene.looks.first().ok_or("nothing to look at")?;
    let wanted_robot_m = scene.placed[wanted.placed].pose(time_s).point(wanted.point);
    Ok(Seen {
        rgb: picture.rgb,
        depth_m: picture.depth_m,
        intrinsics: Intrinsics::new(focal_px, focal_px, centre_px.x.into(), centre_px.y.into())?,
        camera_from_robot: robot_from_camera.inverse(),
        wanted_robot_m: wanted_robot_m.to_array().map(f64::from),
    })
}
