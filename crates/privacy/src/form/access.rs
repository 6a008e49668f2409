//! One access to a record: who opened what, when and from where.

use std::io::Read;

use super::sheet::{Cells, Layout, RowFault, Sheet, SheetFault};
use super::{Moment, Table};
use crate::names::{NONE, Names};

/// What was done to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Action {
    /// It was looked at.
    Read,
    /// Something was added.
    Create,
    /// Something was changed.
    Update,
    /// Something was removed.
    Delete,
    /// Somebody was looked for.
    Search,
    /// It was printed.
    Print,
    /// It left as a file, a report or a transfer.
    Export,
    /// It was given to somebody outside.
    Disclose,
}

impl Action {
    const ALL: [(&'static str, Self); 8] = [
        ("read", Self::Read),
        ("create", Self::Create),
        ("update", Self::Update),
        ("delete", Self::Delete),
        ("search", Self::Search),
        ("print", Self::Print),
        ("export", Self::Export),
        ("disclose", Self::Disclose),
    ];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, action)| *action)
    }

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, action)| *action == self).map_or("", |(name, _)| name)
    }

    /// Whether it leaves something in the record, as those do who care for a patient.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }

    /// Whether the record leaves the system.
    pub(crate) const fn takes_out(self) -> bool {
        matches!(self, Self::Print | Self::Export | Self::Disclose)
    }

    const fn of(number: u8) -> Self {
        match number {
            1 => Self::Create,
            2 => Self::Update,
            3 => Self::Delete,
            4 => Self::Search,
            5 => Self::Print,
            6 => Self::Export,
            7 => Self::Disclose,
            _ => Self::Read,
        }
    }
}

/// How an access ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The record was shown.
    Success,
    /// It was refused.
    Denied,
}

/// An access as it is walked: texts are numbers of the review's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its row in the file, from 1.
    pub row: u32,
    /// When.
    pub time: Moment,
    pub(crate) user: u32,
    pub(crate) patient: u32,
    pub(crate) object: u32,
    pub(crate) section: u32,
    pub(crate) workstation: u32,
    pub(crate) ip: u32,
    pub(crate) application: u32,
    pub(crate) location: u32,
    pub(crate) purpose: u32,
    /// Its number in the source's own log, if the source counts; 0 otherwise.
    pub(crate) sequence: u32,
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
    pub(crate) break_glass: bool,
}

impl Access {
    /// Bytes of an access that is kept outside memory.
    pub const BYTES: usize = 60;

    /// The patient's number in the review that read it; none where the row names no patient.
    pub fn patient_number(&self) -> Option<u32> {
        (self.patient != NONE).then_some(self.patient)
    }

    /// As bytes, to be kept outside memory while the review lasts.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let numbers = [
            self.row,
            self.user,
            self.patient,
            self.object,
            self.section,
            self.workstation,
            self.ip,
            self.application,
            self.location,
            self.purpose,
            self.sequence,
        ];
        let offset = self.time.offset_minutes.to_le_bytes();
        let flags = [self.action as u8, u8::from(self.break_glass) << 1 | self.outcome as u8];
        let (at, rest) = out.split_at_mut(8);
        at.copy_from_slice(&self.time.at.to_le_bytes());
        for (to, number) in rest.chunks_exact_mut(4).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        for (to, from) in rest.iter_mut().skip(4 * numbers.len()).zip(offset.into_iter().chain(flags)) {
            *to = from;
        }
        out
    }

    /// The access of [`Access::to_bytes`].
    pub fn of_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut rest: &[u8] = bytes;
        let at = i64::from_le_bytes(taken(&mut rest));
        let mut number = || u32::from_le_bytes(taken(&mut rest));
        let (row, user, patient, object) = (number(), number(), number(), number());
        let (section, workstation, ip, application) = (number(), number(), number(), number());
        let (location, purpose, sequence) = (number(), number(), number());
        let offset_minutes = i16::from_le_bytes(taken(&mut rest));
        let [action, flags] = taken(&mut rest);
        Self {
            row,
            time: Moment { at, offset_minutes },
            user,
            patient,
            object,
            section,
            workstation,
            ip,
            application,
            location,
            purpose,
            sequence,
            action: Action::of(action),
            outcome: if flags & 1 == 1 { Outcome::Denied } else { Outcome::Success },
            break_glass: flags & 2 == 2,
        }
    }
}

fn taken<const N: usize>(from: &mut &[u8]) -> [u8; N] {
    let Some((first, rest)) = from.split_first_chunk() else { return [0; N] };
    *from = rest;
    *first
}

/// Reads the file of accesses, row by row, and keeps the texts of their cells.
pub struct AccessReader<R> {
    sheet: Sheet<R>,
}

impl<R> std::fmt::Debug for AccessReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessReader").finish_non_exhaustive()
    }
}

impl<R: Read> AccessReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When a column is missing or the bytes do not come.
    pub fn open(from: R) -> Result<Self, SheetFault> {
        Ok(Self { sheet: Sheet::open(Table::Accesses, from)? })
    }

    /// Where the next row begins, in bytes of the file as it lies there; line ends may stand before it.
    pub const fn next_at(&self) -> u64 {
        self.sheet.next_at()
    }

    /// The bytes of all cells of the row that was read last, decoded and without quotes.
    pub fn row_bytes(&self) -> &[u8] {
        self.sheet.bytes()
    }

    /// What has to be known to read rows from the middle of the file.
    pub fn layout(&self) -> AccessLayout {
        AccessLayout(self.sheet.layout().clone())
    }

    /// Goes on in the middle of a file, behind row `row_before`.
    pub(crate) fn resumed(layout: &AccessLayout, from: R, row_before: u32) -> Self {
        Self { sheet: Sheet::resumed(&layout.0, from, row_before) }
    }

    /// Goes on to the next row without looking at it; its number, none at the end.
    pub(crate) fn step(&mut self) -> Result<Option<u32>, SheetFault> {
        self.sheet.step()
    }

    /// The row that was read last, as an access.
    pub(crate) fn access(&self, row: u32, names: &mut AccessNames<'_>) -> Result<Access, &'static str> {
        access(row, &self.sheet.cells(), names)
    }

    /// The next row: an access, or what is wrong with it. None at the end.
    ///
    /// # Errors
    /// When the bytes do not come.
    pub(crate) fn next(&mut self, names: &mut AccessNames<'_>) -> Result<Option<Result<Access, RowFault>>, SheetFault> {
        let Some((row, cells)) = self.sheet.next()? else { return Ok(None) };
        Ok(Some(access(row, &cells, names).map_err(|reason| RowFault {
            file: Table::Accesses.file(),
            row,
            reason: cells.fault(reason),
            left_out: true,
        })))
    }
}

/// How the rows of a file of accesses are written: what divides them, in which letters, which column is where.
#[derive(Clone, Debug)]
pub struct AccessLayout(Layout);

impl AccessLayout {
    /// Whether the bytes are other letters than those of the cells.
    pub(crate) const fn is_decoded(&self) -> bool {
        self.0.encoding.is_some()
    }
}

/// Where the texts of accesses are kept.
pub(crate) struct AccessNames<'a> {
    pub users: &'a mut Names,
    pub patients: &'a mut Names,
    pub texts: &'a mut Names,
}

/// Whether the object of an access is more than the id of a document, of which there are too many to keep.
fn tells_something(action: Action, object: &str) -> bool {
    action != Action::Read || ["$", "_count", "C-MOVE", "name:"].iter().any(|word| object.contains(word))
}

fn access(row: u32, cells: &Cells<'_>, names: &mut AccessNames<'_>) -> Result<Access, &'static str> {
    if !cells.is_whole() {
        return Err("the row has another number of cells than the first line");
    }
    let time = Moment::parse(&cells.text(0))?;
    let user = names.users.number(&cells.text(1));
    if user == NONE {
        return Err("the row names no user");
    }
    let action = Action::parse(&cells.text(2))
        .ok_or("the action is none of read, create, update, delete, search, print, export, disclose")?;
    let patient = names.patients.number(&cells.text(3));
    if patient == NONE && !(action == Action::Search || action.takes_out()) {
        return Err("the row names no patient");
    }
    let outcome = match cells.text(13).as_ref() {
        "" | "success" => Outcome::Success,
        "denied" => Outcome::Denied,
        _ => return Err("the outcome is neither success nor denied"),
    };
    let break_glass = match cells.text(12).as_ref() {
        "" | "0" => false,
        "1" => true,
        _ => return Err("break_glass is neither 0 nor 1"),
    };
    let duration = cells.text(14);
    if !duration.is_empty() && duration.parse::<u64>().is_err() {
        return Err("duration_ms is no number of milliseconds");
    }
    let object = cells.text(4);
    let object = if tells_something(action, &object) { names.texts.number(&object) } else { NONE };
    let mut text = |column| names.texts.number(&cells.text(column));
    Ok(Access {
        row,
        time,
        user,
        patient,
        object,
        section: text(5),
        workstation: text(6),
        ip: text(7),
        application: text(8),
        location: text(9),
        purpose: text(11),
        sequence: cells.text(15).parse().unwrap_or(0),
        action,
        outcome,
        break_glass,
    })
}
