//! What is sent is what arrives; what arrives is what could have been sent.

mod support;

use fixate_bridge::cobs::{self, Unstuffer};
use fixate_bridge::decoder::Decoder;
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::{MAX_WIRE, wire_size};
use fixate_bridge::message::{Kind, MAX_PAYLOAD, Message};
use fixate_bridge::outbox::{Outbox, SendError};
use proptest::prelude::*;

fn messages() -> impl Strategy<Value = Message> {
    any::<u64>().prop_map(|seed| support::message(&mut fastrand::Rng::with_seed(seed)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_payload_comes_back(message in messages()) {
        let mut bytes = [0xa5; MAX_PAYLOAD];
        let size = message.emit(&mut bytes).expect("generated messages may be sent");
        prop_assert_eq!(size, message.kind().size());
        prop_assert!(bytes[size..].iter().all(|&byte| byte == 0xa5));
        prop_assert_eq!(Message::parse(message.kind(), &bytes[..size]), Ok(message));
    }

    #[test]
    fn what_is_accepted_is_written_the_same_way(kind in prop::sample::select(Kind::ALL), seed: u64) {
        // Bytes of chance are mostly refused, so a valid payload with some bytes changed.
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = [0; MAX_PAYLOAD];
        let message = std::iter::repeat_with(|| support::message(&mut random)).find(|message| message.kind() == kind);
        let size = message.expect("endless").emit(&mut bytes).expect("generated messages may be sent");
        for _ in 0..random.usize(..4) {
            bytes[random.usize(..size)] = random.u8(..);
        }
        if let Ok(parsed) = Message::parse(kind, &bytes[..size]) {
            let mut again = [0; MAX_PAYLOAD];
            prop_assert_eq!(parsed.emit(&mut again), Ok(size));
            prop_assert_eq!(&again[..size], &bytes[..size]);
        }
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(code: u8, bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(kind) = Kind::from_code(code) {
            let _ = Message::parse(kind, &bytes);
        }
    }

    #[test]
    fn frames_come_back(sent in prop::collection::vec(messages(), 0..20), boot: u16) {
        let mut encoder = Encoder::new(boot);
        let mut stream = Vec::new();
        for message in &sent {
            let mut wire = [0; MAX_WIRE];
            let length = encoder.encode(message, &mut wire).expect("it fits");
            prop_assert_eq!(length, wire_size(message.kind()));
            prop_assert_eq!(wire[..length].iter().position(|&byte| byte == 0), Some(length - 1));
            stream.extend_from_slice(&wire[..length]);
        }
        let mut decoder = Decoder::new();
        let received: Vec<_> = decoder.feed(&stream).map(|result| result.expect("intact")).collect();
        prop_assert_eq!(received.iter().map(|received| received.message).collect::<Vec<_>>(), sent);
        for (index, received) in received.iter().enumerate() {
            prop_assert_eq!((received.boot, usize::from(received.sequence)), (boot, index));
        }
        prop_assert_eq!(decoder.counters().received as usize, received.len());
    }

    #[test]
    fn stuffing_is_that_of_the_cobs_crate(data in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..700)) {
        let mut ours = vec![0; cobs::max_encoded(data.len())];
        let length = cobs::encode(&data, &mut ours).expect("the bound holds");
        prop_assert!(!ours[..length].contains(&0));
        let mut theirs = vec![0; ::cobs::max_encoding_length(data.len()) + 1];
        let reference = ::cobs::encode(&data, &mut theirs);
        let mut back = vec![0; data.len() + 1];
        prop_assert_eq!(::cobs::decode(&ours[..length], &mut back).expect("well formed").frame_size(), data.len());
        prop_assert_eq!(&back[..data.len()], &data[..]);
        let mut unstuffer = Unstuffer::<700>::default();
        for &byte in &theirs[..reference] {
            prop_assert!(unstuffer.push(byte).is_none());
        }
        prop_assert_eq!(unstuffer.push(0), Some(Ok(&data[..])));
    }

    #[test]
    fn a_small_buffer_is_refused_and_uses_no_number(message in messages(), room in 0..MAX_WIRE) {
        let mut encoder = Encoder::new(1);
        let mut wire = [0; MAX_WIRE];
        let fits = encoder.encode(&message, &mut wire[..room]).is_ok();
        prop_assert_eq!(fits, room >= wire_size(message.kind()));
        prop_assert_eq!(encoder.sequence(), u16::from(fits));
    }
}

#[test]
fn an_outbox_takes_whole_frames_or_none() {
    let mut random = fastrand::Rng::with_seed(3);
    let (mut encoder, mut outbox) = (Encoder::new(1), Outbox::<100>::new());
    let mut decoder = Decoder::new();
    let (mut sent, mut full) = (0, 0);
    for _ in 0..1_000 {
        match outbox.send(&mut encoder, &support::message(&mut random)) {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, SendError::Full);
                full += 1;
            }
        }
        for _ in 0..random.usize(..60) {
            if let Some(byte) = outbox.pop() {
                decoder.push(byte);
            }
        }
    }
    while let Some(byte) = outbox.pop() {
        decoder.push(byte);
    }
    assert!(
        full > 50 && outbox.dropped() == full,
        "{full} found it full"
    );
    assert_eq!(
        (decoder.counters().received, decoder.counters().damaged),
        (sent, 0)
    );
}
