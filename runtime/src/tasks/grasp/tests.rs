use super::*;
use crate::geometry::RigidTransform;
use crate::mask::Bitmap;
use crate::motion::Intrinsics;
use proptest::prelude::*;
use std::f64::consts::PI;

const SIZE: usize = 220;

/// Which pixels' centres lie in a turned box or ellipse around the middle of the picture.
fn turned(half_length: f64, half_width: f64, angle_rad: f64, ellipse: bool) -> Bitmap {
    let (sine, cosine) = angle_rad.sin_cos();
    Bitmap::from_fn(SIZE, SIZE, |x, y| {
        let (dx, dy) = (x as f64 - 109.3, y as f64 - 110.2);
        let along = (dx * cosine + dy * sine) / half_length;
        let across = (dy * cosine - dx * sine) / half_width;
        if ellipse {
            along * along + across * across <= 1.0
        } else {
            along.abs() <= 1.0 && across.abs() <= 1.0
        }
    })
}

fn camera() -> Intrinsics {
    Intrinsics::new(600.0, 610.0, 319.5, 239.5).unwrap()
}

/// The camera looks along the robot's x axis, from half a metre above its origin.
fn camera_from_robot() -> RigidTransform {
    let rotation = [[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]];
    RigidTransform::new(rotation, [0.0, 0.5, 0.0]).unwrap()
}

#[test]
fn points_in_space_become_prompts() {
    let see = |point| project(point, &camera_from_robot(), &camera(), 640, 480);
    let ahead = see([2.0, 0.0, 0.5]).unwrap();
    assert_eq!(ahead.depth_m, 2.0);
    assert_eq!((ahead.pixel.x_px, ahead.pixel.y_px), (319.5, 239.5));
    // To the robot's left is to the picture's left, up is up.
    let left_above = see([2.0, 0.1, 0.6]).unwrap();
    assert!((left_above.pixel.x_px - 289.5).abs() < 1e-9);
    assert!((left_above.pixel.y_px - 209.0).abs() < 1e-9);
    assert_eq!(left_above.prompt().check(640, 480), Ok(()));
    assert_eq!(left_above.prompt_shape().check(640, 480), Ok(()));
    for (point, word) in [
        ([-2.0, 0.0, 0.5], "behind"),
        ([0.0, 0.0, 0.5], "behind"),
        ([2.0, 5.0, 0.5], "off the 640x480"),
        ([f64::NAN, 0.0, 0.0], "finite"),
        ([1e-300, 1e300, 0.0], "behind"),
    ] {
        let text = see(point).unwrap_err().to_string();
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn the_first_pixels_square_is_on_the_picture() {
    let corner = GraspPoint {
        pixel: crate::geometry::Point::new(-0.4, -0.5),
        depth_m: 1.0,
    };
    assert_eq!(corner.prompt().check(640, 480), Ok(()));
}

#[test]
fn a_rectangle_along_the_sides_is_exact() {
    let mask = Bitmap::from_fn(50, 40, |x, y| (10..34).contains(&x) && (7..15).contains(&y));
    let shape = MaskShape::of(&mask).unwrap();
    assert_eq!(shape.area_px, 24 * 8);
    assert_eq!((shape.centroid.x_px, shape.centroid.y_px), (21.5, 10.5));
    assert_eq!(shape.medoid, (21, 10));
    assert_eq!(
        (shape.axes.major, shape.axes.minor),
        ([1.0, 0.0], [0.0, 1.0])
    );
    assert_eq!((shape.axes.length_px, shape.axes.width_px), (24.0, 8.0));
    assert!((shape.axes.major_deviation_px * 12_f64.sqrt() - 24.0).abs() < 1e-9);
    assert!(!shape.touches_border);
    let bounds = shape.bounds;
    assert_eq!(
        [bounds.x0_px, bounds.y0_px, bounds.x1_px, bounds.y1_px],
        [9.5, 6.5, 33.5, 14.5]
    );
    // 8 pixels across, 2 m away, at 610 pixels a radian.
    assert!((shape.axes.width_m(2.0, &camera()) - 16.0 / 610.0).abs() < 1e-12);
    assert!((shape.axes.length_m(2.0, &camera()) - 48.0 / 600.0).abs() < 1e-12);
}

#[test]
fn small_masks_and_borders() {
    assert_eq!(MaskShape::of(&Bitmap::new(9, 9)), None);
    assert_eq!(MaskShape::of(&Bitmap::new(0, 0)), None);
    let one = MaskShape::of(&Bitmap::from_fn(9, 9, |x, y| (x, y) == (4, 8))).unwrap();
    assert_eq!(
        (one.medoid, one.axes.length_px, one.axes.width_px),
        ((4, 8), 1.0, 1.0)
    );
    assert!(one.touches_border);
    // The middle of a ring is not in it, its medoid is.
    let ring = Bitmap::from_fn(41, 41, |x, y| {
        let squared = (x as i64 - 20).pow(2) + (y as i64 - 20).pow(2);
        (200..=380).contains(&squared)
    });
    let shape = MaskShape::of(&ring).unwrap();
    assert!(!ring.contains(20, 20) && ring.contains(shape.medoid.0, shape.medoid.1));
    assert!(!shape.touches_border);
}

#[test]
fn depth_is_the_median_of_what_was_measured() {
    let mask = Bitmap::from_fn(8, 4, |x, y| x < 5 && y < 2);
    let mut values = vec![0_u16; 9 * 4];
    for x in 0..5 {
        values[x] = 1_000 + x as u16;
        values[9 + x] = [0, 1_010, 3_000, 995, 0][x];
    }
    let depth = DepthImage::millimetres(&values, 8, 4, 9).unwrap();
    let mut meter = DepthMeter::new();
    let found = meter.measure(&mask, &depth, &camera()).unwrap();
    // 995, 1000 to 1004, 1010, 3000.
    assert!((found.median_m - 1.0025).abs() < 1e-6, "{found:?}");
    assert!((found.mad_m - 0.002).abs() < 1e-6, "{found:?}");
    assert_eq!((found.valid_ratio, found.surface_px), (0.8, 7));
    let empty = meter.measure(&Bitmap::new(8, 4), &depth, &camera());
    assert_eq!(empty, Err(NoDepth::EmptyMask));
    let nothing = Bitmap::from_fn(8, 4, |_, y| y == 3);
    assert_eq!(
        meter.measure(&nothing, &depth, &camera()),
        Err(NoDepth::NotMeasured { area_px: 8 })
    );
    assert!(matches!(
        meter.measure(&Bitmap::new(4, 8), &depth, &camera()),
        Err(NoDepth::Sizes { .. })
    ));
}

#[test]
fn depth_images_are_checked() {
    let values = [1.0_f32; 11];
    assert!(DepthImage::metres(&values, 3, 3, 4).is_ok());
    assert!(DepthImage::metres(&values[..10], 3, 3, 4).is_err());
    assert!(DepthImage::metres(&values, 3, 3, 2).is_err());
    assert!(DepthImage::metres(&values, 3, usize::MAX, 4).is_err());
    assert!(DepthImage::metres(&[], 0, 0, 0).is_ok());
    assert!(DepthImage::units(&[1; 9], 3, 3, 3, f32::NAN).is_err());
    let odd = [f32::NAN, f32::INFINITY, -1.0, 0.0, 2.0];
    let depth = DepthImage::metres(&odd, 5, 1, 5).unwrap();
    let valid: Vec<usize> = (0..9).filter(|&x| depth.depth_m(x, 0).is_some()).collect();
    assert_eq!(valid, [4]);
    assert_eq!(depth.depth_m(0, 1), None);
}

/// The angle between two directions, which have no sign.
fn between_rad(angle_rad: f64, direction: [f64; 2]) -> f64 {
    let difference = (direction[1].atan2(direction[0]) - angle_rad).rem_euclid(PI);
    difference.min(PI - difference)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn axes_and_width_are_those_of_the_thing(
        half_length in 30.0_f64..90.0,
        ratio in 0.15_f64..0.75,
        angle_rad in -1.5_f64..1.5,
        ellipse in any::<bool>(),
    ) {
        let half_width = half_length * ratio;
        let mask = turned(half_length, half_width, angle_rad, ellipse);
        let shape = MaskShape::of(&mask).unwrap();
        prop_assert!(between_rad(angle_rad, shape.axes.major) < 0.03);
        prop_assert!(between_rad(angle_rad + PI / 2.0, shape.axes.minor) < 0.03);
        // The squares of the outermost pixels stand out.
        let most_px = 2.0 + 0.06 * half_length;
        prop_assert!((shape.axes.length_px - 2.0 * half_length).abs() < most_px);
        prop_assert!((shape.axes.width_px - 2.0 * half_width).abs() < most_px);
        let in_deviations = if ellipse { 2.0 } else { 3_f64.sqrt() };
        prop_assert!((shape.axes.major_deviation_px * in_deviations / half_length - 1.0).abs() < 0.03);
        prop_assert!((shape.axes.minor_deviation_px * in_deviations / half_width - 1.0).abs() < 0.06);
        let inside = (0..SIZE * SIZE).filter(|place| mask.contains(place % SIZE, place / SIZE));
        let (mut count, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
        for place in inside {
            count += 1.0;
            x_sum += (place % SIZE) as f64;
            y_sum += (place / SIZE) as f64;
        }
        prop_assert!((shape.centroid.x_px - x_sum / count).abs() < 1e-6);
        prop_assert!((shape.centroid.y_px - y_sum / count).abs() < 1e-6);
        // An edge nearly along a row of pixels takes or leaves half of it: an eighth of the length over the width, each.
        let most_px = 0.5 + 0.25 / ratio;
        prop_assert!((shape.centroid.x_px - 109.3).abs() < most_px);
        prop_assert!((shape.centroid.y_px - 110.2).abs() < most_px);
    }

    #[test]
    fn a_moved_mask_has_a_moved_shape(
        bits in prop::collection::vec(any::<bool>(), 15 * 11),
        dx in 1_usize..300,
        dy in 1_usize..200,
    ) {
        let at = |left: usize, top: usize| {
            let mask = Bitmap::from_fn(340, 240, |x, y| {
                let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(top)) else {
                    return false;
                };
                x < 15 && y < 11 && bits[y * 15 + x]
            });
            (MaskShape::of(&mask), mask)
        };
        let ((here, mask), (there, _)) = (at(1, 1), at(1 + dx, 1 + dy));
        prop_assert_eq!(here.is_some(), mask.area() > 0);
        let (Some(here), Some(there)) = (here, there) else {
            return Ok(());
        };
        prop_assert_eq!(here.axes, there.axes);
        prop_assert_eq!((here.medoid.0 + dx, here.medoid.1 + dy), there.medoid);
        prop_assert!(mask.contains(here.medoid.0, here.medoid.1));
        prop_assert!((there.centroid.x_px - here.centroid.x_px - dx as f64).abs() < 1e-9);
        prop_assert!((there.centroid.y_px - here.centroid.y_px - dy as f64).abs() < 1e-9);
        // No pixel has a smaller sum of squared distances.
        let cost = |(u, v): (usize, usize)| -> u64 {
            shape::inside(&mask)
                .map(|(x, y)| (x.abs_diff(u).pow(2) + y.abs_diff(v).pow(2)) as u64)
                .sum()
        };
        prop_assert_eq!(shape::inside(&mask).map(cost).min(), Some(cost(here.medoid)));
    }

    #[test]
    fn a_plane_is_found_in_space(
        distance_m in 0.3_f32..4.0,
        tilt in -0.3_f32..0.3,
        holes in 2_usize..9,
        far in 0.2_f32..3.0,
    ) {
        let mask = turned(60.0, 25.0, 0.4, true);
        // Every so many pixels is not measured; a rim of something far behind is under the mask.
        let values: Vec<f32> = (0..SIZE * SIZE)
            .map(|index| {
                let (x, y) = (index % SIZE, index / SIZE);
                if index % holes == 0 {
                    0.0
                } else if !turned_contains(56.0, 21.0, x, y) {
                    distance_m * (1.3 + far)
                } else {
                    distance_m * (1.0 + tilt * (x as f32 - 109.3) / 600.0)
                }
            })
            .collect();
        let depth = DepthImage::metres(&values, SIZE, SIZE, SIZE).unwrap();
        let found = DepthMeter::new().measure(&mask, &depth, &camera()).unwrap();
        let expected_ratio = 1.0 - 1.0 / holes as f64;
        prop_assert!((found.valid_ratio - expected_ratio).abs() < 0.02);
        prop_assert!((found.median_m / distance_m - 1.0).abs() < 0.02, "{:?}", found);
        let expected = [(109.3 - 319.5) / 600.0, (110.2 - 239.5) / 610.0, 1.0];
        for (found, expected) in found.centroid_camera_m.into_iter().zip(expected) {
            let expected = expected * f64::from(distance_m);
            prop_assert!((found - expected).abs() < 0.01 * f64::from(distance_m));
        }
        let in_robot = found.centroid_robot_m(&camera_from_robot().inverse());
        let back = camera_from_robot().apply(in_robot);
        prop_assert!(back.iter().zip(found.centroid_camera_m).all(|(a, b)| (a - b).abs() < 1e-9));
    }
}

fn turned_contains(half_length: f64, half_width: f64, x: usize, y: usize) -> bool {
    let (sine, cosine) = 0.4_f64.sin_cos();
    let (dx, dy) = (x as f64 - 109.3, y as f64 - 110.2);
    let along = (dx * cosine + dy * sine) / half_length;
    let across = (dy * cosine - dx * sine) / half_width;
    along * along + across * across <= 1.0
}
