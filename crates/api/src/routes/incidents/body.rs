//! What a case looks like from outside. Types of the API: those of the node can change without it.

use cordon_incident::Deadline;
use cordon_model::{
    AskedOf, Assessment, Comment, Conclusion, Custody, Factor, FactorLevel, IncidentAccess, IncidentKind,
    IncidentState, IncidentVerdict, ReasonRequest, Reply, RequestState, Task, Told,
};
use cordon_store::state::{IncidentRow, IncidentShown, SimilarIncident};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{EntityBody, EntityWord, Moment};

/// Words of the API for an enumeration of the node, one for one.
macro_rules! words {
    ($(#[$about:meta])* $word:ident = $of:ident { $($variant:ident,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $of)]
        pub(crate) enum $word { $($variant,)+ }

        impl From<$of> for $word {
            fn from(of: $of) -> Self {
                match of { $($of::$variant => Self::$variant,)+ }
            }
        }

        impl From<$word> for $of {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant,)+ }
            }
        }
    };
}

words!(
    /// What a case is about.
    KindWord = IncidentKind { Privacy, }
);
words!(
    /// How far the work on a case is.
    StateWord = IncidentState { New, Triage, Asked, Answered, Decided, Closed, Withdrawn, }
);
words!(
    /// What a case turned out to be.
    VerdictWord = IncidentVerdict { Appropriate, PolicyViolation, Breach, Unfounded, }
);
words!(
    /// Who is asked for a reason.
    AskedWord = AskedOf { Employee, Manager, }
);
words!(
    /// How far a request for a reason is.
    RequestWord = RequestState { Proposed, Approved, Sent, Replied, Refused, }
);
words!(
    /// How much a factor speaks for a compromise.
    FactorWord = FactorLevel { Low, Medium, High, }
);
words!(
    /// What the four factors say together.
    ConclusionWord = Conclusion { LowProbability, Breach, }
);

/// A case in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentSummary)]
pub(crate) struct SummaryBody {
    /// Identity.
    id: String,
    /// What it is about.
    kind: KindWord,
    /// How far the work is.
    state: StateWord,
    /// What it says in one line.
    title: String,
    /// How likely it is that a person needs to look, 0 to 1.
    score: f64,
    /// Ids of scenarios, like `S2`.
    scenarios: Vec<String>,
    /// Whom it is about.
    user: EntityBody,
    /// The site.
    site: String,
    /// How many patients.
    patients: u64,
    /// How many accesses.
    accesses: u64,
    /// Time of the first access.
    first: Moment,
    /// Time of the last access.
    last: Moment,
    /// When it was found.
    opened: Moment,
    /// Whose it is.
    #[schema(required = true)]
    owner: Option<String>,
    /// What it turned out to be.
    #[schema(required = true)]
    verdict: Option<VerdictWord>,
    /// The next thing that is due, of a task or a deadline.
    #[schema(required = true)]
    due: Option<Moment>,
    /// Rises with every change; every change names the one that was read.
    revision: u64,
}

/// A sentence with what proves it: `event:ID`, or `FILE.csv:ROW`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ToldSentence)]
pub(crate) struct ToldBody {
    pub(super) text: String,
    pub(super) proof: Vec<String>,
}

/// A named part of a score.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ScorePart)]
pub(crate) struct PartBody {
    pub(super) name: String,
    /// What it adds, in nats; less than 0 speaks against the case.
    pub(super) nats: f64,
}

/// One access to a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentAccess)]
pub(crate) struct AccessBody {
    event_id: String,
    pub(super) time: Moment,
    /// Whose record, by pseudonym; empty when unknown or not shown.
    pub(super) patient_ref: String,
    /// read, create, update, delete, search, print, export, disclose.
    pub(super) action: String,
    /// The part of the record; empty when unknown.
    pub(super) section: String,
    pub(super) source: String,
    /// Where; empty when unknown.
    pub(super) workstation: String,
    pub(super) break_glass: bool,
    /// The reasons that the data hold for it; none: no reason was found in the data.
    pub(super) explanation: Vec<String>,
}

/// Something to be done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentTask)]
pub(crate) struct TaskBody {
    number: u32,
    pub(super) title: String,
    #[schema(required = true)]
    pub(super) due: Option<Moment>,
    pub(super) done: bool,
    /// Who added it, or did it.
    pub(super) by: String,
}

/// Something said about a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = IncidentComment)]
pub(crate) struct CommentBody {
    pub(super) at: Moment,
    pub(super) by: String,
    pub(super) text: String,
}

/// What was replied.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReasonReply)]
pub(crate) struct ReplyBody {
    pub(super) at: Moment,
    pub(super) text: String,
    /// It corrects what the case says.
    pub(super) is_correction: bool,
}

/// A request for a reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReasonRequest)]
pub(crate) struct RequestBody {
    pub(super) number: u32,
    pub(super) to: AskedWord,
    pub(super) text: String,
    pub(super) state: RequestWord,
    proposed_by: String,
    #[schema(required = true)]
    approved_by: Option<String>,
    #[schema(required = true)]
    pub(super) reply: Option<ReplyBody>,
}

/// One of the four factors.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Factor)]
pub(crate) struct FactorBody {
    /// How much it speaks for a compromise.
    pub(super) level: FactorWord,
    /// Why; at most 4,000 letters.
    pub(super) words: String,
}

/// The four-factor assessment (45 CFR 164.402(2)).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Assessment)]
pub(crate) struct AssessmentBody {
    /// Nature and extent of the information.
    pub(super) nature: FactorBody,
    /// Who used it, or to whom it went.
    pub(super) recipient: FactorBody,
    /// Whether it was acquired or viewed.
    pub(super) acquired: FactorBody,
    /// How far the risk was mitigated; `high` means: hardly.
    pub(super) mitigation: FactorBody,
    /// What they say together.
    pub(super) conclusion: ConclusionWord,
    pub(super) by: String,
    pub(super) at: Moment,
}

/// What was done: who, when, what; each entry chained to the one before.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Custody)]
pub(crate) struct CustodyBody {
    pub(super) at: Moment,
    pub(super) by: String,
    pub(super) deed: String,
    pub(super) words: String,
    pub(super) hash: String,
}

/// A case that is like this one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SimilarIncident)]
pub(crate) struct SimilarBody {
    id: String,
    title: String,
    score: f64,
    state: StateWord,
}

/// Something that the law asks for until a time.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Deadline)]
pub(crate) struct DeadlineBody {
    pub(super) name: String,
    pub(super) due: Moment,
}

/// A case with everything that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentBody {
    #[serde(flatten)]
    pub(super) summary: SummaryBody,
    /// The patients, by pseudonym.
    patient_refs: Vec<String>,
    /// What the score is made of.
    pub(super) parts: Vec<PartBody>,
    /// What speaks for it.
    pub(super) sentences: Vec<ToldBody>,
    /// What speaks against it.
    pub(super) counter_evidence: Vec<ToldBody>,
    /// The accesses, by time.
    pub(super) timeline: Vec<AccessBody>,
    pub(super) tasks: Vec<TaskBody>,
    pub(super) comments: Vec<CommentBody>,
    pub(super) requests: Vec<RequestBody>,
    #[schema(required = true)]
    pub(super) assessment: Option<AssessmentBody>,
    /// Why the verdict.
    #[schema(required = true)]
    pub(super) verdict_reason: Option<String>,
    /// What was done, in order.
    pub(super) custody: Vec<CustodyBody>,
    /// Cases that share scenarios with it.
    similar: Vec<SimilarBody>,
    /// Why it was withdrawn.
    #[schema(required = true)]
    pub(super) withdrawn_reason: Option<String>,
    /// What the law asks for until when; only of a breach.
    pub(super) deadlines: Vec<DeadlineBody>,
}

impl SummaryBody {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Title, account (empty when not shown), state and score.
    pub(super) fn head(&self) -> (&str, &str, StateWord, f64) {
        (&self.title, self.user.name.as_deref().unwrap_or_default(), self.state, self.score)
    }

    pub(super) const fn verdict(&self) -> Option<VerdictWord> {
        self.verdict
    }

    pub(super) fn scenarios(&self) -> &[String] {
        &self.scenarios
    }
}

impl From<IncidentRow> for SummaryBody {
    fn from(row: IncidentRow) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.into(),
            state: row.state.into(),
            title: row.title,
            score: row.score,
            scenarios: row.scenarios,
            user: EntityBody { kind: EntityWord::User, name: row.user },
            site: row.site,
            patients: row.patients,
            accesses: row.accesses,
            first: Moment(row.first),
            last: Moment(row.last),
            opened: Moment(row.opened),
            owner: row.owner,
            verdict: row.verdict.map(Into::into),
            due: row.due.map(Moment),
            revision: row.revision,
        }
    }
}

impl IncidentBody {
    pub(super) fn new(shown: IncidentShown, similar: Vec<SimilarIncident>) -> Self {
        let deadlines = cordon_incident::deadlines(&shown.incident);
        let summary = SummaryBody::from(IncidentRow::from(&shown));
        let incident = shown.incident;
        let found = incident.found;
        let part = |(name, nats): (String, f64)| PartBody { name, nats };
        Self {
            summary,
            patient_refs: found.patients,
            parts: found.parts.into_iter().map(part).collect(),
            sentences: found.sentences.into_iter().map(Into::into).collect(),
            counter_evidence: found.counter_evidence.into_iter().map(Into::into).collect(),
            timeline: found.accesses.into_iter().map(Into::into).collect(),
            tasks: incident.tasks.into_iter().map(Into::into).collect(),
            comments: incident.comments.into_iter().map(Into::into).collect(),
            requests: incident.requests.into_iter().map(Into::into).collect(),
            assessment: incident.assessment.map(Into::into),
            verdict_reason: incident.verdict_reason,
            custody: incident.custody.into_iter().map(Into::into).collect(),
            similar: similar.into_iter().map(Into::into).collect(),
            withdrawn_reason: incident.withdrawn_reason,
            deadlines: deadlines.into_iter().map(Into::into).collect(),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.summary.id()
    }
}

impl From<Told> for ToldBody {
    fn from(Told { text, proof }: Told) -> Self {
        Self { text, proof }
    }
}

impl From<IncidentAccess> for AccessBody {
    fn from(access: IncidentAccess) -> Self {
        let reasons = access.explanation.split('|').filter(|reason| !reason.is_empty());
        Self {
            event_id: access.event_id.to_string(),
            time: Moment(access.time),
            explanation: reasons.map(str::to_owned).collect(),
            patient_ref: access.patient_ref,
            action: access.action,
            section: access.section,
            source: access.source,
            workstation: access.workstation,
            break_glass: access.break_glass,
        }
    }
}

impl From<Task> for TaskBody {
    fn from(Task { number, title, due, done, by }: Task) -> Self {
        Self { number, title, due: due.map(Moment), done, by }
    }
}

impl From<Comment> for CommentBody {
    fn from(Comment { at, by, text }: Comment) -> Self {
        Self { at: Moment(at), by, text }
    }
}

impl From<ReasonRequest> for RequestBody {
    fn from(request: ReasonRequest) -> Self {
        let ReasonRequest { number, to, text, state, proposed_by, approved_by, reply } = request;
        let reply = reply.map(|Reply { at, text, is_correction }| ReplyBody { at: Moment(at), text, is_correction });
        Self { number, to: to.into(), text, state: state.into(), proposed_by, approved_by, reply }
    }
}

impl From<Factor> for FactorBody {
    fn from(Factor { level, words }: Factor) -> Self {
        Self { level: level.into(), words }
    }
}

impl From<FactorBody> for Factor {
    fn from(FactorBody { level, words }: FactorBody) -> Self {
        Self { level: level.into(), words }
    }
}

impl From<Assessment> for AssessmentBody {
    fn from(assessment: Assessment) -> Self {
        let Assessment { nature, recipient, acquired, mitigation, conclusion, by, at } = assessment;
        Self {
            nature: nature.into(),
            recipient: recipient.into(),
            acquired: acquired.into(),
            mitigation: mitigation.into(),
            conclusion: conclusion.into(),
            by,
            at: Moment(at),
        }
    }
}

impl From<Custody> for CustodyBody {
    fn from(entry: Custody) -> Self {
        let Custody { at, by, deed, words, hash, .. } = entry;
        Self { at: Moment(at), by, deed, words, hash: hash.to_string() }
    }
}

impl From<SimilarIncident> for SimilarBody {
    fn from(SimilarIncident { id, title, score, state }: SimilarIncident) -> Self {
        Self { id: id.to_string(), title, score, state: state.into() }
    }
}

impl From<Deadline> for DeadlineBody {
    fn from(Deadline { name, due }: Deadline) -> Self {
        Self { name: name.to_owned(), due: Moment(due) }
    }
}
