//! What can be done to an Incident, who does it, and why it is refused.

use cordon_model::{AskedOf, Conclusion, Factor, IncidentState, IncidentVerdict, NewIncident, Time};

/// Whoever does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doer<'a> {
    /// The node itself: a review.
    Node,
    /// A person, by the name under which they sign in.
    Person(&'a str),
}

impl Doer<'_> {
    /// The name as custody has it.
    #[must_use]
    pub const fn name(&self) -> &str {
        match self {
            Self::Node => "node",
            Self::Person(name) => name,
        }
    }
}

/// The four factors as a person weighs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessmentGiven {
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
}

/// Something to be done to an Incident.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Go to a state. Only `triage` and `closed` are gone to by hand; the others follow from what is done.
    Move(IncidentState),
    /// Give it to somebody, or to nobody.
    Own(Option<String>),
    /// Say something.
    Comment(String),
    /// Add a task.
    AddTask {
        /// What is to be done.
        title: String,
        /// Until when.
        due: Option<Time>,
    },
    /// Say whether a task is done.
    MarkTask {
        /// Its number.
        number: u32,
        /// Whether it is done.
        done: bool,
    },
    /// Propose that somebody is asked for a reason.
    Propose {
        /// Who.
        to: AskedOf,
        /// What they are asked.
        text: String,
    },
    /// Approve a request.
    Approve {
        /// Its number.
        number: u32,
    },
    /// Refuse a request.
    Refuse {
        /// Its number.
        number: u32,
    },
    /// Note that an approved request was sent or handed over.
    Send {
        /// Its number.
        number: u32,
    },
    /// Enter a reply or a correction.
    Reply {
        /// Number of the request.
        number: u32,
        /// What was replied.
        text: String,
        /// It corrects what the Incident says.
        is_correction: bool,
    },
    /// Assess the risk by the four factors.
    Assess(AssessmentGiven),
    /// Give the verdict.
    Decide {
        /// What it turned out to be.
        verdict: IncidentVerdict,
        /// Why.
        reason: String,
    },
    /// Say whether the verdict counts in later reviews.
    Teach(bool),
    /// A review found it again: take the newest evidence. Only the node does.
    Renew(Box<NewIncident>),
    /// A review finds it no more: context that came late explains it. Only the node does.
    Withdraw {
        /// Why, in words.
        reason: String,
    },
}

/// Why something may not be done. Nothing was then changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("a case that is {} cannot be {deed}", .state.name())]
    State {
        /// What would be done to it.
        deed: &'static str,
        /// The state it is in.
        state: IncidentState,
    },
    /// States that follow from what is done.
    #[error(
        "a case is asked when a request is approved, answered by a reply, decided by a verdict and withdrawn by a review, not by hand"
    )]
    NotByHand,
    /// The node and people do different things.
    #[error("only a review renews and withdraws a case, and it does nothing else")]
    NotTheirs,
    /// The case is about whoever asks.
    #[error("the case is about yourself: somebody else works on it")]
    AboutYourself,
    /// There is no such task or request.
    #[error("the case has no such {0}")]
    None(&'static str),
    /// A request is not where it should be.
    #[error("the request is not {0}")]
    Request(&'static str),
    /// A text is empty or too long.
    #[error("a text has 1 to 4,000 letters, the title of a task at most 300")]
    Text,
    /// A bound is reached.
    #[error("the case has too many {0}: close it and open no more")]
    TooMany(&'static str),
    /// A breach is assessed first.
    #[error("a breach needs the four-factor assessment, and its conclusion must be a breach")]
    Unassessed,
    /// Assessment and verdict contradict each other.
    #[error("the four-factor assessment concludes a breach: assess again before another verdict")]
    Contradicts,
    /// Another case, or another person's.
    #[error("the evidence is of another case")]
    Other,
}
