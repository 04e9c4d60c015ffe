//! A list whose items keep their index, and whose free places are used again.

use std::ops::{Index, IndexMut};

#[derive(Debug)]
pub(super) struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn insert(&mut self, item: T) -> usize {
        if let Some(index) = self.free.pop() {
            self.places[index] = Some(item);
            index
        } else {
            self.places.push(Some(item));
            self.places.len() - 1
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.places.get(index)?.as_ref()
    }

    /// # Panics
    /// If nothing is there, like indexing.
    pub(super) fn remove(&mut self, index: usize) -> T {
        let item = self.places[index].take().expect("an index is used only while its item is there");
        self.free.push(index);
        item
    }
}

impl<T> Index<usize> for Slab<T> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        self.places[index].as_ref().expect("an index is used only while its item is there")
    }
}

impl<T> IndexMut<usize> for Slab<T> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.places[index].as_mut().expect("an index is used only while its item is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut slab = Slab::default();
        assert_eq!([slab.insert('a'), slab.insert('b'), slab.insert('c')], [0, 1, 2]);
        assert_eq!(slab.remove(1), 'b');
        assert_eq!((slab.len(), slab.get(1), slab.get(2), slab.get(3)), (2, None, Some(&'c'), None));
        assert_eq!(slab.insert('d'), 1);
        assert_eq!(slab.len(), 3);
    }
}
