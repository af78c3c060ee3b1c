//! The one clock.

/// Microseconds of the host's monotonic clock: what frames, gaze and inertial samples are stamped
/// with. On Linux it is `CLOCK_MONOTONIC`, which cameras' drivers stamp with too, and the same in all
/// processes; elsewhere it counts from this process's first look at it.
#[must_use]
pub fn now_us() -> i64 {
    host_us()
}

#[cfg(target_os = "linux")]
fn host_us() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

#[cfg(not(target_os = "linux"))]
fn host_us() -> i64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let elapsed = BEGIN.get_or_init(Instant::now).elapsed();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}
