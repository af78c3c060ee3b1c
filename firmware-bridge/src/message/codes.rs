//! Enumerations that cross the wire as one byte.

/// Writes an enum whose values have codes of one byte, and its checked conversion.
macro_rules! codes {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$inner])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its byte on the wire.
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with this byte, if there is one.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// What a frame carries.
    #[non_exhaustive]
    Kind {
        /// [`Hello`](super::Hello).
        Hello = 0x01,
        /// [`ClockPing`](super::ClockPing).
        ClockPing = 0x02,
        /// [`ClockPong`](super::ClockPong).
        ClockPong = 0x03,
        /// [`GazeSample`](super::GazeSample).
        GazeSample = 0x10,
        /// [`ImuSample`](super::ImuSample).
        ImuSample = 0x11,
        /// [`FrameStrobe`](super::FrameStrobe).
        FrameStrobe = 0x12,
        /// [`GraspPoint`](super::GraspPoint).
        GraspPoint = 0x13,
        /// [`Trigger`](super::Trigger).
        Trigger = 0x14,
        /// [`Health`](super::Health).
        Health = 0x15,
        /// [`MaskSummary`](super::MaskSummary).
        MaskSummary = 0x20,
        /// [`Configuration`](super::Configuration).
        Configuration = 0x21,
    }
}
