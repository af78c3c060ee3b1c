//! Rendering: from placed things to a camera's picture with its truth.

mod focus;
mod lens;
mod light;
mod occlusion;
mod raster;
mod shade;
mod tile;
mod view;

pub use focus::Focus;
pub use lens::Intrinsics;
pub use light::{Lamp, Light, Shadow};
pub use raster::{Drawn, NOTHING, Raster};
pub use tile::Tile;
pub use view::{Instance, Quality, Shot, View};
