//! A few threads that do one thing together, again and again, within microseconds.

use std::cell::UnsafeCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// How long a member that has nothing to do looks for more before it sleeps. The parts of one decode
/// follow each other sooner.
const PATIENCE: Duration = Duration::from_micros(100);

/// After about a millisecond of looking for the end of the others' parts, the caller makes room for them.
const MOST_LOOKS: u32 = 1 << 15;

/// And for so long.
const DOZE: Duration = Duration::from_micros(50);

/// Threads that wait for work. Made once; there are no queues and nobody takes another's part.
pub struct Team {
    shared: Arc<Shared>,
    members: Vec<JoinHandle<()>>,
}

/// What all members see.
struct Shared {
    /// What to do, while `unfinished` is not 0.
    job: UnsafeCell<Option<Job>>,
    /// Counts jobs.
    generation: AtomicUsize,
    /// Members that still work on the newest one.
    unfinished: AtomicUsize,
    panicked: AtomicBool,
    stop: AtomicBool,
}

/// A job whose real lifetime is that of the call that hands it out.
type Job = *const (dyn Fn(usize) + Sync);

// SAFETY: `job` is written only by the owner of the team, while no member works (`unfinished` is 0),
// and read by members only after they saw the generation that was published after it.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is to something `Sync`.
unsafe impl Send for Shared {}

impl Team {
    /// A team of the calling thread and `others`, which are started here and called `name` and their number; each
    /// calls `prepare` with its number, from 1 on, before it waits for work.
    ///
    /// # Errors
    /// If the system gives no more threads.
    pub fn new(
        name: &str,
        others: usize,
        prepare: impl Fn(usize) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            job: UnsafeCell::new(None),
            generation: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let mut team = Self {
            shared,
            members: Vec::with_capacity(others),
        };
        for index in 1..=others {
            let shared = Arc::clone(&team.shared);
            let prepare = prepare.clone();
            let member = Builder::new()
                .name(format!("{name}-{index}"))
                .spawn(move || {
                    prepare(index);
                    shared.work(index);
                })?;
            team.members.push(member);
        }
        Ok(team)
    }

    /// How many threads work, the caller's included.
    #[must_use]
    pub fn members(&self) -> usize {
        self.members.len() + 1
    }

    /// Calls `job` with each of `parts`; members take them in turns, the caller the first, and with more parts than members
    /// from the beginning again.
    ///
    /// # Panics
    /// If the job does, on any thread, after all are done.
    pub fn each<T: Send>(&mut self, parts: &mut [T], job: impl Fn(&mut T) + Sync) {
        struct Parts<T>(*mut T);
        // SAFETY: each member reaches one part alone, and parts may be sent.
        unsafe impl<T: Send> Sync for Parts<T> {}
        let (count, members) = (parts.len(), self.members());
        if count < 2 {
            // Nobody else need wake up for it.
            return parts.iter_mut().for_each(job);
        }
        let parts = Parts(parts.as_mut_ptr());
        let parts = &parts;
        self.run(&move |member| {
            for index in (member..count).step_by(members) {
                // SAFETY: the index is inside, no other member has it, and the borrow of the parts
                // outlives `run`, which returns only when every member is done.
                job(unsafe { &mut *parts.0.add(index) });
            }
        });
    }

    fn run(&mut self, job: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        let others = self.members.len();
        // SAFETY: only the lifetime changes. No member keeps the pointer beyond this function: it
        // waits until all of them are done with it, whatever happens.
        let lasting: Job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Job>(job) };
        // SAFETY: no member reads it now: `unfinished` is 0, and `self` is borrowed mutably.
        unsafe { *shared.job.get() = Some(lasting) };
        shared.unfinished.store(others, Ordering::Relaxed);
        shared.generation.fetch_add(1, Ordering::Release);
        for member in &self.members {
            member.thread().unpark();
        }
        let own = catch_unwind(AssertUnwindSafe(|| job(0)));
        let mut looks = 0_u32;
        while shared.unfinished.load(Ordering::Acquire) > 0 {
            looks += 1;
            if looks.is_multiple_of(MOST_LOOKS) {
                // Yielding is nothing to a caller with a real-time priority: a member that wants its processor would
                // never run.
                std::thread::sleep(DOZE);
            } else if looks.is_multiple_of(4096) {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(
            !shared.panicked.swap(false, Ordering::Relaxed),
            "a member of the team panicked; its message was printed by its thread"
        );
    }
}

impl Shared {
    /// What a member does until the team is dropped.
    fn work(&self, index: usize) {
        let mut seen = 0;
        while let Some(generation) = self.next(seen) {
            seen = generation;
            // SAFETY: the generation was published after the job, which stays until this member has
            // counted itself off.
            let job = unsafe { *self.job.get() };
            if let Some(job) = job {
                // SAFETY: `run` keeps what it points to alive until this member is done.
                let job = unsafe { &*job };
                if catch_unwind(AssertUnwindSafe(|| job(index))).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
            }
            self.unfinished.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for a generation other than `seen`; none at the end.
    fn next(&self, seen: usize) -> Option<usize> {
        let mut since = Instant::now();
        loop {
            for _ in 0..64 {
                if self.stop.load(Ordering::Relaxed) {
                    return None;
                }
                let generation = self.generation.load(Ordering::Acquire);
                if generation != seen {
                    return Some(generation);
                }
                std::hint::spin_loop();
            }
            if since.elapsed() > PATIENCE {
                std::thread::park();
                since = Instant::now();
            }
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for member in self.members.drain(..) {
            member.thread().unpark();
            // A member catches its panics, so it ends well.
            let _ = member.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_worked_on_once_each_time() {
        for others in 0..4 {
            let mut team = Team::new("test", others, |_| ()).expect("threads");
            let mut parts: Vec<usize> = vec![0; others + 1];
            for round in 0..500 {
                if round % 100 == 0 {
                    // Long enough that all sleep.
                    std::thread::sleep(2 * PATIENCE);
                }
                team.each(&mut parts, |part| *part += 1);
            }
            assert!(parts.iter().all(|part| *part == 500));
            team.each(&mut parts[..1], |part| *part += 1);
            assert_eq!(parts[0], 501);
            let mut many = [0; 11];
            team.each(&mut many, |part| *part += 1);
            assert_eq!(many, [1; 11]);
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        let mut team = Team::new("test", 2, |_| ()).expect("threads");
        for culprit in 0..3 {
            let mut parts = [0, 1, 2];
            let result = catch_unwind(AssertUnwindSafe(|| {
                team.each(&mut parts, |part| assert_ne!(*part, culprit));
            }));
            assert!(result.is_err());
            team.each(&mut parts, |part| *part += 1);
            assert_eq!(parts, [1, 2, 3]);
        }
    }
}
