//! Which threads give way to which.

/// Lets the calling thread give way to others by this nice value, 0 to 19. Where the system does not
/// let it, that is logged and nothing changes.
pub(super) fn give_way(name: &str, nice: i32) {
    if nice <= 0 {
        return;
    }
    if let Err(reason) = set_nice(nice.min(19)) {
        log::warn!(
            "the thread {name} does not give way to others: {reason}; answers may wait for the encoder"
        );
    }
}

/// Lets the calling thread go before others by this nice value, -20 to 0. Where the system does not let
/// it, that is logged and nothing changes.
pub(super) fn go_before(name: &str, nice: i32) {
    if nice >= 0 {
        return;
    }
    if let Err(reason) = set_nice(nice.max(-20)) {
        log::warn!(
            "the thread {name} does not go before others: {reason}; give this program the privilege to, or do not ask for it"
        );
    }
}

/// Keeps the calling thread on these processors; all if there are none. Where the system does not let
/// it, that is logged and nothing changes.
pub(super) fn stay_on(name: &str, processors: &[usize]) {
    if processors.is_empty() {
        return;
    }
    if let Err(reason) = set_processors(processors) {
        log::warn!("the thread {name} may run on all processors: {reason}");
    }
}

#[cfg(target_os = "linux")]
fn set_nice(nice: i32) -> Result<(), String> {
    // On Linux a nice value belongs to a thread, whatever POSIX says.
    rustix::process::setpriority_process(None, nice).map_err(|error| error.to_string())
}

#[cfg(target_os = "linux")]
fn set_processors(processors: &[usize]) -> Result<(), String> {
    let mut set = rustix::thread::CpuSet::new();
    for &processor in processors {
        if processor >= rustix::thread::CpuSet::MAX_CPU {
            return Err(format!(
                "there is no processor {processor}; count them from 0"
            ));
        }
        set.set(processor);
    }
    rustix::thread::sched_setaffinity(None, &set).map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn set_nice(_: i32) -> Result<(), String> {
    Err("this system gives single threads no nice value".to_owned())
}

#[cfg(not(target_os = "linux"))]
fn set_processors(_: &[usize]) -> Result<(), String> {
    Err("this system cannot be told so here".to_owned())
}
