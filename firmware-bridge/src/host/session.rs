//! What the host says and understands, without a stream and without a clock.

use std::vec::Vec;

use super::Statistics;
use crate::clock::{ClockSync, Exchange, HostTime, LinkDelay, Pinger};
use crate::decoder::{Decoder, Dropped, Received};
use crate::encoder::Encoder;
use crate::frame::MAX_WIRE;
use crate::handshake::{self, Agreed, Handshake, HandshakeError};
use crate::message::{ClockPing, ClockPong, EmitError, Message, Role};

/// Time between pings.
const PING_PERIOD_US: u64 = 100_000;

/// What came.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The device is known; now it may be configured. Comes once for each of its starts.
    Agreed(Agreed),
    /// The device cannot be talked to.
    Refused(HandshakeError),
    /// A message other than those of handshake and clock.
    Message {
        /// The message.
        received: Received,
        /// When what it tells of happened; `None` if it has no time, or the clock is not known yet.
        host_time: Option<HostTime>,
    },
    /// Something that was no message; it is counted, too.
    Dropped(Dropped),
}

/// One conversation with a device, over however many of its starts.
#[derive(Debug)]
pub struct Session {
    encoder: Encoder,
    decoder: Decoder,
    handshake: Handshake,
    pinger: Pinger,
    clock: ClockSync,
    /// The device's ping that waits for an answer, and when it came.
    ping: Option<(ClockPing, u64)>,
    begun: bool,
    /// The device's starts, the first not counted.
    restarts: u32,
    statistics: Statistics,
}

impl Session {
    /// `boot` must differ from the last session's with the same device. See [`LinkDelay`] for the delay.
    pub fn new(boot: u16, delay: LinkDelay) -> Self {
        Self {
            encoder: Encoder::new(boot),
            decoder: Decoder::new(),
            handshake: Handshake::new(handshake::hello(Role::Host, 0, 0)),
            pinger: Pinger::new(PING_PERIOD_US),
            clock: ClockSync::new(delay),
            ping: None,
            begun: false,
            restarts: 0,
            statistics: Statistics::default(),
        }
    }

    /// Takes bytes that came by now.
    pub fn receive(&mut self, bytes: &[u8], now_us: u64, mut on_event: impl FnMut(Event)) {
        self.statistics.bytes_received += bytes.len() as u64;
        for &byte in bytes {
            let event = match self.decoder.push(byte) {
                None => continue,
                Some(Ok(received)) => self.take(received, now_us),
                Some(Err(dropped)) => Some(Event::Dropped(dropped)),
            };
            if let Some(event) = event {
                on_event(event);
            }
        }
    }

    fn take(&mut self, received: Received, now_us: u64) -> Option<Event> {
        self.statistics.count(received.message.kind());
        let restarts = self.decoder.counters().restarts;
        if restarts != self.restarts {
            // By sequence number too, for a device that chose the same boot number again.
            self.restarts = restarts;
            self.handshake.restart();
        }
        if let Message::Hello(hello) = received.message {
            // Over a slow line several greetings are answered; all but the first answer say nothing new.
            let known = self.handshake.agreed().copied();
            return match self.handshake.receive(received.boot, &hello) {
                Ok(agreed) => Some(Event::Agreed(agreed)).filter(|_| known != Some(agreed)),
                Err(error) => Some(Event::Refused(error)),
            };
        }
        if self.handshake.agreed().is_none() {
            // Its bytes may mean something else at the other end.
            self.statistics.early += 1;
            return None;
        }
        match received.message {
            Message::ClockPong(pong) => {
                if let Some(exchange) = self.pinger.answer(received.boot, &pong, now_us) {
                    self.learn(&exchange);
                }
                None
            }
            Message::ClockPing(ping) => {
                self.ping = Some((ping, now_us));
                None
            }
            message => {
                let time = message.device_time_us();
                let host_time = time.and_then(|time| {
                    self.clock
                        .host_from_device(received.boot, time, now_us)
                        .ok()
                });
                Some(Event::Message {
                    received,
                    host_time,
                })
            }
        }
    }

    fn learn(&mut self, exchange: &Exchange) {
        self.statistics.pings_answered += 1;
        match self.clock.observe(exchange) {
            Ok(()) => {
                let turnaround = exchange
                    .device_sent_us
                    .wrapping_sub(exchange.device_received_us);
                let trip = exchange.host_received_us - exchange.host_sent_us;
                let trip = trip.saturating_sub(turnaround.into());
                let shortest = self.statistics.shortest_round_trip_us.get_or_insert(trip);
                *shortest = trip.min(*shortest);
            }
            Err(_) => self.statistics.exchanges_refused += 1,
        }
    }

    /// Appends what is due now to `out`: greetings, pings, answers. Call it every few milliseconds, and send at once.
    pub fn poll(&mut self, now_us: u64, out: &mut Vec<u8>) {
        if !self.begun {
            // Ends whatever the line carried before.
            self.begun = true;
            out.push(crate::frame::DELIMITER);
        }
        if let Some(hello) = self.handshake.poll(now_us) {
            self.append(&hello.into(), out);
        }
        if self.handshake.agreed().is_some()
            && let Some(ping) = self.pinger.poll(now_us)
        {
            self.append(&ping.into(), out);
        }
        if let Some((ping, received_us)) = self.ping.take() {
            let pong = ClockPong {
                ping: ping.ping,
                ping_time_us: ping.ping_time_us,
                received_us: received_us as u32,
                sent_us: now_us as u32,
            };
            self.append(&pong.into(), out);
        }
    }

    /// Appends a message of the session's own, which may be refused only for a time that went by.
    fn append(&mut self, message: &Message, out: &mut Vec<u8>) {
        let _ = self.send(message, out);
    }

    /// Appends a message to `out`.
    ///
    /// # Errors
    ///
    /// A message that may not be sent.
    pub fn send(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), EmitError> {
        let mut wire = [0; MAX_WIRE];
        let length = self.encoder.encode(message, &mut wire)?;
        out.extend(wire.iter().take(length));
        self.statistics.bytes_sent += length as u64;
        Ok(())
    }

    /// The device, once it is known.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.handshake.agreed()
    }

    /// The device's clock.
    pub fn clock(&self) -> &ClockSync {
        &self.clock
    }

    /// What was seen so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            link: self.decoder.counters(),
            pings_lost: self.pinger.lost(),
            drift_ppm: self.clock.drift_ppm(),
            clock_restarts: self.clock.restarts(),
            ..self.statistics
        }
    }
}
