//! What is built on prompts and masks.

pub mod grasp;
