//! A link that loses, changes, repeats and merges: every intact message arrives once and in order, every damaged
//! frame is counted, and nothing arrives that was not sent.

mod support;

use std::collections::HashMap;

use fastrand::Rng;
use fixate_bridge::decoder::{Decoder, Dropped};
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::MAX_WIRE;
use fixate_bridge::message::Message;

const MESSAGES: usize = 60_000;

/// What a fault does to a frame's bytes on their way.
fn injure(frame: &mut Vec<u8>, random: &mut Rng) {
    let at = random.usize(..frame.len());
    match random.u8(..7) {
        // Lost: the whole frame, one byte, or all from some byte on. Without its end it merges with the next.
        0 => frame.clear(),
        1 => drop(frame.remove(at)),
        2 => frame.truncate(at),
        // Changed: some bits, or a burst.
        3 => (0..random.usize(1..4)).for_each(|_| {
            let at = random.usize(..frame.len());
            frame[at] ^= 1 << random.u8(..8);
        }),
        4 => frame[at..]
            .iter_mut()
            .take(random.usize(1..12))
            .for_each(|byte| *byte = random.u8(..)),
        // Split by a zero, or with noise inside.
        5 => frame.insert(at, 0),
        _ => drop(
            frame.splice(
                at..at,
                (0..random.usize(1..100))
                    .map(|_| random.u8(..))
                    .collect::<Vec<_>>(),
            ),
        ),
    }
}

/// The stream of many messages of which `faults_percent` are hit, and the messages by their frames' bytes.
fn transmit(seed: u64, faults_percent: u8) -> (Vec<u8>, Vec<(Vec<u8>, Message)>) {
    let mut random = Rng::with_seed(seed);
    let mut encoder = Encoder::new(random.u16(..));
    let (mut stream, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..MESSAGES {
        let message = support::message(&mut random);
        let mut wire = [0; MAX_WIRE];
        let length = encoder.encode(&message, &mut wire).expect("it fits");
        let mut frame = wire[..length].to_vec();
        sent.push((frame[..length - 1].to_vec(), message));
        let copies = if random.u8(..100) < faults_percent {
            if random.u8(..8) == 0 {
                2
            } else {
                injure(&mut frame, &mut random);
                1
            }
        } else {
            1
        };
        (0..copies).for_each(|_| stream.extend_from_slice(&frame));
    }
    (stream, sent)
}

/// What an observer expects who knows every sent frame: the intact ones once, and the number of all others.
fn expect(stream: &[u8], sent: &[(Vec<u8>, Message)]) -> (Vec<Message>, u32, u32) {
    let by_bytes: HashMap<&[u8], usize> = sent
        .iter()
        .enumerate()
        .map(|(index, (bytes, _))| (&bytes[..], index))
        .collect();
    let (mut intact, mut repeated, mut broken, mut last) = (Vec::new(), 0, 0, None);
    let ended = stream
        .iter()
        .rposition(|&byte| byte == 0)
        .map_or(0, |end| end + 1);
    for chunk in stream[..ended]
        .split(|&byte| byte == 0)
        .filter(|chunk| !chunk.is_empty())
    {
        match by_bytes.get(chunk) {
            Some(&index) if last.is_some_and(|last| index <= last) => repeated += 1,
            Some(&index) => {
                intact.push(sent[index].1);
                last = Some(index);
            }
            None => broken += 1,
        }
    }
    (intact, repeated, broken)
}

#[test]
fn a_fault_costs_the_frames_that_it_touches_and_no_other() {
    for (seed, faults_percent) in [(1, 0), (2, 1), (3, 15), (4, 15), (5, 15), (6, 60)] {
        let (stream, sent) = transmit(seed, faults_percent);
        let (intact, repeated, broken) = expect(&stream, &sent);
        let mut decoder = Decoder::new();
        let mut random = Rng::with_seed(seed + 100);
        let (mut received, mut rest) = (Vec::new(), &stream[..]);
        // Reads of any size, as a driver gives them.
        while !rest.is_empty() {
            let (now, later) = rest.split_at(random.usize(1..=rest.len().min(300)));
            received.extend(decoder.feed(now).flatten());
            rest = later;
        }
        let counters = decoder.counters();
        let messages: Vec<_> = received.iter().map(|received| received.message).collect();
        assert!(
            messages == intact,
            "seed {seed}: every intact message, once, in order, and no other"
        );
        assert_eq!(
            counters.damaged + counters.overlong,
            broken,
            "seed {seed}: every damaged frame is counted"
        );
        assert_eq!(counters.duplicates, repeated, "seed {seed}");
        assert_eq!(
            (counters.refused, counters.wrong_version, counters.restarts),
            (0, 0, 0),
            "seed {seed}"
        );
        // The first numbers may be lost before the decoder has any to compare with, the last before it sees a gap.
        let first = received
            .first()
            .map_or(0, |received| u32::from(received.sequence));
        let last = messages.len() as u32 + counters.missed + first;
        let sent_last = u32::from(received.last().map_or(0, |received| received.sequence)) + 1;
        assert_eq!(
            last % 65_536,
            sent_last % 65_536,
            "seed {seed}: every gap is counted"
        );
    }
}

#[test]
fn the_next_frame_after_any_damage_is_received() {
    let mut random = Rng::with_seed(7);
    for round in 0..20_000 {
        let mut encoder = Encoder::new(1);
        let mut frames = Vec::new();
        for _ in 0..3 {
            let mut wire = [0; MAX_WIRE];
            let message = support::message(&mut random);
            let length = encoder.encode(&message, &mut wire).expect("it fits");
            frames.push((wire[..length].to_vec(), message));
        }
        injure(&mut frames[0].0, &mut random);
        let mut decoder = Decoder::new();
        let stream: Vec<u8> = frames.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let received: Vec<_> = decoder
            .feed(&stream)
            .flatten()
            .map(|received| received.message)
            .collect();
        // The damaged frame may take the one after it along, when its own end is lost.
        assert_eq!(received.last(), Some(&frames[2].1), "round {round}");
    }
}

#[test]
fn a_start_in_the_middle_of_a_frame_costs_one_frame() {
    let (stream, sent) = transmit(8, 0);
    let ends: Vec<usize> = (0..stream.len())
        .filter(|&at| stream[at] == 0)
        .take(4)
        .collect();
    for start in 1..ends[0] {
        let mut decoder = Decoder::new();
        let events: Vec<_> = decoder.feed(&stream[start..=ends[3]]).collect();
        assert_eq!(events.first(), Some(&Err(Dropped::Damaged)));
        assert_eq!(events[1].expect("intact").message, sent[1].1);
        assert_eq!(decoder.counters().received, 3);
    }
}
