//! Findings in: rows, groups, risk and the applied offset change together or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cordon_model::{FindingId, Level, Time};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};

use super::risk::{Gains, epoch_for, risk_weight, scale};
use super::sql::{from_count, id_bytes, level_number, level_of};
use super::{Entity, GroupId, GroupState, Mute, NewFinding, State, StateError, cited, mutes, offsets, risk};

/// Rows of one INSERT. Many enough to save round trips, few enough that the statement stays prepared between batches.
const ROWS_MAX: usize = 50;
const NO_JSON: StateError = StateError::Refused("an explanation cannot be written as JSON");
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
        let placed: Vec<Placed<'_>> = findings.iter().map(|new| place(new, &mutes, window_us)).collect();
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

fn place<'f>(new: &'f NewFinding, mutes: &[Mute], window_us: i64) -> Placed<'f> {
    let entity = new.subjects.grouped_by(&new.finding.source_file);
    let start = new.placed().0.div_euclid(window_us).saturating_mul(window_us);
    let window = (Time(start), Time(start.saturating_add(window_us)));
    let group_id = GroupId::of(&new.finding.rule.id, &new.site, new.class_uid, &entity, window.0);
    let mute_id = mutes.iter().find(|mute| mute.covers(new)).map(|mute| mute.mute_id);
    Placed { new, group_id, entity, window, mute_id }
}

/// Keeps each version of a rule's card once; gives the number of every finding's card, in order.
async fn keep_cards(tx: &mut Transaction<'static, Sqlite>, findings: &[NewFinding]) -> Result<Vec<i64>, StateError> {
    // a rule that speaks a thousand times in a batch has one card
    let mut numbers: BTreeMap<(usize, &str), i64> = BTreeMap::new();
    let mut cards = Vec::with_capacity(findings.len());
    for new in findings {
        let of = (Arc::as_ptr(&new.finding.rule).addr(), &*new.rule_version);
        let number = match numbers.get(&of) {
            Some(number) => *number,
            None => {
                let card = new.card().to_string();
                keep_card(tx, cordon_seal::digest(card.as_bytes()).0, card).await?
            }
        };
        numbers.insert(of, number);
        cards.push(number);
    }
    Ok(cards)
}

async fn keep_card(tx: &mut Transaction<'static, Sqlite>, sha256: [u8; 32], card: String) -> Result<i64, StateError> {
    let sha256 = sha256.to_vec();
    let known = sqlx::query_scalar("SELECT card_id FROM rule_cards WHERE sha256 = ?1").bind(sha256.clone());
    if let Some(number) = known.fetch_optional(&mut **tx).await? {
        return Ok(number);
    }
    let kept = sqlx::query_scalar("INSERT INTO rule_cards (sha256, card) VALUES (?1, ?2) RETURNING card_id");
    Ok(kept.bind(sha256).bind(card).fetch_one(&mut **tx).await?)
}

/// Keeps the findings that are not there yet, and says which those are.
async fn insert_findings(
    tx: &mut Transaction<'static, Sqlite>,
    placed: &[Placed<'_>],
    cards: &[i64],
    later: Option<JudgedLater>,
) -> Result<BTreeSet<FindingId>, StateError> {
    let mut fresh = BTreeSet::new();
    let rows: Vec<_> = placed.iter().zip(cards).collect();
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
        query.push(" ON CONFLICT (finding_id) DO NOTHING RETURNING finding_id");
        for row in query.build().fetch_all(&mut **tx).await? {
            fresh.insert(FindingId(id_bytes(row.try_get(0)?, "findings")?));
        }
    }
    Ok(fresh)
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
    let ids: Vec<Value> = ids.iter().map(|id| Value::String(id.to_string().replace('-', ""))).collect();
    let mut groups = BTreeMap::new();
    for part in ids.chunks(ROWS_MAX) {
        let known = sqlx::query(
            "SELECT group_id, loud, state FROM finding_groups WHERE group_id IN (SELECT unhex(value) FROM json_each(?1))",
        );
        for row in known.bind(Value::Array(part.to_vec()).to_string()).fetch_all(&mut **tx).await? {
            let state: &str = row.try_get("state")?;
            let before = Before { loud: row.try_get("loud")?, closed: state == GroupState::Closed.name() };
            groups.insert(GroupId(id_bytes(row.try_get("group_id")?, "finding_groups")?), before);
        }
    }
    Ok(groups)
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
        let mut query = group_upsert(part);
        let mut after: BTreeMap<GroupId, (Level, u64)> = BTreeMap::new();
        for row in query.build().fetch_all(&mut **tx).await? {
            let id = GroupId(id_bytes(row.try_get("group_id")?, "finding_groups")?);
            let level = level_of(row.try_get("level")?, "finding_groups")?;
            after.insert(id, (level, from_count(row.try_get("count")?, "finding_groups")?));
        }
        for (group_id, _) in part.iter().filter(|(_, gain)| gain.loud > 0) {
            let Some((level, count)) = after.get(group_id).copied() else { continue };
            let opened = before.get(group_id).is_none_or(|before| before.loud == 0 || before.closed);
            touched.push(GroupTouched { group_id: *group_id, opened, level, count });
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
          state = CASE WHEN state = 'closed' AND excluded.loud > 0 THEN 'open' ELSE state END
          RETURNING group_id, level, count",
    );
    query
}
