//! The record of a patient as whoever asks may see it.

use std::collections::BTreeMap;
use std::ops::Range;

use cordon_model::Time;
use cordon_policy::{AccessScope, OFFICE_CASES, STAFF_CASES};
use cordon_store::accounts::{Accounts, Within};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::SilenceBody;
use crate::opened::{Judged, OpenedRecord, Opening, RecordDisclosure};
use crate::wire::{EntityBody, EntityWord, Moment};

/// What a review says of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Judged)]
pub(super) enum JudgedWord {
    /// A reason was found.
    Explained,
    /// It cannot be judged yet.
    Withheld,
    /// No reason was found in the data.
    Unexplained,
}

impl JudgedWord {
    /// As it stands in JSON.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::Withheld => "withheld",
            Self::Unexplained => "unexplained",
        }
    }
}

impl From<Judged> for JudgedWord {
    fn from(judged: Judged) -> Self {
        match judged {
            Judged::Explained => Self::Explained,
            Judged::Withheld => Self::Withheld,
            Judged::Unexplained => Self::Unexplained,
        }
    }
}

/// One access to a record. Texts are empty where nothing is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RecordAccess)]
pub(super) struct AccessBody {
    /// The event that tells of it.
    #[schema(required = true)]
    pub(super) event_id: Option<String>,
    /// When.
    pub(super) time: Moment,
    /// Whose account.
    pub(super) user: EntityBody,
    /// Its role in the staff list.
    pub(super) role: String,
    /// Its department in the staff list.
    pub(super) department: String,
    /// What was done.
    pub(super) action: String,
    /// The part of the record.
    pub(super) section: String,
    /// Who received what was taken out.
    pub(super) recipient: String,
    /// What for, as a code; a reason in words stays in the record of the event.
    pub(super) purpose: String,
    /// Workstation.
    pub(super) workstation: String,
    /// Network address.
    pub(super) address: String,
    /// Program.
    pub(super) application: String,
    /// Place.
    pub(super) location: String,
    /// Source of the event.
    pub(super) source: String,
    /// Whether break-glass was used.
    pub(super) break_glass: bool,
    /// Whether it was refused.
    pub(super) is_denied: bool,
    /// What the review says of it.
    pub(super) judged: JudgedWord,
    /// Ids of the reasons, like `E1`.
    pub(super) explanation: Vec<String>,
    /// The reasons in words, that none was found in the data, or for what a judgement waits.
    pub(super) words: String,
    /// What proves the reasons: `event:ID` or `file.csv:row`.
    pub(super) proof: Vec<String>,
}

/// Disclosures to one recipient of the same for the same purpose (45 CFR 164.528).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RecordDisclosure)]
pub(super) struct DisclosureBody {
    /// The first.
    pub(super) first: Moment,
    /// The last.
    pub(super) last: Moment,
    /// How many.
    pub(super) count: u32,
    /// Who received it.
    pub(super) recipient: String,
    /// What.
    pub(super) what: String,
    /// What for.
    pub(super) purpose: String,
    /// The events that tell of them.
    pub(super) event_ids: Vec<String>,
}

/// Who opened the record of a patient.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PatientRecord)]
pub(crate) struct PatientRecordBody {
    /// The site.
    site: String,
    /// When the review ran that says so: reasons and what was known are as of then.
    reviewed: Moment,
    /// From when on accesses are told of.
    from: Moment,
    /// Before when.
    until: Moment,
    /// All pseudonyms that are this person's.
    patients: Vec<String>,
    /// The accesses, in order of time.
    pub(super) accesses: Vec<AccessBody>,
    /// Earlier accesses of the period that are left out because there are too many: ask for a shorter period.
    left_out: u64,
    /// Accesses that another role looks into: those of the privacy office for privacy officers, all others for auditors.
    for_others: u64,
    /// Stretches of the period in which a feed was silent or late: a reason may be missing for that alone.
    silences: Vec<SilenceBody>,
    /// The accounting of disclosures (45 CFR 164.528), in order of the first.
    pub(super) disclosures: Vec<DisclosureBody>,
}

/// A record as whoever asks may see it.
pub(super) struct Shown(PatientRecordBody);

impl Shown {
    /// Through a scope; `asked` is the period that was asked for.
    pub(super) fn of(opened: OpenedRecord, asked: Range<Time>, scope: &AccessScope, accounts: &Accounts) -> Self {
        let period = asked.start.max(opened.from)..asked.end.min(opened.until);
        let users = opened.accesses.iter().map(|access| access.user.as_str());
        let mut showing = Showing { scope, accounts, within: accounts.within(scope, users), texts: BTreeMap::new() };
        let class = |is_office| if is_office { OFFICE_CASES } else { STAFF_CASES };
        let is_mine = |access: &Opening| scope.admits(&opened.site, class(access.is_office));
        let all = opened.accesses.len();
        let accesses: Vec<AccessBody> =
            opened.accesses.iter().filter(|access| is_mine(access)).map(|access| showing.access(access)).collect();
        // whoever gave it away is not in the accounting, so that it is whole for who answers the patient
        let disclosures = if scope.admits(&opened.site, STAFF_CASES) { opened.disclosures } else { Vec::new() };
        let disclosures = disclosures.iter().map(|one| showing.disclosure(one)).collect();
        let falls_in =
            |silence: &cordon_store::state::ReviewSilence| silence.from < period.end && silence.until > period.start;
        Self(PatientRecordBody {
            reviewed: Moment(opened.ran),
            from: Moment(period.start),
            until: Moment(period.end),
            patients: opened.patients,
            left_out: opened.left_out,
            for_others: u64::try_from(all - accesses.len()).unwrap_or(u64::MAX),
            accesses,
            silences: opened.silences.into_iter().filter(falls_in).map(Into::into).collect(),
            disclosures,
            site: opened.site,
        })
    }

    /// How many accesses are shown.
    pub(super) const fn count(&self) -> usize {
        self.0.accesses.len()
    }

    pub(super) fn site(&self) -> &str {
        &self.0.site
    }

    pub(super) fn body(self) -> PatientRecordBody {
        self.0
    }
}

/// Shows the texts of one record: a workstation or a place may be called after a person.
struct Showing<'s> {
    scope: &'s AccessScope,
    accounts: &'s Accounts,
    within: Option<Within<'s>>,
    /// The same few texts come again and again.
    texts: BTreeMap<String, String>,
}

impl Showing<'_> {
    fn text(&mut self, text: &str) -> String {
        let Some(within) = &self.within else { return text.to_owned() };
        if let Some(shown) = self.texts.get(text) {
            return shown.clone();
        }
        let shown = within.text(text).into_owned();
        self.texts.insert(text.to_owned(), shown.clone());
        shown
    }

    fn access(&mut self, access: &Opening) -> AccessBody {
        let name = self.accounts.shown(self.scope, &access.user).map(std::borrow::Cow::into_owned);
        AccessBody {
            event_id: access.event.map(|event| event.to_string()),
            time: Moment(access.time),
            user: EntityBody { kind: EntityWord::User, name },
            role: self.text(&access.role),
            department: self.text(&access.department),
            action: access.action.clone(),
            section: self.text(&access.section),
            recipient: self.text(&access.recipient),
            purpose: self.text(&access.purpose),
            workstation: self.text(&access.workstation),
            address: self.text(&access.address),
            application: self.text(&access.application),
            location: self.text(&access.location),
            source: self.text(&access.source),
            break_glass: access.break_glass,
            is_denied: access.is_denied,
            judged: access.judged.into(),
            explanation: access.explanation.clone(),
            words: access.words.clone(),
            proof: access.proof.clone(),
        }
    }

    fn disclosure(&mut self, disclosure: &RecordDisclosure) -> DisclosureBody {
        DisclosureBody {
            first: Moment(disclosure.first),
            last: Moment(disclosure.last),
            count: disclosure.count,
            recipient: self.text(&disclosure.recipient),
            what: self.text(&disclosure.what),
            purpose: self.text(&disclosure.purpose),
            event_ids: disclosure.events.iter().map(ToString::to_string).collect(),
        }
    }
}
