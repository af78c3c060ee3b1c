//! Structs that callers hand over.

use std::mem::{MaybeUninit, size_of};
use std::ptr::null;

use arbitrary::{Arbitrary, Unstructured};

use super::buffers::CANARY;

/// What a struct says of its size.
#[derive(Arbitrary, Clone, Copy)]
pub(super) enum Size {
    Right,
    Less(u8),
    More,
}

/// A struct that a call writes, with something behind it that it may not.
pub(super) struct Written<T> {
    memory: Vec<u64>,
    stated: usize,
    kind: std::marker::PhantomData<T>,
}

/// Bytes that a caller of a later release has more.
const LATER: usize = 64;

impl<T> Written<T> {
    pub(super) fn new(size: Size) -> Self {
        let stated = match size {
            Size::Right => size_of::<T>(),
            Size::Less(bytes) => size_of::<T>().saturating_sub(bytes.into()),
            Size::More => size_of::<T>() + LATER,
        };
        let word = u64::from_ne_bytes([CANARY; 8]);
        let mut memory = vec![word; (size_of::<T>() + 2 * LATER) / 8 + 1];
        // The first field of all of them.
        memory[0] = u64::from_ne_bytes({
            let mut bytes = [CANARY; 8];
            bytes[..4].copy_from_slice(&(stated as u32).to_ne_bytes());
            bytes
        });
        Self {
            memory,
            stated,
            kind: std::marker::PhantomData,
        }
    }

    pub(super) fn stated(&self) -> u32 {
        self.stated as u32
    }

    pub(super) fn pointer(&mut self) -> *mut T {
        self.memory.as_mut_ptr().cast()
    }

    /// Nothing was written behind what it states.
    pub(super) fn check(&self) {
        let bytes = self.memory.iter().flat_map(|word| word.to_ne_bytes());
        assert!(
            bytes.skip(self.stated.max(4)).all(|byte| byte == CANARY),
            "written behind a struct"
        );
    }
}

/// A struct that a call reads, with any bits.
pub(super) struct Given<T>(Option<Written<T>>);

impl<T> Given<T> {
    pub(super) fn new(value: T, size: Option<Size>) -> Self {
        Self(size.map(|size| {
            let mut given = Written::<T>::new(size);
            let first = given.memory[0].to_ne_bytes();
            // SAFETY: it has room, and is aligned.
            unsafe { given.pointer().write(value) };
            let mut bytes = given.memory[0].to_ne_bytes();
            bytes[..4].copy_from_slice(&first[..4]);
            given.memory[0] = u64::from_ne_bytes(bytes);
            given
        }))
    }

    pub(super) fn pointer(&self) -> *const T {
        self.0
            .as_ref()
            .map_or(null(), |given| given.memory.as_ptr().cast())
    }
}

/// Any bits of a struct of numbers.
pub(super) struct Any<T> {
    bytes: Vec<u8>,
    size: Option<Size>,
    kind: std::marker::PhantomData<T>,
}

impl<'a, T> Arbitrary<'a> for Any<T> {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let size = Option::<Size>::arbitrary(input)?;
        let mut bytes = vec![0; size_of::<T>()];
        // Small numbers as often as any.
        if input.ratio(1, 2)? {
            input.fill_buffer(&mut bytes)?;
        } else {
            for word in bytes.chunks_mut(8) {
                let number = f64::from(i16::arbitrary(input)?) / 8.0;
                word.copy_from_slice(&number.to_ne_bytes()[..word.len()]);
            }
        }
        Ok(Self {
            bytes,
            size,
            kind: std::marker::PhantomData,
        })
    }
}

impl<T> Any<T> {
    pub(super) fn made(&self) -> Given<T> {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: as many bytes; the structs that come here are numbers, which may have any bits.
        let value = unsafe {
            value
                .as_mut_ptr()
                .cast::<u8>()
                .copy_from(self.bytes.as_ptr(), size_of::<T>());
            value.assume_init()
        };
        Given::new(value, self.size)
    }
}
