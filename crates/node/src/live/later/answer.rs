//! The answer to a test of rules: what they find among the events that whoever asks may read, each in a sentence.

use cordon_api::{Outcome, TestMatch};
use cordon_model::{EventId, FindingOrigin};
use cordon_policy::AccessScope;
use cordon_store::accounts::{Accounts, is_account_field};
use cordon_store::state::NewFinding;

/// Most matches that are told one by one; all are counted.
const MATCHES_MAX: usize = 100;
/// Most characters of a sentence.
const SENTENCE_CHARS_MAX: usize = 500;
/// Columns of event tables that name somebody or something: who may not see one of them sees no value.
const NAMING: [&str; 4] = ["user", "host", "device", "patient_ref"];

pub(super) struct Answer {
    scope: AccessScope,
    accounts: Accounts,
    hides_values: bool,
    matches: Vec<TestMatch>,
    events: Vec<EventId>,
    count: u64,
}

impl Answer {
    pub(super) fn new(scope: AccessScope, accounts: Accounts) -> Self {
        let hides_values = NAMING.iter().any(|column| scope.masks(column));
        Self { scope, accounts, hides_values, matches: Vec::new(), events: Vec::new(), count: 0 }
    }

    pub(super) fn take(&mut self, found: &NewFinding) {
        if !self.scope.admits(&found.site, found.class_uid) {
            return;
        }
        self.count += 1;
        for event in &found.finding.event_ids {
            if self.events.len() < MATCHES_MAX && !self.events.contains(event) {
                self.events.push(*event);
            }
        }
        if self.matches.len() < MATCHES_MAX {
            self.matches.push(TestMatch {
                rule: found.finding.rule.id.clone(),
                events: found.finding.event_ids.clone(),
                time: found.finding.time,
                received: found.received,
                source: found.finding.source_file.to_string(),
                sentence: self.sentence(found),
            });
        }
    }

    /// What a person reads: the title, then what matched.
    fn sentence(&self, found: &NewFinding) -> String {
        let finding = &found.finding;
        let pairs: Vec<(&str, &str)> = match &finding.origin {
            FindingOrigin::Correlation { group, .. } => {
                group.iter().map(|(field, value)| (&**field, &**value)).collect()
            }
            FindingOrigin::Event => finding.matched.iter().map(|one| (&*one.field, &*one.value)).collect(),
        };
        let accounts = pairs.iter().filter(|(field, _)| is_account_field(field)).map(|(_, value)| *value);
        let within = self.accounts.within(&self.scope, accounts.chain(found.subjects.user.as_deref()));
        let shown = |(field, value): &(&str, &str)| match &within {
            Some(within) => format!("{field} is {}", within.value(field, value).unwrap_or_default()),
            None => format!("{field} is {value}"),
        };
        let mut told: Vec<String> = match &finding.origin {
            FindingOrigin::Correlation { told, .. } => {
                let group = pairs.iter().filter(|_| !self.hides_values).map(shown);
                std::iter::once(told.clone()).chain(group).collect()
            }
            FindingOrigin::Event if self.hides_values => {
                finding.matched.iter().map(|field| format!("{} matches", field.field)).collect()
            }
            FindingOrigin::Event => pairs.iter().map(shown).collect(),
        };
        told.dedup();
        let text = format!("{}: {}", finding.rule.title, told.join("; "));
        let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        line.chars().take(SENTENCE_CHARS_MAX).collect()
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome {
            counts: [("findings", self.count)].into(),
            notes: Vec::new(),
            events: self.events,
            matches: self.matches,
        }
    }
}
