//! The node of this machine, for the commands that look after its store: whether it runs, its keys, and a way to ask it that needs no token of a person.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use cordon_model::Time;
use cordon_node::config::Config;
use cordon_node::live;
use cordon_policy::Role;
use cordon_store::disk::{Disk as _, DiskLock, FileDisk};
use cordon_store::keys::Keys;
use cordon_store::state::{By, NewToken, State, StateOptions};
use reqwest::Url;
use serde_json::Value;

use crate::client::{Client, Job, NodeArgs, accepted};
use crate::inputs;
use crate::token::random;

/// How often a job is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// How long the token holds that a command makes for itself; it is given back at the end.
const TOKEN_US: i64 = 86_400 * 1_000_000;

/// Who has the store.
#[derive(Debug)]
pub(crate) enum Holder {
    /// This process, until the lock is dropped.
    Us(DiskLock),
    /// A running node.
    Node,
}

/// Takes the store, unless a node has it.
///
/// # Errors
/// There is no store, or its folder cannot be used.
pub(crate) fn take(dir: &Path) -> Result<Holder> {
    ensure!(
        dir.join("store.version").exists(),
        "{}: there is no store; say where it is with --data-dir",
        dir.display()
    );
    match FileDisk.lock(dir) {
        Ok(lock) => Ok(Holder::Us(lock)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Holder::Node),
        Err(error) => Err(error).with_context(|| dir.display().to_string()),
    }
}

/// The keys of a store that is there.
///
/// # Errors
/// The ring is gone, or does not open under the key of the settings.
pub(crate) fn keys(config: &Config, dir: &Path) -> Result<Arc<Keys>> {
    let ring = dir.join("keys.ring");
    ensure!(
        File::open(&ring).is_ok(),
        "{} is missing or cannot be read: without it nothing of the store can be; restore it from a backup",
        ring.display()
    );
    Ok(Arc::new(live::open_keys(config, dir, Arc::new(FileDisk))?))
}

/// A running node, asked as whoever the arguments say, or as the console of its own machine.
pub(crate) struct RunningNode {
    client: Client,
    /// The state and the token that this command made for itself.
    own_token: Option<(PathBuf, i64)>,
}

impl RunningNode {
    /// Finds the way to the node of a data folder.
    ///
    /// # Errors
    /// Settings, certificate or state cannot be read.
    pub(crate) async fn of(config: &Config, dir: &Path, args: &NodeArgs, role: Role) -> Result<Self> {
        let mut args = args.clone();
        if args.url.is_none() {
            let (url, ca) = address(config, dir)?;
            args.url = Some(url);
            args.ca = args.ca.or(ca);
        }
        let is_given = args.token_file.is_some() || std::env::var_os("CORDON_TOKEN").is_some();
        let mut own_token = None;
        let mut client = Client::new(&args, crate::client::API)?;
        if !is_given {
            let path = dir.join("state.sqlite");
            let (token, id) = add_token(&path, role).await?;
            client = client.with_token(&token)?;
            own_token = Some((path, id));
        }
        Ok(Self { client, own_token })
    }

    /// Does long work and tells how far it is, until it has ended.
    ///
    /// # Errors
    /// The node cannot be reached or refuses.
    pub(crate) async fn job(&self, path: &str, body: Value, tell: &dyn Fn(u64, u64)) -> Result<Job> {
        let sent = self.client.post(path, "application/json", body.to_string().into_bytes())?.send().await;
        let answer = accepted(sent.context("the node has the store and cannot be reached")?).await?;
        let mut job: Job = serde_json::from_slice(&answer.bytes().await?).context("the answer of the node")?;
        while job.is_running() {
            tell(job.done, job.total);
            tokio::time::sleep(ASK_EVERY).await;
            job = serde_json::from_slice(&self.get(&format!("/api/v1/jobs/{}", job.id)).await?)
                .context("the answer of the node")?;
        }
        job.unless_failed()
    }

    /// Sends a body of JSON and gives the answer.
    ///
    /// # Errors
    /// The node cannot be reached or refuses.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Vec<u8>> {
        let sent = self.client.post(path, "application/json", body.to_string().into_bytes())?.send().await;
        let answer = accepted(sent.context("the node has the store and cannot be reached")?).await?;
        Ok(answer.bytes().await.context("the answer of the node")?.to_vec())
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// The node cannot be reached or refuses.
    pub(crate) async fn get(&self, path: &str) -> Result<Vec<u8>> {
        let sent = self.client.get(path)?.send().await.context("the node cannot be reached")?;
        Ok(accepted(sent).await?.bytes().await.context("the answer of the node")?.to_vec())
    }

    /// Gives back what this command made for itself.
    ///
    /// # Errors
    /// The state cannot be written; the token then ends by itself.
    pub(crate) async fn leave(self) -> Result<()> {
        let Some((path, id)) = self.own_token else { return Ok(()) };
        with_state(&path, async |state| state.revoke_token(&by(), id).await).await
    }
}

/// Where the API of the node listens, and what its certificate is checked against.
fn address(config: &Config, dir: &Path) -> Result<(Url, Option<PathBuf>)> {
    let address = config.api.address;
    if address.ip().is_loopback() {
        return Ok((Url::parse(&format!("http://{address}"))?, None));
    }
    let certificate = config.tls.certificate.clone().unwrap_or_else(|| dir.join("node.crt.pem"));
    Ok((Url::parse(&format!("https://localhost:{}", address.port()))?, Some(certificate)))
}

fn by() -> By {
    By { actor: "console of the node".into(), address: "".into(), at: inputs::now() }
}

async fn add_token(path: &Path, role: Role) -> Result<(String, i64)> {
    let secret: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("cordon_{secret}");
    let (by, digest) = (by(), cordon_seal::digest(token.as_bytes()));
    let new = NewToken {
        name: "command on the machine of the node".to_owned(),
        secret: digest,
        roles: [role].into(),
        sites: None,
        only: None,
        expires: Time(by.at.0.saturating_add(TOKEN_US)),
    };
    let mut id = 0;
    with_state(path, async |state| {
        id = state.add_token(&by, &new).await?.token_id;
        Ok(())
    })
    .await
    .context("a token to ask the running node with (or give one with --token-file)")?;
    Ok((token, id))
}

async fn with_state(
    path: &Path,
    work: impl AsyncFnOnce(&State) -> Result<(), cordon_store::state::StateError>,
) -> Result<()> {
    let state = State::open(path, StateOptions::default()).await?;
    let done = work(&state).await;
    state.close().await;
    done.map_err(|error| anyhow!("{error}"))
}
