//! A handful of floats in one register, for the one loop that compilers do not tile by themselves.

/// Floats that are loaded, multiplied and stored together.
pub(super) trait Vector: Copy {
    /// How many floats.
    const LANES: usize;

    /// Whether products are added in one step, without rounding in between.
    const FUSES: bool;

    /// Whether sums are of codes until they are [settled](Vector::settled).
    const CODED: bool = false;

    /// All zero.
    ///
    /// # Safety
    /// The processor has the instruction set of this type, as it must for all of these.
    unsafe fn zero() -> Self;

    /// The same float in every lane.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    unsafe fn splat(value: f32) -> Self;

    /// Reads `LANES` floats.
    ///
    /// # Safety
    /// As for [`Vector::zero`], and the floats can be read; they need no alignment.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes `LANES` floats.
    ///
    /// # Safety
    /// As for [`Vector::zero`], and the floats can be written; they need no alignment.
    unsafe fn store(self, to: *mut f32);

    /// `self + other`, lane by lane.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    unsafe fn add(self, other: Self) -> Self;

    /// `self + left * right`, lane by lane.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    unsafe fn plus_product(self, left: Self, right: Self) -> Self;

    /// `self` plus the product of one element of a left factor with those of a right one, lane by lane: what the
    /// sums of a matrix product take in. Elements are floats here, or whatever else has their size.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn plus_element(self, left: Self, right: Self) -> Self {
        // SAFETY: the caller's.
        unsafe { self.plus_product(left, right) }
    }

    /// A sum of codes as floats, `step` for each code; floats as they are.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn settled(self, _step: Self) -> Self {
        self
    }

    /// `self * other`, lane by lane.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    unsafe fn times(self, other: Self) -> Self;

    /// Every lane between `low` and `high`; NaN stays.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    unsafe fn clamp(self, low: Self, high: Self) -> Self;

    /// The larger of both, lane by lane; where one is NaN, `other`.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        // SAFETY: the caller's.
        unsafe {
            lane_by_lane(
                self,
                other,
                |one, other| if one > other { one } else { other },
            )
        }
    }

    /// `1 / self`, lane by lane.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        // SAFETY: the caller's.
        unsafe { lane_by_lane(Self::splat(1.0), self, |one, value| one / value) }
    }

    /// Whether any lane is more than its limit.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn any_above(self, limit: Self) -> bool {
        // SAFETY: the caller's.
        let [values, limits] = unsafe { [self.lanes(), limit.lanes()] };
        values
            .iter()
            .zip(&limits)
            .any(|(value, limit)| value > limit)
    }

    /// [`super::float::softmax_weight`] of the distance to `largest`.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn softmax_weight(self, largest: Self) -> Self {
        use super::float::softmax_weight;
        // SAFETY: the caller's.
        unsafe {
            lane_by_lane(self, largest, |value, largest| match Self::FUSES {
                true => softmax_weight::<true>(value - largest),
                false => softmax_weight::<false>(value - largest),
            })
        }
    }

    /// Its floats, and zeros.
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn lanes(self) -> [f32; MOST_LANES] {
        let mut lanes = [0.0; MOST_LANES];
        // SAFETY: no register is longer.
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes
    }

    /// The activation of [`super::gelu`].
    ///
    /// # Safety
    /// As for [`Vector::zero`].
    #[inline(always)]
    unsafe fn gelu(self) -> Self {
        // SAFETY: the caller's.
        unsafe { super::gelu::by_polynomial(self) }
    }
}

/// Floats of the longest register.
pub(super) const MOST_LANES: usize = 16;

/// What a function makes of each lane of two registers, in loops that compilers turn into instructions on registers again.
///
/// # Safety
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn lane_by_lane<V: Vector>(left: V, right: V, of: impl Fn(f32, f32) -> f32) -> V {
    // SAFETY: the caller's; no register is longer than what its lanes are read from.
    unsafe {
        let (mut values, others) = (left.lanes(), right.lanes());
        for (value, other) in values[..V::LANES].iter_mut().zip(&others[..V::LANES]) {
            *value = of(*value, *other);
        }
        V::load(values.as_ptr())
    }
}

/// Something that is done with a few registers of columns at a time, down all rows.
pub(super) trait ColumnTile {
    /// # Safety
    /// `first` is where the columns begin in the first row; there are `VECTORS` registers of them in each. The processor has
    /// the instruction set of `V`.
    unsafe fn run<V: Vector, const VECTORS: usize>(&self, first: *mut f32);
}

/// Runs a tile on all columns of a row-major matrix: on four registers at a time, then on one, then on floats.
///
/// # Safety
/// `values` is rows of `columns`, at least one; the processor has the instruction set of `V`.
#[inline(always)]
pub(super) unsafe fn on_columns<V: Vector>(
    values: &mut [f32],
    columns: usize,
    tile: &impl ColumnTile,
) {
    let first = values.as_mut_ptr();
    let mut done = 0;
    // SAFETY: the columns of each tile are there; the caller's processor.
    unsafe {
        while columns - done >= 4 * V::LANES {
            tile.run::<V, 4>(first.add(done));
            done += 4 * V::LANES;
        }
        while columns - done >= V::LANES {
            tile.run::<V, 1>(first.add(done));
            done += V::LANES;
        }
        while columns > done {
            tile.run::<f32, 1>(first.add(done));
            done += 1;
        }
    }
}

/// Defines `$name(set, ...)`, which runs `$body::<V>(...)` with the registers of that instruction set. `$body` must be
/// `#[inline(always)]` down to its leaves, and needs nothing but the processor's having them.
macro_rules! per_vector {
    ($name:ident($($argument:ident: $type:ty),*) = $body:ident) => {
        fn $name(set: $crate::kernels::dispatch::InstructionSet, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) {
                // SAFETY: this function's instruction set.
                unsafe { $body::<std::arch::x86_64::__m256>($($argument),*) };
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($argument: $type),*) {
                // SAFETY: this function's instruction set.
                unsafe { $body::<std::arch::x86_64::__m512>($($argument),*) };
            }
            match set.level() {
                // SAFETY: what the program was compiled for is there.
                $crate::kernels::dispatch::Level::Baseline => unsafe {
                    $body::<$crate::kernels::vector::Baseline>($($argument),*);
                },
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
pub(super) use per_vector;

/// The registers of what the program was compiled for.
#[cfg(target_arch = "x86_64")]
pub(super) type Baseline = std::arch::x86_64::__m128;
#[cfg(target_arch = "aarch64")]
pub(super) type Baseline = std::arch::aarch64::float32x4_t;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) type Baseline = f32;

/// Asks for what is there to be brought near, where compilers know how to; any address may be asked for.
#[inline(always)]
pub(super) fn prefetch(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction; the program sees nothing of what it reads, and
    // it ignores addresses that cannot be read.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// One float without a fused multiply-add.
impl Vector for f32 {
    const LANES: usize = 1;
    const FUSES: bool = false;

    #[inline(always)]
    unsafe fn zero() -> Self {
        0.0
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's float can be read.
        unsafe { from.read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's float can be written.
        unsafe { to.write(self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    unsafe fn plus_product(self, left: Self, right: Self) -> Self {
        self + left * right
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        super::float::clamp(self, low, high)
    }
}

/// Implements [`Vector`] with intrinsics, which all take and return the register type.
macro_rules! vector {
    ($type:ty, $lanes:literal, $fuses:literal, $zero:expr, $splat:expr, $load:expr, $store:expr, $add:expr, $plus_product:expr, $times:expr, $clamp:expr $(, $more:item)*) => {
        impl Vector for $type {
            const LANES: usize = $lanes;
            const FUSES: bool = $fuses;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller's processor has the instruction, here and below.
                unsafe { $zero }
            }

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: as above.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: as above, and the caller's floats can be read.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: as above, and the caller's floats can be written.
                unsafe { $store(to, self) }
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $add(self, other) }
            }

            #[inline(always)]
            unsafe fn plus_product(self, left: Self, right: Self) -> Self {
                // SAFETY: as above.
                unsafe { $plus_product(self, left, right) }
            }

            #[inline(always)]
            unsafe fn times(self, other: Self) -> Self {
                // SAFETY: as above.
                unsafe { $times(self, other) }
            }

            #[inline(always)]
            unsafe fn clamp(self, low: Self, high: Self) -> Self {
                // SAFETY: as above.
                unsafe { $clamp(self, low, high) }
            }

            $($more)*
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::CodePairs512;

#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
mod aarch64;
