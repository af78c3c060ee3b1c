//! What stands for cameras where they were not built in.

use super::clip::Clip;
use crate::arguments::Live;
use crate::failure::Failure;
use fixate::session::Session;
use std::convert::Infallible;

/// There is none.
pub(super) struct Camera(Infallible);

/// Says how to build what opens one.
pub(super) fn open(_: &Live, index: u32) -> Result<(Camera, Clip), Failure> {
    Err(Failure::Usage(format!(
        "camera {index} cannot be opened, because cameras were not built in; build with: cargo build --release -p fixate-cli --features camera"
    )))
}

impl Camera {
    /// Never called.
    pub(super) fn play(self, _: &Session, _: i64) -> Result<usize, Failure> {
        match self.0 {}
    }
}
