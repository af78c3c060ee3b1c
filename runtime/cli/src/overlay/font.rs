//! A small font of even strokes, drawn for captions: digits, small letters and a few capitals.
//!
//! A glyph is its width and its pen's path in a box where capitals are 10 high and small letters 7,
//! y upwards from the baseline. `M` lifts the pen to a point, `L` draws a line, `C` a cubic curve
//! over two handles, `O` an ellipse of a centre and two radii.

use tiny_skia::{Path, PathBuilder, Rect};

/// Width of a regular stroke, in heights of a capital.
pub(super) const STROKE: f32 = 0.115;

const CAPITAL: f32 = 10.0;
const SPACING: f32 = 2.3;
const SPACE: f32 = 3.0;

const GLYPHS: [(char, f32, &str); 43] = [
    ('0', 6.0, "O3 5 3 5"),
    ('1', 6.0, "M1.1 7.9 L3.6 10 L3.6 0"),
    (
        '2',
        6.0,
        "M.2 7.2 C.2 9 1.5 10 3 10 C4.6 10 5.8 8.9 5.8 7.3 C5.8 5.2 3.6 3.6 .1 0 L6 0",
    ),
    (
        '3',
        6.0,
        "M.5 8.3 C.9 9.3 1.8 10 3 10 C4.6 10 5.6 9 5.6 7.7 C5.6 6.3 4.6 5.4 2.6 5.4 \
         M2.6 5.4 C4.8 5.4 5.9 4.3 5.9 2.8 C5.9 1.1 4.7 0 3 0 C1.5 0 .5 .8 .1 2",
    ),
    ('4', 6.0, "M4.5 0 L4.5 10 L0 2.8 L6.1 2.8"),
    (
        '5',
        6.0,
        "M5.4 10 L1.1 10 L.7 5.3 C1.3 6 2.2 6.4 3.1 6.4 C4.8 6.4 5.9 5.1 5.9 3.3 \
         C5.9 1.4 4.7 0 3 0 C1.6 0 .6 .7 .1 1.8",
    ),
    (
        '6',
        6.0,
        "M4.5 10 C2.2 7.4 .1 5.4 .1 3.1 M.1 3.1 O3 3.1 2.9 3.1",
    ),
    ('7', 6.0, "M.1 10 L5.9 10 L2.2 0"),
    ('8', 6.0, "O3 7.65 2.45 2.35 O3 2.65 2.9 2.65"),
    ('9', 6.0, "M1.5 0 C3.8 2.6 5.9 4.6 5.9 6.9 O3 6.9 2.9 3.1"),
    ('.', 0.6, "M.3 0 L.3 .02"),
    (',', 0.8, "M.5 .2 L.1 -1.4"),
    (':', 0.6, "M.3 .6 L.3 .62 M.3 5.6 L.3 5.62"),
    ('-', 3.6, "M.2 3.9 L3.4 3.9"),
    ('+', 5.6, "M.2 4 L5.4 4 M2.8 1.4 L2.8 6.6"),
    ('<', 5.0, "M4.8 7 L.3 4 L4.8 1"),
    ('%', 8.6, "O1.7 8.1 1.7 1.9 O6.9 1.9 1.7 1.9 M7 10 L1.6 0"),
    ('I', 0.8, "M.4 10 L.4 0"),
    (
        'U',
        6.4,
        "M.2 10 L.2 3.4 C.2 1.3 1.5 0 3.2 0 C4.9 0 6.2 1.3 6.2 3.4 L6.2 10",
    ),
    ('a', 5.8, "O2.85 3.5 2.75 3.5 M5.6 7 L5.6 0"),
    ('b', 5.8, "O2.95 3.5 2.75 3.5 M.2 10.4 L.2 0"),
    (
        'c',
        5.0,
        "M4.9 5.8 C4.5 6.5 3.8 7 2.9 7 C1.3 7 .1 5.6 .1 3.5 C.1 1.4 1.3 0 2.9 0 C3.8 0 4.5 .5 4.9 1.2",
    ),
    ('d', 5.8, "O2.85 3.5 2.75 3.5 M5.6 10.4 L5.6 0"),
    (
        'e',
        5.6,
        "M.2 3.7 L5.5 3.7 C5.5 5.7 4.4 7 2.9 7 C1.2 7 .1 5.5 .1 3.5 C.1 1.4 1.3 0 3 0 \
         C4.1 0 4.9 .5 5.3 1.4",
    ),
    (
        'f',
        3.8,
        "M3.8 10.3 C2.2 10.6 1.4 9.8 1.4 8.2 L1.4 0 M0 6.9 L3.5 6.9",
    ),
    (
        'g',
        5.8,
        "O2.85 3.5 2.75 3.5 M5.6 7 L5.6 -.4 C5.6 -2.2 4.5 -3.1 2.9 -3.1 C1.8 -3.1 .9 -2.7 .4 -2",
    ),
    (
        'h',
        5.4,
        "M.2 10.4 L.2 0 M.2 4.1 C.3 5.9 1.4 7 2.9 7 C4.4 7 5.2 6 5.2 4.3 L5.2 0",
    ),
    ('i', 0.8, "M.4 7 L.4 0 M.4 9.7 L.4 9.72"),
    (
        'j',
        1.4,
        "M1.1 7 L1.1 -1.4 C1.1 -2.6 .6 -3.1 -.4 -3 M1.1 9.7 L1.1 9.72",
    ),
    ('k', 5.0, "M.2 10.4 L.2 0 M4.6 7 L.3 2.9 M1.8 4.3 L4.8 0"),
    ('l', 0.8, "M.4 10.4 L.4 0"),
    (
        'm',
        8.6,
        "M.2 7 L.2 0 M.2 4.3 C.3 6 1.1 7 2.4 7 C3.7 7 4.3 6.1 4.3 4.5 L4.3 0 \
         M4.3 4.3 C4.4 6 5.2 7 6.5 7 C7.8 7 8.4 6.1 8.4 4.5 L8.4 0",
    ),
    (
        'n',
        5.4,
        "M.2 7 L.2 0 M.2 4.1 C.3 5.9 1.4 7 2.9 7 C4.4 7 5.2 6 5.2 4.3 L5.2 0",
    ),
    ('o', 5.8, "O2.9 3.5 2.8 3.5"),
    ('p', 5.8, "O2.95 3.5 2.75 3.5 M.2 7 L.2 -3"),
    ('q', 5.8, "O2.85 3.5 2.75 3.5 M5.6 7 L5.6 -3"),
    ('r', 3.2, "M.2 7 L.2 0 M.2 3.9 C.3 5.8 1.4 7 3.2 6.9"),
    (
        's',
        4.8,
        "M4.5 5.8 C4.1 6.6 3.4 7 2.5 7 C1.2 7 .4 6.3 .4 5.2 C.4 2.9 4.7 4.1 4.7 1.8 \
         C4.7 .7 3.8 0 2.5 0 C1.4 0 .6 .5 .2 1.3",
    ),
    (
        't',
        3.6,
        "M1.3 9.3 L1.3 1.9 C1.3 .6 2 -.1 3.5 .1 M0 6.9 L3.5 6.9",
    ),
    (
        'u',
        5.4,
        "M5.2 7 L5.2 0 M5.2 2.9 C5.1 1.1 4 0 2.5 0 C1 0 .2 1 .2 2.7 L.2 7",
    ),
    ('v', 5.2, "M.1 7 L2.6 0 L5.1 7"),
    ('x', 5.0, "M.2 7 L4.8 0 M4.8 7 L.2 0"),
    (
        'y',
        5.2,
        "M.1 7 L2.7 .1 M5.1 7 L2.2 -1.5 C1.8 -2.7 1.2 -3.1 .2 -2.9",
    ),
];

fn glyph(character: char) -> Option<(f32, &'static str)> {
    let found = GLYPHS.iter().find(|glyph| glyph.0 == character)?;
    Some((found.1, found.2))
}

/// How far the text reaches, with capitals `size` high.
pub(super) fn width(text: &str, size: f32) -> f32 {
    let advances = text.chars().map(advance);
    let total: f32 = advances.sum();
    (total - SPACING).max(0.0) * size / CAPITAL
}

fn advance(character: char) -> f32 {
    glyph(character).map_or(SPACE, |(width, _)| width) + SPACING
}

/// The pen's path of a text from `start` on its baseline. Characters that the font lacks leave a
/// space; none if nothing is to be drawn.
pub(super) fn path(text: &str, start: [f32; 2], size: f32) -> Option<Path> {
    let scale = size / CAPITAL;
    let mut path = PathBuilder::new();
    let mut left = start[0];
    for character in text.chars() {
        if let Some((_, strokes)) = glyph(character) {
            draw(&mut path, strokes, |x, y| {
                (left + x * scale, start[1] - y * scale)
            });
        }
        left += advance(character) * scale;
    }
    path.finish()
}

fn draw(path: &mut PathBuilder, strokes: &str, place: impl Fn(f32, f32) -> (f32, f32)) {
    let is_command = |c: char| c.is_ascii_uppercase();
    let mut rest = strokes;
    while let Some(start) = rest.find(is_command) {
        let command = rest.as_bytes()[start];
        rest = &rest[start + 1..];
        let end = rest.find(is_command).unwrap_or(rest.len());
        let numbers: Vec<f32> = rest[..end]
            .split_whitespace()
            .flat_map(str::parse)
            .collect();
        rest = &rest[end..];
        match (command, &numbers[..]) {
            (b'M', &[x, y]) => {
                let (x, y) = place(x, y);
                path.move_to(x, y);
            }
            (b'L', &[x, y]) => {
                let (x, y) = place(x, y);
                path.line_to(x, y);
            }
            (b'C', &[x1, y1, x2, y2, x, y]) => {
                let ((x1, y1), (x2, y2), (x, y)) = (place(x1, y1), place(x2, y2), place(x, y));
                path.cubic_to(x1, y1, x2, y2, x, y);
            }
            (b'O', &[x, y, rx, ry]) => {
                let (left, top) = place(x - rx, y + ry);
                let (right, bottom) = place(x + rx, y - ry);
                if let Some(oval) = Rect::from_ltrb(left, top, right, bottom) {
                    path.push_oval(oval);
                }
            }
            _ => debug_assert!(false, "no such stroke in {strokes:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_is_well_formed_and_within_its_box() {
        for (character, width, strokes) in GLYPHS {
            let numbers = strokes
                .split(|c: char| c.is_ascii_uppercase() || c.is_whitespace())
                .filter(|word| !word.is_empty());
            assert!(
                numbers.clone().all(|n| n.parse::<f32>().is_ok()),
                "{character}"
            );
            let drawn = path(&character.to_string(), [0.0, 0.0], CAPITAL).unwrap();
            let bounds = drawn.bounds();
            assert!(
                bounds.left() >= -0.5 && bounds.right() <= width + 0.5,
                "{character}"
            );
            assert!(
                bounds.top() >= -10.7 && bounds.bottom() <= 3.2,
                "{character}"
            );
        }
    }

    #[test]
    fn captions_have_all_their_characters() {
        for character in "IoU 0123456789. stability area <%".chars() {
            assert!(
                character == ' ' || glyph(character).is_some(),
                "{character}"
            );
        }
    }

    #[test]
    fn width_grows_with_the_text() {
        assert_eq!(width("", 10.0), 0.0);
        assert_eq!(width("0", 10.0), 6.0);
        assert!((width("00", 20.0) - 2.0 * (12.0 + SPACING)).abs() < 1e-4);
    }
}
