//! The firmware link: bytes as they come, frames that are whole around any payload, payloads alone.

use arbitrary::{Arbitrary, Unstructured};
use fixate_bridge::clock::LinkDelay;
use fixate_bridge::cobs;
use fixate_bridge::decoder::{Decoder, Dropped};
use fixate_bridge::encoder::Encoder;
use fixate_bridge::frame::{HEADER, MAX_FRAME, MAX_WIRE};
use fixate_bridge::host::Session;
use fixate_bridge::message::{Kind, MAX_PAYLOAD, Message};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Bytes of a link, in pieces, with the host's times.
    Bytes(Vec<(&'a [u8], u16)>),
    /// Frames whose checksum fits whatever is in them.
    Frames(Vec<(u8, u8, u16, u16, &'a [u8])>),
    /// A payload of this kind.
    Payload(u8, &'a [u8]),
}

/// Takes these bytes for what comes over a link.
///
/// # Panics
/// When a message is accepted that is not sent so, or a whole frame is taken for a damaged one.
pub fn wire(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    match input {
        Input::Bytes(pieces) => listen(&pieces),
        Input::Frames(frames) => {
            let wires: Vec<Vec<u8>> = frames.iter().filter_map(sealed).collect();
            let mut decoder = Decoder::new();
            for wire in &wires {
                let came: Vec<_> = decoder.feed(wire).collect();
                // A whole frame is a message, or refused for what is in it: never damaged.
                assert_eq!(came.len(), 1);
                match &came[0] {
                    Ok(received) => again(&received.message),
                    Err(dropped) => {
                        assert!(!matches!(dropped, Dropped::Damaged | Dropped::Overlong))
                    }
                }
            }
            let pieces: Vec<_> = wires.iter().map(|wire| (wire.as_slice(), 1)).collect();
            listen(&pieces);
        }
        Input::Payload(kind, payload) => {
            let kind = Kind::ALL[kind as usize % Kind::ALL.len()];
            if let Ok(message) = Message::parse(kind, payload) {
                // What was accepted is what would be sent.
                let mut bytes = [0; MAX_PAYLOAD];
                let length = message.emit(&mut bytes).expect("it was accepted");
                assert_eq!((message.kind(), &bytes[..length]), (kind, payload));
                again(&message);
            }
        }
    }
}

/// A frame on the wire, with a checksum that fits.
fn sealed((version, kind, boot, sequence, payload): &(u8, u8, u16, u16, &[u8])) -> Option<Vec<u8>> {
    let mut frame = vec![*version, *kind];
    frame.extend(boot.to_le_bytes());
    frame.extend(sequence.to_le_bytes());
    assert_eq!(frame.len(), HEADER);
    frame.extend(*payload);
    let check = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&frame);
    frame.extend(check.to_le_bytes());
    if frame.len() > MAX_FRAME {
        return None;
    }
    let mut wire = [0; MAX_WIRE];
    let length = cobs::encode(&frame, &mut wire)?;
    let mut wire = wire[..length].to_vec();
    if wire.last() != Some(&0) {
        wire.push(0);
    }
    Some(wire)
}

/// A message survives the way.
fn again(message: &Message) {
    let mut wire = [0; MAX_WIRE];
    let length = Encoder::new(9)
        .encode(message, &mut wire)
        .expect("it was accepted");
    let mut decoder = Decoder::new();
    let came: Vec<_> = decoder.feed(&wire[..length]).collect();
    assert_eq!(came.len(), 1);
    assert_eq!(
        came[0].as_ref().map(|received| received.message),
        Ok(*message)
    );
}

/// A host's conversation with whoever sends this.
fn listen(pieces: &[(&[u8], u16)]) {
    let mut session = Session::new(1, LinkDelay::default());
    let (mut now_us, mut out) = (0, Vec::new());
    for (bytes, wait_us) in pieces {
        now_us += u64::from(*wait_us) * 10;
        session.receive(bytes, now_us, |_| ());
        session.poll(now_us, &mut out);
        out.clear();
    }
    let _ = session.statistics();
}
