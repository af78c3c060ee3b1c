//! A slot that keeps the newest value alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is not taken before the next value comes is lost: a slow reader never delays a writer.
pub(super) struct Newest<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

struct Inner<T> {
    value: Option<T>,
    closed: bool,
}

impl<T> Newest<T> {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                value: None,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a value in, and gives back the one that nobody took.
    pub(super) fn put(&self, value: T) -> Option<T> {
        let before = self.lock().value.replace(value);
        self.changed.notify_one();
        before
    }

    /// Waits for a value; none when the slot is closed.
    pub(super) fn take(&self) -> Option<T> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            if let Some(value) = inner.value.take() {
                return Some(value);
            }
            inner = self
                .changed
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more is taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_taken_and_the_one_before_given_back() {
        let slot = Newest::new();
        assert_eq!(slot.put(1), None);
        assert_eq!(slot.put(2), Some(1));
        assert_eq!(slot.take(), Some(2));
        slot.put(3);
        slot.close();
        assert_eq!(slot.take(), None);
    }
}
