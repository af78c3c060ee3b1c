//! Flat images: layers of stuff and things, back to front, with nested truth.

use crate::camera;
use crate::canvas::{Canvas, Relief};
use crate::contour::{Contour, Placement, star};
use crate::contrast::{fresh, visible};
use crate::coverage::Coverage;
use crate::object::{self, Shape};
use crate::palette::Palette;
use crate::random::Random;
use crate::texture::Texture;
use crate::truth::{Level, MAX_NODES, Node, Truth};

/// A thing smaller than this is painted but has no node of its own, pixels.
const SMALLEST_NODE_PX: f32 = 40.0;

/// How far a surface stands out from what it is painted on at the least, of 1: nobody can be asked to
/// find what nobody can see. Less where light on a rounded surface shows it too.
const LEAST_CONTRAST: f32 = 0.06;
const LEAST_CONTRAST_ROUNDED: f32 = 0.03;

/// An image and its truth.
#[derive(Debug, Clone)]
pub struct FlatImage {
    /// Packed RGB, row by row.
    pub rgb: Vec<u8>,
    /// Labels and tree.
    pub truth: Truth,
}

/// The image of `seed`; sides of at least 32 pixels.
pub fn draw(seed: u64, width: usize, height: usize) -> FlatImage {
    let mut random = Random::new(seed);
    let palette = Palette::new(&mut random);
    let sun = random.angle();
    let strength = random.range(1.0, 5.0);
    let mut painter = Painter {
        canvas: Canvas::new(width.max(32), height.max(32)),
        nodes: Vec::new(),
        palette,
        light: [strength * libm::cosf(sun), strength * libm::sinf(sun)],
        shadow: if random.chance(0.6) {
            random.range(0.1, 0.7)
        } else {
            0.0
        },
        random,
    };
    painter.stuff();
    painter.things();
    painter.fallen_shadows();
    let Painter {
        canvas,
        nodes,
        mut random,
        ..
    } = painter;
    let rgb = camera::expose(&canvas, &mut random, 0);
    let (width, height) = (canvas.width, canvas.height);
    FlatImage {
        rgb,
        truth: Truth {
            width,
            height,
            labels: canvas.labels,
            nodes,
        },
    }
}

struct Painter {
    canvas: Canvas,
    nodes: Vec<Node>,
    palette: Palette,
    /// Direction towards the light times strength.
    light: [f32; 2],
    shadow: f32,
    random: Random,
}

impl Painter {
    fn side(&self) -> f32 {
        self.canvas.width.min(self.canvas.height) as f32
    }

    fn size(&self) -> (usize, usize) {
        (self.canvas.width, self.canvas.height)
    }

    fn node(&mut self, parent: Option<u8>, level: Level, stuff: bool) -> Option<u8> {
        if self.nodes.len() == MAX_NODES {
            return None;
        }
        self.nodes.push(Node {
            parent,
            level,
            stuff,
        });
        Some((self.nodes.len() - 1) as u8)
    }

    /// Large regions that the frame cuts: sky, ground, walls, foliage.
    fn stuff(&mut self) {
        let (width, height) = (self.canvas.width as f32, self.canvas.height as f32);
        let full = Coverage::full(self.canvas.width, self.canvas.height);
        self.region(&full, None);
        for _ in 0..[0, 1, 1, 2, 2, 3, 4][self.random.count(0, 6)] {
            let mut horizon = None;
            let contour = match self.random.weighted(&[1.5, 1.0, 0.8]) {
                0 => {
                    let row = self.random.range(0.15, 0.85) * height;
                    horizon = Some(row);
                    let tilt = self.random.normal() * 0.08;
                    self.below_line([0.0, row], tilt, width)
                }
                1 => {
                    let at = [
                        self.random.range(0.1, 0.9) * width,
                        self.random.range(0.1, 0.9) * height,
                    ];
                    let turn = self.random.angle();
                    self.below_line(at, turn, width)
                }
                _ => {
                    let roughness = self.random.range(0.1, 0.5);
                    let scale = self.random.range(0.3, 0.8) * self.side();
                    let placement = Placement {
                        centre: [self.random.unit() * width, self.random.unit() * height],
                        scale: [scale * self.random.range(0.7, 1.8), scale],
                        turn: self.random.angle(),
                    };
                    star(&mut self.random, roughness).placed(&placement)
                }
            };
            if let Some(coverage) = Coverage::of(&contour, self.canvas.width, self.canvas.height) {
                if self.shadow > 0.0 && self.random.chance(0.3) {
                    let soft = coverage.blurred(6, 18, self.size());
                    self.canvas.shade(&soft, self.shadow * 0.7);
                }
                self.region(&coverage, horizon);
            }
        }
        if self.random.chance(0.3) {
            let radius = self.random.count(1, 7);
            camera::defocus(&mut self.canvas, radius);
        }
    }

    /// All on the far side of a broken line through `at`, in direction `turn`.
    fn below_line(&mut self, at: [f32; 2], turn: f32, width: f32) -> Contour {
        let mut heights = vec![0.0, 0.0];
        let mut amplitude = if self.random.chance(0.3) {
            0.0
        } else {
            self.random.log_range(0.01, 0.25)
        };
        let decay = self.random.range(0.4, 0.8);
        while heights.len() < 512 {
            let mut finer = Vec::with_capacity(heights.len() * 2);
            for pair in heights.windows(2) {
                let middle = (pair[0] + pair[1]) / 2.0 + amplitude * self.random.normal();
                finer.extend([pair[0], middle]);
            }
            finer.push(heights[heights.len() - 1]);
            heights = finer;
            amplitude *= decay;
        }
        let last = (heights.len() - 1) as f32;
        let edge = heights.iter().enumerate();
        let edge = edge.map(|(index, height)| [4.0 * index as f32 / last - 2.0, *height]);
        let ring = edge.chain([[2.0, 4.0], [-2.0, 4.0]]).collect();
        Contour::ring(ring).placed(&Placement {
            centre: at,
            scale: [width; 2],
            turn,
        })
    }

    fn region(&mut self, coverage: &Coverage, horizon: Option<f32>) {
        let Some(label) = self.node(None, Level::Whole, true) else {
            return;
        };
        let origin = [
            coverage.x as f32 + coverage.width as f32 / 2.0,
            coverage.y as f32 + coverage.height as f32 / 2.0,
        ];
        let size = self.side() * self.random.log_range(0.1, 1.0);
        let mut texture = Texture::new(&mut self.random, &self.palette, origin, size);
        if let Some(row) = horizon
            && self.random.chance(0.6)
        {
            texture = texture.on_ground(row);
        }
        self.canvas.paint(coverage, &texture, None, 1.0, label);
    }

    fn things(&mut self) {
        let count = self.random.log_range(2.5, 30.0) as usize;
        let focus = self.random.chance(0.2).then(|| self.random.count(0, count));
        let mut drawn = 0;
        while drawn < count {
            let shape = object::draw(&mut self.random);
            // Several of a kind, as on shelves and in herds.
            let copies = if self.random.chance(0.15) {
                self.random.count(2, 8)
            } else {
                1
            };
            let texture_seed = self.random.clone();
            let alike = self.random.chance(0.6);
            let size = self.random.log_range(0.035, 0.55) * self.side();
            let upright = self.random.chance(0.6);
            for _ in 0..copies {
                let stretch = self.random.log_range(0.7, 1.5);
                let size = if copies > 1 {
                    size.min(self.side() * 0.15)
                } else {
                    size
                };
                let size = size * self.random.range(0.85, 1.2);
                let placement = Placement {
                    centre: [
                        self.random.range(-0.05, 1.05) * self.canvas.width as f32,
                        self.random.range(-0.05, 1.05) * self.canvas.height as f32,
                    ],
                    scale: [size * stretch, size / stretch],
                    turn: if upright {
                        self.random.normal() * 0.12
                    } else {
                        self.random.angle()
                    },
                };
                let mut look = if alike {
                    texture_seed.clone()
                } else {
                    self.random.clone()
                };
                self.thing(&shape, &placement, &mut look);
                drawn += 1;
                if focus == Some(drawn) {
                    let radius = self.random.count(1, 5);
                    camera::defocus(&mut self.canvas, radius);
                }
            }
        }
    }

    /// One object with its shadow and light; `look` decides its surface.
    fn thing(&mut self, shape: &Shape, placement: &Placement, look: &mut Random) {
        let Some(mut coverage) = self.coverage(shape, placement) else {
            return;
        };
        if self.random.chance(0.2) {
            let reach = self.random.log_range(1.5, 10.0);
            let period = self.random.log_range(2.0, 12.0);
            coverage = coverage.ragged(self.random.seed(), reach, period);
        }
        if coverage.area() < SMALLEST_NODE_PX {
            return;
        }
        let size = (coverage.width.max(coverage.height)) as f32;
        if self.shadow > 0.0 && self.random.chance(0.7) {
            let reach = size * self.random.range(0.02, 0.25);
            let by = [-self.light[0], -self.light[1]]
                .map(|part| (part / libm::hypotf(self.light[0], self.light[1]) * reach) as isize);
            let radius = 1 + (reach * self.random.range(0.05, 0.4)) as usize;
            let soft = coverage.blurred(radius, 2 * radius, self.size());
            if let Some(soft) = soft.shifted((by[0], by[1]), self.size()) {
                self.canvas.shade(&soft, self.shadow);
            }
        }
        let mut texture = Texture::new(look, &self.palette, placement.centre, size);
        if self.random.chance(0.3) {
            // The colour of what lies behind: only texture, light or an edge sets it apart.
            let behind = self
                .canvas
                .colour_at(placement.centre[0], placement.centre[1]);
            let spread = self.random.log_range(0.01, 0.08);
            texture = texture.recoloured(look, behind, spread);
        }
        let relief = self.random.chance(0.6).then(|| {
            let radius = (size * self.random.range(0.03, 0.15)) as usize + 1;
            // A wider softening has gentler slopes: keep the light's effect alike.
            let gain = radius as f32 * 0.5;
            let light = self.light.map(|part| part * gain);
            let gloss = if self.random.chance(0.3) {
                self.random.unit()
            } else {
                0.0
            };
            Relief {
                height: coverage.blurred(radius, 1, self.size()),
                light,
                gloss,
            }
        });
        let least = if relief.is_some() {
            LEAST_CONTRAST_ROUNDED
        } else {
            LEAST_CONTRAST
        };
        let another = fresh(&self.palette, placement.centre, size);
        let texture = visible(&self.canvas, &coverage, texture, least, look, another);
        let opacity = if self.random.chance(0.06) {
            self.random.range(0.6, 0.9)
        } else {
            1.0
        };
        let surface = Surface {
            texture,
            relief: relief.as_ref(),
            opacity,
        };
        self.piece(
            shape,
            placement,
            &coverage,
            None,
            Level::Whole,
            &surface,
            look,
        );
    }

    /// What a shape covers on the canvas.
    fn coverage(&self, shape: &Shape, placement: &Placement) -> Option<Coverage> {
        if shape.outline.rings.is_empty() {
            let pieces: Vec<_> = shape
                .pieces
                .iter()
                .filter_map(|piece| self.coverage(piece, placement))
                .collect();
            return Coverage::union(&pieces);
        }
        Coverage::of(
            &shape.outline.placed(placement),
            self.canvas.width,
            self.canvas.height,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "one recursion's state")]
    fn piece(
        &mut self,
        shape: &Shape,
        placement: &Placement,
        coverage: &Coverage,
        parent: Option<u8>,
        level: Level,
        surface: &Surface<'_>,
        look: &mut Random,
    ) {
        let Some(label) = self.node(parent, level, false) else {
            return;
        };
        self.canvas.paint(
            coverage,
            &surface.texture,
            surface.relief,
            surface.opacity,
            label,
        );
        for piece in &shape.pieces {
            let Some(inner) = self.coverage(piece, placement) else {
                continue;
            };
            let inner = inner.clip(coverage);
            let area = inner.area();
            if area < SMALLEST_NODE_PX {
                continue;
            }
            let texture = if look.chance(0.5) {
                surface.texture.sibling(look)
            } else {
                Texture::new(look, &self.palette, placement.centre, area.sqrt())
            };
            let another = fresh(&self.palette, placement.centre, area.sqrt());
            let texture = visible(&self.canvas, &inner, texture, LEAST_CONTRAST, look, another);
            let inner_surface = Surface {
                texture,
                ..*surface
            };
            let below = match level {
                Level::Whole => Level::Part,
                Level::Part | Level::Subpart => Level::Subpart,
            };
            self.piece(
                piece,
                placement,
                &inner,
                Some(label),
                below,
                &inner_surface,
                look,
            );
        }
    }

    /// Shadows of things outside the frame, across whatever lies there.
    fn fallen_shadows(&mut self) {
        if !self.random.chance(0.35) {
            return;
        }
        for _ in 0..self.random.count(1, 3) {
            let shape = object::draw(&mut self.random);
            let size = self.random.range(0.2, 0.9) * self.side();
            let placement = Placement {
                centre: [
                    self.random.unit() * self.canvas.width as f32,
                    self.random.unit() * self.canvas.height as f32,
                ],
                scale: [size, size * self.random.range(0.3, 1.0)],
                turn: self.random.angle(),
            };
            if let Some(coverage) = self.coverage(&shape, &placement) {
                let radius = self.random.count(1, 8);
                let soft = coverage.blurred(radius, 2 * radius, self.size());
                let strength = self.random.range(0.15, 0.6);
                self.canvas.shade(&soft, strength);
            }
        }
    }
}

/// How a piece looks.
struct Surface<'a> {
    texture: Texture,
    relief: Option<&'a Relief>,
    opacity: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_image() {
        let (a, b) = (draw(11, 160, 120), draw(11, 160, 120));
        assert_eq!(a.rgb, b.rgb);
        assert_eq!(a.truth.labels, b.truth.labels);
        assert_ne!(a.rgb, draw(12, 160, 120).rgb);
    }

    #[test]
    fn truth_is_a_tree_over_every_pixel() {
        for seed in 0..20 {
            let image = draw(seed, 200, 150);
            let Truth { labels, nodes, .. } = &image.truth;
            assert_eq!(labels.len(), 200 * 150);
            assert_eq!(image.rgb.len(), labels.len() * 3);
            for label in labels {
                assert!(usize::from(*label) < nodes.len());
            }
            for (index, node) in nodes.iter().enumerate() {
                match node.parent {
                    None => assert_eq!(node.level, Level::Whole),
                    Some(parent) => {
                        assert!(usize::from(parent) < index);
                        assert_ne!(node.level, Level::Whole);
                    }
                }
            }
            let areas = image.truth.areas();
            for (index, area) in areas.iter().enumerate() {
                let mask = image.truth.mask(index as u8);
                assert_eq!(mask.iter().filter(|inside| **inside).count(), *area);
            }
        }
    }
}
