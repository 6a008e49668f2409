//! Snapshots: stopped, written, read and continued is never stopped.

use std::sync::Arc;

use proptest::prelude::*;

use super::agreement::{correlations, events};
use super::{correlation, correlator, observe, resolve};
use crate::ast::{CorrelationKind, Operator};
use crate::correlate::{Correlator, Limits, Plan, SnapshotError};

fn limits(tight: bool, lateness_us: i64) -> Limits {
    let live = Limits { lateness_us, ..Limits::LIVE };
    if tight { Limits { groups_max: 3, window_events_max: 4, bytes_max: 3_000, ..live } } else { live }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_restored_correlator_says_what_one_that_never_stopped_says(
        first in correlations(0), second in correlations(1), events in events(),
        cuts in proptest::collection::vec(0_usize..60, 1..4), tight in any::<bool>(), lateness in 0_i64..8,
    ) {
        let correlations = [first, second];
        let plan = Arc::new(Plan::new(&correlations, &resolve).0);
        let limits = limits(tight, lateness);
        let (mut steady, mut stopped) = (Correlator::new(Arc::clone(&plan), limits), Correlator::new(Arc::clone(&plan), limits));
        let (mut expect, mut actual) = (Vec::new(), Vec::new());
        for (number, event) in events.iter().enumerate() {
            if cuts.contains(&number) {
                let bytes = stopped.snapshot();
                prop_assert_eq!(&bytes, &steady.snapshot());
                stopped = Correlator::restore(Arc::clone(&plan), limits, &bytes).unwrap();
                prop_assert_eq!(&bytes, &stopped.snapshot());
                prop_assert_eq!(stopped.size(), steady.size());
            }
            observe(&mut steady, number, event, &mut expect);
            observe(&mut stopped, number, event, &mut actual);
        }
        steady.finish(&mut expect);
        stopped.finish(&mut actual);
        prop_assert_eq!(stopped.counters(), steady.counters());
        prop_assert_eq!(actual, expect);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_read_but_never_panics(
        first in correlations(0), events in events(), place in 0_usize..4_000, byte in any::<u8>(),
    ) {
        let plan = Arc::new(Plan::new(&[first], &resolve).0);
        let mut correlator = Correlator::new(Arc::clone(&plan), limits(true, 3));
        let mut fired = Vec::new();
        events.iter().enumerate().for_each(|(number, event)| observe(&mut correlator, number, event, &mut fired));
        let mut bytes = correlator.snapshot();
        let cut = place % bytes.len();
        prop_assert!(Correlator::restore(Arc::clone(&plan), limits(true, 3), &bytes[..cut]).is_err());
        bytes[cut] = byte;
        if let Ok(mut damaged) = Correlator::restore(plan, limits(true, 3), &bytes) {
            damaged.finish(&mut fired);
        }
    }
}

#[test]
fn a_snapshot_of_another_kind_version_plan_or_limit_is_refused_by_name() {
    let counted = correlation(CorrelationKind::EventCount, &["r0"], &[(Operator::Gte, 2.0)]);
    let mut other = counted.clone();
    other.timespan_us = 11;
    let bytes = correlator(std::slice::from_ref(&counted), Limits::LIVE).snapshot();
    let plan = |of| Arc::new(Plan::new(&[of], &resolve).0);
    let check = |plan, limits, bytes: &[u8], error| {
        assert_eq!(Correlator::restore(plan, limits, bytes).map(|_| ()), Err(error));
    };
    check(plan(counted.clone()), Limits::LIVE, b"else", SnapshotError::NotASnapshot);
    check(
        plan(counted.clone()),
        Limits::LIVE,
        &[&b"CCOR"[..], &[9, 0, 0, 0, 0, 0, 0, 0]].concat(),
        SnapshotError::Version(9),
    );
    check(plan(other), Limits::LIVE, &bytes, SnapshotError::OtherPlan);
    check(plan(counted.clone()), Limits::SORTED, &bytes, SnapshotError::OtherPlan);
    check(plan(counted), Limits::LIVE, &[&bytes[..], &[0]].concat(), SnapshotError::Damaged);
}
