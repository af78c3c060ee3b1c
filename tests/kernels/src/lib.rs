//! The kernels of the runtime without the rest of it, through links: a `#[path]` attribute would look for
//! the modules inside beside `kernels.rs`, not in its folder.
// What only the rest calls.
#![allow(dead_code)]

pub mod kernels;
