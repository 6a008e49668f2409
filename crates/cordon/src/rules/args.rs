//! The options of `cordon rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::ReadingArgs;
use crate::client::NodeArgs;

const EXAMPLES: &str = "\
Examples:
  cordon rules check our-rules
  cordon rules test our-rules
  cordon rules explain our-rules/mimikatz/rule.yml security.evtx
  cordon rules install sigma_all_rules.zip --name sigma
  cordon rules list

`cordon rules COMMAND --help` has more, with the exit codes.";

/// `cordon rules`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Say of each rule whether it loads, and if not, where and why not
    Check(CheckArgs),
    /// Run rules against the logs kept with them
    Test(TestArgs),
    /// Say why a rule matches the events of a file, or why not
    Explain(ExplainArgs),
    /// Keep a rule set of others, which scans then use beside the built-in pack
    Install(InstallArgs),
    /// List the rule sets that are kept
    List(ListArgs),
    /// Run rules over what a node has stored, and keep what they find
    Backfill(BackfillArgs),
}

const BACKFILL_EXAMPLES: &str = "\
Examples:
  cordon rules backfill --rule 85de1f22-d189-44e4-8239-dc276b45379b --token-file analyst.token
  cordon rules backfill --rule our-rules/new/rule.yml --from 2026-01-01 --tell
  cordon rules backfill --format json

Without --rule all rules that run are run. What was found already stays as it is; what is new is
marked as found by a backfill. Ctrl-C cancels: what was found until then stays. The token is that of
an analyst or administrator (`cordon token --role analyst`).

Exit code: 0 done, 2 could not run or the node refused, 3 some of what is stored could not be read,
or it was cancelled.";

/// Options of `cordon rules backfill`.
#[derive(Debug, Args)]
#[command(after_help = BACKFILL_EXAMPLES)]
pub(crate) struct BackfillArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    /// Id of a rule that the node has, or a file of rules; may be repeated
    #[arg(long, value_name = "ID|PATH")]
    pub(crate) rule: Vec<String>,
    /// Only events received at this time or later (RFC 3339, or a date or time in UTC)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only events received before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Send messages about what is found, as of live findings
    #[arg(long)]
    pub(crate) tell: bool,
    /// text: what was found, in sentences; json: the job as the API gives it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  cordon rules check rules
  cordon rules check --format json sigma/rules sigma/rules-emerging-threats

Exit code: 0 all rules load but those that the Sigma standard demands to refuse,
1 others are refused, 2 could not run.";

/// Options of `cordon rules check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Directories or files of rules; all are joined as one set
    #[arg(required = true, value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
    /// Mappings of tables whose log sources rules may ask for (docs/specs/csv-mapping.md); may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) source_map: Vec<PathBuf>,
    /// text: what needs attention, and counts; json: one object with every rule
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const TEST_EXAMPLES: &str = "\
Two layouts are known, also mixed:
  rule.yml with hit* and miss* beside it   each hit, alone, gives a finding of the file's last rule; no miss does
  info.yml with logs (SigmaHQ)             each log gives as many findings as stated, or at least one

Examples:
  cordon rules test rules
  cordon rules test sigma/regression_data --rules sigma

Exit code: 0 all passed, 1 some failed, 2 could not run.";

/// Options of `cordon rules test`.
#[derive(Debug, Args)]
#[command(after_help = TEST_EXAMPLES)]
pub(crate) struct TestArgs {
    /// Directory of test folders
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Rules beside the rule.yml files below DIR; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// text: what failed, and counts; json: one object with every case
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  cordon rules explain rules/windows/mimikatz/rule.yml security.evtx
  cordon rules explain 85de1f22-d189-44e4-8239-dc276b45379b --rules sigma events.json

A correlation is explained by the rules that it waits for, and by what it gives over the whole file.

Exit code: 0 explained, 2 could not run, 3 some of the file could not be read, or no event.";

/// Options of `cordon rules explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// A file of rules, or the id, name or title of a rule
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,
    /// Log with the events to ask about
    #[arg(value_name = "EVENT_FILE")]
    pub(crate) file: PathBuf,
    /// Where RULE and what it refers to are looked for, instead of the built-in pack and installed sets; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Where installed rule sets are kept [default: XDG_DATA_HOME/cordon]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// text: for people; json: one object a line for each event
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const INSTALL_EXAMPLES: &str = "\
A set of the same name is replaced. YAML files without a rule in use are left out.

Examples:
  cordon rules install sigma_all_rules.zip --name sigma --link https://github.com/SigmaHQ/sigma
  cordon rules install ~/our-rules --version 2026-01

Exit code: 0 installed, 2 not installed.";

/// Options of `cordon rules install`.
#[derive(Debug, Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(crate) struct InstallArgs {
    /// Directory or archive (zip, tar.gz) with rules
    #[arg(value_name = "DIR|ZIP")]
    pub(crate) path: PathBuf,
    /// What the set is called [default: as the directory or archive]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its version [default: from version.txt, the archive's name, or its hash]
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// Licence of the rules that state none [default: from its licence file]
    #[arg(long)]
    pub(crate) license: Option<String>,
    /// Where the set can be read; shown with each finding
    #[arg(long, value_name = "URL")]
    pub(crate) link: Option<String>,
    /// Where to keep it [default: XDG_DATA_HOME/cordon]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

const LIST_EXAMPLES: &str = "\
Examples:
  cordon rules list
  cordon rules list --format json
  cordon rules list --profile small-hospital --rules sigma

With a profile: every rule that it leaves off, with the reason, and the ids it lists that no rule has.

Exit code: 0 listed, 1 a set is damaged, 2 could not run.";

/// Options of `cordon rules list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(crate) struct ListArgs {
    /// Where rule sets are kept [default: XDG_DATA_HOME/cordon]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// List instead the rules that a profile leaves off: a built-in one (`small-hospital`) or a file (docs/specs/profile.md)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    /// With --profile: rules to ask about instead of the built-in pack and installed sets; may be repeated
    #[arg(long, value_name = "DIR", requires = "profile")]
    pub(crate) rules: Vec<PathBuf>,
    /// text: one line a set or rule; json: one object with all
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// How the commands on rules print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // without help of their own: each command says what it prints
    Text,
    Json,
}
