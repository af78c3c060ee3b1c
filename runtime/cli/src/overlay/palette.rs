//! Colours that stay apart for colour-blind eyes: Okabe and Ito, "Color Universal Design" (2008).

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

/// Of the candidates, in the order of their rank. The green and the vermilion are left to points.
const HUES: [Colour; 5] = [
    [86, 180, 233],
    [240, 164, 20],
    [222, 132, 184],
    [240, 228, 66],
    [0, 134, 204],
];

/// Behind the panels.
pub(super) const BACKGROUND: Colour = [20, 22, 27];
/// On a hue.
pub(super) const INK: Colour = [18, 20, 24];
/// Values in a caption.
pub(super) const TEXT: Colour = [240, 242, 245];
/// Their names.
pub(super) const FAINT_TEXT: Colour = [150, 157, 168];
/// Points on the thing wanted.
pub(super) const FOREGROUND: Colour = [0, 176, 124];
/// Points beside it.
pub(super) const BACKGROUND_POINT: Colour = [222, 60, 38];
/// Rings and boxes.
pub(super) const WHITE: Colour = [255, 255, 255];

/// The hue of the candidate of this rank, from 0.
pub(super) fn hue(rank: usize) -> Colour {
    HUES[rank % HUES.len()]
}
