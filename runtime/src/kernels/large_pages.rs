//! Numbers in pages so large that a processor keeps them all in mind.
//!
//! A keyframe's products are some tens of megabytes, of which each decode reads everything once. In pages of 4 KiB that
//! is a search for a page every few rows, and what is read ahead ends with each page.

use std::ops::{Deref, DerefMut};

/// Bytes of a large page of x86-64, and of aarch64 where small ones have 4 KiB.
const LARGE: usize = 2 << 20;

/// A buffer that lies in large pages as far as it fills them, where the system has any to give. What is less than one
/// is a `Vec`.
#[derive(Debug)]
pub struct LargePages<T> {
    values: Vec<T>,
    /// What lies before the first large page.
    first: usize,
}

impl<T> Default for LargePages<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            first: 0,
        }
    }
}

impl<T: Copy> LargePages<T> {
    /// Makes it so long. What is new is `value`; where the buffer has to move, all of it is.
    pub fn resize(&mut self, length: usize, value: T) {
        if self.first + length > self.values.capacity() {
            // What was there goes first.
            self.values = Vec::new();
            *self = Self::with_room(length);
        }
        self.values.resize(self.first + length, value);
    }

    /// An empty one for so many.
    fn with_room(length: usize) -> Self {
        let bytes = length * size_of::<T>();
        if bytes < LARGE {
            return Self {
                values: Vec::with_capacity(length),
                first: 0,
            };
        }
        let mut values = Vec::with_capacity(length + LARGE / size_of::<T>());
        let place: *mut T = values.as_mut_ptr();
        let first = place.align_offset(LARGE);
        if first > values.capacity() - length {
            return Self { values, first: 0 };
        }
        advise(place.wrapping_add(first).cast(), bytes / LARGE * LARGE);
        Self { values, first }
    }
}

/// Asks the system for large pages, which it may refuse.
#[cfg(target_os = "linux")]
fn advise(place: *mut std::ffi::c_void, bytes: usize) {
    use rustix::mm::{Advice, madvise};
    // SAFETY: the memory belongs to the caller's allocation, and the advice changes neither what is in it nor what may be
    // done with it.
    let answer = unsafe { madvise(place, bytes, Advice::LinuxHugepage) };
    if let Err(error) = answer {
        log::debug!("no large pages: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut std::ffi::c_void, _: usize) {}

impl<T> Deref for LargePages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.values.get(self.first..).unwrap_or_default()
    }
}

impl<T> DerefMut for LargePages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.values.get_mut(self.first..).unwrap_or_default()
    }
}

impl<T: Copy> From<&[T]> for LargePages<T> {
    fn from(values: &[T]) -> Self {
        let mut pages = Self::default();
        if let Some(any) = values.first() {
            pages.resize(values.len(), *any);
            pages.copy_from_slice(values);
        }
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_buffer_of_any_length() {
        let mut pages = LargePages::default();
        assert!(pages.is_empty());
        for length in [0, 1, 1000, 600_000, 5, 1_500_000, 0, 700_000] {
            pages.resize(length, 2.0f32);
            assert_eq!(pages.len(), length);
            pages.fill(1.0);
            assert!(pages.iter().all(|value| *value == 1.0));
        }
        let values: Vec<u16> = (0..3_000_000).map(|i| i as u16).collect();
        assert_eq!(&*LargePages::from(&*values), &*values);
    }

    #[test]
    fn what_fills_a_large_page_begins_with_one() {
        let mut pages = LargePages::default();
        pages.resize(LARGE, 1u8);
        assert_eq!(pages.as_ptr() as usize % LARGE, 0);
    }

    #[test]
    fn what_is_no_longer_than_before_stays_where_it_is() {
        let mut pages = LargePages::default();
        pages.resize(600_000, 1.0f32);
        let place = pages.as_ptr();
        for length in [3, 600_000] {
            pages.resize(length, 0.0);
            assert_eq!(pages.as_ptr(), place);
        }
        assert_eq!((pages[2], pages[3]), (1.0, 0.0));
    }
}
