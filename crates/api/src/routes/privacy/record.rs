//! Who opened one record, and why, as the last review says: for the privacy office and the patient who asks. As JSON and as CSV; each reading is audited before it is
//! answered.

mod body;
mod sheet;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_model::Time;
use cordon_store::state::AuditEntry;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use self::body::{PatientRecordBody, Shown};
use crate::allowed::{Allowed, ReadIncidents};
use crate::extract::{Json, Path, Query};
use crate::opened::OpenedRecord;
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use crate::wire::Moment;

/// The column that a scope masks where patients are not shown even by pseudonym.
const PATIENT: &str = "patient_ref";
/// Hex digits of a pseudonym of a patient.
const DIGITS: usize = 32;

/// Which part of the time.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordQuery {
    /// Accesses from this time on; all that the last review looked at when nothing is said.
    #[param(inline)]
    from: Option<Moment>,
    /// Accesses before this time.
    #[param(inline)]
    until: Option<Moment>,
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordList {
    /// A row for each access.
    #[default]
    Accesses,
    /// The accounting of disclosures of 45 CFR 164.528: a row for each recipient, matter and purpose.
    Disclosures,
}

/// Which part of the time, and what is written of it.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordExportQuery {
    /// Accesses from this time on; all that the last review looked at when nothing is said.
    #[param(inline)]
    from: Option<Moment>,
    /// Accesses before this time.
    #[param(inline)]
    until: Option<Moment>,
    /// Accesses when nothing is said.
    #[serde(default)]
    #[param(inline)]
    of: RecordList,
}

/// Tells who opened the record of a patient, and why: every access of the period, each with the reasons that the last review found, that none was found, or for what a
/// judgement waits. Accounts stand in it as they are shown to whoever asks; accesses of the privacy office are for another role and are counted.
#[utoipa::path(get, path = "/api/v1/privacy/records/{patient_ref}", tag = "incidents",
    params(("patient_ref" = String, Path, description = "Pseudonym of the patient, `p-` and 32 hex digits, or a handle of it (`/api/v1/handles`)"), RecordQuery),
    responses((status = 200, body = PatientRecordBody, description = "The accesses, in order of time")))]
pub(crate) async fn read(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
    Path(given): Path<String>,
    Query(query): Query<RecordQuery>,
) -> Result<Json<PatientRecordBody>, Problem> {
    let asked = Asked { given, from: query.from, until: query.until };
    let shown = asked.answer(&state, &allowed, "json").await?;
    Ok(Json(shown.body()))
}

/// Writes who opened the record of a patient, or the accounting of its disclosures, as CSV.
#[utoipa::path(get, path = "/api/v1/privacy/records/{patient_ref}/export", tag = "incidents",
    params(("patient_ref" = String, Path, description = "Pseudonym of the patient, `p-` and 32 hex digits, or a handle of it (`/api/v1/handles`)"), RecordExportQuery),
    responses((status = 200, description = "The rows, with a line of names", content((String = "text/csv")))))]
pub(crate) async fn export(
    allowed: Allowed<ReadIncidents>,
    State(state): State<ApiState>,
    Path(given): Path<String>,
    Query(query): Query<RecordExportQuery>,
) -> Result<Response, Problem> {
    let asked = Asked { given, from: query.from, until: query.until };
    let (name, form) = match query.of {
        RecordList::Accesses => ("record-accesses.csv", "accesses_csv"),
        RecordList::Disclosures => ("record-disclosures.csv", "disclosures_csv"),
    };
    let body = asked.answer(&state, &allowed, form).await?.body();
    let text = match query.of {
        RecordList::Accesses => sheet::accesses(&body),
        RecordList::Disclosures => sheet::disclosures(&body),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text).into_response())
}

/// Whose record, and when.
struct Asked {
    given: String,
    from: Option<Moment>,
    until: Option<Moment>,
}

impl Asked {
    /// The record as whoever asks may see it; the audit log has it then.
    async fn answer(
        &self,
        state: &ApiState,
        allowed: &Allowed<ReadIncidents>,
        form: &'static str,
    ) -> Result<Shown, Problem> {
        let patient_ref = self.patient_ref(state, allowed)?;
        let from = self.from.map_or(Time(i64::MIN), |from| from.0);
        let until = self.until.map_or(Time(i64::MAX), |until| until.0);
        if from >= until {
            return Err(Problem::new(ProblemKind::Unprocessable, "the period ends before it begins"));
        }
        let opened = state.control().opened(patient_ref.clone(), from..until).await?;
        let scope = allowed.scope();
        let may = |opened: &OpenedRecord| scope.admits_site(&opened.site) && !scope.masks(PATIENT);
        let opened = opened.filter(may).ok_or_else(unknown)?;
        let shown = Shown::of(opened, from..until, scope, state.kept().accounts());
        let detail = json!({"from": self.from, "until": self.until, "accesses": shown.count(), "as": form});
        let entry = AuditEntry::new("record_accesses_read", "patient", &patient_ref, detail);
        state.kept().audit(&allowed.by(), &entry.at_site(shown.site()).for_purpose(allowed.purpose())).await?;
        Ok(shown)
    }

    /// The pseudonym that is asked for, or that the handle stands for.
    fn patient_ref(&self, state: &ApiState, allowed: &Allowed<ReadIncidents>) -> Result<String, Problem> {
        if is_patient_ref(&self.given) {
            return Ok(self.given.clone());
        }
        let sealed = URL_SAFE_NO_PAD.decode(&self.given).map_err(|_| unknown())?;
        let text = state.kept().open_handle(&sealed, allowed.by().at).map_err(|_| unknown())?;
        if is_patient_ref(&text) { Ok(text) } else { Err(unknown()) }
    }
}

fn is_patient_ref(text: &str) -> bool {
    text.strip_prefix("p-").is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn unknown() -> Problem {
    let detail = "the last review of accesses knows no patient of this pseudonym: nobody is in the index of patients under it, and no access that is kept is about it";
    Problem::new(ProblemKind::NotFound, detail)
}
