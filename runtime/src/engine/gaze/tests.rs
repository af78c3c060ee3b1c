//! Tests of the gaze.
