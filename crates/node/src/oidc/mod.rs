//! Signing in through a provider that speaks OpenID Connect (Core 1.0, authorization code flow with PKCE): the node's side of room `api`'s [`SignInProvider`].
//!
//! Comes in: settings, what a browser brings back. Goes out: where a browser goes, and whom the provider vouches for, with roles by the settings. Everything about the
//! provider is asked for when somebody signs in, never at the start: a provider that is down keeps nobody from anything else. It keeps no user and no session, and
//! what the provider says counts only once it is proven (`token`).

mod claims;
mod discovered;
mod keys;
mod token;
mod web;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cordon_api::{BegunSignIn, ProvidedIdentity, ProviderFault, ReturnedSignIn, SignInProvider};
use cordon_seal::JwsAlgorithm;
use cordon_store::state::ProviderAccount;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use self::discovered::Discovered;
use self::keys::{Key, keys_of};
use self::token::{Expected, TokenFault, Unverified};
use self::web::Web;
use crate::config::{Config, Oidc};
use crate::live::EventClock;

/// What the provider says of itself, and its keys, are asked for again after so long.
const FRESH_FOR: Duration = Duration::from_secs(3_600);
/// After a provider did not answer, it is left alone for so long.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(5);
/// Keys are asked for because of a key that is not known at most once in this time: tokens of others are no way to keep node and provider busy.
const UNKNOWN_KEY_EVERY: Duration = Duration::from_secs(60);
/// Sign-ins that speak with the provider at a time.
const AT_A_TIME_MAX: usize = 16;
/// Who waits longer for a turn is sent away.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// The provider of the settings; `None` when they name none. `node_url` is where browsers come back to.
pub(crate) fn provider(config: &Config, node_url: &str) -> Option<Arc<dyn SignInProvider>> {
    let settings = config.oidc.clone()?;
    let redirect_uri = format!("{node_url}/api/v1/sign-in/provider/callback");
    let algorithms = settings.algorithms.iter().filter_map(|name| JwsAlgorithm::from_name(name)).collect();
    let (known, turns) = (Mutex::default(), Semaphore::new(AT_A_TIME_MAX));
    Some(Arc::new(Provider { settings, redirect_uri, algorithms, known, turns }))
}

/// A provider.
#[derive(Debug)]
struct Provider {
    settings: Oidc,
    redirect_uri: String,
    algorithms: Vec<JwsAlgorithm>,
    known: Mutex<Known>,
    turns: Semaphore,
}

/// What is known of it, and since when.
#[derive(Debug, Default)]
struct Known {
    web: Option<Web>,
    found: Option<(Instant, Arc<Discovered>)>,
    keys: Option<(Instant, Arc<Vec<Key>>)>,
    failed: Option<(Instant, ProviderFault)>,
    unknown_key: Option<Instant>,
}

impl SignInProvider for Provider {
    fn label(&self) -> String {
        self.settings.label.clone()
    }

    fn address(&self, begun: BegunSignIn) -> BoxFuture<'_, Result<String, ProviderFault>> {
        Box::pin(async move { Ok(self.address_of(&*self.discovered().await?, &begun)) })
    }

    fn identity(&self, returned: ReturnedSignIn) -> BoxFuture<'_, Result<ProvidedIdentity, ProviderFault>> {
        Box::pin(self.identified(returned))
    }
}

impl Provider {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the browser goes (OpenID Connect Core section 3.1.2.1).
    fn address_of(&self, discovered: &Discovered, begun: &BegunSignIn) -> String {
        let settings = &self.settings;
        let (scope, acr_values) = (settings.scopes.join(" "), settings.acr_values.join(" "));
        let mut pairs: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", &settings.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scope),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &begun.challenge),
            ("code_challenge_method", "S256"),
        ];
        if !acr_values.is_empty() {
            pairs.push(("acr_values", &acr_values));
        }
        let sign = if discovered.authorization_endpoint.contains('?') { '&' } else { '?' };
        format!("{}{sign}{}", discovered.authorization_endpoint, web::form(&pairs))
    }

    async fn identified(&self, returned: ReturnedSignIn) -> Result<ProvidedIdentity, ProviderFault> {
        let turn = tokio::time::timeout(WAIT_MAX, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(ProviderFault::Unavailable("too many sign in at once".to_owned()));
        };
        let discovered = self.discovered().await?;
        self.is_of_provider(&discovered, returned.issuer.as_deref())?;
        let web = self.web().await?;
        let answer = self.exchanged(&web, &discovered, &returned).await?;
        let text = answer.get("id_token").and_then(Value::as_str);
        let text = text.ok_or_else(|| untrusted("the answer to the code holds no ID token"))?;
        let claims = self.proven(&web, &discovered, text, &returned.nonce).await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let more = self.more(&web, &discovered, token, &claims).await?;
        self.identity_of(&claims, &more)
    }

    /// RFC 9207: who answers says who it is, so that nobody answers for another.
    fn is_of_provider(&self, discovered: &Discovered, stated: Option<&str>) -> Result<(), ProviderFault> {
        match stated {
            Some(stated) if stated == self.settings.issuer => Ok(()),
            None if !discovered.states_issuer => Ok(()),
            Some(_) => Err(untrusted("the browser came back from another provider (iss)")),
            None => Err(untrusted("the browser came back without saying from where (iss)")),
        }
    }

    /// Exchanges the code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    async fn exchanged(
        &self,
        web: &Web,
        discovered: &Discovered,
        returned: &ReturnedSignIn,
    ) -> Result<Map<String, Value>, ProviderFault> {
        let settings = &self.settings;
        let secret = secret(settings.client_secret_file.as_deref()).await?;
        let mut pairs: Vec<(&str, &str)> = vec![
            ("grant_type", "authorization_code"),
            ("code", &returned.code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &returned.verifier),
        ];
        let mut basic = None;
        match &secret {
            Some(secret) if discovered.takes_basic => basic = Some((settings.client_id.as_str(), secret.as_str())),
            Some(secret) => {
                pairs.extend([("client_id", settings.client_id.as_str()), ("client_secret", secret.as_str())])
            }
            None => pairs.push(("client_id", &settings.client_id)),
        }
        web.exchange(&discovered.token_endpoint, &pairs, basic).await
    }

    /// The claims of an ID token once every check is passed (OpenID Connect Core section 3.1.3.7).
    async fn proven(
        &self,
        web: &Web,
        discovered: &Discovered,
        text: &str,
        nonce: &str,
    ) -> Result<Map<String, Value>, ProviderFault> {
        let unverified = Unverified::read(text, &self.algorithms).map_err(of_token)?;
        let mut keys = self.keys(web, discovered, false).await?;
        if !unverified.is_key_among(&keys) && self.may_ask_for_unknown_key() {
            keys = self.keys(web, discovered, true).await?;
        }
        let claims = unverified.verified(&keys).map_err(of_token)?;
        let Oidc { issuer, client_id, .. } = &self.settings;
        let expected = Expected { issuer, client_id, nonce, now: EventClock::system().now().as_seconds() };
        token::check(&claims, &expected).map_err(of_token)?;
        Ok(claims)
    }

    /// What the ID token leaves out of name and groups and the provider says on request (OpenID Connect Core section 5.3).
    async fn more(
        &self,
        web: &Web,
        discovered: &Discovered,
        token: Option<&str>,
        claims: &Map<String, Value>,
    ) -> Result<Map<String, Value>, ProviderFault> {
        let is_there = |path: &str| claims::at(claims, path).is_some();
        let is_whole = is_there(&self.settings.roles_claim) && is_there(&self.settings.name_claim);
        let (Some(endpoint), Some(token), false) = (&discovered.userinfo_endpoint, token, is_whole) else {
            return Ok(Map::new());
        };
        let more = web.get(endpoint, Some(token)).await?;
        if more.get("sub") == claims.get("sub") {
            return Ok(more);
        }
        Err(untrusted("what the provider says on request is about somebody else (sub)"))
    }

    fn identity_of(
        &self,
        claims: &Map<String, Value>,
        more: &Map<String, Value>,
    ) -> Result<ProvidedIdentity, ProviderFault> {
        let settings = &self.settings;
        let find = |path: &str| claims::at(claims, path).or_else(|| claims::at(more, path));
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let groups = find(&settings.roles_claim);
        if groups.is_none() && (claims.contains_key("_claim_names") || more.contains_key("_claim_names")) {
            return Err(untrusted(
                "the person is in too many groups for the token; let the provider name roles of this application instead",
            ));
        }
        if groups.is_none() {
            tracing::warn!(
                claim = settings.roles_claim,
                "the provider sent no such claim, so nobody gets a role by it"
            );
        }
        let granted = claims::granted(&settings.roles, &claims::texts(groups));
        let name = find(&settings.name_claim).and_then(Value::as_str).unwrap_or(&subject).to_owned();
        let has_second_factor =
            claims::has_second_factor(claims, &settings.administrator_acr, &settings.administrator_amr);
        let account = ProviderAccount { issuer: settings.issuer.clone(), subject };
        Ok(ProvidedIdentity { account, name, roles: granted.roles, sites: granted.sites, has_second_factor })
    }

    /// The client; its files are read once they can be.
    async fn web(&self) -> Result<Web, ProviderFault> {
        if let Some(web) = self.known().web.clone() {
            return Ok(web);
        }
        let ca_file = self.settings.ca_file.clone();
        let made = tokio::task::spawn_blocking(move || Web::new(ca_file.as_deref())).await;
        let web = made.map_err(|fall| ProviderFault::Unavailable(fall.to_string()))??;
        self.known().web = Some(web.clone());
        Ok(web)
    }

    /// What the provider says of itself (OpenID Connect Discovery).
    async fn discovered(&self) -> Result<Arc<Discovered>, ProviderFault> {
        {
            let known = self.known();
            if let Some((_, found)) = known.found.as_ref().filter(|(at, _)| at.elapsed() < FRESH_FOR) {
                return Ok(Arc::clone(found));
            }
            if let Some((_, fault)) = known.failed.as_ref().filter(|(at, _)| at.elapsed() < LEFT_ALONE_FOR) {
                return Err(fault.clone());
            }
        }
        let asked = async {
            let url = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
            let document = self.web().await?.get(&url, None).await?;
            Discovered::read(&document, &self.settings.issuer).map_err(ProviderFault::Unavailable)
        };
        let asked = asked.await;
        let mut known = self.known();
        match asked {
            Ok(found) => {
                let found = Arc::new(found);
                known.found = Some((Instant::now(), Arc::clone(&found)));
                known.failed = None;
                Ok(found)
            }
            Err(fault) => {
                known.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    /// Its keys; `anew` when one is missing among those that are known.
    async fn keys(&self, web: &Web, discovered: &Discovered, anew: bool) -> Result<Arc<Vec<Key>>, ProviderFault> {
        let known = self.known().keys.clone();
        if let Some((_, keys)) = known.filter(|(at, _)| !anew && at.elapsed() < FRESH_FOR) {
            return Ok(keys);
        }
        let keys = Arc::new(keys_of(&web.get(&discovered.jwks_uri, None).await?));
        self.known().keys = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    fn may_ask_for_unknown_key(&self) -> bool {
        let mut known = self.known();
        let may = known.unknown_key.is_none_or(|at| at.elapsed() >= UNKNOWN_KEY_EVERY);
        if may {
            known.unknown_key = Some(Instant::now());
        }
        may
    }
}

/// The secret of this node at the provider. It is read each time: a new one needs no reload.
async fn secret(path: Option<&Path>) -> Result<Option<String>, ProviderFault> {
    let Some(path) = path else { return Ok(None) };
    let text = tokio::fs::read_to_string(path).await;
    let text = text.map_err(|error| error.kind().to_string());
    match text.map(|text| text.trim().to_owned()) {
        Ok(secret) if !secret.is_empty() => Ok(Some(secret)),
        Ok(_) => Err(ProviderFault::Unavailable(format!("{} holds no secret", path.display()))),
        Err(why) => Err(ProviderFault::Unavailable(format!("{} cannot be read: {why}", path.display()))),
    }
}

fn untrusted(reason: &str) -> ProviderFault {
    ProviderFault::Untrusted(reason.to_owned())
}

fn of_token(fault: TokenFault) -> ProviderFault {
    ProviderFault::Untrusted(format!("the ID token {fault}"))
}
