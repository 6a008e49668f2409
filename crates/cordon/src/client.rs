//! A node as the commands that talk to one see it: its address, a token, requests and answers.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Certificate, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::terminal::plain;

/// Where a node's API listens when nothing else is said.
pub(crate) const API: &str = "http://127.0.0.1:8480";
/// Where a node's HTTP intake listens when nothing else is said.
pub(crate) const INTAKE: &str = "http://127.0.0.1:8481";
/// Largest certificate file, bytes.
const CA_BYTES_MAX: u64 = 1 << 20;
/// How often a node that cannot take more for now is asked again before giving up.
const TRIES_MAX: u32 = 60;
/// How long to wait before asking again when the node does not say.
const WAIT: Duration = Duration::from_secs(1);

/// Which node, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct NodeArgs {
    /// Address of the node [default: http://127.0.0.1:8480, for import and replay http://127.0.0.1:8481]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    /// File with the token to use [default: the variable CORDON_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the certificate (PEM) that the node's own is checked against
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

/// A runtime for one conversation with a node.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")
}

/// Long work of a node, as the node tells of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) state: String,
    pub(crate) done: u64,
    pub(crate) total: u64,
    counts: Vec<Count>,
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Count {
    name: String,
    count: u64,
}

impl Job {
    /// Whether it has not ended.
    pub(crate) fn is_running(&self) -> bool {
        self.state == "running"
    }

    /// Its counts by name.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|count| (count.name.as_str(), count.count))
    }

    /// One of them; 0 when it is not told.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.counts().find(|(known, _)| *known == name).map_or(0, |(_, count)| count)
    }

    /// The work, unless it failed.
    ///
    /// # Errors
    /// What the node says went wrong.
    pub(crate) fn unless_failed(self) -> Result<Self> {
        ensure!(self.state != "failed", "the node could not do it: {}", plain(&self.notes.join("; ")));
        Ok(self)
    }
}

/// A node to talk to.
#[derive(Debug)]
pub(crate) struct Client {
    url: Url,
    token: Option<HeaderValue>,
    http: reqwest::Client,
}

impl Client {
    /// Reads token and certificate; nothing is sent yet.
    ///
    /// # Errors
    /// Files that cannot be read or hold something else.
    pub(crate) fn new(args: &NodeArgs, default: &str) -> Result<Self> {
        let url = args.url.clone().map_or_else(|| Url::parse(default), Ok)?;
        let token = match &args.token_file {
            Some(path) => Some(fs::read_to_string(path).with_context(|| format!("--token-file {}", path.display()))?),
            None => std::env::var("CORDON_TOKEN").ok(),
        };
        let token = token.map(|token| bearer(token.trim())).transpose()?;
        // TLS needs one; another command of this process may have set it already
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).no_proxy();
        if let Some(path) = &args.ca {
            let named = || format!("--ca {}", path.display());
            ensure!(
                fs::metadata(path).with_context(named)?.len() <= CA_BYTES_MAX,
                "{} is no certificate",
                path.display()
            );
            let pem = fs::read(path).with_context(named)?;
            for certificate in Certificate::from_pem_bundle(&pem).with_context(named)? {
                http = http.add_root_certificate(certificate);
            }
        }
        Ok(Self { url, token, http: http.build().context("the HTTP client")? })
    }

    /// A POST of a body to a path of the node.
    pub(crate) fn post(&self, path: &str, media_type: &'static str, body: Vec<u8>) -> Result<RequestBuilder> {
        let url = self.url.join(path).with_context(|| format!("--url {}", self.url))?;
        let mut request = self.http.post(url).header("content-type", media_type).body(body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        Ok(request)
    }

    /// The same node, asked with another token.
    ///
    /// # Errors
    /// The token is none.
    pub(crate) fn with_token(self, token: &str) -> Result<Self> {
        Ok(Self { token: Some(bearer(token)?), ..self })
    }

    /// A GET of a path of the node.
    pub(crate) fn get(&self, path: &str) -> Result<RequestBuilder> {
        let url = self.url.join(path).with_context(|| format!("--url {}", self.url))?;
        let request = self.http.get(url);
        Ok(match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        })
    }

    /// Sends a request and reads the answer as JSON.
    ///
    /// # Errors
    /// The node cannot be reached, refuses, or answers something else.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let sent = request.send().await.with_context(|| format!("{} cannot be reached", self.url))?;
        serde_json::from_slice(&accepted(sent).await?.bytes().await?).context("the answer of the node")
    }

    /// Posts until the node takes it: one that has no room for now is asked again after the time it states.
    ///
    /// # Errors
    /// The node cannot be reached, refuses, or has no room for a minute.
    pub(crate) async fn post_durable(&self, path: &str, media_type: &'static str, body: Vec<u8>) -> Result<Response> {
        for _ in 0..TRIES_MAX {
            let sent = self.post(path, media_type, body.clone())?.send().await;
            let answer = sent.with_context(|| format!("{} cannot be reached", self.url))?;
            if !matches!(answer.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                return accepted(answer).await;
            }
            let stated = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            tokio::time::sleep(stated.map_or(WAIT, Duration::from_secs).min(Duration::from_secs(30))).await;
        }
        bail!("{} takes nothing more: it has no room, or cannot write", self.url)
    }
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).context("the token is no token")?;
    value.set_sensitive(true);
    Ok(value)
}

/// The answer when it is a good one; else what the node says is wrong.
pub(crate) async fn accepted(answer: Response) -> Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let said = problem.as_ref().and_then(|problem| {
        ["detail", "title", "error"].iter().find_map(|name| problem.get(name)?.as_str().map(str::to_owned))
    });
    match (status, said) {
        (StatusCode::UNAUTHORIZED, _) => {
            bail!("the node asks who you are: give a token with --token-file or CORDON_TOKEN")
        }
        (_, Some(said)) => bail!("the node refuses ({status}): {}", plain(&said)),
        (_, None) => bail!("the node refuses ({status})"),
    }
}
