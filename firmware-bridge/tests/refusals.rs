//! Each kind of nonsense has a name, and none of it gets through.

use fixate_bridge::decoder::{Decoder, Dropped};
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::{self, MAX_WIRE};
use fixate_bridge::handshake::{self, Agreed, Handshake, HandshakeError};
use fixate_bridge::message::*;

const GAZE: GazeSample = GazeSample {
    device_time_us: 5,
    state: GazeState::Tracked,
    confidence_permille: None,
    point: GazePoint::Pixel {
        x_px: 3.0,
        y_px: 4.0,
    },
};

/// The wire's bytes of a body to which a checksum is added.
fn wire(body: &[u8]) -> Vec<u8> {
    let mut frame = body.to_vec();
    frame.extend_from_slice(
        &crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC)
            .checksum(body)
            .to_le_bytes(),
    );
    let mut stuffed = vec![0; frame.len() + 2];
    let length = cobs::encode(&frame, &mut stuffed);
    stuffed.truncate(length);
    stuffed.push(0);
    stuffed
}

fn receive(bytes: &[u8]) -> Vec<Result<Message, Dropped>> {
    let mut decoder = Decoder::new();
    decoder
        .feed(bytes)
        .map(|result| result.map(|received| received.message))
        .collect()
}

#[test]
fn values_that_may_not_be_sent() {
    let mut buffer = [0xee; MAX_PAYLOAD];
    let nan = GazeSample {
        point: GazePoint::Pixel {
            x_px: f32::NAN,
            y_px: 0.0,
        },
        ..GAZE
    };
    assert_eq!(
        nan.emit(&mut buffer),
        Err(EmitError::Field(FieldError::NotFinite("x")))
    );
    let behind = GazeSample {
        point: GazePoint::Direction {
            yaw_rad: 0.0,
            pitch_rad: 1.6,
        },
        ..GAZE
    };
    assert_eq!(
        behind.emit(&mut buffer),
        Err(EmitError::Field(FieldError::OutOfRange("y")))
    );
    let sure = GazeSample {
        confidence_permille: Some(1001),
        ..GAZE
    };
    assert_eq!(
        sure.emit(&mut buffer),
        Err(EmitError::Field(FieldError::OutOfRange(
            "confidence_permille"
        )))
    );
    assert_eq!(
        GAZE.emit(&mut buffer[..15]),
        Err(EmitError::BufferTooSmall { needed: 16 })
    );
    assert!(
        buffer.iter().all(|&byte| byte == 0xee),
        "a refused message leaves the buffer alone"
    );
}

#[test]
fn payloads_that_cannot_have_been_sent() {
    let mut good = [0; GazeSample::SIZE];
    GAZE.emit(&mut good).expect("it may be sent");
    assert_eq!(
        GazeSample::parse(&good[..15]),
        Err(ParseError::WrongLength {
            kind: Kind::GazeSample,
            found: 15
        })
    );
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good;
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        GazeSample::parse(&changed)
    };
    assert_eq!(
        with(4, &[2]),
        Err(ParseError::Field(FieldError::UnknownCode("point", 2)))
    );
    assert_eq!(
        with(5, &[9]),
        Err(ParseError::Field(FieldError::UnknownCode("state", 9)))
    );
    assert_eq!(
        with(6, &1001u16.to_le_bytes()),
        Err(ParseError::Field(FieldError::OutOfRange(
            "confidence_permille"
        )))
    );
    assert_eq!(
        with(8, &f32::INFINITY.to_le_bytes()),
        Err(ParseError::Field(FieldError::NotFinite("x")))
    );
    assert_eq!(
        with(12, &1e9f32.to_le_bytes()),
        Err(ParseError::Field(FieldError::OutOfRange("y")))
    );
}

#[test]
fn masks_that_contradict_themselves() {
    let none = MaskSummary {
        prompt_time_us: 1,
        in_time: true,
        answer: Answer::None(NoneReason::OffFrame),
    };
    let mut bytes = [0; MaskSummary::SIZE];
    none.emit(&mut bytes).expect("it may be sent");
    for (at, name) in [
        (4, "none_reason"),
        (8, "answer"),
        (20, "answer"),
        (45, "answer"),
    ] {
        let mut changed = bytes;
        changed[at] = 1;
        assert_eq!(
            MaskSummary::parse(&changed),
            Err(ParseError::Field(FieldError::Contradiction(name))),
            "byte {at}"
        );
    }
}

#[test]
fn frames_of_other_versions_and_kinds() {
    let mut payload = [0; GazeSample::SIZE];
    GAZE.emit(&mut payload).expect("it may be sent");
    let body =
        |version: u8, kind: u8, payload: &[u8]| [&[version, kind, 0, 0, 0, 0], payload].concat();
    assert_eq!(receive(&wire(&body(1, 0x10, &payload))), [Ok(GAZE.into())]);
    assert_eq!(
        receive(&wire(&body(2, 0x10, &payload))),
        [Err(Dropped::WrongVersion(2))]
    );
    assert_eq!(
        receive(&wire(&body(1, 0x7f, &payload))),
        [Err(Dropped::Refused(ParseError::UnknownKind(0x7f)))]
    );
    assert_eq!(receive(&wire(&[1, 0x10])), [Err(Dropped::Damaged)]);
    assert_eq!(
        receive(&[0, 0, 1, 0, 7, 0]),
        [Err(Dropped::Damaged), Err(Dropped::Damaged)]
    );
    assert_eq!(
        receive(&[&[7; 500][..], &[0], &wire(&body(1, 0x10, &payload))].concat()),
        [Err(Dropped::Overlong), Ok(GAZE.into())]
    );
    // A greeting is understood in every version, to say which versions there are.
    let mut hello = [0; Hello::SIZE];
    Hello {
        oldest_version: 3,
        newest_version: 4,
        ..handshake::hello(Role::Device, 1, 2)
    }
    .emit(&mut hello)
    .expect("it may be sent");
    assert!(matches!(
        receive(&wire(&body(4, 0x01, &hello)))[..],
        [Ok(Message::Hello(_))]
    ));
}

#[test]
fn duplicates_and_restarts() {
    let mut encoder = Encoder::new(1);
    let mut frame = [0; MAX_WIRE];
    let length = encoder.encode(&GAZE.into(), &mut frame).expect("it fits");
    let mut decoder = Decoder::new();
    for _ in 0..3 {
        decoder.feed(&frame[..length]).for_each(drop);
    }
    let length = frame::seal(2, 0, &GAZE.into(), &mut frame).expect("it fits");
    decoder.feed(&frame[..length]).for_each(drop);
    let counters = decoder.counters();
    assert_eq!(
        (
            counters.received,
            counters.duplicates,
            counters.restarts,
            counters.missed
        ),
        (2, 2, 1, 0)
    );
}

#[test]
fn greetings() {
    let (host, device) = (
        handshake::hello(Role::Host, 0, 0),
        handshake::hello(Role::Device, 9, 3),
    );
    assert_eq!(handshake::agree(&host, &device), Ok(1));
    assert_eq!(
        handshake::agree(&host, &host),
        Err(HandshakeError::SameRole)
    );
    let newer = Hello {
        oldest_version: 2,
        newest_version: 3,
        ..device
    };
    assert_eq!(
        handshake::agree(&host, &newer),
        Err(HandshakeError::NoCommonVersion {
            oldest: 2,
            newest: 3
        })
    );
    assert_eq!(
        handshake::agree(
            &host,
            &Hello {
                newest_version: 3,
                schema: 0,
                ..device
            }
        ),
        Ok(1)
    );
    let changed = Hello {
        schema: 0,
        ..device
    };
    assert_eq!(
        handshake::agree(&host, &changed),
        Err(HandshakeError::OtherLayouts { schema: 0 })
    );

    let mut handshake = Handshake::new(host);
    assert_eq!(handshake.poll(0), Some(host));
    assert_eq!(handshake.poll(1), None);
    assert_eq!(handshake.poll(Handshake::RETRY_US), Some(host));
    assert_eq!(
        handshake.receive(5, &device),
        Ok(Agreed {
            version: 1,
            boot: 5,
            hello: device
        })
    );
    handshake.observe(5);
    assert_eq!(handshake.poll(10_000_000), None);
    handshake.observe(6);
    assert!(handshake.agreed().is_none());
    assert_eq!(handshake.poll(10_000_001), Some(host));
}
