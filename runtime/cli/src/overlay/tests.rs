use super::*;
use fixate::prompt::{PointLabel, PromptBox, PromptPoint};
use image::Rgb;

fn ellipse(width: u32, height: u32, center: [f32; 2], radii: [f32; 2]) -> Bitmap {
    Bitmap::from_fn(width as usize, height as usize, |x, y| {
        let dx = (x as f32 + 0.5 - center[0]) / radii[0];
        let dy = (y as f32 + 0.5 - center[1]) / radii[1];
        dx * dx + dy * dy <= 1.0
    })
}

fn candidate(mask: &Bitmap) -> OverlayCandidate<'_> {
    OverlayCandidate {
        mask,
        predicted_iou: 0.937,
        stability: 0.98,
    }
}

fn prompt() -> Prompt {
    Prompt {
        points: vec![
            PromptPoint {
                x_px: 30.0,
                y_px: 20.0,
                label: PointLabel::Foreground,
            },
            PromptPoint {
                x_px: 99.0,
                y_px: 49.0,
                label: PointLabel::Background,
            },
        ],
        bounds: Some(PromptBox {
            x0_px: 5.0,
            y0_px: 5.0,
            x1_px: 60.0,
            y1_px: 45.0,
        }),
        mask: None,
    }
}

#[test]
fn images_of_any_shape_are_drawn() {
    for (width, height) in [(1, 1), (100, 50), (1, 3000), (3000, 1), (1900, 1300)] {
        let image = RgbImage::from_pixel(width, height, Rgb([120, 130, 140]));
        let mask = ellipse(width, height, [20.0, 20.0], [15.0, 9.0]);
        for count in [0, 1, 3, 5] {
            let overlay = draw(&image, &vec![candidate(&mask); count], &prompt());
            assert!(
                overlay.width() >= 400 && overlay.height() >= 3,
                "{width}x{height}"
            );
            let longest = Layout::new((width, height), count).photograph;
            assert!(longest.0.max(longest.1) <= 1600);
        }
    }
}

#[test]
fn the_mask_lies_where_it_belongs() {
    let image = RgbImage::from_pixel(200, 100, Rgb([100; 3]));
    let mask = ellipse(200, 100, [50.0, 50.0], [30.0, 30.0]);
    let overlay = draw(&image, &[candidate(&mask)], &Prompt::default());
    let panel = &Layout::new((200, 100), 1).panels[0];
    let at = |x: f32, y: f32| {
        let [left, top] = panel.photograph;
        let x = left + (x * panel.scale[0]) as u32;
        let y = top + (y * panel.scale[1]) as u32;
        overlay.get_pixel(x, y).0
    };
    // Blue within, dark grey elsewhere.
    let inside = at(50.0, 50.0);
    assert!(inside[2] > inside[0] + 40, "{inside:?}");
    assert_eq!(at(150.0, 50.0), [44; 3]);
    assert_eq!(at(50.0, 10.0), [44; 3]);
}

#[test]
fn points_have_the_colour_of_their_label() {
    let image = RgbImage::from_pixel(640, 320, Rgb([100; 3]));
    let mut prompt = prompt();
    prompt.bounds = None;
    let overlay = draw(&image, &[], &prompt);
    let panel = &Layout::new((640, 320), 0).panels[0];
    let [left, top] = panel.photograph;
    // Off the sign in the middle.
    let at = |x: u32, y: u32| overlay.get_pixel(left + x + 4, top + y + 3).0;
    assert_eq!(at(30, 20), palette::FOREGROUND);
    assert_eq!(at(99, 49), palette::BACKGROUND_POINT);
}

#[test]
fn a_mask_of_another_size_is_drawn_on_the_whole_photograph() {
    let image = RgbImage::from_pixel(64, 64, Rgb([100; 3]));
    let mask = Bitmap::new(0, 0);
    assert!(draw(&image, &[candidate(&mask)], &Prompt::default()).width() > 600);
}
