//! Objects of procedural images that no model was trained on.

use super::EvalImage;
use crate::arguments::SceneStyle;
use fixate::mask::Bitmap;
use fixate_scenes::flat;
use fixate_scenes::random::Random;
use fixate_scenes::render::Quality;
use fixate_scenes::scene::{Options, Scene};
use fixate_scenes::truth::{Level, Truth};
use image::RgbImage;

/// Seeds below this are for measuring; training uses those above.
const FIRST_TRAINING_SEED: u64 = 500_000;

/// Objects asked for per image.
const OBJECTS: usize = 4;

/// The smallest object asked for, a fraction of the image.
const SMALLEST: f32 = 0.001;

/// Shapes of cameras' images.
const SIZES: [(usize, usize); 4] = [(640, 480), (512, 512), (480, 640), (768, 512)];

/// Seconds into a scene at which its picture is taken.
const MOMENT_S: f64 = 1.0;

/// Images of one seed after the other, without end (of the seeds that are for measuring).
pub(super) fn images(style: SceneStyle) -> impl Iterator<Item = EvalImage> {
    of_seeds(0..FIRST_TRAINING_SEED, style)
}

/// Images that models may be fitted to, without end.
pub(crate) fn training_images(style: SceneStyle) -> impl Iterator<Item = EvalImage> {
    of_seeds(FIRST_TRAINING_SEED.., style)
}

fn of_seeds(
    seeds: impl Iterator<Item = u64>,
    style: SceneStyle,
) -> impl Iterator<Item = EvalImage> {
    seeds.map(move |seed| {
        let (width, height) = SIZES[seed as usize % SIZES.len()];
        let (rgb, truth) = match style {
            SceneStyle::Flat => {
                let drawn = flat::draw(seed, width, height);
                (drawn.rgb, drawn.truth)
            }
            SceneStyle::Space => {
                let options = Options {
                    width,
                    height,
                    duration_s: MOMENT_S + 0.5,
                    quality: Quality::Fine,
                    held_out: true,
                };
                let scene = Scene::new(seed, &options);
                let frame = scene.photographer().frame(MOMENT_S);
                let truth = scene.truth(&frame.labels);
                (frame.rgb, truth)
            }
        };
        let objects = objects(&truth, &mut Random::new(!seed));
        // The image has exactly the bytes that its size asks for.
        let image = RgbImage::from_raw(width as u32, height as u32, rgb).unwrap_or_default();
        EvalImage {
            name: format!("scene {seed}"),
            image,
            objects,
        }
    })
}

/// Draws objects first (by the square root of their area), then how deep to ask: a whole, one of its
/// parts, or a part of that.
fn objects(truth: &Truth, random: &mut Random) -> Vec<Bitmap> {
    let areas = truth.areas();
    let smallest = SMALLEST * truth.labels.len() as f32;
    let big_enough = |index: usize| areas[index] as f32 >= smallest;
    let children = |parent: Option<u8>| -> Vec<usize> {
        (0..truth.nodes.len())
            .filter(|index| truth.nodes[*index].parent == parent && big_enough(*index))
            .collect()
    };
    let draw = |from: &[usize], random: &mut Random| {
        let weights: Vec<f32> = from
            .iter()
            .map(|index| (areas[*index] as f32).sqrt())
            .collect();
        from[random.weighted(&weights)]
    };
    let wholes = children(None);
    if wholes.is_empty() {
        return Vec::new();
    }
    (0..OBJECTS)
        .map(|_| {
            let mut node = draw(&wholes, random);
            let depth = random.weighted(&[0.6, 0.28, 0.12]);
            for _ in 0..depth {
                let parts = children(Some(node as u8));
                if !parts.is_empty() {
                    node = draw(&parts, random);
                }
            }
            debug_assert!(depth > 0 || truth.nodes[node].level == Level::Whole);
            let mask = truth.mask(node as u8);
            Bitmap::from_fn(truth.width, truth.height, |x, y| mask[y * truth.width + x])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_of_the_images_size_and_not_slivers() {
        let mut found = 0;
        let flat = images(SceneStyle::Flat).take(8);
        for image in flat.chain(images(SceneStyle::Space).take(4)) {
            for object in &image.objects {
                assert_eq!(object.width(), image.image.width() as usize);
                assert_eq!(object.height(), image.image.height() as usize);
                assert!(
                    object.area() as f32 >= SMALLEST * (object.width() * object.height()) as f32
                );
                found += 1;
            }
        }
        assert!(found >= 30, "{found}");
    }
}
