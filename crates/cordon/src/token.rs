//! `cordon token`: tokens by which senders prove themselves, made on the node's own machine.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::Args;
use cordon_policy::AccessScope;
use cordon_store::state::{By, State, StateOptions};

use crate::settings::{SettingsArgs, data_dir};
use crate::{Exit, inputs};

const EXAMPLES: &str = "\
Examples:
  cordon token --source ehr-audit
  cordon token --source import --set data_dir=/var/lib/cordon > import.token

The token is printed once; the node keeps its digest. A running node knows it after a few seconds.
The token of the source `import` may bring records of other sources (`cordon import`, `cordon replay`).";

/// Options of `cordon token`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// The source that proves itself with it
    #[arg(long, value_name = "NAME")]
    pub(crate) source: String,
}

/// Runs the command.
pub(crate) fn run(args: &TokenArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let path = data_dir(&config)?.join("state.sqlite");
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).context("the system gives no randomness")?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("cordon_{secret}");
    let digest = cordon_seal::digest(token.as_bytes());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
    runtime.block_on(async {
        let state = State::open(&path, StateOptions::default()).await?;
        let by = By { actor: "console of the node".into(), address: "".into(), at: inputs::now() };
        let scope = AccessScope::of_the_node();
        let added = state.add_source_token(&scope, &by, &args.source, &config.site, digest, None).await;
        state.close().await;
        added.map(drop)
    })?;
    writeln!(io::stdout(), "{token}").context("the token cannot be printed")?;
    Ok(Exit::Clean)
}
