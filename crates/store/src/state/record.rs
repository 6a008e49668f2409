//! Findings in: rows, groups, risk and the applied offset change together or not at all.
//!
//! What is to be known of a batch is asked beforehand, in one row: the writer is a thread of its own, and each row that it gives back wakes another.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cordon_model::{Digest, FindingId, Level, Time};
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite, Transaction};

use super::risk::{Gains, epoch_for, risk_weight, scale};
use super::sql::{digest_of_hex, from_count, id_of_hex, json_ids, level_number, level_of};
use super::{Entity, GroupId, GroupState, Mute, NewFinding, State, StateError, cited, mutes, offsets, risk};
use crate::accounts::Accounts;

/// Rows of one INSERT. Many enough to save round trips, few enough that the statement stays prepared between batches.
const ROWS_MAX: usize = 50;
const NO_JSON: StateError = StateError::Refused("an explanation cannot be written as JSON");
const NO_LIST: StateError = StateError::Damaged("a list that SQLite made");
const HOUR_US: i64 = 3_600 * 1_000_000;

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Findings that were new.
    pub new: u64,
    /// Findings that were there already: a replay.
    pub known: u64,
    /// New findings that a mute made quiet.
    pub muted: u64,
    /// The groups that got loud findings, by id.
    pub touched: Vec<GroupTouched>,
}

/// Why findings are kept that were not made when their events arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedLater {
    /// `backfill`: rules over stored events. `history`: correlations over imported history.
    pub by: &'static str,
    /// Nobody is sent a message about them.
    pub is_quiet: bool,
}

/// A group that got loud findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTouched {
    /// The group.
    pub group_id: GroupId,
    /// It had no loud finding before, or was closed.
    pub opened: bool,
    /// Its level now.
    pub level: Level,
    /// Its findings now.
    pub count: u64,
}

/// What a batch adds to one group.
#[derive(Debug)]
struct Gain<'f> {
    new: &'f NewFinding,
    entity: Entity,
    window: (Time, Time),
    level: Level,
    first: Time,
    last: Time,
    count: i64,
    loud: i64,
}

/// What is known of a group before the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    level: Level,
    count: i64,
    loud: i64,
    closed: bool,
}

/// A finding with what was decided about it.
struct Placed<'f> {
    new: &'f NewFinding,
    group_id: GroupId,
    entity: Entity,
    window: (Time, Time),
    mute_id: Option<i64>,
}

impl State {
    /// Keeps findings and notes that the sink has everything of the log below `applied` (sink name and offset; `None` for findings that do not come from
    /// the log's own course, such as those of a new rule over old data). Findings that are there already change nothing.
    ///
    /// # Errors
    /// The state cannot be written; then nothing of the batch was kept and it can be given again.
    pub async fn record_findings(
        &self,
        applied: Option<(&str, u64)>,
        findings: &[NewFinding],
    ) -> Result<Recorded, StateError> {
        let mut tx = self.begin().await?;
        let mut recorded = Recorded::default();
        if !findings.is_empty() {
            recorded = self.record(&mut tx, findings, None).await?;
        }
        if let Some((sink, applied)) = applied {
            offsets::advance(&mut tx, sink, applied).await?;
        }
        tx.commit().await?;
        Ok(recorded)
    }

    /// Keeps findings that were not made when their events arrived, each with a mark that says so. Those that are there already stay as they are, without a mark.
    ///
    /// # Errors
    /// The state cannot be written; then nothing was kept and it can be given again.
    pub async fn record_later(&self, findings: &[NewFinding], later: JudgedLater) -> Result<Recorded, StateError> {
        if findings.is_empty() {
            return Ok(Recorded::default());
        }
        let mut tx = self.begin().await?;
        let recorded = self.record(&mut tx, findings, Some(later)).await?;
        tx.commit().await?;
        Ok(recorded)
    }

    async fn record(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        findings: &[NewFinding],
        later: Option<JudgedLater>,
    ) -> Result<Recorded, StateError> {
        let earliest = findings.iter().map(|new| new.received).min().unwrap_or_default();
        let newest = findings.iter().map(|new| new.received).max().unwrap_or_default();
        let mutes = mutes::active(tx, earliest).await?;
        let window_us = i64::from(self.options.group_window_hours.clamp(1, 720)) * HOUR_US;
        let placed: Vec<Placed<'_>> =
            findings.iter().map(|new| place(new, &mutes, &self.accounts, window_us)).collect();
        let cards = keep_cards(tx, findings).await?;
        let mut fresh = insert_findings(tx, &placed, &cards, later).await?;
        let placed: Vec<&Placed<'_>> =
            placed.iter().filter(|placed| fresh.remove(&placed.new.finding.finding_id)).collect();
        let new = u64::try_from(placed.len()).unwrap_or(u64::MAX);
        let muted = placed.iter().filter(|placed| placed.mute_id.is_some()).count();
        let all = u64::try_from(findings.len()).unwrap_or(u64::MAX);
        cited::note(tx, placed.iter().map(|placed| placed.new)).await?;
        count_hits(tx, &placed).await?;
        let groups = groups_before(tx, &placed).await?;
        let epoch = epoch_for(tx, newest).await?;
        risk::add(tx, &risk_gains(&placed, &groups, epoch)).await?;
        let touched = upsert_groups(tx, group_gains(&placed), &groups).await?;
        Ok(Recorded { new, known: all.saturating_sub(new), muted: u64::try_from(muted).unwrap_or(u64::MAX), touched })
    }
}

fn place<'f>(new: &'f NewFinding, mutes: &[Mute], accounts: &Accounts, window_us: i64) -> Placed<'f> {
    let entity = new.subjects.grouped_by(&new.finding.source_file);
    let start = new.placed().0.div_euclid(window_us).saturating_mul(window_us);
    let window = (Time(start), Time(start.saturating_add(window_us)));
    let group_id = GroupId::of(&new.finding.rule.id, &new.site, new.class_uid, &entity, window.0);
    let mute_id = mutes.iter().find(|mute| mute.covers(new, accounts)).map(|mute| mute.mute_id);
    Placed { new, group_id, entity, window, mute_id }
}

/// Keeps each version of a rule's card once; gives the number of every finding's card, in order.
async fn keep_cards(tx: &mut Transaction<'static, Sqlite>, findings: &[NewFinding]) -> Result<Vec<i64>, StateError> {
    // a rule that speaks a thousand times in a batch has one card
    let mut digests: BTreeMap<(usize, &str), Digest> = BTreeMap::new();
    let mut cards: BTreeMap<Digest, String> = BTreeMap::new();
    let mut of_findings = Vec::with_capacity(findings.len());
    for new in findings {
        let of = (Arc::as_ptr(&new.finding.rule).addr(), &*new.rule_version);
        let digest = *digests.entry(of).or_insert_with(|| {
            let card = new.card().to_string();
            let digest = cordon_seal::digest(card.as_bytes());
            cards.insert(digest, card);
            digest
        });
        of_findings.push(digest);
    }
    let mut numbers = known_cards(tx, cards.keys()).await?;
    for (digest, card) in cards {
        if let Entry::Vacant(place) = numbers.entry(digest) {
            let kept = sqlx::query_scalar("INSERT INTO rule_cards (sha256, card) VALUES (?1, ?2) RETURNING card_id");
            place.insert(kept.bind(digest.0.to_vec()).bind(card).fetch_one(&mut **tx).await?);
        }
    }
    let number = |digest| numbers.get(&digest).copied().ok_or(StateError::Damaged("rule_cards"));
    of_findings.into_iter().map(number).collect()
}

/// The numbers of the cards that are there.
async fn known_cards(
    tx: &mut Transaction<'static, Sqlite>,
    digests: impl Iterator<Item = &Digest>,
) -> Result<BTreeMap<Digest, i64>, StateError> {
    let digests: Vec<String> = digests.map(Digest::to_string).collect();
    let known = sqlx::query_scalar(
        "SELECT json_group_array(json_array(card_id, hex(sha256))) FROM rule_cards
         WHERE sha256 IN (SELECT unhex(value) FROM json_each(?1))",
    );
    let known: String = known.bind(Value::from(digests).to_string()).fetch_one(&mut **tx).await?;
    let known: Vec<(i64, &str)> = serde_json::from_str(&known).map_err(|_| NO_LIST)?;
    let of_hex = |digits: &str| digest_of_hex(digits, "rule_cards");
    known.into_iter().map(|(number, digits)| Ok((of_hex(digits)?, number))).collect()
}

/// Keeps the findings that are not there yet, and says which those are.
async fn insert_findings(
    tx: &mut Transaction<'static, Sqlite>,
    placed: &[Placed<'_>],
    cards: &[i64],
    later: Option<JudgedLater>,
) -> Result<BTreeSet<FindingId>, StateError> {
    let known = known_findings(tx, placed).await?;
    let mut fresh = BTreeSet::new();
    let rows = placed.iter().zip(cards).filter(|(placed, _)| {
        let id = placed.new.finding.finding_id;
        !known.contains(&id) && fresh.insert(id)
    });
    let rows: Vec<_> = rows.collect();
    for part in rows.chunks(ROWS_MAX) {
        let explanations: Result<Vec<String>, _> =
            part.iter().map(|(placed, _)| placed.new.explanation(later)).collect();
        let mut explanations = explanations.map_err(|_| NO_JSON)?.into_iter();
        let mut query = QueryBuilder::new(
            "INSERT INTO findings (finding_id, group_id, card_id, rule_id, level, time, received, site, class_uid, source,
             user, host, device, patient_ref, mute_id, explanation) ",
        );
        query.push_values(part, |mut row, (placed, card_id)| {
            let NewFinding { finding, site, class_uid, received, subjects, .. } = placed.new;
            let text = |name: &Option<Arc<str>>| name.as_ref().map(ToString::to_string);
            row.push_bind(finding.finding_id.0.to_vec()).push_bind(placed.group_id.0.to_vec());
            row.push_bind(**card_id).push_bind(finding.rule.id.clone()).push_bind(level_number(finding.rule.level));
            row.push_bind(finding.time.map(|time| time.0)).push_bind(received.0).push_bind(site.to_string());
            row.push_bind(*class_uid).push_bind(finding.source_file.to_string());
            row.push_bind(text(&subjects.user)).push_bind(text(&subjects.host)).push_bind(text(&subjects.device));
            row.push_bind(text(&subjects.patient_ref)).push_bind(placed.mute_id);
            row.push_bind(explanations.next());
        });
        query.build().execute(&mut **tx).await?;
    }
    Ok(fresh)
}

/// Which of the findings are there.
async fn known_findings(
    tx: &mut Transaction<'static, Sqlite>,
    placed: &[Placed<'_>],
) -> Result<BTreeSet<FindingId>, StateError> {
    let ids = json_ids(placed.iter().map(|placed| placed.new.finding.finding_id.0));
    let known = sqlx::query_scalar(
        "SELECT json_group_array(hex(finding_id)) FROM findings
         WHERE finding_id IN (SELECT unhex(value) FROM json_each(?1))",
    );
    let known: String = known.bind(ids).fetch_one(&mut **tx).await?;
    let known: Vec<&str> = serde_json::from_str(&known).map_err(|_| NO_LIST)?;
    known.into_iter().map(|digits| id_of_hex(digits, "findings").map(FindingId)).collect()
}

async fn count_hits(tx: &mut Transaction<'static, Sqlite>, placed: &[&Placed<'_>]) -> Result<(), StateError> {
    let mut hits: BTreeMap<i64, i64> = BTreeMap::new();
    for mute_id in placed.iter().filter_map(|placed| placed.mute_id) {
        *hits.entry(mute_id).or_default() += 1;
    }
    for (mute_id, hits) in hits {
        let count = sqlx::query("UPDATE mutes SET hits = hits + ?2 WHERE mute_id = ?1").bind(mute_id).bind(hits);
        count.execute(&mut **tx).await?;
    }
    Ok(())
}

/// What is known of the groups of these findings.
async fn groups_before(
    tx: &mut Transaction<'static, Sqlite>,
    placed: &[&Placed<'_>],
) -> Result<BTreeMap<GroupId, Before>, StateError> {
    let ids: BTreeSet<GroupId> = placed.iter().map(|placed| placed.group_id).collect();
    let known = sqlx::query_scalar(
        "SELECT json_group_array(json_array(hex(group_id), level, count, loud, state)) FROM finding_groups
         WHERE group_id IN (SELECT unhex(value) FROM json_each(?1))",
    );
    let known: String = known.bind(json_ids(ids.iter().map(|id| id.0))).fetch_one(&mut **tx).await?;
    let known: Vec<(&str, i64, i64, i64, &str)> = serde_json::from_str(&known).map_err(|_| NO_LIST)?;
    let known = known.into_iter().map(|(id, level, count, loud, state)| {
        let level = level_of(level, "finding_groups")?;
        let before = Before { level, count, loud, closed: state == GroupState::Closed.name() };
        Ok((GroupId(id_of_hex(id, "finding_groups")?), before))
    });
    known.collect()
}

/// The n-th loud finding of a group weighs an n-th: a rule that speaks a thousand times says little more than one that speaks ten times.
fn risk_gains(placed: &[&Placed<'_>], groups: &BTreeMap<GroupId, Before>, epoch: Time) -> Gains {
    let mut numbers: BTreeMap<GroupId, u32> = BTreeMap::new();
    let mut gains = Gains::new();
    for placed in placed.iter().filter(|placed| placed.mute_id.is_none()) {
        let before = groups.get(&placed.group_id).map_or(0, |before| before.loud);
        let number = numbers.entry(placed.group_id).or_insert_with(|| u32::try_from(before).unwrap_or(u32::MAX));
        *number = number.saturating_add(1);
        let at = placed.new.placed();
        let weight = risk_weight(placed.new.finding.rule.level) / f64::from(*number) * scale(at, epoch);
        if weight <= 0.0 {
            continue;
        }
        for entity in placed.new.subjects.at_risk() {
            let key = (entity, Arc::clone(&placed.new.site), placed.new.class_uid);
            let (sum, last) = gains.entry(key).or_insert((0.0, at));
            *sum += weight;
            *last = at.max(*last);
        }
    }
    gains
}

fn group_gains<'f>(placed: &[&Placed<'f>]) -> BTreeMap<GroupId, Gain<'f>> {
    let mut gains: BTreeMap<GroupId, Gain<'f>> = BTreeMap::new();
    for placed in placed {
        let (at, level) = (placed.new.placed(), placed.new.finding.rule.level);
        let gain = gains.entry(placed.group_id).or_insert_with(|| Gain {
            new: placed.new,
            entity: placed.entity.clone(),
            window: placed.window,
            level,
            first: at,
            last: at,
            count: 0,
            loud: 0,
        });
        gain.level = gain.level.max(level);
        gain.first = gain.first.min(at);
        gain.last = gain.last.max(at);
        gain.count += 1;
        gain.loud += i64::from(placed.mute_id.is_none());
    }
    gains
}

/// Adds to the groups. A closed group that gets a loud finding is open again, and what hid a group does not hide a loud finding.
async fn upsert_groups(
    tx: &mut Transaction<'static, Sqlite>,
    gains: BTreeMap<GroupId, Gain<'_>>,
    before: &BTreeMap<GroupId, Before>,
) -> Result<Vec<GroupTouched>, StateError> {
    let gains: Vec<(GroupId, Gain<'_>)> = gains.into_iter().collect();
    let mut touched = Vec::new();
    for part in gains.chunks(ROWS_MAX) {
        group_upsert(part).build().execute(&mut **tx).await?;
        for (group_id, gain) in part.iter().filter(|(_, gain)| gain.loud > 0) {
            let before = before.get(group_id);
            let count = before.map_or(0, |before| before.count) + gain.count;
            touched.push(GroupTouched {
                group_id: *group_id,
                opened: before.is_none_or(|before| before.loud == 0 || before.closed),
                level: before.map_or(gain.level, |before| before.level.max(gain.level)),
                count: from_count(count, "finding_groups")?,
            });
        }
    }
    Ok(touched)
}

fn group_upsert(part: &[(GroupId, Gain<'_>)]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "INSERT INTO finding_groups (group_id, rule_id, title, level, site, class_uid, entity_kind, entity,
         window_start, window_end, count, loud, first, last, changed) ",
    );
    query.push_values(part, |mut row, (id, gain)| {
        let rule = &gain.new.finding.rule;
        row.push_bind(id.0.to_vec()).push_bind(rule.id.clone()).push_bind(rule.title.clone());
        row.push_bind(level_number(gain.level)).push_bind(gain.new.site.to_string()).push_bind(gain.new.class_uid);
        row.push_bind(gain.entity.kind.name()).push_bind(gain.entity.name.to_string());
        row.push_bind(gain.window.0.0).push_bind(gain.window.1.0).push_bind(gain.count).push_bind(gain.loud);
        row.push_bind(gain.first.0).push_bind(gain.last.0).push_bind(gain.new.received.0);
    });
    query.push(
        " ON CONFLICT (group_id) DO UPDATE SET
          level = max(level, excluded.level), count = count + excluded.count, loud = loud + excluded.loud,
          first = min(first, excluded.first), last = max(last, excluded.last), changed = max(changed, excluded.changed),
          reopened = reopened + (state = 'closed' AND excluded.loud > 0),
          revision = revision + (state = 'closed' AND excluded.loud > 0),
          muted_until = CASE WHEN excluded.loud > 0 THEN NULL ELSE muted_until END,
          state = CASE WHEN state = 'closed' AND excluded.loud > 0 THEN 'open' ELSE state END",
    );
    query
}
