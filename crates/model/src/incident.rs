//! Incidents: findings that belong together, with a story, a state, an owner and evidence. A privacy case is an Incident of kind `privacy`.
//!
//! Types only: what may happen to an Incident, and when, is room `incident`'s to say. In every text an account is written `[[user:ACCOUNT]]`, in the words of its
//! source; it becomes a name or a pseudonym before it leaves the node. A patient stands only as `patient_ref`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Digest, EventId, FindingId, Time};

/// Identity of one Incident: a UUIDv8 over its kind, its site and what began it. It stays the same when the Incident grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub [u8; 16]);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FindingId(self.0).fmt(f)
    }
}

impl fmt::Debug for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Declares an enumeration whose variants have names: in the API, in the database, in exports.
macro_rules! named {
    ($(#[$about:meta])* $type:ident { $($(#[$what:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$what])* $variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in the API and in the database.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Reads the name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named!(
    /// What an Incident is about.
    IncidentKind {
        /// Access to records of patients for which no reason was found in the data.
        Privacy = "privacy",
    }
);

named!(
    /// How far the work on an Incident is.
    IncidentState {
        /// Nobody has looked.
        New = "new",
        /// Somebody looks.
        Triage = "triage",
        /// Somebody was asked for a reason.
        Asked = "asked",
        /// Whoever was asked has replied.
        Answered = "answered",
        /// There is a verdict.
        Decided = "decided",
        /// Done.
        Closed = "closed",
        /// Context that came late explains it, or it cannot be judged yet: it is no Incident any more.
        Withdrawn = "withdrawn",
    }
);

named!(
    /// What an Incident turned out to be.
    IncidentVerdict {
        /// There was a reason.
        Appropriate = "appropriate",
        /// A rule of the hospital was broken, no breach.
        PolicyViolation = "policy_violation",
        /// A breach of protected health information (45 CFR 164.402) or of personal data (GDPR Art. 4(12)).
        Breach = "breach",
        /// Nothing of it holds: the case should not have been.
        Unfounded = "unfounded",
    }
);

named!(
    /// Who is asked for a reason.
    AskedOf {
        /// The person whom the Incident is about.
        Employee = "employee",
        /// That person's manager.
        Manager = "manager",
    }
);

named!(
    /// How far a request for a reason is.
    RequestState {
        /// Somebody would like to send it.
        Proposed = "proposed",
        /// It may be sent.
        Approved = "approved",
        /// It was sent or handed over.
        Sent = "sent",
        /// There is a reply.
        Replied = "replied",
        /// It is not sent.
        Refused = "refused",
    }
);

named!(
    /// How much one of the four factors speaks for a compromise.
    FactorLevel {
        /// Little.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
);

named!(
    /// What the four factors together say (45 CFR 164.402(2)).
    Conclusion {
        /// A low probability that the information was compromised: no breach.
        LowProbability = "low_probability",
        /// A breach.
        Breach = "breach",
    }
);

/// A sentence with what proves it: `event:EVENT_ID`, or `FILE.csv:ROW` with the row counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The sentence.
    pub text: String,
    /// What proves it.
    pub proof: Vec<String>,
}

/// A named part of a score: `(name, nats)`.
pub type ScorePart = (String, f64);

/// One access to a record within an Incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentAccess {
    /// The event.
    pub event_id: EventId,
    /// When it happened.
    pub time: Time,
    /// Whose record, by pseudonym; empty where the access names nobody.
    pub patient_ref: String,
    /// What was done: read, create, update, delete, search, print, export, disclose.
    pub action: String,
    /// The part of the record; empty when unknown.
    pub section: String,
    /// The source that told of it.
    pub source: String,
    /// Where it was done; empty when unknown.
    pub workstation: String,
    /// The emergency access was used.
    pub break_glass: bool,
    /// The reasons that the data hold for it, like `E1|E5`; empty when none was found.
    pub explanation: String,
}

/// What a review found: an Incident to be opened, or the newest evidence of one that is.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIncident {
    /// Identity.
    pub id: IncidentId,
    /// What it is about.
    pub kind: IncidentKind,
    /// The site.
    pub site: String,
    /// The account that it is about, as the source has it.
    pub user: String,
    /// What it says in one line.
    pub title: String,
    /// How likely it is that this needs a person to look, 0 to 1.
    pub score: f64,
    /// Ids of scenarios, like `S2`.
    pub scenarios: Vec<String>,
    /// The patients, by pseudonym.
    pub patients: Vec<String>,
    /// What the score is made of.
    pub parts: Vec<ScorePart>,
    /// What speaks for it.
    pub sentences: Vec<Told>,
    /// What speaks against it.
    pub counter_evidence: Vec<Told>,
    /// The accesses, by time.
    pub accesses: Vec<IncidentAccess>,
    /// Time of the first access.
    pub first: Time,
    /// Time of the last access.
    pub last: Time,
    /// When it was found, by the event clock.
    pub opened: Time,
    /// The user works in the privacy office: another role looks into it.
    pub is_office: bool,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number within the Incident, from 1.
    pub number: u32,
    /// What.
    pub title: String,
    /// Until when.
    pub due: Option<Time>,
    /// Whether it is done.
    pub done: bool,
    /// Who added it, or did it.
    pub by: String,
}

/// Something said about an Incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// What somebody replied who was asked for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// When it was entered.
    pub at: Time,
    /// The reply.
    pub text: String,
    /// It corrects what the Incident says.
    pub is_correction: bool,
}

/// A request for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonRequest {
    /// Its number within the Incident, from 1.
    pub number: u32,
    /// Who is asked.
    pub to: AskedOf,
    /// What is asked.
    pub text: String,
    /// How far it is.
    pub state: RequestState,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// The last reply.
    pub reply: Option<Reply>,
}

/// One of the four factors, weighed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// How much it speaks for a compromise.
    pub level: FactorLevel,
    /// Why.
    pub words: String,
}

/// The four-factor risk assessment (45 CFR 164.402(2)(i) to (iv)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Nature and extent of the information.
    pub nature: Factor,
    /// Who used it, or to whom it went.
    pub recipient: Factor,
    /// Whether it was acquired or viewed.
    pub acquired: Factor,
    /// How far the risk was mitigated; `high` means: hardly.
    pub mitigation: Factor,
    /// What they say together.
    pub conclusion: Conclusion,
    /// Who assessed.
    pub by: String,
    /// When.
    pub at: Time,
}

/// One deed: who, when, what. Append-only; each is chained to the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// Its number within the Incident, from 1 without gaps.
    pub number: u32,
    /// When.
    pub at: Time,
    /// Who; `node` for the node itself.
    pub by: String,
    /// The deed, for example `verdict`.
    pub deed: String,
    /// What was done, in words. Free texts of people are not repeated here: what they hold shows in the digest.
    pub words: String,
    /// Digest of what was written, a text or a set of evidence; zeros where there is nothing but the words.
    pub content: Digest,
    /// Its link in the chain.
    pub hash: Digest,
}

/// An Incident with everything that was done to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// What was found, with the newest evidence.
    pub found: NewIncident,
    /// How far the work is.
    pub state: IncidentState,
    /// Whose it is: name of a user of the node.
    pub owner: Option<String>,
    /// What it turned out to be.
    pub verdict: Option<IncidentVerdict>,
    /// Why.
    pub verdict_reason: Option<String>,
    /// When the verdict was given.
    pub decided: Option<Time>,
    /// Who gave it.
    pub decided_by: Option<String>,
    /// Whether the verdict counts in what later reviews make of cases like it.
    pub teaches: bool,
    /// When the first verdict `breach` was given. It stays when the verdict is taken back: legal clocks run from it.
    pub breach_known: Option<Time>,
    /// Why it was withdrawn.
    pub withdrawn_reason: Option<String>,
    /// The four factors.
    pub assessment: Option<Assessment>,
    /// Tasks, by number.
    pub tasks: Vec<Task>,
    /// Comments, by time.
    pub comments: Vec<Comment>,
    /// Requests for a reason, by number.
    pub requests: Vec<ReasonRequest>,
    /// What was done, by number.
    pub custody: Vec<Custody>,
    /// When it last changed.
    pub changed: Time,
    /// Rises with every change.
    pub revision: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_written_alike_by_serde() {
        for state in IncidentState::ALL {
            assert_eq!(IncidentState::from_name(state.name()), Some(*state));
        }
        for verdict in IncidentVerdict::ALL {
            assert_eq!(IncidentVerdict::from_name(verdict.name()), Some(*verdict));
        }
        assert_eq!(Conclusion::from_name("low_probability"), Some(Conclusion::LowProbability));
        assert_eq!(IncidentState::from_name("open"), None);
    }

    #[test]
    fn an_id_is_written_like_a_uuid() {
        assert_eq!(IncidentId([0xab; 16]).to_string(), "abababab-abab-abab-abab-abababababab");
    }
}
