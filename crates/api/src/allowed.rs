//! The decision: every guarded handler takes an [`Allowed`] first, and there is no other way to get one than to be allowed.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cordon_policy::{AccessScope, Action, Asked, Purpose};
use cordon_store::state::{AuditEntry, By};

use crate::authority::{self, Credential, Who};
use crate::peer::Peer;
use crate::problem::Problem;
use crate::state::{ApiState, real_now};

/// An action as a type, so that a handler's signature says what it does.
pub(crate) trait Act: Send + Sync + 'static {
    /// The action.
    const ACTION: Action;
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub(crate) struct $name;

            impl Act for $name {
                const ACTION: Action = Action::$name;
            }
        )*
    };
}

acts! {
    ChangeRules,
    ExportEvents,
    MuteFindings,
    ReadAudit,
    ReadEntities,
    ReadEvidence,
    ReadFindings,
    ReadHealth,
    ReadJobs,
    ReadRules,
    ReadSources,
    RevealEvidence,
    RunBackfill,
    RunBackup,
    RunImport,
    RunVerify,
    SearchEvents,
    StopJobs,
    TestRules,
    TriageFindings,
    UseOwnAccount,
    ReadSavedSearches,
    ChangeSavedSearches,
    ReadSettings,
    ChangeSettings,
    ReadUsers,
    ChangeUsers,
    ReadTokens,
    ChangeTokens,
    ChangeSources,
    ReadNotifications,
    ChangeNotifications,
    TestNotifications,
    ReadHolds,
    ChangeHolds,
    ReadUnlocks,
    AskUnlock,
    AgreeUnlock,
    ReadIncidents,
    WorkIncidents,
    ApproveRequests,
    DecideIncidents,
    ReadStaffBehaviour,
    ForgetBehaviour,
}

/// Proof that whoever asks may do `A`, with what may be read while doing it. One policy decision made it.
#[derive(Debug)]
pub(crate) struct Allowed<A> {
    who: Arc<Who>,
    scope: AccessScope,
    asked: Asked,
    address: Arc<str>,
    action: PhantomData<A>,
}

impl<A: Act> Allowed<A> {
    /// What may be read.
    pub(crate) const fn scope(&self) -> &AccessScope {
        &self.scope
    }

    /// Name of the user or token.
    pub(crate) fn name(&self) -> &str {
        &self.who.name
    }

    /// Who asks.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// The purpose that was stated; empty when none was.
    pub(crate) fn purpose(&self) -> &'static str {
        self.asked.purpose.map_or("", Purpose::name)
    }

    /// For the audit log: who, from where, when.
    pub(crate) fn by(&self) -> By {
        By { actor: self.name().into(), address: Arc::clone(&self.address), at: real_now() }
    }

    /// One more decision, of a request that turns out to need one: whether whoever asks may do `B` too, and what may be read then.
    pub(crate) async fn also<B: Act>(&self, state: &ApiState) -> Result<AccessScope, Problem> {
        authority::decide(state, &self.who, B::ACTION, self.asked).await
    }

    /// For streams: whether whoever asked still may, later.
    pub(crate) fn still(&self, state: &ApiState) -> Still {
        Still { state: state.clone(), credential: self.who.credential, action: A::ACTION, asked: self.asked }
    }
}

impl<A: Act> FromRequestParts<ApiState> for Allowed<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let who = authority::who(state, parts).await?;
        let asked = authority::asked(&parts.headers)?;
        let scope = authority::decide(state, &who, A::ACTION, asked).await?;
        let address = address(parts.extensions.get::<Peer>());
        let allowed = Self { who: Arc::new(who), scope, asked, address, action: PhantomData };
        if asked.break_glass {
            let entry = AuditEntry::new("glass_broken", "action", A::ACTION.name(), serde_json::Value::Null);
            state.kept().audit(&allowed.by(), &entry.for_purpose(allowed.purpose())).await?;
        }
        Ok(allowed)
    }
}

/// The address of a peer for the audit log; empty when there is none.
pub(crate) fn address(peer: Option<&Peer>) -> Arc<str> {
    peer.map_or_else(String::new, |peer| peer.address.ip().to_canonical().to_string()).into()
}

/// Whether whoever opened a stream may still listen, and to what.
#[derive(Debug)]
pub(crate) struct Still {
    state: ApiState,
    credential: Credential,
    action: Action,
    asked: Asked,
}

impl Still {
    /// Looks the credential up again and decides again. Does not count as activity of the session.
    pub(crate) async fn scope(&self) -> Option<AccessScope> {
        let who = authority::of_credential(&self.state, self.credential, false).await.ok()?;
        authority::decide(&self.state, &who, self.action, self.asked).await.ok()
    }
}
