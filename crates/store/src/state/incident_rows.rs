//! Incidents as rows: written within the transaction of the deed, read whole.

use std::collections::BTreeSet;

use cordon_model::{
    AskedOf, Comment, Custody, Incident, IncidentId, IncidentKind, IncidentState, IncidentVerdict, NewIncident,
    ReasonRequest, Reply, RequestState, Task, Time,
};
use cordon_policy::{OFFICE_CASES, STAFF_CASES};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, Transaction};

use super::StateError;
use super::incident_material::{Material, assessment_json, assessment_of, material_json};
use super::sql::{digest_bytes, from_count, id_bytes, names_json, to_count};

const TABLE: &str = "incidents";

/// Writes an Incident as it is after a deed. Custody and comments only grow: what is there of them is left alone.
pub(super) async fn write(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    write_row(tx, incident).await?;
    write_custody(tx, incident).await?;
    write_comments(tx, incident).await?;
    write_tasks(tx, incident).await?;
    write_requests(tx, incident).await
}

async fn write_row(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    let Incident { found, state, owner, verdict, verdict_reason, decided, decided_by, teaches, .. } = incident;
    let mut query = QueryBuilder::new(
        "INSERT INTO incidents (incident_id, kind, site, class_uid, user, title, score, scenarios, patients, accesses, material,
         first, last, opened, state, owner, verdict, verdict_reason, decided, decided_by, teaches, breach_known, withdrawn_reason, assessment,
         due, changed, revision) VALUES (",
    );
    let mut row = query.separated(", ");
    row.push_bind(found.id.0.to_vec()).push_bind(found.kind.name()).push_bind(found.site.clone());
    row.push_bind(if found.is_office { OFFICE_CASES } else { STAFF_CASES }).push_bind(found.user.clone());
    row.push_bind(found.title.clone()).push_bind(score(found.score));
    row.push_bind(names_json(found.scenarios.iter().map(String::as_str)));
    row.push_bind(count(found.patients.len())?).push_bind(count(found.accesses.len())?);
    row.push_bind(material_json(found)?).push_bind(found.first.0).push_bind(found.last.0).push_bind(found.opened.0);
    row.push_bind(state.name()).push_bind(owner.clone()).push_bind(verdict.map(IncidentVerdict::name));
    row.push_bind(verdict_reason.clone()).push_bind(decided.map(|at| at.0));
    row.push_bind(decided_by.clone()).push_bind(*teaches);
    row.push_bind(incident.breach_known.map(|at| at.0)).push_bind(incident.withdrawn_reason.clone());
    row.push_bind(incident.assessment.as_ref().map(assessment_json).transpose()?);
    row.push_bind(cordon_incident::due(incident).map(|at| at.0)).push_bind(incident.changed.0);
    row.push_bind(to_count(incident.revision)?);
    query.push(
        ") ON CONFLICT (incident_id) DO UPDATE SET title = excluded.title, score = excluded.score, scenarios = excluded.scenarios,
          patients = excluded.patients, accesses = excluded.accesses, material = excluded.material, first = excluded.first,
          last = excluded.last, class_uid = excluded.class_uid, state = excluded.state, owner = excluded.owner,
          verdict = excluded.verdict, verdict_reason = excluded.verdict_reason, decided = excluded.decided,
          decided_by = excluded.decided_by, teaches = excluded.teaches,
          breach_known = excluded.breach_known, withdrawn_reason = excluded.withdrawn_reason, assessment = excluded.assessment,
          due = excluded.due, changed = excluded.changed, revision = excluded.revision",
    );
    query.build().execute(&mut **tx).await?;
    Ok(())
}

async fn write_custody(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    let last = "SELECT coalesce(max(number), 0) FROM incident_custody WHERE incident_id = ?1";
    let last: i64 = sqlx::query_scalar(last).bind(incident.found.id.0.to_vec()).fetch_one(&mut **tx).await?;
    for entry in incident.custody.iter().filter(|entry| i64::from(entry.number) > last) {
        let insert = sqlx::query(
            "INSERT INTO incident_custody (incident_id, number, at, by, deed, words, content, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        );
        let insert = insert.bind(incident.found.id.0.to_vec()).bind(i64::from(entry.number)).bind(entry.at.0);
        let insert = insert.bind(entry.by.clone()).bind(entry.deed.clone()).bind(entry.words.clone());
        insert.bind(entry.content.0.to_vec()).bind(entry.hash.0.to_vec()).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn write_comments(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    let there = "SELECT count(*) FROM incident_comments WHERE incident_id = ?1";
    let there: i64 = sqlx::query_scalar(there).bind(incident.found.id.0.to_vec()).fetch_one(&mut **tx).await?;
    for (number, comment) in (1_i64..).zip(&incident.comments).filter(|(number, _)| *number > there) {
        let insert = sqlx::query(
            "INSERT INTO incident_comments (incident_id, number, at, by, text) VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let insert = insert.bind(incident.found.id.0.to_vec()).bind(number).bind(comment.at.0);
        insert.bind(comment.by.clone()).bind(comment.text.clone()).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn write_tasks(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    for task in &incident.tasks {
        let upsert = sqlx::query(
            "INSERT INTO incident_tasks (incident_id, number, title, due, done, by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (incident_id, number) DO UPDATE SET done = excluded.done, by = excluded.by",
        );
        let upsert = upsert.bind(incident.found.id.0.to_vec()).bind(i64::from(task.number)).bind(task.title.clone());
        let upsert = upsert.bind(task.due.map(|at| at.0)).bind(task.done).bind(task.by.clone());
        upsert.execute(&mut **tx).await?;
    }
    Ok(())
}

async fn write_requests(tx: &mut Transaction<'static, Sqlite>, incident: &Incident) -> Result<(), StateError> {
    for request in &incident.requests {
        let reply = request.reply.as_ref();
        let upsert = sqlx::query(
            "INSERT INTO incident_requests (incident_id, number, asked_of, text, state, proposed_by, approved_by, reply_at, reply,
             is_correction) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (incident_id, number) DO UPDATE SET state = excluded.state, approved_by = excluded.approved_by,
              reply_at = excluded.reply_at, reply = excluded.reply, is_correction = excluded.is_correction",
        );
        let upsert = upsert.bind(incident.found.id.0.to_vec()).bind(i64::from(request.number)).bind(request.to.name());
        let upsert = upsert.bind(request.text.clone()).bind(request.state.name()).bind(request.proposed_by.clone());
        let upsert = upsert.bind(request.approved_by.clone()).bind(reply.map(|reply| reply.at.0));
        let upsert = upsert.bind(reply.map(|reply| reply.text.clone())).bind(reply.map(|reply| reply.is_correction));
        upsert.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Reads an Incident of which the row is at hand.
pub(super) async fn read(on: &mut SqliteConnection, row: &SqliteRow) -> Result<Incident, StateError> {
    let mut incident = incident_of(row)?;
    let id = incident.found.id.0.to_vec();
    let custody = sqlx::query("SELECT * FROM incident_custody WHERE incident_id = ?1 ORDER BY number");
    let custody = custody.bind(id.clone()).fetch_all(&mut *on).await?;
    incident.custody = custody.iter().map(custody_of).collect::<Result<_, _>>()?;
    let comments = sqlx::query("SELECT * FROM incident_comments WHERE incident_id = ?1 ORDER BY number");
    let comments = comments.bind(id.clone()).fetch_all(&mut *on).await?;
    incident.comments = comments.iter().map(comment_of).collect::<Result<_, _>>()?;
    let tasks = sqlx::query("SELECT * FROM incident_tasks WHERE incident_id = ?1 ORDER BY number");
    let tasks = tasks.bind(id.clone()).fetch_all(&mut *on).await?;
    incident.tasks = tasks.iter().map(task_of).collect::<Result<_, _>>()?;
    let requests = sqlx::query("SELECT * FROM incident_requests WHERE incident_id = ?1 ORDER BY number");
    let requests = requests.bind(id).fetch_all(&mut *on).await?;
    incident.requests = requests.iter().map(request_of).collect::<Result<_, _>>()?;
    Ok(incident)
}

fn incident_of(row: &SqliteRow) -> Result<Incident, StateError> {
    let time =
        |column: &str| -> Result<Option<Time>, StateError> { Ok(row.try_get::<Option<i64>, _>(column)?.map(Time)) };
    let assessment: Option<&str> = row.try_get("assessment")?;
    Ok(Incident {
        found: found_of(row)?,
        state: word(row.try_get("state")?, IncidentState::from_name)?,
        owner: row.try_get("owner")?,
        verdict: verdict_of(row)?,
        verdict_reason: row.try_get("verdict_reason")?,
        decided: time("decided")?,
        decided_by: row.try_get("decided_by")?,
        teaches: row.try_get("teaches")?,
        breach_known: time("breach_known")?,
        withdrawn_reason: row.try_get("withdrawn_reason")?,
        assessment: assessment.map(assessment_of).transpose()?,
        tasks: Vec::new(),
        comments: Vec::new(),
        requests: Vec::new(),
        custody: Vec::new(),
        changed: Time(row.try_get("changed")?),
        revision: from_count(row.try_get("revision")?, TABLE)?,
    })
}

fn found_of(row: &SqliteRow) -> Result<NewIncident, StateError> {
    let material = Material::read(row.try_get("material")?)?;
    let accesses = material.accesses()?;
    let Material { patients, parts, sentences, counter_evidence, .. } = material;
    Ok(NewIncident {
        id: incident_id(row)?,
        kind: word(row.try_get("kind")?, IncidentKind::from_name)?,
        site: row.try_get("site")?,
        user: row.try_get("user")?,
        title: row.try_get("title")?,
        score: row.try_get("score")?,
        scenarios: scenario_list(row)?,
        patients,
        parts,
        sentences,
        counter_evidence,
        accesses,
        first: Time(row.try_get("first")?),
        last: Time(row.try_get("last")?),
        opened: Time(row.try_get("opened")?),
        is_office: row.try_get::<i64, _>("class_uid")? == OFFICE_CASES,
    })
}

pub(super) fn incident_id(row: &SqliteRow) -> Result<IncidentId, StateError> {
    Ok(IncidentId(id_bytes(row.try_get("incident_id")?, TABLE)?))
}

pub(super) fn verdict_of(row: &SqliteRow) -> Result<Option<IncidentVerdict>, StateError> {
    let verdict: Option<&str> = row.try_get("verdict")?;
    verdict.map(|name| word(name, IncidentVerdict::from_name)).transpose()
}

/// The scenarios, whatever their order.
pub(super) fn scenarios_of(row: &SqliteRow) -> Result<BTreeSet<String>, StateError> {
    Ok(scenario_list(row)?.into_iter().collect())
}

/// The scenarios in the order of the review: the digest of the evidence depends on it.
pub(super) fn scenario_list(row: &SqliteRow) -> Result<Vec<String>, StateError> {
    serde_json::from_str(row.try_get("scenarios")?).map_err(|_| StateError::Damaged(TABLE))
}

/// A word of one of the enumerations.
pub(super) fn word<T>(name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StateError> {
    read(name).ok_or(StateError::Damaged(TABLE))
}

fn custody_of(row: &SqliteRow) -> Result<Custody, StateError> {
    const TABLE: &str = "incident_custody";
    Ok(Custody {
        number: number(row, TABLE)?,
        at: Time(row.try_get("at")?),
        by: row.try_get("by")?,
        deed: row.try_get("deed")?,
        words: row.try_get("words")?,
        content: digest_bytes(row.try_get("content")?, TABLE)?,
        hash: digest_bytes(row.try_get("hash")?, TABLE)?,
    })
}

fn comment_of(row: &SqliteRow) -> Result<Comment, StateError> {
    Ok(Comment { at: Time(row.try_get("at")?), by: row.try_get("by")?, text: row.try_get("text")? })
}

fn task_of(row: &SqliteRow) -> Result<Task, StateError> {
    Ok(Task {
        number: number(row, "incident_tasks")?,
        title: row.try_get("title")?,
        due: row.try_get::<Option<i64>, _>("due")?.map(Time),
        done: row.try_get("done")?,
        by: row.try_get("by")?,
    })
}

fn request_of(row: &SqliteRow) -> Result<ReasonRequest, StateError> {
    const TABLE: &str = "incident_requests";
    let reply: Option<String> = row.try_get("reply")?;
    let reply = match reply {
        Some(text) => {
            Some(Reply { at: Time(row.try_get("reply_at")?), text, is_correction: row.try_get("is_correction")? })
        }
        None => None,
    };
    Ok(ReasonRequest {
        number: number(row, TABLE)?,
        to: AskedOf::from_name(row.try_get("asked_of")?).ok_or(StateError::Damaged(TABLE))?,
        text: row.try_get("text")?,
        state: RequestState::from_name(row.try_get("state")?).ok_or(StateError::Damaged(TABLE))?,
        proposed_by: row.try_get("proposed_by")?,
        approved_by: row.try_get("approved_by")?,
        reply,
    })
}

fn number(row: &SqliteRow, table: &'static str) -> Result<u32, StateError> {
    u32::try_from(row.try_get::<i64, _>("number")?).map_err(|_| StateError::Damaged(table))
}

fn count(so_many: usize) -> Result<i64, StateError> {
    i64::try_from(so_many).map_err(|_| StateError::Refused("a case has too many accesses"))
}

/// A score between 0 and 1; what is no number is 0.
fn score(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) }
}
