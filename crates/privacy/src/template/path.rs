//! What ties a patient to the hospital around a time, and whom a template speaks of.

use crate::form::{HOUR, Proof, Table, days_before};
use crate::names::NONE;
use crate::world::{FactKind, World};

use super::WINDOW_DAYS_MAX;

/// How many stays, facts and people of one patient are looked at, the latest ones. Further ones tie nobody.
const ROWS_MAX: usize = 64;

/// Kinds of ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum TieKind {
    StayDepartment,
    StayUnit,
    OrderDepartment,
    OrderKind,
    /// Kind of order, and its department.
    OrderBoth,
    Appointment,
    Message,
    MemberDepartment,
    MemberRole,
}

/// What ties a patient to the hospital: numbers of folded texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Tie {
    pub kind: TieKind,
    pub text: u32,
    /// The department of [`TieKind::OrderBoth`].
    pub other: u32,
}

/// Whom a template speaks of: one or two attributes; [`NONE`] where it does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Subject {
    pub role: u32,
    pub department: u32,
    pub unit: u32,
}

/// A tie around a time: how far away, and the rows that prove it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub tie: Tie,
    /// Milliseconds between the access and what ties.
    pub gap: i64,
    pub proofs: [Proof; 2],
}

impl Subject {
    pub(super) const ANY: Self = Self { role: NONE, department: NONE, unit: NONE };

    /// What is known of a user.
    pub(super) fn of(world: &World, user: u32) -> Self {
        let fold = |text: u32| world.fold_of(text);
        world.employee(user).map_or(Self::ANY, |employee| Self {
            role: fold(employee.role),
            department: fold(employee.department),
            unit: fold(employee.unit),
        })
    }

    /// The subjects of one attribute that a user belongs to.
    pub(super) fn singles(self) -> impl Iterator<Item = Self> {
        let any = Self::ANY;
        let one = [
            Self { role: self.role, ..any },
            Self { department: self.department, ..any },
            Self { unit: self.unit, ..any },
        ];
        one.into_iter().filter(move |one| *one != any)
    }

    /// The subjects of two attributes.
    pub(super) fn pairs(self) -> impl Iterator<Item = Self> {
        let two = [Self { unit: NONE, ..self }, Self { department: NONE, ..self }, Self { role: NONE, ..self }];
        two.into_iter().filter(|two| two.attributes() == 2)
    }

    /// All subjects of one or two attributes, with each tie.
    pub(super) fn with(self, hits: &[Hit]) -> impl Iterator<Item = (Self, &Hit)> {
        hits.iter().flat_map(move |hit| self.singles().chain(self.pairs()).map(move |subject| (subject, hit)))
    }

    /// How many attributes it names.
    pub(super) fn attributes(self) -> usize {
        [self.role, self.department, self.unit].into_iter().filter(|text| *text != NONE).count()
    }

    /// Whether somebody is meant.
    pub(super) fn means(self, somebody: Self) -> bool {
        let agrees = |asked: u32, own: u32| asked == NONE || asked == own;
        agrees(self.role, somebody.role)
            && agrees(self.department, somebody.department)
            && agrees(self.unit, somebody.unit)
    }
}

impl Tie {
    /// Ties that say less.
    pub(super) fn general(self) -> impl Iterator<Item = Self> {
        let both = self.kind == TieKind::OrderBoth;
        let less = [(TieKind::OrderKind, self.text), (TieKind::OrderDepartment, self.other)];
        less.into_iter().filter(move |_| both).map(|(kind, text)| Self { kind, text, other: NONE })
    }
}

/// The ties of a patient around a time that are `asked` for, each once with its nearest row, in order of ties. The user themself ties nobody.
pub(super) fn hits(world: &World, user: u32, patient: u32, at: i64, out: &mut Vec<Hit>, asked: impl Fn(Tie) -> bool) {
    out.clear();
    stays(world, patient, at, out);
    facts(world, patient, at, out);
    members(world, user, patient, at, out);
    out.retain(|hit| asked(hit.tie));
    out.sort_unstable_by_key(|hit| (hit.tie, hit.gap, hit.proofs));
    out.dedup_by_key(|hit| hit.tie);
}

/// How far a time is from a stretch, if near enough to count: before it as far as care begins, after it up to the longest window.
fn gap(world: &World, at: i64, start: i64, end: i64) -> Option<i64> {
    if at < start {
        let ahead = start.saturating_sub(at);
        return (ahead <= before(world)).then_some(ahead);
    }
    let since = at.saturating_sub(end).max(0);
    (since <= days_before(WINDOW_DAYS_MAX)).then_some(since)
}

fn before(world: &World) -> i64 {
    i64::from(world.settings.care_before_hours) * HOUR
}

fn push(out: &mut Vec<Hit>, kind: TieKind, text: u32, gap: i64, proofs: [Proof; 2]) {
    if text != NONE {
        out.push(Hit { tie: Tie { kind, text, other: NONE }, gap, proofs });
    }
}

fn stays(world: &World, patient: u32, at: i64, out: &mut Vec<Hit>) {
    let stays = world.stays.of_number(patient);
    let begun = stays.partition_point(|stay| stay.start <= at.saturating_add(before(world)));
    for stay in stays.iter().take(begun).rev().take(ROWS_MAX) {
        let Some(gap) = gap(world, at, stay.start, stay.end) else { continue };
        let proofs = [stay.proof, Proof::NONE];
        push(out, TieKind::StayDepartment, world.fold_of(stay.department), gap, proofs);
        push(out, TieKind::StayUnit, world.fold_of(stay.unit), gap, proofs);
    }
}

fn facts(world: &World, patient: u32, at: i64, out: &mut Vec<Hit>) {
    let facts = world.facts.of_number(patient);
    let begun = facts.partition_point(|fact| fact.at <= at.saturating_add(before(world)));
    for fact in facts.iter().take(begun).rev().take(ROWS_MAX) {
        let Some(gap) = gap(world, at, fact.at, fact.at) else { break };
        let (place, what) = (world.fold_of(fact.place), world.fold_of(fact.what));
        let proofs = [fact.proof, Proof::NONE];
        match fact.kind {
            FactKind::Appointment => push(out, TieKind::Appointment, place, gap, proofs),
            FactKind::Message => push(out, TieKind::Message, place, gap, proofs),
            FactKind::Order => {
                push(out, TieKind::OrderDepartment, place, gap, proofs);
                push(out, TieKind::OrderKind, what, gap, proofs);
                if place != NONE && what != NONE {
                    out.push(Hit { tie: Tie { kind: TieKind::OrderBoth, text: what, other: place }, gap, proofs });
                }
            }
        }
    }
}

fn members(world: &World, user: u32, patient: u32, at: i64, out: &mut Vec<Hit>) {
    let near = |number: &&u32| {
        let encounter = world.encounters.get(**number as usize);
        encounter.is_some_and(|encounter| gap(world, at, encounter.start, encounter.end).is_some())
    };
    let encounters = world.encounters_of.of_number(patient).iter().rev().filter(near).take(ROWS_MAX);
    let members = encounters.flat_map(|encounter| world.participants.of_number(*encounter)).take(ROWS_MAX);
    for member in members.filter(|member| member.user != user) {
        let Some(gap) = gap(world, at, member.start, member.end) else { continue };
        let proofs = [member.proof, member.also];
        push(out, TieKind::MemberDepartment, world.department(member.user), gap, proofs);
        push(out, TieKind::MemberRole, world.role(member.user), gap, proofs);
    }
}

/// An access as it proves something.
pub(super) fn access(row: u32) -> Proof {
    Proof::new(Table::Accesses, row)
}
