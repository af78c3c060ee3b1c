//! Values that are filled by one thread, read by others, and filled again.

use std::sync::Arc;

/// Values of which one thread takes those that nobody reads any more. Allocates until there are enough
/// for all readers, and never again.
pub(super) struct Pool<T> {
    all: Vec<Arc<T>>,
    most: usize,
    make: fn() -> T,
}

impl<T> Pool<T> {
    /// A pool that grows to at most so many values.
    pub(super) fn new(most: usize, make: fn() -> T) -> Self {
        Self {
            all: Vec::with_capacity(most),
            most,
            make,
        }
    }

    /// Grows to the most values, and fills all that nobody reads.
    pub(super) fn fill_all<E>(
        &mut self,
        mut fill: impl FnMut(&mut T) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.all.len() < self.most {
            self.all.push(Arc::new((self.make)()));
        }
        self.all
            .iter_mut()
            .filter_map(Arc::get_mut)
            .try_for_each(&mut fill)
    }

    /// Fills a value that nobody reads, and gives it out; none if all are read or filling fails.
    pub(super) fn fill<E>(
        &mut self,
        fill: impl FnOnce(&mut T) -> Result<(), E>,
    ) -> Option<Result<Arc<T>, E>> {
        let free = self
            .all
            .iter()
            .position(|value| Arc::strong_count(value) == 1);
        let index = match free {
            Some(index) => index,
            None if self.all.len() < self.most => {
                self.all.push(Arc::new((self.make)()));
                self.all.len() - 1
            }
            None => return None,
        };
        // The one that was filled longest ago comes first again.
        let mut value = self.all.remove(index);
        let result = Arc::get_mut(&mut value).map(fill);
        let given = Arc::clone(&value);
        self.all.push(value);
        result.map(|result| result.map(|()| given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_use_are_left_alone() {
        let mut pool = Pool::new(2, || 0);
        let mut fill = |number: i32| {
            pool.fill(|value| {
                *value = number;
                Ok::<(), ()>(())
            })
        };
        let first = fill(1).unwrap().unwrap();
        let second = fill(2).unwrap().unwrap();
        assert!(fill(3).is_none());
        drop(first);
        let third = fill(3).unwrap().unwrap();
        assert_eq!((*second, *third), (2, 3));
    }
}
