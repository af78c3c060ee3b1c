//! The host's session with a device that lives in this test.

use fixate_bridge::clock::LinkDelay;
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::handshake::{self, HandshakeError};
use fixate_bridge::host::{Event, Session};
use fixate_bridge::message::*;

/// A device whose clock is ahead of the host's by a while.
struct Device {
    encoder: Encoder,
    decoder: Decoder,
    hello: Hello,
}

/// Device time minus host time.
const AHEAD_US: u32 = 4_294_000_000;

impl Device {
    fn new(boot: u16) -> Self {
        let hello = handshake::hello(Role::Device, 42, 1);
        Self {
            encoder: Encoder::new(boot),
            decoder: Decoder::new(),
            hello,
        }
    }

    fn say(&mut self, message: Message) -> Vec<u8> {
        let mut wire = [0; MAX_WIRE];
        let length = self.encoder.encode(&message, &mut wire).expect("it fits");
        wire[..length].to_vec()
    }

    /// Its answers to what it hears at this host time.
    fn hear(&mut self, bytes: &[u8], host_us: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let heard: Vec<_> = self.decoder.feed(bytes).flatten().collect();
        let device_us = AHEAD_US.wrapping_add(host_us as u32);
        for received in heard {
            match received.message {
                Message::Hello(_) => out.extend(self.say(self.hello.into())),
                Message::ClockPing(ping) => out.extend(
                    self.say(
                        ClockPong {
                            ping: ping.ping,
                            ping_time_us: ping.ping_time_us,
                            received_us: device_us,
                            sent_us: device_us,
                        }
                        .into(),
                    ),
                ),
                _ => {}
            }
        }
        out
    }
}

fn strobe(host_us: u64) -> Message {
    let exposure_start_us = AHEAD_US.wrapping_add(host_us as u32);
    FrameStrobe {
        exposure_start_us,
        exposure_us: 8_000,
        frame_number: 0,
        camera: 0,
    }
    .into()
}

/// Lets both talk for a while, 1 ms each way, and gives the events.
fn talk(session: &mut Session, device: &mut Device, from_us: u64, until_us: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for now in (from_us..until_us).step_by(5_000) {
        let mut out = Vec::new();
        session.poll(now, &mut out);
        let mut answers = device.hear(&out, now + 1_000);
        answers.extend(device.say(strobe(now)));
        session.receive(&answers, now + 2_000, |event| events.push(event));
    }
    events
}

#[test]
fn a_session_greets_synchronises_and_gives_host_times() {
    let (mut session, mut device) = (Session::new(1, LinkDelay::default()), Device::new(5));
    let events = talk(&mut session, &mut device, 0, 1_000_000);
    assert!(
        matches!(events[0], Event::Agreed(agreed) if agreed.boot == 5 && agreed.hello.identity == 42)
    );
    let Some(Event::Message {
        host_time: Some(time),
        ..
    }) = events.last()
    else {
        panic!("{:?}", events.last())
    };
    assert!(
        time.host_us.abs_diff(995_000) <= u64::from(time.error_us) && time.error_us < 1_200,
        "{time:?}"
    );
    let statistics = session.statistics();
    assert_eq!(
        (
            statistics.link.missed,
            statistics.early,
            statistics.clock_restarts
        ),
        (0, 0, 1)
    );
    assert_eq!(statistics.shortest_round_trip_us, Some(2_000));
    assert_eq!(statistics.received(Kind::FrameStrobe), 200);

    // A new start: greeted again, and the clock begins anew.
    let events = talk(&mut session, &mut Device::new(6), 1_000_000, 2_000_000);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Agreed(agreed) if agreed.boot == 6))
    );
    assert!(matches!(
        events.last(),
        Some(Event::Message {
            host_time: Some(_),
            ..
        })
    ));
    let statistics = session.statistics();
    assert_eq!(
        (statistics.link.restarts, statistics.clock_restarts),
        (1, 2)
    );
}

#[test]
fn a_start_is_told_once_however_often_it_is_greeted() {
    let (mut session, mut device) = (Session::new(1, LinkDelay::default()), Device::new(5));
    let mut agreed = 0;
    let mut receive = |session: &mut Session, bytes: &[u8]| {
        session.receive(bytes, 1_000_000, |event| {
            agreed += u32::from(matches!(event, Event::Agreed(_)))
        });
    };
    for _ in 0..3 {
        let hello = device.hello.into();
        receive(&mut session, &device.say(hello));
    }
    for _ in 0..500 {
        receive(&mut session, &device.say(strobe(0)));
    }
    // The same boot number again, by chance.
    let mut device = Device::new(5);
    let hello = device.hello.into();
    receive(&mut session, &device.say(hello));
    assert_eq!(agreed, 2);
}

#[test]
fn a_device_with_other_layouts_is_refused_and_not_listened_to() {
    let (mut session, mut device) = (Session::new(1, LinkDelay::default()), Device::new(5));
    device.hello.schema ^= 1;
    let events = talk(&mut session, &mut device, 0, 1_000_000);
    assert!(!events.is_empty());
    let schema = device.hello.schema;
    assert!(
        events
            .iter()
            .all(|event| *event == Event::Refused(HandshakeError::OtherLayouts { schema }))
    );
    assert_eq!(session.statistics().early, 200);
}

#[test]
fn a_device_asks_for_the_hosts_time() {
    let (mut session, mut device) = (Session::new(1, LinkDelay::default()), Device::new(5));
    talk(&mut session, &mut device, 0, 10_000);
    let ping = device.say(
        ClockPing {
            ping: 3,
            ping_time_us: 77,
        }
        .into(),
    );
    session.receive(&ping, 20_000, |event| panic!("{event:?}"));
    let mut out = Vec::new();
    session.poll(20_100, &mut out);
    let answer: Vec<_> = Decoder::new().feed(&out).flatten().collect();
    let pong = ClockPong {
        ping: 3,
        ping_time_us: 77,
        received_us: 20_000,
        sent_us: 20_100,
    };
    assert!(
        answer
            .iter()
            .any(|received| received.message == pong.into())
    );
}

#[test]
fn a_bad_line_costs_messages_but_neither_the_greeting_nor_the_clock() {
    let (mut session, mut device) = (Session::new(1, LinkDelay::default()), Device::new(5));
    let mut random = fastrand::Rng::with_seed(1);
    let mut hit = |mut bytes: Vec<u8>| {
        // About 15 of 100 frames: bytes changed, lost, repeated.
        for _ in 0..bytes.len() {
            let at = random.usize(..bytes.len());
            match random.u16(..600) {
                0 => bytes[at] ^= 1 << random.u8(..8),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => {}
            }
        }
        bytes
    };
    let (mut given, mut timed, mut said) = (0, 0, 0);
    for now in (0..60_000_000).step_by(5_000) {
        let mut out = Vec::new();
        session.poll(now, &mut out);
        let mut answers = device.hear(&hit(out), now + 1_000);
        answers.extend(device.say(strobe(now)));
        said += 1;
        session.receive(&hit(answers), now + 2_000, |event| match event {
            Event::Message {
                received,
                host_time,
            } => {
                assert_eq!(received.message, strobe(now));
                given += 1;
                if let Some(time) = host_time {
                    timed += 1;
                    assert!(
                        time.host_us.abs_diff(now) <= u64::from(time.error_us),
                        "{time:?} at {now}"
                    );
                }
            }
            Event::Agreed(_) | Event::Dropped(_) => {}
            other => panic!("{other:?}"),
        });
    }
    let statistics = session.statistics();
    assert!(
        statistics.link.damaged > said / 20,
        "the line is bad: {statistics:?}"
    );
    assert!(
        given > said * 3 / 4 && timed > given * 9 / 10,
        "{given} of {said}, {timed} with times"
    );
    assert_eq!(
        (statistics.clock_restarts, statistics.link.restarts),
        (1, 0)
    );
    assert!(
        statistics.pings_lost > 0 && statistics.pings_answered > 300,
        "{statistics:?}"
    );
}
