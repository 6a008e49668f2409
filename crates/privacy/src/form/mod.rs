//! The file contract: which tables there are, what their columns mean, and how a row of text becomes a row of values.
//!
//! Columns are found by name, in any order; further columns are left alone. An empty cell means unknown. A bad row is told with its number and reason, and the rest
//! is used. Rows count from 1 at the first data row, in every file, message and proof. The contract in full: `docs/specs/access-review.md`.

mod access;
mod fold;
mod moment;
mod sheet;
mod text;

pub(crate) use access::AccessNames;
pub use access::{Access, AccessLayout, AccessReader, Action, Outcome};
pub(crate) use fold::{digits, fold, house, street};
pub use moment::Moment;
pub(crate) use moment::{DAY, HOUR, MINUTE, days_before};
pub(crate) use sheet::{Cells, Sheet};
pub use sheet::{RowFault, SheetFault};

use crate::names::NONE;

/// A table of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// Who opened what: one row per access.
    Accesses = 0,
    /// People who work here.
    Staff = 1,
    /// Who was on duty when, and in which unit.
    Shifts = 2,
    /// People who are treated here.
    Patients = 3,
    /// Next of kin, guarantors and related persons of patients.
    Contacts = 4,
    /// Stays and visits; several rows with one id are the units that a patient was in.
    Encounters = 5,
    /// Who took part in an encounter.
    Participants = 6,
    /// Appointments.
    Appointments = 7,
    /// Orders and their results.
    Orders = 8,
    /// Messages and referrals to people and pools.
    Messages = 9,
    /// Declared events: downtime, mass casualty, ward move. Not every site has them.
    Declared = 10,
}

impl Table {
    /// Every table with context, in the order in which they are read: people first.
    pub const CONTEXT: [Self; 10] = [
        Self::Staff,
        Self::Patients,
        Self::Contacts,
        Self::Shifts,
        Self::Encounters,
        Self::Participants,
        Self::Appointments,
        Self::Orders,
        Self::Messages,
        Self::Declared,
    ];

    /// The name of its file.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Accesses => "accesses.csv",
            Self::Staff => "staff.csv",
            Self::Shifts => "shifts.csv",
            Self::Patients => "patients.csv",
            Self::Contacts => "contacts.csv",
            Self::Encounters => "encounters.csv",
            Self::Participants => "participants.csv",
            Self::Appointments => "appointments.csv",
            Self::Orders => "orders.csv",
            Self::Messages => "messages.csv",
            Self::Declared => "declared.csv",
        }
    }

    /// Its columns in the order of the contract; those before [`Table::needed`] must be there.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Accesses => &[
                "time",
                "user",
                "action",
                "patient",
                "object",
                "section",
                "workstation",
                "ip",
                "application",
                "location",
                "encounter",
                "purpose",
                "break_glass",
                "outcome",
                "duration_ms",
                "sequence",
            ],
            Self::Staff => &[
                "user",
                "person_id",
                "surname",
                "given",
                "birth_date",
                "street",
                "house_number",
                "postcode",
                "city",
                "phone",
                "role",
                "department",
                "unit",
                "manager",
                "employed_from",
                "employed_to",
            ],
            Self::Shifts => &["user", "start", "end", "unit"],
            Self::Patients => &[
                "patient",
                "person_id",
                "surname",
                "given",
                "birth_date",
                "death_time",
                "street",
                "house_number",
                "postcode",
                "city",
                "phone",
                "flags",
            ],
            Self::Contacts => &["patient", "relation", "surname", "given", "phone", "birth_date"],
            Self::Encounters => &["encounter", "patient", "start", "end", "kind", "department", "unit"],
            Self::Participants => &["encounter", "user", "role", "start", "end"],
            Self::Appointments => &["patient", "start", "appointment", "user", "department", "end", "status"],
            Self::Orders => {
                &["patient", "time", "order", "encounter", "ordered_by", "performed_by", "department", "kind"]
            }
            Self::Messages => &["time", "patient", "from_user", "to_user", "to_pool"],
            Self::Declared => &["kind", "start", "end", "unit", "to_unit", "note"],
        }
    }

    /// How many of [`Table::columns`] a file must have.
    pub const fn needed(self) -> usize {
        match self {
            Self::Staff | Self::Patients => 1,
            Self::Contacts | Self::Participants | Self::Appointments | Self::Orders | Self::Messages => 2,
            Self::Accesses | Self::Encounters | Self::Declared => 3,
            Self::Shifts => 4,
        }
    }
}

/// A row of a table, which proves something: `file.csv:row`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof(u32);

impl Proof {
    const ROW_BITS: u32 = 28;
    /// Most rows that a table may have so that each can be a proof: 268,435,454.
    pub const ROWS_MAX: u32 = (1 << Self::ROW_BITS) - 2;
    /// No row.
    pub(crate) const NONE: Self = Self(NONE);

    /// The row of a table. A row beyond [`Proof::ROWS_MAX`] is no proof.
    pub(crate) fn new(table: Table, row: u32) -> Self {
        if row > Self::ROWS_MAX { Self::NONE } else { Self((table as u32) << Self::ROW_BITS | row) }
    }

    /// As a number, to be kept.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The number of [`Proof::bits`].
    pub(crate) const fn of_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The row, from 1.
    pub const fn row(self) -> u32 {
        self.0 & ((1 << Self::ROW_BITS) - 1)
    }

    fn file(self) -> Option<&'static str> {
        let number = self.0 >> Self::ROW_BITS;
        let tables = [Table::Accesses].into_iter().chain(Table::CONTEXT);
        tables.into_iter().find(|table| *table as u32 == number && self != Self::NONE).map(Table::file)
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.file() {
            Some(file) => write!(f, "{file}:{}", self.row()),
            None => Ok(()),
        }
    }
}

impl serde::Serialize for Proof {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
