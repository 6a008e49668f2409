//! `cordon config` and `cordon doctor`, run as a person runs them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Runs the binary with nothing of this environment; gives code, standard output and standard error.
fn cordon(home: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordon"));
    command.args(arguments).env_clear().env("HOME", home).envs(variables.iter().copied());
    let ran = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn the_example_is_a_file_that_changes_nothing() {
    let home = TempDir::new().unwrap();
    let (code, example, _) = cordon(home.path(), &[], &["config", "--example"]);
    assert_eq!(code, Some(0));
    let path = home.path().join("cordon.toml");
    fs::write(&path, example).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(
        cordon(home.path(), &[], &["config", "--changed", "--config", path]),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn flags_stand_above_variables_and_variables_above_the_file() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("cordon.toml");
    fs::write(&path, "site = \"a\"\n[query]\nat_once_max = 2\ntime_max = \"5m\"\n").unwrap();
    let path = path.to_str().unwrap();
    let variables = [("CORDON_QUERY__AT_ONCE_MAX", "3"), ("CORDON_SITE", "b")];
    let flags = ["config", "--changed", "--config", path, "--set", "site=c"];
    let (code, out, _) = cordon(home.path(), &variables, &flags);
    assert_eq!(code, Some(0));
    let expect = format!(
        "site = \"c\" # flag site\nquery.time_max = \"5m\" # {path}:4\nquery.at_once_max = 3 # variable CORDON_QUERY__AT_ONCE_MAX\n"
    );
    assert_eq!(out, expect);
}

#[test]
fn wrong_settings_are_refused_with_their_line() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("cordon.toml");
    fs::write(&path, "\nsitee = \"a\"\n[query]\nat_once_max = 0\n").unwrap();
    let path = path.to_str().unwrap();
    let (code, out, err) = cordon(home.path(), &[], &["config", "--config", path]);
    let expect = format!(
        "cordon: the settings are not used: {path}:4: `query.at_once_max` has a value that does not fit: expected a whole number from 1 to 64\n\
         {path}:2: `sitee` is no setting (did you mean `site`?)\n"
    );
    assert_eq!((code, out.as_str(), err), (Some(2), "", expect));
}

#[test]
fn the_doctor_names_what_is_wrong_and_says_so_in_its_exit_code() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("store.version"), "cordon store 999\n").unwrap();
    let quiet = ["api.address=127.0.0.1:0", "intake.http=", "intake.syslog_udp=", "intake.syslog_tcp="];
    let mut arguments = vec!["doctor"];
    arguments.extend(quiet.iter().flat_map(|setting| ["--set", setting]));
    let set = format!("data_dir={}", data.display());
    arguments.extend(["--set", &set]);
    let (code, out, err) = cordon(home.path(), &[], &arguments);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert!(out.contains("ACT   version: the store has format 999"), "{out}");
    assert!(out.contains("look  node: none runs on this folder"), "{out}");
    fs::remove_file(data.join("store.version")).unwrap();
    assert_eq!(cordon(home.path(), &[], &arguments).0, Some(0));
}
