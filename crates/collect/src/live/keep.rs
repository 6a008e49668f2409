//! Whether a sender waits for the log: the contract "care first" in one place, for every listener.
//!
//! A source on which care depends is answered at once and never waits, whatever disk, processor or log do; what is not kept of it is counted at the source, where
//! the node makes a finding of it. Everybody else is answered when the bytes are durable, and waits rather than loses.

use std::sync::Arc;

use cordon_model::Delivery;

use super::{Answer, DropReason, Intake, LiveSource, NotKept};

/// When a sender is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepPolicy {
    /// When what it sent is durable. It waits.
    Durable,
    /// At once, always. What is not kept is counted.
    CareFirst,
}

/// A delivery that was handed over, and what its sender still waits for.
#[derive(Debug)]
pub struct Pending(Option<Answer>);

impl KeepPolicy {
    /// The policy of a source.
    #[must_use]
    pub fn of(source: &LiveSource) -> Self {
        if source.declaration.care { Self::CareFirst } else { Self::Durable }
    }

    /// Counts a delivery as received, keeps to the source's rate limit and hands it over. A durable one waits here for its rate and for room in the queue; with
    /// care first this returns at once and what is above the rate or finds no room is dropped and counted.
    ///
    /// # Errors
    /// Why a durable delivery was not taken. Never with care first.
    pub async fn hand_over(
        self,
        intake: &Intake,
        source: &Arc<LiveSource>,
        delivery: Delivery,
    ) -> Result<Pending, NotKept> {
        count_received(source, &delivery);
        let per_second = source.declaration.events_per_second_max;
        match self {
            Self::Durable => {
                let wait = source.allowance.charge(units(&delivery), per_second);
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                Ok(Pending(Some(intake.enqueue(delivery).await?)))
            }
            Self::CareFirst => {
                offer(intake, source, delivery);
                Ok(Pending(None))
            }
        }
    }
}

impl Pending {
    /// Resolves when the sender may be told: at once with care first, else when the delivery is durable or given up.
    ///
    /// # Errors
    /// Why it was not kept.
    pub async fn kept(self) -> Result<(), NotKept> {
        match self.0 {
            None => Ok(()),
            Some(answer) => answer.await.unwrap_or(Err(NotKept::Stopping)),
        }
    }
}

/// Counts the RawRecords of a delivery as received.
pub(super) fn count_received(source: &LiveSource, delivery: &Delivery) {
    let bytes = delivery.units.iter().map(|unit| unit.end.saturating_sub(unit.start)).sum::<usize>();
    source.counts.received(units(delivery), u64::try_from(bytes).unwrap_or(u64::MAX), delivery.received);
}

/// Hands a delivery over without waiting for anything. What is above the rate, finds no room or is not kept later is counted.
fn offer(intake: &Intake, source: &Arc<LiveSource>, mut delivery: Delivery) {
    admit(source, &mut delivery);
    let records = units(&delivery);
    if records == 0 {
        return;
    }
    match intake.offer(delivery) {
        Ok(answer) => watch(Arc::clone(source), answer, records),
        Err((_, reason)) => source.counts.dropped(drop_reason(reason), records),
    }
}

/// Cuts a delivery down to what the source's rate admits and counts the rest.
pub(super) fn admit(source: &LiveSource, delivery: &mut Delivery) {
    let records = units(delivery);
    let admitted = source.allowance.admit(records, source.declaration.events_per_second_max);
    if admitted < records {
        source.counts.dropped(DropReason::RateLimit, records - admitted);
        delivery.units.truncate(usize::try_from(admitted).unwrap_or(usize::MAX));
    }
}

/// Counts a delivery that nobody waits for when it turns out not to be kept. INVARIANT: there are never more of these tasks than deliveries that the intake has
/// room for, because a delivery holds its room until it is answered.
pub(super) fn watch(source: Arc<LiveSource>, answer: Answer, records: u64) {
    tokio::spawn(async move {
        if let Err(reason) = answer.await.unwrap_or(Err(NotKept::Stopping)) {
            source.counts.dropped(drop_reason(reason), records);
        }
    });
}

/// Under which reason a delivery is counted that was not kept and whose sender is not told.
pub(super) const fn drop_reason(reason: NotKept) -> DropReason {
    match reason {
        NotKept::Full => DropReason::Overload,
        NotKept::Unwritable | NotKept::Stopping => DropReason::Unwritable,
    }
}

pub(super) fn units(delivery: &Delivery) -> u64 {
    u64::try_from(delivery.units.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use cordon_model::{Span, Time};

    use super::*;
    use crate::live::{SourceDeclaration, SourceRegistry, intake};

    fn source(care: bool, events_per_second_max: u32) -> Arc<LiveSource> {
        let declaration = SourceDeclaration {
            id: "ehr".into(),
            site: "main".into(),
            listener: "mllp".into(),
            sender: "10.0.0.1".into(),
            format: "hl7".into(),
            care,
            events_per_second_max,
            silence_seconds: 0,
        };
        SourceRegistry::new("main".into(), [declaration]).source("mllp", "10.0.0.1")
    }

    fn delivery(units: usize, unit_bytes: usize) -> Delivery {
        Delivery {
            source: "ehr".into(),
            site: "main".into(),
            received: Time(7),
            format: "hl7".into(),
            header: Vec::new(),
            bytes: vec![b'x'; units * unit_bytes],
            units: (0..units).map(|at| Span { start: at * unit_bytes, end: (at + 1) * unit_bytes }).collect(),
        }
    }

    fn drops(source: &LiveSource) -> Vec<(DropReason, u64)> {
        source.counts.drops().filter(|(_, count)| *count > 0).collect()
    }

    #[tokio::test]
    async fn a_source_of_care_is_answered_at_once_and_what_finds_no_room_is_counted() {
        let (intake, _log_that_never_answers) = intake(4 << 10);
        let source = source(true, 0);
        for _ in 0..10 {
            let pending = KeepPolicy::of(&source).hand_over(&intake, &source, delivery(1, 1 << 10)).await.unwrap();
            assert_eq!(pending.kept().await, Ok(()));
        }
        assert_eq!(source.counts.records.load(Ordering::Relaxed), 10);
        assert_eq!(drops(&source), [(DropReason::Overload, 6)]);
    }

    #[tokio::test]
    async fn what_is_taken_of_a_source_of_care_and_not_kept_later_is_counted() {
        let (intake, mut log) = intake(4 << 10);
        let source = source(true, 0);
        let pending = KeepPolicy::of(&source).hand_over(&intake, &source, delivery(3, 10)).await.unwrap();
        log.recv().await.unwrap().answer(Err(NotKept::Unwritable));
        assert_eq!(pending.kept().await, Ok(()));
        while drops(&source).is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(drops(&source), [(DropReason::Unwritable, 3)]);
    }

    #[tokio::test]
    async fn everybody_else_waits_until_it_is_durable_and_is_told_when_it_is_not() {
        let (intake, mut log) = intake(4 << 10);
        let source = source(false, 0);
        for outcome in [Ok(()), Err(NotKept::Unwritable)] {
            let pending = KeepPolicy::of(&source).hand_over(&intake, &source, delivery(1, 10)).await.unwrap();
            log.recv().await.unwrap().answer(outcome);
            assert_eq!(pending.kept().await, outcome);
        }
        assert_eq!(drops(&source), []);
    }

    #[tokio::test(start_paused = true)]
    async fn above_its_rate_a_source_of_care_loses_and_another_waits() {
        let (intake, mut log) = intake(1 << 20);
        let care = source(true, 10);
        KeepPolicy::CareFirst.hand_over(&intake, &care, delivery(25, 10)).await.unwrap();
        assert_eq!(drops(&care), [(DropReason::RateLimit, 15)]);
        assert_eq!(log.recv().await.unwrap().delivery.units.len(), 10);
        let other = source(false, 10);
        let before = tokio::time::Instant::now();
        KeepPolicy::Durable.hand_over(&intake, &other, delivery(25, 10)).await.unwrap();
        assert_eq!(before.elapsed().as_millis(), 1500);
        assert_eq!(log.recv().await.unwrap().delivery.units.len(), 25);
    }
}
