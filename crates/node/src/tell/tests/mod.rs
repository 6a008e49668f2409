//! Tests of notification: planning with virtual time, what messages hold, real receivers with an outage in the middle.

mod canary;
mod memory;
mod planning;
mod receivers;
mod running;
mod words;

use cordon_model::{FindingId, Level, Time};
use cordon_seal::SiteKey;

use super::{Namer, Notice, Shown};
use crate::config::{Config, Layers, Topic};

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

fn config(text: &str) -> Config {
    Config::load(&Layers { file: Some(("cordon.toml", text)), ..Layers::default() })
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn at(text: &str) -> Time {
    Time::from_rfc3339(text).unwrap()
}

fn namer() -> Namer {
    Namer::new(SiteKey::new([7; 32]))
}

/// A finding of a rule about a host, received at `received`.
fn notice(seq: i64, rule: &str, level: Level, host: &str, received: Time) -> Notice {
    Notice {
        seq,
        id: FindingId([u8::try_from(seq.rem_euclid(251)).unwrap(); 16]),
        rule_id: rule.to_owned(),
        title: format!("Title of {rule}"),
        level,
        topic: Topic::Security,
        entity: Shown { kind: "host".to_owned(), name: host.to_owned() },
        machine: Some(Shown { kind: "host".to_owned(), name: host.to_owned() }),
        patient_ref: None,
        site: "main".to_owned(),
        received,
        group: format!("group-{host}"),
    }
}
