//! Who opened one record, as the last review of accesses tells it: plain values of this room.

use cordon_model::{EventId, Time};
use cordon_store::state::ReviewSilence;

/// All accesses to the record of one person, with accounts by their names: whoever shows them asks the scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenedRecord {
    /// The site.
    pub site: String,
    /// When the review ran that says so.
    pub ran: Time,
    /// It looked at accesses from this time on.
    pub from: Time,
    /// It looked at accesses before this time.
    pub until: Time,
    /// All pseudonyms of the person.
    pub patients: Vec<String>,
    /// In order of time.
    pub accesses: Vec<Opening>,
    /// Earlier accesses of the period that were left out for want of room.
    pub left_out: u64,
    /// Stretches in which a feed was silent, of the whole review.
    pub silences: Vec<ReviewSilence>,
    /// Disclosures of 45 CFR 164.528 among the accesses.
    pub disclosures: Vec<RecordDisclosure>,
}

/// What a review says of an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judged {
    /// A reason was found.
    Explained,
    /// It cannot be judged yet.
    Withheld,
    /// No reason was found in the data.
    #[default]
    Unexplained,
}

/// One access to a record. Texts are empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The event that tells of it.
    pub event: Option<EventId>,
    /// When.
    pub time: Time,
    /// The account.
    pub user: String,
    /// Its role, of the staff list.
    pub role: String,
    /// Its department, likewise.
    pub department: String,
    /// What was done: read, create, update, delete, search, print, export, disclose.
    pub action: String,
    /// The part of the record.
    pub section: String,
    /// Who received what was taken out.
    pub recipient: String,
    /// What for, as a code; words of a person stay in the record of the event.
    pub purpose: String,
    /// Workstation.
    pub workstation: String,
    /// Network address.
    pub address: String,
    /// Program.
    pub application: String,
    /// Place.
    pub location: String,
    /// Source of the event.
    pub source: String,
    /// Whether break-glass was used.
    pub break_glass: bool,
    /// Whether it was refused.
    pub is_denied: bool,
    /// What the review says of it.
    pub judged: Judged,
    /// Ids of the reasons: `E1`.
    pub explanation: Vec<String>,
    /// The reasons in words, or why there is none.
    pub words: String,
    /// What proves the reasons: `event:ID`, `file.csv:row`.
    pub proof: Vec<String>,
    /// Whether the account is of the privacy office.
    pub is_office: bool,
}

/// Disclosures to one recipient of the same for the same purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordDisclosure {
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// How many.
    pub count: u32,
    /// Who received it.
    pub recipient: String,
    /// What.
    pub what: String,
    /// What for.
    pub purpose: String,
    /// The events that tell of them.
    pub events: Vec<EventId>,
}
