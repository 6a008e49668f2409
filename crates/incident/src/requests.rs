//! Requests for a reason: proposed, approved, sent, replied. Nothing is sent by itself: an approved request is sent by a person, or by what a hospital sets up for it.

use cordon_model::{AskedOf, Comment, Incident, IncidentState, ReasonRequest, Reply, RequestState, Time};

use crate::custody::Done;
use crate::work::{checked_text, next_number};
use crate::{COMMENTS_MAX, Doer, Refused, TASKS_MAX};

pub(crate) fn propose(incident: &mut Incident, by: Doer<'_>, to: AskedOf, text: String) -> Result<Done, Refused> {
    if incident.requests.len() >= TASKS_MAX {
        return Err(Refused::TooMany("requests"));
    }
    let text = checked_text(text)?;
    let number = next_number(incident.requests.len());
    let done = Done::of_text("request_proposed", format!("request {number} to the {}", to.name()), &text);
    incident.requests.push(ReasonRequest {
        number,
        to,
        text,
        state: RequestState::Proposed,
        proposed_by: by.name().to_owned(),
        approved_by: None,
        reply: None,
    });
    Ok(done)
}

/// Approving a request asks: the case is `asked` from then on.
pub(crate) fn approve(incident: &mut Incident, by: Doer<'_>, number: u32) -> Result<Done, Refused> {
    let request = request(incident, number)?;
    if request.state != RequestState::Proposed {
        return Err(Refused::Request("proposed"));
    }
    request.state = RequestState::Approved;
    request.approved_by = Some(by.name().to_owned());
    let done = Done::of_text("request_approved", format!("request {number}"), &request.text);
    incident.state = IncidentState::Asked;
    Ok(done)
}

pub(crate) fn refuse(incident: &mut Incident, number: u32) -> Result<Done, Refused> {
    let request = request(incident, number)?;
    if !matches!(request.state, RequestState::Proposed | RequestState::Approved) {
        return Err(Refused::Request("proposed or approved"));
    }
    request.state = RequestState::Refused;
    if incident.state == IncidentState::Asked && !incident.requests.iter().any(is_open) {
        incident.state = IncidentState::Triage;
    }
    Ok(Done::new("request_refused", format!("request {number}")))
}

pub(crate) fn send(incident: &mut Incident, number: u32) -> Result<Done, Refused> {
    let request = request(incident, number)?;
    if request.state != RequestState::Approved {
        return Err(Refused::Request("approved"));
    }
    request.state = RequestState::Sent;
    Ok(Done::of_text("request_sent", format!("request {number}"), &request.text))
}

/// A later reply takes the place of an earlier one, which stays as a comment.
pub(crate) fn reply(
    incident: &mut Incident,
    by: Doer<'_>,
    at: Time,
    number: u32,
    (text, is_correction): (String, bool),
) -> Result<Done, Refused> {
    let text = checked_text(text)?;
    let has_room = incident.comments.len() < COMMENTS_MAX;
    let request = request(incident, number)?;
    if !matches!(request.state, RequestState::Approved | RequestState::Sent | RequestState::Replied) {
        return Err(Refused::Request("approved, sent or replied"));
    }
    if request.reply.is_some() && !has_room {
        return Err(Refused::TooMany("comments"));
    }
    let what = if is_correction { "correction" } else { "reply" };
    let done = Done::of_text(what, format!("{what} to request {number}"), &text);
    request.state = RequestState::Replied;
    let earlier = request.reply.replace(Reply { at, text, is_correction });
    if let Some(Reply { at, text, .. }) = earlier {
        let text = format!("Earlier reply to request {number}: {text}");
        incident.comments.push(Comment { at, by: by.name().to_owned(), text });
    }
    if matches!(incident.state, IncidentState::Triage | IncidentState::Asked) {
        incident.state = IncidentState::Answered;
    }
    Ok(done)
}

/// Whether a reply may still come.
fn is_open(request: &ReasonRequest) -> bool {
    matches!(request.state, RequestState::Approved | RequestState::Sent)
}

fn request(incident: &mut Incident, number: u32) -> Result<&mut ReasonRequest, Refused> {
    incident.requests.iter_mut().find(|request| request.number == number).ok_or(Refused::None("request"))
}
