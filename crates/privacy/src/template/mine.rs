//! Mines templates bottom-up: first people of one attribute, then of two where both are frequent alone; then measures against chance, and keeps few.
//!
//! The first two rounds look at accesses without a reason only, and count what could explain them. What is left is measured, each access with its own patient and with
//! another of the day: among accesses without a reason first, and what holds there among all. A path needs support, lift over chance among all accesses and among those
//! without a reason, and several people: a template must not make a habit of one person a reason. Of the windows of a path the one is kept that explains most beyond chance.

use rustc_hash::FxHashMap;

use crate::form::DAY;
use crate::world::World;

use super::path::{Hit, Subject, Tie, access, hits};
use super::sample::{Look, Sample};
use super::{Mined, Shape, Template, WINDOWS, told};

/// Most paths that are counted while mining; further ones are left out.
const PATHS_MAX: usize = 1_000_000;
/// Most paths that are measured against chance: those with most support.
const CANDIDATES_MAX: usize = 20_000;
/// Most groups of people of whom it is kept which candidates speak of them; then they are found anew.
const GROUPS_MAX: usize = 2_000;
/// Most templates whose people are counted.
const LIKELY_MAX: usize = 2_000;
/// Most templates that are proposed.
const TEMPLATES_MAX: usize = 200;
/// Accesses without a reason that a template explains at least, of those looked at.
const ACCESSES_MIN: u32 = 10;
/// A template that says more than another must be so many times as far above chance.
const GAIN_MIN: f64 = 1.5;
/// Examples of a template.
const EXAMPLES_MAX: usize = 3;

/// A count for each window: of accesses whose nearest row is in it and in no shorter one.
type Windows = [u32; WINDOWS.len()];
/// A path without its window.
type Path = (Subject, Tie);

/// What is counted of a path.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    all: Windows,
    bare: Windows,
    chance: Windows,
    bare_chance: Windows,
}

/// How many accesses there are of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    all: u32,
    bare: u32,
    chance: u32,
    bare_chance: u32,
}

/// A template that is likely to be proposed.
#[derive(Debug)]
struct Likely {
    shape: Shape,
    told: Template,
    /// Accesses without a reason by user.
    users: FxHashMap<u32, u32>,
}

/// Mines templates from a sample of accesses.
pub(crate) fn mine(world: &World, sample: &Sample) -> Mined {
    let looks = sample.looks();
    let bare = sample.bare().count();
    let asked = f64::from(whole(bare)) * world.settings.template_support_min;
    let mut paths = Paths { counts: FxHashMap::default(), left_out: 0 };
    for look in sample.bare() {
        paths.count(world, look, |somebody, tie, _| somebody.singles().map(|one| (one, tie)).collect());
    }
    paths.keep(asked);
    for look in sample.bare() {
        paths.count(world, look, |somebody, tie, known| {
            let frequent = |two: &Subject| two.singles().all(|one| known.contains_key(&(one, tie)));
            somebody.pairs().filter(frequent).map(|two| (two, tie)).collect()
        });
    }
    paths.keep(asked);
    let (candidates, left_out) = (paths.counts.len() as u64, paths.left_out);
    let (measured, totals) = measure(world, sample, paths.best(), |look| look.bare);
    let promising = measured.into_iter().filter(|(_, counts)| is_promising(world, counts, &totals));
    let promising = promising.map(|(path, _)| path).collect();
    let (measured, totals) = measure(world, sample, promising, |_| true);
    let mut likely = choose(world, &measured, &totals);
    witness(world, sample, &mut likely);
    Mined {
        templates: propose(world, likely),
        accesses: sample.records(),
        looked_at: looks.len() as u64,
        no_reason: bare as u64,
        candidates,
        left_out,
    }
}

/// Paths while they are counted: accesses without a reason that each explains within the longest window.
#[derive(Debug)]
struct Paths {
    counts: FxHashMap<Path, u32>,
    left_out: u64,
}

impl Paths {
    /// Counts the paths that `of` makes of a user and each tie; those of one call must be new.
    fn count(&mut self, world: &World, look: &Look, of: impl Fn(Subject, Tie, &FxHashMap<Path, u32>) -> Vec<Path>) {
        let somebody = Subject::of(world, look.user);
        if somebody == Subject::ANY {
            return;
        }
        let mut found = Vec::new();
        hits(world, look.user, look.patient, look.at, &mut found, |_| true);
        for hit in found {
            let paths = of(somebody, hit.tie, &self.counts);
            paths.into_iter().for_each(|path| self.note(path));
        }
    }

    fn note(&mut self, path: Path) {
        if self.counts.len() < PATHS_MAX || self.counts.contains_key(&path) {
            *self.counts.entry(path).or_default() += 1;
        } else {
            self.left_out += 1;
        }
    }

    /// Forgets those below the limit.
    fn keep(&mut self, asked: f64) {
        self.counts.retain(|_, count| enough(*count, asked));
    }

    /// Those with most support.
    fn best(self) -> Vec<Path> {
        let mut paths: Vec<(Path, u32)> = self.counts.into_iter().collect();
        paths.sort_unstable_by_key(|(path, count)| (std::cmp::Reverse(*count), *path));
        paths.truncate(CANDIDATES_MAX);
        paths.into_iter().map(|(path, _)| path).collect()
    }
}

fn enough(count: u32, asked: f64) -> bool {
    count >= ACCESSES_MIN && f64::from(count) >= asked
}

/// Places of candidates by tie.
type Places = FxHashMap<Tie, Vec<usize>>;

/// Counts of candidates over all accesses and by chance.
struct Measure<'a> {
    world: &'a World,
    paths: Vec<Path>,
    counts: Vec<Counts>,
    /// Candidates that speak of people with these attributes.
    groups: FxHashMap<Subject, Places>,
    found: Vec<Hit>,
}

/// Measures candidates, over the accesses that are `asked` for.
fn measure(
    world: &World,
    sample: &Sample,
    paths: Vec<Path>,
    asked: fn(&Look) -> bool,
) -> (Vec<(Path, Counts)>, Totals) {
    let counts = vec![Counts::default(); paths.len()];
    let mut measure = Measure { world, paths, counts, groups: FxHashMap::default(), found: Vec::new() };
    let mut totals = Totals::default();
    for (look, other) in sample.with_others(asked) {
        totals.all += 1;
        totals.bare += u32::from(look.bare);
        measure.see(look, look.patient, |counts| (&mut counts.all, &mut counts.bare));
        if let Some(other) = other {
            totals.chance += 1;
            totals.bare_chance += u32::from(look.bare);
            measure.see(look, other, |counts| (&mut counts.chance, &mut counts.bare_chance));
        }
    }
    (measure.paths.into_iter().zip(measure.counts).collect(), totals)
}

impl Measure<'_> {
    /// Counts what would explain an access of this user to this patient.
    fn see(&mut self, look: &Look, patient: u32, of: impl Fn(&mut Counts) -> (&mut Windows, &mut Windows)) {
        let somebody = Subject::of(self.world, look.user);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&somebody) {
            self.groups.clear();
        }
        let places = self.groups.entry(somebody).or_insert_with(|| places(&self.paths, somebody));
        if places.is_empty() {
            return;
        }
        hits(self.world, look.user, patient, look.at, &mut self.found, |tie| places.contains_key(&tie));
        for (hit, place) in
            self.found.iter().flat_map(|hit| places.get(&hit.tie).into_iter().flatten().map(move |place| (hit, place)))
        {
            let Some(counts) = self.counts.get_mut(*place) else { continue };
            let (all, bare) = of(counts);
            add(all, hit.gap, true);
            add(bare, hit.gap, look.bare);
        }
    }
}

/// The candidates that speak of somebody.
fn places(paths: &[Path], somebody: Subject) -> Places {
    let mut out = Places::default();
    for (place, (_, tie)) in paths.iter().enumerate().filter(|(_, (subject, _))| subject.means(somebody)) {
        out.entry(*tie).or_default().push(place);
    }
    out
}

fn add(windows: &mut Windows, gap: i64, counts: bool) {
    let shortest = windows.iter_mut().zip(WINDOWS).find(|(_, days)| gap <= i64::from(*days) * DAY);
    if let Some((count, _)) = shortest {
        *count += u32::from(counts);
    }
}

/// Whether a window holds the limits among accesses without a reason.
fn is_promising(world: &World, counts: &Counts, totals: &Totals) -> bool {
    let settings = &world.settings;
    let asked = f64::from(totals.bare) * settings.template_support_min;
    let (mut bare, mut chance) = (0, 0);
    counts.bare.iter().zip(&counts.bare_chance).any(|(more, more_chance)| {
        bare += more;
        chance += more_chance;
        let lift = share(bare, totals.bare) / share(chance + 1, totals.bare_chance);
        enough(bare, asked) && lift >= settings.template_lift_min
    })
}

/// The templates that hold the limits: the best window of each path, without those that say more than another and explain no better.
fn choose(world: &World, measured: &[(Path, Counts)], totals: &Totals) -> Vec<Likely> {
    let mut chosen: Vec<Likely> =
        measured.iter().filter_map(|(path, counts)| best_window(world, *path, counts, totals)).collect();
    let lifts: FxHashMap<Path, f64> =
        chosen.iter().map(|likely| ((likely.shape.subject, likely.shape.tie), likely.told.lift_no_reason)).collect();
    chosen.retain(|likely| {
        let Shape { subject, tie, .. } = likely.shape;
        let singles = subject.singles().filter(|_| subject.attributes() == 2).map(|one| (one, tie));
        let mut less = singles.chain(tie.general().map(|general| (subject, general)));
        !less.any(|less| lifts.get(&less).is_some_and(|lift| likely.told.lift_no_reason < lift * GAIN_MIN))
    });
    chosen.sort_by(order);
    // one group of people under several names: the first name is enough
    chosen.dedup_by(|later, kept| {
        let figures = |told: &Template| [told.support, told.support_no_reason, told.control, told.control_no_reason];
        later.shape.tie == kept.shape.tie && figures(&later.told) == figures(&kept.told)
    });
    chosen.truncate(LIKELY_MAX);
    chosen
}

fn order(one: &Likely, other: &Likely) -> std::cmp::Ordering {
    let key = |likely: &Likely| (std::cmp::Reverse(likely.told.explains), likely.shape.tie);
    key(one).cmp(&key(other)).then_with(|| one.told.id.cmp(&other.told.id))
}

/// The window that explains most beyond chance, of those that hold the limits.
fn best_window(world: &World, path: Path, counts: &Counts, totals: &Totals) -> Option<Likely> {
    let settings = &world.settings;
    let asked = f64::from(totals.bare) * settings.template_support_min;
    let mut sums = [0; 4];
    let mut best: Option<Likely> = None;
    let windows = counts.all.iter().zip(&counts.bare).zip(counts.chance.iter().zip(&counts.bare_chance));
    for (window_days, ((all, bare), (chance, bare_chance))) in WINDOWS.into_iter().zip(windows) {
        for (sum, count) in sums.iter_mut().zip([all, bare, chance, bare_chance]) {
            *sum += count;
        }
        let shape = Shape { subject: path.0, tie: path.1, window_days };
        let Some(told) = figures(sums, totals) else { continue };
        let [_, bare, ..] = sums;
        let lift = told.lift.min(told.lift_no_reason);
        if !enough(bare, asked) || lift < settings.template_lift_min {
            continue;
        }
        let excess = |told: &Template| told.support_no_reason - told.control_no_reason;
        if best.as_ref().is_none_or(|best| excess(&told) > excess(&best.told)) {
            let told = Template { id: told::id(world, &shape), window_days, ..told };
            best = Some(Likely { shape, told, users: FxHashMap::default() });
        }
    }
    best
}

/// The share of a count; no number where there is nothing.
fn share(count: u32, of: u32) -> f64 {
    f64::from(count) / f64::from(of)
}

/// Shares and lifts of counts; none where there is nothing to compare with.
fn figures([all, bare, chance, bare_chance]: [u32; 4], totals: &Totals) -> Option<Template> {
    if [totals.all, totals.bare, totals.chance, totals.bare_chance].contains(&0) {
        return None;
    }
    let (support, support_no_reason) = (share(all, totals.all), share(bare, totals.bare));
    Some(Template {
        id: String::new(),
        text: String::new(),
        window_days: 0,
        support,
        support_no_reason,
        control: share(chance, totals.chance),
        control_no_reason: share(bare_chance, totals.bare_chance),
        lift: support / share(chance + 1, totals.chance),
        lift_no_reason: support_no_reason / share(bare_chance + 1, totals.bare_chance),
        explains: u64::from(bare),
        users: 0,
        examples: Vec::new(),
    })
}

/// Notes whose accesses each template explains, and some of them.
fn witness(world: &World, sample: &Sample, likely: &mut [Likely]) {
    let places: FxHashMap<Path, usize> =
        likely.iter().enumerate().map(|(place, likely)| ((likely.shape.subject, likely.shape.tie), place)).collect();
    let mut found = Vec::new();
    for look in sample.bare() {
        let somebody = Subject::of(world, look.user);
        hits(world, look.user, look.patient, look.at, &mut found, |_| true);
        for (subject, hit) in somebody.with(&found) {
            let place = places.get(&(subject, hit.tie));
            let template = place.and_then(|place| likely.get_mut(*place));
            let within = |likely: &&mut Likely| hit.gap <= i64::from(likely.shape.window_days) * DAY;
            let Some(template) = template.filter(within) else { continue };
            *template.users.entry(look.user).or_default() += 1;
            if template.told.examples.len() < EXAMPLES_MAX {
                template.told.examples.push(access(look.row));
            }
        }
    }
}

/// Those that explain accesses of several people, as sentences.
fn propose(world: &World, likely: Vec<Likely>) -> Vec<Template> {
    let settings = &world.settings;
    let several = |likely: &Likely| {
        let most = likely.users.values().copied().max().unwrap_or(0);
        let all: u32 = likely.users.values().sum();
        whole(likely.users.len()) >= settings.template_users_min
            && f64::from(most) <= f64::from(all) * settings.template_user_share_max
    };
    let told = likely.into_iter().filter(several).take(TEMPLATES_MAX).map(|likely| {
        let mut told = Template { users: whole(likely.users.len()), ..likely.told };
        told.text = told::sentence(world, &likely.shape, &told);
        told
    });
    told.collect()
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
