//! What bounds the correlator's state, and what it counts when a bound or a missing field takes something away.

use cordon_stats::HashKey;

/// Bounds of one correlator. Together with the plan they decide every result, so a restored correlator must be given the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How far a match may lie behind the latest time seen and still be taken, in microseconds. With 0 the input must be sorted by time. With
    /// `i64::MAX` only [`super::Correlator::advance`] moves the watermark.
    pub lateness_us: i64,
    /// Most groups over all correlations; beyond, the oldest is given up.
    pub groups_max: usize,
    /// Most events that one sliding window keeps one by one; beyond, it goes over to panes and its values become approximate.
    pub window_events_max: usize,
    /// Most bytes of group state over all correlations, counted by content (the heap can take up to about twice that); beyond, the oldest
    /// groups are given up. The one that just took an event is kept, so this can be passed by the size of one group.
    pub bytes_max: usize,
    /// Most bytes of matches that wait for earlier ones; beyond, the earliest are processed at once.
    pub pending_bytes_max: usize,
    /// Key under which values are hashed for distinct counts: the site's own, so that no sender can craft values that collide.
    pub hash_key: HashKey,
}

impl Limits {
    /// For a live node: five minutes of lateness.
    pub const LIVE: Self = Self {
        lateness_us: 5 * 60 * 1_000_000,
        groups_max: 100_000,
        window_events_max: 16_384,
        bytes_max: 64 << 20,
        pending_bytes_max: 16 << 20,
        hash_key: [0, 0],
    };

    /// For sorted input: no lateness.
    pub const SORTED: Self = Self { lateness_us: 0, ..Self::LIVE };
}

/// What was left out, given up or made approximate, by name. All count up from the start of the correlator and survive a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Matches taken in.
    pub matches: u64,
    /// Matches refused because they came later than the allowed lateness.
    pub late: u64,
    /// Matches that had to be processed before their lateness was over, because too many bytes waited.
    pub released_early: u64,
    /// Times an event took no part in a correlation because a `group-by` field was missing.
    pub group_field_missing: u64,
    /// Times an event took no part because the field to aggregate was missing.
    pub value_field_missing: u64,
    /// Times an event took no part because the field to aggregate was not a number.
    pub value_not_a_number: u64,
    /// Groups given up because of `groups_max` or `bytes_max`.
    pub groups_evicted: u64,
    /// Sliding windows that went over to panes because of `window_events_max`.
    pub windows_sketched: u64,
    /// Results of correlations that did not reach those above, because one match raised more than [`Counters::CHAIN_RESULTS_MAX`].
    pub chain_results_dropped: u64,
    /// Results.
    pub fired: u64,
}

impl Counters {
    /// Most results that one match or one closing window hands up a chain.
    pub const CHAIN_RESULTS_MAX: usize = 1_024;

    /// The counters with their names, for summaries, metrics and snapshots.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 10] {
        [
            ("matches", self.matches),
            ("late", self.late),
            ("released_early", self.released_early),
            ("group_field_missing", self.group_field_missing),
            ("value_field_missing", self.value_field_missing),
            ("value_not_a_number", self.value_not_a_number),
            ("groups_evicted", self.groups_evicted),
            ("windows_sketched", self.windows_sketched),
            ("chain_results_dropped", self.chain_results_dropped),
            ("fired", self.fired),
        ]
    }

    /// What the counter of a name counts, in the operator's words; empty for a name that is none.
    #[must_use]
    pub fn meaning(name: &str) -> &'static str {
        match name {
            "matches" => "matches that correlations took in",
            "late" => "matches came later than the allowed lateness and were refused",
            "released_early" => "matches were processed before their lateness was over, because too many waited",
            "group_field_missing" => "times an event took no part in a correlation, for it lacks a `group-by` field",
            "value_field_missing" => {
                "times an event took no part in a correlation, for it lacks the field to aggregate"
            }
            "value_not_a_number" => {
                "times an event took no part in a correlation, for the field to aggregate is no number"
            }
            "groups_evicted" => "groups of a correlation were given up, because there were too many",
            "windows_sketched" => "windows held too many events and were counted in coarser steps",
            "chain_results_dropped" => {
                "results did not reach the correlations above them, because one match raised too many"
            }
            "fired" => "results of correlations",
            _ => "",
        }
    }

    /// The counters from their numbers, in the order of [`Counters::named`].
    pub(super) fn from_numbers(numbers: [u64; 10]) -> Self {
        let [
            matches,
            late,
            released_early,
            group_field_missing,
            value_field_missing,
            value_not_a_number,
            groups_evicted,
            windows_sketched,
            chain_results_dropped,
            fired,
        ] = numbers;
        Self {
            matches,
            late,
            released_early,
            group_field_missing,
            value_field_missing,
            value_not_a_number,
            groups_evicted,
            windows_sketched,
            chain_results_dropped,
            fired,
        }
    }
}
