//! What functions return.

/// It worked; for `fixate_bridge_decode`: nothing is complete yet.
pub const FIXATE_BRIDGE_OK: i32 = 0;
/// A message is complete.
pub const FIXATE_BRIDGE_MESSAGE: i32 = 1;
/// A pointer that must not be NULL is.
pub const FIXATE_BRIDGE_ERROR_NULL: i32 = -1;
/// The encoder or decoder was not initialised.
pub const FIXATE_BRIDGE_ERROR_NOT_INITIALISED: i32 = -2;
/// The buffer is too small; `FIXATE_BRIDGE_MAX_WIRE` bytes are enough for any message.
pub const FIXATE_BRIDGE_ERROR_BUFFER: i32 = -3;
/// `fixate_bridge_message.kind` is no kind of message.
pub const FIXATE_BRIDGE_ERROR_KIND: i32 = -4;
/// A field has a value that may not be sent: not finite, out of its range, a code without a meaning, or at odds with
/// another field.
pub const FIXATE_BRIDGE_ERROR_FIELD: i32 = -5;
/// A frame came damaged.
pub const FIXATE_BRIDGE_ERROR_DAMAGED: i32 = -6;
/// What came is longer than any frame.
pub const FIXATE_BRIDGE_ERROR_OVERLONG: i32 = -7;
/// An intact frame is of another version of the protocol.
pub const FIXATE_BRIDGE_ERROR_VERSION: i32 = -8;
/// An intact frame came before.
pub const FIXATE_BRIDGE_ERROR_DUPLICATE: i32 = -9;
/// An intact frame is no message: the sender's mistake, not the link's.
pub const FIXATE_BRIDGE_ERROR_REFUSED: i32 = -10;
