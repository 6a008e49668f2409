//! Where the findings of a state say that their evidence stands, in the order of the log.

use std::collections::BTreeMap;

use crate::state::{State, StateError};

/// Most places that are held at a time, 16 bytes each; those of later findings are counted and not looked up.
const PLACES_MAX: usize = 8 << 20;

/// Everything that findings cite.
#[derive(Debug, Default)]
pub(super) struct Citations {
    /// Place in the log and number of its source, in order, each once.
    pub(super) places: Vec<(u64, u32)>,
    /// Sources by number.
    pub(super) sources: Vec<String>,
    /// Findings that were read.
    pub(super) findings: u64,
    /// Places beyond the bound.
    pub(super) beyond: u64,
}

/// Reads all findings.
pub(super) async fn gather(state: &State) -> Result<Citations, StateError> {
    let (mut citations, mut numbers) = (Citations::default(), BTreeMap::new());
    let mut after = 0;
    while let Some((last, places)) = state.cited_places(after).await? {
        let mut finding = None;
        for place in places {
            citations.findings += u64::from(finding.replace(place.seq) != Some(place.seq));
            if citations.places.len() >= PLACES_MAX {
                citations.beyond += 1;
                continue;
            }
            let next = u32::try_from(citations.sources.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(place.source).or_insert_with_key(|source: &String| {
                citations.sources.push(source.clone());
                next
            });
            citations.places.push((place.position, number));
        }
        after = last;
    }
    citations.places.sort_unstable();
    citations.places.dedup();
    Ok(citations)
}
