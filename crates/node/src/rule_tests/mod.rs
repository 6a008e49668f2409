//! Tests of rules: folders with logs, and what a rule must say about each of them.
//!
//! In: a directory of rule folders (`rule.yml` with `hit*` and `miss*` beside it) or of SigmaHQ's regression folders (`info.yml` with logs), and a detector
//! with the rules loaded. Out: a verdict per case. Each log goes through [`crate::scan::scan`], alone, exactly as a user's would.

mod folders;
mod run;

pub use folders::{Case, Expect, Plan, Suite, TooLarge, find};
pub use run::{Tested, Verdict, run};
