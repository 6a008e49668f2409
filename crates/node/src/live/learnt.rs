//! Learnt behaviour on the street: observations go in in the order of the log, findings come out. What was learnt survives a restart as a file that says up to which
//! offset of the log it holds; imported history is learnt when all of it is there, in the order of event time.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cordon_detect::{Behaviour, BehaviourOptions, EntityKind, Forgotten, Noticed, Observed, Verdict, WorkOrder};
use cordon_learn::Damaged;
use cordon_model::Time;
use cordon_stats::codec;
use cordon_store::disk::{self, Disk};
use cordon_store::state::Entity;

use super::taught::{self, kind_of};

/// Raised with every change of the layout.
const VERSION: u64 = 2;
/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 30;
/// What was learnt is written down no faster than this, so that a large house does not do nothing else.
const WRITE_BYTES_PER_SECOND: usize = 4 << 20;
/// The rate asked of detectors that are to say nothing: they have a threshold all the same.
const LEAST_PER_WEEK: f64 = 1.0;
/// Observations of history that are learnt before the street may go on.
const HISTORY_STEP: usize = 512;
/// Bytes that an observation takes while it waits for its turn in time: its own and those of its names.
const OBSERVED_BYTES: usize = 512;

/// What was learnt. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    shared: Arc<Mutex<State>>,
    /// Held while the file is made and written: what was forgotten must not come back with an older copy.
    writing: Arc<Mutex<()>>,
    path: Arc<Path>,
    /// Most observations of history that wait in memory.
    history_max: usize,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    /// Whether nothing is to be said, however unusual.
    is_silent: bool,
    /// Everything of the log below this was seen.
    through: u64,
    /// Imported history below this offset was learnt.
    history: u64,
    /// Observations of history above it that were learnt before learning was broken off: the next time begins behind them.
    history_part: u64,
    written_at: Instant,
    written_bytes: usize,
}

/// What was read at a start.
pub(super) struct Opened {
    pub(super) learnt: Learnt,
    /// Everything of the log below this is in it.
    pub(super) applied: u64,
}

/// Observations of imported history, the latest as many as there is room for.
#[derive(Debug)]
pub(super) struct Past {
    observed: Vec<Observed>,
    most: usize,
    /// Older ones that there was no room for.
    pub(super) left_out: u64,
}

impl Learnt {
    /// What the file below the data folder holds; nothing learnt yet when there is none that can be used.
    pub(super) fn open(disk: &dyn Disk, data_dir: &Path, options: &BehaviourOptions, history_bytes: usize) -> Opened {
        let path = data_dir.join("learnt");
        let state = match disk::read_all(disk, &path, FILE_BYTES_MAX) {
            Ok(bytes) => State::read(options, &bytes).map_err(|error| error.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::new(options)),
            Err(error) => Err(error.to_string()),
        };
        let state = state.unwrap_or_else(|error| {
            tracing::warn!(error, "what was learnt cannot be used: it is learnt anew, from the start of the log");
            State::new(options)
        });
        let applied = state.through;
        let learnt = Self {
            shared: Arc::new(Mutex::new(state)),
            writing: Arc::default(),
            path: path.into(),
            history_max: (history_bytes / OBSERVED_BYTES).max(HISTORY_STEP),
        };
        Opened { learnt, applied }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads it while nothing is learnt.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Behaviour) -> T) -> T {
        read(&self.state().behaviour)
    }

    /// Asks for so many alerts a week from now on.
    pub(super) fn ask(&self, alerts_per_week: f64) {
        let mut state = self.state();
        state.is_silent = alerts_per_week <= 0.0;
        state.behaviour.ask(alerts_per_week.max(LEAST_PER_WEEK));
    }

    /// Puts verdicts into force, in place of all before.
    pub(super) fn judge_by(&self, verdicts: Vec<Verdict>) {
        self.state().behaviour.judge_by(verdicts);
    }

    /// Puts work orders into force, in place of all before.
    pub(super) fn declare_work(&self, orders: Vec<WorkOrder>) {
        let left_out = self.state().behaviour.declare_work(orders);
        if left_out > 0 {
            tracing::warn!(left_out, "work orders were left out for want of room: the first in their file");
        }
    }

    /// Forgets what was learnt of an entity. In memory only: [`Self::write`] makes it last.
    pub(super) fn forget(&self, kind: EntityKind, name: &str) -> Option<Forgotten> {
        self.state().behaviour.forget(kind, name)
    }

    /// Takes in what a batch of the street observed, which ends at `through`; what was seen already is left out. `decided` is the event time before which hours can be closed.
    pub(super) fn see(&self, observed: &[Observed], through: u64, decided: Time) -> Vec<Noticed> {
        let (mut state, mut noticed) = (self.state(), Vec::new());
        if through > state.through {
            observed.iter().for_each(|one| state.behaviour.see(one, &mut noticed));
            state.through = through;
        }
        state.behaviour.advance(decided, &mut noticed);
        if state.is_silent { Vec::new() } else { noticed }
    }

    /// Whether it is to be written down: the larger it is the rarer.
    pub(super) fn is_due(&self) -> bool {
        let state = self.state();
        let pause = Duration::from_secs(u64::try_from(state.written_bytes / WRITE_BYTES_PER_SECOND).unwrap_or(0));
        state.written_at.elapsed() >= pause
    }

    /// Writes it down; gives the offset that the file holds.
    ///
    /// # Errors
    /// The file cannot be written; the one of before is there.
    pub(super) fn write(&self, disk: &dyn Disk) -> std::io::Result<u64> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, through) = {
            let state = self.state();
            (state.bytes(), state.through)
        };
        let written = disk::replace(disk, &self.path, &bytes);
        let mut state = self.state();
        (state.written_at, state.written_bytes) = (Instant::now(), bytes.len());
        written.map(|()| through)
    }

    /// The offset below which imported history was learnt.
    pub(super) fn history(&self) -> u64 {
        self.state().history
    }

    /// Room for observations of imported history.
    pub(super) fn past(&self) -> Past {
        Past { observed: Vec::new(), most: self.history_max, left_out: 0 }
    }

    /// Learns imported history, whose log ends at `end`; gives way to the street in between. `goes_on` says whether to go on; what was learnt by then stays and is not learnt again.
    pub(super) fn learn(&self, past: Past, end: u64, goes_on: impl Fn() -> bool) {
        let learnt = usize::try_from(self.state().history_part).unwrap_or(usize::MAX);
        let past = past.sorted();
        for step in past.get(learnt..).unwrap_or_default().chunks(HISTORY_STEP) {
            if !goes_on() {
                return;
            }
            let mut state = self.state();
            step.iter().for_each(|one| state.behaviour.learn(one));
            state.history_part += u64::try_from(step.len()).unwrap_or_default();
        }
        let mut state = self.state();
        (state.history, state.history_part) = (state.history.max(end), 0);
    }
}

/// Forgets what was learnt of an entity, in memory and on disk; none when nothing was.
///
/// # Errors
/// It cannot be written down: it is forgotten in memory, and with the next file that can be written.
pub(super) fn forget_for_good(
    learnt: &Learnt,
    disk: &dyn Disk,
    entity: &Entity,
) -> std::io::Result<Option<cordon_api::Forgotten>> {
    let forgotten = kind_of(entity.kind).and_then(|kind| learnt.forget(kind, &entity.name));
    // also when nothing is known: who asks again after a disk that was full wants it gone from the file
    learnt.write(disk)?;
    Ok(forgotten.map(taught::forgotten))
}

impl State {
    fn new(options: &BehaviourOptions) -> Self {
        let behaviour = Behaviour::new(Self::options(options));
        Self {
            behaviour,
            is_silent: options.alerts_per_week <= 0.0,
            through: 0,
            history: 0,
            history_part: 0,
            written_at: Instant::now(),
            written_bytes: 0,
        }
    }

    /// A detector that is asked for nothing still has a threshold to keep.
    fn options(options: &BehaviourOptions) -> BehaviourOptions {
        BehaviourOptions { alerts_per_week: options.alerts_per_week.max(LEAST_PER_WEEK), ..options.clone() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.written_bytes);
        [VERSION, self.through, self.history, self.history_part]
            .into_iter()
            .for_each(|number| codec::put_u64(&mut out, number));
        self.behaviour.write(&mut out);
        out
    }

    fn read(options: &BehaviourOptions, bytes: &[u8]) -> Result<Self, Damaged> {
        let from = &mut &*bytes;
        let mut number = || codec::take_u64(from).ok_or(Damaged("what was learnt, version 2"));
        if number()? != VERSION {
            return Err(Damaged("what was learnt, version 1"));
        }
        let (through, history, history_part) = (number()?, number()?, number()?);
        let behaviour = Behaviour::read(Self::options(options), from)?;
        let is_silent = options.alerts_per_week <= 0.0;
        Ok(Self {
            behaviour,
            is_silent,
            through,
            history,
            history_part,
            written_at: Instant::now(),
            written_bytes: bytes.len(),
        })
    }
}

impl Past {
    /// Takes in an observation. When there is no room, the older half of all goes.
    pub(super) fn take(&mut self, observed: Observed) {
        if self.observed.len() >= self.most {
            let middle = self.observed.len() / 2;
            self.observed.select_nth_unstable_by_key(middle, |one| one.time);
            self.observed.drain(..middle);
            self.left_out += u64::try_from(middle).unwrap_or_default();
        }
        self.observed.push(observed);
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.observed.len()).unwrap_or_default()
    }

    /// All of them in the order of event time; at one time in the order of their ids, so that it does not depend on the order of files.
    fn sorted(mut self) -> Vec<Observed> {
        self.observed.sort_unstable_by_key(|one| (one.time, one.event.id));
        self.observed
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use cordon_detect::{Deed, EventKey, Way};
    use cordon_model::{Digest, EventId, Position};
    use cordon_store::disk::FileDisk;

    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    /// A sign-in a day, of one account from one address.
    fn sign_in(day: i64) -> Observed {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&day.to_be_bytes());
        let event =
            EventKey { id: EventId(id), record_sha256: Digest([0; 32]), position: Position::Offset(0), index: 0 };
        Observed {
            time: Time(day * DAY_US),
            received: Time(day * DAY_US),
            source: "http/import/fw".into(),
            site: "main".into(),
            class_uid: 3_002,
            event,
            deed: Deed::SignIn(Way::Gateway),
            user: Some("anna".into()),
            role: None,
            host: Some("FW01".into()),
            from_host: None,
            address: "198.51.100.7".parse().ok(),
            device: None,
            peer: None,
            peer_address: None,
            port: 0,
            what: "".into(),
            bytes_out: 0,
            records: 1,
            patients: Box::default(),
            patient_ref: None,
        }
    }

    fn opened(folder: &Path) -> Learnt {
        Learnt::open(&FileDisk, folder, &BehaviourOptions::new([1, 2]), 64 << 20).learnt
    }

    /// What was learnt of two thousand days, broken off after so many steps and gone on with after a restart.
    fn learnt(steps: &[usize]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        for steps in steps {
            let learnt = opened(folder.path());
            let mut past = learnt.past();
            (0..2_000).rev().for_each(|day| past.take(sign_in(day)));
            let left = Cell::new(*steps);
            learnt.learn(past, 77, || left.replace(left.get().saturating_sub(1)) > 0);
            learnt.write(&FileDisk).unwrap();
        }
        std::fs::read(folder.path().join("learnt")).unwrap()
    }

    #[test]
    fn who_is_forgotten_stays_forgotten_over_a_restart_also_when_an_older_copy_is_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let learnt = opened(folder.path());
        let days: Vec<Observed> = (20_000..20_030).map(sign_in).collect();
        learnt.see(&days, 9, Time(0));
        learnt.write(&FileDisk).unwrap();
        let anna = |name: &str| Entity { kind: cordon_store::state::EntityKind::User, name: name.into() };
        assert_eq!(forget_for_good(&learnt, &FileDisk, &anna("nobody")).unwrap(), None);
        let (other, done) = (learnt.clone(), std::sync::atomic::AtomicBool::new(false));
        let is_done = || done.load(std::sync::atomic::Ordering::Relaxed);
        let write = || std::iter::repeat_with(|| drop(other.write(&FileDisk))).find(|()| is_done());
        let forgotten = std::thread::scope(|scope| {
            scope.spawn(write);
            let forgotten = forget_for_good(&learnt, &FileDisk, &anna("LAKESIDE\\Anna")).unwrap();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            forgotten
        });
        assert_eq!(forgotten.unwrap().days, 30);
        let again = opened(folder.path());
        assert!(again.with(|behaviour| behaviour.entity(EntityKind::Account, "anna").is_none()));
        assert_eq!(forget_for_good(&again, &FileDisk, &anna("anna")).unwrap(), None);
    }

    #[test]
    fn history_that_was_broken_off_is_learnt_once() {
        let whole = learnt(&[usize::MAX]);
        assert_eq!(learnt(&[1, 2, usize::MAX]), whole);
        assert_ne!(learnt(&[1, 2]), whole, "three steps are not all");
    }

    #[test]
    fn what_finds_no_room_is_the_oldest_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let learnt = Learnt { history_max: 10, ..opened(folder.path()) };
        let mut past = learnt.past();
        (0..25).rev().for_each(|day| past.take(sign_in(day)));
        assert_eq!(past.len() + past.left_out, 25);
        let kept: Vec<i64> = past.sorted().iter().map(|one| one.time.0 / DAY_US).collect();
        assert!(kept.is_sorted() && kept.contains(&24), "{kept:?}");
    }

    #[test]
    fn a_damaged_file_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("learnt"), b"not what was learnt").unwrap();
        assert_eq!(opened(folder.path()).history(), 0);
    }
}
