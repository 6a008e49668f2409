//! The patients whom two people share, for very many pairs.
//!
//! Most pairs share one or two patients, some share many. So a pair has room for one, two, four or six, and moves when it needs more. Memory: 12 bytes for a pair in the
//! table, and 16 for each patient it has room for.

use rustc_hash::FxHashMap;

use super::Note;

/// How many shared patients of two people are remembered, the latest. More than is asked for, so that the patient in question can be left out.
pub(super) const SHARED_MAX: usize = 6;
/// Rooms that a pair may have.
const ROOMS: [usize; 4] = [1, 2, 4, SHARED_MAX];
/// Bits of the place within a slab; the two above say which one.
const PLACE_BITS: u32 = 30;

/// A patient whom two people share: when they last did, and the row of the access that showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Both {
    pub patient: u32,
    pub row: u32,
    pub at: i64,
}

/// Nobody: room that is not used yet.
const EMPTY: Both = Both { patient: crate::names::NONE, row: 0, at: i64::MIN };

/// Rooms of one size.
#[derive(Debug, Default)]
struct Slab {
    items: Vec<Both>,
    /// Rooms that pairs have left.
    free: Vec<u32>,
}

/// What pairs share.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    places: FxHashMap<(u32, u32), u32>,
    slabs: [Slab; 4],
}

impl Pairs {
    /// Notes a shared patient: anew, or instead of the oldest.
    pub(crate) fn note(&mut self, note: &Note) {
        let both = note.both;
        let Some(place) = self.places.get(&note.pair).copied() else {
            // INVARIANT: with more pairs than places can name, further ones are not learnt.
            if let Some(place) = self.move_in(0, &[]) {
                self.places.insert(note.pair, place);
                self.put(place, 0, both);
            }
            return;
        };
        let known = self.room(place);
        let same = known.iter().position(|known| known.patient == both.patient);
        let free = || known.iter().position(|known| *known == EMPTY);
        if let Some(at) = same.or_else(free) {
            return self.put(place, at, both);
        }
        let size = known.len();
        if size == SHARED_MAX {
            let oldest = known.iter().enumerate().min_by_key(|(_, known)| known.at).map_or(0, |(at, _)| at);
            return self.put(place, oldest, both);
        }
        let mut all = [EMPTY; SHARED_MAX];
        for (to, from) in all.iter_mut().zip(known) {
            *to = *from;
        }
        let class = place >> PLACE_BITS;
        if let Some(larger) = self.move_in(class as usize + 1, all.get(..size).unwrap_or_default()) {
            if let Some(slab) = self.slabs.get_mut(class as usize) {
                slab.free.push(place);
            }
            self.places.insert(note.pair, larger);
            self.put(larger, size, both);
        }
    }

    /// The patients whom two people share.
    pub(super) fn of(&self, pair: (u32, u32)) -> &[Both] {
        let room = self.places.get(&pair).map_or(&[] as &[Both], |place| self.room(*place));
        let used = room.iter().position(|known| *known == EMPTY).unwrap_or(room.len());
        room.get(..used).unwrap_or_default()
    }

    fn room(&self, place: u32) -> &[Both] {
        let (class, from, size) = parts(place);
        let items = self.slabs.get(class).map(|slab| slab.items.as_slice()).unwrap_or_default();
        items.get(from..from + size).unwrap_or_default()
    }

    fn put(&mut self, place: u32, at: usize, both: Both) {
        let (class, from, _) = parts(place);
        if let Some(item) = self.slabs.get_mut(class).and_then(|slab| slab.items.get_mut(from + at)) {
            *item = both;
        }
    }

    /// A room of a size for these, and as much more as it has; none when there are more rooms than can be named.
    fn move_in(&mut self, class: usize, items: &[Both]) -> Option<u32> {
        let (slab, size) = (self.slabs.get_mut(class)?, *ROOMS.get(class)?);
        let place = match slab.free.pop() {
            Some(place) => place,
            None => {
                let number = u32::try_from(slab.items.len() / size).ok().filter(|number| *number < 1 << PLACE_BITS)?;
                slab.items.resize(slab.items.len() + size, EMPTY);
                u32::try_from(class).ok()? << PLACE_BITS | number
            }
        };
        let (_, from, _) = parts(place);
        let room = slab.items.get_mut(from..from + size)?;
        room.fill(EMPTY);
        for (to, from) in room.iter_mut().zip(items) {
            *to = *from;
        }
        Some(place)
    }
}

/// Slab, first item and size of a room.
fn parts(place: u32) -> (usize, usize, usize) {
    let class = (place >> PLACE_BITS) as usize;
    let size = ROOMS.get(class).copied().unwrap_or(1);
    (class, (place & ((1 << PLACE_BITS) - 1)) as usize * size, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(pairs: &mut Pairs, pair: (u32, u32), patient: u32, at: i64) {
        pairs.note(&Note { pair, both: Both { patient, row: patient + 100, at } });
    }

    fn patients(pairs: &Pairs, pair: (u32, u32)) -> Vec<u32> {
        pairs.of(pair).iter().map(|both| both.patient).collect()
    }

    #[test]
    fn a_pair_remembers_its_latest_six_patients_whatever_other_pairs_do() {
        let mut pairs = Pairs::default();
        for patient in 1..=8_u32 {
            for other in 2..50 {
                note(&mut pairs, (1, other), patient * other, i64::from(patient));
            }
        }
        for other in 2..50 {
            let expect: Vec<u32> = [7, 8, 3, 4, 5, 6].map(|patient| patient * other).to_vec();
            assert_eq!(patients(&pairs, (1, other)), expect, "the seventh and eighth stand for the oldest");
        }
        assert!(patients(&pairs, (2, 3)).is_empty());
    }

    #[test]
    fn a_patient_who_is_shared_again_stands_once_and_is_the_latest() {
        let mut pairs = Pairs::default();
        for (patient, at) in [(1, 1), (2, 2), (1, 3)] {
            note(&mut pairs, (7, 9), patient, at);
        }
        assert_eq!(patients(&pairs, (7, 9)), [1, 2]);
        assert_eq!(pairs.of((7, 9)).first().map(|both| both.at), Some(3));
    }

    #[test]
    fn rooms_that_were_left_are_used_again() {
        let mut pairs = Pairs::default();
        for other in 0..100 {
            note(&mut pairs, (0, other), 1, 1);
            note(&mut pairs, (0, other), 2, 2);
        }
        assert_eq!(pairs.slabs[0].items.len(), 1, "each pair leaves its first room to the next");
        assert_eq!(pairs.slabs[1].items.len(), 200);
    }
}
