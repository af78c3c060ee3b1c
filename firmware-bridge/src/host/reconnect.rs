//! When to try again.

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try to connect, then say [`Reconnect::connected`] or [`Reconnect::failed`].
    Connect,
    /// Nothing before this time, microseconds of the host's clock.
    Wait {
        /// When to ask again.
        until_us: u64,
    },
    /// Nothing: the connection stands.
    Stay,
}

/// Waits twice as long after each failure in a row. A connection counts as a success once it has stood for as long as the
/// longest wait, so that an end that accepts and hangs up is not tried without pause.
#[derive(Clone, Debug)]
pub struct Reconnect {
    first_us: u64,
    longest_us: u64,
    failures: u32,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Apart { next_us: u64 },
    Connected { since_us: u64 },
}

impl Reconnect {
    /// Tries at once; after failures waits `first_us`, twice that, and so on up to `longest_us`.
    pub fn new(first_us: u64, longest_us: u64) -> Self {
        Self {
            first_us,
            longest_us,
            failures: 0,
            state: State::Apart { next_us: 0 },
        }
    }

    /// What to do now.
    pub fn poll(&self, now_us: u64) -> Action {
        match self.state {
            State::Connected { .. } => Action::Stay,
            State::Apart { next_us } if now_us < next_us => Action::Wait { until_us: next_us },
            State::Apart { .. } => Action::Connect,
        }
    }

    /// The connection stands now.
    pub fn connected(&mut self, now_us: u64) {
        self.state = State::Connected { since_us: now_us };
    }

    /// The attempt failed, or the connection broke.
    pub fn failed(&mut self, now_us: u64) {
        if let State::Connected { since_us } = self.state
            && now_us.saturating_sub(since_us) >= self.longest_us
        {
            self.failures = 0;
        }
        let doubled = self.first_us.saturating_mul(1 << self.failures.min(32));
        self.failures = self.failures.saturating_add(1);
        self.state = State::Apart {
            next_us: now_us.saturating_add(doubled.min(self.longest_us)),
        };
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
