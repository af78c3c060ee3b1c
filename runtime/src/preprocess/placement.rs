//! Where an image lies in an encoder's input.

/// Where an image lies in an encoder's square input: resized, in the top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The image's own width.
    pub image_width_px: u32,
    /// The image's own height.
    pub image_height_px: u32,
    /// Its width in the input; the columns to the right are padding.
    pub resized_width_px: u32,
    /// Its height in the input; the rows below are padding.
    pub resized_height_px: u32,
    /// Side of the square input.
    pub input_size_px: u32,
}

impl Placement {
    /// Pixels of the image as pixels of the input, by the ratio of the sizes, as the reference
    /// maps prompts; the half pixel to a pixel's centre is the prompt encoder's business.
    #[must_use]
    pub fn input_from_image(&self, x_px: f32, y_px: f32) -> (f32, f32) {
        (
            scaled(x_px, self.resized_width_px, self.image_width_px),
            scaled(y_px, self.resized_height_px, self.image_height_px),
        )
    }

    /// The inverse of [`Placement::input_from_image`].
    #[must_use]
    pub fn image_from_input(&self, x_px: f32, y_px: f32) -> (f32, f32) {
        (
            scaled(x_px, self.image_width_px, self.resized_width_px),
            scaled(y_px, self.image_height_px, self.resized_height_px),
        )
    }
}

fn scaled(value: f32, to: u32, from: u32) -> f32 {
    (f64::from(value) * (f64::from(to) / f64::from(from))) as f32
}

#[cfg(test)]
mod tests {
    use crate::preprocess::{InputSpec, Placement, ResizeRule};

    fn spec(size_px: u32, resize: ResizeRule) -> InputSpec {
        InputSpec {
            size_px,
            resize,
            mean: [0.0; 3],
            std: [1.0; 3],
        }
    }

    fn resized(size_px: u32, width: u32, height: u32) -> (u32, u32) {
        let placement = spec(size_px, ResizeRule::LongestSide).placement(width, height);
        (placement.resized_width_px, placement.resized_height_px)
    }

    #[test]
    fn the_longest_side_fills_the_input() {
        assert_eq!(resized(1024, 1800, 1200), (1024, 683));
        assert_eq!(resized(1024, 1200, 1800), (683, 1024));
        assert_eq!(resized(1024, 640, 480), (1024, 768));
        assert_eq!(resized(1024, 1, 1), (1024, 1024));
        // 3 * 1024 / 2048 = 1.5 is rounded up.
        assert_eq!(resized(1024, 2048, 3), (1024, 2));
    }

    #[test]
    fn a_sliver_keeps_a_pixel() {
        assert_eq!(resized(1024, 1, 20_000), (1, 1024));
        assert_eq!(resized(512, u32::MAX, 1), (512, 1));
    }

    #[test]
    fn stretching_fills_both_sides() {
        let placement = spec(512, ResizeRule::Stretch).placement(100, 20);
        assert_eq!(
            (placement.resized_width_px, placement.resized_height_px),
            (512, 512)
        );
        assert_eq!(placement.input_from_image(50.0, 10.0), (256.0, 256.0));
    }

    #[test]
    fn coordinates_go_there_and_back() {
        let placement = Placement {
            image_width_px: 1800,
            image_height_px: 1200,
            resized_width_px: 1024,
            resized_height_px: 683,
            input_size_px: 1024,
        };
        let (x, y) = placement.input_from_image(500.0, 375.0);
        assert_eq!((x, y), ((500.0 * 1024.0 / 1800.0) as f32, 213.4375));
        let (x, y) = placement.image_from_input(x, y);
        assert!((x - 500.0).abs() < 1e-4 && (y - 375.0).abs() < 1e-4);
    }
}
