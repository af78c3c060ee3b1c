//! The guided filter of He, Sun and Tang, "Guided Image Filtering", PAMI 2013, section 3.5: of colour images.

/// What variance of colours in a window counts as none (the paper's epsilon); colours are 0..=1.
const FLAT: f32 = 3e-4;

/// Buffers of it.
#[derive(Default)]
pub(super) struct GuidedFilter {
    means: [Vec<f32>; MEANS],
    product: Vec<f32>,
    window: BoxMean,
}

/// Means over windows: the three channels, the values, each channel times the values, and channels times channels.
const MEANS: usize = 3 + 1 + 3 + 6;

/// Pairs of channels, in the order of the last six means.
const PAIRS: [(usize, usize); 6] = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];

impl GuidedFilter {
    /// Smooths values with an image that has as many pixels, in rows of this width: in each window of `2 radius + 1` pixels a
    /// side, they become that linear function of the three channels that is closest to them, and each pixel gets the mean of
    /// what the windows around it give.
    pub(super) fn smooth(
        &mut self,
        image: [&[f32]; 3],
        width: usize,
        radius: usize,
        values: &mut [f32],
    ) {
        self.window.set(width, values.len(), radius);
        let (singles, products) = self.means.split_at_mut(4);
        for (mean, channel) in singles.iter_mut().zip(image) {
            self.window.mean_into(channel, mean);
        }
        self.window.mean_into(values, &mut singles[3]);
        let pairs = PAIRS.map(|(one, other)| (image[one], image[other]));
        let with_values = image.map(|channel| (channel, &*values));
        let pairs = with_values.into_iter().chain(pairs);
        for (mean, (one, other)) in products.iter_mut().zip(pairs) {
            self.product.clear();
            let both = one.iter().zip(other);
            self.product.extend(both.map(|(one, other)| one * other));
            self.window.mean_into(&self.product, mean);
        }
        for at in 0..values.len() {
            let fit = linear_fit(std::array::from_fn(|mean| self.means[mean][at]));
            for (mean, value) in self.means.iter_mut().zip(fit) {
                mean[at] = value;
            }
        }
        for mean in self.means.iter_mut().take(4) {
            self.window.mean_into(mean, &mut self.product);
            std::mem::swap(mean, &mut self.product);
        }
        let [red, green, blue, constant] = [0, 1, 2, 3].map(|at| &self.means[at]);
        for (at, value) in values.iter_mut().enumerate() {
            let [by_red, by_green, by_blue] = image.map(|channel| channel[at]);
            *value = constant[at] + red[at] * by_red + green[at] * by_green + blue[at] * by_blue;
        }
    }
}

/// Factors of the three channels, and the constant, of the linear function that is closest to the values of a window
/// (equations 19 and 20).
fn linear_fit(means: [f32; MEANS]) -> [f32; 4] {
    let [
        red,
        green,
        blue,
        value,
        red_value,
        green_value,
        blue_value,
        products @ ..,
    ] = means;
    let mean = [red, green, blue];
    let covariance = [
        red_value - red * value,
        green_value - green * value,
        blue_value - blue * value,
    ];
    let mut entries = products;
    for (entry, (one, other)) in entries.iter_mut().zip(PAIRS) {
        *entry -= mean[one] * mean[other];
        // Rounding must not leave less than no variance.
        if one == other {
            *entry = entry.max(0.0) + FLAT;
        }
    }
    let [rr, rg, rb, gg, gb, bb] = entries;
    // The inverse by the adjugate: the matrix is symmetric and, with what was added, has no small eigenvalue.
    let (c_rr, c_rg, c_rb) = (gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg);
    let (c_gg, c_gb, c_bb) = (rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg);
    let determinant = (rr * c_rr + rg * c_rg + rb * c_rb).max(f32::MIN_POSITIVE);
    let row = |one: f32, two: f32, three: f32| {
        (one * covariance[0] + two * covariance[1] + three * covariance[2]) / determinant
    };
    let factors = [
        row(c_rr, c_rg, c_rb),
        row(c_rg, c_gg, c_gb),
        row(c_rb, c_gb, c_bb),
    ];
    let told = factors[0] * red + factors[1] * green + factors[2] * blue;
    [factors[0], factors[1], factors[2], value - told]
}

/// Means over square windows, of what of them lies in the image.
#[derive(Default)]
struct BoxMean {
    width: usize,
    height: usize,
    radius: usize,
    /// Sums of the columns of a row's windows.
    sums: Vec<f32>,
}

impl BoxMean {
    fn set(&mut self, width: usize, pixels: usize, radius: usize) {
        (self.width, self.height, self.radius) = (width, pixels / width.max(1), radius);
    }

    fn mean_into(&mut self, values: &[f32], means: &mut Vec<f32>) {
        let (width, radius) = (self.width, self.radius);
        let row = |y: usize| &values[y * width..][..width];
        means.clear();
        self.sums.clear();
        self.sums.resize(width, 0.0);
        for y in 0..self.height.min(radius) {
            add(&mut self.sums, row(y), 1.0);
        }
        for y in 0..self.height {
            if y + radius < self.height {
                add(&mut self.sums, row(y + radius), 1.0);
            }
            if let Some(gone) = y.checked_sub(radius + 1) {
                add(&mut self.sums, row(gone), -1.0);
            }
            let rows = (y + radius + 1).min(self.height) - y.saturating_sub(radius);
            let mut sum: f32 = self.sums.iter().take(radius).sum();
            for x in 0..width {
                if let Some(next) = self.sums.get(x + radius) {
                    sum += next;
                }
                if let Some(gone) = x.checked_sub(radius + 1) {
                    sum -= self.sums[gone];
                }
                let columns = (x + radius + 1).min(width) - x.saturating_sub(radius);
                means.push(sum / (rows * columns) as f32);
            }
        }
    }
}

fn add(sums: &mut [f32], row: &[f32], factor: f32) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: usize) -> impl Fn(usize) -> f32 {
        move |at| ((at * 7919 + seed * 104_729) * 2_654_435_761 % 4093) as f32 / 4092.0
    }

    /// The paper's equations as they are written, in f64.
    fn plain(image: [&[f32]; 3], width: usize, radius: usize, values: &[f32]) -> Vec<f64> {
        let height = values.len() / width;
        let window = |at: usize| -> Vec<usize> {
            let (x, y) = (at % width, at / width);
            let rows = y.saturating_sub(radius)..(y + radius + 1).min(height);
            let columns = x.saturating_sub(radius)..(x + radius + 1).min(width);
            rows.flat_map(|y| columns.clone().map(move |x| y * width + x))
                .collect()
        };
        let mean = |at: usize, of: &dyn Fn(usize) -> f64| {
            let window = window(at);
            window.iter().map(|at| of(*at)).sum::<f64>() / window.len() as f64
        };
        let fit = |at: usize| {
            let channel = |c: usize| move |at: usize| f64::from(image[c][at]);
            let value = |at: usize| f64::from(values[at]);
            let mut rows = [[0.0_f64; 4]; 3];
            for (one, row) in rows.iter_mut().enumerate() {
                let mean_one = mean(at, &channel(one));
                for (other, entry) in row.iter_mut().take(3).enumerate() {
                    let both = |at| channel(one)(at) * channel(other)(at);
                    *entry = mean(at, &both) - mean_one * mean(at, &channel(other));
                    *entry += f64::from(u8::from(one == other)) * f64::from(FLAT);
                }
                let both = |at| channel(one)(at) * value(at);
                row[3] = mean(at, &both) - mean_one * mean(at, &value);
            }
            // Gauss and Jordan; the matrix is positive definite.
            for pivot in 0..3 {
                let lead = rows[pivot].map(|entry| entry / rows[pivot][pivot]);
                rows[pivot] = lead;
                for (other, row) in rows.iter_mut().enumerate() {
                    if other != pivot {
                        let factor = row[pivot];
                        for (entry, lead) in row.iter_mut().zip(lead) {
                            *entry -= factor * lead;
                        }
                    }
                }
            }
            let factors = [rows[0][3], rows[1][3], rows[2][3]];
            let told: f64 = (0..3).map(|c| factors[c] * mean(at, &channel(c))).sum();
            (factors, mean(at, &value) - told)
        };
        let fits: Vec<_> = (0..values.len()).map(fit).collect();
        (0..values.len())
            .map(|at| {
                let constant = mean(at, &|at| fits[at].1);
                let by = (0..3).map(|c| mean(at, &|at| fits[at].0[c]) * f64::from(image[c][at]));
                constant + by.sum::<f64>()
            })
            .collect()
    }

    #[test]
    fn it_is_the_papers() {
        let mut filter = GuidedFilter::default();
        for (width, height, radius) in [(9, 7, 2), (3, 11, 5), (1, 4, 2), (5, 1, 1), (20, 16, 3)] {
            let pixels = width * height;
            let image = [1, 2, 3].map(|seed| (0..pixels).map(noise(seed)).collect::<Vec<_>>());
            let image = image.each_ref().map(Vec::as_slice);
            let mut values: Vec<f32> = (0..pixels).map(noise(4)).collect();
            let expected = plain(image, width, radius, &values);
            filter.smooth(image, width, radius, &mut values);
            for (found, expected) in values.iter().zip(expected) {
                let off = (f64::from(*found) - expected).abs();
                assert!(off < 2e-4, "{width}x{height}: {found} {expected}");
            }
        }
    }

    #[test]
    fn an_edge_of_the_image_stays_sharp_and_what_wavers_beside_it_does_not() {
        let (width, height) = (24, 24);
        let grey: Vec<f32> = (0..width * height)
            .map(|at| if at % width < 11 { 0.2 } else { 0.7 })
            .collect();
        // The mask's edge is one column too far, and has a notch.
        let mut values: Vec<f32> = (0..width * height)
            .map(|at| f32::from(at % width < 12 && !(at % width > 8 && at / width == 12)))
            .collect();
        GuidedFilter::default().smooth([&grey, &grey, &grey], width, 4, &mut values);
        for (at, value) in values.iter().enumerate() {
            assert_eq!(*value > 0.5, at % width < 11, "{at}: {value}");
        }
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut values: [f32; 0] = [];
        GuidedFilter::default().smooth([&[], &[], &[]], 0, 2, &mut values);
        let mut values = [0.25; 6];
        GuidedFilter::default().smooth([&[0.5; 6], &[0.1; 6], &[0.9; 6]], 3, 2, &mut values);
        assert!(values.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }
}
