//! The host's side of a link.
//!
//! 1. [`Session`] is what the host says and understands: bytes and times in, events and bytes out, no clock, no stream.
//! 2. [`Connection`] moves bytes over anything that reads and writes with timeouts; it opens TCP streams and, with the
//!    feature `serial`, serial ports and pseudo-terminals.
//! 3. [`Reconnect`] says when to try again after a connection failed.

mod connection;
mod reconnect;
mod session;
mod statistics;

pub use connection::Connection;
pub use reconnect::{Action, Reconnect};
pub use session::{Event, Session};
pub use statistics::Statistics;
