//! Who may send over HTTP: tokens of the state, kept in memory, and certificates that the handshake has verified.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use cordon_api::{Peer, PeerCertificate};
use cordon_collect::live::http::{ClientCertificate, Presented, Sender};
use cordon_collect::live::name_of_certificate;
use cordon_model::Digest;
use cordon_store::state::{State, StateError};
use tokio_util::sync::CancellationToken;

use super::clock::EventClock;
use crate::history::may_import;

/// How often the tokens of senders are read again from the state.
const TOKENS_EVERY: Duration = Duration::from_secs(2);

/// Senders by the digest of their token, and which tokens were used since the state was last told.
#[derive(Debug, Default)]
pub(super) struct KnownSenders {
    by_token: RwLock<BTreeMap<Digest, Sender>>,
    used: Mutex<BTreeSet<Digest>>,
}

impl KnownSenders {
    /// Who sends, if it may. A token decides alone; without one the certificate does, which never brings records of others.
    pub(super) fn sender(&self, presented: &Presented<'_>) -> Option<Sender> {
        let Some(token) = presented.token else {
            return presented.certificate.map(|name| Sender { name: name.into(), may_import: false });
        };
        let digest = cordon_seal::digest(token.as_bytes());
        let known = self.by_token.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()?;
        // never more than there are tokens that hold
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(digest);
        Some(known)
    }

    /// Reads all tokens that hold, and notes those that were used.
    async fn follow(&self, state: &State) -> Result<(), StateError> {
        let now = EventClock::system().now();
        let senders = state.senders(now).await?;
        let sender = |source: String| Sender { may_import: may_import(&source), name: source.into() };
        let all = senders.into_iter().map(|(digest, source)| (digest, sender(source))).collect();
        *self.by_token.write().unwrap_or_else(PoisonError::into_inner) = all;
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        for digest in used {
            state.source_of_token(digest, now).await?;
        }
        Ok(())
    }
}

/// Keeps the senders in memory as the state has them.
pub(super) async fn follow_tokens(state: State, known: Arc<KnownSenders>, stop: CancellationToken) {
    loop {
        if let Err(error) = known.follow(&state).await {
            tracing::warn!(error = %error, "the tokens of senders cannot be read; those known still hold");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TOKENS_EVERY) => {}
        }
    }
}

/// Says in the words of intake what the connection knows of whoever sends: its address, and the name in its certificate.
pub(super) async fn with_sender(mut request: Request) -> Request {
    let of = request.extensions();
    let address: Option<SocketAddr> = of.get::<Peer>().map(|peer| peer.address);
    let name = of.get::<PeerCertificate>().and_then(|shown| name_of_certificate(&shown.0));
    if let Some(address) = address {
        request.extensions_mut().insert(ConnectInfo(address));
    }
    if let Some(name) = name {
        request.extensions_mut().insert(ClientCertificate(name.into()));
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::IMPORT_SOURCE;

    fn check(token: Option<&str>, certificate: Option<&str>, expect: Option<(&str, bool)>) {
        let known = KnownSenders::default();
        let senders = [("secret", "ehr", false), ("bulk", IMPORT_SOURCE, true)];
        let senders = senders.map(|(token, name, may_import)| {
            (cordon_seal::digest(token.as_bytes()), Sender { name: name.into(), may_import })
        });
        *known.by_token.write().unwrap() = senders.into();
        let found = known.sender(&Presented { token, certificate, address: None });
        assert_eq!(found.as_ref().map(|found| (&*found.name, found.may_import)), expect);
    }

    #[test]
    fn a_token_decides_alone_and_a_certificate_never_brings_records_of_others() {
        check(Some("secret"), None, Some(("ehr", false)));
        check(Some("bulk"), Some("pacs-01"), Some((IMPORT_SOURCE, true)));
        check(Some("revoked"), Some("pacs-01"), None);
        check(None, Some("pacs-01"), Some(("pacs-01", false)));
        check(None, Some(IMPORT_SOURCE), Some((IMPORT_SOURCE, false)));
        check(None, None, None);
    }
}
