//! What the device does, without its hardware: bytes and times come in, bytes go out.

use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::handshake;
use fixate_bridge::message::*;
use fixate_bridge::outbox::Outbox;

use crate::samples;

/// Strobes come as a camera of 30 Hz gives them.
const STROBE_PERIOD_US: u64 = 33_333;

/// The device's number in its greeting.
const IDENTITY: u64 = 0xf1_8a7e;

/// Something that is due again and again.
struct Schedule {
    /// 0: never.
    period_us: u64,
    next_us: u64,
    count: u32,
}

impl Schedule {
    const NEVER: Self = Self {
        period_us: 0,
        next_us: 0,
        count: 0,
    };

    fn begin(&mut self, period_us: u64, now_us: u64) {
        (self.period_us, self.next_us) = (period_us, now_us + period_us);
    }

    /// The count and the time of what is due now.
    fn due(&mut self, now_us: u64) -> Option<(u32, u32)> {
        if self.period_us == 0 || now_us < self.next_us {
            return None;
        }
        let due = (self.count, self.next_us as u32);
        self.count = self.count.wrapping_add(1);
        self.next_us += self.period_us;
        Some(due)
    }
}

/// The device.
pub struct Device {
    encoder: Encoder,
    decoder: Decoder,
    outbox: Outbox<1024>,
    /// Whether a byte came since the start.
    awake: bool,
    /// A ping that waits for its answer, and when it came.
    ping: Option<(ClockPing, u32)>,
    gaze: Schedule,
    imu: Schedule,
    strobe: Schedule,
    health: Schedule,
    masks_received: u32,
}

impl Device {
    /// Silent until the first byte comes.
    pub const fn new() -> Self {
        Self {
            encoder: Encoder::new(0),
            decoder: Decoder::new(),
            outbox: Outbox::new(),
            awake: false,
            ping: None,
            gaze: Schedule::NEVER,
            imu: Schedule::NEVER,
            strobe: Schedule::NEVER,
            health: Schedule::NEVER,
            masks_received: 0,
        }
    }

    /// Takes a byte that came now.
    pub fn receive(&mut self, byte: u8, now_us: u64) {
        if !self.awake {
            // This board keeps nothing over resets. When the first byte comes is as good as chance.
            self.awake = true;
            self.encoder = Encoder::new((now_us ^ (now_us >> 16)) as u16);
            self.greet();
        }
        let Some(Ok(received)) = self.decoder.push(byte) else {
            return;
        };
        match received.message {
            Message::Hello(hello) if hello.role == Role::Host => {
                self.greet();
            }
            Message::ClockPing(ping) => self.ping = Some((ping, now_us as u32)),
            Message::MaskSummary(_) => self.masks_received = self.masks_received.wrapping_add(1),
            Message::Configuration(wish) => self.configure(wish, now_us),
            _ => {}
        }
    }

    fn greet(&mut self) {
        self.send(handshake::hello(Role::Device, IDENTITY, 1).into());
    }

    fn configure(&mut self, wish: Configuration, now_us: u64) {
        let hold = Configuration {
            gaze_hz: wish.gaze_hz.min(1000),
            imu_hz: wish.imu_hz.min(1000),
            ..wish
        };
        let period_us = |hz: u16| 1_000_000u64.checked_div(hz.into()).unwrap_or(0);
        self.gaze.begin(period_us(hold.gaze_hz), now_us);
        self.imu.begin(period_us(hold.imu_hz), now_us);
        self.strobe
            .begin(if hold.strobes { STROBE_PERIOD_US } else { 0 }, now_us);
        self.health
            .begin(u64::from(hold.health_period_ms) * 1000, now_us);
        self.send(hold.into());
    }

    /// Sends what is due.
    pub fn poll(&mut self, now_us: u64) {
        if let Some((number, time_us)) = self.gaze.due(now_us) {
            self.send(samples::gaze(number, time_us).into());
        }
        if let Some((number, time_us)) = self.imu.due(now_us) {
            self.send(samples::imu(number, time_us).into());
        }
        if let Some((number, time_us)) = self.strobe.due(now_us) {
            self.send(samples::strobe(number, time_us).into());
        }
        if self.health.due(now_us).is_some() {
            self.send(self.health(now_us).into());
        }
    }

    /// The next byte to send.
    pub fn transmit(&mut self, now_us: u64) -> Option<u8> {
        // An answer leaves when nothing waits before it, so that its time is that of its first byte.
        if self.outbox.is_empty()
            && let Some((ping, received_us)) = self.ping.take()
        {
            let pong = ClockPong {
                ping: ping.ping,
                ping_time_us: ping.ping_time_us,
                received_us,
                sent_us: now_us as u32,
            };
            self.send(pong.into());
        }
        self.outbox.pop()
    }

    fn health(&self, now_us: u64) -> Health {
        let counters = self.decoder.counters();
        Health {
            device_time_us: now_us as u32,
            uptime_s: (now_us / 1_000_000) as u32,
            received: counters.received,
            damaged: counters.damaged.wrapping_add(counters.overlong),
            missed: counters.missed,
            outbox_dropped: self.outbox.dropped(),
            masks_received: self.masks_received,
            // It never sleeps.
            load_permille: 1000,
            temperature_centi_celsius: None,
        }
    }

    fn send(&mut self, message: Message) {
        // What finds no room is counted by the outbox, and the host sees the gap; an answer that took too long
        // may not be sent, and the host pings again.
        let _ = self.outbox.send(&mut self.encoder, &message);
    }
}
