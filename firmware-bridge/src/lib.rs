//! The link between a microcontroller (beside an eye tracker, a camera, a gripper) and fixate on a host.
//!
//! `PROTOCOL.md` beside this crate is the protocol; this is its implementation for both ends. Nothing here
//! allocates, reads a clock or needs the standard library: bytes and times come in as arguments, messages and
//! times come out. The modules are layers, lowest first:
//!
//! 1. [`bytes`]: numbers in little-endian buffers; [`schema`]: what a layout is, and its fingerprint.
//! 2. [`message`]: every message: a plain struct, a checked parse, an emit.
//! 3. [`cobs`]: bytes without zeros; [`frame`]: header, payload, CRC-32.
//! 4. [`encoder`] and [`decoder`]: messages to bytes and back over a link that loses, changes and repeats bytes.
//! 5. [`outbox`]: whole frames waiting for a slow transmitter.
//! 6. [`handshake`]: whether both ends mean the same by the same bytes.
//! 7. [`clock`]: from the device's wrapping microseconds to the host's time, with a bound on the error.
//! 8. [`rates`]: what fits through a link.
//! 9. `host`, behind the feature of that name and the only module with the standard library: sessions, connections
//!    and reconnecting.
//!
//! # Example
//!
//! ```
//! use fixate_bridge::decoder::Decoder;
//! use fixate_bridge::encoder::Encoder;
//! use fixate_bridge::frame::MAX_WIRE;
//! use fixate_bridge::message::{ImuSample, Message};
//!
//! let sample = Message::ImuSample(ImuSample {
//!     device_time_us: 1_000,
//!     angular_rate_rad_s: [0.0, 0.1, 0.0],
//!     acceleration_m_s2: [0.0, 9.81, 0.0],
//! });
//! let mut encoder = Encoder::new(7);
//! let mut wire = [0; MAX_WIRE];
//! let length = encoder.encode(&sample, &mut wire).expect("every value is in range");
//!
//! let mut decoder = Decoder::new();
//! let received = decoder.feed(&wire[..length]).next().expect("one frame").expect("intact");
//! assert_eq!(received.message, sample);
//! assert_eq!((received.boot, received.sequence), (7, 0));
//! ```

#![no_std]

#[cfg(feature = "host")]
extern crate std;

pub mod bytes;
pub mod clock;
pub mod cobs;
pub mod decoder;
pub mod encoder;
pub mod frame;
pub mod handshake;
#[cfg(feature = "host")]
pub mod host;
pub mod message;
pub mod outbox;
pub mod rates;
pub mod schema;
