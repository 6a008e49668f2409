//! The walk: workers decode and judge batches, one consumer takes the results in order.

use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use cordon_collect::{SourceInfo, Sources};
use cordon_decode::{DecodeOptions, Sink};
use cordon_model::{Anomaly, Arena, Record, Time};

use crate::feed::{Batch, Feed};
use crate::order::Order;
use crate::{Progress, Tally};

/// An arena that a hostile record has blown up beyond this is given back.
const ARENA_KEEP_BYTES: usize = 8 << 20;
/// Batches per thread that may wait for the consumer.
const BATCHES_AHEAD_MAX: u64 = 8;

/// What is made of the records: printed, or judged by rules.
pub trait Stage: Sync {
    /// What a worker keeps between records.
    type Scratch;
    /// What comes of one batch.
    type Out: Default + Send;

    /// Once per worker.
    fn scratch(&self) -> Self::Scratch;

    /// One record, in order within its batch.
    fn record<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<SourceInfo>,
        arena: &'a Arena,
        scratch: &mut Self::Scratch,
        out: &mut Self::Out,
    );

    /// Bytes that gave no record, at an offset of the source.
    fn fault(&self, source: &Arc<SourceInfo>, offset: u64, anomaly: Anomaly, out: &mut Self::Out);
}

/// How the street is walked.
#[derive(Clone, Debug)]
pub struct StreetOptions {
    /// For the decoders; `received` is replaced by each source's own.
    pub decode: DecodeOptions,
    /// Threads that decode and judge, at least 1.
    pub threads: usize,
    /// Events before this are left out.
    pub from: Option<Time>,
    /// Events at or after this are left out.
    pub to: Option<Time>,
    /// Read the time of every event for [`Tally::times`]; findings alone do not need it.
    pub count_times: bool,
}

/// Walks the street and hands each batch's result to `consume`, in order of sources and positions whatever the number of threads. Ends early when
/// `consume` fails.
///
/// # Errors
/// The error of `consume`.
pub fn walk<S: Stage, E>(
    sources: Sources,
    options: &StreetOptions,
    stage: &S,
    progress: &Progress,
    mut consume: impl FnMut(S::Out) -> Result<(), E>,
) -> Result<Tally, E> {
    let threads = options.threads.max(1);
    let feed = Mutex::new(Feed::new(sources, options.decode.clone()));
    let order = Order::new(threads, BATCHES_AHEAD_MAX.saturating_mul(u64::try_from(threads).unwrap_or(1)));
    let street = Street { options, stage, progress, feed: &feed, order: &order };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| street.work())).collect();
        let mut result = Ok(());
        while let Some(out) = order.next() {
            result = consume(out);
            if result.is_err() {
                order.close();
                break;
            }
        }
        for worker in workers {
            match worker.join() {
                Ok(counted) => tally.add(&counted),
                Err(fall) => std::panic::resume_unwind(fall),
            }
        }
        result
    })?;
    tally.add(&feed.into_inner().unwrap_or_else(PoisonError::into_inner).tally);
    Ok(tally)
}

/// [`walk`] with a stage of two functions that keep nothing between records: `record` for each record and `fault` for bytes that gave none.
///
/// # Errors
/// The error of `consume`.
pub fn walk_each<Out: Default + Send, E>(
    sources: Sources,
    options: &StreetOptions,
    progress: &Progress,
    record: impl for<'a> Fn(&Record<'a>, &SourceInfo, &'a Arena, &mut Out) + Sync,
    fault: impl Fn(&SourceInfo, u64, Anomaly, &mut Out) + Sync,
    consume: impl FnMut(Out) -> Result<(), E>,
) -> Result<Tally, E> {
    let stage = Each { record, fault, out: PhantomData };
    walk(sources, options, &stage, progress, consume)
}

/// The stage of [`walk_each`].
struct Each<R, F, Out> {
    record: R,
    fault: F,
    out: PhantomData<fn() -> Out>,
}

impl<R, F, Out> Stage for Each<R, F, Out>
where
    R: for<'a> Fn(&Record<'a>, &SourceInfo, &'a Arena, &mut Out) + Sync,
    F: Fn(&SourceInfo, u64, Anomaly, &mut Out) + Sync,
    Out: Default + Send,
{
    type Scratch = ();
    type Out = Out;

    fn scratch(&self) {}

    fn record<'a>(&self, record: &Record<'a>, source: &Arc<SourceInfo>, arena: &'a Arena, (): &mut (), out: &mut Out) {
        (self.record)(record, source, arena, out);
    }

    fn fault(&self, source: &Arc<SourceInfo>, offset: u64, anomaly: Anomaly, out: &mut Out) {
        (self.fault)(source, offset, anomaly, out);
    }
}

struct Street<'s, S: Stage> {
    options: &'s StreetOptions,
    stage: &'s S,
    progress: &'s Progress,
    feed: &'s Mutex<Feed>,
    order: &'s Order<S::Out>,
}

impl<S: Stage> Street<'_, S> {
    fn work(&self) -> Tally {
        let _place = self.order.enter();
        let mut tally = Tally::default();
        let mut scratch = self.stage.scratch();
        let mut arena = Arena::new();
        let mut batch = Batch::default();
        while self.feed.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut batch) {
            let mut out = S::Out::default();
            self.batch(&batch, &mut arena, &mut scratch, &mut tally, &mut out);
            if !self.order.hand_in(batch.number, out) {
                break;
            }
        }
        tally
    }

    fn batch(&self, batch: &Batch, arena: &mut Arena, scratch: &mut S::Scratch, tally: &mut Tally, out: &mut S::Out) {
        let Some((source, decoder)) = &batch.of else { return };
        let events_before = tally.events;
        let mut bytes = 0;
        let mut faults = batch.faults.iter().peekable();
        for unit in batch.units() {
            while let Some((offset, anomaly)) = faults.next_if(|(offset, _)| *offset < unit.offset) {
                tally.fault(source, *offset, *anomaly);
                self.stage.fault(source, *offset, *anomaly, out);
            }
            let sink = &mut UnitSink { street: self, source, unit_offset: unit.offset, arena, scratch, tally, out };
            decoder.decode(unit, arena, sink);
            bytes += unit.bytes.len();
            if arena.allocated_bytes() > ARENA_KEEP_BYTES {
                *arena = Arena::new();
            } else {
                arena.reset();
            }
        }
        for (offset, anomaly) in faults {
            tally.fault(source, *offset, *anomaly);
            self.stage.fault(source, *offset, *anomaly, out);
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        tally.bytes += bytes;
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.events.fetch_add(tally.events - events_before, Ordering::Relaxed);
    }
}

/// Takes the records of one unit.
struct UnitSink<'w, 'a, S: Stage> {
    street: &'w Street<'w, S>,
    source: &'w Arc<SourceInfo>,
    unit_offset: u64,
    arena: &'a Arena,
    scratch: &'w mut S::Scratch,
    tally: &'w mut Tally,
    out: &'w mut S::Out,
}

impl<'a, S: Stage> Sink<'a> for UnitSink<'_, 'a, S> {
    fn record(&mut self, record: Record<'a>) {
        self.tally.record(&record, self.source, self.unit_offset);
        if self.is_inside(&record) {
            if self.street.options.count_times {
                self.tally.time(record.when.resolve());
            }
            self.street.stage.record(&record, self.source, self.arena, self.scratch, self.out);
        }
    }

    fn fault(&mut self, offset: u64, anomaly: Anomaly) {
        self.tally.fault(self.source, offset, anomaly);
        self.street.stage.fault(self.source, offset, anomaly, self.out);
    }
}

impl<S: Stage> UnitSink<'_, '_, S> {
    /// Events without a time are kept: what cannot be placed in time is not proven harmless.
    fn is_inside(&mut self, record: &Record<'_>) -> bool {
        let options = self.street.options;
        if options.from.is_none() && options.to.is_none() {
            return true;
        }
        let Some(time) = record.when.resolve() else {
            self.tally.events_undated += 1;
            return true;
        };
        let inside = options.from.is_none_or(|from| time >= from) && options.to.is_none_or(|to| time < to);
        self.tally.events_outside += u64::from(!inside);
        inside
    }
}
