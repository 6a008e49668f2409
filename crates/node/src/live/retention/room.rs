//! How the disk is, for health, metrics and intake: what the last look found.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cordon_api::{DiskStanding, Family, Kind, Part, PartState, Sample};

use super::stock::class_name;
use crate::config::DataClass;

/// Days before the budget is full from which on it is told.
const FILLS_DAYS: u64 = 7;

/// What the last look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Bytes that may be taken.
    pub budget: u64,
    /// Bytes that are taken.
    pub bytes: u64,
    /// Bytes of event tables by class of data.
    pub by_class: BTreeMap<DataClass, u64>,
    /// Bytes of evidence.
    pub evidence: u64,
    /// Bytes of what the node itself needs: state, keys, windows.
    pub other: u64,
    /// Bytes that minimum ages, holds or findings keep, as far as it was looked at.
    pub protected: u64,
    /// Age of the oldest day of which anything is left, in days.
    pub days_kept: u64,
    /// Full days until the budget is full at the pace of the last week; `None` when not known.
    pub days_left: Option<u64>,
    /// Bytes by which the budget is missed although nothing more may leave.
    pub short: u64,
    /// Whether the oldest leave for lack of room: the budget was full before.
    pub is_turning: bool,
    /// Bytes free on the file system.
    pub free: u64,
    /// Free bytes below which senders have to wait.
    pub reserve: u64,
    /// Legal holds whose review is due.
    pub holds_overdue: u64,
    /// Why the last look or removal failed; empty when it did not.
    pub fault: String,
}

impl Standing {
    /// Whether the budget will be full soon for the first time.
    pub(super) fn fills(&self) -> bool {
        !self.is_turning && self.short == 0 && self.days_left.is_some_and(|days| days < FILLS_DAYS)
    }

    /// Bytes kept by what they are: classes of data that have any, evidence, and what the node itself needs.
    fn kept(&self) -> Vec<(&'static str, u64)> {
        let classes = self.by_class.iter().map(|(class, bytes)| (class_name(*class), *bytes));
        classes.chain([("evidence", self.evidence), ("node", self.other)]).collect()
    }
}

/// What is known of the disk. Shared by retention, which looks, and by those who ask.
#[derive(Debug, Default)]
pub struct Room {
    is_at_reserve: AtomicBool,
    /// Events that retention removed since the start.
    pub(super) removed_events: AtomicU64,
    /// Bytes that it made free.
    pub(super) removed_bytes: AtomicU64,
    standing: Mutex<Standing>,
}

impl Room {
    /// What the last look found.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, standing: Standing) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// Notes the free bytes; senders have to wait below the reserve, and until there is half as much again.
    pub fn note_free(&self, free: u64, reserve: u64) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        (standing.free, standing.reserve) = (free, reserve);
        let was = self.is_at_reserve();
        let is = free < if was { with_distance(reserve) } else { reserve };
        self.is_at_reserve.store(is, Ordering::Relaxed);
        match (was, is) {
            (false, true) => tracing::error!(
                free,
                reserve,
                "the disk is at its reserve: senders that can wait do, the rest is counted"
            ),
            (true, false) => tracing::info!(free, "there is room on the disk again"),
            _ => {}
        }
    }

    /// Whether the file system has no room but its reserve: nothing more is taken in.
    #[must_use]
    pub fn is_at_reserve(&self) -> bool {
        self.is_at_reserve.load(Ordering::Relaxed)
    }

    /// The part `disk` of the node's health.
    pub(in crate::live) fn health(&self) -> Part {
        let standing = self.standing();
        let (state, detail) = self.words(&standing);
        Part { name: "disk", state, detail }
    }

    fn words(&self, standing: &Standing) -> (PartState, String) {
        let size = |bytes: u64| crate::doctor::size(bytes);
        if self.is_at_reserve() {
            let free = size(standing.free);
            return (
                PartState::Failed,
                format!("{free} free: senders that can wait do, the rest is counted; make room"),
            );
        }
        if standing.free < with_distance(standing.reserve) {
            let (free, reserve) = (size(standing.free), size(standing.reserve));
            let told = format!("{free} free: below {reserve} senders have to wait; make room");
            return (PartState::Degraded, told);
        }
        if standing.short > 0 {
            let short = size(standing.short);
            let told = format!("{short} above the budget, and only what minimum ages, holds and findings keep is left");
            return (PartState::Degraded, told);
        }
        if !standing.fault.is_empty() {
            return (PartState::Degraded, format!("what is old cannot be removed: {}", standing.fault));
        }
        if standing.fills() {
            let days = standing.days_left.unwrap_or_default();
            return (PartState::Degraded, format!("the budget is full in {days} days; then the oldest leave"));
        }
        if standing.holds_overdue > 0 {
            return (PartState::Degraded, format!("{} legal holds are to be looked at again", standing.holds_overdue));
        }
        let turning = format!("the budget is full and the oldest leave: {} days are kept", standing.days_kept);
        (PartState::Ok, if standing.is_turning { turning } else { String::new() })
    }

    /// What the API tells of the disk; `None` before the first look.
    pub(in crate::live) fn told(&self) -> Option<DiskStanding> {
        let standing = self.standing();
        (standing.budget > 0).then(|| DiskStanding {
            budget: standing.budget,
            kept: standing.kept(),
            protected: standing.protected,
            days_kept: standing.days_kept,
            days_left: standing.days_left,
            is_turning: standing.is_turning,
            free: standing.free,
            reserve: standing.reserve,
            removed: self.removed_bytes.load(Ordering::Relaxed),
        })
    }

    /// What retention counts.
    pub(in crate::live) fn metrics(&self) -> Vec<Family> {
        let standing = self.standing();
        let gauge = |name, help, value: u64| Family::one(name, help, Kind::Gauge, number(value));
        let counter = |name, help, count: &AtomicU64| {
            Family::one(name, help, Kind::Counter, number(count.load(Ordering::Relaxed)))
        };
        let sample =
            |(class, bytes): (&str, u64)| Sample { labels: vec![("class", class.to_owned())], value: number(bytes) };
        let mut families = vec![
            Family {
                name: "cordon_kept_bytes",
                help: "Bytes kept: event tables by class of data, evidence, and what the node itself needs.",
                kind: Kind::Gauge,
                samples: standing.kept().into_iter().map(sample).collect(),
            },
            gauge("cordon_budget_bytes", "Bytes that may be taken.", standing.budget),
            gauge("cordon_protected_bytes", "Bytes that minimum ages, holds or findings keep.", standing.protected),
            gauge("cordon_kept_days", "Age of the oldest day of which anything is left.", standing.days_kept),
            gauge("cordon_disk_free_bytes", "Bytes free on the file system of the data folder.", standing.free),
            gauge("cordon_disk_reserve_bytes", "Free bytes below which senders have to wait.", standing.reserve),
            counter("cordon_removed_events_total", "Events that retention removed.", &self.removed_events),
            counter("cordon_removed_bytes_total", "Bytes that retention made free.", &self.removed_bytes),
        ];
        families.extend(standing.days_left.map(|days| {
            gauge("cordon_budget_days_left", "Days until the budget is full at the pace of the last week.", days)
        }));
        families
    }
}

/// Free bytes from which on there is room again. Retention makes way for twice the reserve: less than this is more than it could do.
const fn with_distance(reserve: u64) -> u64 {
    reserve + reserve / 2
}

#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 may lose its last digit")]
const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_says_how_the_disk_is_the_worst_first() {
        let room = Room::default();
        let check = |standing: &Standing, expect: (PartState, &str)| {
            room.set(standing.clone());
            let part = room.health();
            assert_eq!((part.name, part.state, part.detail.as_str()), ("disk", expect.0, expect.1));
        };
        let mut standing = Standing { budget: 1 << 30, days_left: Some(20), days_kept: 12, ..Standing::default() };
        check(&standing, (PartState::Ok, ""));
        standing.holds_overdue = 2;
        check(&standing, (PartState::Degraded, "2 legal holds are to be looked at again"));
        standing.days_left = Some(3);
        check(&standing, (PartState::Degraded, "the budget is full in 3 days; then the oldest leave"));
        standing.fault = "the disk".to_owned();
        check(&standing, (PartState::Degraded, "what is old cannot be removed: the disk"));
        standing.short = 3 << 20;
        let short = "3 MiB above the budget, and only what minimum ages, holds and findings keep is left";
        check(&standing, (PartState::Degraded, short));
        let turning = Standing { is_turning: true, days_left: Some(0), days_kept: 12, ..Standing::default() };
        check(&turning, (PartState::Ok, "the budget is full and the oldest leave: 12 days are kept"));
        room.note_free((3 << 29) - 1, 1 << 30);
        let little = "1535 MiB free: below 1024 MiB senders have to wait; make room";
        assert_eq!((room.health().state, room.health().detail.as_str()), (PartState::Degraded, little));
        room.note_free(5 << 20, 1 << 30);
        assert_eq!(room.health().detail, "5 MiB free: senders that can wait do, the rest is counted; make room");
        assert_eq!(room.health().state, PartState::Failed);
    }

    #[test]
    fn nothing_is_told_of_the_disk_before_it_was_looked_at() {
        let room = Room::default();
        room.note_free(5 << 30, 1 << 30);
        assert_eq!(room.told(), None);
        let by_class = BTreeMap::from([(DataClass::Health, 70)]);
        room.set(Standing {
            budget: 1_000,
            evidence: 20,
            other: 5,
            by_class,
            days_left: Some(9),
            ..Standing::default()
        });
        let told = room.told().unwrap();
        assert_eq!(told.kept, [("health", 70), ("evidence", 20), ("node", 5)]);
        assert_eq!((told.budget, told.days_left, told.is_turning), (1_000, Some(9), false));
    }

    #[test]
    fn the_reserve_is_left_once_half_as_much_again_is_free() {
        let room = Room::default();
        let steps = [(100, false), (99, true), (149, true), (150, false), (101, false), (0, true)];
        for (free, expect) in steps {
            room.note_free(free, 100);
            assert_eq!(room.is_at_reserve(), expect, "{free}");
        }
    }
}
