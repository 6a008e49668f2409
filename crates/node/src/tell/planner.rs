//! Who is told of what, and when: findings in, letters out. Pure but for the letters it has in hand.
//!
//! A conversation is what is said to one group of people about one entity. It begins with a finding; what comes within the gathering time goes into one letter.
//! What comes after that letter waits for one more at the end of the conversation, unless it is worse than what was told: then it goes after the gathering time.

use std::collections::{BTreeMap, BTreeSet};

use cordon_model::{Level, Time};
use cordon_seal::PartsDigest;
use jiff::tz::TimeZone;

use super::letter::{Letter, LetterKind};
use super::notice::{Notice, Shown};
use super::outbox::{Row, RowState};
use crate::config::{Config, Maintenance, Recipients, Span, Window};

/// Most conversations at once, over all groups of people. What comes above is told together, as one conversation about several.
const CONVERSATIONS_MAX: usize = 10_000;
const MINUTE_US: i64 = 60 * 1_000_000;

/// What was not told to anybody, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PlannerCounts {
    /// Findings put into letters, counted once per group of people.
    pub told: u64,
    /// Findings that no group of people wants to hear of.
    pub unwanted: u64,
    /// Findings in a maintenance window.
    pub in_maintenance: u64,
    /// Findings told together with others because there were too many conversations.
    pub together: u64,
}

/// A conversation.
#[derive(Clone, Debug)]
struct Talk {
    /// The last letter.
    letter: Letter,
    /// The worst level of earlier letters.
    told: Option<Level>,
}

impl Talk {
    /// What was told before `letter`, which is this one's last or follows it; `None` when it opens another conversation.
    fn told_before(&self, letter: &Letter) -> Option<Level> {
        if self.letter.opened != letter.opened {
            return None;
        }
        if self.letter.number < letter.number { self.told.max(Some(self.letter.level)) } else { self.told }
    }
}

/// Plans letters.
#[derive(Debug)]
pub struct Planner {
    recipients: Vec<Recipients>,
    maintenance: Vec<Maintenance>,
    zone: TimeZone,
    gather: Span,
    window: Span,
    talks: BTreeMap<(String, Shown), Talk>,
    counts: PlannerCounts,
}

impl Planner {
    /// With the settings in force and the rows that the outbox holds open.
    #[must_use]
    pub fn new(config: &Config, open: Vec<Row>) -> Self {
        let mut planner = Self {
            recipients: config.recipients.clone(),
            maintenance: config.maintenance.clone(),
            zone: config.time_zone.clone(),
            // INVARIANT: a letter is due after the moment at which it is planned, so nothing is added to one that may be gone.
            gather: config.tell.gather.max(Span(1)),
            window: config.tell.window,
            talks: BTreeMap::new(),
            counts: PlannerCounts::default(),
        };
        planner.resume(open);
        planner
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counts(&self) -> PlannerCounts {
        self.counts
    }

    fn resume(&mut self, mut open: Vec<Row>) {
        open.sort_by_key(|row| (row.letter.opened, row.letter.number));
        for Row { letter, .. } in open.into_iter().filter(|row| row.letter.kind != LetterKind::Test) {
            let place = (letter.to.clone(), letter.entity.clone());
            let told = self.talks.get(&place).and_then(|talk| talk.told_before(&letter));
            self.talks.insert(place, Talk { letter, told });
        }
    }

    /// Plans what these findings call for. Gives the rows that are new or changed.
    pub fn take(&mut self, notices: &[Notice], now: Time) -> Vec<Row> {
        self.talks.retain(|_, talk| now.0 < talk.letter.ends.max(talk.letter.due));
        let mut touched = BTreeSet::new();
        for notice in notices {
            if self.in_maintenance(notice) {
                self.counts.in_maintenance += 1;
                continue;
            }
            let interested: Vec<Recipients> =
                self.recipients.iter().filter(|group| wants(group, notice)).cloned().collect();
            if interested.is_empty() {
                self.counts.unwanted += 1;
            }
            for group in interested {
                touched.insert(self.tell(&group, notice, now));
            }
        }
        touched.into_iter().flat_map(|place| self.rows(&place)).collect()
    }

    fn in_maintenance(&self, notice: &Notice) -> bool {
        let machine = notice.machine.as_ref().or(Some(&notice.entity)).filter(|shown| shown.kind != "user");
        self.maintenance.iter().any(|window: &Maintenance| {
            let about = window.hosts.is_empty()
                || machine.is_some_and(|shown| window.hosts.iter().any(|host| host.eq_ignore_ascii_case(&shown.name)));
            about && Window::holds(window.when, notice.received, &self.zone)
        })
    }

    /// Puts the finding into the right letter and gives the place of its conversation.
    fn tell(&mut self, group: &Recipients, notice: &Notice, now: Time) -> (String, Shown) {
        self.counts.told += 1;
        let mut place = (group.name.clone(), notice.entity.clone());
        if !self.talks.contains_key(&place) && self.talks.len() >= CONVERSATIONS_MAX {
            self.counts.together += 1;
            place.1 = Shown::several();
        }
        let soon = self.not_asleep(group, notice.level, Time(now.0.saturating_add(self.gather.micros())));
        match self.talks.get_mut(&place) {
            Some(talk) if now.0 < talk.letter.due => {
                talk.letter.add(notice);
                let worse = talk.told.is_none_or(|told| notice.level > told);
                if worse && soon.0 < talk.letter.due {
                    talk.letter.due = soon.0;
                }
            }
            Some(talk) => {
                let told = talk.told.max(Some(talk.letter.level));
                let is_worse = Some(notice.level) > told;
                let (before, ends) = (talk.letter.clone(), Time(talk.letter.ends));
                let due = if is_worse { soon } else { self.not_asleep(group, notice.level, ends) };
                let letter = next(&before, notice, due);
                self.talks.insert(place.clone(), Talk { letter, told });
            }
            None => {
                let mut letter = Letter::open(&group.name, notice, place.1.clone(), LetterKind::News);
                letter.add(notice);
                letter.due = soon.0;
                letter.ends = soon.0.saturating_add(self.window.micros());
                self.talks.insert(place.clone(), Talk { letter, told: None });
            }
        }
        place
    }

    /// The first moment from `wanted` on at which the group may be told.
    fn not_asleep(&self, group: &Recipients, level: Level, wanted: Time) -> Time {
        let Some(hours) = group.quiet_hours.filter(|_| level < group.quiet_level_min) else { return wanted };
        if !hours.hold_at(wanted, &self.zone) {
            return wanted;
        }
        // Minute by minute for a day and an hour: hours of the day bend where clocks change, and this follows whatever the zone does.
        let minute = wanted.0.div_euclid(MINUTE_US) * MINUTE_US;
        let minutes = (1..=25 * 60).map(|passed| Time(minute + passed * MINUTE_US));
        minutes.into_iter().find(|moment| !hours.hold_at(*moment, &self.zone)).unwrap_or(wanted)
    }

    /// One row for each way to the people of a conversation.
    fn rows(&self, place: &(String, Shown)) -> Vec<Row> {
        let Some(talk) = self.talks.get(place) else { return Vec::new() };
        let Some(group) = self.recipients.iter().find(|group| group.name == place.0) else { return Vec::new() };
        rows_to(group, &talk.letter)
    }
}

/// A letter for each receiver of a group.
pub(super) fn rows_to(group: &Recipients, letter: &Letter) -> Vec<Row> {
    let mail = group.mail.iter().map(|address| format!("mail:{address}"));
    let hooks = group.webhooks.iter().map(|name| format!("webhook:{name}"));
    mail.chain(hooks).map(|channel| row(channel, letter)).collect()
}

fn wants(group: &Recipients, notice: &Notice) -> bool {
    notice.level >= group.level_min && group.topics.contains(&notice.topic)
}

/// The next letter of a conversation.
fn next(before: &Letter, notice: &Notice, due: Time) -> Letter {
    let mut letter = Letter::open(&before.to, notice, before.entity.clone(), LetterKind::More);
    letter.add(notice);
    Letter { opened: before.opened, number: before.number + 1, ends: before.ends, due: due.0, ..letter }
}

fn row(channel: String, letter: &Letter) -> Row {
    Row {
        key: key(&channel, letter),
        channel,
        next_attempt: Time(letter.due),
        letter: letter.clone(),
        attempts: 0,
        state: RowState::Waiting,
        error: String::new(),
    }
}

/// The same letter to the same receiver always has the same key, which says nothing of either.
pub(super) fn key(channel: &str, letter: &Letter) -> String {
    let mut hash = PartsDigest::default();
    for part in [channel, &letter.to, &letter.entity.kind, &letter.entity.name] {
        hash.part(part.as_bytes());
    }
    hash.part(&letter.opened.to_be_bytes());
    hash.part(&letter.number.to_be_bytes());
    let hex = hash.finish().to_string();
    format!("msg_{}", hex.get(..32).unwrap_or(&hex))
}
