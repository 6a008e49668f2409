//! Templates: reasons that the hospital's own data suggest, and that a person approves one by one.
//!
//! A template is a path: people of a role, department or unit open records of patients who stay somewhere, have an order, an appointment or a message, or are treated by
//! somebody, within some days (explanation templates: Fabbri and LeFevre, PVLDB 2011). Candidates are mined from the accesses without a reason and measured against chance;
//! an approved one explains accesses as a reason of its own. One that nobody approved explains nothing.

mod approved;
mod mine;
mod path;
mod sample;
#[cfg(test)]
mod tests;
mod told;

pub(crate) use approved::{Approved, explain};
pub(crate) use mine::mine;
pub(crate) use sample::Sample;

use serde::Serialize;

use crate::form::Proof;
use path::{Subject, Tie};

/// Windows that are tried, in days.
const WINDOWS: [u32; 6] = [1, 3, 7, 14, 30, 90];
/// The longest window, in days.
const WINDOW_DAYS_MAX: u32 = 90;

/// What was mined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mined {
    /// Templates, those first that explain most accesses without a reason.
    pub templates: Vec<Template>,
    /// Accesses to records.
    pub accesses: u64,
    /// How many of them were looked at: all up to two million, beyond that every second, fourth, eighth ... by a fixed function of the row.
    pub looked_at: u64,
    /// How many of those looked at have no reason.
    pub no_reason: u64,
    /// Paths between people and patients that were counted.
    pub candidates: u64,
    /// Times that a further path was met when there was no room for it any more.
    pub left_out: u64,
}

/// A template as it is proposed, with what speaks for it. Shares are of the accesses looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Template {
    /// What it is, readable, and the same in every review: `role=pharmacist & order.department=oncology @3d`. It is approved by this.
    pub id: String,
    /// What it says, for a person.
    pub text: String,
    /// The window. Days.
    pub window_days: u32,
    /// Share of accesses to records that it explains, 0 to 1.
    pub support: f64,
    /// Share of accesses without a reason that it explains, 0 to 1.
    pub support_no_reason: f64,
    /// Share of accesses that it would explain if each had been to another patient of the day, 0 to 1.
    pub control: f64,
    /// The same among accesses without a reason.
    pub control_no_reason: f64,
    /// How many times as often as by chance it explains an access; one more hit by chance is assumed than was counted.
    pub lift: f64,
    /// The same among accesses without a reason.
    pub lift_no_reason: f64,
    /// Accesses without a reason that it explains, of those looked at.
    pub explains: u64,
    /// People whose accesses without a reason it explains.
    pub users: u32,
    /// Some of the accesses that it explains.
    pub examples: Vec<Proof>,
}

/// A template as it is compared: who, tied to the patient by what, within how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    subject: Subject,
    tie: Tie,
    window_days: u32,
}
