//! Noise is never a message, and a damaged message is never another one.

mod support;

use fixate_bridge::decoder::Decoder;
use fixate_bridge::frame::{self, MAX_WIRE};

/// Ten million bytes of some noise, and the messages that a decoder finds in it.
fn messages_in(seed: u64, mut noise: impl FnMut(&mut fastrand::Rng) -> u8) -> (u32, u32) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut decoder = Decoder::new();
    for _ in 0..10_000_000 {
        decoder.push(noise(&mut random));
    }
    let counters = decoder.counters();
    assert_eq!(
        (
            counters.refused,
            counters.wrong_version,
            counters.duplicates
        ),
        (0, 0, 0)
    );
    (counters.received, counters.damaged + counters.overlong)
}

#[test]
fn ten_million_random_bytes_hold_no_message() {
    let (received, dropped) = messages_in(1, |random| random.u8(..));
    assert_eq!(received, 0);
    assert!(dropped > 30_000, "{dropped} frames were looked at");
}

#[test]
fn nor_do_ten_million_with_many_delimiters_and_well_formed_stuffing() {
    // Delimiters at the distance of frames, and small numbers, which are lengths of blocks.
    let (received, dropped) = messages_in(2, |random| match random.u8(..30) {
        0 => 0,
        1..12 => random.u8(1..4),
        _ => random.u8(..),
    });
    assert_eq!(received, 0);
    assert!(dropped > 100_000, "{dropped} frames were looked at");
}

#[test]
fn no_one_or_two_flipped_bits_make_another_message() {
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..12 {
        let message = support::message(&mut random);
        let mut wire = [0; MAX_WIRE];
        let length = frame::seal(7, 9, &message, &mut wire).expect("it fits");
        let bits = length * 8;
        for first in 0..bits {
            for second in first..bits {
                let mut hit = wire;
                hit[first / 8] ^= 1 << (first % 8);
                if second > first {
                    hit[second / 8] ^= 1 << (second % 8);
                }
                // One more delimiter, for the case that the frame's own was hit.
                let mut decoder = Decoder::new();
                let received = decoder.feed(&hit[..length]).flatten().count();
                let later = decoder.push(0).is_some_and(|result| result.is_ok());
                assert!(
                    received == 0 && !later,
                    "{message:?}: bits {first} and {second}"
                );
            }
        }
    }
}
