//! Capture times of files that have none.

/// Frames a second, as a fraction: 30000/1001 is no decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    frames: u32,
    seconds: u32,
}

impl Default for FrameRate {
    /// 30 frames a second.
    fn default() -> Self {
        Self {
            frames: 30,
            seconds: 1,
        }
    }
}

impl FrameRate {
    /// So many frames in so many seconds; none if either is zero, or there are more than a million
    /// frames a second, whose times would not differ.
    #[must_use]
    pub fn new(frames: u32, seconds: u32) -> Option<Self> {
        let known = frames > 0 && seconds > 0;
        let distinct = u64::from(frames) <= u64::from(seconds) * 1_000_000;
        (known && distinct).then_some(Self { frames, seconds })
    }

    /// When the frame with this number, from 0, is captured; microseconds from the first.
    #[must_use]
    pub fn capture_us(&self, index: u64) -> i64 {
        let time_us =
            u128::from(index) * u128::from(self.seconds) * 1_000_000 / u128::from(self.frames);
        i64::try_from(time_us).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_drift() {
        let ntsc = FrameRate::new(30_000, 1_001).unwrap();
        assert_eq!(ntsc.capture_us(0), 0);
        assert_eq!(ntsc.capture_us(1), 33_366);
        assert_eq!(ntsc.capture_us(30_000), 1_001_000_000);
        assert_eq!(ntsc.capture_us(u64::MAX), i64::MAX);
        assert_eq!(FrameRate::default().capture_us(30), 1_000_000);
    }

    #[test]
    fn rates_without_distinct_times_are_none() {
        for (frames, seconds) in [(0, 1), (1, 0), (1_000_001, 1)] {
            assert_eq!(FrameRate::new(frames, seconds), None);
        }
        assert!(FrameRate::new(1_000_000, 1).is_some());
    }
}
