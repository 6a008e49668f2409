//! What is going on: open FindingGroups that share a person, machine or device are one story. Groups come in, worst first; stories go out with when each began, its worst and
//! its latest group. Nothing is kept: stories are read out of findings whenever somebody asks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cordon_model::{Level, Time};
use cordon_policy::AccessScope;
use sqlx::{Row as _, Sqlite, Transaction};

use super::{Entity, EntityKind, GroupFilter, GroupOrder, GroupRow, GroupState, State, StateError};
use crate::accounts::{Accounts, is_person};

/// Groups that are looked at, the worst first.
const GROUPS_MAX: u32 = 200;
/// Findings of a group that are asked whom they are about, the newest first: all of a group are of one rule and one hour.
const FINDINGS_MAX: i64 = 20;
/// A machine or device of more persons than these joins nobody: on a server that all use everybody meets.
const PERSONS_MAX: usize = 4;
/// What joins: a patient does not, or everybody who cares for somebody would be of one story.
const JOINING: [EntityKind; 3] = [EntityKind::User, EntityKind::Host, EntityKind::Device];

/// Open groups that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Its groups.
    pub groups: u64,
    /// Their findings that no mute made quiet.
    pub findings: u64,
    /// Whom and what it is about, those of most groups first, each account and machine once; where there is none, what the group is about. Without what the scope hides.
    pub entities: Vec<Entity>,
    /// The group with the earliest finding.
    pub began: GroupRow,
    /// The worst; of several the latest.
    pub worst: GroupRow,
    /// The group with the latest finding.
    pub latest: GroupRow,
}

/// All stories, the worst first, of these the one that began first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stories {
    /// The stories.
    pub stories: Vec<Story>,
    /// Whether more groups are open than were looked at.
    pub is_cut: bool,
}

/// Who joins groups: an account without its domain, a machine without its domain, in small letters. It is made of names that may not be seen, and is not shown.
type Key = (EntityKind, String);
/// Whom and what the findings of a group are about, with the name as the scope shows it.
type Subjects = BTreeMap<Key, Arc<str>>;

impl State {
    /// Joins the groups that are open or acknowledged, not quiet `now`, and at least of `level_min`, as far as the scope admits them. At most 200 groups, the worst, are looked at.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn stories(&self, scope: &AccessScope, level_min: Level, now: Time) -> Result<Stories, StateError> {
        let filter = GroupFilter {
            states: vec![GroupState::Open, GroupState::Acknowledged],
            level_min: Some(level_min),
            quiet_at: Some(now),
            ..GroupFilter::default()
        };
        let page = self.groups(scope, &filter, GroupOrder::Worst, None, GROUPS_MAX).await?;
        let mut tx = self.readers.begin().await?;
        let mut told = Vec::with_capacity(page.rows.len());
        for group in page.rows {
            let subjects = subjects(&mut tx, scope, &self.accounts, &group).await?;
            told.push((group, subjects));
        }
        tx.commit().await?;
        Ok(Stories { stories: joined(told), is_cut: page.next.is_some() })
    }
}

/// Whom and what the findings of a group are about, as far as the scope shows it and as far as it can join.
async fn subjects(
    tx: &mut Transaction<'static, Sqlite>,
    scope: &AccessScope,
    accounts: &Accounts,
    group: &GroupRow,
) -> Result<Subjects, StateError> {
    let rows = sqlx::query(
        "SELECT DISTINCT user, host, device FROM (SELECT user, host, device FROM findings WHERE group_id = ?1 ORDER BY seq DESC LIMIT ?2)",
    );
    let rows = rows.bind(group.group_id.0.to_vec()).bind(FINDINGS_MAX).fetch_all(&mut **tx).await?;
    let mut all = Subjects::new();
    for row in rows {
        for kind in JOINING.into_iter().filter(|kind| !scope.masks(kind.column())) {
            let name: Option<&str> = row.try_get(kind.column())?;
            let Some(name) = name.filter(|name| joins(kind, name)) else { continue };
            let shown = if kind == EntityKind::User { accounts.shown(scope, name) } else { Some(Cow::Borrowed(name)) };
            let Some(shown) = shown else { continue };
            // the shortest way to write it is the one that people use
            let known = all.entry(key(kind, name)).or_insert_with(|| Arc::from(&*shown));
            if shown.len() < known.len() {
                *known = Arc::from(&*shown);
            }
        }
    }
    Ok(all)
}

/// Accounts that are the machine itself stand on every machine and say nothing about who.
fn joins(kind: EntityKind, name: &str) -> bool {
    !name.is_empty() && (kind != EntityKind::User || is_person(name))
}

fn key(kind: EntityKind, name: &str) -> Key {
    let name = match kind {
        EntityKind::User => {
            let account = name.rsplit('\\').next().unwrap_or(name);
            account.split('@').next().unwrap_or(account)
        }
        EntityKind::Host if name.parse::<IpAddr>().is_err() => name.split('.').next().unwrap_or(name),
        _ => name,
    };
    (kind, name.to_lowercase())
}

/// Groups that share a key are of one story, and so are those that share one with these.
fn joined(groups: Vec<(GroupRow, Subjects)>) -> Vec<Story> {
    let crowded = crowded(&groups);
    let mut first_with: BTreeMap<Key, usize> = BTreeMap::new();
    let mut leads_to: Vec<usize> = (0..groups.len()).collect();
    for (place, (_, subjects)) in groups.iter().enumerate() {
        for key in subjects.keys().filter(|key| !crowded.contains(*key)) {
            let other = *first_with.entry(key.clone()).or_insert(place);
            let (one, other) = (root(&leads_to, place), root(&leads_to, other));
            let (low, high) = (one.min(other), one.max(other));
            if let Some(lead) = leads_to.get_mut(high) {
                *lead = low;
            }
        }
    }
    let mut parts: BTreeMap<usize, Vec<(GroupRow, Subjects)>> = BTreeMap::new();
    for (place, group) in groups.into_iter().enumerate() {
        parts.entry(root(&leads_to, place)).or_default().push(group);
    }
    let mut stories: Vec<Story> = parts.into_values().filter_map(|part| story(&part)).collect();
    stories.sort_by_key(|story| (std::cmp::Reverse(story.worst.level), story.began.first));
    stories
}

/// Machines and devices at which more persons are than one story has.
fn crowded(groups: &[(GroupRow, Subjects)]) -> BTreeSet<Key> {
    let mut persons: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for (_, subjects) in groups {
        let users = || subjects.keys().filter(|(kind, _)| *kind == EntityKind::User).cloned();
        for place in subjects.keys().filter(|(kind, _)| *kind != EntityKind::User) {
            persons.entry(place.clone()).or_default().extend(users());
        }
    }
    persons.into_iter().filter(|(_, persons)| persons.len() > PERSONS_MAX).map(|(key, _)| key).collect()
}

fn root(leads_to: &[usize], mut place: usize) -> usize {
    while let Some(next) = leads_to.get(place).copied().filter(|next| *next != place) {
        place = next;
    }
    place
}

/// `None` for no groups.
fn story(part: &[(GroupRow, Subjects)]) -> Option<Story> {
    let groups = || part.iter().map(|(group, _)| group);
    let mut named: BTreeMap<Key, (u64, Arc<str>)> = BTreeMap::new();
    for (key, shown) in part.iter().flat_map(|(_, subjects)| subjects) {
        let (count, name) = named.entry(key.clone()).or_insert_with(|| (0, Arc::clone(shown)));
        *count += 1;
        if shown.len() < name.len() {
            *name = Arc::clone(shown);
        }
    }
    let mut entities: Vec<(Key, (u64, Arc<str>))> = named.into_iter().collect();
    entities.sort_by(|one, other| other.1.0.cmp(&one.1.0).then_with(|| one.0.cmp(&other.0)));
    let worst = groups().max_by_key(|group| (group.level, group.last))?;
    let mut entities: Vec<Entity> = entities.into_iter().map(|((kind, _), (_, name))| Entity { kind, name }).collect();
    if entities.is_empty() {
        // nothing that joins: then it is about what its group is about, the source or a patient
        entities.extend(worst.entity.as_ref().map(|name| Entity { kind: worst.entity_kind, name: Arc::clone(name) }));
    }
    Some(Story {
        groups: u64::try_from(part.len()).unwrap_or(u64::MAX),
        findings: groups().map(|group| group.loud).sum(),
        entities,
        began: groups().min_by_key(|group| group.first)?.clone(),
        worst: worst.clone(),
        latest: groups().max_by_key(|group| group.last)?.clone(),
    })
}
