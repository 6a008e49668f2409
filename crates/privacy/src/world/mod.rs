//! The context of a review: who works here, who is treated here, and what they have to do with each other.
//!
//! Tables are read once and laid out by patient and by user, so that an access is explained by a few looks into short lists.

mod build;
mod grouped;
mod merged;
mod rows;

pub(crate) use grouped::Grouped;
pub(crate) use rows::{
    Booking, By, Care, Contact, Declared, DeclaredKind, Employee, Encounter, Fact, FactKind, Flags, Identity, Medicine,
    OPEN, Patient, Referral, Shift, Stay,
};

pub use build::{Context, Ids};

use crate::names::{NONE, Names};
use crate::settings::Settings;

/// Everything that is known beside the accesses.
#[derive(Debug)]
pub(crate) struct World {
    pub settings: Settings,
    pub users: Names,
    pub patient_ids: Names,
    /// All other texts.
    pub texts: Names,
    /// By number of the user; none for users of whom the staff table knows nothing.
    pub employees: Vec<Option<Employee>>,
    /// By number of the patient.
    pub patients: Vec<Option<Patient>>,
    pub contacts: Grouped<Contact>,
    pub shifts: Grouped<Shift>,
    /// By number of the patient, in order of their start.
    pub stays: Grouped<Stay>,
    /// By number of the encounter.
    pub encounters: Vec<Encounter>,
    /// Encounters by number of the patient.
    pub encounters_of: Grouped<u32>,
    /// Users who take part, by number of the encounter.
    pub participants: Grouped<Care>,
    /// By number of the patient, sorted by user.
    pub care: Grouped<Care>,
    pub referrals: Grouped<Referral>,
    pub medicines: Grouped<Medicine>,
    pub bookings: Grouped<Booking>,
    /// By number of the patient, in order of time.
    pub facts: Grouped<Fact>,
    pub declared: Vec<Declared>,
    /// Templates that a person approved.
    pub approved: crate::template::Approved,
    /// What each user's work is, by number of the user.
    pub duties: Vec<Duty>,
    /// Patients who work here, and as which user.
    pub staff_patients: rustc_hash::FxHashMap<u32, u32>,
    /// First and last time of the accesses; set when they have been read.
    pub span: (i64, i64),
    /// Stretches in which a feed said too little; set when the accesses have been read.
    pub silences: Vec<crate::feed::Silence>,
    /// Numbers of folded texts: pools are compared folded.
    pub folded: Vec<u32>,
    /// Start times of the rows of each feed, for its health.
    pub feeds: crate::feed::Intake,
}

/// What follows from role and department of a user.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Duty {
    /// Works on records after discharge: coding, billing, records.
    pub records: bool,
    /// Verifies medicines.
    pub pharmacy: bool,
    /// Is shared by everybody: treats together with nobody in particular.
    pub shared: bool,
}

impl World {
    /// The employee behind a user.
    pub(crate) fn employee(&self, user: u32) -> Option<&Employee> {
        self.employees.get(user as usize).and_then(Option::as_ref)
    }

    /// The patient behind a number.
    pub(crate) fn patient(&self, patient: u32) -> Option<&Patient> {
        self.patients.get(patient as usize).and_then(Option::as_ref)
    }

    /// What a user's work is.
    pub(crate) fn duty(&self, user: u32) -> Duty {
        self.duties.get(user as usize).copied().unwrap_or_default()
    }

    /// The user, if any, who is this patient: by number of the person, or by name and date of birth.
    pub(crate) fn employee_of_patient(&self, patient: u32) -> Option<(u32, &Employee)> {
        let user = self.staff_patients.get(&patient)?;
        Some((*user, self.employee(*user)?))
    }

    /// Whether a declared downtime or mass-casualty event goes on, or its entry afterwards: hours and places say nothing then.
    pub(crate) fn is_upheaval(&self, at: i64) -> bool {
        let after = i64::from(self.settings.back_entry_hours) * crate::form::HOUR;
        let mut declared = self.declared.iter().filter(|declared| declared.kind != DeclaredKind::WardMove);
        declared.any(|declared| declared.start <= at && at <= declared.end.saturating_add(after))
    }

    /// Department of a user, folded; [`NONE`] when unknown.
    pub(crate) fn department(&self, user: u32) -> u32 {
        self.employee(user).map_or(NONE, |employee| self.fold_of(employee.department))
    }

    /// Role of a user, folded; [`NONE`] when unknown.
    pub(crate) fn role(&self, user: u32) -> u32 {
        self.employee(user).map_or(NONE, |employee| self.fold_of(employee.role))
    }

    /// The number of a text as it is compared.
    pub(crate) fn fold_of(&self, text: u32) -> u32 {
        self.folded.get(text as usize).copied().unwrap_or(text)
    }

    /// The text of a number; "unknown" for none.
    pub(crate) fn text(&self, text: u32) -> &str {
        if text == NONE { "unknown" } else { self.texts.text(text) }
    }

    /// Whether a user is on shift at a time, the margin before and after it included; the shift.
    pub(crate) fn shift_at(&self, user: u32, at: i64) -> Option<&Shift> {
        let margin = i64::from(self.settings.shift_margin_minutes) * crate::form::MINUTE;
        self.shifts
            .of_number(user)
            .iter()
            .find(|shift| shift.start - margin <= at && at <= shift.end.saturating_add(margin))
    }

    /// The name by which somebody is called in a sentence.
    pub(crate) fn name_of(&self, user: u32) -> &str {
        self.users.text(user)
    }
}
