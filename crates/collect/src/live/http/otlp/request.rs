//! `ExportLogsServiceRequest`: resources, in them scopes, in them log records. The lists are walked where they stand; only one log record at a time is built, so
//! that a body of many empty messages does not grow in memory.

use prost::Message;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::message::{LogRecord, Resource, Scope};
use super::record::{Surroundings, write_record};
use crate::live::http::members::{Members, elements};

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// Why something of a request is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A log record that cannot be read.
    Malformed,
    /// A log record that is longer than a record may be.
    TooLong,
}

/// The body is no request: nothing of it can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRequest;

/// Takes what a request holds.
pub trait Records {
    /// One log record as a record in JSON, or why it is none. `false` ends the walk.
    fn record(&mut self, record: Result<&[u8], Rejected>) -> bool;
}

impl Export {
    /// Walks over the log records of a body.
    ///
    /// # Errors
    /// The body is no request. What was given before is then not to be kept.
    pub fn read(self, body: &[u8], record_bytes_max: usize, records: &mut dyn Records) -> Result<(), NoRequest> {
        if self == Self::Json {
            serde_json::from_slice::<IgnoredAny>(body).map_err(|_| NoRequest)?;
        }
        let mut walk = Walk { export: self, record_bytes_max, records, out: Vec::new() };
        walk.request(body).map(|_| ())
    }

    /// The messages in field `number` (in JSON `name`) of a message, in order.
    fn all<'m>(
        self,
        message: &'m [u8],
        number: u32,
        name: &str,
    ) -> Box<dyn Iterator<Item = Result<&'m [u8], NoRequest>> + 'm> {
        match self {
            Self::Protobuf => Box::new(Fields { rest: message, number }),
            Self::Json => match Members::value(message, name) {
                None | Some(b"null") => Box::new(std::iter::empty()),
                Some(array) if array.first() == Some(&b'[') => Box::new(elements(array).map(Ok)),
                Some(_) => Box::new(std::iter::once(Err(NoRequest))),
            },
        }
    }

    /// The one message in a field; its default when it is not there.
    fn one<M: Message + Default + DeserializeOwned>(
        self,
        message: &[u8],
        number: u32,
        name: &str,
    ) -> Result<M, NoRequest> {
        let written = match self {
            Self::Protobuf => Fields { rest: message, number }.last().transpose()?,
            Self::Json => Members::value(message, name).filter(|value| *value != b"null"),
        };
        written.map_or(Ok(M::default()), |written| self.message(written))
    }

    fn message<M: Message + Default + DeserializeOwned>(self, written: &[u8]) -> Result<M, NoRequest> {
        match self {
            Self::Protobuf => M::decode(written).map_err(|_| NoRequest),
            Self::Json => serde_json::from_slice(written).map_err(|_| NoRequest),
        }
    }
}

struct Walk<'r> {
    export: Export,
    record_bytes_max: usize,
    records: &'r mut dyn Records,
    out: Vec<u8>,
}

impl Walk<'_> {
    /// `false`: the taker ended the walk.
    fn request(&mut self, body: &[u8]) -> Result<bool, NoRequest> {
        for resource_logs in self.export.all(body, 1, "resourceLogs") {
            if !self.resource(resource_logs?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn resource(&mut self, resource_logs: &[u8]) -> Result<bool, NoRequest> {
        let resource: Resource = self.export.one(resource_logs, 1, "resource")?;
        for scope_logs in self.export.all(resource_logs, 2, "scopeLogs") {
            let scope_logs = scope_logs?;
            let scope: Scope = self.export.one(scope_logs, 1, "scope")?;
            if !self.scope(scope_logs, &Surroundings::of(&resource, &scope))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn log_record(&self, written: &[u8]) -> Result<LogRecord, Rejected> {
        if written.len() > self.record_bytes_max {
            return Err(Rejected::TooLong);
        }
        self.export.message(written).map_err(|_| Rejected::Malformed)
    }

    fn scope(&mut self, scope_logs: &[u8], surroundings: &Surroundings) -> Result<bool, NoRequest> {
        for log_record in self.export.all(scope_logs, 2, "logRecords") {
            let log_record = log_record?;
            let record = self.log_record(log_record);
            self.out.clear();
            let written = record.map(|record| write_record(&mut self.out, record, surroundings));
            let written = match written {
                Ok(()) if self.out.len() > self.record_bytes_max => Err(Rejected::TooLong),
                Ok(()) => Ok(self.out.as_slice()),
                Err(why) => Err(why),
            };
            if !self.records.record(written) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The length-delimited fields of one number in a protobuf message; others are passed over.
struct Fields<'m> {
    rest: &'m [u8],
    number: u32,
}

impl<'m> Iterator for Fields<'m> {
    type Item = Result<&'m [u8], NoRequest>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let Some((number, bytes, behind)) = field(self.rest) else {
                self.rest = &[];
                return Some(Err(NoRequest));
            };
            self.rest = behind;
            if let Some(bytes) = bytes.filter(|_| number == self.number) {
                return Some(Ok(bytes));
            }
        }
        None
    }
}

/// A field of a message: its number, and its bytes when it is length-delimited; then what follows it.
type Field<'m> = (u32, Option<&'m [u8]>, &'m [u8]);

/// A field's number, its bytes when it is length-delimited, and what follows (protocol buffers, "Encoding").
fn field(message: &[u8]) -> Option<Field<'_>> {
    let (tag, rest) = varint(message)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0)?;
    let skip = |length: usize| rest.get(length..).map(|behind| (number, None, behind));
    match tag & 7 {
        0 => varint(rest).map(|(_, behind)| (number, None, behind)),
        1 => skip(8),
        2 => {
            let (length, rest) = varint(rest)?;
            let (bytes, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((number, Some(bytes), behind))
        }
        5 => skip(4),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F).checked_shl(u32::try_from(place).ok()? * 7)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}
