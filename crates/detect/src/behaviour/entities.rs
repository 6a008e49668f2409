//! The entities, at most so many: beyond it the one silent for longest is forgotten and counted.

use cordon_learn::{Damaged, Snapshot};
use cordon_stats::codec;
use rustc_hash::FxHashMap;

use super::clock::Moment;
use super::profile::Profile;
use super::report::EntityKind;

/// Marks the end of the list of entities.
const NONE: u32 = u32::MAX;

/// Entities by key, in the order in which they were last heard of.
#[derive(Debug)]
pub(super) struct Entities {
    max: usize,
    places: FxHashMap<u64, u32>,
    /// Each entity in its own allocation: a list of a million does not have to be copied to grow. `None` while it is checked out.
    slots: Vec<Option<Box<Profile>>>,
    /// Newer and older neighbour of each slot.
    links: Vec<(u32, u32)>,
    newest: u32,
    oldest: u32,
    forgotten: u64,
}

impl Entities {
    pub(super) fn new(max: usize) -> Self {
        let max = max.clamp(16, 100_000_000);
        let (slots, links) = (Vec::new(), Vec::new());
        Self { max, places: FxHashMap::default(), slots, links, newest: NONE, oldest: NONE, forgotten: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many were forgotten for want of room.
    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        // a map holds a control byte beside each pair
        let each = size_of::<Option<Box<Profile>>>() + size_of::<(u32, u32)>();
        self.len() * size_of::<Profile>() + self.slots.capacity() * each + self.places.capacity() * 17
    }

    /// The entity, if it is known.
    pub(super) fn get(&self, key: u64) -> Option<&Profile> {
        self.at(*self.places.get(&key)?)
    }

    /// The entity of a slot.
    pub(super) fn at(&self, slot: u32) -> Option<&Profile> {
        self.slots.get(usize::try_from(slot).ok()?)?.as_deref()
    }

    /// Takes the entity out to be worked on, made when it is new; it counts as heard of. To be brought back by [`Self::check_in`].
    pub(super) fn check_out(&mut self, key: u64, kind: EntityKind, at: Moment) -> Box<Profile> {
        let found = self.places.get(&key).copied();
        let slot = found.unwrap_or_else(|| self.free_slot());
        if found.is_some() {
            self.unlink(slot);
        } else {
            self.places.insert(key, slot);
        }
        self.link_newest(slot);
        let place = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot));
        let mut profile = place.and_then(Option::take).unwrap_or_else(|| Box::new(Profile::new(key, kind, at)));
        profile.slot = slot;
        profile
    }

    /// Takes the entity of a slot out without counting it as heard of.
    pub(super) fn lend(&mut self, slot: u32) -> Option<Box<Profile>> {
        self.slots.get_mut(usize::try_from(slot).ok()?)?.take()
    }

    /// Brings an entity back.
    pub(super) fn check_in(&mut self, profile: Box<Profile>) {
        let place = usize::try_from(profile.slot).ok().and_then(|slot| self.slots.get_mut(slot));
        if let Some(place) = place {
            *place = Some(profile);
        }
    }

    /// Brings in one that is of another list, or was taken out of this one; it counts as heard of last.
    pub(super) fn bring(&mut self, profile: Box<Profile>) {
        let mut place = self.check_out(profile.key, profile.kind, Moment::default());
        let slot = place.slot;
        *place = *profile;
        place.slot = slot;
        self.check_in(place);
    }

    /// All of them, the longest silent first.
    #[expect(clippy::vec_box, reason = "they are lent out in their boxes: a profile is a kilobyte")]
    pub(super) fn into_profiles(mut self) -> Vec<Box<Profile>> {
        let mut all = Vec::with_capacity(self.len());
        let mut slot = self.oldest;
        while slot != NONE {
            let newer = self.link(slot).map_or(NONE, |link| link.0);
            all.extend(self.lend(slot));
            slot = newer;
        }
        all
    }

    pub(super) const fn add_forgotten(&mut self, forgotten: u64) {
        self.forgotten = self.forgotten.saturating_add(forgotten);
    }

    /// Takes an entity out for good. The last slot moves into its place, so that none stays empty.
    pub(super) fn remove(&mut self, key: u64) -> Option<Box<Profile>> {
        let slot = self.places.remove(&key)?;
        let gone = self.lend(slot);
        self.unlink(slot);
        let last = u32::try_from(self.slots.len()).unwrap_or(NONE).wrapping_sub(1);
        let (moved, link) = (self.slots.pop().flatten(), self.links.pop().unwrap_or((NONE, NONE)));
        if let Some(mut moved) = moved.filter(|_| slot != last) {
            moved.slot = slot;
            self.places.insert(moved.key, slot);
            self.relink(slot, link);
            self.check_in(moved);
        }
        gone
    }

    /// Gives a slot the neighbours of another one, which is no more.
    fn relink(&mut self, slot: u32, (newer, older): (u32, u32)) {
        if let Some(link) = self.link(slot) {
            *link = (newer, older);
        }
        match self.link(newer) {
            Some(link) => link.1 = slot,
            None => self.newest = slot,
        }
        match self.link(older) {
            Some(link) => link.0 = slot,
            None => self.oldest = slot,
        }
    }

    /// An empty slot: a further one, or that of the longest silent.
    fn free_slot(&mut self) -> u32 {
        let next = u32::try_from(self.slots.len()).unwrap_or(NONE);
        if self.places.len() < self.max && next != NONE {
            self.slots.push(None);
            self.links.push((NONE, NONE));
            return next;
        }
        let slot = self.oldest;
        if let Some(gone) = self.lend(slot) {
            self.places.remove(&gone.key);
            self.forgotten = self.forgotten.saturating_add(1);
        }
        self.unlink(slot);
        slot
    }

    fn link(&mut self, slot: u32) -> Option<&mut (u32, u32)> {
        usize::try_from(slot).ok().and_then(|slot| self.links.get_mut(slot))
    }

    fn unlink(&mut self, slot: u32) {
        let Some((newer, older)) = self.link(slot).map(|link| std::mem::replace(link, (NONE, NONE))) else { return };
        match self.link(newer) {
            Some(link) => link.1 = older,
            None => self.newest = older,
        }
        match self.link(older) {
            Some(link) => link.0 = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let older = self.newest;
        if let Some(link) = self.link(slot) {
            *link = (NONE, older);
        }
        match self.link(older) {
            Some(link) => link.0 = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }

    /// All of them, the longest silent first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = &Profile> + '_ {
        let next = |slot: &u32| {
            let link = usize::try_from(*slot).ok().and_then(|slot| self.links.get(slot))?;
            Some(link.0).filter(|newer| *newer != NONE)
        };
        let first = Some(self.oldest).filter(|slot| *slot != NONE);
        std::iter::successors(first, next).filter_map(|slot| self.at(slot))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.forgotten);
        codec::put_len(out, self.len());
        let mut plain = Vec::new();
        for profile in self.oldest_first() {
            plain.clear();
            profile.write(&mut plain);
            pack(&mut plain, out);
        }
    }

    /// Reads them; of more than there is room for the longest silent are left out.
    pub(super) fn read(max: usize, from: &mut &[u8]) -> Result<Self, Damaged> {
        let mut entities = Self::new(max);
        let forgotten = codec::take_u64(from).ok_or(Damaged("a number of entities"))?;
        let len = codec::take_len(from, 32).ok_or(Damaged("a number of entities"))?;
        let mut plain = Vec::new();
        for _ in 0..len {
            plain.clear();
            unpack(from, &mut plain).ok_or(Damaged("an entity"))?;
            entities.bring(Box::new(Profile::read(&mut plain.as_slice())?));
        }
        entities.forgotten = entities.forgotten.saturating_add(forgotten);
        Ok(entities)
    }
}

/// Words of an entity at most, when it is packed.
const WORDS_MAX: usize = 256;

/// Appends bytes without their empty words of eight bytes: most of an entity is empty until much is known of it.
fn pack(plain: &mut Vec<u8>, out: &mut Vec<u8>) {
    plain.resize(plain.len().next_multiple_of(8), 0);
    let (words, _) = plain.as_chunks::<8>();
    codec::put_len(out, words.len());
    for some in words.chunks(64) {
        let used = some.iter().enumerate().filter(|(_, word)| **word != [0; 8]);
        codec::put_u64(out, used.clone().fold(0, |mask, (place, _)| mask | (1 << place)));
        used.for_each(|(_, word)| out.extend_from_slice(word));
    }
}

/// Appends what [`pack`] packed.
fn unpack(from: &mut &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let words = usize::try_from(codec::take_u64(from)?).ok().filter(|words| *words <= WORDS_MAX)?;
    let mut left = words;
    while left > 0 {
        let mask = codec::take_u64(from)?;
        for place in 0..left.min(64) {
            let word = if mask & (1 << place) == 0 { [0; 8] } else { codec::take(from)? };
            plain.extend_from_slice(&word);
        }
        left = left.saturating_sub(64);
    }
    Some(())
}
