//! The whole engine in a world with a virtual clock.

mod faults;
mod properties;
mod world;
