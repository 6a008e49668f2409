//! Care sorted so that it can be asked: who lies where, who has what to do, what has ended.

use super::care::{Care, Kind, Setting, Stay, Task};
use crate::clock::{DAY, Time};
use crate::table::Ranges;

/// Care sorted so that it can be asked.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Stays sorted by patient and start.
    by_patient: Vec<Stay>,
    patients: Ranges,
    /// Stays sorted by unit and start.
    by_unit: Vec<Stay>,
    units: Ranges,
    /// Tasks sorted by user and begin.
    tasks: Vec<Task>,
    users: Ranges,
    /// Encounters by their end, ambulatory ones left out.
    pub(crate) ended: Vec<(Time, u32)>,
}

/// The longest stay or task that is looked back for.
const LONGEST: i64 = 70 * DAY;

impl Index {
    pub(crate) fn new(care: &Care, set: Setting<'_>) -> Self {
        let mut by_patient = care.stays.clone();
        by_patient.sort_by_key(|stay| (stay.patient, stay.start, stay.encounter));
        let mut by_unit = care.stays.clone();
        by_unit.sort_by_key(|stay| (stay.unit, stay.start, stay.encounter));
        let mut tasks = care.tasks.clone();
        tasks.sort_by_key(|task| (task.user, task.from, task.patient, task.encounter));
        let mut ended: Vec<(Time, u32)> = care
            .encounters
            .numbered()
            .filter(|(_, row)| row.kind != Kind::Outpatient || row.start % 4 == 0)
            .map(|(n, row)| (row.end, n))
            .collect();
        ended.sort_unstable();
        Self {
            patients: Ranges::new(set.people.patients.len(), by_patient.iter().map(|stay| stay.patient)),
            by_patient,
            units: Ranges::new(set.hospital.units.len(), by_unit.iter().map(|stay| stay.unit)),
            by_unit,
            users: Ranges::new(set.people.staff.len(), tasks.iter().map(|task| task.user)),
            tasks,
            ended,
        }
    }

    /// Stays of a patient in order of time.
    pub(crate) fn stays(&self, patient: u32) -> &[Stay] {
        self.patients.of(&self.by_patient, patient)
    }

    /// Where a patient is at a time.
    pub(crate) fn place(&self, patient: u32, time: Time) -> Option<&Stay> {
        self.stays(patient).iter().rev().find(|stay| stay.start <= time && time < stay.end)
    }

    /// Stays in a unit that overlap a span.
    pub(crate) fn census(&self, unit: u32, (from, to): (Time, Time)) -> impl Iterator<Item = &Stay> {
        let stays = self.units.of(&self.by_unit, unit);
        let first = stays.partition_point(|stay| stay.start < from - LONGEST);
        let last = stays.partition_point(|stay| stay.start < to);
        stays.get(first..last).unwrap_or(&[]).iter().filter(move |stay| stay.end > from)
    }

    /// Tasks of a user that overlap a span.
    pub(crate) fn tasks(&self, user: u32, (from, to): (Time, Time)) -> impl Iterator<Item = &Task> {
        let tasks = self.users.of(&self.tasks, user);
        let first = tasks.partition_point(|task| task.from < from - LONGEST);
        let last = tasks.partition_point(|task| task.from < to);
        tasks.get(first..last).unwrap_or(&[]).iter().filter(move |task| task.to > from)
    }
}
