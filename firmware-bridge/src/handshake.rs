//! Whether both ends mean the same by the same bytes.
//!
//! The host says [`Hello`] until the device answers; the device answers each of the host's and says it once at
//! its start. So the device keeps no state, no greeting answers an answer, and either end may start at any time.

use core::fmt;

use crate::frame::VERSION;
use crate::message::{Hello, Role, SCHEMA};

/// This end's greeting.
pub const fn hello(role: Role, identity: u64, build: u32) -> Hello {
    Hello {
        role,
        oldest_version: VERSION,
        newest_version: VERSION,
        schema: SCHEMA,
        identity,
        build,
    }
}

/// Why two ends cannot talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// Both are devices, or both are hosts: the wires are crossed, or an end hears itself.
    SameRole,
    /// No version that both understand; the other end's are given.
    NoCommonVersion {
        /// The other end's lowest.
        oldest: u8,
        /// The other end's highest.
        newest: u8,
    },
    /// The same version with other layouts: one end was built from changed sources.
    OtherLayouts {
        /// The other end's fingerprint.
        schema: u32,
    },
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameRole => out.write_str("both ends have the same role; are the wires crossed?"),
            Self::NoCommonVersion { oldest, newest } => {
                write!(
                    out,
                    "the other end speaks versions {oldest} to {newest}, this one {VERSION}"
                )
            }
            Self::OtherLayouts { schema } => write!(
                out,
                "the other end's layouts have the fingerprint {schema:#010x}, this one's {SCHEMA:#010x}; \
                 build both from the same sources"
            ),
        }
    }
}

impl core::error::Error for HandshakeError {}

/// The version that both ends shall speak: the highest that both understand.
///
/// # Errors
///
/// See [`HandshakeError`].
pub fn agree(own: &Hello, other: &Hello) -> Result<u8, HandshakeError> {
    let version = own.newest_version.min(other.newest_version);
    if own.role == other.role {
        Err(HandshakeError::SameRole)
    } else if version < own.oldest_version || version < other.oldest_version {
        Err(HandshakeError::NoCommonVersion {
            oldest: other.oldest_version,
            newest: other.newest_version,
        })
    } else if own.newest_version == other.newest_version && own.schema != other.schema {
        Err(HandshakeError::OtherLayouts {
            schema: other.schema,
        })
    } else {
        Ok(version)
    }
}

/// The other end, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The version to speak.
    pub version: u8,
    /// The other end's boot number.
    pub boot: u16,
    /// Its greeting.
    pub hello: Hello,
}

/// The host's side: greets until it is answered, and again when the device starts anew.
#[derive(Clone, Debug)]
pub struct Handshake {
    own: Hello,
    agreed: Option<Agreed>,
    next_us: u64,
}

impl Handshake {
    /// Time between greetings that go unanswered.
    pub const RETRY_US: u64 = 250_000;

    /// Greets with this.
    pub fn new(own: Hello) -> Self {
        Self {
            own,
            agreed: None,
            next_us: 0,
        }
    }

    /// The greeting to send now, if one is due.
    pub fn poll(&mut self, now_us: u64) -> Option<Hello> {
        if self.agreed.is_some() || now_us < self.next_us {
            return None;
        }
        self.next_us = now_us.saturating_add(Self::RETRY_US);
        Some(self.own)
    }

    /// Takes the device's greeting.
    ///
    /// # Errors
    ///
    /// See [`HandshakeError`]; the greeting goes on, for the case that the device is replaced.
    pub fn receive(&mut self, boot: u16, hello: &Hello) -> Result<Agreed, HandshakeError> {
        self.agreed = None;
        let agreed = Agreed {
            version: agree(&self.own, hello)?,
            boot,
            hello: *hello,
        };
        self.agreed = Some(agreed);
        Ok(agreed)
    }

    /// Takes any frame's boot number: one that is not the agreed device's begins the greeting anew.
    pub fn observe(&mut self, boot: u16) {
        if self.agreed.is_some_and(|agreed| agreed.boot != boot) {
            self.restart();
        }
    }

    /// Begins the greeting anew, at once.
    pub fn restart(&mut self) {
        self.agreed = None;
        self.next_us = 0;
    }

    /// The other end, if it is known.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }
}
