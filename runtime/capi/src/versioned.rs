//! Structs that begin with their size, and may grow.
//!
//! A caller that was compiled against an older header hands over shorter structs: what it does not
//! know keeps its initial value on the way in, and is not written on the way out.

use std::mem::MaybeUninit;

use crate::status::{FIXATE_ERROR_STRUCT_SIZE, Failure};

/// A struct that C hands over.
///
/// # Safety
/// It is `repr(C)`, its first field is a `u32` with the caller's size of it, and every field may have
/// any bits: numbers, raw pointers, optional functions, and arrays and structs of these.
pub(crate) unsafe trait Versioned: Copy {
    /// What C calls it.
    const NAME: &'static str;
    /// Its size in the first release.
    const FIRST_SIZE: usize;

    /// What `_init` writes, with its own size.
    fn initial() -> Self;
}

fn known_size<T: Versioned>(found: u32) -> Result<usize, Failure> {
    let size = found as usize;
    match size >= T::FIRST_SIZE {
        true => Ok(size.min(size_of::<T>())),
        false => Err(Failure::new(
            FIXATE_ERROR_STRUCT_SIZE,
            format_args!(
                "{}.struct_size is {found}, at least {} is needed; call {}_init first",
                T::NAME,
                T::FIRST_SIZE,
                T::NAME
            ),
        )),
    }
}

/// Copies a struct in.
///
/// # Safety
/// `from` is NULL, or points to a `u32` with the number of readable bytes there, itself included.
pub(crate) unsafe fn read<T: Versioned>(from: *const T) -> Result<T, Failure> {
    if from.is_null() {
        return Err(Failure::null(T::NAME));
    }
    // SAFETY: the caller promises a `u32` there; an odd address is no mistake of ours.
    let size = known_size::<T>(unsafe { from.cast::<u32>().read_unaligned() })?;
    let mut value = MaybeUninit::new(T::initial());
    // SAFETY: so many bytes are readable, and no more than `T` has; any bits are a `T`.
    let value = unsafe {
        std::ptr::copy_nonoverlapping(from.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size);
        value.assume_init()
    };
    Ok(value)
}

/// Copies a struct out, all but its size.
///
/// # Safety
/// `to` is NULL, or points to a `u32` with the number of writable bytes there, itself included.
pub(crate) unsafe fn write<T: Versioned>(to: *mut T, value: &T) -> Result<(), Failure> {
    if to.is_null() {
        return Err(Failure::null(T::NAME));
    }
    // SAFETY: the caller promises a `u32` there.
    let size = known_size::<T>(unsafe { to.cast::<u32>().read_unaligned() })?;
    let first = size_of::<u32>();
    // SAFETY: so many bytes are writable, and no more than `T` has.
    unsafe {
        let from = std::ptr::from_ref(value).cast::<u8>().add(first);
        std::ptr::copy_nonoverlapping(from, to.cast::<u8>().add(first), size - first);
    }
    Ok(())
}

/// Writes initial values into a struct that has so many bytes.
///
/// # Safety
/// `to` is NULL or points to `struct_size` writable bytes.
pub(crate) unsafe fn init<T: Versioned>(to: *mut T, struct_size: u32) -> Result<(), Failure> {
    if to.is_null() {
        return Err(Failure::null(T::NAME));
    }
    known_size::<T>(struct_size)?;
    // SAFETY: there are at least as many bytes as the first release had.
    unsafe { to.cast::<u32>().write_unaligned(struct_size) };
    // SAFETY: its size stands there now.
    unsafe { write(to, &T::initial()) }
}
