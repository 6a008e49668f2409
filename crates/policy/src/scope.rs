//! The outcome of a decision about reading: which rows and which columns.
//!
//! Comes in: what was decided. Goes out: a scope that the store lays beneath every query. It knows no query language.

use std::collections::BTreeSet;

use cordon_model::Time;

use crate::Unlock;

/// Cases about staff, as a scope's classes name them.
pub const STAFF_CASES: i64 = 1;
/// Cases about who works in the privacy office itself: another role looks into them.
pub const OFFICE_CASES: i64 = 2;

/// What a request may read. Only this room makes one; the store accepts no query without it. Others can narrow one; nothing widens it but
/// the name of one person, on which two people agreed ([`AccessScope::unlocking`], which holds each unlock against the rule).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessScope {
    /// `None`: every row. A row is readable when any of the grants admits it.
    grants: Option<Vec<Grant>>,
    masked_columns: BTreeSet<String>,
    /// Columns whose people are shown by pseudonyms.
    pseudonymous_columns: BTreeSet<String>,
    /// The pseudonyms of those who are shown by name all the same.
    unlocked: BTreeSet<String>,
    may_reveal: bool,
}

/// Rows that may be read: those of any of the sites and of any of the classes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    sites: Option<BTreeSet<String>>,
    classes: Option<BTreeSet<i64>>,
}

impl Grant {
    pub(crate) const fn new(sites: Option<BTreeSet<String>>, classes: Option<BTreeSet<i64>>) -> Self {
        Self { sites, classes }
    }

    /// The sites; `None` for all. An empty set means no row.
    #[must_use]
    pub const fn sites(&self) -> Option<&BTreeSet<String>> {
        self.sites.as_ref()
    }

    /// The OCSF classes (`class_uid`); `None` for all. An empty set means no row.
    #[must_use]
    pub const fn classes(&self) -> Option<&BTreeSet<i64>> {
        self.classes.as_ref()
    }

    fn admits(&self, site: &str, class_uid: i64) -> bool {
        self.admits_site(site) && self.classes.as_ref().is_none_or(|classes| classes.contains(&class_uid))
    }

    fn admits_site(&self, site: &str) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.contains(site))
    }
}

impl AccessScope {
    /// For the node itself: its own checks, rules and measurements, never for a person.
    #[must_use]
    pub const fn of_the_node() -> Self {
        Self {
            grants: None,
            masked_columns: BTreeSet::new(),
            pseudonymous_columns: BTreeSet::new(),
            unlocked: BTreeSet::new(),
            may_reveal: false,
        }
    }

    /// What a decision yields.
    pub(crate) const fn new(grants: Vec<Grant>, masked_columns: BTreeSet<String>, may_reveal: bool) -> Self {
        Self {
            grants: Some(grants),
            masked_columns,
            pseudonymous_columns: BTreeSet::new(),
            unlocked: BTreeSet::new(),
            may_reveal,
        }
    }

    /// The same with these columns read by pseudonym.
    pub(crate) fn showing_pseudonyms(self, pseudonymous_columns: BTreeSet<String>) -> Self {
        Self { pseudonymous_columns, ..self }
    }

    /// Which rows may be read: those that any grant admits; `None` for every row. An empty list means no row.
    #[must_use]
    pub fn grants(&self) -> Option<&[Grant]> {
        self.grants.as_deref()
    }

    /// Whether a row of this site and class (`class_uid`) may be read: the meaning of the scope, one row at a time.
    #[must_use]
    pub fn admits(&self, site: &str, class_uid: i64) -> bool {
        self.grants.as_ref().is_none_or(|grants| grants.iter().any(|grant| grant.admits(site, class_uid)))
    }

    /// Whether anything of this site may be read. For things that belong to a site and to no class, such as sources.
    #[must_use]
    pub fn admits_site(&self, site: &str) -> bool {
        self.grants.as_ref().is_none_or(|grants| grants.iter().any(|grant| grant.admits_site(site)))
    }

    /// Columns that are read as null.
    #[must_use]
    pub const fn masked_columns(&self) -> &BTreeSet<String> {
        &self.masked_columns
    }

    /// Whether a column is read as null.
    #[must_use]
    pub fn masks(&self, column: &str) -> bool {
        self.masked_columns.contains(column)
    }

    /// Whether people in a column are read by their pseudonyms, and what else the column tells of them is null. Other accounts are read as they are. A masked column is
    /// null altogether.
    #[must_use]
    pub fn pseudonymizes(&self, column: &str) -> bool {
        self.pseudonymous_columns.contains(column) && !self.masks(column)
    }

    /// Whether people in any column are.
    #[must_use]
    pub fn has_pseudonyms(&self) -> bool {
        !self.pseudonymous_columns.is_empty()
    }

    /// Whether the person of a pseudonym is shown by name all the same.
    #[must_use]
    pub fn is_unlocked(&self, pseudonym: &str) -> bool {
        self.unlocked.contains(pseudonym)
    }

    /// The same scope with the people shown by name whom two others have unlocked at `now`. What two people did not agree on, or agreed on for another time, unlocks
    /// nobody.
    #[must_use]
    pub fn unlocking<'u>(mut self, unlocks: impl IntoIterator<Item = &'u Unlock>, now: Time) -> Self {
        if self.has_pseudonyms() {
            let in_force = unlocks.into_iter().filter(|unlock| unlock.is_in_force(now));
            self.unlocked.extend(in_force.map(|unlock| unlock.pseudonym.clone()));
        }
        self
    }

    /// Whether the bytes that name a patient may be shown. Only the decision about [`crate::Action::RevealEvidence`] says so.
    #[must_use]
    pub const fn may_reveal(&self) -> bool {
        self.may_reveal
    }

    /// The same scope without the rows of other sites.
    #[must_use]
    pub fn narrowed_to_sites(&self, sites: &BTreeSet<String>) -> Self {
        self.narrowed(|grant| Grant::new(Some(common(grant.sites.as_ref(), sites)), grant.classes.clone()))
    }

    /// The same scope without the rows of other classes.
    #[must_use]
    pub fn narrowed_to_classes(&self, classes: &BTreeSet<i64>) -> Self {
        self.narrowed(|grant| Grant::new(grant.sites.clone(), Some(common(grant.classes.as_ref(), classes))))
    }

    /// The same scope with one more column read as null.
    #[must_use]
    pub fn masking(mut self, column: &str) -> Self {
        self.masked_columns.insert(column.to_owned());
        self
    }

    fn narrowed(&self, narrow: impl Fn(&Grant) -> Grant) -> Self {
        let everything = [Grant::new(None, None)];
        let grants = self.grants.as_deref().unwrap_or(&everything).iter().map(narrow).collect();
        Self { grants: Some(grants), ..self.clone() }
    }
}

/// What both sets hold; `None` is the set of everything.
fn common<T: Ord + Clone>(set: Option<&BTreeSet<T>>, other: &BTreeSet<T>) -> BTreeSet<T> {
    set.map_or_else(|| other.clone(), |set| set.intersection(other).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_node_reads_every_row_and_reveals_nothing() {
        let scope = AccessScope::of_the_node();
        assert!(scope.admits("anywhere", 1007) && scope.admits_site("anywhere") && !scope.may_reveal());
    }

    #[test]
    fn narrowing_only_takes_away() {
        let scope = AccessScope::of_the_node().narrowed_to_sites(&sites(&["main", "north"]));
        let narrower = scope.narrowed_to_sites(&sites(&["north", "south"])).narrowed_to_classes(&[3002].into());
        let admitted = |site, class| narrower.admits(site, class);
        assert!(admitted("north", 3002));
        assert!(!admitted("north", 1007) && !admitted("main", 3002) && !admitted("south", 3002));
        assert!(narrower.admits_site("north") && !narrower.admits_site("main"));
        assert!(narrower.masking("user").masks("user"));
    }

    #[test]
    fn two_grants_are_a_union_and_no_product() {
        let grant = |site: &str, class: i64| Grant::new(Some(sites(&[site])), Some([class].into()));
        let scope = AccessScope::new(vec![grant("main", 1007), grant("north", 3002)], BTreeSet::new(), false);
        assert!(scope.admits("main", 1007) && scope.admits("north", 3002));
        assert!(!scope.admits("main", 3002) && !scope.admits("north", 1007));
        assert!(!AccessScope::new(Vec::new(), BTreeSet::new(), false).admits("main", 1007));
    }
}
