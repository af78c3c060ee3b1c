//! Which threads give way to which, and where they run.

/// Lets the calling thread give way to others by this nice value, 0 to 19. Where the system does not
/// let it, that is logged and nothing changes.
pub fn give_way(name: &str, nice: i32) {
    be_usual();
    if nice <= 0 {
        return;
    }
    if let Err(reason) = set_nice(nice.min(19)) {
        log::warn!(
            "the thread {name} does not give way to others: {reason}; answers may wait for the encoder"
        );
    }
}

/// Lets the calling thread answer in real time: it runs as soon as it has something to do, before all
/// threads without such a priority, 1 to 99; 0 changes nothing. For threads that mostly wait, as those
/// that take a session's answers. Threads that it starts later have the same priority.
///
/// Where the system does not let it, for want of a privilege or because it has no such thing, that is
/// logged, false is given back, and nothing changes.
pub fn answer_in_real_time(name: &str, priority: u8) -> bool {
    if priority == 0 {
        return false;
    }
    let set = set_real_time(priority.min(99));
    if let Err(reason) = &set {
        log::info!(
            "the thread {name} has no real-time priority: {reason}; answers may be late on a busy machine"
        );
    }
    set.is_ok()
}

/// Keeps the calling thread on these processors; all if there are none. Where the system does not let
/// it, that is logged and nothing changes.
pub fn stay_on(name: &str, processors: &[usize]) {
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

#[cfg(target_os = "linux")]
fn set_real_time(priority: u8) -> Result<(), String> {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let priority = ThreadPriority::try_from(priority).map_err(str::to_owned)?;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), priority, policy)
        .map_err(|error| error.to_string())
}

/// A thread that one in real time has started is so, too.
#[cfg(target_os = "linux")]
fn be_usual() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id, thread_schedule_policy,
    };
    let usual = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    if thread_schedule_policy().is_ok_and(|policy| policy != usual)
        && let Ok(middle) = ThreadPriority::try_from(50)
    {
        // Leaving a priority wants no privilege; if it fails all the same, all goes on.
        let _ = set_thread_priority_and_policy(thread_native_id(), middle, usual);
    }
}

#[cfg(not(target_os = "linux"))]
fn set_real_time(_: u8) -> Result<(), String> {
    Err("this system is not asked for it".to_owned())
}

#[cfg(not(target_os = "linux"))]
fn be_usual() {}

#[cfg(not(target_os = "linux"))]
fn set_nice(_: i32) -> Result<(), String> {
    Err("this system gives single threads no nice value".to_owned())
}

#[cfg(not(target_os = "linux"))]
fn set_processors(_: &[usize]) -> Result<(), String> {
    Err("this system cannot be told so here".to_owned())
}
