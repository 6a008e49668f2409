//! Incidents as a scope shows them: each mark `[[user:ACCOUNT]]` becomes a name or a pseudonym, and no text keeps the name of an account that the scope does not show.

use std::borrow::Cow;

use cordon_model::{Incident, NewIncident, Told};
use cordon_policy::AccessScope;

use crate::accounts::{Accounts, Within};

const OPEN: &str = "[[user:";
const CLOSE: &str = "]]";
/// Who stands where the scope shows no account at all.
const SOMEBODY: &str = "somebody";
const USER: &str = "user";
const PATIENT: &str = "patient_ref";

/// An Incident as the scope shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentShown {
    /// The Incident; every text of it is as the scope shows it, and so is `found.user`, which is empty where `user` is `None`.
    pub incident: Incident,
    /// The account, by name or by pseudonym; `None` when the scope hides accounts.
    pub user: Option<String>,
    /// How many patients, also where the scope hides them.
    pub patients: u64,
}

/// Shows the texts of one Incident.
pub(super) struct Showing<'a> {
    accounts: &'a Accounts,
    scope: &'a AccessScope,
    within: Option<Within<'a>>,
}

impl<'a> Showing<'a> {
    /// For texts about an account, in which other accounts are marked.
    pub(super) fn new(accounts: &'a Accounts, scope: &'a AccessScope, user: &str, texts: &[&str]) -> Self {
        let marked = texts.iter().flat_map(|text| accounts_in(text));
        Self { accounts, scope, within: accounts.within(scope, std::iter::once(user).chain(marked)) }
    }

    /// An account.
    pub(super) fn user(&self, account: &str) -> Option<String> {
        self.accounts.shown(self.scope, account).map(Cow::into_owned)
    }

    /// A text of the node: it names accounts by marks.
    pub(super) fn text(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, account, after)) = next_mark(rest) {
            shown.push_str(&self.plain(before));
            shown.push_str(&self.user(account).unwrap_or_else(|| SOMEBODY.to_owned()));
            rest = after;
        }
        shown.push_str(&self.plain(rest));
        shown
    }

    /// A text of a person, which names whom it likes: who sees no account at all sees nothing of it.
    fn words(&self, text: &str) -> String {
        if self.scope.masks(USER) { "(not shown)".to_owned() } else { self.text(text) }
    }

    fn plain<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.within.as_ref().map_or(Cow::Borrowed(text), |within| within.text(text))
    }

    fn told(&self, told: &mut [Told]) {
        for told in told {
            told.text = self.text(&told.text);
            told.proof.iter_mut().for_each(|proof| *proof = self.text(proof));
        }
    }
}

/// The Incident as the scope shows it.
pub(super) fn shown(incident: Incident, accounts: &Accounts, scope: &AccessScope) -> IncidentShown {
    let texts = texts_of(&incident);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let showing = Showing::new(accounts, scope, &incident.found.user, &texts);
    let user = showing.user(&incident.found.user);
    let patients = u64::try_from(incident.found.patients.len()).unwrap_or(u64::MAX);
    let mut incident = incident;
    show_found(&showing, &mut incident.found);
    incident.found.user = user.clone().unwrap_or_default();
    for text in [&mut incident.verdict_reason, &mut incident.withdrawn_reason].into_iter().flatten() {
        *text = showing.words(text);
    }
    if let Some(assessment) = &mut incident.assessment {
        let factors =
            [&mut assessment.nature, &mut assessment.recipient, &mut assessment.acquired, &mut assessment.mitigation];
        factors.into_iter().for_each(|factor| factor.words = showing.words(&factor.words));
    }
    incident.tasks.iter_mut().for_each(|task| task.title = showing.words(&task.title));
    incident.comments.iter_mut().for_each(|comment| comment.text = showing.words(&comment.text));
    for request in &mut incident.requests {
        request.text = showing.words(&request.text);
        if let Some(reply) = &mut request.reply {
            reply.text = showing.words(&reply.text);
        }
    }
    IncidentShown { incident, user, patients }
}

fn show_found(showing: &Showing<'_>, found: &mut NewIncident) {
    found.title = showing.text(&found.title);
    showing.told(&mut found.sentences);
    showing.told(&mut found.counter_evidence);
    found.parts.iter_mut().for_each(|(name, _)| *name = showing.text(name));
    for access in &mut found.accesses {
        for text in [&mut access.section, &mut access.source, &mut access.workstation, &mut access.explanation] {
            *text = showing.text(text);
        }
    }
    if showing.scope.masks(PATIENT) {
        found.patients.clear();
        found.accesses.iter_mut().for_each(|access| access.patient_ref.clear());
    }
}

/// Every text in which somebody can be marked.
fn texts_of(incident: &Incident) -> Vec<String> {
    let found = &incident.found;
    let told = found.sentences.iter().chain(&found.counter_evidence).map(|told| &told.text);
    let comments = incident.comments.iter().map(|comment| &comment.text);
    let requests = incident.requests.iter().map(|request| &request.text);
    let others = [&incident.verdict_reason, &incident.withdrawn_reason].into_iter().flatten();
    told.chain(comments).chain(requests).chain(others).chain([&found.title]).cloned().collect()
}

fn accounts_in(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, account, after) = next_mark(rest)?;
        rest = after;
        Some(account)
    })
}

/// What stands before the next mark, its account, and what stands after it.
fn next_mark(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (account, after) = rest.split_once(CLOSE)?;
    Some((before, account, after))
}
