//! Findings to Splunk's HTTP event collector, many in one request; its answer says that they were taken.

use serde_json::{Value, json};

use super::TellError;
use super::letter::topic_name;
use super::notice::Notice;
use super::webhook::answered;
use super::words::Words;

/// A collector.
#[derive(Clone)]
pub(super) struct Collector {
    url: String,
    token: String,
    client: reqwest::Client,
}

/// The token stays out of logs.
impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

impl Collector {
    pub(super) fn new(url: &str, token: String, client: reqwest::Client) -> Self {
        Self { url: format!("{}/services/collector/event", url.trim_end_matches('/')), token, client }
    }

    /// Sends findings in one request.
    pub(super) async fn send(&self, notices: &[&Notice], words: &Words) -> Result<(), TellError> {
        let body: String = notices.iter().map(|notice| event(notice, words).to_string() + "\n").collect();
        let request = self.client.post(&self.url).header("authorization", format!("Splunk {}", self.token)).body(body);
        answered(request.send().await)
    }
}

pub(super) fn event(notice: &Notice, words: &Words) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of our times fit an f64 to the microsecond until 2255"
    )]
    let seconds = notice.received.0 as f64 / 1e6;
    json!({
        "time": seconds,
        "source": "cordon",
        "sourcetype": "cordon:finding",
        "event": {
            "finding_id": notice.id.to_string(),
            "rule_id": notice.rule_id,
            "title": notice.title,
            "level": notice.level.name(),
            "topic": topic_name(notice.topic),
            "entity": {"kind": notice.entity.kind, "name": notice.entity.name},
            "machine": notice.machine.as_ref().map(|machine| &machine.name),
            "patient_ref": notice.patient_ref,
            "site": notice.site,
            "link": words.link(&notice.group),
        },
    })
}
