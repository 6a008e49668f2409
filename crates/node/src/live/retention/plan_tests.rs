//! Properties of the plan on drawn stocks, and the sentences of `docs/specs/retention.md` one by one.

use super::plan::{Bundle, Lot, Origin, Plan, Quota, Stock, Terms, Why, plan, protected};
use crate::config::DataClass;

const TODAY: i64 = 20_779;
const SEEDS: u64 = 400;

fn origin(source: &str) -> Origin {
    Origin { site: "main".into(), source: source.into() }
}

/// A stock under construction: every source has rows of one class and evidence of its own.
#[derive(Default)]
struct Made {
    stock: Stock,
}

impl Made {
    fn day(&mut self, source: &str, class: DataClass, day: i64, volume: u64) -> usize {
        let number = self.stock.lots.len();
        self.stock.lots.push(Lot { origin: origin(source), day, class, volume, bytes: volume / 10, kept: 0 });
        self.stock.bundles.push(Bundle { lots: vec![number], bytes: volume / 5, kept: 0 });
        self.stock.days.insert(day);
        number
    }

    /// `days` days up to today of one volume, which is its usual one.
    fn source(mut self, source: &str, class: DataClass, days: i64, volume: u64) -> Self {
        (TODAY - days + 1..=TODAY).for_each(|day| {
            self.day(source, class, day, volume);
        });
        self.stock.usual.insert(origin(source), volume);
        self
    }
}

fn terms(budget: u64) -> Terms {
    Terms { budget, days_max: 400, ..Terms::default() }
}

/// Who left how many days, and why.
fn left(stock: &Stock, plan: &Plan) -> Vec<(String, usize, Why)> {
    let mut left: Vec<(String, usize, Why)> = Vec::new();
    let mut all: Vec<(String, Why)> =
        plan.leaving.iter().map(|(lot, why)| (stock.lots[*lot].origin.source.to_string(), *why)).collect();
    all.sort();
    for (source, why) in all {
        match left.last_mut().filter(|last| last.0 == source && last.2 == why) {
            Some(last) => last.1 += 1,
            None => left.push((source, 1, why)),
        }
    }
    left
}

#[test]
fn within_budget_and_age_nothing_leaves() {
    let made = Made::default().source("ehr", DataClass::Health, 400, 1_000).source("fw", DataClass::Network, 10, 9_000);
    let budget = made.stock.bytes();
    assert_eq!(plan(&made.stock, &terms(budget), TODAY).leaving, []);
}

#[test]
fn what_is_older_than_days_max_leaves_unless_a_minimum_age_keeps_it() {
    let made = Made::default().source("ehr", DataClass::Health, 60, 10).source("fw", DataClass::Network, 60, 10);
    let mut terms = Terms { days_max: 30, ..terms(u64::MAX) };
    terms.classes.insert(DataClass::Health, Quota { percent: 0, days_min: 50 });
    let plan = plan(&made.stock, &terms, TODAY);
    assert_eq!(left(&made.stock, &plan), [("ehr".to_owned(), 9, Why::Age), ("fw".to_owned(), 29, Why::Age)]);
}

#[test]
fn for_room_the_oldest_days_of_all_leave_alike() {
    let made = Made::default().source("ehr", DataClass::Health, 40, 1_000).source("fw", DataClass::Network, 40, 99_000);
    let plan = plan(&made.stock, &terms(made.stock.bytes() / 2), TODAY);
    let left = left(&made.stock, &plan);
    assert_eq!(left, [("ehr".to_owned(), 20, Why::Room), ("fw".to_owned(), 20, Why::Room)]);
    assert_eq!(plan.short, 0);
}

#[test]
fn a_source_at_100_times_its_usual_volume_pays_itself_and_pushes_out_nobody() {
    for days_of_flood in 1..=10 {
        for days_min in [0, 400] {
            let mut made = Made::default()
                .source("ehr", DataClass::Health, 60, 1_000)
                .source("ad", DataClass::Identity, 60, 4_000)
                .source("fw", DataClass::Network, 60, 5_000);
            let budget = made.stock.bytes();
            let is_flood = |lot: &&mut Lot| &*lot.origin.source == "fw" && lot.day > TODAY - days_of_flood;
            for lot in made.stock.lots.iter_mut().filter(is_flood) {
                (lot.volume, lot.bytes) = (lot.volume * 100, lot.bytes * 100);
            }
            for bundle in &mut made.stock.bundles {
                let lot = &made.stock.lots[bundle.lots[0]];
                bundle.bytes = lot.volume / 5;
            }
            let mut terms = terms(budget);
            terms.classes.insert(DataClass::Network, Quota { percent: 0, days_min });
            terms.sources.insert("fw".into(), Quota { percent: 100, days_min });
            let plan = plan(&made.stock, &terms, TODAY);
            let left = left(&made.stock, &plan);
            assert!(left.iter().all(|(source, _, _)| source == "fw"), "{days_of_flood} {days_min}: {left:?}");
            assert_eq!(plan.short, 0, "{days_of_flood} {days_min}");
            assert!(plan.bytes_after <= budget);
        }
    }
}

#[test]
fn many_new_sources_together_push_out_nobody() {
    let mut made = Made::default().source("ehr", DataClass::Health, 60, 10_000);
    // room for what the others have and for the tenth of newcomers
    let budget = made.stock.bytes() * 12 / 10;
    for number in 0..200 {
        made.day(&format!("new{number}"), DataClass::Other, TODAY, 10_000);
    }
    made.stock.usual_of_newcomers = 1_000;
    let plan = plan(&made.stock, &terms(budget), TODAY);
    let left = left(&made.stock, &plan);
    assert!(!left.is_empty() && left.iter().all(|(source, _, _)| source.starts_with("new")), "{left:?}");
}

#[test]
fn a_class_keeps_what_others_cannot_take_from_it() {
    let made = Made::default().source("ehr", DataClass::Health, 40, 5_000).source("fw", DataClass::Network, 40, 5_000);
    let mut terms = terms(made.stock.bytes() / 2);
    terms.classes.insert(DataClass::Health, Quota { percent: 80, days_min: 0 });
    let plan = plan(&made.stock, &terms, TODAY);
    let of = |source: &str| left(&made.stock, &plan).iter().find(|left| left.0 == source).map_or(0, |left| left.1);
    assert!(of("fw") > 30 && of("ehr") < 10, "{:?}", left(&made.stock, &plan));
}

#[test]
fn a_source_above_its_share_pays_before_others() {
    let made = Made::default().source("ehr", DataClass::Health, 40, 5_000).source("fw", DataClass::Network, 40, 5_000);
    let mut terms = terms(made.stock.bytes() * 3 / 4);
    terms.sources.insert("fw".into(), Quota { percent: 20, days_min: 0 });
    let plan = plan(&made.stock, &terms, TODAY);
    let left = left(&made.stock, &plan);
    assert_eq!(left, [("fw".to_owned(), 20, Why::Room)]);
}

#[test]
fn when_only_protected_data_is_left_the_budget_is_missed_and_it_is_said_by_how_much() {
    let made = Made::default().source("ehr", DataClass::Health, 40, 1_000);
    let mut terms = terms(made.stock.bytes() / 4);
    terms.classes.insert(DataClass::Health, Quota { percent: 0, days_min: 30 });
    let plan = plan(&made.stock, &terms, TODAY);
    assert_eq!(left(&made.stock, &plan), [("ehr".to_owned(), 10, Why::Room)]);
    assert_eq!(plan.short, plan.bytes_after - terms.budget);
    assert_eq!(protected(&made.stock, &terms, TODAY), plan.bytes_after);
}

#[test]
fn a_clock_that_jumps_makes_nothing_old() {
    let made = Made::default().source("ehr", DataClass::Health, 30, 1_000);
    for jump in [8, 400, 26_000] {
        assert_eq!(plan(&made.stock, &terms(u64::MAX), TODAY + jump).leaving, [], "{jump}");
    }
    let mut stock = made.stock;
    stock.days.insert(TODAY + 26_000);
    assert_eq!(plan(&stock, &terms(u64::MAX), TODAY + 26_000).leaving, []);
    assert_eq!(stock.ages(TODAY).get(&(TODAY + 26_000)), Some(&0));
}

#[test]
fn the_budget_is_full_after_as_many_days_as_the_last_week_says() {
    let made = Made::default().source("ehr", DataClass::Health, 20, 1_000);
    let bytes = made.stock.bytes();
    assert_eq!(made.stock.days_left(bytes + 1_500, bytes, TODAY, 7), Some(5));
    assert_eq!(made.stock.days_left(bytes - 1, bytes, TODAY, 7), Some(0));
    assert_eq!(Stock::default().days_left(10, 0, TODAY, 7), None);
}

/// Numbers that a seed draws.
struct Drawn(u64);

impl Drawn {
    fn place(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn drawn(seed: u64) -> (Stock, Terms) {
    let classes = [DataClass::Health, DataClass::Identity, DataClass::Network, DataClass::Other];
    let (mut draw, mut made) = (Drawn(seed), Made::default());
    for source in 0..1 + draw.below(6) {
        let name = format!("s{source}");
        let usual = 1 + draw.below(100_000);
        for day in 0..i64::try_from(draw.below(50)).unwrap() {
            let class = classes[draw.place(4)];
            let volume = usual * (1 + draw.below(3)) * if draw.below(30) == 0 { 100 } else { 1 };
            let lot = made.day(&name, class, TODAY - day, volume);
            made.stock.lots[lot].kept = draw.below(3) / 2 * draw.below(1 + made.stock.lots[lot].bytes);
            let bundle = &mut made.stock.bundles[lot];
            bundle.kept = draw.below(3) / 2 * draw.below(1 + bundle.bytes);
            if draw.below(4) == 0 {
                bundle.lots.push(draw.place(lot + 1));
                bundle.lots.sort_unstable();
                bundle.lots.dedup();
            }
        }
        if draw.below(5) > 0 {
            made.stock.usual.insert(origin(&name), usual);
        }
    }
    made.stock.usual_of_newcomers = 1 + draw.below(10_000);
    made.stock.fixed = draw.below(10_000);
    let bytes = made.stock.bytes();
    let mut terms =
        Terms { days_max: 1 + i64::try_from(draw.below(60)).unwrap(), ..terms(1 + draw.below(bytes + bytes / 4 + 2)) };
    for class in classes {
        terms
            .classes
            .insert(class, Quota { percent: draw.below(25), days_min: i64::try_from(draw.below(60)).unwrap() });
    }
    for source in 0..draw.below(4) {
        let quota = Quota { percent: 1 + draw.below(100), days_min: i64::try_from(draw.below(60)).unwrap() };
        terms.sources.insert(format!("s{source}").into(), quota);
    }
    (made.stock, terms)
}

/// Bytes that are there once the lots of a plan have left, counted anew.
fn bytes_after(stock: &Stock, gone: &[usize]) -> u64 {
    let lots: u64 =
        stock.lots.iter().enumerate().map(|(at, lot)| if gone.contains(&at) { lot.kept } else { lot.bytes }).sum();
    let all_gone = |bundle: &Bundle| bundle.lots.iter().all(|lot| gone.contains(lot));
    let bundles = stock.bundles.iter().map(|bundle| if all_gone(bundle) { bundle.kept } else { bundle.bytes });
    stock.fixed + lots + bundles.sum::<u64>()
}

#[test]
fn a_plan_never_takes_more_than_it_must_nor_what_is_protected() {
    let (mut roomy, mut short) = (0, 0);
    for seed in 0..SEEDS {
        let (stock, terms) = drawn(seed);
        let plan = plan(&stock, &terms, TODAY);
        assert_eq!(plan, super::plan::plan(&stock, &terms, TODAY), "seed {seed}: the same twice");
        let gone: Vec<usize> = plan.leaving.iter().map(|(lot, _)| *lot).collect();
        let mut once = gone.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), gone.len(), "seed {seed}: nothing leaves twice");
        assert_eq!((plan.bytes_before, plan.bytes_after), (stock.bytes(), bytes_after(&stock, &gone)), "seed {seed}");
        assert_eq!(plan.short, plan.bytes_after.saturating_sub(terms.budget), "seed {seed}");
        let ages = stock.ages(TODAY);
        let volume_of_day = |lot: &Lot| -> u64 {
            let same = |one: &&Lot| one.day == lot.day && payer(&stock, one) == payer(&stock, lot);
            stock.lots.iter().filter(same).map(|one| one.volume).sum()
        };
        let is_protected = |lot: &Lot| {
            let usual = payer(&stock, lot).map_or(stock.usual_of_newcomers, |origin| stock.usual[origin]);
            ages[&lot.day] < days_min(&terms, lot) && volume_of_day(lot) <= usual * 10
        };
        for (number, why) in &plan.leaving {
            let lot = &stock.lots[*number];
            match why {
                Why::Age => assert!(ages[&lot.day] > terms.days_max.max(days_min(&terms, lot)), "seed {seed}"),
                Why::Room => assert!(!is_protected(lot), "seed {seed}: {lot:?}"),
            }
        }
        let for_room: Vec<usize> =
            plan.leaving.iter().filter(|(_, why)| *why == Why::Room).map(|(lot, _)| *lot).collect();
        if let Some(last) = for_room.last() {
            // without the last day that was taken, the budget would be missed
            let is_last = |lot: &usize| for_room.contains(lot) && stock.lots[*lot].day == stock.lots[*last].day;
            let before: Vec<usize> = gone.iter().copied().filter(|lot| !is_last(lot)).collect();
            assert!(bytes_after(&stock, &before) > terms.budget, "seed {seed}");
            roomy += 1;
        }
        if plan.short > 0 {
            short += 1;
            for (number, lot) in stock.lots.iter().enumerate() {
                let gives = lot.bytes > lot.kept
                    || stock.bundles.iter().any(|bundle| bundle.lots.contains(&number) && bundle.bytes > bundle.kept);
                assert!(gone.contains(&number) || is_protected(lot) || !gives, "seed {seed}: {lot:?} could leave");
            }
        }
    }
    assert!(roomy > SEEDS / 10 && short > SEEDS / 10, "{roomy} {short}");
}

fn payer<'s>(stock: &'s Stock, lot: &Lot) -> Option<&'s Origin> {
    stock.usual.get_key_value(&lot.origin).map(|(origin, _)| origin)
}

fn days_min(terms: &Terms, lot: &Lot) -> i64 {
    let class = terms.classes.get(&lot.class).map_or(0, |quota| quota.days_min);
    class.max(terms.sources.get(&lot.origin.source).map_or(0, |quota| quota.days_min))
}
