//! The wire protocol for firmware in C: what `include/fixate_bridge.h` declares.
//!
//! 1. [`status`]: numbers that functions return.
//! 2. [`message`]: the messages as C has them; `convert`: to and from those of `fixate_bridge`, by way of their
//!    bytes, so that every check of the protocol stands between.
//! 3. [`stored`]: encoders and decoders in the caller's memory.
//! 4. [`link`]: the functions.
//!
//! No standard library, no allocation, no path that can panic: `.ci/firmware` looks for one in what the compiler
//! leaves of it.

#![no_std]

mod convert;
pub mod link;
pub mod message;
pub mod status;
pub mod stored;

/// Nothing of the library panics; without this it does not link.
#[cfg(not(test))]
#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
