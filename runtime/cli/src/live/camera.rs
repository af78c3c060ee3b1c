//! A camera whose frames go to a session as they come.

use super::clip::{Clip, Tree};
use crate::arguments::Live;
use crate::failure::Failure;
use fixate::session::{Session, now_us};
use fixate::source::{CameraRequest, CameraSource, FrameBuffer, Source, Supply};

/// A camera that has given its first frame.
pub(super) struct Camera {
    source: CameraSource,
    buffer: FrameBuffer,
}

/// Opens the camera with this number, and says what it sees: a clip without frames of its own.
pub(super) fn open(arguments: &Live, index: u32) -> Result<(Camera, Clip), Failure> {
    let mut request = CameraRequest::default();
    request.width_px = arguments.width;
    request.height_px = arguments.height;
    request.rate_hz = arguments.fps;
    let mut source = CameraSource::open(index, request, now_us).map_err(Failure::of)?;
    let mut buffer = FrameBuffer::new();
    if source.next_into(&mut buffer).map_err(Failure::of)? == Supply::Ended {
        return Err(Failure::Failed(format!("camera {index} gives no frames")));
    }
    let frame = buffer.frame().map_err(Failure::of)?;
    let clip = Clip {
        width: frame.width_px() as usize,
        height: frame.height_px() as usize,
        fps: f64::from(arguments.fps),
        frames: Vec::new(),
        looks: Vec::new(),
        looks_return: false,
        turns: Vec::new(),
        intrinsics: None,
        labels: Vec::new(),
        tree: Tree::default(),
    };
    Ok((Camera { source, buffer }, clip))
}

impl Camera {
    /// Pushes frames until this time, microseconds of the session's clock; how many the session refused.
    pub(super) fn play(mut self, session: &Session, end_us: i64) -> Result<usize, Failure> {
        let mut refused = 0;
        while now_us() < end_us {
            if self
                .source
                .next_into(&mut self.buffer)
                .map_err(Failure::of)?
                == Supply::Ended
            {
                return Err(Failure::Failed(
                    "the camera gives no more frames".to_owned(),
                ));
            }
            let frame = self.buffer.frame().map_err(Failure::of)?;
            refused += usize::from(session.push_frame(&frame).is_err());
        }
        Ok(refused)
    }
}
