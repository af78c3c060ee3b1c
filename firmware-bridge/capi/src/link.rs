//! Messages to bytes and back.

use fixate_bridge::decoder::{Decoder, Dropped};
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::{MAX_WIRE, VERSION};
use fixate_bridge::handshake;
use fixate_bridge::message::{EmitError, Role, SCHEMA};

use crate::convert::{message, payload};
use crate::message::{
    FIXATE_BRIDGE_HELLO, fixate_bridge_hello, fixate_bridge_message, fixate_bridge_payload,
};
use crate::status::*;
use crate::stored::{Store, fixate_bridge_decoder, fixate_bridge_encoder};

/// The version of the protocol that this library speaks.
pub const FIXATE_BRIDGE_VERSION: u8 = 1;
/// Bytes of the longest message on the wire.
pub const FIXATE_BRIDGE_MAX_WIRE: usize = 58;

// The generator of the header reads numbers alone.
const _: () = assert!(VERSION == FIXATE_BRIDGE_VERSION && MAX_WIRE == FIXATE_BRIDGE_MAX_WIRE);

/// What a decoder saw since its start. All wrap.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fixate_bridge_counters {
    /// Messages given.
    pub received: u32,
    /// Frames with broken stuffing, header or checksum.
    pub damaged: u32,
    /// What was longer than any frame.
    pub overlong: u32,
    /// Intact frames of another version.
    pub wrong_version: u32,
    /// Intact frames that are no message.
    pub refused: u32,
    /// Intact frames that came before.
    pub duplicates: u32,
    /// Frames that the gaps between sequence numbers show as lost, damaged ones among them.
    pub missed: u32,
    /// New starts of the sender.
    pub restarts: u32,
}

/// The fingerprint of this library's layouts, for the handshake.
#[unsafe(no_mangle)]
pub extern "C" fn fixate_bridge_schema() -> u32 {
    SCHEMA
}

/// Begins to send, at sequence number 0. `boot` must differ from the last start's: a counter kept over resets, or
/// chance. It tells the other end that sequence numbers and clock begin anew.
///
/// Returns `FIXATE_BRIDGE_OK` or `FIXATE_BRIDGE_ERROR_NULL`.
///
/// # Safety
/// `encoder` is NULL or points to an encoder.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_encoder_init(
    encoder: *mut fixate_bridge_encoder,
    boot: u16,
) -> i32 {
    if encoder.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    // SAFETY: not NULL, and the caller promises an encoder.
    unsafe { Store::store(encoder, Encoder::new(boot)) };
    FIXATE_BRIDGE_OK
}

/// Begins to receive.
///
/// Returns `FIXATE_BRIDGE_OK` or `FIXATE_BRIDGE_ERROR_NULL`.
///
/// # Safety
/// `decoder` is NULL or points to a decoder.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_decoder_init(decoder: *mut fixate_bridge_decoder) -> i32 {
    if decoder.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    // SAFETY: not NULL, and the caller promises a decoder.
    unsafe { Store::store(decoder, Decoder::new()) };
    FIXATE_BRIDGE_OK
}

/// Makes this end's greeting: `role` is 0 for a device, 1 for a host. A device sends one at its start, and one for
/// each that it receives from a host.
///
/// Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL`, or `FIXATE_BRIDGE_ERROR_FIELD` for another role.
///
/// # Safety
/// `message` is NULL or points to a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_hello_message(
    role: u8,
    identity: u64,
    build: u32,
    message: *mut fixate_bridge_message,
) -> i32 {
    if message.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    let Some(known) = Role::from_code(role) else {
        return FIXATE_BRIDGE_ERROR_FIELD;
    };
    let hello = handshake::hello(known, identity, build);
    let made = fixate_bridge_message {
        kind: FIXATE_BRIDGE_HELLO,
        boot: 0,
        sequence: 0,
        payload: fixate_bridge_payload {
            hello: fixate_bridge_hello {
                role,
                oldest_version: hello.oldest_version,
                newest_version: hello.newest_version,
                schema: hello.schema,
                identity,
                build,
            },
        },
    };
    // SAFETY: not NULL, and the caller promises a message there.
    unsafe { message.write(made) };
    FIXATE_BRIDGE_OK
}

/// Writes a message's bytes, the zero at the end among them, to `wire`, which has room for `capacity`; `length` gets
/// their number. `message->boot` and `->sequence` are not read.
///
/// Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL`, `_NOT_INITIALISED`, `_KIND`, `_FIELD` or `_BUFFER`; on an
/// error no sequence number is used up.
///
/// # Safety
/// The pointers are NULL or point to what they say; nobody else uses the encoder during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_encode(
    encoder: *mut fixate_bridge_encoder,
    from: *const fixate_bridge_message,
    wire: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    if encoder.is_null() || from.is_null() || wire.is_null() || length.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    // SAFETY: not NULL, and the caller promises an encoder that nobody else uses.
    let Some(encoder) = (unsafe { Store::stored(encoder) }) else {
        return FIXATE_BRIDGE_ERROR_NOT_INITIALISED;
    };
    // SAFETY: not NULL, and the caller promises a message there.
    let known = match message(unsafe { &*from }) {
        Ok(known) => known,
        Err(status) => return status,
    };
    let mut bytes = [0; MAX_WIRE];
    let mut next = encoder.clone();
    let sealed = next.encode(&known, &mut bytes);
    let bytes = match sealed.map(|sealed| bytes.get(..sealed)) {
        Ok(Some(bytes)) if bytes.len() <= capacity => bytes,
        Ok(_) | Err(EmitError::BufferTooSmall { .. }) => return FIXATE_BRIDGE_ERROR_BUFFER,
        Err(_) => return FIXATE_BRIDGE_ERROR_FIELD,
    };
    *encoder = next;
    // SAFETY: there is room for `capacity` bytes, which are no fewer, and a `size_t`.
    unsafe {
        core::ptr::copy_nonoverlapping(bytes.as_ptr(), wire, bytes.len());
        length.write(bytes.len());
    }
    FIXATE_BRIDGE_OK
}

/// Takes a byte that came. After damage it goes on with the next frame.
///
/// Returns `FIXATE_BRIDGE_OK` while a frame is not complete, `FIXATE_BRIDGE_MESSAGE` when `to` got a message, or
/// why the frame that ends with this byte gave none: `FIXATE_BRIDGE_ERROR_DAMAGED`, `_OVERLONG`, `_VERSION`,
/// `_DUPLICATE` or `_REFUSED`, each of which is counted; or `FIXATE_BRIDGE_ERROR_NULL` or `_NOT_INITIALISED`.
///
/// # Safety
/// The pointers are NULL or point to what they say; nobody else uses the decoder during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_decode(
    decoder: *mut fixate_bridge_decoder,
    byte: u8,
    to: *mut fixate_bridge_message,
) -> i32 {
    if decoder.is_null() || to.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    // SAFETY: not NULL, and the caller promises a decoder that nobody else uses.
    let Some(decoder) = (unsafe { Store::stored(decoder) }) else {
        return FIXATE_BRIDGE_ERROR_NOT_INITIALISED;
    };
    let received = match decoder.push(byte) {
        None => return FIXATE_BRIDGE_OK,
        Some(Ok(received)) => received,
        Some(Err(dropped)) => {
            return match dropped {
                Dropped::Damaged => FIXATE_BRIDGE_ERROR_DAMAGED,
                Dropped::Overlong => FIXATE_BRIDGE_ERROR_OVERLONG,
                Dropped::WrongVersion(_) => FIXATE_BRIDGE_ERROR_VERSION,
                Dropped::Duplicate(_) => FIXATE_BRIDGE_ERROR_DUPLICATE,
                _ => FIXATE_BRIDGE_ERROR_REFUSED,
            };
        }
    };
    let Some(payload) = payload(&received.message) else {
        return FIXATE_BRIDGE_ERROR_REFUSED;
    };
    let made = fixate_bridge_message {
        kind: received.message.kind().code(),
        boot: received.boot,
        sequence: received.sequence,
        payload,
    };
    // SAFETY: not NULL, and the caller promises a message there.
    unsafe { to.write(made) };
    FIXATE_BRIDGE_MESSAGE
}

/// Writes what a decoder saw so far.
///
/// Returns `FIXATE_BRIDGE_OK`, `FIXATE_BRIDGE_ERROR_NULL` or `_NOT_INITIALISED`.
///
/// # Safety
/// The pointers are NULL or point to what they say; nobody else uses the decoder during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fixate_bridge_decoder_counters(
    decoder: *mut fixate_bridge_decoder,
    counters: *mut fixate_bridge_counters,
) -> i32 {
    if decoder.is_null() || counters.is_null() {
        return FIXATE_BRIDGE_ERROR_NULL;
    }
    // SAFETY: not NULL, and the caller promises a decoder that nobody else uses.
    let Some(decoder) = (unsafe { Store::stored(decoder) }) else {
        return FIXATE_BRIDGE_ERROR_NOT_INITIALISED;
    };
    let seen = decoder.counters();
    let made = fixate_bridge_counters {
        received: seen.received,
        damaged: seen.damaged,
        overlong: seen.overlong,
        wrong_version: seen.wrong_version,
        refused: seen.refused,
        duplicates: seen.duplicates,
        missed: seen.missed,
        restarts: seen.restarts,
    };
    // SAFETY: not NULL, and the caller promises counters there.
    unsafe { counters.write(made) };
    FIXATE_BRIDGE_OK
}
