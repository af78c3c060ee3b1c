//! Fitting a model of motion to matches that mostly agree.

use super::generators::{FlowModel, MOST_GENERATORS, Matrix9, along, entry_jacobian};
use crate::geometry::{Homography, Point};
use nalgebra::{SMatrix, SVector};

/// A place in the source and where it was found in the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) source: Point,
    pub(crate) target: Point,
}

impl Match {
    /// Distance between where the map says and where it was found; infinite without an image.
    pub(crate) fn residual(&self, map: &Homography) -> f64 {
        map.apply(self.source)
            .map_or(f64::INFINITY, |moved| moved.distance_px(self.target))
    }
}

/// A fitted model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub(crate) map: Homography,
    /// Of E in (I + E) map.
    pub(crate) covariance: Matrix9,
}

/// Rounds of reweighting.
const ROUNDS: usize = 8;
/// Matches further from the map than this many deviations count for nothing. Tukey's constant for 95 %
/// efficiency, for distances in the plane rather than on a line.
const REACH: f64 = 4.685;
/// The median of a distance in the plane, in deviations of a coordinate: sqrt(2 ln 2).
const MEDIAN_DISTANCE: f64 = 1.1774;

type Normal = SMatrix<f64, MOST_GENERATORS, MOST_GENERATORS>;
type Step = SVector<f64, MOST_GENERATORS>;

/// Improves `start`, (I + E) start with E of the model, by Gauss-Newton steps on Tukey's biweight, whose
/// scale is the median distance within `largest_deviation` and `smallest_deviation`. `distances` is room
/// for as many numbers as there are matches.
///
/// Nothing when the matches do not determine the model.
///
/// Source: Holland and Welsch, "Robust regression using iteratively reweighted least-squares",
/// Communications in Statistics A6, 1977.
pub(crate) fn refine(
    model: FlowModel,
    start: Homography,
    matches: &[Match],
    [smallest_deviation, largest_deviation]: [f64; 2],
    distances: &mut Vec<f64>,
) -> Option<Fit> {
    let generators = model.generators();
    let mut map = start;
    let mut fit = None;
    for _ in 0..ROUNDS {
        distances.clear();
        distances.extend(matches.iter().map(|m| m.residual(&map)));
        let reach = REACH
            * (median(distances)? / MEDIAN_DISTANCE).clamp(smallest_deviation, largest_deviation);
        let mut normal = Normal::identity();
        for k in 0..generators.len() {
            normal[(k, k)] = 0.0;
        }
        let mut right = Step::zeros();
        let (mut squares, mut weights, mut counted) = (0.0, 0.0, 0);
        for m in matches {
            let Some(moved) = map.apply(m.source) else {
                continue;
            };
            let error = [m.target.x_px - moved.x_px, m.target.y_px - moved.y_px];
            let square = error[0] * error[0] + error[1] * error[1];
            let part = 1.0 - square / (reach * reach);
            if part.is_nan() || part <= 0.0 {
                continue;
            }
            let weight = part * part;
            weights += weight;
            squares += weight * square;
            counted += 1;
            let jacobian = entry_jacobian([moved.x_px, moved.y_px]);
            let mut columns = [[0.0; 2]; MOST_GENERATORS];
            for (column, generator) in columns.iter_mut().zip(generators) {
                *column = along(&jacobian, generator);
            }
            for (i, a) in columns[..generators.len()].iter().enumerate() {
                right[i] += weight * (a[0] * error[0] + a[1] * error[1]);
                for (j, b) in columns[..=i].iter().enumerate() {
                    let term = weight * (a[0] * b[0] + a[1] * b[1]);
                    normal[(i, j)] += term;
                    normal[(j, i)] = normal[(i, j)];
                }
            }
        }
        if counted < model.sample_size() + 1 {
            return None;
        }
        let inverse = normal.cholesky()?.inverse();
        let step = inverse * right;
        // What the weights leave of the squares, per coordinate and degree of freedom.
        let freedom = (2.0 * weights - generators.len() as f64).max(1.0);
        let deviation = (squares / freedom).sqrt();
        map = stepped(&map, generators, &step)?;
        fit = Some((inverse, deviation.max(smallest_deviation)));
        if step.amax() < 1e-7 {
            break;
        }
    }
    let (inverse, deviation) = fit?;
    Some(Fit {
        map,
        covariance: entries(generators, &inverse) * (deviation * deviation),
    })
}

fn stepped(map: &Homography, generators: &[[f64; 9]], step: &Step) -> Option<Homography> {
    let mut rows = *Homography::IDENTITY.rows();
    for (generator, amount) in generators.iter().zip(step.iter()) {
        for (entry, part) in generator.iter().enumerate() {
            rows[entry / 3][entry % 3] += part * amount;
        }
    }
    Some(Homography::new(rows).ok()?.after(map))
}

/// From a covariance of amounts of generators to one of entries.
fn entries(generators: &[[f64; 9]], amounts: &Normal) -> Matrix9 {
    let mut basis = SMatrix::<f64, 9, MOST_GENERATORS>::zeros();
    for (column, generator) in generators.iter().enumerate() {
        basis.set_column(column, &SVector::from_column_slice(generator));
    }
    basis * amounts * basis.transpose()
}

/// The middle value, or the upper one of the two; reorders the values.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (_, median, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}
