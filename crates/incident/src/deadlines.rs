//! Clocks: what the law asks for after a breach, when something is next due, and which cases are deleted.
//!
//! Both clocks err on the early side. Clocks of other laws, holidays and drafts of notices are not known here.

use cordon_model::{Incident, IncidentState, IncidentVerdict, Time};

const HOUR_US: i64 = 3_600 * 1_000_000;
/// GDPR Art. 33(1): 72 hours, elapsed, after having become aware.
const GDPR_HOURS: i64 = 72;
/// 45 CFR 164.404(b): 60 calendar days after discovery.
const HIPAA_DAYS: i64 = 60;

/// Something that the law asks for until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// What, with its source.
    pub name: &'static str,
    /// Until when.
    pub due: Time,
}

/// What a breach obliges to; nothing without the verdict `breach`.
///
/// GDPR counts from the first verdict `breach`, as the moment of "a reasonable degree of certainty" (EDPB guidelines 9/2022). HIPAA counts from the day on which a breach
/// would have been known with reasonable diligence: here from the moment at which the case was found, to the hour and not to the end of the day.
#[must_use]
pub fn deadlines(incident: &Incident) -> Vec<Deadline> {
    let Some(known) = incident.breach_known.filter(|_| incident.verdict == Some(IncidentVerdict::Breach)) else {
        return Vec::new();
    };
    let after = |start: Time, hours: i64| Time(start.0.saturating_add(hours.saturating_mul(HOUR_US)));
    vec![
        Deadline { name: "GDPR Art. 33(1): notice to the authority, 72 hours", due: after(known, GDPR_HOURS) },
        Deadline {
            name: "45 CFR 164.404: notice to the persons, 60 days",
            due: after(incident.found.opened, HIPAA_DAYS * 24),
        },
    ]
}

/// The next thing that is due: of a deadline or an open task. `None` when nothing is, and for what is closed or withdrawn.
#[must_use]
pub fn due(incident: &Incident) -> Option<Time> {
    if matches!(incident.state, IncidentState::Closed | IncidentState::Withdrawn) {
        return None;
    }
    let tasks = incident.tasks.iter().filter(|task| !task.done).filter_map(|task| task.due);
    tasks.chain(deadlines(incident).into_iter().map(|deadline| deadline.due)).min()
}

/// Whether a case is deleted that last changed before a time: one that was withdrawn, or found unfounded. All others are kept.
#[must_use]
pub fn is_deletable(state: IncidentState, verdict: Option<IncidentVerdict>, changed: Time, before: Time) -> bool {
    let is_unfounded =
        verdict == Some(IncidentVerdict::Unfounded) && matches!(state, IncidentState::Decided | IncidentState::Closed);
    (is_unfounded || state == IncidentState::Withdrawn) && changed < before
}
