//! An access: who did what to which patient's record, when, where, why, and how it ended. A typed view over the fields of category `record_access`.

use cordon_model::{Field, Record, Time, Value};

/// One access in the normal form of `docs/specs/healthcare-taxonomy.md`. A part that the source does not state is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Access<'a> {
    /// When it happened.
    pub time: Option<Time>,
    /// Account of the human, or of the client when no human is named.
    pub user: Option<&'a str>,
    /// Pseudonyms of the patients.
    pub patients: Vec<&'a str>,
    /// What was done: `read`, `create` ...
    pub action: Option<&'a str>,
    /// What it was done to, in the source's word.
    pub object_type: Option<&'a str>,
    /// Network address of the user's side.
    pub client_ip: Option<&'a str>,
    /// Name of the user's machine.
    pub workstation: Option<&'a str>,
    /// Care unit or site.
    pub location: Option<&'a str>,
    /// Purpose of use.
    pub purpose: Option<&'a str>,
    /// Whether the emergency override was used; `None` when the source does not say.
    pub break_glass: Option<bool>,
    /// Result: `success`, `minor_failure` ...
    pub outcome: Option<&'a str>,
    /// Part of the chart.
    pub section: Option<&'a str>,
    /// Program or system that recorded or made the access.
    pub app: Option<&'a str>,
    /// Encounter id.
    pub encounter: Option<&'a str>,
    /// Reason that the user gave in words.
    pub reason: Option<&'a str>,
    /// Search text or request, decoded: it may name a patient.
    pub query: Option<&'a str>,
    /// Who received a disclosure or export.
    pub recipient: Option<&'a str>,
    /// Id that joins the client's and the server's record of one access.
    pub request_id: Option<&'a str>,
    /// `human` or `client`.
    pub agent_type: Option<&'a str>,
    /// How long it took, milliseconds.
    pub duration_ms: Option<&'a str>,
}

impl<'a> Access<'a> {
    /// The access that `fields`, the taxonomy fields of `record`, tell of.
    #[must_use]
    pub fn new(record: &Record<'a>, fields: &[Field<'a>]) -> Self {
        let text = |name: &str| fields.iter().find(|field| field.name == name).and_then(plain);
        Self {
            time: record.when.resolve(),
            user: text("user"),
            patients: fields.iter().filter(|field| field.name == "patient_ref").filter_map(plain).collect(),
            action: text("action"),
            object_type: text("object_type"),
            client_ip: text("client_ip"),
            workstation: text("workstation"),
            location: text("location"),
            purpose: text("purpose"),
            break_glass: text("btg").map(|value| value == "true"),
            outcome: text("outcome"),
            section: text("section"),
            app: text("app"),
            encounter: text("encounter"),
            reason: text("reason"),
            query: text("query"),
            recipient: text("recipient"),
            request_id: text("request_id"),
            agent_type: text("agent_type"),
            duration_ms: text("duration_ms"),
        }
    }
}

/// Taxonomy values are plain text: [`taxonomy`](fn@crate::taxonomy) writes no other kind.
fn plain<'a>(field: &Field<'a>) -> Option<&'a str> {
    match field.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_model::{Position, RawRecord, SourceSet, When};

    #[test]
    fn an_access_holds_what_the_fields_state_and_no_more() {
        let field = |name, text| Field { name, value: Value::Text(text) };
        let fields =
            [field("user", "jdoe"), field("patient_ref", "p-1"), field("patient_ref", "p-2"), field("btg", "false")];
        let record = Record {
            raw: RawRecord { position: Position::Offset(0), bytes: b"" },
            index: 0,
            format: "test",
            when: When::Rfc3339("2026-01-02T03:04:05Z"),
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[],
            patient_spans: &[],
        };
        let expect = Access {
            time: Time::from_rfc3339("2026-01-02T03:04:05Z"),
            user: Some("jdoe"),
            patients: vec!["p-1", "p-2"],
            break_glass: Some(false),
            ..Access::default()
        };
        assert_eq!(Access::new(&record, &fields), expect);
    }
}
