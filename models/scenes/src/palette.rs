//! Colours: red, green, blue in 0..=1, display-referred.

use crate::random::Random;

/// A colour.
pub type Colour = [f32; 3];

/// The colours that the things of one image draw from, so that neighbours are often alike.
#[derive(Debug, Clone)]
pub struct Palette {
    colours: Vec<Colour>,
    fidelity: f32,
}

impl Palette {
    /// A palette for one image.
    pub fn new(random: &mut Random) -> Self {
        let colours = (0..random.count(2, 7)).map(|_| natural(random)).collect();
        Self {
            colours,
            fidelity: random.unit(),
        }
    }

    /// A colour for a thing of this image: one of the palette, varied, or a free one.
    pub fn draw(&self, random: &mut Random) -> Colour {
        if random.chance(self.fidelity) {
            let base = self.colours[random.count(0, self.colours.len() - 1)];
            let spread = random.log_range(0.01, 0.15);
            varied(random, base, spread)
        } else {
            natural(random)
        }
    }
}

/// A colour as the world has them: every lightness, mostly little saturation, and more of earth,
/// leaf and sky than of the rest.
pub fn natural(random: &mut Random) -> Colour {
    let lightness = random.range(0.04, 0.97);
    let saturation = if random.chance(0.2) {
        random.range(0.4, 1.0)
    } else {
        random.range(0.0, 0.4)
    };
    let hue = match random.weighted(&[0.3, 0.2, 0.2, 0.3]) {
        0 => random.range(0.02, 0.14),
        1 => random.range(0.18, 0.38),
        2 => random.range(0.52, 0.66),
        _ => random.unit(),
    };
    from_hue(hue, saturation, lightness)
}

/// `base` with its lightness and hue moved by about `spread`.
pub fn varied(random: &mut Random, base: Colour, spread: f32) -> Colour {
    let light = random.normal() * spread;
    base.map(|channel| (channel + light + random.normal() * spread * 0.4).clamp(0.0, 1.0))
}

/// From `a` at t = 0 to `b` at t = 1.
pub fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * t)
}

/// Hue in turns, saturation and lightness in 0..=1.
fn from_hue(hue: f32, saturation: f32, lightness: f32) -> Colour {
    let reach = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|offset: f32| {
        let place = (offset + hue * 12.0) % 12.0;
        lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0)
    })
}
