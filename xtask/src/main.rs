//! Chores of the workspace.

mod lakeside;
mod tidy;

use std::io::stdout;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((chore, rest)) if chore == "lakeside" => {
            lakeside::run(&lakeside::Options::parse(rest)?, &mut stdout().lock())
        }
        Some((chore, [])) if chore == "tidy" => tidy::run(&mut stdout().lock()),
        _ => bail!("usage: {} or {}", lakeside::USAGE, tidy::USAGE),
    }
}
