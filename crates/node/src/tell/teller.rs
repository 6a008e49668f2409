//! Notification of a running node: everything else in this folder, put together and kept going. New settings restart it from what is durable, so a reload and a
//! crash are one path.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cordon_model::Time;
use cordon_store::state::State;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::TellError;
use super::channels::Channels;
use super::courier::{Courier, Round};
use super::follower::Follower;
use super::heartbeat::Pulse;
use super::letter::Letter;
use super::notice::{Namer, Notice};
use super::outbox::{Outbox, OutboxCounts, OutboxError, Row, RowState};
use super::planner::{self, Planner, PlannerCounts};
use super::status::TellStatus;
use crate::config::{Config, Siem};

/// How often findings are looked for and letters sent.
const ROUND_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after the outbox could not be used.
const OUTBOX_RETRY: Duration = Duration::from_secs(5);
/// Findings read at once.
const FINDINGS_MAX: u32 = 500;
/// How long sent and dead letters are shown after their conversation is over, microseconds: 30 days.
const SHOWN_US: i64 = 30 * 86_400 * 1_000_000;
/// Rounds between two clearings of the outbox.
const ROUNDS_PER_PURGE: u32 = 3_600;

/// "Now" of the node.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// The state of the node and of its parts, in the words `ok`, `degraded` and `failed`: what a heartbeat tells.
pub type Health = Arc<dyn Fn() -> (String, Vec<(String, String)>) + Send + Sync>;

/// Notification, ready to run.
pub struct Teller {
    state: State,
    namer: Namer,
    now: Now,
    health: Health,
    settings: watch::Receiver<Arc<Config>>,
    status: Arc<Mutex<TellStatus>>,
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").finish_non_exhaustive()
    }
}

/// What can end a wait.
struct Wake {
    settings: watch::Receiver<Arc<Config>>,
    stop: watch::Receiver<bool>,
}

/// What ended a wait early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    Settings,
    Stop,
}

impl Wake {
    /// Waits for so long, or until there is a reason to do something else. Who hands over settings being gone is a stop as well.
    async fn after(&mut self, wait: Duration) -> Option<Woken> {
        tokio::select! {
            () = sleep(wait) => None,
            _ = self.stop.wait_for(|stops| *stops) => Some(Woken::Stop),
            changed = self.settings.changed() => Some(if changed.is_ok() { Woken::Settings } else { Woken::Stop }),
        }
    }
}

/// What the rest of the node asks of notification.
#[derive(Clone, Debug)]
pub struct TellHandle {
    state: State,
    settings: watch::Receiver<Arc<Config>>,
    status: Arc<Mutex<TellStatus>>,
}

impl Teller {
    /// With the settings in force, which may change at any time.
    #[must_use]
    pub fn new(state: State, namer: Namer, now: Now, health: Health, settings: watch::Receiver<Arc<Config>>) -> Self {
        Self { state, namer, now, health, settings, status: Arc::default() }
    }

    /// For the rest of the node.
    #[must_use]
    pub fn handle(&self) -> TellHandle {
        TellHandle { state: self.state.clone(), settings: self.settings.clone(), status: Arc::clone(&self.status) }
    }

    /// Runs until `stop` says true or its sender is gone. What is being sent when settings change or the node stops is finished first.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut wake = Wake { settings: self.settings.clone(), stop };
        loop {
            let config = Arc::clone(&wake.settings.borrow_and_update());
            let mut beside = JoinSet::new();
            self.start_beside(&config, &mut beside).await;
            let woken = match self.letters(&config, &mut wake).await {
                Ok(woken) => Some(woken),
                Err(error) => {
                    tracing::error!(error = error.0, "the outbox cannot be used; nobody is told until it can");
                    self.status().outbox_error = Some(error.0);
                    wake.after(OUTBOX_RETRY).await
                }
            };
            if woken == Some(Woken::Stop) {
                return;
            }
        }
    }

    fn status(&self) -> MutexGuard<'_, TellStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plans and sends until settings change, the node stops or the outbox cannot be used.
    async fn letters(&self, config: &Arc<Config>, wake: &mut Wake) -> Result<Woken, OutboxError> {
        let settings = Arc::clone(config);
        let channels = tokio::task::spawn_blocking(move || Channels::new(&settings)).await;
        let channels = Arc::new(channels.map_err(|error| OutboxError(error.to_string()))?);
        let owned = |(name, error): (&str, &str)| (name.to_owned(), error.to_owned());
        self.status().faults = channels.faults().map(owned).collect();
        let courier = Courier::new(Arc::new(self.state.clone()), channels, config.tell.retry_for);
        let mut planner = Planner::new(config, self.state.open((self.now)()).await?);
        let mut position = self.state.position().await?;
        let mut rounds = 0_u32;
        loop {
            position = self.plan(&mut planner, position).await?;
            let round = courier.round((self.now)()).await?;
            if rounds.is_multiple_of(ROUNDS_PER_PURGE) {
                self.state.purge(Time((self.now)().0.saturating_sub(SHOWN_US))).await?;
            }
            rounds = rounds.wrapping_add(1);
            self.note(round, self.state.counts().await?, planner.counts());
            if let Some(woken) = wake.after(ROUND_EVERY).await {
                return Ok(woken);
            }
        }
    }

    fn note(&self, round: Round, counts: OutboxCounts, planned: PlannerCounts) {
        let mut status = self.status();
        (status.outbox, status.planned, status.outbox_error) = (counts, planned, None);
        status.sent += round.sent;
        status.failed += round.failed + round.dead;
    }

    /// Plans all findings that are new; gives the number of the last.
    async fn plan(&self, planner: &mut Planner, mut position: i64) -> Result<i64, OutboxError> {
        loop {
            let (notices, through, is_all) = read(&self.state, &self.namer, position).await?;
            if through == position {
                return Ok(position);
            }
            self.state.keep(through, planner.take(&notices, (self.now)())).await?;
            position = through;
            if is_all {
                return Ok(position);
            }
        }
    }

    /// Starts what runs beside the letters: SIEMs and the heartbeat.
    async fn start_beside(&self, config: &Arc<Config>, tasks: &mut JoinSet<()>) {
        self.status().followers.clear();
        for siem in &config.siem {
            let follow = Follow {
                state: self.state.clone(),
                namer: self.namer.clone(),
                now: Arc::clone(&self.now),
                status: Arc::clone(&self.status),
            };
            tasks.spawn(follow.run(siem.clone(), Arc::clone(config)));
        }
        let (settings, status) = (Arc::clone(config), Arc::clone(&self.status));
        let pulse = tokio::task::spawn_blocking(move || Pulse::new(&settings)).await;
        match pulse {
            Ok(Ok(Some(pulse))) => {
                tasks.spawn(beat(pulse, Arc::clone(&self.health), Arc::clone(&self.now), status));
            }
            Ok(Ok(None)) => self.status().heartbeat_error = None,
            Ok(Err(error)) => self.status().heartbeat_error = Some(error.to_string()),
            Err(error) => self.status().heartbeat_error = Some(error.to_string()),
        }
    }
}

/// Findings after a number, as they may be told; the number of the last that was looked at; whether there are no more.
async fn read(
    state: &State,
    namer: &Namer,
    after: i64,
) -> Result<(Vec<Notice>, i64, bool), cordon_store::state::StateError> {
    let rows = state.told_after(after, FINDINGS_MAX).await?;
    let through = rows.last().map_or(after, |row| row.seq);
    let is_all = rows.len() < usize::try_from(FINDINGS_MAX).unwrap_or(usize::MAX);
    Ok((rows.iter().filter_map(|row| namer.notice(row)).collect(), through, is_all))
}

async fn beat(pulse: Pulse, health: Health, now: Now, status: Arc<Mutex<TellStatus>>) {
    let mut ticks = interval(pulse.every().duration());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (word, parts) = health();
        let parts: Vec<(&str, &str)> = parts.iter().map(|(name, state)| (name.as_str(), state.as_str())).collect();
        let error = pulse.beat(&word, &parts, now()).await.err().map(|error| error.to_string());
        status.lock().unwrap_or_else(PoisonError::into_inner).heartbeat_error = error;
    }
}

/// One SIEM that follows, as a task.
struct Follow {
    state: State,
    namer: Namer,
    now: Now,
    status: Arc<Mutex<TellStatus>>,
}

impl Follow {
    async fn run(self, siem: Siem, config: Arc<Config>) {
        // A name of its own in the table of applied offsets, so that nobody takes it for a sink of the log.
        let place = format!("siem:{}", siem.name);
        loop {
            if let Err(error) = self.follow(&siem, &config, &place).await {
                let error = error.to_string();
                tracing::warn!(siem = siem.name, error, "a SIEM cannot be followed up");
                self.note(&siem.name, |status| status.error = Some(error));
            }
            sleep(OUTBOX_RETRY).await;
        }
    }

    async fn follow(&self, siem: &Siem, config: &Arc<Config>, place: &str) -> Result<(), TellError> {
        let mut confirmed = i64::try_from(self.state.applied_offset(place).await?).unwrap_or(i64::MAX);
        let (siem, config) = (siem.clone(), Arc::clone(config));
        let made = tokio::task::spawn_blocking(move || Follower::new(&siem, &config, confirmed)).await;
        let mut follower = made.map_err(|error| TellError::Setup(error.to_string()))??;
        loop {
            let is_all = !follower.is_ready((self.now)()) || self.give(&mut follower, &mut confirmed, place).await?;
            if is_all {
                sleep(ROUND_EVERY).await;
            }
        }
    }

    /// Gives the SIEM what is next; whether that was all.
    async fn give(&self, follower: &mut Follower, confirmed: &mut i64, place: &str) -> Result<bool, TellError> {
        let name = follower.name().to_owned();
        let (notices, through, is_all) = read(&self.state, &self.namer, follower.wants_after()).await?;
        match follower.round(&notices, through, (self.now)()).await {
            Err(error) => self.note(&name, |status| status.error = Some(error.to_string())),
            Ok(followed) => {
                if followed.confirmed > *confirmed {
                    *confirmed = followed.confirmed;
                    self.state.set_applied_offset(place, u64::try_from(*confirmed).unwrap_or(0)).await?;
                }
                self.note(&name, |status| {
                    (status.confirmed, status.error) = (followed.confirmed, None);
                    status.sent += followed.sent;
                });
            }
        }
        Ok(is_all)
    }

    fn note(&self, name: &str, change: impl FnOnce(&mut super::FollowerStatus)) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(status.followers.entry(name.to_owned()).or_default());
    }
}

impl TellHandle {
    /// How notification is.
    #[must_use]
    pub fn status(&self) -> TellStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The test button: sends a test message to every receiver of a group at once, past outbox and quiet hours, and says of each way what became of it.
    /// `None` when there is no such group.
    pub async fn test(&self, group: &str, now: Time) -> Option<Vec<(String, Result<(), TellError>)>> {
        let config = Arc::clone(&self.settings.borrow());
        let recipients = config.recipients.iter().find(|one| one.name == group)?.clone();
        let letter = Letter::test(group, &config.site, now);
        let channels = tokio::task::spawn_blocking(move || Channels::new(&config)).await.ok()?;
        let rows = planner::rows_to(&recipients, &letter);
        // all at once: whoever pressed the button waits for the slowest only
        let results = join_all(rows.iter().map(|row| channels.send(row, now))).await;
        Some(rows.into_iter().map(|row| row.channel).zip(results).collect())
    }

    /// Names of the groups that are told.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.settings.borrow().recipients.iter().map(|group| group.name.clone()).collect()
    }

    /// Messages that stand so, the newest first.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn letters(&self, state: RowState, limit: u32) -> Result<Vec<Row>, OutboxError> {
        self.state.listed(state, limit).await
    }

    /// Puts a message that was given up back, to be tried once more at once; `false` when there is no such one.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn revive(&self, key: &str, now: Time) -> Result<bool, OutboxError> {
        self.state.revive(key, now).await
    }
}
