//! COCO's run-length encoding, interchangeable with pycocotools.

use std::fmt;

use super::Bitmap;

/// A mask as run lengths down its columns, first the zeros before the first pixel (0 of them if it
/// starts with one), then ones and zeros in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rle {
    width: usize,
    height: usize,
    counts: Vec<u32>,
}

/// The largest mask that is read; the bound keeps a hostile file from asking for all memory.
const MAX_PIXELS: usize = 1 << 30;

/// A 64-bit number has at most this many groups of five bits; more means a broken text.
const MAX_GROUPS: u32 = 12;

/// Added to each group so that it prints; the text ends up between `0` and `o`.
const FIRST_CHARACTER: u8 = b'0';

/// Set in a group when another follows.
const MORE: u8 = 0x20;

impl Rle {
    /// A mask of these runs.
    ///
    /// # Errors
    /// When the runs do not add up to width x height, or the mask is absurdly large.
    pub fn new(width: usize, height: usize, counts: Vec<u32>) -> Result<Self, RleError> {
        let pixels = checked_pixels(width, height)?;
        let found = counts
            .iter()
            .fold(0_u64, |sum, &count| sum.saturating_add(u64::from(count)));
        if found != pixels as u64 {
            return Err(RleError::Sum {
                width,
                height,
                found,
            });
        }
        Ok(Self {
            width,
            height,
            counts,
        })
    }

    /// The runs of a bitmap.
    ///
    /// # Errors
    /// When a run does not fit 32 bits, as COCO stores it.
    pub fn from_bitmap(bitmap: &Bitmap) -> Result<Self, RleError> {
        // A strip of columns is turned at a time, so that the rows' memory is read in order.
        const STRIP: usize = 64;
        let (width, height) = (bitmap.width(), bitmap.height());
        let mut columns = vec![0; STRIP.min(width) * height];
        let mut counts = Vec::new();
        let (mut value, mut run) = (0, 0_usize);
        let stored =
            |run: usize| u32::try_from(run).map_err(|_| RleError::TooLarge { width, height });
        for left in (0..width).step_by(STRIP) {
            let strip = STRIP.min(width - left);
            for y in 0..height {
                for (x, &byte) in bitmap.row(y)[left..left + strip].iter().enumerate() {
                    columns[x * height + y] = byte;
                }
            }
            for &byte in &columns[..strip * height] {
                if byte != value {
                    counts.push(stored(run)?);
                    run = 0;
                    value = byte;
                }
                run += 1;
            }
        }
        counts.push(stored(run)?);
        Ok(Self {
            width,
            height,
            counts,
        })
    }

    /// The bitmap of these runs.
    #[must_use]
    pub fn to_bitmap(&self) -> Bitmap {
        let mut bitmap = Bitmap::new(self.width, self.height);
        let mut start = 0;
        for runs in self.counts.chunks(2) {
            let from = start + runs[0] as usize;
            let to = from + runs.get(1).copied().unwrap_or_default() as usize;
            for index in from..to {
                bitmap.row_mut(index % self.height)[index / self.height] = 1;
            }
            start = to;
        }
        bitmap
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The runs, zeros first.
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Pixels in the mask.
    #[must_use]
    pub fn area(&self) -> u64 {
        self.counts
            .iter()
            .skip(1)
            .step_by(2)
            .map(|&c| u64::from(c))
            .sum()
    }

    /// The text that COCO files hold as `counts`, byte for byte what pycocotools writes: each run
    /// from the fourth on less the one two before it, in groups of five bits, lowest first.
    #[must_use]
    pub fn to_compressed(&self) -> String {
        let mut text = String::with_capacity(self.counts.len() * 2);
        for (index, &count) in self.counts.iter().enumerate() {
            let mut rest = i64::from(count);
            if index > 2 {
                rest -= i64::from(self.counts[index - 2]);
            }
            loop {
                let group = (rest & 0x1f) as u8;
                rest >>= 5;
                // The top bit of the last group is the sign.
                let done = if group & 0x10 == 0 {
                    rest == 0
                } else {
                    rest == -1
                };
                let more = if done { 0 } else { MORE };
                text.push(char::from((group | more) + FIRST_CHARACTER));
                if done {
                    break;
                }
            }
        }
        text
    }

    /// Reads what [`Rle::to_compressed`] writes.
    ///
    /// # Errors
    /// When the text is not such a one, or its runs do not add up to width x height.
    pub fn from_compressed(width: usize, height: usize, text: &str) -> Result<Self, RleError> {
        checked_pixels(width, height)?;
        let mut counts: Vec<u32> = Vec::new();
        let mut bytes = text.bytes().enumerate();
        while let Some(mut character) = bytes.next() {
            let (mut value, mut groups) = (0_i64, 0);
            loop {
                let (position, byte) = character;
                let group = byte.wrapping_sub(FIRST_CHARACTER);
                if group >= 2 * MORE || groups == MAX_GROUPS {
                    return Err(RleError::Text { position });
                }
                value |= i64::from(group & 0x1f) << (5 * groups);
                groups += 1;
                if group & MORE == 0 {
                    if group & 0x10 != 0 {
                        value |= -1 << (5 * groups);
                    }
                    break;
                }
                character = bytes.next().ok_or(RleError::Text {
                    position: text.len(),
                })?;
            }
            let index = counts.len();
            if index > 2 {
                value = value.saturating_add(i64::from(counts[index - 2]));
            }
            counts.push(u32::try_from(value).map_err(|_| RleError::Run { index, value })?);
        }
        Self::new(width, height, counts)
    }
}

fn checked_pixels(width: usize, height: usize) -> Result<usize, RleError> {
    width
        .checked_mul(height)
        .filter(|&pixels| pixels <= MAX_PIXELS)
        .ok_or(RleError::TooLarge { width, height })
}

/// Why runs are not a mask, or a mask not runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RleError {
    /// The mask is absurdly large.
    TooLarge {
        /// As given.
        width: usize,
        /// As given.
        height: usize,
    },
    /// The runs are more or fewer pixels than the mask has.
    Sum {
        /// As given.
        width: usize,
        /// As given.
        height: usize,
        /// Pixels of all runs together.
        found: u64,
    },
    /// A character that no compressed text has there, or an end within a number.
    Text {
        /// Where, in bytes.
        position: usize,
    },
    /// A run length that is negative or over 32 bits.
    Run {
        /// Which run, from 0.
        index: usize,
        /// As read.
        value: i64,
    },
}

impl fmt::Display for RleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { width, height } => write!(
                f,
                "a mask of {width}x{height} pixels is too large; at most {MAX_PIXELS} pixels are read"
            ),
            Self::Sum {
                width,
                height,
                found,
            } => write!(
                f,
                "the runs add up to {found} pixels, but the mask is {width}x{height}; check its size, given as [height, width]"
            ),
            Self::Text { position } => write!(
                f,
                "the counts are no COCO run-length text at byte {position}; give the text as pycocotools writes it"
            ),
            Self::Run { index, value } => write!(
                f,
                "run {index} is {value} pixels long; the counts are damaged"
            ),
        }
    }
}

impl std::error::Error for RleError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_texts_are_named() {
        let read = |text: &str| Rle::from_compressed(3, 2, text).map(|_| ());
        assert_eq!(read("6"), Ok(()));
        assert_eq!(read(" "), Err(RleError::Text { position: 0 }));
        assert_eq!(read("p"), Err(RleError::Text { position: 0 }));
        assert_eq!(read("1é"), Err(RleError::Text { position: 1 }));
        // Ends although more is announced.
        assert_eq!(read("1o"), Err(RleError::Text { position: 2 }));
        // A number of more groups than 64 bits.
        assert_eq!(read(&"o".repeat(40)), Err(RleError::Text { position: 12 }));
        // -1, and -1 after a difference.
        assert_eq!(
            read("O"),
            Err(RleError::Run {
                index: 0,
                value: -1
            })
        );
        assert_eq!(
            read("111N"),
            Err(RleError::Run {
                index: 3,
                value: -1
            })
        );
        let sum = |found| RleError::Sum {
            width: 3,
            height: 2,
            found,
        };
        assert_eq!(read(""), Err(sum(0)));
        assert_eq!(read("7"), Err(sum(7)));
        assert!(matches!(
            Rle::from_compressed(1 << 20, 1 << 20, "1"),
            Err(RleError::TooLarge { .. })
        ));
        assert!(matches!(
            Rle::from_compressed(usize::MAX, 2, "1"),
            Err(RleError::TooLarge { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}", width in 0_usize..9, height in 0_usize..9) {
            if let Ok(rle) = Rle::from_compressed(width, height, &text) {
                prop_assert_eq!(rle.to_bitmap().area(), rle.area());
            }
        }

        #[test]
        fn a_bitmap_survives_the_round_trip(
            width in 1_usize..150,
            height in 1_usize..40,
            seed in any::<u64>(),
            rarity in 1_u64..60,
        ) {
            let mut state = seed;
            let mut value = false;
            let bitmap = Bitmap::from_fn(width, height, |_, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                value ^= (state >> 33) % rarity == 0;
                value
            });
            let rle = Rle::from_bitmap(&bitmap).unwrap();
            prop_assert_eq!(rle.area(), bitmap.area());
            let read = Rle::from_compressed(width, height, &rle.to_compressed()).unwrap();
            prop_assert_eq!(&read, &rle);
            prop_assert_eq!(read.to_bitmap(), bitmap);
        }
    }
}
