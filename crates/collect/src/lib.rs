//! Files, directories, archives and standard input as streams of bytes: the first stage of the main street.
//!
//! In come the PATHs of the command line, out come [`Source`]s in a fixed order (PATHs as given, directories sorted by name, members of zip archives
//! sorted by name, those of tar archives as they stand), each with its id and a reader that streams; a file is never held as a whole. Compressed and
//! archived inputs are recognised by their first bytes and expanded within [`Limits`]. UTF-16 with a byte order mark comes out as UTF-8. What cannot be
//! read becomes an [`InputFault`] and the walk goes on.
//! The room knows nothing of log formats: what the bytes mean is for `decode`. Names out of archives are shown, never used as paths.

pub mod anomaly;
mod archive;
mod expand;
mod fault;
mod labels;
pub mod live;
mod source;
mod sources;
mod tar_archive;
mod utf16;
mod walk;
mod zip_archive;

pub use expand::Limits;
pub use fault::{InputFault, Loss};
pub use source::{Meter, Source, SourceInfo};
pub use sources::{Found, Sources, path_exists};
