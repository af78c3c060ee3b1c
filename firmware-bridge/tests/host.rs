//! The host's session with a device that lives in this test, its connections and its patience.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use fixate_bridge::clock::LinkDelay;
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::handshake::{self, HandshakeError};
use fixate_bridge::host::{Action, Connection, Event, Reconnect, Session};
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

/// Takes and gives a few bytes at a time, and pauses between.
struct Slow {
    paused: bool,
    taken: Vec<u8>,
    stuck: bool,
}

impl Slow {
    fn pause(&mut self) -> io::Result<()> {
        self.paused = !self.paused;
        if self.paused || self.stuck {
            Err(io::ErrorKind::WouldBlock.into())
        } else {
            Ok(())
        }
    }
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pause()?;
        buffer[0] = 7;
        Ok(1)
    }
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pause()?;
        self.taken.extend_from_slice(&bytes[..bytes.len().min(3)]);
        Ok(bytes.len().min(3))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_stream_loses_no_byte_and_a_stuck_one_is_an_error() {
    let mut slow = Slow {
        paused: false,
        taken: Vec::new(),
        stuck: false,
    };
    let mut connection = Connection::new(&mut slow);
    let sent: Vec<u8> = (0..100).collect();
    connection.write(&sent).expect("it waits");
    for _ in 0..200 {
        connection.write(&[]).expect("it waits");
    }
    let mut buffer = [0; 4];
    let came: usize = (0..10)
        .map(|_| connection.read(&mut buffer).expect("it pauses").len())
        .sum();
    assert_eq!(came, 5);
    assert_eq!(slow.taken, sent);
    slow.stuck = true;
    let mut connection = Connection::new(&mut slow);
    connection.write(&[0; 60_000]).expect("still few enough");
    assert_eq!(
        connection.write(&[0; 10_000]).expect_err("too many").kind(),
        io::ErrorKind::TimedOut
    );
}

#[test]
fn tcp_pauses_and_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut connection = Connection::tcp(address, Duration::from_millis(1)).expect("it listens");
    let (mut other, _) = listener.accept().expect("connected");
    let mut buffer = [0; 16];
    assert_eq!(connection.read(&mut buffer).expect("a pause"), &[] as &[u8]);
    other.write_all(&[1, 2, 3]).expect("connected");
    let came: Vec<u8> = (0..2000)
        .flat_map(|_| connection.read(&mut buffer).expect("connected").to_vec())
        .take(3)
        .collect();
    assert_eq!(came, [1, 2, 3]);
    drop(other);
    let end = (0..2000)
        .find_map(|_| connection.read(&mut buffer).err())
        .expect("it ended");
    assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn patience_doubles_and_is_restored_by_a_connection_that_lasts() {
    let mut reconnect = Reconnect::new(100, 1_000);
    let mut now = 0;
    for wait in [100, 200, 400, 800, 1_000, 1_000] {
        assert_eq!(reconnect.poll(now), Action::Connect);
        reconnect.failed(now);
        assert_eq!(
            reconnect.poll(now + wait - 1),
            Action::Wait {
                until_us: now + wait
            }
        );
        now += wait;
    }
    reconnect.connected(now);
    assert_eq!(reconnect.poll(now + 999), Action::Stay);
    // Hung up too soon to count as a success.
    reconnect.failed(now + 999);
    assert_eq!(
        reconnect.poll(now + 999),
        Action::Wait {
            until_us: now + 1_999
        }
    );
    reconnect.connected(now + 2_000);
    reconnect.failed(now + 3_000);
    assert_eq!(
        reconnect.poll(now + 3_000),
        Action::Wait {
            until_us: now + 3_100
        }
    );
}
