//! Many items by a dense number: one list, and where each number's items begin in it.

/// Items by number.
#[derive(Debug)]
pub(crate) struct Grouped<T> {
    starts: Vec<usize>,
    items: Vec<T>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), items: Vec::new() }
    }
}

impl<T> Grouped<T> {
    /// Groups items; those of one number keep their order.
    pub(crate) fn of(mut items: Vec<(u32, T)>) -> Self {
        items.sort_by_key(|(number, _)| *number);
        let numbers = items.last().map_or(0, |(number, _)| *number as usize + 1);
        let mut starts = vec![0; numbers + 1];
        for (number, _) in &items {
            if let Some(count) = starts.get_mut(*number as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, items: items.into_iter().map(|(_, item)| item).collect() }
    }

    /// The items of a number.
    pub(crate) fn of_number(&self, number: u32) -> &[T] {
        let place = number as usize;
        match (self.starts.get(place), place.checked_add(1).and_then(|next| self.starts.get(next))) {
            (Some(from), Some(until)) => self.items.get(*from..*until).unwrap_or_default(),
            _ => &[],
        }
    }

    /// All items.
    pub(crate) fn all(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_by_their_number_and_in_their_order() {
        let grouped = Grouped::of(vec![(4, 'a'), (1, 'b'), (4, 'c')]);
        assert_eq!(grouped.of_number(4), ['a', 'c']);
        assert_eq!(grouped.of_number(1), ['b']);
        for nobody in [0, 2, 3, 5, u32::MAX] {
            assert!(grouped.of_number(nobody).is_empty(), "{nobody}");
        }
    }
}
