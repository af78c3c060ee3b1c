//! Encoders and decoders in the caller's memory.

use core::mem::size_of;

use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;

/// What sends: initialise it with `fixate_bridge_encoder_init`. May be copied and forgotten as any variable.
#[repr(C)]
pub struct fixate_bridge_encoder {
    /// The library's own.
    pub opaque: [u64; 2],
}

/// What receives: initialise it with `fixate_bridge_decoder_init`. May be copied and forgotten as any variable.
#[repr(C)]
pub struct fixate_bridge_decoder {
    /// The library's own.
    pub opaque: [u64; 20],
}

/// What a variable of C's holds.
pub(crate) struct Stored<T> {
    /// [`MARK`] once there is a value.
    mark: u32,
    value: T,
}

/// No memory has this by chance: zeros, all ones, or what a debugger fills it with.
const MARK: u32 = 0xf1_8a_7e_01;

/// A variable of C's.
///
/// # Safety
/// It has room for a `Stored<Value>`, as aligned as `u64`, and what it holds needs no drop.
pub(crate) unsafe trait Store {
    /// What is in it.
    type Value;

    /// Puts a value in.
    ///
    /// # Safety
    /// `to` points to such a variable.
    unsafe fn store(to: *mut Self, value: Self::Value)
    where
        Self: Sized,
    {
        // SAFETY: it has room, as the trait promises.
        unsafe {
            to.cast::<Stored<Self::Value>>()
                .write(Stored { mark: MARK, value })
        };
    }

    /// The value, unless there is none.
    ///
    /// # Safety
    /// `from` points to such a variable, which nobody else uses for as long as the result is.
    unsafe fn stored<'a>(from: *mut Self) -> Option<&'a mut Self::Value>
    where
        Self: Sized,
        Self::Value: 'a,
    {
        let stored = from.cast::<Stored<Self::Value>>();
        // SAFETY: a number stands there, or anything.
        let mark = unsafe { (&raw const (*stored).mark).read() };
        if mark != MARK {
            return None;
        }
        // SAFETY: `store` put it there.
        Some(unsafe { &mut (*stored).value })
    }
}

// SAFETY: checked below; an `Encoder` is numbers.
unsafe impl Store for fixate_bridge_encoder {
    type Value = Encoder;
}

// SAFETY: checked below; a `Decoder` is numbers and arrays of them.
unsafe impl Store for fixate_bridge_decoder {
    type Value = Decoder;
}

const _: () = {
    assert!(size_of::<Stored<Encoder>>() <= size_of::<fixate_bridge_encoder>());
    assert!(size_of::<Stored<Decoder>>() <= size_of::<fixate_bridge_decoder>());
    assert!(align_of::<Stored<Decoder>>() <= align_of::<fixate_bridge_decoder>());
    assert!(align_of::<Stored<Encoder>>() <= align_of::<fixate_bridge_encoder>());
    assert!(!core::mem::needs_drop::<Decoder>() && !core::mem::needs_drop::<Encoder>());
};
