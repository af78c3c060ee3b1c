//! Smooth noise in the plane, from a hash: no tables, no state.

/// A hash of a lattice point, in [0, 1).
pub fn lattice(seed: u32, x: i32, y: i32) -> f32 {
    let mut hash =
        seed ^ (x as u32).wrapping_mul(0x8DA6_B343) ^ (y as u32).wrapping_mul(0xD816_3841);
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
    hash = (hash ^ (hash >> 12)).wrapping_mul(0x297A_2D39);
    hash ^= hash >> 15;
    (hash >> 8) as f32 / (1 << 24) as f32
}

/// Value noise in [0, 1]: bilinear over a unit lattice with smoothed weights.
pub fn value(seed: u32, x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (u, v) = (x - column, y - row);
    let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
    let (i, j) = (column as i32, row as i32);
    let top = lerp(lattice(seed, i, j), lattice(seed, i.wrapping_add(1), j), u);
    let below = j.wrapping_add(1);
    let bottom = lerp(
        lattice(seed, i, below),
        lattice(seed, i.wrapping_add(1), below),
        u,
    );
    lerp(top, bottom, v)
}

/// Fractal noise in [0, 1]: `octaves` of value noise, each twice as fine and half as strong.
pub fn fractal(seed: u32, x: f32, y: f32, octaves: u32) -> f32 {
    let (mut sum, mut total, mut weight, mut scale) = (0.0, 0.0, 1.0, 1.0);
    for octave in 0..octaves {
        sum += weight * value(seed.wrapping_add(octave * 0x51_7CC1), x * scale, y * scale);
        total += weight;
        weight *= 0.5;
        scale *= 2.03;
    }
    sum / total
}

/// The nearest of one jittered point per unit cell: (distance, hash of that point in [0, 1)).
pub fn cell(seed: u32, x: f32, y: f32) -> (f32, f32) {
    let (column, row) = (x.floor() as i32, y.floor() as i32);
    let (mut nearest, mut id) = (f32::MAX, 0.0);
    for dj in -1..=1 {
        for di in -1..=1 {
            let (i, j) = (column.wrapping_add(di), row.wrapping_add(dj));
            let px = i as f32 + lattice(seed, i, j);
            let py = j as f32 + lattice(seed ^ 0xA5A5_5A5A, i, j);
            let distance = (px - x) * (px - x) + (py - y) * (py - y);
            if distance < nearest {
                nearest = distance;
                id = lattice(seed ^ 0x3C3C_C3C3, i, j);
            }
        }
    }
    (nearest.sqrt(), id)
}

/// From `a` at t = 0 to `b` at t = 1.
pub fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_continuous_and_in_range() {
        let mut last = value(7, -3.0, 0.4);
        for step in 1..6000 {
            let now = value(7, -3.0 + step as f32 * 1e-3, 0.4);
            assert!((0.0..=1.0).contains(&now));
            assert!((now - last).abs() < 5e-3, "jump at step {step}");
            last = now;
        }
    }
}
