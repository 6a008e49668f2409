//! The public rule set and its regression logs, as `cordon rules` judges them.

use std::path::PathBuf;

use crate::common::{Ran, run_in};

/// The outside material, or a loud word that it is absent.
#[expect(clippy::print_stderr, reason = "that outside material is absent must be heard")]
fn data() -> Option<PathBuf> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if data.join("sigma").is_dir() && data.join("sigma-regression").is_dir() {
        return Some(data);
    }
    eprintln!("*** {} IS ABSENT: THE PUBLIC RULES AND THEIR REGRESSION LOGS ARE NOT TESTED ***", data.display());
    None
}

fn lines(ran: &Ran) -> Vec<&str> {
    ran.out.lines().collect()
}

#[test]
fn every_public_rule_loads_but_the_two_whose_placeholders_have_no_value() {
    let Some(data) = data() else { return };
    let ran = run_in(&data, &["rules", "check", "sigma"], b"");
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let refused: Vec<&str> = lines(&ran).into_iter().filter(|line| line.contains(": refused: ")).collect();
    let folder = "sigma/rules-emerging-threats/2026/Exploits/CVE-2026-54121";
    let why = "refused: placeholder `%known_cdcs%` has no value";
    assert_eq!(
        refused,
        [
            format!("{folder}/win_security_adcs_certighost_cdc_chase_request.yml:57: {why}"),
            format!("{folder}/win_security_adcs_certighost_cert_issued_via_chase.yml:44: {why}"),
        ]
    );
    assert!(
        ran.out.contains("3,754 files: 3,752 rules loaded, 2 refused (2 of them as the standard demands)"),
        "{}",
        ran.out
    );
}

#[test]
fn every_regression_log_gives_what_is_stated_but_two_that_hold_more_matching_events_than_stated() {
    let Some(data) = data() else { return };
    let ran = run_in(&data, &["rules", "test", "sigma-regression", "--rules", "sigma"], b"");
    let folder = "rules/windows/registry/registry_set/registry_set";
    let (zones, share) = ("45e112d0-7759-4c2a-aa36-9f8fb79d3393", "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e");
    assert_eq!(
        lines(&ran),
        [
            "without a test rules/cisco/aaa/cisco_cli_dot1x_disabled: info.yml states no test",
            &format!("failed {folder}_change_security_zones: {zones}.evtx: stated 1, found 3"),
            &format!("failed {folder}_change_security_zones: {zones}.json: stated 1, found 3"),
            &format!("failed {folder}_disable_administrative_share: {share}.evtx: stated 1, found 2"),
            &format!("failed {folder}_disable_administrative_share: {share}.json: stated 1, found 2"),
            "133 cases: 130 passed, 2 failed, 1 without a test; 264 logs read",
        ],
        "{}",
        ran.err
    );
    assert_eq!(ran.code, Some(1));
}
