//! `fixate live` with a device behind a socket: what it asks is answered, also after the line has broken.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::handshake;
use fixate_bridge::message::{ClockPong, GraspPoint, Message, Role};

/// Nothing came in time, or this process was stopped for a while.
const LATER: [ErrorKind; 3] = [
    ErrorKind::WouldBlock,
    ErrorKind::TimedOut,
    ErrorKind::Interrupted,
];

/// A gripper's controller, which asks for the middle of the picture twenty times a second.
struct Device {
    began: Instant,
    encoder: Encoder,
    decoder: Decoder,
    asked: HashSet<u32>,
    answered: usize,
}

impl Device {
    fn now_us(&self) -> u32 {
        self.began.elapsed().as_micros() as u32
    }

    fn send(&mut self, line: &mut TcpStream, message: Message) {
        let mut wire = [0; MAX_WIRE];
        let length = self.encoder.encode(&message, &mut wire).unwrap();
        // Whoever left reads nothing.
        let _ = line.write_all(&wire[..length]);
    }

    /// Talks until it was answered so often, or the other end leaves.
    fn talk(&mut self, mut line: TcpStream, until_answered: usize) {
        line.set_read_timeout(Some(Duration::from_millis(5)))
            .unwrap();
        let mut buffer = [0; 4096];
        let mut next = Instant::now();
        while self.answered < until_answered {
            let length = match line.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => length,
                Err(error) if LATER.contains(&error.kind()) => 0,
                Err(_) => return,
            };
            let came: Vec<_> = self.decoder.feed(&buffer[..length]).flatten().collect();
            for received in came {
                match received.message {
                    Message::Hello(_) => {
                        self.send(&mut line, handshake::hello(Role::Device, 1, 1).into());
                    }
                    Message::ClockPing(ping) => {
                        let now_us = self.now_us();
                        let pong = ClockPong {
                            ping: ping.ping,
                            ping_time_us: ping.ping_time_us,
                            received_us: now_us,
                            sent_us: now_us,
                        };
                        self.send(&mut line, pong.into());
                    }
                    Message::MaskSummary(summary) => {
                        assert!(self.asked.remove(&summary.prompt_time_us), "{summary:?}");
                        self.answered += 1;
                    }
                    _ => {}
                }
            }
            if Instant::now() >= next {
                next = Instant::now() + Duration::from_millis(50);
                let point = GraspPoint {
                    device_time_us: self.now_us(),
                    x_px: 640.0,
                    y_px: 360.0,
                    closing_angle_rad: 0.0,
                    opening_mm: None,
                };
                self.asked.insert(point.device_time_us);
                self.send(&mut line, point.into());
            }
        }
    }
}

#[test]
fn grasp_points_are_answered_before_and_after_the_line_broke() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gaze = format!("bridge:{}", listener.local_addr().unwrap().port());
    let live = Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(["live", "--source", "scene", "--json", "--seconds", "20"])
        .args(["--budget-ms", "500", "--gaze", &gaze])
        .stdout(Stdio::piped())
        .spawn();
    let mut live = live.unwrap();
    let mut device = Device {
        began: Instant::now(),
        encoder: Encoder::new(5),
        decoder: Decoder::new(),
        asked: HashSet::new(),
        answered: 0,
    };
    for until_answered in [3, 6] {
        let (line, _) = listener.accept().unwrap();
        device.talk(line, until_answered);
        assert!(device.answered >= until_answered, "the host left early");
    }
    live.kill().unwrap();
    live.wait().unwrap();
}
