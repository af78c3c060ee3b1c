//! The whole engine in a world with a virtual clock.

mod faults;
mod looking;
mod properties;
mod watched;
mod world;
