//! Streets and gardens.

use super::Place;
use super::layout::{Layout, daylight, standing, stuff};
use crate::noise::fractal;
use crate::random::Random;
use crate::scene::Path;
use crate::space::{Material, Pose, Solid, Substance};
use crate::things::Habitat;
use glam::{Vec2, Vec3};

/// Radius of the sky, metres.
const SKY_M: f32 = 150.0;

fn sky(random: &mut Random, layout: &mut Layout) {
    let light = random.range(0.5, 0.9);
    let blue = random.range(0.0, 0.35);
    let colour = [
        light * (1.0 - blue),
        light * (1.0 - blue * 0.4),
        light.min(0.98),
    ];
    let mut material = Material::coloured(Substance::Skin, random, colour, 40.0).glowing(0.9);
    material.gloss = 0.0;
    let dome = Solid::ellipsoid(Vec3::splat(SKY_M), 24);
    layout.put(stuff("sky", dome, material), Path::Still(Pose::IDENTITY));
}

/// A road between pavements, with houses, cars and people.
pub(super) fn street(random: &mut Random, held_out: bool) -> Place {
    let mut layout = Layout::new(random, held_out);
    sky(random, &mut layout);
    let (road, walk) = (random.range(5.0, 9.0), random.range(2.0, 4.0));
    let asphalt = Material::of(Substance::Stone, random, &layout.palette, 2.0);
    let ground = Solid::sheet(Vec2::new(120.0, road), 1, |_| 0.0);
    layout.put(stuff("road", ground, asphalt), Path::Still(Pose::IDENTITY));
    for side in [-1.0, 1.0] {
        let paving = if random.chance(0.5) {
            Substance::Brick
        } else {
            Substance::Stone
        };
        let paving = Material::of(paving, random, &layout.palette, 1.0);
        let slab = Solid::cuboid(Vec3::new(120.0, walk, 0.24));
        let at = Vec3::new(0.0, side * (road + walk) / 2.0, 0.0);
        layout.put(stuff("pavement", slab, paving), Path::Still(Pose::at(at)));
        let behind = Material::any(random, &layout.palette, 4.0);
        let wall = Solid::cuboid(Vec3::new(120.0, 0.5, random.range(3.0, 12.0)));
        let at = Vec3::new(0.0, side * (road / 2.0 + walk + 7.0), 1.5);
        layout.put(stuff("wall", wall, behind), Path::Still(Pose::at(at)));
        let lawn = Material::of(Substance::Foliage, random, &layout.palette, 1.0);
        let lawn_at = Vec3::new(0.0, side * (road / 2.0 + walk + 3.5), 0.05);
        let lawn_size = Vec2::new(120.0, 7.0);
        let lawn = stuff("lawn", Solid::sheet(lawn_size, 1, |_| 0.0), lawn);
        layout.put(lawn, Path::Still(Pose::at(lawn_at)));
        let edge = side * (road / 2.0 + walk / 2.0);
        let half = walk * 0.4;
        let area = (Vec2::new(-3.0, edge - half), Vec2::new(22.0, edge + half));
        let things = random.count(2, 8);
        layout.scatter(random, Habitat::Outdoors, things, area, 0.12, 0.8);
        if random.chance(0.5) {
            layout.wander(random, Habitat::Outdoors, area, 0.12, 1.2);
        }
        let garden = side * (road / 2.0 + walk + 3.0);
        let area = (Vec2::new(-2.0, garden - 2.5), Vec2::new(26.0, garden + 2.5));
        let things = random.count(1, 5);
        layout.scatter(random, Habitat::Outdoors, things, area, 0.05, 0.8);
    }
    let lane = road * 0.35;
    let area = (Vec2::new(4.0, -lane), Vec2::new(30.0, lane));
    let things = random.count(0, 4);
    layout.scatter(random, Habitat::Outdoors, things, area, 0.0, 0.9);
    if random.chance(0.6) {
        let speed = random.range(1.0, 6.0);
        layout.wander(random, Habitat::Outdoors, area, 0.0, speed);
    }
    let eye = Vec3::new(0.0, random.range(-0.6, 0.6) * road, random.range(1.3, 1.9));
    let light = daylight(random, 22.0);
    layout.finish(random, light, eye, Vec3::new(11.0, 0.0, 1.0), 22.0)
}

/// Grass, shrubs, trees, and what stands about in gardens.
pub(super) fn garden(random: &mut Random, held_out: bool) -> Place {
    let mut layout = Layout::new(random, held_out);
    sky(random, &mut layout);
    let seed = random.seed();
    let rough = random.range(0.0, 0.25);
    let height = move |at: Vec2| rough * (fractal(seed, at.x * 0.25, at.y * 0.25, 3) - 0.5);
    let substance = [Substance::Foliage, Substance::Foliage, Substance::Stone][random.count(0, 2)];
    let grass = Material::of(substance, random, &layout.palette, 1.0);
    let ground = Solid::sheet(Vec2::splat(60.0), 60, height);
    layout.put(stuff("ground", ground, grass), Path::Still(Pose::IDENTITY));
    let hedge = Material::of(Substance::Foliage, random, &layout.palette, 2.0);
    let tall = random.range(0.8, 3.0);
    let turn = random.angle();
    for side in 0..3 {
        let row = Solid::cuboid(Vec3::new(60.0, 1.0, tall)).moved(Vec3::new(
            0.0,
            9.0 + 4.0 * side as f32,
            tall / 2.0,
        ));
        let pose = standing(Vec3::ZERO, turn + 1.9 * side as f32);
        layout.put(stuff("hedge", row, hedge.clone()), Path::Still(pose));
    }
    layout.reserve(Vec2::ZERO, 0.8, 0.0);
    let reach = random.range(3.0, 8.0);
    let area = (Vec2::splat(-reach), Vec2::splat(reach));
    let things = random.count(5, 18);
    layout.scatter(random, Habitat::Outdoors, things, area, 0.0, 0.8);
    if random.chance(0.7) {
        let speed = random.range(0.3, 2.0);
        layout.wander(random, Habitat::Outdoors, area, 0.0, speed);
    }
    let eye = Vec3::new(0.0, 0.0, random.range(1.0, 1.8));
    let light = daylight(random, 16.0);
    layout.finish(random, light, eye, Vec3::Z * 0.8, 16.0)
}
