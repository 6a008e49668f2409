//! What a review found of a case, as the JSON that is kept with it.

use cordon_model::{Assessment, Conclusion, EventId, Factor, IncidentAccess, NewIncident, ScorePart, Time, Told};
use serde::{Deserialize, Serialize};

use super::StateError;
use super::sql::id_of_hex;

const TABLE: &str = "incidents";
const NO_JSON: StateError = StateError::Refused("a case cannot be written as JSON");

/// What no list or filter asks for.
#[derive(Serialize, Deserialize)]
pub(super) struct Material {
    pub(super) patients: Vec<String>,
    pub(super) parts: Vec<ScorePart>,
    pub(super) sentences: Vec<Told>,
    pub(super) counter_evidence: Vec<Told>,
    accesses: Vec<Access>,
}

#[derive(Serialize, Deserialize)]
struct Access {
    event: String,
    time: i64,
    patient_ref: String,
    action: String,
    section: String,
    source: String,
    workstation: String,
    break_glass: bool,
    explanation: String,
}

#[derive(Serialize, Deserialize)]
struct Assessed {
    nature: Factor,
    recipient: Factor,
    acquired: Factor,
    mitigation: Factor,
    conclusion: Conclusion,
    by: String,
    at: i64,
}

/// The text that is kept of a case.
pub(super) fn material_json(found: &NewIncident) -> Result<String, StateError> {
    let accesses = found.accesses.iter().map(|access| Access {
        event: access.event_id.to_string().replace('-', ""),
        time: access.time.0,
        patient_ref: access.patient_ref.clone(),
        action: access.action.clone(),
        section: access.section.clone(),
        source: access.source.clone(),
        workstation: access.workstation.clone(),
        break_glass: access.break_glass,
        explanation: access.explanation.clone(),
    });
    let material = Material {
        patients: found.patients.clone(),
        parts: found.parts.clone(),
        sentences: found.sentences.clone(),
        counter_evidence: found.counter_evidence.clone(),
        accesses: accesses.collect(),
    };
    serde_json::to_string(&material).map_err(|_| NO_JSON)
}

impl Material {
    /// Reads the text.
    pub(super) fn read(text: &str) -> Result<Self, StateError> {
        serde_json::from_str(text).map_err(|_| StateError::Damaged(TABLE))
    }

    /// The accesses.
    pub(super) fn accesses(&self) -> Result<Vec<IncidentAccess>, StateError> {
        self.accesses.iter().map(Access::read).collect()
    }
}

impl Access {
    fn read(&self) -> Result<IncidentAccess, StateError> {
        Ok(IncidentAccess {
            event_id: EventId(id_of_hex(&self.event, TABLE)?),
            time: Time(self.time),
            patient_ref: self.patient_ref.clone(),
            action: self.action.clone(),
            section: self.section.clone(),
            source: self.source.clone(),
            workstation: self.workstation.clone(),
            break_glass: self.break_glass,
            explanation: self.explanation.clone(),
        })
    }
}

/// The text that is kept of an assessment.
pub(super) fn assessment_json(assessment: &Assessment) -> Result<String, StateError> {
    let Assessment { nature, recipient, acquired, mitigation, conclusion, by, at } = assessment.clone();
    let assessed = Assessed { nature, recipient, acquired, mitigation, conclusion, by, at: at.0 };
    serde_json::to_string(&assessed).map_err(|_| NO_JSON)
}

/// Reads the text.
pub(super) fn assessment_of(text: &str) -> Result<Assessment, StateError> {
    let assessed: Assessed = serde_json::from_str(text).map_err(|_| StateError::Damaged(TABLE))?;
    let Assessed { nature, recipient, acquired, mitigation, conclusion, by, at } = assessed;
    Ok(Assessment { nature, recipient, acquired, mitigation, conclusion, by, at: Time(at) })
}
