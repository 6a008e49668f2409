//! Two behaviours under one key become one: between nodes of a hospital, and later between hospitals.
//!
//! Merging either way round gives the same bytes. Of three, another order gives the same up to rounding, up to which of the latest scores thresholds keep, and up to who is
//! forgotten where there is no room. What both saw counts twice: a node is merged once.

use std::fmt;

use cordon_learn::entity::Fading;
use rustc_hash::FxHashMap;

use super::devices::WATCHED_MAX;
use super::entities::Entities;
use super::model::{Model, WORDS};
use super::profile::{FEATURES, Profile};
use super::{Behaviour, SOURCES_MAX};

/// Why two behaviours are not merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// They are of two installations: names are other numbers there.
    Key,
    /// Their sites' clocks differ: an hour of the day is another one there.
    TimeZone,
    /// They are asked for different numbers of alerts; ask both for the same first.
    Alerts,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "what was learnt under another key cannot be merged",
            Self::TimeZone => "what was learnt in another time zone cannot be merged",
            Self::Alerts => "other numbers of alerts a week are asked for: ask both for the same first",
        })
    }
}

impl std::error::Error for Unlike {}

impl Behaviour {
    /// Takes in all that another one learnt. All bounds hold afterwards; what there is no room for is counted as always.
    ///
    /// # Errors
    /// Another key, another time zone or another number of alerts asked for; nothing is changed then.
    pub fn merge(&mut self, mut other: Self) -> Result<(), Unlike> {
        self.is_like(&other)?;
        self.merge_models(&other);
        self.edges.merge(&other.edges);
        self.merge_calls(&mut other);
        self.merge_sources(&other);
        self.merge_watched(&mut other);
        self.started_s = [self.started_s, other.started_s].into_iter().flatten().min();
        (self.looked_h, self.day) = (self.looked_h.max(other.looked_h), self.day.max(other.day));
        self.undated = self.undated.saturating_add(other.undated);
        self.unwatched = self.unwatched.saturating_add(other.unwatched);
        // last: what entities bring to an end is learnt by models and groups of both
        self.merge_entities(other);
        Ok(())
    }

    fn is_like(&self, other: &Self) -> Result<(), Unlike> {
        let (own, others) = (&self.options, &other.options);
        if own.hash_key != others.hash_key {
            return Err(Unlike::Key);
        }
        if own.timezone != others.timezone {
            return Err(Unlike::TimeZone);
        }
        if own.alerts_per_week.to_bits() != others.alerts_per_week.to_bits() {
            return Err(Unlike::Alerts);
        }
        Ok(())
    }

    fn merge_models(&mut self, other: &Self) {
        for ((model, others), words) in self.models.iter_mut().zip(&other.models).zip(&WORDS) {
            // a threshold keeps its own latest scores first: the one of the smaller bytes does, whichever way round
            let (mut own_bytes, mut other_bytes) = (Vec::new(), Vec::new());
            model.write(&mut own_bytes);
            others.write(&mut other_bytes);
            let second: Model =
                if own_bytes <= other_bytes { others.clone() } else { std::mem::replace(model, others.clone()) };
            model.merge(&second, words, self.options.alerts_per_week);
        }
    }

    /// Pairs and addresses outside. A pair that both know is one machine, not two.
    fn merge_calls(&mut self, other: &mut Self) {
        let both: Vec<u64> = self.pairs.merge(&other.pairs).iter().map(super::outside::Pair::destination).collect();
        self.destinations.merge(&other.destinations);
        for destination in both {
            self.destinations.change(destination, |called| called.forget_caller());
        }
        self.callers = self.callers.saturating_add(other.callers);
    }

    fn merge_sources(&mut self, other: &Self) {
        let mut all: Vec<(u64, (i64, i64))> = [self, other]
            .iter()
            .flat_map(|one| one.sources.keys().filter_map(|key| Some((*key, *one.sources.get(key)?))))
            .collect();
        all.sort_unstable();
        let mut merged: FxHashMap<u64, (i64, i64)> = FxHashMap::default();
        for (key, (resumed_s, last_s)) in all {
            merged
                .entry(key)
                .and_modify(|known| *known = joined(*known, (resumed_s, last_s)))
                .or_insert((resumed_s, last_s));
        }
        if merged.len() > SOURCES_MAX {
            let mut lasts: Vec<(i64, u64)> = merged.keys().filter_map(|key| Some((merged.get(key)?.1, *key))).collect();
            lasts.sort_unstable();
            let surplus = lasts.len() - SOURCES_MAX;
            for (_, key) in lasts.iter().take(surplus) {
                merged.remove(key);
            }
        }
        self.sources = merged;
    }

    fn merge_watched(&mut self, other: &mut Self) {
        let mut all = std::mem::take(&mut self.watched);
        all.append(&mut other.watched);
        // the later word of each device, and beyond the room the later of all
        all.sort_unstable_by(|one, two| (two.time, two.key, &two.source).cmp(&(one.time, one.key, &one.source)));
        let mut known = FxHashMap::default();
        all.retain(|watched| known.insert(watched.key, ()).is_none());
        self.unwatched =
            self.unwatched.saturating_add(u64::try_from(all.len().saturating_sub(WATCHED_MAX)).unwrap_or(u64::MAX));
        all.truncate(WATCHED_MAX);
        all.sort_unstable_by_key(|watched| watched.key);
        self.watched = all;
        self.watched_at = self.watched.iter().enumerate().map(|(place, watched)| (watched.key, place)).collect();
    }

    fn merge_entities(&mut self, other: Self) {
        let Self { entities, peers, .. } = other;
        let (own_groups, other_groups) = self.peers.merge(peers);
        let forgotten = self.entities.forgotten().saturating_add(entities.forgotten());
        let max = self.options.entities_max;
        let own = std::mem::replace(&mut self.entities, Entities::new(max)).into_profiles();
        let mut all: Vec<(Box<Profile>, &[u8])> = own.into_iter().map(|who| (who, own_groups.as_slice())).collect();
        all.extend(entities.into_profiles().into_iter().map(|who| (who, other_groups.as_slice())));
        for (who, groups) in &mut all {
            who.group = groups.get(usize::from(who.group)).copied().unwrap_or(who.group);
        }
        all.sort_by_key(|(who, _)| (who.key, who.last_s, who.first_s));
        let mut merged: Vec<Box<Profile>> = Vec::with_capacity(all.len());
        for (who, _) in all {
            match merged.last_mut().filter(|last| last.key == who.key) {
                Some(last) => self.merge_profile(last, who),
                None => merged.push(who),
            }
        }
        merged.sort_by_key(|who| (who.last_s, who.key));
        merged.into_iter().for_each(|who| self.entities.bring(who));
        self.entities.add_forgotten(forgotten);
    }

    /// One entity of which both know. Of two running hours the later goes on, the earlier is closed and learnt.
    fn merge_profile(&mut self, who: &mut Profile, mut other: Box<Profile>) {
        for (feature, ..) in &FEATURES {
            let place = *feature as usize;
            let at = |who: &Profile| who.count_at.get(place).copied().unwrap_or(0);
            let running = at(who).max(at(&other));
            for one in [&mut *who, &mut *other] {
                self.close_before(one, *feature, running);
            }
        }
        let hour = who.hour.max(other.hour);
        for one in [&mut *who, &mut *other] {
            if one.hour < hour {
                self.close_hour(one);
            }
        }
        self.callers = self.callers.saturating_sub(u64::from(who.calls_outside() && other.calls_outside()));
        if other.group != who.group && self.peers.goes_before(other.group, who.group) {
            who.group = other.group;
        }
        let judged_by_both = who.merge(&other, Fading::default());
        for (place, model) in self.models.iter_mut().enumerate() {
            model.entities = model.entities.saturating_sub(u64::from(judged_by_both >> place & 1));
        }
    }
}

/// When a source was heard of without a pause, by two who listened to it.
fn joined(one: (i64, i64), other: (i64, i64)) -> (i64, i64) {
    let (earlier, later) = if one.1 <= other.1 { (one, other) } else { (other, one) };
    let is_one_stretch = later.0 <= earlier.1.saturating_add(super::SILENT_S);
    (if is_one_stretch { later.0.min(earlier.0) } else { later.0 }, later.1)
}
