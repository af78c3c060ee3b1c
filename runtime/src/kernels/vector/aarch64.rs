//! The registers of aarch64: NEON's.

use std::arch::aarch64::*;

use super::Vector;

vector!(
    float32x4_t,
    4,
    true,
    vdupq_n_f32(0.0),
    vdupq_n_f32,
    vld1q_f32,
    vst1q_f32,
    vaddq_f32,
    vfmaq_f32,
    vmulq_f32,
    |value, low, high| vminq_f32(high, vmaxq_f32(low, value))
);
