//! The provider of sign-in (OpenID Connect), as this room sees it. Room `node` speaks to it; here is who begins, who comes back, and what becomes of it.

use std::collections::BTreeSet;
use std::fmt;

use cordon_policy::Role;
use cordon_store::state::ProviderAccount;
use futures_util::future::BoxFuture;

/// Where people sign in who have an account elsewhere.
pub trait SignInProvider: Send + Sync + fmt::Debug {
    /// What people call it, on the button.
    fn label(&self) -> String;

    /// Where the browser goes to sign in.
    fn address(&self, begun: BegunSignIn) -> BoxFuture<'_, Result<String, ProviderFault>>;

    /// Who came back. Every proof that the provider gives was checked.
    fn identity(&self, returned: ReturnedSignIn) -> BoxFuture<'_, Result<ProvidedIdentity, ProviderFault>>;
}

/// What goes to the provider with the browser. None of it lets anybody in by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunSignIn {
    /// Comes back with the browser (RFC 6749 section 4.1.1).
    pub state: String,
    /// Comes back within the ID token (OpenID Connect Core section 3.1.2.1).
    pub nonce: String,
    /// SHA-256 of the verifier (RFC 7636, `S256`).
    pub challenge: String,
}

/// What came back with the browser, and what was kept for it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnedSignIn {
    /// The code to be exchanged, once.
    pub code: String,
    /// Who says to have answered (RFC 9207); some providers say nothing.
    pub issuer: Option<String>,
    /// What has to stand in the ID token.
    pub nonce: String,
    /// What the challenge was made of.
    pub verifier: String,
}

impl fmt::Debug for ReturnedSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnedSignIn").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Whom the provider vouches for, and what the settings make of its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvidedIdentity {
    /// Who it is there, for good.
    pub account: ProviderAccount,
    /// What it is called there; in any letters.
    pub name: String,
    /// What for; none when its groups give it nothing here.
    pub roles: BTreeSet<Role>,
    /// The sites; `None` for all.
    pub sites: Option<BTreeSet<String>>,
    /// Whether the provider says that a second factor was shown, in the way that the settings ask for.
    pub has_second_factor: bool,
}

/// Why nobody could be identified. The sentences are for the node's log and the audit log: they hold no secret, no token and nothing that a browser sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// It cannot be reached, or does not answer as it should; or the node's own files for it cannot be read.
    #[error("{0}")]
    Unavailable(String),
    /// It does not take the code: used, too old, or not ours.
    #[error("{0}")]
    Declined(String),
    /// What it says is not proven, or proves somebody or something else.
    #[error("{0}")]
    Untrusted(String),
}
