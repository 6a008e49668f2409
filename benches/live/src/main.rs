//! Stream S and what is measured with it (`docs/measurements/live.md`). Nothing of the outside samples is kept: the stream is made at run time from the material
//! that lies beside the project, with fresh times, numbers, ids and hosts.
//!
//! ```text
//! live windows --out FILE                             the Windows records of the samples as they are
//! live sample --out DIR --events N                    S as files, one for each kind, with counts and the mean
//! live http   --to ADDR --seconds N --connections C   posts S to a node and says what was acknowledged, and its own processor time
//! live mllp   --to ADDR --seconds N                   HL7 messages on one connection, each sent when the last was acknowledged
//! live syslog --to ADDR --events N                    syslog lines over TCP as fast as they are taken
//! live run    --cordon PATH ..                        starts a node, sends, and prints the figures
//! live endure --cordon PATH --seconds N ..            starts a node, sends, and prints its memory all the while
//! ```
//!
//! All take `--data DIR` (the outside material) and `--lakeside DIR` (a rendered Lakeside), and `--calm FILE` ([`material::kinds`]).

mod client;
mod endure;
mod fresh;
mod lines;
mod load;
mod material;
mod node;
mod options;
mod proc;
mod run;
mod stream;
mod template;

use anyhow::{Result, bail};

use crate::options::Options;

fn main() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    match options.command.as_str() {
        "windows" => stream::windows(&options),
        "sample" => stream::sample(&options),
        "http" => load::http(&options).map(|report| println!("{report}")),
        "mllp" => lines::mllp_command(&options),
        "syslog" => lines::syslog_command(&options),
        "run" => run::run(&options),
        "endure" => endure::endure(&options),
        other => bail!("no command {other}: windows, sample, http, mllp, syslog, run or endure"),
    }
}
