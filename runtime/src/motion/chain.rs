//! From a keyframe to the newest frame, motion by motion.

use super::error::ChainError;
use super::estimator::FrameMotion;
use super::uncertain::Motion;
use crate::geometry::{Covariance, Homography, Point};

/// The motion from a keyframe to the newest frame. One of these belongs to every keyframe in use, and is
/// extended with every frame; it has a fixed size, however long it gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionChain {
    keyframe_us: i64,
    newest_us: i64,
    newest_from_keyframe: Motion,
    broken: bool,
}

impl MotionChain {
    /// A chain from the keyframe captured at `keyframe_us` to itself.
    #[must_use]
    pub fn new(keyframe_us: i64) -> Self {
        Self {
            keyframe_us,
            newest_us: keyframe_us,
            newest_from_keyframe: Motion::exact(Homography::IDENTITY),
            broken: false,
        }
    }

    /// Goes on to the next frame. After a motion that is not known, the chain is broken for good.
    ///
    /// # Errors
    /// When the motion does not begin where the chain ends; it is then ignored. When the chain is
    /// broken, or has just been.
    pub fn extend(&mut self, link: &FrameMotion) -> Result<(), ChainError> {
        if link.source_us != self.newest_us {
            return Err(ChainError::Gap {
                newest_us: self.newest_us,
                found_us: link.source_us,
            });
        }
        self.check()?;
        match &link.motion {
            Some(motion) => {
                self.newest_from_keyframe = motion.after(&self.newest_from_keyframe);
                self.newest_us = link.target_us;
                Ok(())
            }
            None => {
                self.broken = true;
                self.check()
            }
        }
    }

    /// Puts a motion found at once, from the keyframe's own pixels to the newest frame's
    /// ([`FlowEstimator::estimate`](super::FlowEstimator::estimate)), in place of what the chain has added
    /// up to, and mends it if it was broken.
    pub fn replace(&mut self, newest_us: i64, newest_from_keyframe: Motion) {
        self.newest_us = newest_us;
        self.newest_from_keyframe = newest_from_keyframe;
        self.broken = false;
    }

    /// Capture of the keyframe, microseconds.
    #[must_use]
    pub fn keyframe_us(&self) -> i64 {
        self.keyframe_us
    }

    /// Capture of the newest frame that the chain reaches, microseconds.
    #[must_use]
    pub fn newest_us(&self) -> i64 {
        self.newest_us
    }

    /// The motion.
    ///
    /// # Errors
    /// When the chain is broken.
    pub fn newest_from_keyframe(&self) -> Result<&Motion, ChainError> {
        self.check()?;
        Ok(&self.newest_from_keyframe)
    }

    /// A point of the newest frame in the keyframe, with its uncertainty given the one it has; none if it
    /// has no image there. It may lie outside of the keyframe.
    ///
    /// # Errors
    /// When the chain is broken.
    pub fn point_in_keyframe(
        &self,
        point: Point,
        covariance: &Covariance,
    ) -> Result<Option<(Point, Covariance)>, ChainError> {
        Ok(self
            .newest_from_keyframe()?
            .inverse()
            .move_point(point, covariance))
    }

    /// A point of the keyframe in the newest frame, as [`MotionChain::point_in_keyframe`].
    ///
    /// # Errors
    /// When the chain is broken.
    pub fn point_in_newest(
        &self,
        point: Point,
        covariance: &Covariance,
    ) -> Result<Option<(Point, Covariance)>, ChainError> {
        Ok(self.newest_from_keyframe()?.move_point(point, covariance))
    }

    fn check(&self) -> Result<(), ChainError> {
        if self.broken {
            return Err(ChainError::Broken {
                since_us: self.newest_us,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motion::{Evidence, Lost};

    fn link(source_us: i64, shift_px: Option<f64>) -> FrameMotion {
        FrameMotion {
            source_us,
            target_us: source_us + 10,
            motion: shift_px.map(|px| Motion::exact(Homography::translation(px, -px))),
            evidence: Evidence::Nothing {
                flow: Lost::SizeChanged,
            },
        }
    }

    #[test]
    fn points_go_along_the_chain_and_back() {
        let mut chain = MotionChain::new(100);
        chain.extend(&link(100, Some(2.0))).unwrap();
        chain.extend(&link(110, Some(3.5))).unwrap();
        assert_eq!((chain.keyframe_us(), chain.newest_us()), (100, 120));
        let exactly = Covariance::default();
        let point = Point::new(7.0, 9.0);
        let (there, _) = chain.point_in_newest(point, &exactly).unwrap().unwrap();
        assert_eq!(there, Point::new(12.5, 3.5));
        let (back, _) = chain.point_in_keyframe(there, &exactly).unwrap().unwrap();
        assert_eq!(back, point);
        let nowhere = Point::new(f64::NAN, 0.0);
        assert_eq!(chain.point_in_keyframe(nowhere, &exactly), Ok(None));
    }

    #[test]
    fn gaps_are_refused_and_losses_remembered() {
        let mut chain = MotionChain::new(0);
        assert_eq!(
            chain.extend(&link(20, Some(1.0))),
            Err(ChainError::Gap {
                newest_us: 0,
                found_us: 20
            })
        );
        chain.extend(&link(0, Some(1.0))).unwrap();
        let broken = Err(ChainError::Broken { since_us: 10 });
        assert_eq!(chain.extend(&link(10, None)), broken);
        assert_eq!(chain.extend(&link(10, Some(1.0))), broken);
        assert!(chain.newest_from_keyframe().is_err());
        chain.replace(30, Motion::exact(Homography::IDENTITY));
        assert_eq!(chain.extend(&link(30, Some(1.0))), Ok(()));
    }
}
