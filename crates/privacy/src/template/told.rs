//! Templates as text: ids, and sentences for a person who is to approve them.

use crate::names::NONE;
use crate::world::World;

use super::path::{Subject, Tie, TieKind};
use super::{Shape, Template};

/// The id of a template: readable, and made of what it says.
pub(super) fn id(world: &World, shape: &Shape) -> String {
    let text = |number: u32| world.texts.text(number);
    let Subject { role, department, unit } = shape.subject;
    let mut parts = Vec::new();
    for (key, number) in [("role", role), ("department", department), ("unit", unit)] {
        if number != NONE {
            parts.push(format!("{key}={}", text(number)));
        }
    }
    let tie = shape.tie;
    let keys: &[(&str, u32)] = match tie.kind {
        TieKind::StayDepartment => &[("stay.department", tie.text)],
        TieKind::StayUnit => &[("stay.unit", tie.text)],
        TieKind::OrderDepartment => &[("order.department", tie.text)],
        TieKind::OrderKind => &[("order.kind", tie.text)],
        TieKind::OrderBoth => &[("order.kind", tie.text), ("order.department", tie.other)],
        TieKind::Appointment => &[("appointment.department", tie.text)],
        TieKind::Message => &[("message.pool", tie.text)],
        TieKind::MemberDepartment => &[("participant.department", tie.text)],
        TieKind::MemberRole => &[("participant.role", tie.text)],
    };
    parts.extend(keys.iter().map(|(key, number)| format!("{key}={}", text(*number))));
    format!("{} @{}d", parts.join(" & "), shape.window_days)
}

/// What a template says.
pub(super) fn sentence(world: &World, shape: &Shape, found: &Template) -> String {
    let percent = found.support_no_reason * 100.0;
    let percent = if percent < 0.1 { format!("{percent:.2}") } else { format!("{percent:.1}") };
    let lift = found.lift_no_reason;
    let times = if lift < 10.0 { format!("{lift:.1}") } else { format!("{lift:.0}") };
    format!(
        "{} open records of patients {} {}: {percent} % of accesses without a reason, by {} people, {times} times as often as by chance.",
        people(world, shape.subject),
        patients(world, shape.tie),
        window(world, shape.window_days),
        found.users
    )
}

fn people(world: &World, subject: Subject) -> String {
    let mut out = "People".to_owned();
    let Subject { role, department, unit } = subject;
    for (words, number) in [("of role", role), ("of department", department), ("of unit", unit)] {
        if number != NONE {
            out.push_str(&format!(" {words} {}", world.texts.text(number)));
        }
    }
    out
}

fn patients(world: &World, tie: Tie) -> String {
    let text = world.texts.text(tie.text);
    match tie.kind {
        TieKind::StayDepartment => format!("who stay in department {text}"),
        TieKind::StayUnit => format!("who stay in unit {text}"),
        TieKind::OrderDepartment => format!("with an order of {text}"),
        TieKind::OrderKind => format!("with an order of kind {text}"),
        TieKind::OrderBoth => format!("with an order of kind {text} of {}", world.texts.text(tie.other)),
        TieKind::Appointment => format!("with an appointment in {text}"),
        TieKind::Message => format!("with a message to {text}"),
        TieKind::MemberDepartment => format!("who are treated by somebody of department {text}"),
        TieKind::MemberRole => format!("who are treated by somebody of role {text}"),
    }
}

/// The window in words: before what ties only as far as care begins.
fn window(world: &World, days: u32) -> String {
    let before_hours = world.settings.care_before_hours;
    let unit = if days == 1 { "day" } else { "days" };
    if days.saturating_mul(24) <= before_hours {
        format!("within {days} {unit}")
    } else {
        format!("within {days} {unit} after it or {before_hours} hours before it")
    }
}
