//! What a review brings: a new Incident, the newest evidence of one, its withdrawal and its return.

use cordon_model::{Custody, Digest, Incident, IncidentState, NewIncident, Time};
use cordon_seal::PartsDigest;

use crate::custody::{Done, append};
use crate::{Doer, Refused};

/// A new Incident, with the first entry of its custody.
///
/// # Errors
/// None today: what can be refused of a deed is refused by the same type.
pub fn open(found: NewIncident, at: Time) -> Result<Incident, Refused> {
    let done = found_as("found", &found);
    let mut incident = Incident {
        found,
        state: IncidentState::New,
        owner: None,
        verdict: None,
        verdict_reason: None,
        decided: None,
        decided_by: None,
        teaches: true,
        breach_known: None,
        withdrawn_reason: None,
        assessment: None,
        tasks: Vec::new(),
        comments: Vec::new(),
        requests: Vec::new(),
        custody: Vec::new(),
        changed: at,
        revision: 1,
    };
    append(&mut incident, Doer::Node, at, done)?;
    Ok(incident)
}

/// Digest of the evidence of a case: its user, scenarios, sentences, counter-evidence and accesses. The score is no part of it: it moves with every review.
#[must_use]
pub fn evidence_digest(found: &NewIncident) -> Digest {
    let mut parts = PartsDigest::default();
    parts.part(found.user.as_bytes());
    for scenario in &found.scenarios {
        parts.part(scenario.as_bytes());
    }
    for (kind, told) in [(&b"for"[..], &found.sentences), (&b"against"[..], &found.counter_evidence)] {
        for sentence in told {
            parts.part(kind);
            parts.part(sentence.text.as_bytes());
            sentence.proof.iter().for_each(|proof| parts.part(proof.as_bytes()));
        }
    }
    for access in &found.accesses {
        parts.part(&access.event_id.0);
        parts.part(&access.time.0.to_be_bytes());
        for text in [&access.patient_ref, &access.action, &access.explanation] {
            parts.part(text.as_bytes());
        }
    }
    parts.finish()
}

/// A case that is decided keeps the evidence on which it was decided. One that was withdrawn comes back as new.
pub(crate) fn renew(incident: &mut Incident, found: NewIncident, at: Time) -> Result<Vec<Custody>, Refused> {
    if found.id != incident.found.id || found.user != incident.found.user {
        return Err(Refused::Other);
    }
    let is_withdrawn = incident.state == IncidentState::Withdrawn;
    if !is_withdrawn && !is_before_decided(incident.state) {
        return Ok(Vec::new());
    }
    let before = evidence_digest(&incident.found);
    let opened = incident.found.opened;
    incident.found = NewIncident { opened, ..found };
    let done = found_as(if is_withdrawn { "returned" } else { "renewed" }, &incident.found);
    if !is_withdrawn && done.content == before {
        return Ok(Vec::new());
    }
    if is_withdrawn {
        incident.state = IncidentState::New;
        incident.withdrawn_reason = None;
    }
    Ok(vec![append(incident, Doer::Node, at, done)?])
}

/// What is decided stays decided: a person says so, not a review.
pub(crate) fn withdraw(incident: &mut Incident, reason: String, at: Time) -> Result<Vec<Custody>, Refused> {
    if incident.state == IncidentState::Withdrawn {
        return Ok(Vec::new());
    }
    if !is_before_decided(incident.state) {
        return Err(Refused::State { deed: "withdrawn", state: incident.state });
    }
    let done = Done::of_text("withdrawn", format!("was {}", incident.state.name()), &reason);
    incident.state = IncidentState::Withdrawn;
    incident.withdrawn_reason = Some(reason);
    Ok(vec![append(incident, Doer::Node, at, done)?])
}

/// Whether nobody has given a verdict yet.
pub(crate) const fn is_before_decided(state: IncidentState) -> bool {
    matches!(state, IncidentState::New | IncidentState::Triage | IncidentState::Asked | IncidentState::Answered)
}

fn found_as(deed: &'static str, found: &NewIncident) -> Done {
    let (accesses, patients) = (found.accesses.len(), found.patients.len());
    let words = format!("{accesses} accesses to {patients} records; {}", found.scenarios.join(" "));
    Done { content: evidence_digest(found), ..Done::new(deed, words) }
}
