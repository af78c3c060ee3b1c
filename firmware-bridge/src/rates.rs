//! What fits through a link.

use crate::frame::wire_size;
use crate::message::Kind;

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Link {
    /// A serial line with a start bit, 8 data bits and a stop bit.
    Uart {
        /// Bits a second.
        baud: u32,
    },
    /// Bulk transfers at USB full speed (12 Mbit/s), each frame in packets of its own: the worst case, because a
    /// device that waits a little sends several frames in one.
    UsbFullSpeed,
}

/// Bytes of a bulk packet at full speed, and packets in each frame of 1 ms on an idle bus (USB 2.0, table 5-9).
const USB_PACKET: usize = 64;
const USB_PACKETS_PER_MS: u32 = 19;

impl Link {
    /// The most messages of one kind in a second, when nothing else is sent.
    pub const fn messages_per_second(self, kind: Kind) -> u32 {
        match self {
            Self::Uart { baud } => baud / 10 / wire_size(kind) as u32,
            Self::UsbFullSpeed => {
                USB_PACKETS_PER_MS * 1000 / wire_size(kind).div_ceil(USB_PACKET) as u32
            }
        }
    }

    /// The share of the link that messages at these rates take, in thousandths, rounded up; above 1000 they do
    /// not fit.
    pub fn load_permille(self, messages: &[(Kind, u32)]) -> u32 {
        let (used, whole) = match self {
            Self::Uart { baud } => (bytes_per_second(messages) * 10, u64::from(baud)),
            Self::UsbFullSpeed => {
                let packets = messages
                    .iter()
                    .map(|&(kind, rate)| {
                        wire_size(kind).div_ceil(USB_PACKET) as u64 * u64::from(rate)
                    })
                    .sum();
                (packets, u64::from(USB_PACKETS_PER_MS) * 1000)
            }
        };
        (used * 1000)
            .div_ceil(whole.max(1))
            .min(u64::from(u32::MAX)) as u32
    }

    /// How long one frame takes on the wire, microseconds, rounded down; for [`crate::clock::LinkDelay`].
    pub const fn transmission_us(self, kind: Kind) -> u32 {
        match self {
            Self::Uart { baud } if baud > 0 => {
                (wire_size(kind) as u64 * 10_000_000 / baud as u64) as u32
            }
            // Packets wait for the host's turn; nothing is certain but that they do not travel backwards.
            _ => 0,
        }
    }
}

/// Bytes in a second of messages at these rates.
pub fn bytes_per_second(messages: &[(Kind, u32)]) -> u64 {
    messages
        .iter()
        .map(|&(kind, rate)| wire_size(kind) as u64 * u64::from(rate))
        .sum()
}
