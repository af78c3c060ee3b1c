//! Where a JPEG file ends, if it is whole.

const MARKER: u8 = 0xff;
const END_OF_IMAGE: u8 = 0xd9;

/// Bytes up to and with the end-of-image marker to which the segments of a JPEG file (ITU-T T.81, annex
/// B) lead; none if they do not. What follows does not matter; a thumbnail within a segment has a marker
/// of its own, which does not count.
pub(in crate::source) fn length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        // Any number of fill bytes may come before a marker.
        let start = rest.iter().position(|&byte| byte == MARKER)?;
        rest = &rest[start..];
        let code_at = rest.iter().position(|&byte| byte != MARKER)?;
        let code = rest[code_at];
        rest = &rest[code_at + 1..];
        match code {
            END_OF_IMAGE => return Some(bytes.len() - rest.len()),
            // A stuffed byte of 0xff, or a marker that has no segment: TEM, RST0 to RST7, SOI.
            0 | 1 | 0xd0..=0xd8 => {}
            _ => {
                let &[high, low] = rest.first_chunk::<2>()?;
                let length = usize::from(u16::from_be_bytes([high, low]));
                let after = rest.get(length.max(2)..)?;
                // After the header of a scan come its data, in which every 0xff is stuffed or a
                // restart marker, so that the search for the next marker passes over them.
                rest = after;
            }
        }
    }
}
