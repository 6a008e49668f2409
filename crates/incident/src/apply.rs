//! One deed at a time: whether it may be done now and by this doer, and what it changes.

use cordon_model::{Custody, Incident, IncidentState, Time};

use crate::custody::{Done, append};
use crate::evidence::{is_before_decided, renew, withdraw};
use crate::{Deed, Doer, Refused, requests, work};

/// Does something to an Incident. Gives what custody has of it: nothing when nothing changed that anybody has to know of.
///
/// # Errors
/// Why it may not be done; the Incident is then as it was.
pub fn apply(incident: &mut Incident, deed: Deed, by: Doer<'_>, at: Time) -> Result<Vec<Custody>, Refused> {
    check_doer(incident, &deed, by)?;
    check_state(incident.state, &deed)?;
    let mut after = incident.clone();
    let custody = match deed {
        Deed::Renew(found) => renew(&mut after, *found, at)?,
        Deed::Withdraw { reason } => withdraw(&mut after, reason, at)?,
        other => {
            let done = done_by_person(&mut after, other, by, at)?;
            vec![append(&mut after, by, at, done)?]
        }
    };
    if !custody.is_empty() {
        after.changed = at;
        after.revision = after.revision.saturating_add(1);
    }
    *incident = after;
    Ok(custody)
}

fn done_by_person(incident: &mut Incident, deed: Deed, by: Doer<'_>, at: Time) -> Result<Done, Refused> {
    match deed {
        Deed::Move(IncidentState::Triage) => Ok(work::take_up(incident)),
        Deed::Move(IncidentState::Closed) => Ok(work::close(incident)),
        Deed::Move(_) => Err(Refused::NotByHand),
        Deed::Own(owner) => work::own(incident, owner),
        Deed::Comment(text) => work::comment(incident, by, at, text),
        Deed::AddTask { title, due } => work::add_task(incident, by, title, due),
        Deed::MarkTask { number, done } => work::mark_task(incident, by, number, done),
        Deed::Propose { to, text } => requests::propose(incident, by, to, text),
        Deed::Approve { number } => requests::approve(incident, by, number),
        Deed::Refuse { number } => requests::refuse(incident, number),
        Deed::Send { number } => requests::send(incident, number),
        Deed::Reply { number, text, is_correction } => requests::reply(incident, by, at, number, (text, is_correction)),
        Deed::Assess(given) => work::assess(incident, by, at, given),
        Deed::Decide { verdict, reason } => work::decide(incident, by, at, (verdict, reason)),
        Deed::Teach(teaches) => Ok(work::teach(incident, teaches)),
        Deed::Renew(_) | Deed::Withdraw { .. } => Err(Refused::NotTheirs),
    }
}

/// Reviews bring and take evidence; people do everything else, and nobody works on a case about themselves.
fn check_doer(incident: &Incident, deed: &Deed, by: Doer<'_>) -> Result<(), Refused> {
    let is_of_node = matches!(deed, Deed::Renew(_) | Deed::Withdraw { .. });
    match by {
        Doer::Node if is_of_node => Ok(()),
        Doer::Person(name) if !is_of_node && account(name) == account(&incident.found.user) => {
            Err(Refused::AboutYourself)
        }
        Doer::Person(_) if !is_of_node => Ok(()),
        Doer::Node | Doer::Person(_) => Err(Refused::NotTheirs),
    }
}

/// An account without its domain, in small letters.
fn account(name: &str) -> String {
    let bare = name.rsplit('\\').next().unwrap_or(name);
    bare.split('@').next().unwrap_or(bare).trim().to_lowercase()
}

/// Which state allows what: the table of `docs/specs/incidents.md`.
fn check_state(state: IncidentState, deed: &Deed) -> Result<(), Refused> {
    use IncidentState::{Answered, Asked, Closed, Decided, New, Triage, Withdrawn};
    let is_open = !matches!(state, Closed | Withdrawn);
    let is_looked_at = matches!(state, Triage | Asked | Answered);
    let (is_allowed, words) = match deed {
        Deed::Comment(_) | Deed::Renew(_) => (true, "said anything about"),
        Deed::Move(Triage) => (matches!(state, New | Asked | Answered | Decided), "taken up"),
        Deed::Move(Closed) => (state == Decided, "closed: it needs a verdict first"),
        Deed::Move(_) => return Err(Refused::NotByHand),
        Deed::Own(_) => (is_open, "given to somebody"),
        Deed::AddTask { .. } | Deed::MarkTask { .. } => (is_open, "given tasks"),
        Deed::Propose { .. } | Deed::Approve { .. } | Deed::Refuse { .. } | Deed::Send { .. } => {
            (is_looked_at, "asked about: take it up first")
        }
        Deed::Reply { .. } => (state != New, "replied to"),
        Deed::Assess(_) => (is_looked_at, "assessed: take it up first"),
        Deed::Decide { .. } => (is_looked_at, "decided: take it up first"),
        Deed::Teach(_) => (matches!(state, Decided | Closed), "learnt from: it has no verdict"),
        Deed::Withdraw { .. } => (is_before_decided(state) || state == Withdrawn, "withdrawn"),
    };
    if is_allowed { Ok(()) } else { Err(Refused::State { deed: words, state }) }
}
