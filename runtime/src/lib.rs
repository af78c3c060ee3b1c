//! fixate turns where a person looks, or where a robot wants to reach, into a mask of the thing
//! there.
//!
//! The folders are layers, lowest first; data flows down this list and never back up:
//!
//! 1. [`frame`]: borrowed pixels with their format, strides and capture time.
//! 2. [`geometry`]: points, boxes and homographies.
//! 3. [`preprocess`]: resize, normalise and pad a frame into an encoder's input.
//! 4. [`mask`]: logits, bitmaps of an image's size, and what is read off both.
//! 5. [`prompt`]: points, boxes and masks in pixels of a frame.
//! 6. [`threads`]: which threads give way to which, and where they run.
//! 7. [`kernels`]: matrix products and vectorised loops.
//! 8. [`motion`]: how the picture moved between frames; points and masks moved with it.
//! 9. [`engine`]: decisions without threads or clocks: gaze, keyframes, deadlines, answers.
//! 10. `recording`: an engine's inputs and answers in a file, replayed to the same answers; a feature.
//! 11. [`source`]: cameras, files and other programs that give frames.
//! 12. [`bundle`]: a model on disk, checked.
//! 13. [`onnx_file`]: ONNX files of strangers, looked through before they are decoded.
//! 14. [`encoder`]: from a frame, resized and normalised, to its embedding.
//! 15. [`decoder`]: from a keyframe and a prompt to mask logits.
//! 16. [`segmenter`]: one model, one image at a time.
//! 17. [`session`]: a camera, looks and prompts in real time, with all of the above.
//! 18. [`tasks`]: what is built on prompts and masks: grasping.

pub mod bundle;
pub mod decoder;
pub mod encoder;
pub mod engine;
pub mod frame;
pub mod geometry;
mod graph;
pub mod kernels;
pub mod mask;
pub mod motion;
mod newest;
pub mod onnx_file;
pub mod preprocess;
pub mod prompt;
#[cfg(feature = "recording")]
pub mod recording;
pub mod segmenter;
pub mod session;
pub mod source;
pub mod tasks;
pub mod threads;

/// The README's example is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct ReadmeExamples;
