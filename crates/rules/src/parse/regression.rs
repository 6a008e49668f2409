//! SigmaHQ's regression metadata: which rules a log was kept for, and how many of its events must match.
//!
//! In: the text of an `info.yml` (SigmaHQ/sigma, folder `regression_data`). Out: rule ids and tests; whether the logs are there is for the caller.

use super::Refusal;
use super::fault::{About, Fault};
use super::header::{find, missing, text_of};
use super::yaml::{self, Content, Entry, Node};

/// Most tests, and most rules, of one file.
const LIST_MAX: usize = 1_000;

/// What an `info.yml` states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// `rule_metadata[].id`.
    pub rule_ids: Vec<String>,
    /// `regression_tests_info`; empty when the file states no test.
    pub tests: Vec<RegressionTest>,
}

/// One test over one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegressionTest {
    /// `name`, may be empty.
    pub name: String,
    /// `type`: the form of the log, `evtx` where it is known to be read.
    pub kind: String,
    /// `path`, which begins with `regression_data/`.
    pub path: String,
    /// `match_count`: how many events match; at least one where it is not stated.
    pub match_count: Option<u64>,
}

/// Reads an `info.yml`.
///
/// # Errors
/// The first thing that is not as SigmaHQ writes it, with its line.
pub fn regression(path: &str, text: &str) -> Result<Regression, Box<Refusal>> {
    let about = About { path, id: None, title: None };
    let documents = yaml::split(text);
    let Some((line, document)) = documents.first() else {
        return Err(Fault::new(1, "the file is empty").refusal(&about));
    };
    yaml::read(*line, document).and_then(|root| read(&root)).map_err(|fault| fault.refusal(&about))
}

fn read(root: &Node<'_>) -> Result<Regression, Fault> {
    let map = map_of(root)?;
    let mut rule_ids = Vec::new();
    for rule in list(map, "rule_metadata")? {
        rule_ids.push(text(map_of(rule)?, rule.line, "id")?);
    }
    if rule_ids.is_empty() {
        return Err(missing(map, root.line, "rule_metadata"));
    }
    let tests = list(map, "regression_tests_info")?.iter().map(test).collect::<Result<_, _>>()?;
    Ok(Regression { rule_ids, tests })
}

fn test(node: &Node<'_>) -> Result<RegressionTest, Fault> {
    let map = map_of(node)?;
    let match_count = text_of(map, "match_count")?.map(str::parse).transpose();
    Ok(RegressionTest {
        name: text_of(map, "name")?.unwrap_or_default().to_owned(),
        kind: text(map, node.line, "type")?,
        path: text(map, node.line, "path")?,
        match_count: match_count.map_err(|_| Fault::new(node.line, "`match_count` must be a whole number"))?,
    })
}

fn map_of<'n, 't>(node: &'n Node<'t>) -> Result<&'n [Entry<'t>], Fault> {
    match &node.content {
        Content::Map(map) => Ok(map),
        _ => Err(Fault::new(node.line, "a map of keys and values is expected here")),
    }
}

/// The items of a list; none when the key is absent or null.
fn list<'n, 't>(map: &'n [Entry<'t>], key: &str) -> Result<&'n [Node<'t>], Fault> {
    let Some(entry) = find(map, key).filter(|entry| !entry.value.is_null()) else { return Ok(&[]) };
    match &entry.value.content {
        Content::List(items) if items.len() <= LIST_MAX => Ok(items),
        Content::List(_) => Err(Fault::new(entry.line, format!("`{key}` has more than {LIST_MAX} items"))),
        _ => Err(Fault::new(entry.line, format!("`{key}` must be a list"))),
    }
}

fn text(map: &[Entry<'_>], line: usize, key: &str) -> Result<String, Fault> {
    text_of(map, key)?.map(str::to_owned).ok_or_else(|| missing(map, line, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "id: x\nrule_metadata:\n  - id: abc\n    title: A rule\n";

    fn check(rest: &str, expect: Result<Vec<RegressionTest>, &str>) {
        let found = regression("info.yml", &format!("{RULES}{rest}"));
        let found = found.map(|found| found.tests).map_err(|refusal| refusal.to_string());
        assert_eq!(found, expect.map_err(str::to_owned));
    }

    #[test]
    fn a_test_states_its_log_and_perhaps_a_count() {
        let test = |match_count| RegressionTest {
            name: "Positive".to_owned(),
            kind: "evtx".to_owned(),
            path: "regression_data/a/b.evtx".to_owned(),
            match_count,
        };
        let tests = "regression_tests_info:\n  - name: Positive\n    type: evtx\n    path: regression_data/a/b.evtx\n";
        check(tests, Ok(vec![test(None)]));
        check(&format!("{tests}    match_count: 4\n"), Ok(vec![test(Some(4))]));
        check("# regression_tests_info:\n#   - name: later\n", Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_as_agreed_is_named_with_its_line() {
        check("regression_tests_info: soon\n", Err("info.yml:5: `regression_tests_info` must be a list"));
        check("regression_tests_info:\n  - type: evtx\n", Err("info.yml:6: `path` is missing"));
        check(
            "regression_tests_info:\n  - {type: evtx, path: x, match_count: many}\n",
            Err("info.yml:6: `match_count` must be a whole number"),
        );
        assert_eq!(regression("info.yml", "id: x\n").unwrap_err().reason, "`rule_metadata` is missing");
        assert_eq!(regression("info.yml", "").unwrap_err().reason, "the file is empty");
    }
}
