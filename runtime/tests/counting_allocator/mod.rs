//! An allocator that counts, for tests of what takes no memory once it is warm.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what every thread takes and gives back.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    // Without a destructor, so that it can be used whenever a thread allocates.
    static CALLS_HERE: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    CALLS.fetch_add(1, Ordering::Relaxed);
    let _ = CALLS_HERE.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's pointer and layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's pointer, layout and size.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often any thread has taken, given back or resized memory. The thread that waits for a test takes some too, when the
/// test begins: only for tests that are long at work by then.
#[allow(dead_code, reason = "not every test has threads")]
pub(crate) fn calls() -> usize {
    CALLS.load(Ordering::Relaxed)
}

/// How often this thread has taken, given back or resized memory.
#[allow(dead_code, reason = "some tests count all threads only")]
pub(crate) fn calls_of_this_thread() -> usize {
    CALLS_HERE.with(Cell::get)
}
