//! `cordon token` and `cordon user`: who may talk to a node, made on the node's own machine.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use cordon_model::{Digest, Time};
use cordon_policy::{AccessScope, Role};
use cordon_seal::PasswordHash;
use cordon_store::state::{By, NewToken, NewUser, State, StateOptions};

use crate::settings::{SettingsArgs, data_dir};
use crate::{Exit, inputs};

/// Longest password that is read, in bytes.
const PASSWORD_BYTES_MAX: u64 = 1_024;
/// Shortest password, in letters.
const PASSWORD_LETTERS_MIN: usize = 12;
/// Microseconds of a day.
const DAY_US: i64 = 86_400 * 1_000_000;

const TOKEN_EXAMPLES: &str = "\
Examples:
  cordon token --source ehr-audit
  cordon token --source import --set data_dir=/var/lib/cordon > import.token
  cordon token --role analyst --name nightly-report --days 90

The token is printed once; the node keeps its digest. A running node knows it after a few seconds.
The tokens of the sources `import` and `replay` may bring records of other sources: as history
(`cordon import`), and as if they happened now (`cordon replay`). A token with a role asks the API
what that role may ask.";

/// Options of `cordon token`.
#[derive(Debug, Args)]
#[command(after_help = TOKEN_EXAMPLES)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// The source that proves itself with it
    #[arg(long, value_name = "NAME", conflicts_with = "role", required_unless_present = "role")]
    pub(crate) source: Option<String>,
    /// The role that it has in the API; may be repeated
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub(crate) role: Vec<Role>,
    /// What a token with a role is for
    #[arg(long, value_name = "TEXT", default_value = "made on the command line")]
    pub(crate) name: String,
    /// Days that a token with a role holds
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3_660))]
    pub(crate) days: u16,
}

const USER_EXAMPLES: &str = "\
Examples:
  cordon user --name jane --role analyst --role privacy_officer < password.txt

The password is the first line of standard input, 12 letters or more. Administrators set up a second
factor when they sign in first.";

/// Options of `cordon user`.
#[derive(Debug, Args)]
#[command(after_help = USER_EXAMPLES)]
pub(crate) struct UserArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Name to sign in with
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// analyst, privacy_officer, responder, auditor or administrator; may be repeated
    #[arg(long, value_name = "ROLE", required = true, value_parser = role)]
    pub(crate) role: Vec<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "one of analyst, privacy_officer, responder, auditor, administrator".to_owned())
}

/// Runs `cordon token`.
pub(crate) fn token(args: &TokenArgs) -> Result<Exit> {
    let secret: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("cordon_{secret}");
    let digest = cordon_seal::digest(token.as_bytes());
    let by = by();
    with_state(&args.settings, async |state, site| match &args.source {
        Some(source) => {
            state.add_source_token(&AccessScope::of_the_node(), &by, source, site, digest, None).await.map(drop)
        }
        None => state.add_token(&by, &api_token(args, digest, by.at)).await.map(drop),
    })?;
    writeln!(io::stdout(), "{token}").context("the token cannot be printed")?;
    Ok(Exit::Clean)
}

fn api_token(args: &TokenArgs, secret: Digest, now: Time) -> NewToken {
    let expires = Time(now.0.saturating_add(i64::from(args.days) * DAY_US));
    let roles = args.role.iter().copied().collect();
    NewToken { name: args.name.clone(), secret, roles, sites: None, only: None, expires }
}

/// Runs `cordon user`.
pub(crate) fn user(args: &UserArgs) -> Result<Exit> {
    let mut text = String::new();
    io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text).context("the password on standard input")?;
    let password = text.lines().next().unwrap_or_default();
    ensure!(
        password.chars().count() >= PASSWORD_LETTERS_MIN,
        "the password has fewer than {PASSWORD_LETTERS_MIN} letters"
    );
    let hash = PasswordHash::of(password, random()?).context("no memory to hash the password")?;
    let roles: BTreeSet<Role> = args.role.iter().copied().collect();
    let name = args.name.trim().to_lowercase();
    let new = NewUser { name, roles, sites: None, password_hash: Some(hash.to_text()) };
    with_state(&args.settings, async |state, _| state.add_user(&by(), &new).await.map(drop))?;
    Ok(Exit::Clean)
}

fn by() -> By {
    By { actor: "console of the node".into(), address: "".into(), at: inputs::now() }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(bytes)
}

/// Does something to the state of the node; a running node does not mind.
fn with_state(
    settings: &SettingsArgs,
    work: impl AsyncFnOnce(&State, &str) -> Result<(), cordon_store::state::StateError>,
) -> Result<()> {
    let config = settings.load()?;
    let path = data_dir(&config)?.join("state.sqlite");
    ensure!(path.exists(), "{}: there is no node yet; start it once with `cordon serve`", path.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        let state = State::open(&path, StateOptions::default()).await?;
        let done = work(&state, &config.site).await;
        state.close().await;
        done.map_err(|error| anyhow!("{error}"))
    })
}
