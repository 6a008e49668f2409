//! The groups of one correlation: found by their whole key, kept in a list from the oldest to the newest.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// No group: the end of the list.
const NONE: u32 = u32::MAX;

/// One group with its state.
#[derive(Debug)]
pub(super) struct Group<S> {
    pub(super) key: Arc<[u8]>,
    /// When it was touched last (sliding windows) or opened (windows decided at their close).
    pub(super) stamp: i64,
    /// When it fired last.
    pub(super) fired_at: Option<i64>,
    pub(super) state: S,
    before: u32,
    after: u32,
}

/// Groups by key, oldest stamp first.
#[derive(Debug)]
pub(super) struct Groups<S> {
    by_key: FxHashMap<Arc<[u8]>, u32>,
    slots: Vec<Option<Group<S>>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
}

impl<S> Default for Groups<S> {
    fn default() -> Self {
        Self { by_key: FxHashMap::default(), slots: Vec::new(), free: Vec::new(), oldest: NONE, newest: NONE }
    }
}

impl<S> Groups<S> {
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn at(&mut self, slot: u32) -> Option<&mut Group<S>> {
        self.slots.get_mut(usize::try_from(slot).ok()?)?.as_mut()
    }

    /// The oldest group and its stamp.
    pub(super) fn oldest(&self) -> Option<(u32, i64)> {
        self.get(self.oldest).map(|group| (self.oldest, group.stamp))
    }

    /// The same, but for one group that is to be kept.
    pub(super) fn oldest_but(&self, kept: Option<u32>) -> Option<(u32, i64)> {
        let skipped = self.get(self.oldest).filter(|_| kept == Some(self.oldest));
        let slot = skipped.map_or(self.oldest, |group| group.after);
        self.get(slot).map(|group| (slot, group.stamp))
    }

    /// Adds a group as the newest. INVARIANT: the key is not among them, and stamps do not fall.
    pub(super) fn add(&mut self, key: &[u8], stamp: i64, state: S) -> u32 {
        let key: Arc<[u8]> = Arc::from(key);
        let group = Group { key: Arc::clone(&key), stamp, fired_at: None, state, before: NONE, after: NONE };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
        });
        if let Some(place) = self.slots.get_mut(usize::try_from(slot).unwrap_or(usize::MAX)) {
            *place = Some(group);
        }
        self.by_key.insert(key, slot);
        self.append(slot);
        slot
    }

    /// Makes a group the newest.
    pub(super) fn touch(&mut self, slot: u32, stamp: i64) {
        if self.newest != slot {
            self.unlink(slot);
            self.append(slot);
        }
        if let Some(group) = self.at(slot) {
            group.stamp = stamp;
        }
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Group<S>> {
        self.unlink(slot);
        let group = self.slots.get_mut(usize::try_from(slot).ok()?)?.take()?;
        self.by_key.remove(&group.key);
        self.free.push(slot);
        Some(group)
    }

    /// From the oldest to the newest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Group<S>> {
        let next = |group: &&Group<S>| self.get(group.after);
        std::iter::successors(self.get(self.oldest), next)
    }

    fn get(&self, slot: u32) -> Option<&Group<S>> {
        self.slots.get(usize::try_from(slot).ok()?)?.as_ref()
    }

    fn append(&mut self, slot: u32) {
        let newest = std::mem::replace(&mut self.newest, slot);
        match self.at(newest) {
            Some(group) => group.after = slot,
            None => self.oldest = slot,
        }
        if let Some(group) = self.at(slot) {
            group.before = newest;
            group.after = NONE;
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some((before, after)) = self.get(slot).map(|group| (group.before, group.after)) else { return };
        match self.at(before) {
            Some(group) => group.after = after,
            None => self.oldest = after,
        }
        match self.at(after) {
            Some(group) => group.before = before,
            None => self.newest = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(groups: &Groups<u8>) -> Vec<u8> {
        groups.iter().map(|group| group.state).collect()
    }

    #[test]
    fn groups_stay_in_the_order_of_their_last_touch() {
        let mut groups = Groups::default();
        let slots: Vec<u32> = (0..4).map(|n| groups.add(&[n], i64::from(n), n)).collect();
        groups.touch(slots[1], 10);
        groups.touch(slots[0], 11);
        groups.touch(slots[0], 12);
        assert_eq!(order(&groups), [2, 3, 1, 0]);
        assert_eq!(groups.oldest(), Some((slots[2], 2)));
        groups.remove(slots[3]);
        assert_eq!(groups.remove(slots[2]).map(|group| group.state), Some(2));
        assert_eq!(groups.find(&[2]), None);
        groups.add(&[9], 13, 9);
        assert_eq!(order(&groups), [1, 0, 9]);
        assert_eq!((groups.find(&[1]), groups.len()), (Some(slots[1]), 3));
    }
}
