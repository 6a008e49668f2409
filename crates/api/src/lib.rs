//! The HTTP interface of a node: everything a person or a program asks of it, under `/api/v1` and described by OpenAPI.
//!
//! In come requests; each passes one policy decision (`Allowed`) whose scope goes with every question to the store. Out go the types of this room, never those of
//! the store. What only the running node knows comes through [`NodeControl`]. This room knows neither the street nor the command line.

#![expect(unused_qualifications, reason = "what the macros of utoipa write names types by whole paths")]

mod allowed;
mod authority;
mod console;
mod control;
mod described;
mod extract;
mod faults;
mod health;
mod jobs;
mod layers;
mod learnt;
mod metrics;
mod opened;
mod page;
mod peer;
mod people;
mod problem;
mod router;
mod routes;
mod serve;
mod sign_in;
mod state;
mod tls;
mod wire;

pub use control::{
    ControlError, DiskStanding, LetterStatus, Live, LiveEvent, NodeControl, NodeHealth, NotificationStatus, Outcome,
    Part, PartState, Progress, RecordPlace, Reloaded, RuleStatus, SiemStatus, SourceStatus, TestMatch, TestedWay, Work,
};
pub use described::PUBLIC;
pub use learnt::{
    BehaviourFeature, BehaviourNote, DecisionStanding, DecisionStatus, EntityBehaviour, Forgotten, ModelStatus,
    ReviewStanding, VerdictStanding, VerdictStatus,
};
pub use metrics::{Family, Kind, Sample};
pub use opened::{Judged, OpenedRecord, Opening, RecordDisclosure};
pub use peer::{Peer, PeerCertificate};
pub use problem::{Problem, ProblemBody, ProblemKind};
pub use router::{OPENAPI_PATH, description, router};
pub use routes::sign_in::first_link;
pub use serve::{ServeError, ServeLimits, serve};
pub use sign_in::provider::{BegunSignIn, ProvidedIdentity, ProviderFault, ReturnedSignIn, SignInProvider};
pub use state::{ApiOptions, ApiState};
pub use tls::{TlsError, TlsFiles, server_config};
