//! The rows of the context, as values: texts are numbers, times are instants in milliseconds.

use crate::form::Proof;

/// The end of what has no end yet.
pub(crate) const OPEN: i64 = i64::MAX;

/// How and where somebody can be recognised: what staff, patients and contacts have in common. Texts are folded; [`crate::names::NONE`] is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub person: u32,
    pub surname: u32,
    pub given: u32,
    /// The date as written, folded.
    pub birth: u32,
    pub street: u32,
    /// Number of the house, without its suffix.
    pub house: Option<u32>,
    /// The whole door: number and suffix.
    pub door: u32,
    pub postcode: u32,
    pub phone: u32,
}

/// Somebody who works here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Employee {
    pub proof: Proof,
    pub identity: Identity,
    pub role: u32,
    pub department: u32,
    pub unit: u32,
    /// Number of the user who leads them.
    pub manager: u32,
    pub from: i64,
    /// [`OPEN`] while employed.
    pub until: i64,
}

/// Somebody who is treated here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patient {
    pub proof: Proof,
    pub identity: Identity,
    /// When they died, if they did.
    pub death: Option<i64>,
    pub flags: Flags,
}

/// What a patient's record is marked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub vip: bool,
    pub employee: bool,
    pub sensitive: bool,
    pub complaint: bool,
}

/// Next of kin, guarantor or related person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    pub proof: Proof,
    pub relation: u32,
    pub surname: u32,
    pub given: u32,
    pub birth: u32,
    pub phone: u32,
}

/// A time on duty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    pub proof: Proof,
    pub unit: u32,
    pub start: i64,
    pub end: i64,
}

/// A patient in one unit, as a part of an encounter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub proof: Proof,
    /// Number of the encounter among all.
    pub encounter: u32,
    pub department: u32,
    pub unit: u32,
    pub start: i64,
    pub end: i64,
    /// Whether it is the last of its encounter.
    pub last: bool,
}

/// A whole encounter: the hull of its stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encounter {
    pub proof: Proof,
    pub patient: u32,
    pub start: i64,
    pub end: i64,
}

/// Somebody has to do with a patient: by an encounter, an appointment, an order or a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Care {
    pub user: u32,
    /// From when until when, before any window is added.
    pub start: i64,
    pub end: i64,
    pub proof: Proof,
    /// A second row that belongs to it: that of the encounter.
    pub also: Proof,
    pub by: By,
}

/// What somebody has to do with a patient by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// They take part in an encounter; its number.
    Encounter(u32),
    /// They have an appointment.
    Appointment,
    /// They ordered or carried out.
    Order,
    /// A message came to them.
    Message,
}

/// Something about a patient came to a pool: a message, or an order or appointment without a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Referral {
    pub pool: u32,
    pub at: i64,
    pub proof: Proof,
}

/// An order of a medicine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Medicine {
    pub at: i64,
    pub proof: Proof,
}

/// An appointment of a patient, whoever with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booking {
    pub start: i64,
    pub proof: Proof,
}

/// Something was ordered, booked or written about a patient, whoever by: what templates are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact {
    pub kind: FactKind,
    /// Department or pool.
    pub place: u32,
    /// Kind of an order.
    pub what: u32,
    pub at: i64,
    pub proof: Proof,
}

/// Kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    Order,
    Appointment,
    Message,
}

/// Something that the site declared: it explains what would otherwise look odd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub kind: DeclaredKind,
    pub start: i64,
    pub end: i64,
    /// The unit or department concerned; unknown means all.
    pub unit: u32,
    /// Where a moved ward is now.
    pub to_unit: u32,
    pub proof: Proof,
}

/// Kinds of declared events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredKind {
    /// The record system was away; what was done meanwhile is entered afterwards.
    Downtime,
    /// Many injured at once: break-glass in the emergency department is expected.
    MassCasualty,
    /// A unit goes on under another name.
    WardMove,
}
