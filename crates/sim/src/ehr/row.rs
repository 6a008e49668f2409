//! One access before it is written, and what is known of it as truth.

use super::chart::{Action, Section};
use super::people::NONE;
use crate::clock::Time;

/// The truth about a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Label {
    /// Explained by the files.
    #[default]
    Legit,
    /// With a reason that no file has.
    Unprovable,
    /// Ordinary, but without any reason that a file could have.
    Undocumented,
    /// Legitimate with the surface of a scenario.
    Lookalike,
    /// Part of a case.
    Case,
    /// Somebody else's row that belongs to a case.
    Accomplice,
}

impl Label {
    /// The word in labels.csv.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Legit => "legit",
            Self::Unprovable => "unprovable",
            Self::Undocumented => "none",
            Self::Lookalike => "lookalike",
            Self::Case => "case",
            Self::Accomplice => "accomplice",
        }
    }
}

/// What is true of a visit or block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) label: Label,
    /// Number of the case, or 0.
    pub(crate) case: u32,
    /// Number of the scenario, 1 to 20, or 0.
    pub(crate) scenario: u8,
}

/// Where somebody sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Seat {
    /// A workstation of the house.
    #[default]
    House,
    /// At home; the number is that of the member of staff.
    Home,
    /// In another part of the world; the number picks the place.
    Abroad,
}

/// What `object` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Object {
    /// Something in the section, of a variety.
    #[default]
    Part,
    /// The name of the patient, as typed into a search.
    Name,
    /// A retrieval of images to a destination.
    Move,
    /// The whole record.
    Whole,
    /// A list of patients.
    List,
}

/// One access.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) time: Time,
    pub(crate) user: u32,
    pub(crate) patient: u32,
    /// Whose name a search holds.
    pub(crate) subject: u32,
    pub(crate) encounter: u32,
    /// Number of the workstation, or of the place where the seat is not in the house.
    pub(crate) workstation: u32,
    pub(crate) duration_ms: u32,
    pub(crate) tag: Tag,
    pub(crate) reasons: u8,
    pub(crate) action: Action,
    pub(crate) section: Section,
    pub(crate) object: Object,
    pub(crate) variety: u8,
    pub(crate) seat: Seat,
    pub(crate) purpose: &'static str,
    pub(crate) break_glass: bool,
    pub(crate) denied: bool,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            time: 0,
            user: 0,
            patient: NONE,
            subject: NONE,
            encounter: NONE,
            workstation: 0,
            duration_ms: 0,
            tag: Tag::default(),
            reasons: 0,
            action: Action::default(),
            section: Section::default(),
            object: Object::default(),
            variety: 0,
            seat: Seat::default(),
            purpose: "",
            break_glass: false,
            denied: false,
        }
    }
}

/// How a visit is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the role usually does, reading and writing.
    #[default]
    Usual,
    /// Reading only.
    Look,
    /// Notes are changed or deleted.
    Alter,
    /// Something is printed at the end.
    Print,
    /// The record is exported at the end.
    Export,
    /// Images are sent to a destination.
    Move,
    /// The chart is refused.
    Refused,
    /// Many patients in one list are exported; the visit has no patient.
    Bulk,
}

/// One chart opened once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) patient: u32,
    pub(crate) encounter: u32,
    /// At most this many rows.
    pub(crate) rows: u32,
    pub(crate) manner: Manner,
    /// Begins with a search by name.
    pub(crate) search: bool,
    /// Goes to this section for certain.
    pub(crate) focus: Option<Section>,
    pub(crate) break_glass: bool,
    /// Seconds between rows, as a median.
    pub(crate) pace: f64,
    /// Seconds after the visit before the next.
    pub(crate) rest: f64,
    pub(crate) reasons: u8,
}

impl Default for Visit {
    fn default() -> Self {
        Self {
            patient: NONE,
            encounter: NONE,
            rows: 8,
            manner: Manner::Usual,
            search: false,
            focus: None,
            break_glass: false,
            pace: 14.0,
            rest: 40.0,
            reasons: 0,
        }
    }
}

/// Where a block is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where the person works that day.
    #[default]
    Own,
    /// At a workstation of another unit.
    Unit(u32),
    /// At a second workstation of the same unit.
    Beside,
    Home,
    Abroad(u32),
}

/// Something that a person does besides the ordinary work, as one sitting.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) user: u32,
    pub(crate) time: Time,
    pub(crate) place: Place,
    pub(crate) tag: Tag,
    pub(crate) visits: Vec<Visit>,
    /// Happens exactly then, whatever else the person does.
    pub(crate) pinned: bool,
    /// Goes through the chart as this role does.
    pub(crate) role_as: Option<super::hospital::Role>,
}
