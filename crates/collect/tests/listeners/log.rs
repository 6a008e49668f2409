//! A log for tests: takes deliveries as the node's would and answers as it is told to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cordon_collect::live::{
    DropReason, Limits, LiveSource, NotKept, Reception, SourceDeclaration, SourceRegistry, Submission, intake,
};
use cordon_model::{Delivery, Time};
use tokio::sync::{mpsc, watch};

/// A test that waits longer for something that must happen has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the log answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    Kept,
    Not(NotKept),
    /// Not at all; what waits is answered once this changes.
    Later,
}

pub(crate) struct Log {
    pub(crate) reception: Reception,
    answers: watch::Sender<Answers>,
    kept: watch::Receiver<u64>,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
}

impl Log {
    pub(crate) fn new(limits: Limits, declared: impl IntoIterator<Item = SourceDeclaration>) -> Self {
        Self::with_room(16 << 20, limits, declared)
    }

    /// With a queue of `bytes_max` bytes.
    pub(crate) fn with_room(
        bytes_max: usize,
        limits: Limits,
        declared: impl IntoIterator<Item = SourceDeclaration>,
    ) -> Self {
        let (intake, queue) = intake(bytes_max);
        let ticks = AtomicI64::new(1_765_340_848_000_000);
        let reception = Reception {
            intake,
            sources: Arc::new(SourceRegistry::new("main".into(), declared)),
            clock: Arc::new(move || Time(ticks.fetch_add(1, Ordering::Relaxed))),
            limits,
        };
        let (answers, mode) = watch::channel(Answers::Kept);
        let (count, kept) = watch::channel(0);
        let deliveries = Arc::default();
        tokio::spawn(run(queue, mode, count, Arc::clone(&deliveries)));
        Self { reception, answers, kept, deliveries }
    }

    pub(crate) fn answers(&self, answers: Answers) {
        self.answers.send_replace(answers);
    }

    /// The messages kept so far, with their source, once there are `count` of them.
    pub(crate) async fn kept(&self, count: u64) -> Vec<(String, String)> {
        let mut kept = self.kept.clone();
        let enough = tokio::time::timeout(PATIENCE, kept.wait_for(|kept| *kept >= count));
        assert!(enough.await.is_ok(), "{} of {count} messages were kept", *self.kept.borrow());
        let deliveries = self.deliveries.lock().unwrap();
        let of = |delivery: &Delivery| -> Vec<(String, String)> {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            delivery.raw_records(0).map(|raw| (delivery.source.to_string(), text(raw.bytes))).collect()
        };
        deliveries.iter().flat_map(of).collect()
    }

    /// The messages alone.
    pub(crate) async fn messages(&self, count: u64) -> Vec<String> {
        self.kept(count).await.into_iter().map(|(_, message)| message).collect()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap().clone()
    }

    pub(crate) fn source(&self, listener: &str, sender: &str) -> Arc<LiveSource> {
        self.reception.sources.source(listener, sender)
    }
}

/// What was dropped of a source, by reason.
pub(crate) fn drops(source: &LiveSource) -> Vec<(DropReason, u64)> {
    source.counts.drops().filter(|(_, count)| *count > 0).collect()
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let waits = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waits).await.is_ok(), "never: {what}");
}

/// A source on which care depends, by its address.
pub(crate) fn care(listener: &str) -> SourceDeclaration {
    SourceDeclaration { care: true, ..declared(listener, "engine") }
}

/// A source at 127.0.0.1.
pub(crate) fn declared(listener: &str, id: &str) -> SourceDeclaration {
    SourceDeclaration {
        id: id.into(),
        site: "main".into(),
        listener: listener.into(),
        sender: "127.0.0.1".into(),
        format: "".into(),
        care: false,
        events_per_second_max: 0,
        silence_seconds: 0,
    }
}

async fn run(
    mut queue: mpsc::Receiver<Submission>,
    mut mode: watch::Receiver<Answers>,
    count: watch::Sender<u64>,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
) {
    let mut waiting = Vec::new();
    loop {
        let answers = *mode.borrow_and_update();
        if answers != Answers::Later {
            for submission in waiting.drain(..) {
                answer(submission, answers, &count, &deliveries);
            }
        }
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            submission = queue.recv() => match submission {
                Some(submission) => waiting.push(submission),
                None => return,
            },
        }
    }
}

fn answer(submission: Submission, answers: Answers, count: &watch::Sender<u64>, deliveries: &Mutex<Vec<Delivery>>) {
    let Answers::Not(reason) = answers else {
        let units = submission.delivery.units.len() as u64;
        deliveries.lock().unwrap().push(submission.delivery.clone());
        count.send_modify(|kept| *kept += units);
        return submission.answer(Ok(()));
    };
    submission.answer(Err(reason));
}
