//! Whether a frame is new, by its number.

/// A frame that is behind by at most this many is one that came before; links repeat what is near, not what is
/// long gone. One that is farther behind shows a sender that started anew with the boot number it had.
const REPEATED: u16 = 256;

/// The last frame's numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequence {
    last: Option<(u16, u16)>,
}

/// Where a frame stands among those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Newer; so many between were never seen.
    Next { missed: u16 },
    /// Seen before.
    Again,
    /// The sender's first after a new start.
    Restart,
}

impl Sequence {
    /// Before the first frame.
    pub(super) const NONE: Self = Self { last: None };

    pub(super) fn follow(&mut self, boot: u16, sequence: u16) -> Order {
        let order = match self.last {
            None => Order::Next { missed: 0 },
            Some((last_boot, _)) if last_boot != boot => Order::Restart,
            Some((_, last)) => match sequence.wrapping_sub(last) {
                0 => Order::Again,
                ahead @ 1..=0x7fff => Order::Next { missed: ahead - 1 },
                behind if behind.wrapping_neg() <= REPEATED => Order::Again,
                _ => Order::Restart,
            },
        };
        if order != Order::Again {
            self.last = Some((boot, sequence));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_by_number() {
        let mut sequence = Sequence::NONE;
        assert_eq!(sequence.follow(1, 65_530), Order::Next { missed: 0 });
        assert_eq!(sequence.follow(1, 65_530), Order::Again);
        assert_eq!(sequence.follow(1, 65_531), Order::Next { missed: 0 });
        assert_eq!(sequence.follow(1, 65_530), Order::Again);
        assert_eq!(sequence.follow(1, 3), Order::Next { missed: 7 });
        assert_eq!(sequence.follow(1, 65_531), Order::Again);
        assert_eq!(sequence.follow(2, 3), Order::Restart);
        assert_eq!(sequence.follow(2, 1_000), Order::Next { missed: 996 });
        // The same boot number by chance, and so much lower that it is no repetition.
        assert_eq!(sequence.follow(2, 0), Order::Restart);
    }
}
