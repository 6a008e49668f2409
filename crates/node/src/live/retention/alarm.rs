//! What the node says about its disk: findings of its own, one for each trouble and month, told before the trouble is there.

use std::sync::Arc;

use cordon_model::{Level, Time};
use cordon_store::state::NewFinding;

use super::super::own_finding::{OwnRule, OwnWords};
use super::room::Standing;

/// A trouble is told again when it lasts longer than this.
const AGAIN_US: i64 = 30 * 86_400 * 1_000_000;
/// Source that the node's findings about its disk name.
const NODE: &str = "node";

const FILLS: OwnRule = OwnRule {
    id: "cordon-disk-fills",
    title: "The disk budget will be full soon",
    level: Level::Medium,
    description: "At the pace of the last week the budget is full within days. Then the oldest days leave before their time. Raise the budget, give sources a share, or accept it.",
};

const SHORT: OwnRule = OwnRule {
    id: "cordon-disk-protected",
    title: "The disk budget is exceeded and only protected data is left",
    level: Level::High,
    description: "Minimum ages, legal holds and evidence cited by findings keep everything that is left. Intake goes on above the budget until the file system is at its reserve. Lower a minimum age, release a hold, or make room.",
};

const RESERVE: OwnRule = OwnRule {
    id: "cordon-disk-reserve",
    title: "The file system is at its reserve",
    level: Level::Critical,
    description: "Senders that can wait do, and what others send is counted and not kept. Make room on the file system of the data folder.",
};

const REVIEW: OwnRule = OwnRule {
    id: "cordon-hold-review",
    title: "Legal holds are to be looked at again",
    level: Level::Low,
    description: "The review of a legal hold is due. It holds until it is released.",
};

/// What is to be said.
pub(super) fn alarms(standing: &Standing, is_at_reserve: bool, site: &Arc<str>, now: Time) -> Vec<NewFinding> {
    let mut found = Vec::new();
    let mut say = |rule, value: u64, told: String| found.push(finding(rule, site, now, value, told));
    if standing.fills() {
        let days = standing.days_left.unwrap_or_default();
        say(&FILLS, days, format!("the budget of {} bytes is full in {days} days", standing.budget));
    }
    if standing.short > 0 {
        let (short, budget) = (standing.short, standing.budget);
        say(&SHORT, short, format!("{short} bytes above the budget of {budget}, and nothing more may leave"));
    }
    if is_at_reserve {
        let (free, reserve) = (standing.free, standing.reserve);
        say(&RESERVE, free, format!("{free} bytes are free, {reserve} are kept in reserve"));
    }
    if standing.holds_overdue > 0 {
        let overdue = standing.holds_overdue;
        say(&REVIEW, overdue, format!("the review of {overdue} legal holds is due"));
    }
    found
}

fn finding(rule: &OwnRule, site: &Arc<str>, now: Time, value: u64, words: String) -> NewFinding {
    rule.finding(OwnWords {
        source: NODE.into(),
        site: Arc::clone(site),
        group: vec![("part".to_owned(), "disk".to_owned())],
        start: Time(now.0 - now.0.rem_euclid(AGAIN_US)),
        end: now,
        value: value.to_string(),
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_is_told_by_its_own_rule_once_in_30_days() {
        let site: Arc<str> = "main".into();
        let ids = |standing: &Standing, is_at_reserve: bool, day: i64| -> Vec<(String, cordon_model::FindingId)> {
            let found = alarms(standing, is_at_reserve, &site, Time(day * 86_400_000_000));
            found.into_iter().map(|found| (found.finding.rule.id.clone(), found.finding.finding_id)).collect()
        };
        assert_eq!(ids(&Standing::default(), false, 0), []);
        let fills = Standing { days_left: Some(6), ..Standing::default() };
        let names = |ids: Vec<(String, cordon_model::FindingId)>| ids.into_iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(names(ids(&fills, true, 1)), ["cordon-disk-fills", "cordon-disk-reserve"]);
        let short = Standing { short: 1, holds_overdue: 1, days_left: Some(0), ..Standing::default() };
        assert_eq!(names(ids(&short, false, 1)), ["cordon-disk-protected", "cordon-hold-review"]);
        assert_eq!(ids(&short, false, 1), ids(&short, false, 29));
        assert_ne!(ids(&short, false, 1), ids(&short, false, 30));
    }
}
