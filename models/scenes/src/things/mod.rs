//! Kinds of things, built from parts.

mod animals;
mod bodywork;
mod build;
mod buildings;
mod computers;
mod creatures;
mod cutlery;
mod cycles;
mod food;
mod fruit;
mod furniture;
mod gadgets;
mod heads;
mod kitchen;
mod outdoors;
mod packages;
mod people;
mod plants;
mod portables;
mod quadruped;
mod roadside;
mod seats;
mod shapes;
mod stationery;
mod storage;
mod tableware;
mod tins;
mod tools;
mod toys;
mod trees;
mod upholstery;
mod vehicles;
mod vessels;

use crate::palette::Palette;
use crate::random::Random;
use crate::space::Thing;

/// Where a kind is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habitat {
    /// On tables and shelves: up to half a metre.
    Table,
    /// On a room's floor.
    Room,
    /// In streets and gardens.
    Outdoors,
}

/// A kind of thing.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Where it is found.
    pub habitats: &'static [Habitat],
    /// Kept from training, to measure on kinds that a model has never seen.
    pub held_out: bool,
    /// One of its kind.
    pub draw: fn(&mut Random, &Palette) -> Thing,
}

const TABLE: &[Habitat] = &[Habitat::Table];
const ROOM: &[Habitat] = &[Habitat::Room];
const OUTDOORS: &[Habitat] = &[Habitat::Outdoors];
const TABLE_ROOM: &[Habitat] = &[Habitat::Table, Habitat::Room];
const TABLE_OUTDOORS: &[Habitat] = &[Habitat::Table, Habitat::Outdoors];
const ROOM_OUTDOORS: &[Habitat] = &[Habitat::Room, Habitat::Outdoors];
const ANYWHERE: &[Habitat] = &[Habitat::Table, Habitat::Room, Habitat::Outdoors];

/// Draws one of a kind.
type Draw = fn(&mut Random, &Palette) -> Thing;

const fn kind(name: &'static str, habitats: &'static [Habitat], draw: Draw) -> Kind {
    Kind {
        name,
        habitats,
        held_out: false,
        draw,
    }
}

/// A kind kept from training.
const fn unseen(name: &'static str, habitats: &'static [Habitat], draw: Draw) -> Kind {
    Kind {
        held_out: true,
        ..kind(name, habitats, draw)
    }
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    kind("mug", TABLE, vessels::mug),
    kind("bottle", TABLE, vessels::bottle),
    kind("can", TABLE, vessels::can),
    kind("vase", TABLE, vessels::vase),
    unseen("jug", TABLE, vessels::jug),
    kind("bowl", TABLE, tableware::bowl),
    kind("glass", TABLE, tableware::glass),
    kind("plate", TABLE, tableware::plate),
    kind("pan", TABLE, kitchen::pan),
    unseen("teapot", TABLE, kitchen::teapot),
    kind("box", TABLE_ROOM, packages::carton),
    kind("book", TABLE, stationery::book),
    kind("bag", ROOM_OUTDOORS, packages::bag),
    unseen("sack", ROOM_OUTDOORS, packages::sack),
    kind("jar", TABLE, tins::jar),
    kind("tin", TABLE, tins::tin),
    kind("hammer", TABLE, tools::hammer),
    kind("screwdriver", TABLE, tools::screwdriver),
    kind("wrench", TABLE, tools::wrench),
    kind("pliers", TABLE, tools::pliers),
    kind("torch", TABLE, tools::torch),
    unseen("scissors", TABLE, stationery::scissors),
    kind("pen", TABLE, stationery::pen),
    kind("brush", TABLE, stationery::brush),
    kind("knife", TABLE, cutlery::knife),
    unseen("fork", TABLE, cutlery::fork),
    kind("spoon", TABLE, cutlery::spoon),
    kind("phone", TABLE, portables::phone),
    kind("keyboard", TABLE, computers::keyboard),
    kind("mouse", TABLE, computers::mouse),
    kind("monitor", TABLE, computers::monitor),
    kind("laptop", TABLE, computers::laptop),
    kind("cable", TABLE, portables::cable),
    kind("lamp", TABLE, gadgets::lamp),
    unseen("camera", TABLE, portables::camera),
    kind("clock", TABLE, gadgets::clock),
    unseen("headphones", TABLE, portables::headphones),
    kind("speaker", TABLE_ROOM, gadgets::speaker),
    kind("apple", TABLE, fruit::apple),
    kind("orange", TABLE, fruit::orange),
    kind("banana", TABLE, fruit::banana),
    unseen("pear", TABLE, fruit::pear),
    kind("grapes", TABLE, fruit::grapes),
    kind("bread", TABLE, food::bread),
    unseen("mushroom", TABLE_OUTDOORS, food::mushroom),
    kind("pumpkin", ANYWHERE, food::pumpkin),
    kind("potted plant", ANYWHERE, plants::potted_plant),
    kind("flowers", TABLE, plants::flowers),
    kind("tree", OUTDOORS, trees::tree),
    kind("fir", OUTDOORS, trees::fir),
    kind("shrub", OUTDOORS, trees::shrub),
    unseen("palm", OUTDOORS, trees::palm),
    kind("grass", OUTDOORS, trees::grass),
    kind("person", ROOM_OUTDOORS, people::person),
    kind("dog", ROOM_OUTDOORS, animals::dog),
    kind("cat", ROOM_OUTDOORS, animals::cat),
    kind("horse", OUTDOORS, animals::horse),
    kind("cow", OUTDOORS, animals::cow),
    unseen("sheep", OUTDOORS, animals::sheep),
    unseen("bird", OUTDOORS, creatures::bird),
    kind("fish", TABLE, creatures::fish),
    kind("snake", OUTDOORS, creatures::snake),
    kind("teddy", TABLE_ROOM, toys::teddy),
    kind("robot", TABLE_ROOM, toys::robot),
    kind("ball", ANYWHERE, toys::ball),
    kind("chair", ROOM, seats::chair),
    kind("stool", ROOM, seats::stool),
    unseen("armchair", ROOM, upholstery::armchair),
    kind("sofa", ROOM, upholstery::sofa),
    kind("bed", ROOM, upholstery::bed),
    kind("table", ROOM, furniture::table),
    kind("shelf", ROOM, storage::shelf),
    kind("cupboard", ROOM, storage::cupboard),
    kind("floor lamp", ROOM, furniture::floor_lamp),
    kind("bin", ROOM_OUTDOORS, furniture::bin),
    kind("car", OUTDOORS, vehicles::car),
    unseen("van", OUTDOORS, vehicles::van),
    kind("truck", OUTDOORS, vehicles::truck),
    unseen("bicycle", OUTDOORS, cycles::bicycle),
    kind("bench", OUTDOORS, outdoors::bench),
    kind("sign", OUTDOORS, outdoors::sign),
    kind("street lamp", OUTDOORS, outdoors::street_lamp),
    kind("letter box", OUTDOORS, outdoors::letter_box),
    kind("fence", OUTDOORS, roadside::fence),
    kind("boulder", OUTDOORS, roadside::boulder),
    kind("cone", OUTDOORS, roadside::cone),
    unseen("hydrant", OUTDOORS, roadside::hydrant),
    kind("house", OUTDOORS, buildings::house),
    kind("hut", OUTDOORS, buildings::hut),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_body_of_a_credible_size_that_stands_on_the_ground() {
        for kind in KINDS {
            for seed in 0..20 {
                let mut random = Random::new(seed);
                let palette = Palette::new(&mut random);
                let thing = (kind.draw)(&mut random, &palette);
                assert_eq!(thing.kind, kind.name);
                assert!(!thing.faces.is_empty(), "{}", kind.name);
                assert!(thing.pieces.len() < 64, "{}", kind.name);
                let most = if kind.habitats.contains(&Habitat::Table) {
                    2600
                } else {
                    4500
                };
                let count = thing.faces.len();
                assert!(count < most, "{}: {count} faces", kind.name);
                let (low, high) = thing.bounds();
                assert!(low.is_finite() && high.is_finite(), "{}", kind.name);
                assert!(low.z.abs() < 0.02, "{}: stands at {low}", kind.name);
                let size = (high - low).max_element();
                let largest = if kind.habitats.contains(&Habitat::Table) {
                    0.7
                } else {
                    14.0
                };
                assert!(size > 0.01 && size < largest, "{}: {size} m", kind.name);
                // A piece without a face, its own or a descendant's, could never be seen.
                let mut shown = vec![false; thing.pieces.len()];
                for face in &thing.faces {
                    shown[usize::from(face.piece)] = true;
                }
                for (index, piece) in thing.pieces.iter().enumerate().rev() {
                    assert!(shown[index], "{}: empty piece {index}", kind.name);
                    if let Some(parent) = piece.parent {
                        shown[usize::from(parent)] = true;
                    }
                }
                for normal in &thing.normals {
                    assert!(
                        (normal.length() - 1.0).abs() < 0.01,
                        "{}: {normal}",
                        kind.name
                    );
                }
                for face in &thing.faces {
                    assert!(usize::from(face.piece) < thing.pieces.len());
                    assert!(usize::from(face.material) < thing.materials.len());
                }
            }
        }
    }
}
