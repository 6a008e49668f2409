//! Sequences: what usually follows what. Symbols in their order come in; how surprising each is, and the whole, comes out.
//!
//! A sequence is what a process asks of its system, what a user does in the record, what a device says. One model per role: what is usual for a nurse is not for a
//! pump. [`Ppm`] knows transitions, [`Modes`] how often each symbol occurs, [`Role`] brings both onto one scale.

mod modes;
mod ppm;
mod role;
mod strings;
mod tail;

pub use modes::{Modes, ModesConfig};
pub use ppm::{Cursor, ORDER_MAX, Ppm, PpmConfig, Surprise, Symbol};
pub use role::{Role, SequenceScore};

#[cfg(test)]
mod tests;
