//! What fills an outline: procedural textures, often stronger than the contrast between neighbours.

use crate::contour::Point;
use crate::noise::{cell, fractal, lattice, value};
use crate::palette::{Colour, Palette, mix, varied};
use crate::random::Random;

/// The kind of variation across a surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// None.
    Plain,
    /// Soft blotches.
    Clouds,
    /// Veins and folds.
    Ridges,
    /// Parallel bands.
    Stripes,
    /// Squares of two colours.
    Checks,
    /// Spots in rows.
    Dots,
    /// Bricks or tiles with joints.
    Bricks,
    /// Irregular cells.
    Cells,
    /// Overlapping leaves, each with its own lightness.
    Leaves,
    /// Rings around the origin, as of wood.
    Rings,
    /// Scattered specks.
    Speckle,
    /// Lines of unequal blocks, as print from afar.
    Print,
    /// Zigzag bands; kept from training, like all that follow.
    Chevrons,
    /// Overlapping rounds in rows, as of fish and roofs.
    Scales,
    /// Bent veins.
    Marble,
    /// Over and under, as of baskets.
    Weave,
}

/// Patterns kept from training, to measure on surfaces that a model has never seen.
pub const UNSEEN: [Pattern; 4] = [
    Pattern::Chevrons,
    Pattern::Scales,
    Pattern::Marble,
    Pattern::Weave,
];

/// How often each pattern is drawn, in the order of `PATTERNS`.
const WEIGHTS: [f32; 12] = [1.6, 3.0, 1.8, 1.2, 0.7, 0.7, 0.6, 1.2, 2.0, 0.8, 1.2, 0.8];
const PATTERNS: [Pattern; 12] = [
    Pattern::Plain,
    Pattern::Clouds,
    Pattern::Ridges,
    Pattern::Stripes,
    Pattern::Checks,
    Pattern::Dots,
    Pattern::Bricks,
    Pattern::Cells,
    Pattern::Leaves,
    Pattern::Rings,
    Pattern::Speckle,
    Pattern::Print,
];

/// A colour for every point of the canvas.
#[derive(Debug, Clone)]
pub struct Texture {
    pattern: Pattern,
    base: Colour,
    accent: Colour,
    tint: Colour,
    /// Strength of the pattern, 0..=1 of the way from base to accent.
    amplitude: f32,
    /// Strength of a second, finer or coarser, cloudy pattern over the first.
    overlay: f32,
    overlay_scale: f32,
    /// Strength of slow changes towards the tint.
    drift: f32,
    drift_scale: f32,
    /// Pattern coordinates from pixels: rotation and scale.
    pattern_from_canvas: [f32; 4],
    warp: f32,
    /// Fraction of a pattern's period that is "on".
    duty: f32,
    /// Edge softness of two-valued patterns, in periods.
    softness: f32,
    grain: f32,
    gradient: Point,
    origin: Point,
    /// Ground seen from above the horizon: the row of the horizon.
    horizon: Option<f32>,
    seed: u32,
}

impl Texture {
    /// What its noise comes from.
    pub(crate) fn seed(&self) -> u32 {
        self.seed
    }

    /// A texture for a thing about `size_px` wide around `origin`.
    pub fn new(random: &mut Random, palette: &Palette, origin: Point, size_px: f32) -> Self {
        let base = palette.draw(random);
        let accent = if random.chance(0.55) {
            let spread = random.log_range(0.03, 0.4);
            varied(random, base, spread)
        } else {
            palette.draw(random)
        };
        let spread = random.log_range(0.02, 0.25);
        let tint = varied(random, base, spread);
        // A period from a few pixels to the size of the thing.
        let period = random.log_range(2.5, size_px.max(10.0));
        let stretch = if random.chance(0.5) {
            1.0
        } else {
            random.log_range(0.15, 6.0)
        };
        let turn = random.angle();
        let (sin, cos) = (libm::sinf(turn) / period, libm::cosf(turn) / period);
        Self {
            pattern: PATTERNS[random.weighted(&WEIGHTS)],
            base,
            accent,
            tint,
            amplitude: random.range(0.1, 1.0),
            overlay: if random.chance(0.5) {
                random.range(0.1, 0.8)
            } else {
                0.0
            },
            overlay_scale: random.log_range(0.2, 5.0),
            drift: random.range(0.0, 1.0),
            drift_scale: 1.0 / random.range(0.2, 1.0) / size_px.max(8.0),
            pattern_from_canvas: [cos, sin, -sin * stretch, cos * stretch],
            warp: if random.chance(0.5) {
                random.range(0.0, 1.2)
            } else {
                0.0
            },
            duty: random.range(0.2, 0.8),
            softness: random.log_range(0.02, 0.3),
            grain: if random.chance(0.4) {
                random.range(0.0, 0.12)
            } else {
                0.0
            },
            gradient: [
                random.normal() * 0.12 / size_px,
                random.normal() * 0.12 / size_px,
            ],
            origin,
            horizon: None,
            seed: random.seed(),
        }
    }

    /// A given pattern between two colours, its period `period_px`, `stretch` times as long across;
    /// `strength` of 0..=1 tells how much it shows.
    pub fn of(
        random: &mut Random,
        pattern: Pattern,
        colours: [Colour; 2],
        period_px: f32,
        stretch: f32,
        strength: f32,
    ) -> Self {
        let [base, accent] = colours;
        Self {
            pattern,
            base,
            accent,
            tint: varied(random, base, 0.06),
            amplitude: strength,
            overlay: 0.25 * strength,
            overlay_scale: random.log_range(0.3, 3.0),
            drift: random.range(0.0, 0.8),
            drift_scale: 0.15 / period_px.max(4.0),
            pattern_from_canvas: [1.0 / period_px, 0.0, 0.0, 1.0 / (period_px * stretch)],
            warp: random.range(0.0, 0.4),
            duty: random.range(0.3, 0.7),
            softness: random.log_range(0.03, 0.2),
            grain: random.range(0.0, 0.04),
            gradient: [0.0; 2],
            origin: [0.0; 2],
            horizon: None,
            seed: random.seed(),
        }
    }

    /// The same surface with another colour or another strength: a part that differs a little.
    pub fn sibling(&self, random: &mut Random) -> Self {
        let spread = random.log_range(0.05, 0.3);
        Self {
            base: varied(random, self.base, spread),
            accent: varied(random, self.accent, spread),
            seed: random.seed(),
            ..self.clone()
        }
    }

    /// The same texture about another colour.
    pub fn recoloured(mut self, random: &mut Random, base: Colour, spread: f32) -> Self {
        let shift: Colour = std::array::from_fn(|channel| base[channel] - self.base[channel]);
        let move_by =
            |colour: Colour| std::array::from_fn(|channel| colour[channel] + shift[channel]);
        self.accent = move_by(self.accent).map(|channel: f32| channel.clamp(0.0, 1.0));
        self.tint = move_by(self.tint).map(|channel: f32| channel.clamp(0.0, 1.0));
        self.base = varied(random, base, spread);
        self
    }

    /// The same colours in another pattern, its period `period_px`, plain to see.
    pub fn repatterned(mut self, random: &mut Random, pattern: Pattern, period_px: f32) -> Self {
        let spread = random.log_range(0.1, 0.4);
        self.pattern = pattern;
        self.accent = varied(random, self.base, spread);
        self.amplitude = random.range(0.5, 1.0);
        self.pattern_from_canvas = [1.0 / period_px, 0.0, 0.0, 1.0 / period_px];
        self
    }

    /// Lays the texture on the ground: it shrinks towards the horizon at row `horizon`.
    pub fn on_ground(mut self, horizon: f32) -> Self {
        self.horizon = Some(horizon);
        self
    }

    /// The colour at a pixel, not clamped.
    pub fn at(&self, x: f32, y: f32) -> Colour {
        let (mut x, mut y) = (x - self.origin[0], y - self.origin[1]);
        let slope = 1.0 + self.gradient[0] * x + self.gradient[1] * y;
        if let Some(horizon) = self.horizon {
            let depth = 60.0 / (y + self.origin[1] - horizon + 12.0).max(4.0);
            x *= depth;
            y = -120.0 * depth;
        }
        let [a, b, c, d] = self.pattern_from_canvas;
        let (mut u, mut v) = (a * x + b * y, c * x + d * y);
        if self.warp > 0.0 {
            let (p, q) = (u * 0.6, v * 0.6);
            u += self.warp * (value(self.seed ^ 1, p, q) - 0.5) * 2.0;
            v += self.warp * (value(self.seed ^ 2, p, q) - 0.5) * 2.0;
        }
        let mut strength = self.strength(u, v) * self.amplitude;
        if self.overlay > 0.0 {
            let (p, q) = (u * self.overlay_scale, v * self.overlay_scale);
            strength += self.overlay * (fractal(self.seed ^ 6, p, q, 3) - 0.5) * 2.0;
        }
        let slow = fractal(self.seed ^ 3, x * self.drift_scale, y * self.drift_scale, 2);
        let mut colour = mix(
            mix(self.base, self.accent, strength),
            self.tint,
            slow * self.drift,
        );
        if self.grain > 0.0 {
            let noise = (lattice(self.seed ^ 4, x as i32, y as i32) - 0.5) * 2.0 * self.grain;
            colour = colour.map(|channel| channel + noise);
        }
        colour.map(|channel| channel * slope)
    }

    /// 0 at the base colour, 1 at the accent.
    fn strength(&self, u: f32, v: f32) -> f32 {
        let seed = self.seed;
        let step = |distance: f32| (0.5 + distance / self.softness).clamp(0.0, 1.0);
        let fraction = |value: f32| value - value.floor();
        // 0 at the edges of a period's "on" band, positive inside it.
        let band = |value: f32| (self.duty / 2.0) - (fraction(value) - 0.5).abs();
        match self.pattern {
            Pattern::Plain => 0.0,
            Pattern::Clouds => fractal(seed, u, v, 4),
            Pattern::Ridges => 1.0 - (2.0 * fractal(seed, u, v, 4) - 1.0).abs() * 2.2,
            Pattern::Stripes => step(band(u)),
            Pattern::Checks => {
                let (a, b) = (step(band(u)), step(band(v)));
                a + b - 2.0 * a * b
            }
            Pattern::Dots => {
                let (x, y) = (fraction(u) - 0.5, fraction(v) - 0.5);
                step(self.duty * 0.5 - (x * x + y * y).sqrt())
            }
            Pattern::Bricks => {
                let shifted = if (v.floor() as i32) & 1 == 0 {
                    u
                } else {
                    u + 0.5
                };
                let id = lattice(seed, shifted.floor() as i32, v.floor() as i32);
                let joint =
                    (0.5 - (fraction(shifted) - 0.5).abs()).min(0.5 - (fraction(v) - 0.5).abs());
                step(joint - 0.06) * (0.6 + 0.4 * id)
            }
            Pattern::Cells => cell(seed, u, v).1,
            Pattern::Leaves => {
                let (distance, id) = cell(seed, u, v);
                (1.0 - distance) * (0.35 + 0.65 * id)
            }
            Pattern::Rings => {
                let centre = (u * u + v * v).sqrt() + 1.5 * fractal(seed, u * 0.4, v * 0.4, 2);
                0.5 + 0.5 * libm::sinf(centre * 4.0)
            }
            Pattern::Speckle => {
                let (distance, id) = cell(seed, u * 2.0, v * 2.0);
                if id < self.duty * 0.5 {
                    step(0.35 - distance)
                } else {
                    0.0
                }
            }
            Pattern::Chevrons => step(band(v + (fraction(u) - 0.5).abs())),
            Pattern::Scales => {
                let row = (v * 2.0).floor();
                let across = fraction(u + 0.5 * (row as i32 & 1) as f32) - 0.5;
                let down = (v * 2.0 - row) * 0.5;
                // Towards its rim a round turns dark.
                ((across * across + down * down) * 3.0).min(1.0)
            }
            Pattern::Marble => {
                0.5 + 0.5 * libm::sinf((u + 2.5 * fractal(seed, u * 0.7, v * 0.7, 3)) * 6.0)
            }
            Pattern::Weave => {
                let over = (u.floor() as i32 + v.floor() as i32) & 1 == 0;
                let (along, across) = if over { (u, v) } else { (v, u) };
                let round = 1.0 - (fraction(along) - 0.5).abs() * 1.2;
                round * (0.6 + 0.4 * step(band(across * 3.0)))
            }
            Pattern::Print => {
                // Lines of unequal blocks, as print looks from afar.
                let line = v.floor() as i32;
                let word = value(seed ^ 5, u * 0.7, line as f32 * 17.3);
                let ink = lattice(
                    seed,
                    (u * 3.0).floor() as i32,
                    line * 3 + (fraction(v) * 3.0) as i32,
                );
                if word > 0.35 && fraction(v) < 0.7 && ink > 0.4 {
                    1.0
                } else {
                    0.0
                }
            }
        }
    }
}
