//! Names of objects.
//!
//! A handle is a number that was never given before, in the disguise of a pointer: it is looked up
//! and never followed, so that one that was freed, or is of another kind, is an error and no crash.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::status::{FIXATE_ERROR_HANDLE, FIXATE_ERROR_REENTRANT, Failure};

/// Handles are multiples of this, as addresses of objects are.
const STEP: usize = 16;

static NEXT: AtomicUsize = AtomicUsize::new(STEP);

/// All objects of one kind that there are.
pub(crate) struct Registry<T> {
    name: &'static str,
    objects: RwLock<Option<HashMap<usize, Arc<T>>>>,
}

impl<T> Registry<T> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            objects: RwLock::new(None),
        }
    }

    /// A name for an object.
    pub(crate) fn insert<H>(&self, object: T) -> *mut H {
        let number = NEXT.fetch_add(STEP, Ordering::Relaxed);
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects
            .get_or_insert_default()
            .insert(number, Arc::new(object));
        std::ptr::without_provenance_mut(number)
    }

    /// The object of this name; it lasts as long as somebody uses it.
    pub(crate) fn find<H>(&self, handle: *const H) -> Result<Arc<T>, Failure> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        let object = objects
            .as_ref()
            .and_then(|objects| objects.get(&handle.addr()));
        object.cloned().ok_or_else(|| self.unknown(handle.addr()))
    }

    /// Forgets an object. NULL is nothing to forget.
    pub(crate) fn remove<H>(&self, handle: *const H) -> Result<Option<Arc<T>>, Failure> {
        if handle.is_null() {
            return Ok(None);
        }
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        let object = objects
            .as_mut()
            .and_then(|objects| objects.remove(&handle.addr()));
        object.map(Some).ok_or_else(|| self.unknown(handle.addr()))
    }

    fn unknown(&self, number: usize) -> Failure {
        match number {
            0 => Failure::null(self.name),
            _ => Failure::new(
                FIXATE_ERROR_HANDLE,
                format_args!(
                    "{number:#x} is no {}: it was freed, is of another kind, or never was one",
                    self.name
                ),
            ),
        }
    }
}

/// An object that one thread uses at a time; others wait.
pub(crate) struct Exclusive<T> {
    value: Mutex<T>,
    /// The thread that uses it, or 0.
    user: AtomicUsize,
}

impl<T> Exclusive<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Mutex::new(value),
            user: AtomicUsize::new(0),
        }
    }

    /// Calls `job` with the object, unless this thread already uses it, from a callback.
    pub(crate) fn with<R>(
        &self,
        job: impl FnOnce(&mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        struct Leave<'a>(&'a AtomicUsize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.store(0, Ordering::Relaxed);
            }
        }
        let thread = this_thread();
        if self.user.load(Ordering::Relaxed) == thread {
            return Err(Failure::new(
                FIXATE_ERROR_REENTRANT,
                "this thread is in a call on the same object; do it after the callback has returned",
            ));
        }
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        self.user.store(thread, Ordering::Relaxed);
        let _leave = Leave(&self.user);
        job(&mut value)
    }
}

/// A number for this thread, never 0.
fn this_thread() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(0) };
    }
    let number = NUMBER.try_with(|number| {
        if number.get() == 0 {
            number.set(COUNT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    });
    // A thread that ends runs no callbacks of ours.
    number.unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_out_of_a_call_on_the_same_object_is_refused_and_does_no_harm() {
        let object = Exclusive::new(1);
        let inner = object.with(|value| {
            let inner = object.with(|value| {
                *value += 10;
                Ok(())
            });
            *value += 1;
            Ok(inner.err().map(|failure| failure.status()))
        });
        assert!(matches!(inner, Ok(Some(FIXATE_ERROR_REENTRANT))));
        // After that it is free again, for this thread and for others.
        assert!(matches!(object.with(|value| Ok(*value)), Ok(2)));
        std::thread::scope(|scope| {
            let other = scope.spawn(|| object.with(|value| Ok(*value)).ok());
            assert_eq!(other.join().ok().flatten(), Some(2));
        });
    }
}
