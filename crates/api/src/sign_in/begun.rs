//! A sign-in at a provider that was begun here: bound to the browser by a cookie, for ten minutes, and answered once.
//!
//! The cookie holds a drawn secret, when it was drawn, and a proof that this node drew it. State, nonce and verifier are made of the secret, so nothing is kept while
//! somebody is away, and nobody can fill a memory by beginning. Only secrets whose answer has come are kept until they are too old. A restart forgets who is away: they begin again.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordon_model::Digest;

use super::provider::BegunSignIn;
use super::secret::{Secret, digest_of, random, same};
use crate::problem::Problem;

/// Who is away longer begins again.
pub(crate) const AWAY_MAX: Duration = Duration::from_secs(600);
/// Answers that are remembered. For a further one the oldest is forgotten: the provider takes its code no second time either.
const ANSWERED_MAX: usize = 4_096;

/// Sign-ins that were begun.
#[derive(Debug)]
pub(crate) struct Begins {
    started: Instant,
    key: OnceLock<ProofKey>,
    answered: Mutex<BTreeMap<Instant, Digest>>,
}

/// Proves that a cookie is of this process. Prints nothing of it.
struct ProofKey([u8; 32]);

impl std::fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofKey")
    }
}

/// One sign-in, away at the provider.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Away(String);

impl std::fmt::Debug for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Away")
    }
}

impl Default for Begins {
    fn default() -> Self {
        Self { started: Instant::now(), key: OnceLock::new(), answered: Mutex::default() }
    }
}

impl Begins {
    /// Begins one: the value of its cookie, and what it is.
    pub(crate) fn begin(&self, now: Instant) -> Result<(String, Away), Problem> {
        if self.key.get().is_none() {
            // who comes second uses the key of who came first
            let _first = self.key.set(ProofKey(random()?));
        }
        let secret = Secret::draw("")?.text().to_owned();
        let seconds = now.saturating_duration_since(self.started).as_secs().to_string();
        let proof = self.proof(&secret, &seconds).ok_or_else(|| Problem::internal(&"there is no key"))?;
        Ok((format!("{secret}.{seconds}.{proof}"), Away(secret)))
    }

    /// The one that a cookie stands for; `None` when this node did not begin it, or it is too old.
    pub(crate) fn read(&self, cookie: &str, now: Instant) -> Option<Away> {
        let (secret, rest) = cookie.split_once('.')?;
        let (seconds, shown) = rest.split_once('.')?;
        let is_ours = same(shown, &self.proof(secret, seconds)?);
        let drawn = Duration::from_secs(seconds.parse().ok().filter(|_| is_ours)?);
        let age = now.saturating_duration_since(self.started).checked_sub(drawn)?;
        (age.as_secs() <= AWAY_MAX.as_secs()).then(|| Away(secret.to_owned()))
    }

    /// Takes the answer to one; `false` when there was one before.
    pub(crate) fn answer(&self, away: &Away, now: Instant) -> bool {
        let digest = digest_of(&away.0);
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|at, _| now.saturating_duration_since(*at) <= AWAY_MAX);
        if answered.values().any(|known| *known == digest) {
            return false;
        }
        if answered.len() >= ANSWERED_MAX {
            tracing::warn!("more sign-ins through the provider than are remembered; the oldest is forgotten");
            answered.pop_first();
        }
        // two in one instant stand one after the other
        let mut at = now;
        while answered.contains_key(&at) {
            at += Duration::from_nanos(1);
        }
        answered.insert(at, digest);
        true
    }

    fn proof(&self, secret: &str, seconds: &str) -> Option<String> {
        let ProofKey(key) = self.key.get()?;
        let proof = cordon_seal::mac(key, &[b"begun", secret.as_bytes(), b".", seconds.as_bytes()]);
        Some(proof.to_string())
    }
}

impl Away {
    /// What goes to the provider.
    pub(crate) fn begun(&self) -> BegunSignIn {
        let challenge = URL_SAFE_NO_PAD.encode(cordon_seal::digest(self.verifier().as_bytes()).0);
        BegunSignIn { state: self.part("state"), nonce: self.nonce(), challenge }
    }

    /// Whether this state came with it.
    pub(crate) fn is_state(&self, shown: &str) -> bool {
        same(shown, &self.part("state"))
    }

    pub(crate) fn nonce(&self) -> String {
        self.part("nonce")
    }

    /// 43 letters (RFC 7636 section 4.1).
    pub(crate) fn verifier(&self) -> String {
        self.part("verifier")
    }

    /// Who knows one part learns nothing of another: HMAC under the secret.
    fn part(&self, name: &str) -> String {
        URL_SAFE_NO_PAD.encode(cordon_seal::mac(self.0.as_bytes(), &[name.as_bytes()]).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_stands_for_its_sign_in_for_ten_minutes_at_the_node_that_began_it() {
        let (begins, other, now) = (Begins::default(), Begins::default(), Instant::now());
        let (cookie, away) = begins.begin(now).unwrap();
        other.begin(now).unwrap();
        assert_eq!(begins.read(&cookie, now), Some(away.clone()));
        assert_eq!(begins.read(&cookie, now + AWAY_MAX), Some(away));
        assert_eq!(begins.read(&cookie, now + AWAY_MAX + Duration::from_secs(2)), None);
        assert_eq!(other.read(&cookie, now), None);
        assert_eq!(Begins::default().read(&cookie, now), None);
        let (secret, rest) = cookie.split_once('.').unwrap();
        let (_, proof) = rest.split_once('.').unwrap();
        for forged in [format!("{secret}.9.{proof}"), format!("x{cookie}"), secret.to_owned(), String::new()] {
            assert_eq!(begins.read(&forged, now), None, "{forged}");
        }
    }

    #[test]
    fn what_goes_to_the_provider_differs_each_time_and_does_not_tell_the_verifier() {
        let (begins, now) = (Begins::default(), Instant::now());
        let away = begins.begin(now).unwrap().1;
        let BegunSignIn { state, nonce, challenge } = away.begun();
        let mut all =
            vec![state.clone(), nonce, challenge, away.verifier(), begins.begin(now).unwrap().1.begun().state];
        assert!(away.is_state(&state) && !away.is_state(&all[4]) && !away.is_state(""));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.iter().map(String::len).collect::<Vec<_>>(), [43; 5]);
    }

    #[test]
    fn an_answer_counts_once_and_memory_is_bounded() {
        let (begins, now) = (Begins::default(), Instant::now());
        let away = begins.begin(now).unwrap().1;
        assert!(begins.answer(&away, now) && !begins.answer(&away, now + AWAY_MAX));
        for number in 0..ANSWERED_MAX + 9 {
            assert!(begins.answer(&Away(number.to_string()), now + Duration::from_secs(1)));
        }
        assert_eq!(begins.answered.lock().unwrap().len(), ANSWERED_MAX);
    }
}
