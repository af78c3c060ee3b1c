//! A slot that keeps the newest value alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is not taken before the next value comes is given back to whoever puts that: a slow reader never
/// delays a writer.
#[derive(Debug)]
pub(crate) struct Newest<T> {
    inner: Mutex<Inner<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner<T> {
    value: Option<T>,
    closed: bool,
}

/// What came of waiting for a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken<T> {
    /// The newest, once.
    Value(T),
    /// None came in time.
    Late,
    /// None will come.
    Closed,
}

impl<T> Newest<T> {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                value: None,
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Nothing is left half done under the lock, so that a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a value in, and gives back what nobody will take: the one before it, or after the end itself.
    pub(crate) fn put(&self, value: T) -> Option<T> {
        let mut inner = self.lock();
        if inner.closed {
            return Some(value);
        }
        let before = inner.value.replace(value);
        drop(inner);
        self.changed.notify_one();
        before
    }

    /// Waits for a value, at the latest until then; without a time, until one comes or none will.
    pub(crate) fn take(&self, until: Option<Instant>) -> Taken<T> {
        let mut inner = self.lock();
        loop {
            if let Some(value) = inner.value.take() {
                return Taken::Value(value);
            }
            if inner.closed {
                return Taken::Closed;
            }
            inner = match until {
                None => self
                    .changed
                    .wait(inner)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let Some(left) = until.checked_duration_since(Instant::now()) else {
                        return Taken::Late;
                    };
                    let waited = self.changed.wait_timeout(inner, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Nothing more is put in; what is there can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_taken_and_the_one_before_given_back() {
        let slot = Newest::new();
        assert_eq!(slot.take(Some(Instant::now())), Taken::Late);
        assert_eq!(slot.put(1), None);
        assert_eq!(slot.put(2), Some(1));
        assert_eq!(slot.take(None), Taken::Value(2));
        slot.put(3);
        slot.close();
        assert_eq!(slot.put(4), Some(4));
        assert_eq!(slot.take(None), Taken::Value(3));
        assert_eq!(slot.take(None), Taken::Closed);
    }
}
