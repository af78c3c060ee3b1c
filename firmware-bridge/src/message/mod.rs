//! Every message, one file each: a plain struct whose field names carry units, its layout, its checks.
//!
//! [`Payload::parse`] accepts exactly what [`Payload::emit`] can write: the length, every enumeration and every
//! range are checked on both sides by the same code, so a value that was sent is never refused and a value that is
//! not a number is never sent. [`Message`] is any of them.

mod clock;
mod codes;
mod configuration;
mod error;
mod gaze;
mod grasp;
mod health;
mod hello;
mod imu;
mod mask;
mod strobe;
mod trigger;

use crate::bytes::{Reader, Writer};
use crate::schema::{self, Field};

pub use clock::{ClockPing, ClockPong};
pub use codes::Kind;
pub use configuration::Configuration;
pub use error::{EmitError, FieldError, ParseError};
pub use gaze::{GazePoint, GazeSample, GazeState};
pub use grasp::GraspPoint;
pub use health::Health;
pub use hello::{Hello, Role};
pub use imu::ImuSample;
pub use mask::{Answer, AnswerKind, MaskShape, MaskSummary, NoneReason};
pub use strobe::FrameStrobe;
pub use trigger::{Edge, Trigger, TriggerSource};

/// The payload of one kind of message.
pub trait Payload: Sized {
    /// Its code in the frame's header.
    const KIND: Kind;
    /// Its fields, in the order of the wire.
    const LAYOUT: &'static [Field];
    /// Its bytes, always the same number.
    const SIZE: usize = schema::size(Self::LAYOUT);

    /// Reads the fields in order. Enumerations are checked here, ranges in [`Payload::check`].
    ///
    /// # Errors
    ///
    /// A field whose code stands for nothing.
    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError>;

    /// Writes the fields in order, unchecked.
    fn write(&self, writer: &mut Writer<'_>);

    /// Whether every field is one that may be sent.
    ///
    /// # Errors
    ///
    /// The first field that is not finite, out of range, or contradicts another.
    fn check(&self) -> Result<(), FieldError>;

    /// A payload from exactly its bytes.
    ///
    /// # Errors
    ///
    /// The wrong number of bytes, or a field that [`Payload::read`] or [`Payload::check`] refuses.
    fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() != Self::SIZE {
            return Err(ParseError::WrongLength {
                kind: Self::KIND,
                found: bytes.len(),
            });
        }
        let payload = Self::read(&mut Reader::new(bytes))?;
        payload.check()?;
        Ok(payload)
    }

    /// Writes the payload to the front of `out` and returns its bytes' number.
    ///
    /// # Errors
    ///
    /// A buffer that is too small, or a field that [`Payload::check`] refuses; `out` is then untouched.
    fn emit(&self, out: &mut [u8]) -> Result<usize, EmitError> {
        self.check()?;
        match out.get_mut(..Self::SIZE) {
            Some(out) => {
                self.write(&mut Writer::new(out));
                Ok(Self::SIZE)
            }
            None => Err(EmitError::BufferTooSmall { needed: Self::SIZE }),
        }
    }
}

/// Writes the enum of all messages and what follows from the list alone.
macro_rules! messages {
    ($($name:ident: $meaning:literal,)*) => {
        /// Any message.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Message {
            $(#[doc = $meaning] $name($name),)*
        }

        impl Message {
            /// Its code in the frame's header.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => <$name as Payload>::KIND,)* }
            }

            /// The message of this kind from exactly its payload's bytes.
            ///
            /// # Errors
            ///
            /// See [`Payload::parse`].
            pub fn parse(kind: Kind, payload: &[u8]) -> Result<Self, ParseError> {
                match kind { $(Kind::$name => $name::parse(payload).map(Self::$name),)* }
            }

            /// Writes its payload to the front of `out` and returns the payload's size.
            ///
            /// # Errors
            ///
            /// See [`Payload::emit`].
            pub fn emit(&self, out: &mut [u8]) -> Result<usize, EmitError> {
                match self { $(Self::$name(payload) => payload.emit(out),)* }
            }
        }

        impl Kind {
            /// The fields of its payload, in the order of the wire.
            pub const fn layout(self) -> &'static [Field] {
                match self { $(Self::$name => $name::LAYOUT,)* }
            }

            /// Bytes of its payload. A constant for each kind, so that a microcontroller need not carry the layouts.
            pub const fn size(self) -> usize {
                match self { $(Self::$name => <$name as Payload>::SIZE,)* }
            }

            /// What it is for, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }

        $(impl From<$name> for Message {
            fn from(payload: $name) -> Self {
                Self::$name(payload)
            }
        })*
    };
}

messages! {
    Hello: "Who speaks, in which versions and with which layouts; either way.",
    ClockPing: "Asks for the other end's time; either way.",
    ClockPong: "Answers a ping; either way.",
    GazeSample: "Where the person looks; to the host.",
    ImuSample: "How the camera turns and accelerates; to the host.",
    FrameStrobe: "When a camera's frame was exposed; to the host.",
    GraspPoint: "Where the robot wants to reach; to the host.",
    Trigger: "A button or contact changed; to the host.",
    Health: "Counters of the device; to the host.",
    MaskSummary: "The answer to a prompt; to the device.",
    Configuration: "What the device shall send; the device answers with what it will send.",
}

impl Message {
    /// When what it tells of happened, device clock, wrapping; `None` for what has no such time.
    pub const fn device_time_us(&self) -> Option<u32> {
        match self {
            Self::GazeSample(message) => Some(message.device_time_us),
            Self::ImuSample(message) => Some(message.device_time_us),
            Self::FrameStrobe(message) => Some(message.exposure_start_us),
            Self::GraspPoint(message) => Some(message.device_time_us),
            Self::Trigger(message) => Some(message.device_time_us),
            Self::Health(message) => Some(message.device_time_us),
            Self::Hello(_)
            | Self::ClockPing(_)
            | Self::ClockPong(_)
            | Self::MaskSummary(_)
            | Self::Configuration(_) => None,
        }
    }
}

/// Bytes of the longest payload.
pub const MAX_PAYLOAD: usize = {
    let (mut longest, mut index) = (0, 0);
    while index < Kind::ALL.len() {
        if Kind::ALL[index].size() > longest {
            longest = Kind::ALL[index].size();
        }
        index += 1;
    }
    longest
};

/// Fingerprint of all layouts, which both ends compare in the handshake.
pub const SCHEMA: u32 = {
    let (mut state, mut index) = (schema::FINGERPRINT_START, 0);
    while index < Kind::ALL.len() {
        state = schema::fingerprint(state, Kind::ALL[index].code(), Kind::ALL[index].layout());
        index += 1;
    }
    state
};
