//! From records to what the sender is told: records are packed into Deliveries, these are handed over, and what becomes of them is counted.

use std::sync::Arc;

use cordon_model::{Delivery, Span, Time};

use super::Shared;
use super::refusal::Refusal;
use super::sender::Caller;
use crate::live::keep::{count_received, units};
use crate::live::{Answer, DropReason, KeepPolicy, LiveSource, NotKept};

/// Bytes after which a delivery is closed: small enough that several threads share the work of a large request.
const DELIVERY_BYTES: usize = 1 << 20;

/// Packs records of one source and format into Deliveries.
#[derive(Debug)]
pub(super) struct Packer {
    full: Vec<Delivery>,
    open: Delivery,
}

impl Packer {
    pub(super) fn new(source: &LiveSource, received: Time, format: &str) -> Self {
        let declaration = &source.declaration;
        let open = Delivery {
            source: Arc::clone(&declaration.id),
            site: Arc::clone(&declaration.site),
            received,
            format: if declaration.format.is_empty() { format.into() } else { Arc::clone(&declaration.format) },
            header: Vec::new(),
            bytes: Vec::new(),
            units: Vec::new(),
        };
        Self { full: Vec::new(), open }
    }

    /// Adds a record.
    pub(super) fn unit(&mut self, bytes: &[u8]) {
        self.unit_of(&[bytes]);
    }

    /// Adds a record that is written in parts.
    pub(super) fn unit_of(&mut self, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let is_full =
            self.open.bytes.len() + length + 1 > DELIVERY_BYTES || self.open.units.len() >= Delivery::UNITS_MAX;
        if is_full {
            self.close();
        }
        let start = self.open.bytes.len();
        parts.iter().for_each(|part| self.open.bytes.extend_from_slice(part));
        self.open.units.push(Span { start, end: self.open.bytes.len() });
        self.open.bytes.push(b'\n');
    }

    /// From here on records stand below another header.
    pub(super) fn header(&mut self, header: &[u8]) {
        self.close();
        self.open.header = header.to_vec();
    }

    /// Bytes of records that were packed and not taken yet.
    pub(super) fn bytes(&self) -> usize {
        self.full.iter().map(|delivery| delivery.bytes.len()).sum::<usize>() + self.open.bytes.len()
    }

    /// All deliveries so far.
    pub(super) fn take(&mut self) -> Vec<Delivery> {
        self.close();
        std::mem::take(&mut self.full)
    }

    fn close(&mut self) {
        if self.open.units.is_empty() {
            return;
        }
        let next = Delivery {
            source: Arc::clone(&self.open.source),
            site: Arc::clone(&self.open.site),
            received: self.open.received,
            format: Arc::clone(&self.open.format),
            header: self.open.header.clone(),
            bytes: Vec::new(),
            units: Vec::new(),
        };
        self.full.push(std::mem::replace(&mut self.open, next));
    }
}

/// A delivery that was handed over.
pub(super) struct Pending {
    records: u64,
    /// `None`: nobody waits, because care depends on the source.
    answer: Result<Option<Answer>, NotKept>,
}

/// What became of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// How many records it held.
    pub(super) records: u64,
    /// Whether they are durable; of a source marked `care`, whether there is nothing to wait for.
    pub(super) result: Result<(), NotKept>,
}

impl Shared {
    /// Lets a request in or says when to come again. A request is taken whole while the source owes nothing, so that one large batch is never refused for good.
    /// Sources marked `care` are not asked to come again: what they bring beyond their rate is dropped and counted when it is handed over.
    pub(super) fn admit(&self, caller: &Caller, records: u64) -> Result<(), Refusal> {
        let source = &caller.source;
        let rate = source.declaration.events_per_second_max;
        if source.declaration.care || rate == 0 {
            return Ok(());
        }
        let owed = source.allowance.charge(0, rate);
        if owed.is_zero() {
            // what this request brings too much is owed by the next
            let _owed = source.allowance.charge(records, rate);
            return Ok(());
        }
        self.refused(caller, DropReason::RateLimit, records);
        Err(Refusal::RateLimit { seconds: owed.as_secs() + 1 })
    }

    /// Counts records that are not taken.
    pub(super) fn refused(&self, caller: &Caller, reason: DropReason, records: u64) {
        if records > 0 {
            caller.source.counts.received(records, 0, (self.clock)());
            caller.source.counts.dropped(reason, records);
        }
    }

    /// Hands one delivery over: waits for room, unless care depends on the source.
    pub(super) async fn hand_over(&self, caller: &Caller, delivery: Delivery) -> Pending {
        let (source, records) = (&caller.source, units(&delivery));
        if source.declaration.care {
            let never_refused = KeepPolicy::CareFirst.hand_over(&self.intake, source, delivery).await;
            return Pending { records, answer: never_refused.map(|_| None) };
        }
        count_received(source, &delivery);
        let waited = tokio::time::timeout(self.limits.wait_max, self.intake.enqueue(delivery)).await;
        Pending { records, answer: waited.unwrap_or(Err(NotKept::Full)).map(Some) }
    }

    /// Hands all deliveries over, the next before the one before is durable, and says of each what became of it. After one that was not taken, none is tried.
    pub(super) async fn keep(&self, caller: &Caller, deliveries: Vec<Delivery>) -> Vec<Kept> {
        let mut pending: Vec<Pending> = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let given_up = pending.last().and_then(|before| before.answer.as_ref().err().copied());
            pending.push(match given_up {
                Some(why) => Pending { records: units(&delivery), answer: Err(why) },
                None => self.hand_over(caller, delivery).await,
            });
        }
        let mut kept = Vec::with_capacity(pending.len());
        for pending in pending {
            kept.push(pending.kept().await);
        }
        kept
    }

    /// As [`Shared::keep`], for protocols whose answer is about the request as a whole: the number of records, or why not all are kept.
    pub(super) async fn keep_all(&self, caller: &Caller, deliveries: Vec<Delivery>) -> Result<u64, Refusal> {
        let kept = self.keep(caller, deliveries).await;
        let failed = kept.iter().find_map(|kept| kept.result.err());
        match failed {
            Some(why) => Err(Refusal::NotKept(why)),
            None => Ok(kept.iter().map(|kept| kept.records).sum()),
        }
    }
}

impl Pending {
    /// What became of the delivery, once it is known. What is not kept is told to the sender, who still has it, and is no loss yet.
    pub(super) async fn kept(self) -> Kept {
        let Self { records, answer } = self;
        let result = match answer {
            Ok(Some(answer)) => answer.await.unwrap_or(Err(NotKept::Stopping)),
            Ok(None) => Ok(()),
            Err(why) => Err(why),
        };
        Kept { records, result }
    }
}
