//! Where rows lie: one place for 32 rows, in pages of 4 KiB that are found by their number.

use std::io;

use cordon_stats::codec;

/// Rows that share a place.
pub(super) const ROWS: u32 = 32;
/// Places of a page.
pub(super) const PLACES: usize = 254;
/// Bytes of a page: the first place (24), then for each place three steps and a checksum (16), zeros, and the checksum of all of it (4).
pub(super) const PAGE_BYTES: usize = 4096;

/// Where the rows of one place begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// In the file of accesses.
    pub(super) accesses: u64,
    /// In `explanations.csv`.
    pub(super) explanations: u64,
    /// In `withheld.csv`.
    pub(super) withheld: u64,
    /// CRC-32 of the cells of its rows, one after the other.
    pub(super) checksum: u32,
}

impl Place {
    /// The number of the place of a row, which counts from 1.
    pub(super) const fn of_row(row: u32) -> u32 {
        row.saturating_sub(1) / ROWS
    }
}

/// A page of at most [`PLACES`] places.
pub(super) fn page(places: &[Place]) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(PAGE_BYTES);
    let mut before = places.first().copied().unwrap_or_default();
    [before.accesses, before.explanations, before.withheld].iter().for_each(|at| codec::put_u64(&mut out, *at));
    for place in places.iter().take(PLACES) {
        let steps = [
            place.accesses.checked_sub(before.accesses),
            place.explanations.checked_sub(before.explanations),
            place.withheld.checked_sub(before.withheld),
        ];
        for step in steps {
            let step = step.and_then(|step| u32::try_from(step).ok());
            let step = step.ok_or_else(|| io::Error::other("rows are too far apart to be found again"))?;
            out.extend_from_slice(&step.to_le_bytes());
        }
        out.extend_from_slice(&place.checksum.to_le_bytes());
        before = *place;
    }
    out.resize(PAGE_BYTES - 4, 0);
    let checksum = crc32fast::hash(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

/// The places of a page; none when it is damaged.
pub(super) fn places(page: &[u8]) -> Option<Vec<Place>> {
    let (mut rest, mut checksum) = page.split_at_checked(PAGE_BYTES - 4)?;
    if u32::from_le_bytes(codec::take(&mut checksum)?) != crc32fast::hash(rest) {
        return None;
    }
    let from = &mut rest;
    let mut place = Place {
        accesses: codec::take_u64(from)?,
        explanations: codec::take_u64(from)?,
        withheld: codec::take_u64(from)?,
        checksum: 0,
    };
    let mut out = Vec::with_capacity(PLACES);
    for _ in 0..PLACES {
        let mut step = || codec::take(from).map(u32::from_le_bytes);
        let [accesses, explanations, withheld] = [step()?, step()?, step()?];
        place.accesses = place.accesses.checked_add(u64::from(accesses))?;
        place.explanations = place.explanations.checked_add(u64::from(explanations))?;
        place.withheld = place.withheld.checked_add(u64::from(withheld))?;
        place.checksum = step()?;
        out.push(place);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_a_damaged_page_is_refused() {
        let mut all = Vec::new();
        for number in 0..PLACES as u64 {
            all.push(Place {
                accesses: (1 << 40) + number * 4_000,
                explanations: 22 + number * 900,
                withheld: 9 + number / 7,
                checksum: 0xdead_beef ^ u32::try_from(number).unwrap(),
            });
        }
        let bytes = page(&all).unwrap();
        assert_eq!(bytes.len(), PAGE_BYTES);
        assert_eq!(places(&bytes).unwrap(), all);
        for damaged in [0, 23, 24, 100, PAGE_BYTES - 1] {
            let mut bytes = bytes.clone();
            bytes[damaged] ^= 1;
            assert_eq!(places(&bytes), None, "{damaged}");
        }
        assert_eq!(places(&bytes[..PAGE_BYTES - 1]), None);
        assert_eq!(places(&page(&all[..3]).unwrap()).unwrap()[..3], all[..3]);
    }

    #[test]
    fn rows_count_from_one() {
        assert_eq!([1, 32, 33, 64, 65].map(Place::of_row), [0, 0, 1, 1, 2]);
    }
}
