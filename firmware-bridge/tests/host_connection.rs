//! The host's connections and its patience.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use fixate_bridge::host::{Action, Connection, Reconnect};

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
