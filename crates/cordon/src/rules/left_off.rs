//! `cordon rules list --profile`: every rule that a profile leaves off, with the reason.

use anyhow::Result;
use cordon_rules::{Applied, LeftOff};
use serde_json::{Value, json};

use super::args::{Format, ListArgs};
use crate::Exit;
use crate::profile::Chosen;
use crate::rule_sources::{Joined, RulesFrom};
use crate::terminal::{counted_of, plain};

/// Lists what the profile `name` leaves off of the rules of the command.
pub(crate) fn list(args: &ListArgs, name: &str) -> Result<Exit> {
    let chosen = Chosen::of(name)?;
    let data_dir = args.data_dir.as_deref();
    let from = RulesFrom { directories: &args.rules, data_dir, profile: Some(&chosen) };
    let Joined { library, applied, .. } = from.library()?;
    let on = library.rules.len() + library.correlations.len();
    match args.format {
        Format::Text => super::print(&text(&chosen, on, &applied))?,
        Format::Json => super::print_json(&json(&chosen, on, &applied))?,
    }
    Ok(Exit::Clean)
}

fn text(chosen: &Chosen, on: usize, applied: &Applied) -> String {
    let Applied { left_off, not_found } = applied;
    let mut text = String::new();
    for off in left_off {
        let LeftOff { id, title, level, because, reason } = off;
        let line = format!("off {id} {}: {title} ({}: {reason})", level.name(), because.name());
        text.push_str(&format!("{}\n", plain(&line)));
    }
    for id in not_found {
        text.push_str(&format!("not found {}: the profile lists it, no rule has it\n", plain(id)));
    }
    let name = plain(&chosen.profile.name).into_owned();
    let on = counted_of(on, "rule", "rules");
    text.push_str(&format!("profile {name}: {on} on, {} off\n", left_off.len()));
    text
}

fn json(chosen: &Chosen, on: usize, applied: &Applied) -> Value {
    let off = |off: &LeftOff| {
        json!({
            "id": off.id,
            "title": off.title,
            "level": off.level.name(),
            "because": off.because.name(),
            "reason": off.reason,
        })
    };
    json!({
        "schema_version": "1",
        "profile": chosen.profile.name,
        "title": chosen.profile.title,
        "about": chosen.profile.about,
        "on": on,
        "off": applied.left_off.iter().map(off).collect::<Vec<Value>>(),
        "not_found": applied.not_found,
    })
}
