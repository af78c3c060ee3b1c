//! Procedural images with truth.
