//! Which answer belongs to which ping.

use heapless::Deque;

use super::Exchange;
use crate::message::{ClockPing, ClockPong};

/// Pings that may be on their way at once.
const OUTSTANDING: usize = 8;

/// Pings at a steady period and pairs the answers.
#[derive(Clone, Debug)]
pub struct Pinger {
    period_us: u64,
    next_us: u64,
    number: u16,
    sent: Deque<ClockPing, OUTSTANDING>,
    lost: u32,
}

impl Pinger {
    /// Pings every `period_us`; 100 ms makes the bounds tight within seconds and costs 42 bytes each.
    pub fn new(period_us: u64) -> Self {
        Self {
            period_us,
            next_us: 0,
            number: 0,
            sent: Deque::new(),
            lost: 0,
        }
    }

    /// The ping to send now, if one is due. Its time is `now_us`, so send it at once.
    pub fn poll(&mut self, now_us: u64) -> Option<ClockPing> {
        if now_us < self.next_us {
            return None;
        }
        self.next_us = now_us.saturating_add(self.period_us);
        let ping = ClockPing {
            ping: self.number,
            ping_time_us: now_us,
        };
        self.number = self.number.wrapping_add(1);
        if self.sent.is_full() {
            self.sent.pop_front();
            self.lost = self.lost.wrapping_add(1);
        }
        // There is room, see above.
        let _ = self.sent.push_back(ping);
        Some(ping)
    }

    /// The exchange that an answer completes: `None` if it answers no ping of these, or one that was answered.
    /// `boot` is that of the answer's frame, `now_us` the time when the answer's last byte came.
    pub fn answer(&mut self, boot: u16, pong: &ClockPong, now_us: u64) -> Option<Exchange> {
        let asked = ClockPing {
            ping: pong.ping,
            ping_time_us: pong.ping_time_us,
        };
        self.sent.iter().position(|&ping| ping == asked)?;
        // Serial links keep the order, so what was asked before will not be answered any more.
        while let Some(ping) = self.sent.pop_front() {
            if ping == asked {
                break;
            }
            self.lost = self.lost.wrapping_add(1);
        }
        Some(Exchange {
            boot,
            host_sent_us: asked.ping_time_us,
            device_received_us: pong.received_us,
            device_sent_us: pong.sent_us,
            host_received_us: now_us,
        })
    }

    /// Pings that were never answered; wraps.
    pub fn lost(&self) -> u32 {
        self.lost
    }
}
