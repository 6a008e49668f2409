//! Cases: what hangs together of one person's signs, told as sentences with their proof.
//!
//! Signs of one user hang together when they are about the same patient or share an access. A person has one case; several things that are weak each by themselves, and more
//! than others have, make a serial one (S19).

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::form::{Proof, Table, days_before};
use crate::names::NONE;
use crate::scenario::{Id, Scenario, Sign, counter};
use crate::score::{Weights, improper_share, probability};
use crate::world::World;

const SERIAL: Id = Id(19);
/// How many weak ones make a series.
const SERIAL_MIN: usize = 3;
/// Within how many days.
const SERIAL_DAYS: u32 = 30;
/// Sentences of a case at most, and proofs of a sentence.
const SENTENCES_MAX: usize = 12;
const PROOFS_MAX: usize = 12;
/// Patients and accesses that a case names at most.
const LISTED_MAX: usize = 5_000;

/// A case for the privacy office.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// The same for the same case, whenever it is made.
    pub case_id: String,
    /// Whose accesses.
    pub user: String,
    /// How likely it is improper, 0 to 1, as far as the data say.
    pub score: f64,
    /// The scenarios, the one that weighs most first.
    pub scenarios: Vec<String>,
    /// Whose records.
    pub patients: Vec<String>,
    /// Rows of the accesses, ascending.
    pub access_rows: Vec<u32>,
    /// What speaks for a case.
    pub sentences: Vec<Sentence>,
    /// What speaks against it.
    pub counter_evidence: Vec<Sentence>,
    /// What the score is the sum of, in nats: where it starts, then each family of evidence.
    pub parts: Vec<(String, f64)>,
}

/// A sentence and the rows that prove it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentence {
    /// In words.
    pub text: String,
    /// As `file.csv:row`.
    pub proof: Vec<Proof>,
}

/// Signs of one user that hang together.
#[derive(Clone, Debug)]
struct Group<'a> {
    user: u32,
    signs: Vec<&'a Sign>,
    /// Where it starts beside the share of all, and with its evidence, in nats.
    start: f64,
    nats: f64,
    score: f64,
    /// How many groups were joined into it.
    joined: usize,
}

impl Group<'_> {
    fn first(&self) -> i64 {
        self.signs.iter().map(|sign| sign.time.at).min().unwrap_or(0)
    }
}

/// What cases are made of.
pub(crate) struct Evidence<'a> {
    pub signs: &'a [Sign],
    /// Rows of accesses without a reason.
    pub bare: &'a FxHashSet<u32>,
}

/// Makes cases of signs, best first. With a budget of so many cases, what is less certain fills the room that is left.
pub(crate) fn cases(
    world: &World,
    scenarios: &[Box<dyn Scenario>],
    evidence: &Evidence<'_>,
    weights: &Weights<'_>,
    visits: u64,
    budget: Option<usize>,
) -> Vec<Case> {
    let mut groups = grouped(evidence.signs);
    for group in &mut groups {
        group.start = start(weights, group);
        group.nats = group.start + weights.sum(group.signs.iter().copied()).iter().map(|(_, part)| part).sum::<f64>();
    }
    let bare = groups.iter().filter(|group| group.signs.iter().any(|sign| weights.is_about_visit(sign)));
    let nats: Vec<f64> = bare.map(|group| group.nats).collect();
    let share = improper_share(world.settings.improper_share, &nats, visits);
    for group in &mut groups {
        // after the share was estimated: what was decided orders cases, it makes none more frequent
        if !world.settings.taught.is_empty() {
            group.nats += weights.taught(kinds_of(group, weights).first().map(|(_, id)| *id));
        }
        group.score = probability(share, group.nats);
    }
    let mut groups = merged(world, groups);
    groups.retain(|group| group.score >= world.settings.budget_score_min.min(world.settings.case_score_min));
    groups.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.user.cmp(&other.user)));
    let certain = groups.partition_point(|group| group.score >= world.settings.case_score_min);
    groups.truncate(certain.max(budget.unwrap_or(0)));
    let mut cases: Vec<Case> =
        groups.iter().map(|group| told(world, scenarios, group, weights, (share, evidence.bare))).collect();
    cases.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.case_id.cmp(&other.case_id)));
    cases
}

/// Where a group starts beside the share of improper visits: by the role, and lower when it is about no visit without a reason.
fn start(weights: &Weights<'_>, group: &Group<'_>) -> f64 {
    let about_visit = group.signs.iter().any(|sign| weights.is_about_visit(sign));
    if about_visit { weights.start(group.user) } else { weights.day_start() }
}

/// Signs by what hangs together: one user, and one patient or one access in common. What only speaks for the user makes no group.
fn grouped(signs: &[Sign]) -> Vec<Group<'_>> {
    let mut parent: Vec<usize> = (0..signs.len()).collect();
    let mut by_key: FxHashMap<(u32, bool, u32), usize> = FxHashMap::default();
    for (place, sign) in signs.iter().enumerate() {
        let patient = (sign.patient != NONE).then_some((sign.user, false, sign.patient));
        for key in patient.into_iter().chain(sign.rows.iter().map(|row| (sign.user, true, *row))) {
            let other = *by_key.entry(key).or_insert(place);
            join(&mut parent, place, other);
        }
    }
    let mut groups: FxHashMap<usize, Vec<&Sign>> = FxHashMap::default();
    for (place, sign) in signs.iter().enumerate() {
        groups.entry(root(&mut parent, place)).or_default().push(sign);
    }
    let mut groups: Vec<(usize, Vec<&Sign>)> = groups.into_iter().collect();
    groups.sort_by_key(|(place, _)| *place);
    let groups = groups.into_iter().filter(|(_, signs)| signs.iter().any(|sign| sign.scenario != counter::ID));
    groups
        .map(|(_, signs)| Group {
            user: signs.first().map_or(NONE, |sign| sign.user),
            signs,
            start: 0.0,
            nats: 0.0,
            score: 0.0,
            joined: 1,
        })
        .collect()
}

fn root(parent: &mut [usize], place: usize) -> usize {
    let mut at = place;
    while let Some(up) = parent.get(at).copied().filter(|up| *up != at) {
        let above = parent.get(up).copied().unwrap_or(up);
        if let Some(own) = parent.get_mut(at) {
            *own = above;
        }
        at = above;
    }
    at
}

fn join(parent: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(parent, one), root(parent, other));
    if let Some(up) = parent.get_mut(one.max(other)) {
        *up = one.min(other);
    }
}

/// At most one case per person: what is strong by itself, and a series of what is weak where it is longer than others have. Of somebody who has neither, the best group stands in, for
/// a budget that has room.
fn merged<'a>(world: &World, groups: Vec<Group<'a>>) -> Vec<Group<'a>> {
    let (strong, weak) = (world.settings.case_score_min, world.settings.serial_score_min);
    let mut by_user: FxHashMap<u32, Vec<Group<'a>>> = FxHashMap::default();
    for group in groups.into_iter().filter(|group| group.score >= weak.min(strong)) {
        by_user.entry(group.user).or_default().push(group);
    }
    let mut users: Vec<_> = by_user.into_iter().collect();
    users.sort_by_key(|(user, _)| *user);
    let (mut cases, mut series, mut spare): (Vec<Group<'a>>, Vec<Group<'a>>, Vec<Group<'a>>) = Default::default();
    for (_, mut groups) in users {
        groups.sort_by_key(Group::first);
        let (strong_ones, weak_ones): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.score >= strong);
        if strong_ones.is_empty() {
            let best = weak_ones.iter().max_by(|one, other| one.score.total_cmp(&other.score));
            spare.extend(best.filter(|best| best.score >= world.settings.budget_score_min).cloned());
        }
        cases.extend(strong_ones.into_iter().reduce(joined));
        series.extend(longest_series(weak_ones));
    }
    for group in more_than_others(world, series) {
        match cases.iter().position(|case| case.user == group.user) {
            Some(place) => {
                let case = cases.swap_remove(place);
                cases.push(joined(case, group));
            }
            None => cases.push(group),
        }
    }
    let has_one: FxHashSet<u32> = cases.iter().map(|case| case.user).collect();
    cases.extend(spare.into_iter().filter(|group| !has_one.contains(&group.user)));
    cases
}

/// Series that are longer than those of 98 of 100 others of the same role (of all, where a role has fewer than 50): where everybody has some, having some says nothing.
fn more_than_others<'a>(world: &World, series: Vec<Group<'a>>) -> Vec<Group<'a>> {
    const PEERS_MIN: usize = 50;
    let mut people: FxHashMap<u32, usize> = FxHashMap::default();
    for user in (0..world.users.len()).filter_map(|user| u32::try_from(user).ok()) {
        *people.entry(world.role(user)).or_default() += 1;
    }
    let limit = |user: u32| {
        let role = Some(world.role(user)).filter(|role| people.get(role).is_some_and(|people| *people >= PEERS_MIN));
        let all = role.and_then(|role| people.get(&role).copied()).unwrap_or(world.users.len());
        let peers =
            series.iter().filter(|group| group.user != user && role.is_none_or(|role| world.role(group.user) == role));
        let mut lengths: Vec<usize> = peers.map(|group| group.joined).collect();
        lengths.sort_unstable_by_key(|length| std::cmp::Reverse(*length));
        lengths.get(all / 50).copied().unwrap_or(0)
    };
    let longer: Vec<bool> = series.iter().map(|group| group.joined > limit(group.user)).collect();
    series.into_iter().zip(longer).filter(|(_, longer)| *longer).map(|(group, _)| group).collect()
}

/// The series of weak ones within 30 days, if there are enough.
fn longest_series(weak: Vec<Group<'_>>) -> Option<Group<'_>> {
    let within = days_before(SERIAL_DAYS);
    let firsts: Vec<i64> = weak.iter().map(Group::first).collect();
    // the stretch of 30 days with most of them
    let best =
        firsts.iter().map(|from| (firsts.iter().filter(|at| **at >= *from && **at - from <= within).count(), *from));
    let (count, from) = best.max_by_key(|(count, from)| (*count, std::cmp::Reverse(*from)))?;
    if count < SERIAL_MIN {
        return None;
    }
    weak.into_iter().filter(|group| group.first() >= from && group.first() - from <= within).reduce(joined)
}

/// Two groups as one: both improper is as likely as not both proper.
fn joined<'a>(mut to: Group<'a>, more: Group<'a>) -> Group<'a> {
    to.score = 1.0 - (1.0 - to.score) * (1.0 - more.score);
    to.nats = to.nats.max(more.nats);
    to.joined += more.joined;
    to.signs.extend(more.signs);
    to
}

fn told(
    world: &World,
    scenarios: &[Box<dyn Scenario>],
    group: &Group<'_>,
    weights: &Weights<'_>,
    (share, bare): (f64, &FxHashSet<u32>),
) -> Case {
    let mut rows: Vec<u32> = group.signs.iter().flat_map(|sign| sign.rows.iter().copied()).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.truncate(LISTED_MAX);
    let mut patients: Vec<u32> =
        group.signs.iter().map(|sign| sign.patient).filter(|patient| *patient != NONE).collect();
    patients.sort_unstable();
    patients.dedup();
    patients.truncate(LISTED_MAX);
    let kinds = kinds_of(group, weights);
    let serial = (group.joined >= SERIAL_MIN).then_some(SERIAL);
    let mut parts = vec![("before evidence".to_owned(), libm::log(share / (1.0 - share)) + group.start)];
    parts.extend(
        weights.sum(group.signs.iter().copied()).into_iter().map(|(family, nats)| (format!("{family:?}"), nats)),
    );
    let taught = weights.taught(kinds.first().map(|(_, id)| *id));
    if taught != 0.0 {
        parts.push(("earlier decisions".to_owned(), taught));
    }
    let (mut sentences, counter_evidence) = sentences(world, scenarios, group, weights);
    sentences.insert(0, opening(world, group, (&rows, bare), patients.len()));
    Case {
        case_id: case_id(world, group, &patients),
        user: world.name_of(group.user).to_owned(),
        score: group.score,
        scenarios: serial.into_iter().chain(kinds.iter().map(|(_, id)| *id)).map(|id| id.to_string()).collect(),
        patients: patients.iter().map(|patient| world.patient_ids.text(*patient).to_owned()).collect(),
        access_rows: rows,
        sentences,
        counter_evidence,
        parts,
    }
}

/// The scenarios of a group with what the strongest sign of each weighs, the one that weighs most first.
fn kinds_of(group: &Group<'_>, weights: &Weights<'_>) -> Vec<(f64, Id)> {
    let mut kinds: Vec<(f64, Id)> = Vec::new();
    for sign in group.signs.iter().filter(|sign| sign.scenario != counter::ID) {
        match kinds.iter_mut().find(|(_, id)| *id == sign.scenario) {
            Some((nats, _)) => *nats = nats.max(weights.of(sign)),
            None => kinds.push((weights.of(sign), sign.scenario)),
        }
    }
    kinds.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    kinds
}

/// What happened, before any judgement.
fn opening(world: &World, group: &Group<'_>, (rows, bare): (&[u32], &FxHashSet<u32>), patients: usize) -> Sentence {
    let user = if group.user == NONE { "the log itself" } else { world.name_of(group.user) };
    let mut times: Vec<_> = group.signs.iter().map(|sign| sign.time).collect();
    times.sort_unstable();
    let what = match (patients, rows.len()) {
        (0, 1) => "1 access".to_owned(),
        (0, count) => format!("{count} accesses"),
        (1, 1) => "1 access to one record".to_owned(),
        (1, count) => format!("{count} accesses to one record"),
        (records, count) => format!("{count} accesses to {records} records"),
    };
    let when = times.first().zip(times.last()).map(|(first, last)| first.words_until(*last)).unwrap_or_default();
    let without = rows.iter().filter(|row| bare.contains(row)).count();
    let reason = match without {
        0 => "a reason is found for each".to_owned(),
        _ if without == rows.len() => "no reason is found in the data".to_owned(),
        _ => format!("no reason is found in the data for {without} of them"),
    };
    let reason = if group.user == NONE { String::new() } else { format!("; {reason}") };
    let text = format!("{user}: {what} {when}{reason}.");
    Sentence { text, proof: rows.iter().take(PROOFS_MAX).map(|row| Proof::new(Table::Accesses, *row)).collect() }
}

/// One sentence for each kind of sign, the one that weighs most first: evidence, and what speaks for the user.
fn sentences(
    world: &World,
    scenarios: &[Box<dyn Scenario>],
    group: &Group<'_>,
    weights: &Weights<'_>,
) -> (Vec<Sentence>, Vec<Sentence>) {
    let mut ordered: Vec<&&Sign> = group.signs.iter().collect();
    ordered.sort_by(|one, other| {
        weights.of(other).abs().total_cmp(&weights.of(one).abs()).then((one.scenario, one.level, one.time).cmp(&(
            other.scenario,
            other.level,
            other.time,
        )))
    });
    let (mut sentences, mut counter_evidence): (Vec<Sentence>, Vec<Sentence>) = (Vec::new(), Vec::new());
    for sign in ordered {
        let Some(scenario) = scenarios.iter().find(|scenario| scenario.id() == sign.scenario) else { continue };
        let list = if sign.scenario == counter::ID { &mut counter_evidence } else { &mut sentences };
        let text = scenario.tell(world, sign);
        let has_room = list.len() < SENTENCES_MAX;
        let proof = sign.access_proofs().chain(sign.proofs.iter().copied()).take(PROOFS_MAX);
        match list.iter_mut().find(|known| known.text == text) {
            Some(known) => {
                let more: Vec<Proof> = proof.filter(|proof| !known.proof.contains(proof)).collect();
                known.proof.extend(more);
                known.proof.truncate(PROOFS_MAX);
            }
            None if has_room => list.push(Sentence { text, proof: proof.collect() }),
            None => {}
        }
    }
    (sentences, counter_evidence)
}

/// From whose accesses, whose record and when it begins: late context changes none of them.
fn case_id(world: &World, group: &Group<'_>, patients: &[u32]) -> String {
    let patient = patients.first().map_or("", |patient| world.patient_ids.text(*patient));
    let what = format!(
        "{}\n{patient}\n{}\n{}",
        world.name_of(group.user),
        group.first(),
        u8::from(group.joined >= SERIAL_MIN)
    );
    format!("PC-{:016x}", cordon_stats::sip64([0, 0], what.as_bytes()))
}
