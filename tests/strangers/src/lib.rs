//! What strangers hand over, taken as it comes: each function makes of any bytes what a careless or hostile caller
//! might, and checks what must hold whatever that is.

#[cfg(feature = "engine")]
mod frame;
#[cfg(feature = "engine")]
#[expect(unsafe_code, reason = "it calls as C does")]
#[expect(
    clippy::unwrap_used,
    reason = "what a test cannot do without is there or the test fails"
)]
mod surface;
mod wire;

#[cfg(feature = "engine")]
pub use frame::frame;
#[cfg(feature = "engine")]
pub use surface::{start, surface};
pub use wire::wire;
