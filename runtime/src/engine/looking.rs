//! What comes in: gaze and gyroscope.

use super::answer::Accepted;
use super::error::EngineError;
use super::gaze::{GazeSample, GazeUpdate};
use super::machine::Engine;
use crate::geometry::Homography;
use crate::motion::GyroNoise;

/// What a gaze sample has brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GazeOutcome {
    /// What the eyes do.
    pub update: GazeUpdate,
    /// The prompt made of it.
    pub accepted: Option<Accepted>,
}

impl Engine {
    /// Takes a gaze sample, and makes a prompt of it while the eyes rest on, or follow, something on the
    /// frame. In saccades and blinks nothing is prompted: the last answer holds.
    ///
    /// # Errors
    /// When the sample's numbers are none, or it is not later than the one before, or later than now.
    pub fn on_gaze(
        &mut self,
        now_us: i64,
        sample: &GazeSample,
    ) -> Result<GazeOutcome, EngineError> {
        let now_us = self.advance(now_us);
        self.check_past("gaze sample", now_us, sample.time_us)
            .inspect_err(|_| self.counters.gaze_refused += 1)?;
        let turned = self.turned_since_gaze(sample);
        let update = self
            .gaze
            .push(sample, turned.as_ref())
            .inspect_err(|_| self.counters.gaze_refused += 1)
            .map_err(EngineError::Gaze)?;
        let accepted = self.prompt_of_gaze(now_us, &update);
        Ok(GazeOutcome { update, accepted })
    }

    /// How the picture has turned since the gaze sample before, where a gyroscope tells.
    fn turned_since_gaze(&self, sample: &GazeSample) -> Option<Homography> {
        let intrinsics = self.options.intrinsics?;
        let from_us = self.gaze.newest_us()?;
        let to_us = sample.time_us.saturating_sub(self.options.gaze.delay_us);
        if to_us <= from_us {
            return None;
        }
        let motion = self
            .gyro
            .motion(from_us, to_us, &intrinsics, &GyroNoise::default());
        motion.ok().map(|motion| *motion.target_from_source())
    }

    fn prompt_of_gaze(&mut self, now_us: i64, update: &GazeUpdate) -> Option<Accepted> {
        let fixation = update.fixation?;
        // After a pause without samples the fixation is not where the eyes are.
        let early = self.gaze_prompt_us.is_some_and(|before_us| {
            update.time_us.saturating_sub(before_us) < self.options.gaze_interval_us
        });
        if early || fixation.newest_us != update.time_us {
            return None;
        }
        let frame = self.frames.at(update.time_us)?.frame;
        let newest = *self.frames.newest()?;
        let px_per_rad = self.options.gaze.px_per_rad;
        let shape = fixation.prompt(
            self.options.gaze_point_rad * px_per_rad,
            self.options.gaze_box_rad * px_per_rad,
            newest.width_px,
            newest.height_px,
        );
        let accepted = shape.and_then(|shape| self.on_prompt(now_us, frame, &shape, None).ok());
        match accepted {
            Some(_) => self.gaze_prompt_us = Some(update.time_us),
            None => self.counters.gaze_off_frame += 1,
        }
        accepted
    }

    /// Takes a sample of a gyroscope at the camera: its angular velocity about its own axes, rad/s.
    ///
    /// # Errors
    /// When a rate is not finite, or the sample is not later than the one before, or later than now.
    pub fn on_imu(
        &mut self,
        now_us: i64,
        time_us: i64,
        rate_rad_s: [f64; 3],
    ) -> Result<(), EngineError> {
        let now_us = self.advance(now_us);
        self.check_past("gyroscope's sample", now_us, time_us)
            .inspect_err(|_| self.counters.imu_refused += 1)?;
        self.gyro
            .push(time_us, rate_rad_s)
            .inspect_err(|_| self.counters.imu_refused += 1)
            .map_err(EngineError::Gyro)
    }

    pub(super) fn check_past(
        &self,
        name: &'static str,
        now_us: i64,
        found_us: i64,
    ) -> Result<(), EngineError> {
        if found_us > now_us.saturating_add(self.options.clock_difference_us) {
            return Err(EngineError::FromFuture {
                name,
                now_us,
                found_us,
            });
        }
        Ok(())
    }
}
