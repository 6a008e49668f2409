//! The ordinary work: owner, comments, tasks, assessment, verdict.

use cordon_model::{
    Assessment, Comment, Conclusion, Factor, FactorLevel, Incident, IncidentState, IncidentVerdict, Task, Time,
};

use crate::custody::Done;
use crate::{AssessmentGiven, COMMENTS_MAX, Doer, Refused, TASKS_MAX, TEXT_LETTERS_MAX, TITLE_LETTERS_MAX};

/// Back to `triage`: a verdict is taken back, and custody keeps it.
pub(crate) fn take_up(incident: &mut Incident) -> Done {
    let before = incident.state;
    incident.state = IncidentState::Triage;
    let Some(verdict) = incident.verdict.take() else {
        return Done::new("state", format!("{} to triage", before.name()));
    };
    let reason = incident.verdict_reason.take().unwrap_or_default();
    (incident.decided, incident.decided_by) = (None, None);
    let words = format!("{} to triage: the verdict {} is taken back", before.name(), verdict.name());
    Done::of_text("state", words, &reason)
}

pub(crate) fn close(incident: &mut Incident) -> Done {
    incident.state = IncidentState::Closed;
    Done::new("state", "decided to closed")
}

pub(crate) fn own(incident: &mut Incident, owner: Option<String>) -> Result<Done, Refused> {
    let owner = owner.map(|owner| checked(owner, TITLE_LETTERS_MAX)).transpose()?;
    let words = owner.as_ref().map_or_else(|| "nobody's".to_owned(), |owner| format!("{owner}'s"));
    incident.owner = owner;
    Ok(Done::new("owner", words))
}

pub(crate) fn comment(incident: &mut Incident, by: Doer<'_>, at: Time, text: String) -> Result<Done, Refused> {
    if incident.comments.len() >= COMMENTS_MAX {
        return Err(Refused::TooMany("comments"));
    }
    let text = checked_text(text)?;
    let done = Done::of_text("comment", format!("comment {}", next_number(incident.comments.len())), &text);
    incident.comments.push(Comment { at, by: by.name().to_owned(), text });
    Ok(done)
}

pub(crate) fn add_task(
    incident: &mut Incident,
    by: Doer<'_>,
    title: String,
    due: Option<Time>,
) -> Result<Done, Refused> {
    if incident.tasks.len() >= TASKS_MAX {
        return Err(Refused::TooMany("tasks"));
    }
    let title = checked(title, TITLE_LETTERS_MAX)?;
    let number = next_number(incident.tasks.len());
    let done = Done::of_text("task_added", format!("task {number}"), &title);
    incident.tasks.push(Task { number, title, due, done: false, by: by.name().to_owned() });
    Ok(done)
}

pub(crate) fn mark_task(incident: &mut Incident, by: Doer<'_>, number: u32, is_done: bool) -> Result<Done, Refused> {
    let task = incident.tasks.iter_mut().find(|task| task.number == number).ok_or(Refused::None("task"))?;
    task.done = is_done;
    by.name().clone_into(&mut task.by);
    let deed = if is_done { "task_done" } else { "task_undone" };
    Ok(Done::new(deed, format!("task {number}")))
}

pub(crate) fn assess(incident: &mut Incident, by: Doer<'_>, at: Time, given: AssessmentGiven) -> Result<Done, Refused> {
    let AssessmentGiven { nature, recipient, acquired, mitigation, conclusion } = given;
    let levels = [&nature, &recipient, &acquired, &mitigation].map(|factor| FactorLevel::name(factor.level));
    let [nature, recipient, acquired, mitigation] = [nature, recipient, acquired, mitigation].map(checked_factor);
    let (nature, recipient, acquired, mitigation) = (nature?, recipient?, acquired?, mitigation?);
    let texts = [&nature, &recipient, &acquired, &mitigation].map(|factor| factor.words.as_str()).join("\n");
    let words = format!("{}; nature, recipient, acquired, mitigation: {}", conclusion.name(), levels.join(", "));
    let by = by.name().to_owned();
    incident.assessment = Some(Assessment { nature, recipient, acquired, mitigation, conclusion, by, at });
    Ok(Done::of_text("assessment", words, &texts))
}

/// A breach is assessed first; and whoever assessed a breach does not decide on something else beside it.
pub(crate) fn decide(
    incident: &mut Incident,
    by: Doer<'_>,
    at: Time,
    (verdict, reason): (IncidentVerdict, String),
) -> Result<Done, Refused> {
    let reason = checked_text(reason)?;
    let is_breach = verdict == IncidentVerdict::Breach;
    let conclusion = incident.assessment.as_ref().map(|assessment| assessment.conclusion);
    match conclusion {
        Some(Conclusion::Breach) if !is_breach => return Err(Refused::Contradicts),
        Some(Conclusion::LowProbability) | None if is_breach => return Err(Refused::Unassessed),
        _ => {}
    }
    let done = Done::of_text("verdict", verdict.name(), &reason);
    incident.state = IncidentState::Decided;
    incident.verdict = Some(verdict);
    incident.verdict_reason = Some(reason);
    (incident.decided, incident.decided_by) = (Some(at), Some(by.name().to_owned()));
    incident.teaches = true;
    if is_breach {
        incident.breach_known = incident.breach_known.or(Some(at));
    }
    Ok(done)
}

/// The verdict stays as it is; whether later reviews go by it is another question.
pub(crate) fn teach(incident: &mut Incident, teaches: bool) -> Done {
    incident.teaches = teaches;
    if teaches {
        Done::new("taught", "the verdict counts in later reviews")
    } else {
        Done::new("untaught", "the verdict no longer counts in later reviews")
    }
}

fn checked_factor(factor: Factor) -> Result<Factor, Refused> {
    Ok(Factor { words: checked_text(factor.words)?, ..factor })
}

/// A text of a person, without blanks around it.
pub(crate) fn checked_text(text: String) -> Result<String, Refused> {
    checked(text, TEXT_LETTERS_MAX)
}

fn checked(text: String, letters_max: usize) -> Result<String, Refused> {
    let trimmed = text.trim();
    let is_fit = !trimmed.is_empty() && trimmed.chars().count() <= letters_max;
    if is_fit { Ok(trimmed.to_owned()) } else { Err(Refused::Text) }
}

/// The number after so many; bounds keep it small.
pub(crate) fn next_number(so_many: usize) -> u32 {
    u32::try_from(so_many).unwrap_or(u32::MAX).saturating_add(1)
}
