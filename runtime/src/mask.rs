//! Masks: logits as a decoder gives them, bitmaps of an image's size, and what is read off both.

mod logits;

pub use logits::{LogitsView, MaskLogits};
