//! Names that mean one host or one user: `anna` and `LAKESIDE\\anna`, `fs01` and `fs01.lakeside.example`.
//!
//! A bare name joins a full one only where a single full one has it: two domains with an `anna` each stay two, and a bare `anna` beside them a third.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::gather::Names;

/// Names with what they mean.
#[derive(Debug, Default)]
pub(super) struct SameNames {
    /// Each host or user once, by the name it is shown under.
    pub(super) all: BTreeMap<String, Same>,
    shown_as: BTreeMap<String, String>,
}

/// One host or one user.
#[derive(Debug, Default)]
pub(super) struct Same {
    /// Its other names.
    pub(super) also: BTreeSet<String>,
    pub(super) counts: [u64; 5],
}

impl SameNames {
    /// `bare` gives the bare name that a full one ends or starts with.
    pub(super) fn of(names: &Names, bare: fn(&str) -> Option<&str>) -> Self {
        let mut full: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in names.counts.keys() {
            if let Some(bare) = bare(name) {
                full.entry(bare.to_lowercase()).or_default().insert(name.to_lowercase());
            }
        }
        let mut groups: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        for name in names.counts.keys() {
            let only = full.get(&name.to_lowercase()).filter(|full| full.len() == 1).and_then(BTreeSet::first);
            let key = match bare(name) {
                Some(_) => name.to_lowercase(),
                None => only.cloned().unwrap_or_else(|| name.clone()),
            };
            groups.entry(key).or_default().push(name);
        }
        let mut same = Self::default();
        for group in groups.into_values() {
            same.add(names, &group);
        }
        same
    }

    /// The name that a name is shown under.
    pub(super) fn shown<'n>(&'n self, name: &'n str) -> &'n str {
        self.shown_as.get(name).map_or(name, String::as_str)
    }

    /// The shortest name stands for all: a search for it finds the others.
    fn add(&mut self, names: &Names, group: &[&String]) {
        let Some(shown) = group.iter().min_by_key(|name| (name.len(), **name)) else { return };
        let of_name = self.all.entry((*shown).clone()).or_default();
        for name in group {
            if let Some(counts) = names.counts.get(*name) {
                of_name.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
            if name != shown {
                of_name.also.insert((*name).clone());
            }
            self.shown_as.insert((*name).clone(), (*shown).clone());
        }
    }
}

/// `anna` of `LAKESIDE\\anna`.
pub(super) fn bare_user(name: &str) -> Option<&str> {
    name.split_once('\\').map(|(_, user)| user).filter(|user| !user.is_empty())
}

/// `fs01` of `fs01.lakeside.example`; an address is no such name.
pub(super) fn bare_host(name: &str) -> Option<&str> {
    name.split_once('.').map(|(host, _)| host).filter(|host| !host.is_empty() && name.parse::<IpAddr>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bare: fn(&str) -> Option<&str>, names: &[&str], expect: &[(&str, &[&str])]) {
        let counts = names.iter().map(|name| ((*name).to_owned(), [0, 0, 1, 0, 0])).collect();
        let same = SameNames::of(&Names { counts, ..Names::default() }, bare);
        let told: Vec<(&str, Vec<&str>, u64)> = same
            .all
            .iter()
            .map(|(name, same)| (name.as_str(), same.also.iter().map(String::as_str).collect(), same.counts[2]))
            .collect();
        let expect: Vec<(&str, Vec<&str>, u64)> =
            expect.iter().map(|(name, also)| (*name, also.to_vec(), 1 + also.len() as u64)).collect();
        assert_eq!(told, expect);
        for (name, also, _) in told {
            assert!(also.iter().all(|other| same.shown(other) == name));
        }
        assert_eq!(same.shown("nobody"), "nobody");
    }

    #[test]
    fn a_user_with_and_without_domain_is_one_unless_two_domains_have_the_name() {
        check(bare_user, &["LAKESIDE\\anna", "anna", "ben"], &[("anna", &["LAKESIDE\\anna"]), ("ben", &[])]);
        check(bare_user, &["LAKESIDE\\anna", "lakeside\\Anna"], &[("LAKESIDE\\anna", &["lakeside\\Anna"])]);
        check(bare_user, &["A\\anna", "B\\anna", "anna"], &[("A\\anna", &[]), ("B\\anna", &[]), ("anna", &[])]);
        check(bare_user, &["A\\", "root", "Root"], &[("A\\", &[]), ("Root", &[]), ("root", &[])]);
    }

    #[test]
    fn a_host_with_and_without_domain_is_one_and_addresses_stay() {
        check(bare_host, &["FS01", "fs01.lakeside.example"], &[("FS01", &["fs01.lakeside.example"])]);
        check(bare_host, &["10", "10.1.2.3"], &[("10", &[]), ("10.1.2.3", &[])]);
        check(
            bare_host,
            &["fs01", "fs01.a.example", "fs01.b.example"],
            &[("fs01", &[]), ("fs01.a.example", &[]), ("fs01.b.example", &[])],
        );
    }
}
