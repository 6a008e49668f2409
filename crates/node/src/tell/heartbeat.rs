//! The sign of life: whoever watches it notices a node that is dead, cut off or not well.

use cordon_model::Time;
use serde_json::{Map, Value, json};

use super::TellError;
use super::channels::client;
use super::webhook::answered;
use crate::config::{Config, Span};

/// Sends signs of life.
#[derive(Debug)]
pub struct Pulse {
    url: String,
    post: bool,
    every: Span,
    site: String,
    client: reqwest::Client,
}

impl Pulse {
    /// `None` when the settings want none.
    ///
    /// # Errors
    /// A file that the settings name cannot be read.
    pub fn new(config: &Config) -> Result<Option<Self>, TellError> {
        let Some(heartbeat) = &config.heartbeat else { return Ok(None) };
        let (url, post, every) = (heartbeat.url.clone(), heartbeat.post, heartbeat.every);
        Ok(Some(Self { url, post, every, site: config.site.clone(), client: client(config)? }))
    }

    /// How often it wants to beat.
    #[must_use]
    pub const fn every(&self) -> Span {
        self.every
    }

    /// Sends one sign of life: the state of the node and of its parts (`ok`, `degraded`, `failed`), no word more.
    ///
    /// # Errors
    /// Nobody took it.
    pub async fn beat(&self, status: &str, parts: &[(&str, &str)], now: Time) -> Result<(), TellError> {
        if !self.post {
            return answered(self.client.get(&self.url).send().await);
        }
        let parts: Map<String, Value> = parts.iter().map(|(name, state)| ((*name).to_owned(), json!(state))).collect();
        let body = json!({
            "site": self.site,
            "status": status,
            "time": now.to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "parts": parts,
        });
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body.to_string());
        answered(request.send().await)
    }
}
