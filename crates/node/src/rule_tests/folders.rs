//! From directories to cases.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cordon_rules::parse::{Document, Regression, RegressionTest, documents, regression};

/// Our layout: the rule under test is the last document of this file, the others are what it stands on.
const RULE_FILE: &str = "rule.yml";
/// SigmaHQ's layout.
const INFO_FILE: &str = "info.yml";
/// What paths in `info.yml` begin with: it stands for the directory given.
const INFO_ROOT: &str = "regression_data/";
/// Deepest directory below the one given.
const DEPTH_MAX: usize = 32;
/// Most directory entries looked at.
const ENTRIES_MAX: usize = 1_000_000;
/// Largest file taken for a rule or an `info.yml`.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// What a directory of tests holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    /// The cases, by path.
    pub cases: Vec<Case>,
    /// Path and text of every `rule.yml`.
    pub rules: Vec<(String, String)>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its folder below the directory given; in our layout with the name of the fixture.
    pub name: String,
    /// Ids of the rules under test.
    pub rule_ids: Vec<String>,
    /// What is to be done.
    pub plan: Plan,
}

/// What is to be done for a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Scan each of these alone and expect this much of each rule.
    Scan(Vec<PathBuf>, Expect),
    /// The folder states no test that can be run; why.
    Nothing(String),
    /// The folder is not as it must be; why.
    Broken(String),
}

/// How many findings a rule must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// At least one.
    Some,
    /// None.
    None,
    /// So many.
    Exactly(u64),
}

/// The directory holds more than is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "more than {ENTRIES_MAX} entries, or directories nested more than {DEPTH_MAX} deep")
    }
}

impl std::error::Error for TooLarge {}

/// Finds the cases of a directory and of those below it, in the order of their paths.
///
/// # Errors
/// A directory or `info.yml` that cannot be read, or one with more in it than a directory of tests has ([`TooLarge`]).
pub fn find(directory: &Path) -> io::Result<Suite> {
    let mut walk = Walk { root: directory, suite: Suite::default(), entries_left: ENTRIES_MAX };
    walk.folder(directory, DEPTH_MAX)?;
    Ok(walk.suite)
}

struct Walk<'d> {
    root: &'d Path,
    suite: Suite,
    entries_left: usize,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth_left: usize) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| named(folder, &error))? {
            self.entries_left = self.entries_left.checked_sub(1).ok_or_else(|| io::Error::other(TooLarge))?;
            entries.push(entry?.path());
        }
        entries.sort();
        let holds = |name: &str| entries.iter().any(|path| file_name(path) == name);
        let is_ours = holds(RULE_FILE);
        if is_ours {
            self.rule_folder(folder, &entries)?;
        } else if holds(INFO_FILE) {
            self.regression_folder(folder)?;
        }
        for path in entries {
            let is_fixture = is_ours && Kind::of(&path).is_some();
            if !is_fixture && path.is_dir() && !path.is_symlink() {
                let depth_left = depth_left.checked_sub(1).ok_or_else(|| io::Error::other(TooLarge))?;
                self.folder(&path, depth_left)?;
            }
        }
        Ok(())
    }

    fn rule_folder(&mut self, folder: &Path, entries: &[PathBuf]) -> io::Result<()> {
        let path = folder.join(RULE_FILE);
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) => {
                self.case(folder, Vec::new(), Plan::Broken(error.to_string()));
                return Ok(());
            }
        };
        let shown = path.to_string_lossy().into_owned();
        let under_test = rule_under_test(&shown, &text);
        self.suite.rules.push((shown, text));
        let rule_id = match under_test {
            Ok(rule_id) => rule_id,
            Err(why) => {
                self.case(folder, Vec::new(), Plan::Broken(why));
                return Ok(());
            }
        };
        let mut missing = vec!["hit", "miss"];
        for path in entries {
            let Some(kind) = Kind::of(path) else { continue };
            missing.retain(|word| *word != kind.word());
            self.case(path, vec![rule_id.clone()], Plan::Scan(vec![path.clone()], kind.expect()));
        }
        if !missing.is_empty() {
            let missing = missing.join(" and no ");
            self.case(folder, vec![rule_id], Plan::Broken(format!("there is no {missing} fixture beside rule.yml")));
        }
        Ok(())
    }

    fn regression_folder(&mut self, folder: &Path) -> io::Result<()> {
        let path = folder.join(INFO_FILE);
        let text = read(&path)?;
        let Regression { rule_ids, tests } = match regression(&path.to_string_lossy(), &text) {
            Ok(found) => found,
            Err(refusal) => {
                self.case(folder, Vec::new(), Plan::Broken(refusal.to_string()));
                return Ok(());
            }
        };
        if tests.is_empty() {
            self.case(folder, rule_ids, Plan::Nothing("info.yml states no test".to_owned()));
            return Ok(());
        }
        for test in tests {
            let plan = self.regression_plan(&test);
            self.case(folder, rule_ids.clone(), plan);
        }
        Ok(())
    }

    fn regression_plan(&self, test: &RegressionTest) -> Plan {
        if test.kind != "evtx" {
            return Plan::Nothing(format!("a log of type `{}` is not run", test.kind));
        }
        let Some(below) = test.path.strip_prefix(INFO_ROOT).filter(|below| stays_below(below)) else {
            return Plan::Broken(format!("the path `{}` does not lead below {INFO_ROOT}", test.path));
        };
        let log = self.root.join(below);
        if !log.is_file() {
            return Plan::Broken(format!("{} is not there; paths count from the directory given", log.display()));
        }
        let json = log.with_extension("json");
        let inputs = if json.is_file() { vec![log, json] } else { vec![log] };
        Plan::Scan(inputs, test.match_count.map_or(Expect::Some, Expect::Exactly))
    }

    fn case(&mut self, path: &Path, rule_ids: Vec<String>, plan: Plan) {
        let below = path.strip_prefix(self.root).unwrap_or(path);
        let below = if below.as_os_str().is_empty() { path } else { below };
        self.suite.cases.push(Case { name: below.to_string_lossy().into_owned(), rule_ids, plan });
    }
}

/// What a fixture is for, by its name.
#[derive(Clone, Copy)]
enum Kind {
    Hit,
    Miss,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let name = file_name(path);
        match name {
            _ if name.starts_with("hit") => Some(Self::Hit),
            _ if name.starts_with("miss") => Some(Self::Miss),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
        }
    }

    const fn expect(self) -> Expect {
        match self {
            Self::Hit => Expect::Some,
            Self::Miss => Expect::None,
        }
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Whether a path has only plain names in it.
fn stays_below(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// The id of the last document of a rule file.
fn rule_under_test(path: &str, text: &str) -> Result<String, String> {
    match documents(path, text).pop() {
        Some(Ok(Document::Rule(rule))) => Ok(rule.card.id),
        Some(Ok(Document::Correlation(correlation))) => Ok(correlation.card.id),
        Some(Ok(Document::Filter(_))) => Err(format!("{path}: the last document is a filter: the rule goes last")),
        Some(Err(refusal)) => Err(refusal.to_string()),
        None => Err(format!("{path}: holds no rule")),
    }
}

fn read(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path).map_err(|error| named(path, &error))?;
    if !metadata.is_file() {
        return Err(named(path, &io::Error::other("not a file")));
    }
    if metadata.len() > TEXT_BYTES_MAX {
        return Err(named(path, &io::Error::other(format!("larger than {TEXT_BYTES_MAX} bytes"))));
    }
    fs::read_to_string(path).map_err(|error| named(path, &error))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
