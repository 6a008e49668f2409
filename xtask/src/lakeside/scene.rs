//! What every renderer works with: the model, the lines so far, and the running stream of random numbers.

use anyhow::{Context, Result};
use cordon_model::Time;

use super::clock;
use super::model::{Host, Model, Patient, Person};
use super::out::Out;
use super::random::Random;

/// The stage on which quiet routines and story steps act.
#[derive(Debug)]
pub(super) struct Scene<'m> {
    pub(super) model: &'m Model,
    pub(super) out: Out,
    pub(super) random: Random,
    /// Midnight of the day that is rendered.
    pub(super) midnight: Time,
    /// Day of the model's week of that day, 0 = Monday.
    pub(super) weekday: i64,
}

/// An account as Windows logs write it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) sid: String,
}

impl Account {
    /// `LAKESIDE\m.linnet`.
    pub(super) fn full(&self) -> String {
        format!("{}\\{}", self.domain, self.name)
    }

    /// The local system.
    pub(super) fn system() -> Self {
        Self { name: "SYSTEM".into(), domain: "NT AUTHORITY".into(), sid: "S-1-5-18".into() }
    }
}

impl<'m> Scene<'m> {
    /// An account of the domain.
    pub(super) fn account(&self, name: &str) -> Account {
        Account { name: name.into(), domain: self.model.site.netbios.clone(), sid: self.model.sid(name) }
    }

    /// A moment of the rendered day.
    pub(super) fn at(&self, time_of_day: &str) -> Result<Time> {
        Ok(Time(self.midnight.0 + clock::seconds_of_day(time_of_day)? * clock::SECOND))
    }

    /// A host by name.
    pub(super) fn host(&self, name: &str) -> Result<&'m Host> {
        self.model.host(name)
    }

    /// A dynamic port.
    pub(super) fn port(&mut self) -> u64 {
        49_152 + self.random.below(16_383)
    }

    /// The date in a strftime pattern.
    pub(super) fn date(&self, pattern: &str) -> String {
        clock::show(self.midnight, pattern)
    }

    /// One of the hosts that satisfy a condition.
    pub(super) fn any_host(&mut self, wanted: impl Fn(&Host) -> bool) -> Result<&'m Host> {
        let hosts: Vec<&'m Host> = self.model.hosts.iter().filter(|host| wanted(host)).collect();
        Ok(*self.random.pick(&hosts)?)
    }

    /// One of the people who are on shift at a moment and satisfy a condition; without one, anybody on shift.
    pub(super) fn on_shift(&mut self, at: Time, wanted: impl Fn(&Person) -> bool) -> Result<&'m Person> {
        let present: Vec<&'m Person> = self.model.staff.iter().filter(|person| is_on_shift(person, at)).collect();
        let fit: Vec<&'m Person> = present.iter().copied().filter(|person| wanted(person)).collect();
        let choice = if fit.is_empty() { &present } else { &fit };
        self.random.pick(choice).copied().context("nobody is on shift")
    }

    /// A workstation of a person's unit; any unit's for those who have none.
    pub(super) fn workstation(&mut self, person: &Person) -> Result<&'m Host> {
        let unit = person.unit.as_str();
        self.any_host(|host| host.unit.as_deref() == Some(unit))
            .or_else(|_| self.any_host(|host| host.role == "workstation"))
    }

    /// One of the patients who are in an encounter at a moment (in one unit, if stated), with the encounter's number.
    pub(super) fn present_patient(
        &mut self,
        at: Time,
        unit: Option<&str>,
    ) -> Result<(&'m Patient, &'m super::model::Encounter)> {
        let minute = self.weekday * 1440 + at.as_seconds().rem_euclid(86_400) / 60;
        let mut here = Vec::new();
        for encounter in &self.model.encounters {
            let from = encounter.admit.day * 1440 + clock::seconds_of_day(&encounter.admit.time)? / 60;
            let until = encounter.discharge.day * 1440 + clock::seconds_of_day(&encounter.discharge.time)? / 60;
            if (from..until).contains(&minute) && unit.is_none_or(|unit| encounter.unit == unit) {
                here.push(encounter);
            }
        }
        let encounter = *self.random.pick(&here)?;
        Ok((self.model.patient(&encounter.mrn)?, encounter))
    }
}

/// Whether somebody works at a moment; on-call staff count in office hours only.
pub(super) fn is_on_shift(person: &Person, at: Time) -> bool {
    let minute = at.as_seconds().rem_euclid(86_400) / 60;
    match person.shift.as_str() {
        "early" => (390..870).contains(&minute),
        "late" => (840..1320).contains(&minute),
        "night" => !(405..1290).contains(&minute),
        _ => (480..1020).contains(&minute),
    }
}
