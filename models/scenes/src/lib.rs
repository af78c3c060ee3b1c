//! Procedural images with truth: what fixate's shipped model learns from and is measured on.
//!
//! Nothing here comes from a photograph. An image is a function of a seed; the same seed gives the
//! same bytes on every machine (`sin`, `exp` and their kin come from `libm`, never from the
//! system). The modules are layers, lowest first:
//!
//! 1. [`random`], [`noise`]: seeded numbers and smooth noise.
//! 2. [`contour`]: outlines in unit coordinates, by family; [`coverage`]: an outline's pixels.
//! 3. [`texture`]: what fills an outline; [`palette`]: colours of one image.
//! 4. [`object`]: things made of parts made of subparts.
//! 5. [`canvas`]: paint and labels; [`contrast`]: whether a thing stands out; [`camera`]: from
//!    paint to a camera's bytes.
//! 6. [`flat`]: whole images; [`truth`]: which pixel belongs to which thing.
//! 7. [`shard`]: many images in one file, for training.

pub mod camera;
pub mod canvas;
pub mod contour;
pub mod contrast;
pub mod coverage;
pub mod flat;
pub mod motion;
pub mod noise;
pub mod object;
pub mod palette;
pub mod places;
pub mod random;
pub mod render;
pub mod scene;
pub mod shard;
pub mod space;
pub mod texture;
pub mod things;
pub mod truth;
