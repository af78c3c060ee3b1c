//! fixate turns where a person looks, or where a robot wants to reach, into a mask of the thing
//! there.
//!
//! The folders are layers, lowest first; data flows down this list and never back up:
//!
//! 1. [`frame`]: borrowed pixels with their format, strides and capture time.
