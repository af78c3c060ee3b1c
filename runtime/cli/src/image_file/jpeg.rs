//! Whether a JPEG file is whole.

const MARKER: u8 = 0xff;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the segments of a JPEG file (ITU-T T.81, annex B) lead to its end-of-image marker. What
/// follows that marker does not matter; a thumbnail within a segment has its own and does not count.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        // Any number of fill bytes may come before a marker.
        let Some(start) = rest.iter().position(|&byte| byte == MARKER) else {
            return false;
        };
        rest = &rest[start..];
        let Some(code_at) = rest.iter().position(|&byte| byte != MARKER) else {
            return false;
        };
        let code = rest[code_at];
        rest = &rest[code_at + 1..];
        match code {
            END_OF_IMAGE => return true,
            // A stuffed byte of 0xff, or a marker that has no segment: TEM, RST0 to RST7, SOI.
            0 | 1 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&[high, low]) = rest.first_chunk::<2>() else {
                    return false;
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                let Some(after) = rest.get(length.max(2)..) else {
                    return false;
                };
                // After the header of a scan come its data, in which every 0xff is stuffed or a
                // restart marker, so that the search for the next marker passes over them.
                rest = after;
            }
        }
    }
}
