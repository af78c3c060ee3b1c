//! Damage to files, by chance and by intent.

use fastrand::Rng;

/// Where formats have what they must be careful with.
const EDGE_BYTES: usize = 2048;

/// A damaged copy of `whole`; splices take their part from `other`.
pub(crate) fn mutated(whole: &[u8], other: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..chance.usize(1..=3) {
        match chance.u32(0..8) {
            0 | 1 => flip(&mut bytes, chance),
            2 => bytes.truncate(position(&bytes, chance)),
            3 | 4 => edit_length(&mut bytes, chance),
            5 => {
                let piece = piece(&bytes, chance).to_vec();
                let count = chance.usize(1..=4);
                insert(&mut bytes, &piece.repeat(count), chance);
            }
            6 => insert(&mut bytes, piece(other, chance), chance),
            _ => {
                let start = position(&bytes, chance);
                let length = chance.usize(0..=64).min(bytes.len() - start);
                bytes.drain(start..start + length);
            }
        }
    }
    bytes
}

/// A copy of a text with one of its numbers made another.
pub(crate) fn with_another_number(text: &[u8], chance: &mut Rng) -> Vec<u8> {
    let digits: Vec<usize> = (0..text.len())
        .filter(|&at| text[at].is_ascii_digit())
        .collect();
    let mut bytes = text.to_vec();
    if let Some(&at) = chance.choice(&digits) {
        let numbers = [
            "0",
            "-1",
            "1e308",
            "nan",
            "4096",
            "8192",
            "18446744073709551616",
            "2147483648",
        ];
        let number = chance.choice(numbers).unwrap_or("0");
        bytes.splice(at..=at, number.bytes());
    }
    bytes
}

fn flip(bytes: &mut [u8], chance: &mut Rng) {
    for _ in 0..chance.usize(1..=8) {
        let at = position(bytes, chance);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << chance.u32(0..8);
        }
    }
}

/// Overwrites what may be a length with one that is too large, too small or nearly right.
fn edit_length(bytes: &mut [u8], chance: &mut Rng) {
    let length = bytes.len() as u64;
    let numbers = [
        0,
        1,
        0x7f,
        0xff,
        0x7fff_ffff,
        u64::from(u32::MAX),
        1 << 40,
        u64::MAX,
        length,
        length + 1,
    ];
    let number = chance.choice(numbers).unwrap_or(0).to_le_bytes();
    let width = chance.choice([1, 2, 4, 8]).unwrap_or(4);
    let at = position(bytes, chance);
    for (byte, new) in bytes[at..].iter_mut().zip(&number[..width]) {
        *byte = *new;
    }
}

fn insert(bytes: &mut Vec<u8>, piece: &[u8], chance: &mut Rng) {
    let at = position(bytes, chance);
    bytes.splice(at..at, piece.iter().copied());
}

fn piece<'a>(bytes: &'a [u8], chance: &mut Rng) -> &'a [u8] {
    let start = position(bytes, chance);
    let length = chance.usize(0..=512).min(bytes.len() - start);
    &bytes[start..start + length]
}

/// Anywhere from the first byte to behind the last, mostly near the beginning or the end.
fn position(bytes: &[u8], chance: &mut Rng) -> usize {
    let near = EDGE_BYTES.min(bytes.len());
    match chance.u32(0..4) {
        0 => chance.usize(0..=bytes.len()),
        1 => bytes.len() - chance.usize(0..=near),
        _ => chance.usize(0..=near),
    }
}
