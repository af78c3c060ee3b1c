//! One loop, several instruction sets.

use std::fmt;

/// An instruction set that this processor has. Holding a value is the proof that it is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// What the program was compiled for: SSE2 on x86-64, NEON on aarch64.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// The widest set this processor has.
    #[must_use]
    pub fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                return Self(Level::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self(Level::Avx2);
            }
        }
        Self(Level::Baseline)
    }

    /// Every set this processor has, narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let widest = Self::widest().0;
        [
            Level::Baseline,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512,
        ]
        .into_iter()
        .filter(move |level| *level <= widest)
        .map(Self)
    }

    pub(super) fn level(self) -> Level {
        self.0
    }
}

impl fmt::Debug for InstructionSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// Whether the baseline has a fused multiply-add: without one `f32::mul_add` is a library call.
pub(super) const BASELINE_FUSES: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// Defines `$name(set, ...)`, which runs `$body::<FUSED>(...)` compiled for that instruction set.
/// `$body` must be `#[inline(always)]` down to its leaves, or it is compiled for the baseline.
macro_rules! per_instruction_set {
    ($name:ident($($argument:ident: $type:ty),*) = $body:ident) => {
        pub(super) fn $name(set: $crate::kernels::dispatch::InstructionSet, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) {
                $body::<true>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($argument: $type),*) {
                $body::<true>($($argument),*);
            }
            match set.level() {
                $crate::kernels::dispatch::Level::Baseline => {
                    $body::<{ $crate::kernels::dispatch::BASELINE_FUSES }>($($argument),*);
                }
                // SAFETY: an `InstructionSet` holds only a level found on this processor.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::dispatch::Level::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::dispatch::Level::Avx512 => unsafe { avx512($($argument),*) },
            }
        }
    };
}
pub(super) use per_instruction_set;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_go_from_the_baseline_to_the_widest() {
        let levels: Vec<Level> = InstructionSet::available()
            .map(InstructionSet::level)
            .collect();
        assert_eq!(levels.first(), Some(&Level::Baseline));
        assert_eq!(levels.last(), Some(&InstructionSet::widest().level()));
        assert!(levels.is_sorted_by(|narrower, wider| narrower < wider));
    }

    #[test]
    #[cfg(target_arch = "aarch64")]
    fn the_baseline_of_aarch64_is_neon_and_fuses() {
        let levels: Vec<Level> = InstructionSet::available()
            .map(InstructionSet::level)
            .collect();
        assert_eq!(levels, [Level::Baseline]);
        assert!(std::arch::is_aarch64_feature_detected!("neon"));
        const { assert!(BASELINE_FUSES) }
    }
}
