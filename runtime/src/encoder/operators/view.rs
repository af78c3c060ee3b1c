//! Where the elements of a tensor lie.

use std::sync::Arc;

/// A buffer of the program, an input or a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ValueId(pub(super) usize);

/// A tensor whose element `[i, j, ..]` is element `axes[0][i] + axes[1][j] + ..` of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) value: ValueId,
    pub(super) axes: Vec<Arc<[u32]>>,
}

impl View {
    /// What the axes add that a caller does not go along: their first places together.
    pub(super) fn base(&self, without: &[usize]) -> u32 {
        let others = (0..self.axes.len()).filter(|axis| !without.contains(axis));
        others
            .map(|axis| self.axes[axis][0])
            .fold(0, u32::wrapping_add)
    }

    /// Where rows along some axes begin; all other axes stand at their first place.
    pub(super) fn rows(&self, rows: &[usize]) -> Arc<[u32]> {
        let base = self.base(rows);
        self.merged(rows)
            .iter()
            .map(|place| place.wrapping_add(base))
            .collect()
    }

    /// The same with axes of extent 1 repeated to a shape; none if the shapes do not fit.
    pub(super) fn broadcast(&self, shape: &[usize]) -> Option<Self> {
        let axes = self
            .axes
            .iter()
            .zip(shape)
            .map(|(axis, extent)| match axis.len() {
                length if length == *extent => Some(Arc::clone(axis)),
                1 => Some(vec![axis[0]; *extent].into()),
                _ => None,
            });
        let axes = axes.collect::<Option<Vec<_>>>()?;
        (axes.len() == self.axes.len() && shape.len() == axes.len()).then_some(Self {
            value: self.value,
            axes,
        })
    }

    /// All axes but one, in order.
    pub(super) fn others(&self, axis: usize) -> Vec<usize> {
        (0..self.axes.len())
            .filter(|other| *other != axis)
            .collect()
    }

    /// All of a value in the usual order, the last axis innermost.
    pub(super) fn whole(value: ValueId, shape: &[usize]) -> Self {
        let mut stride = 1;
        let mut axes: Vec<Arc<[u32]>> = Vec::with_capacity(shape.len());
        for extent in shape.iter().rev() {
            axes.push((0..*extent).map(|index| (index * stride) as u32).collect());
            stride *= extent;
        }
        axes.reverse();
        Self { value, axes }
    }

    pub(super) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.len()).collect()
    }

    /// Places of all elements along some axes, the last of them innermost, without what the other axes add.
    pub(super) fn merged(&self, axes: &[usize]) -> Arc<[u32]> {
        if let [axis] = axes {
            return Arc::clone(&self.axes[*axis]);
        }
        let mut places = vec![0];
        for axis in axes {
            places = places
                .iter()
                .flat_map(|place| self.axes[*axis].iter().map(move |more| place + more))
                .collect();
        }
        places.into()
    }

    /// Replaces axes from `at` on, of extents `from`, by axes of extents `to`; none where the elements do not lie so.
    pub(super) fn reshaped(&self, at: usize, from: usize, to: &[usize]) -> Option<Self> {
        let merged: Vec<usize> = (at..at + from).collect();
        let mut rest = self.merged(&merged);
        let mut axes = Vec::new();
        for (index, extent) in to.iter().enumerate() {
            let inner: usize = to[index + 1..].iter().product();
            if extent * inner != rest.len() {
                return None;
            }
            if inner == 1 && index + 1 == to.len() {
                axes.push(Arc::clone(&rest));
                break;
            }
            let first = *rest.first()?;
            let outer: Arc<[u32]> = rest.iter().step_by(inner).copied().collect();
            let next: Arc<[u32]> = rest[..inner]
                .iter()
                .map(|place| place.wrapping_sub(first))
                .collect();
            for (place, outer) in rest.chunks(inner).zip(outer.iter()) {
                if place
                    .iter()
                    .zip(next.iter())
                    .any(|(place, next)| *place != outer.wrapping_add(*next))
                {
                    return None;
                }
            }
            axes.push(outer);
            rest = next;
        }
        let mut all = self.axes[..at].to_vec();
        all.extend(axes);
        all.extend_from_slice(&self.axes[at + from..]);
        Some(Self {
            value: self.value,
            axes: all,
        })
    }

    /// Whether the elements along an axis lie next to each other, from the first place of the others on.
    pub(super) fn is_contiguous(&self, axis: usize) -> bool {
        is_contiguous(&self.axes[axis])
    }

    /// The axis whose elements lie next to each other, the longest of several; none if there is none.
    pub(super) fn channel_axis(&self) -> Option<usize> {
        (0..self.axes.len())
            .filter(|axis| self.is_contiguous(*axis))
            .max_by_key(|axis| (self.axes[*axis].len(), *axis))
    }

    /// Whether this is all of a value in the usual order.
    pub(super) fn is_whole(&self, length: usize) -> bool {
        let whole = Self::whole(self.value, &self.shape());
        self.shape().iter().product::<usize>() == length && self.axes == whole.axes
    }
}

/// Whether places count up from the first by one.
pub(super) fn is_contiguous(places: &[u32]) -> bool {
    places
        .windows(2)
        .all(|pair| pair[0].wrapping_add(1) == pair[1])
}

/// The distance of places that are equally far apart; 0 for a single one.
pub(super) fn stride_of(places: &[u32]) -> Option<usize> {
    let stride = match places {
        [first, second, ..] => second.checked_sub(*first)?,
        _ => 0,
    };
    places
        .windows(2)
        .all(|pair| pair[0] + stride == pair[1])
        .then_some(stride as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_views() {
        // 4 x 6 pixels of 2 channels in windows of 2 x 3.
        let image = View::whole(ValueId(0), &[4, 6, 2]);
        let grid = image
            .reshaped(0, 1, &[2, 2])
            .unwrap()
            .reshaped(2, 1, &[2, 3])
            .unwrap();
        let mut windows = grid.clone();
        windows.axes.swap(1, 2);
        let tokens = windows.reshaped(0, 4, &[24]).unwrap();
        assert_eq!(tokens.shape(), [24, 2]);
        assert_eq!(&tokens.axes[0][..8], [0, 2, 4, 12, 14, 16, 6, 8]);
        // And back.
        let mut back = tokens.reshaped(0, 1, &[2, 2, 2, 3]).unwrap();
        back.axes.swap(1, 2);
        let back = back
            .reshaped(0, 2, &[4])
            .unwrap()
            .reshaped(1, 2, &[6])
            .unwrap();
        assert!(back.is_whole(48));
        assert!(tokens.reshaped(0, 1, &[3, 8]).is_none());
    }

    #[test]
    fn strides_are_found() {
        assert_eq!(stride_of(&[3, 7, 11]), Some(4));
        assert_eq!(stride_of(&[3, 7, 12]), None);
        assert_eq!(stride_of(&[3, 1]), None);
        assert_eq!(stride_of(&[3]), Some(0));
        let image = View::whole(ValueId(0), &[1, 4, 6]);
        assert_eq!(image.channel_axis(), Some(2));
    }
}
