//! What every handler can reach.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use cordon_model::{Digest, Time};
use cordon_policy::Policies;
use cordon_store::query::{Queries, QueryLimits};
use cordon_store::state::State;
use tokio::sync::Semaphore;

use crate::control::NodeControl;
use crate::jobs::Jobs;
use crate::metrics::Counts;
use crate::sign_in::begun::Begins;
use crate::sign_in::enrolments::Enrolments;
use crate::sign_in::passwords::Passwords;
use crate::sign_in::provider::SignInProvider;
use crate::sign_in::throttle::Throttle;

/// Live streams at a time.
const STREAMS_MAX: usize = 256;

/// What a deployment can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiOptions {
    /// A live stream ends after so long; a browser opens it again by itself.
    pub stream_max: Duration,
    /// A search, a facet or a histogram ends after so long; exports have their own time.
    pub search_max: Duration,
    /// The link of the first administrator can be used for so long after the node started.
    pub first_link_valid: Duration,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            stream_max: Duration::from_secs(3_600),
            search_max: QueryLimits::default().time_max,
            first_link_valid: Duration::from_secs(86_400),
        }
    }
}

/// What every handler can reach. Clones share it.
#[derive(Clone, Debug)]
pub struct ApiState {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    control: Arc<dyn NodeControl>,
    kept: State,
    searches: RwLock<Searches>,
    options: ApiOptions,
    counts: Counts,
    jobs: Jobs,
    streams: Arc<Semaphore>,
    policies: RwLock<Arc<Policies>>,
    throttle: Throttle,
    passwords: Passwords,
    enrolments: Enrolments,
    provider: RwLock<Option<Arc<dyn SignInProvider>>>,
    begins: Begins,
    /// The link, and until when it can be used.
    first_link: Mutex<Option<(Digest, Instant)>>,
}

/// Where questions are answered, and how long one may take.
#[derive(Clone, Debug)]
struct Searches {
    queries: Queries,
    time_max: Duration,
}

impl ApiState {
    /// Over a node and what it keeps.
    #[must_use]
    pub fn new(
        control: Arc<dyn NodeControl>,
        kept: State,
        queries: Queries,
        policies: Policies,
        options: ApiOptions,
    ) -> Self {
        let inner = Inner {
            control,
            kept,
            searches: RwLock::new(Searches { queries, time_max: options.search_max }),
            options,
            counts: Counts::default(),
            jobs: Jobs::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            policies: RwLock::new(Arc::new(policies)),
            throttle: Throttle::default(),
            passwords: Passwords::default(),
            enrolments: Enrolments::default(),
            provider: RwLock::default(),
            begins: Begins::default(),
            first_link: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Puts other policies in force, or the same ones for more sites, from the next request on.
    pub fn set_policies(&self, policies: Policies) {
        *self.inner.policies.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }

    /// Answers later questions elsewhere and within another time. Those under way end where they are.
    pub fn set_searches(&self, queries: Queries, time_max: Duration) {
        *self.inner.searches.write().unwrap_or_else(PoisonError::into_inner) = Searches { queries, time_max };
    }

    /// Lets people sign in through this provider from now on, or through none. Sessions go on.
    pub fn set_provider(&self, provider: Option<Arc<dyn SignInProvider>>) {
        *self.inner.provider.write().unwrap_or_else(PoisonError::into_inner) = provider;
    }

    pub(crate) fn provider(&self) -> Option<Arc<dyn SignInProvider>> {
        self.inner.provider.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn begins(&self) -> &Begins {
        &self.inner.begins
    }

    pub(crate) fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.inner.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.inner.throttle
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn enrolments(&self) -> &Enrolments {
        &self.inner.enrolments
    }

    pub(crate) fn set_first_link(&self, digest: Digest) {
        let ends = Instant::now() + self.inner.options.first_link_valid;
        *self.inner.first_link.lock().unwrap_or_else(PoisonError::into_inner) = Some((digest, ends));
    }

    pub(crate) fn is_first_link(&self, digest: Digest) -> bool {
        let link = *self.inner.first_link.lock().unwrap_or_else(PoisonError::into_inner);
        link.is_some_and(|(known, ends)| known == digest && Instant::now() < ends)
    }

    pub(crate) fn forget_first_link(&self) {
        *self.inner.first_link.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn control(&self) -> &dyn NodeControl {
        &*self.inner.control
    }

    /// Findings, people, settings and the audit log.
    pub(crate) fn kept(&self) -> &State {
        &self.inner.kept
    }

    /// Questions about stored events.
    pub(crate) fn queries(&self) -> Queries {
        self.inner.searches.read().unwrap_or_else(PoisonError::into_inner).queries.clone()
    }

    /// Bounds of one question.
    pub(crate) fn limits(&self) -> QueryLimits {
        QueryLimits { time_max: self.search_max(), ..QueryLimits::default() }
    }

    /// How long a question may take.
    pub(crate) fn search_max(&self) -> Duration {
        self.inner.searches.read().unwrap_or_else(PoisonError::into_inner).time_max
    }

    pub(crate) fn options(&self) -> &ApiOptions {
        &self.inner.options
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.inner.counts
    }

    pub(crate) fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.inner.streams
    }
}

/// Now by the real clock: for sessions and the audit log.
pub(crate) fn real_now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
