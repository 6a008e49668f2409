//! What leaves, in which order: the decision alone. Comes in: how much there is of each source, class and day, what protects it, and the budget. Goes out: which lots
//! leave and why, and by how much the budget is missed when nothing more may. Pure: no clock, no file. In words: `docs/specs/retention.md`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::config::DataClass;

/// Days without any receipt count as so many at most: a clock that jumps does not make everything old.
const GAP_DAYS_MAX: i64 = 7;
/// A day with more than so many times the usual volume of its payer is a flood: no minimum age protects it.
const FLOOD: u64 = 10;
/// Parts of a usual day that payers are compared by.
const PARTS: u128 = 1_000;

/// A source and its site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) site: Arc<str>,
    pub(super) source: Arc<str>,
}

/// What is decided on at once: the rows of one class that one source sent on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) origin: Origin,
    /// Days since 1970, of receipt.
    pub(super) day: i64,
    pub(super) class: DataClass,
    /// Bytes as received of this lot, whatever is still there of them.
    pub(super) volume: u64,
    /// Bytes of its rows.
    pub(super) bytes: u64,
    /// Of these, what stays whatever is decided: held.
    pub(super) kept: u64,
}

/// Evidence that leaves once every one of its lots has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    /// Numbers of lots.
    pub(super) lots: Vec<usize>,
    pub(super) bytes: u64,
    /// Of these, what stays whatever is decided: held or cited.
    pub(super) kept: u64,
}

/// Everything there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stock {
    pub(super) lots: Vec<Lot>,
    pub(super) bundles: Vec<Bundle>,
    /// Bytes that are no lot's: log, state, keys.
    pub(super) fixed: u64,
    /// Usual bytes as received in a day of sources that are no newcomers.
    pub(super) usual: BTreeMap<Origin, u64>,
    /// Usual bytes in a day that all newcomers together are entitled to.
    pub(super) usual_of_newcomers: u64,
    /// Every day on which anything was received, also when it left.
    pub(super) days: BTreeSet<i64>,
}

/// Share and minimum age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quota {
    /// Of classes the percent that others cannot take; of sources the most percent while others need room.
    pub(super) percent: u64,
    /// Days for which it is not removed for lack of room.
    pub(super) days_min: i64,
}

/// What the settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Bytes that may be taken.
    pub(super) budget: u64,
    pub(super) days_max: i64,
    pub(super) classes: BTreeMap<DataClass, Quota>,
    /// By id of the source.
    pub(super) sources: BTreeMap<Arc<str>, Quota>,
}

/// Why a lot leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It is older than anything is kept.
    Age,
    /// There is no room.
    Room,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Numbers of the lots that leave, in the order of the decision.
    pub(super) leaving: Vec<(usize, Why)>,
    /// Bytes there are.
    pub(super) bytes_before: u64,
    /// Bytes there will be.
    pub(super) bytes_after: u64,
    /// By how much the budget is missed although nothing more may leave.
    pub(super) short: u64,
}

impl Stock {
    /// Bytes there are.
    pub(super) fn bytes(&self) -> u64 {
        let lots: u64 = self.lots.iter().map(|lot| lot.bytes).sum();
        self.fixed + lots + self.bundles.iter().map(|bundle| bundle.bytes).sum::<u64>()
    }

    /// Age of every day with data or receipts: days, of which a stretch without receipts counts 7 at most.
    pub(super) fn ages(&self, today: i64) -> BTreeMap<i64, i64> {
        let (mut ages, mut age, mut after) = (BTreeMap::new(), 0, today);
        let days: BTreeSet<i64> = self.days.iter().copied().chain(self.lots.iter().map(|lot| lot.day)).collect();
        for day in days.range(..=today).rev() {
            age += (after - day).min(GAP_DAYS_MAX);
            after = *day;
            ages.insert(*day, age);
        }
        // what was received in the future, by a clock that was wrong, is of today
        ages.extend(days.range(today + 1..).map(|day| (*day, 0)));
        ages
    }
}

impl Stock {
    /// The newest day that is older than `days`; `None` when none is.
    pub(super) fn newest_over(&self, today: i64, days: i64) -> Option<i64> {
        self.ages(today).into_iter().filter(|(_, age)| *age > days).map(|(day, _)| day).next_back()
    }

    /// Age of the oldest day of which anything is left.
    pub(super) fn oldest_age(&self, today: i64) -> i64 {
        let ages = self.ages(today);
        self.lots.iter().filter_map(|lot| ages.get(&lot.day)).copied().max().unwrap_or_default()
    }

    /// Full days until `budget` is reached from `bytes` at the pace of the last full days, at most `pace_days` of them; `None` without any.
    pub(super) fn days_left(&self, budget: u64, bytes: u64, today: i64, pace_days: i64) -> Option<u64> {
        let mut by_day: BTreeMap<i64, u64> = BTreeMap::new();
        for lot in &self.lots {
            *by_day.entry(lot.day).or_default() += lot.bytes;
        }
        for bundle in &self.bundles {
            let day = bundle.lots.first().and_then(|lot| self.lots.get(*lot)).map(|lot| lot.day);
            *by_day.entry(day?).or_default() += bundle.bytes;
        }
        let last: Vec<u64> = by_day.range(today - pace_days..today).map(|(_, bytes)| *bytes).collect();
        let pace = last.iter().sum::<u64>() / u64::try_from(last.len()).ok().filter(|days| *days > 0)?;
        Some(budget.saturating_sub(bytes) / pace.max(1))
    }
}

impl Plan {
    /// Days of which something leaves, each once, in the order of the decision.
    pub(super) fn days(&self, stock: &Stock) -> impl Iterator<Item = i64> {
        let mut seen = BTreeSet::new();
        let days: Vec<i64> =
            self.leaving.iter().filter_map(|(number, _)| stock.lots.get(*number)).map(|lot| lot.day).collect();
        days.into_iter().filter(move |day| seen.insert(*day))
    }

    /// Leaves out what is of other days.
    pub(super) fn keep_to(&mut self, stock: &Stock, days: impl Fn(i64) -> bool) {
        self.leaving.retain(|(number, _)| stock.lots.get(*number).is_some_and(|lot| days(lot.day)));
    }
}

/// Bytes that minimum ages, holds or findings keep.
pub(super) fn protected(stock: &Stock, terms: &Terms, today: i64) -> u64 {
    let planner = Planner::new(stock, terms, today);
    let of_lot =
        |(lot, evidence): (&Lot, &u64)| if planner.is_protected(lot) { lot.bytes + evidence } else { lot.kept };
    let lots: u64 = stock.lots.iter().zip(&planner.evidence).map(of_lot).sum();
    let is_free = |bundle: &&Bundle| {
        bundle.lots.iter().filter_map(|lot| stock.lots.get(*lot)).all(|lot| !planner.is_protected(lot))
    };
    lots + stock.bundles.iter().filter(is_free).map(|bundle| bundle.kept).sum::<u64>()
}

/// Decides.
pub(super) fn plan(stock: &Stock, terms: &Terms, today: i64) -> Plan {
    let mut planner = Planner::new(stock, terms, today);
    planner.by_age();
    if planner.bytes > terms.budget {
        for pass in [Pass::AboveShare, Pass::BeyondGuarantee, Pass::Any] {
            planner.for_room(pass);
        }
    }
    let short = planner.bytes.saturating_sub(terms.budget);
    Plan { leaving: planner.leaving, bytes_before: stock.bytes(), bytes_after: planner.bytes, short }
}

/// Who pays for room, first to last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Sources that take more than they may while others need room.
    AboveShare,
    /// Classes that have more than what others cannot take from them.
    BeyondGuarantee,
    /// All that no minimum age protects.
    Any,
}

struct Planner<'s> {
    stock: &'s Stock,
    terms: &'s Terms,
    ages: BTreeMap<i64, i64>,
    leaving: Vec<(usize, Why)>,
    marked: Vec<bool>,
    /// Of each lot: bytes of evidence that count as its own, by volume.
    evidence: Vec<u64>,
    /// Of each lot: its bundles.
    bundles_of: Vec<Vec<usize>>,
    /// Of each bundle: lots that stay.
    staying: Vec<usize>,
    bytes: u64,
    by_class: BTreeMap<DataClass, u64>,
    by_source: BTreeMap<Arc<str>, u64>,
    /// Of each payer: volume that is kept.
    volume: BTreeMap<Option<Origin>, u64>,
    /// Of each payer and day: volume.
    volume_of_day: BTreeMap<(Option<Origin>, i64), u64>,
}

impl<'s> Planner<'s> {
    fn new(stock: &'s Stock, terms: &'s Terms, today: i64) -> Self {
        let mut planner = Self {
            stock,
            terms,
            ages: stock.ages(today),
            leaving: Vec::new(),
            marked: vec![false; stock.lots.len()],
            evidence: vec![0; stock.lots.len()],
            bundles_of: vec![Vec::new(); stock.lots.len()],
            staying: stock.bundles.iter().map(|bundle| bundle.lots.len()).collect(),
            bytes: stock.bytes(),
            by_class: BTreeMap::new(),
            by_source: BTreeMap::new(),
            volume: BTreeMap::new(),
            volume_of_day: BTreeMap::new(),
        };
        planner.spread_evidence();
        planner.add_up();
        planner
    }

    /// Counts each bundle to its lots by their volume.
    fn spread_evidence(&mut self) {
        for (number, bundle) in self.stock.bundles.iter().enumerate() {
            let volume = |lot: &usize| self.stock.lots.get(*lot).map_or(0, |lot| u128::from(lot.volume.max(1)));
            let all: u128 = bundle.lots.iter().map(volume).sum();
            for lot in &bundle.lots {
                let part = u128::from(bundle.bytes) * volume(lot) / all.max(1);
                self.count_bundle(*lot, number, u64::try_from(part).unwrap_or(bundle.bytes));
            }
        }
    }

    fn count_bundle(&mut self, lot: usize, bundle: usize, bytes: u64) {
        let own = self.evidence.get_mut(lot).zip(self.bundles_of.get_mut(lot));
        let Some((evidence, bundles)) = own else { return };
        *evidence += bytes;
        bundles.push(bundle);
    }

    fn add_up(&mut self) {
        for (lot, evidence) in self.stock.lots.iter().zip(&self.evidence) {
            let payer = self.stock.payer(&lot.origin);
            *self.by_class.entry(lot.class).or_default() += lot.bytes + evidence;
            *self.by_source.entry(Arc::clone(&lot.origin.source)).or_default() += lot.bytes + evidence;
            *self.volume.entry(payer.clone()).or_default() += lot.volume;
            *self.volume_of_day.entry((payer, lot.day)).or_default() += lot.volume;
        }
    }

    fn by_age(&mut self) {
        for (number, lot) in self.stock.lots.iter().enumerate() {
            let age = self.ages.get(&lot.day).copied().unwrap_or_default();
            if age > self.terms.days_max.max(self.days_min(lot)) && self.gives(number) {
                self.mark(number, Why::Age);
            }
        }
    }

    /// Makes room: whoever keeps the most of its own usual days pays first, with its oldest day. A day that has begun to leave leaves of all who keep as many days, so that
    /// its files are not written anew for each of them.
    fn for_room(&mut self, pass: Pass) {
        let mut queues = self.queues();
        let mut payers: BinaryHeap<Turn> = BinaryHeap::new();
        for (payer, queue) in &queues {
            payers.extend(self.turn(payer, queue));
        }
        let mut last: Option<(Reverse<i64>, u128)> = None;
        while let Some(turn) = payers.pop() {
            let ends_day = last.is_some_and(|(day, days)| turn.oldest == day && turn.usual_days + PARTS >= days);
            if self.bytes <= self.terms.budget && !ends_day {
                return;
            }
            let Some(queue) = queues.get_mut(&turn.payer) else { continue };
            let Some(number) = queue.pop_front() else { continue };
            if self.may_leave(number, pass) {
                self.mark(number, Why::Room);
                last = Some((turn.oldest, turn.usual_days));
            }
            payers.extend(self.turn(&turn.payer, queue));
        }
    }

    /// The lots of each payer that would give room, the oldest first.
    fn queues(&self) -> BTreeMap<Option<Origin>, VecDeque<usize>> {
        let mut lots: Vec<(i64, usize)> = Vec::new();
        for (number, lot) in self.stock.lots.iter().enumerate() {
            let is_free = !self.marked.get(number).copied().unwrap_or(true);
            if is_free && self.gives(number) && !self.is_protected(lot) {
                lots.push((lot.day, number));
            }
        }
        lots.sort_unstable();
        let mut queues: BTreeMap<Option<Origin>, VecDeque<usize>> = BTreeMap::new();
        for (_, number) in lots {
            if let Some(lot) = self.stock.lots.get(number) {
                queues.entry(self.stock.payer(&lot.origin)).or_default().push_back(number);
            }
        }
        queues
    }

    fn turn(&self, payer: &Option<Origin>, queue: &VecDeque<usize>) -> Option<Turn> {
        let oldest = self.stock.lots.get(*queue.front()?)?.day;
        let volume = u128::from(self.volume.get(payer).copied().unwrap_or_default());
        let usual_days = volume * PARTS / u128::from(self.stock.usual_of(payer).max(1));
        Some(Turn { usual_days, oldest: Reverse(oldest), payer: payer.clone() })
    }

    /// Whether a lot gives any room when it leaves, at once or with others.
    fn gives(&self, number: usize) -> bool {
        let rows = self.stock.lots.get(number).is_some_and(|lot| lot.bytes > lot.kept);
        let bundles = self.bundles_of.get(number).into_iter().flatten();
        rows || bundles.filter_map(|bundle| self.stock.bundles.get(*bundle)).any(|bundle| bundle.bytes > bundle.kept)
    }

    fn days_min(&self, lot: &Lot) -> i64 {
        let class = self.terms.classes.get(&lot.class).map_or(0, |share| share.days_min);
        class.max(self.terms.sources.get(&lot.origin.source).map_or(0, |share| share.days_min))
    }

    /// Whether a minimum age keeps a lot in spite of missing room. It does not for a flood.
    fn is_protected(&self, lot: &Lot) -> bool {
        let age = self.ages.get(&lot.day).copied().unwrap_or_default();
        let payer = self.stock.payer(&lot.origin);
        let usual = self.stock.usual_of(&payer);
        let volume = self.volume_of_day.get(&(payer, lot.day)).copied().unwrap_or_default();
        age < self.days_min(lot) && volume <= usual.saturating_mul(FLOOD)
    }

    fn may_leave(&self, number: usize, pass: Pass) -> bool {
        let Some(lot) = self.stock.lots.get(number) else { return false };
        let percent = |percent: u64| self.terms.budget / 100 * percent;
        match pass {
            Pass::AboveShare => {
                let share = self.terms.sources.get(&lot.origin.source);
                let taken = self.by_source.get(&lot.origin.source).copied().unwrap_or_default();
                share.is_some_and(|share| taken > percent(share.percent))
            }
            Pass::BeyondGuarantee => {
                let guaranteed = self.terms.classes.get(&lot.class).map_or(0, |share| percent(share.percent));
                self.by_class.get(&lot.class).copied().unwrap_or_default() > guaranteed
            }
            Pass::Any => true,
        }
    }

    fn mark(&mut self, number: usize, why: Why) {
        let Some(lot) = self.stock.lots.get(number) else { return };
        let Some(marked) = self.marked.get_mut(number) else { return };
        *marked = true;
        self.leaving.push((number, why));
        let freed = lot.bytes.saturating_sub(lot.kept);
        self.bytes = self.bytes.saturating_sub(freed);
        for bundle in self.bundles_of.get(number).into_iter().flatten() {
            let Some(staying) = self.staying.get_mut(*bundle) else { continue };
            *staying -= 1;
            let bundle = self.stock.bundles.get(*bundle).filter(|_| *staying == 0);
            self.bytes = self.bytes.saturating_sub(bundle.map_or(0, |bundle| bundle.bytes.saturating_sub(bundle.kept)));
        }
        let taken = freed + self.evidence.get(number).copied().unwrap_or_default();
        let less = |from: Option<&mut u64>, by: u64| from.into_iter().for_each(|from| *from = from.saturating_sub(by));
        less(self.by_class.get_mut(&lot.class), taken);
        less(self.by_source.get_mut(&lot.origin.source), taken);
        less(self.volume.get_mut(&self.stock.payer(&lot.origin)), lot.volume);
    }
}

impl Stock {
    /// Who pays for a source: itself, or all newcomers together (`None`).
    fn payer(&self, origin: &Origin) -> Option<Origin> {
        self.usual.contains_key(origin).then(|| origin.clone())
    }

    fn usual_of(&self, payer: &Option<Origin>) -> u64 {
        payer.as_ref().and_then(|origin| self.usual.get(origin)).copied().unwrap_or(self.usual_of_newcomers)
    }
}

/// Whose turn it is to pay: who keeps the most usual days; of equals, who has the oldest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// In thousandths.
    usual_days: u128,
    oldest: Reverse<i64>,
    payer: Option<Origin>,
}
