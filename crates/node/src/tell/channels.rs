//! All ways to people. One that is set up wrongly says so at each try and hinders no other.

use std::collections::BTreeMap;
use std::time::Duration;

use cordon_model::Time;

use super::mail::Mailer;
use super::outbox::Row;
use super::webhook::Hook;
use super::words::Words;
use super::{TellError, trust};
use crate::config::Config;

/// Longest time of a request.
const REQUEST_MAX: Duration = Duration::from_secs(20);

/// All ways to people, as the settings have them.
#[derive(Debug)]
pub struct Channels {
    mail: Option<Result<Mailer, String>>,
    hooks: BTreeMap<String, Result<Hook, String>>,
    words: Words,
}

impl Channels {
    /// Reads the files that the settings name: blocks for a moment.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let ca_file = config.tell.ca_file.as_deref();
        let client = client(config).map_err(|error| error.to_string());
        let hooks = config.webhooks.iter().map(|settings| {
            let hook = client.clone().and_then(|client| Hook::new(settings, client).map_err(|error| error.to_string()));
            (settings.name.clone(), hook)
        });
        let mail = config.smtp.as_ref().map(|smtp| Mailer::new(smtp, ca_file).map_err(|error| error.to_string()));
        Self { mail, hooks: hooks.collect(), words: Words::new(config) }
    }

    /// What is set up wrongly, by way.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &str)> {
        let mail = self.mail.iter().filter_map(|mail| Some(("mail", mail.as_ref().err()?.as_str())));
        mail.chain(self.hooks.iter().filter_map(|(name, hook)| Some((name.as_str(), hook.as_ref().err()?.as_str()))))
    }

    /// Sends one letter.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, row: &Row, now: Time) -> Result<(), TellError> {
        let Row { channel, key, letter, .. } = row;
        if let Some(address) = channel.strip_prefix("mail:") {
            let mailer = set_up(self.mail.as_ref())?;
            let content = (self.words.subject(letter), self.words.text(letter));
            return mailer.send(address, key, content, now).await;
        }
        let name = channel.strip_prefix("webhook:").unwrap_or(channel);
        set_up(self.hooks.get(name))?.send(key, &self.words.data(letter), now).await
    }
}

fn set_up<T>(way: Option<&Result<T, String>>) -> Result<&T, TellError> {
    way.ok_or(TellError::Gone)?.as_ref().map_err(|error| TellError::Setup(error.clone()))
}

/// A client for web addresses: no redirects, which could lead a message elsewhere.
pub(super) fn client(config: &Config) -> Result<reqwest::Client, TellError> {
    let tls = trust::client(config.tell.ca_file.as_deref())?;
    let builder = reqwest::Client::builder()
        .use_preconfigured_tls(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(REQUEST_MAX)
        .user_agent(concat!("cordon/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|error| TellError::Setup(error.to_string()))
}
