//! Sigma: parse, check, compile, match, correlate, explain. Records in, matches out; the heart of the product.
//!
//! `ast` is the language as read, `parse` reads it, `compile` lowers it to predicates and programs, `matcher` runs them, `correlate` joins matches over
//! event time; `profile` says which rules of a library a site runs. The room has no clock, no file and no thread: callers give it texts and records.

pub mod ast;
mod compile;
pub mod correlate;
mod engine;
pub mod parse;
mod profile;
mod text;

pub use engine::{
    Counters, Engine, FailedPart, Failure, Hit, Image, NotCompiled, ReadImage, Scratch, Unmet, View, Why, why,
};
pub use profile::{Applied, Because, LeftOff, Profile, ProfileError};
