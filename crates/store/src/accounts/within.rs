//! Names of accounts within other texts: matched values of a finding, command lines, paths. Wherever a name stands in them, its pseudonym takes its place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cordon_policy::AccessScope;
use serde_json::Value;

use super::{Accounts, has_pseudonym, is_account_field};

/// Shorter names are replaced where they stand as a word only: as part of others they would make texts unreadable, and hide nothing.
const PART_LETTERS_MIN: usize = 3;

/// The names that may not be seen in the texts of one finding or event, with what is shown instead.
#[derive(Clone, Debug)]
pub struct Within<'a> {
    accounts: &'a Accounts,
    scope: &'a AccessScope,
    /// In small letters, the longest first.
    names: Vec<(Vec<char>, String)>,
}

impl Accounts {
    /// For the texts beside these accounts; `None` when the scope shows names, or hides such texts altogether.
    #[must_use]
    pub fn within<'a, 'n>(
        &'a self,
        scope: &'a AccessScope,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Option<Within<'a>> {
        if !scope.pseudonymizes(super::USER) {
            return None;
        }
        let mut hidden: BTreeMap<String, String> = BTreeMap::new();
        for name in names.into_iter().filter(|name| has_pseudonym(name) && !self.is_named(scope, name)) {
            let shown = self.pseudonym(name).unwrap_or_default();
            let bare = name.rsplit('\\').next().unwrap_or(name);
            for form in [name, bare] {
                hidden.insert(form.trim().to_lowercase(), shown.clone());
            }
        }
        let mut names: Vec<_> = hidden.into_iter().map(|(name, shown)| (name.chars().collect(), shown)).collect();
        names.retain(|(name, _): &(Vec<char>, _)| !name.is_empty());
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Some(Within { accounts: self, scope, names })
    }

    /// Hides within an explanation (`docs/specs/state.md`) what the scope does not show of accounts. `user` is the account of the finding.
    pub(crate) fn hide_in_explanation(&self, scope: &AccessScope, user: Option<&str>, explanation: &mut Value) {
        const LISTS: [&str; 2] = ["/matched", "/origin/group"];
        let is_correlation = explanation.pointer("/origin/kind").is_some_and(|kind| kind == "correlation");
        let named: Vec<String> = LISTS.iter().flat_map(|list| accounts_of(explanation, list)).collect();
        let names = named.iter().map(String::as_str).chain(user);
        let Some(within) = self.within(scope, names) else { return };
        for list in LISTS {
            let items = explanation.pointer_mut(list).and_then(Value::as_array_mut);
            for item in items.into_iter().flatten() {
                hide_in_item(&within, is_correlation, item);
            }
        }
    }
}

/// The values of a list of fields that hold accounts.
fn accounts_of(explanation: &Value, list: &str) -> Vec<String> {
    let items = explanation.pointer(list).and_then(Value::as_array);
    let pairs = items.into_iter().flatten().filter_map(|item| item.get("field")?.as_str().zip(item.get("value")?.as_str()));
    pairs.filter(|(field, _)| is_account_field(field)).map(|(_, value)| value.to_owned()).collect()
}

fn hide_in_item(within: &Within<'_>, is_correlation: bool, item: &mut Value) {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let Some((field, value)) = text("field").zip(text("value")) else { return };
    // what a correlation measured stands under the name of the field: a number, nobody's name
    let is_measured = is_correlation && text("pattern").is_some_and(|pattern| pattern != "group-by");
    let shown = if is_measured { Some(within.text(value)) } else { within.value(field, value) };
    let shown = shown.map(Cow::into_owned);
    if shown.as_deref() == Some(value) {
        return;
    }
    let Some(members) = item.as_object_mut() else { return };
    members.insert("value".to_owned(), shown.map_or(Value::Null, Value::String));
    // the place in the record is that of the name
    if members.contains_key("offset") {
        members.insert("offset".to_owned(), Value::Null);
        members.insert("length".to_owned(), Value::from(0));
    }
}

impl Within<'_> {
    /// A value as it may be seen: of a field that holds an account the account as the scope shows it, else [`Within::text`]. `None` when nothing of it may be.
    #[must_use]
    pub fn value<'v>(&self, field: &str, value: &'v str) -> Option<Cow<'v, str>> {
        if is_account_field(field) { self.accounts.shown(self.scope, value) } else { Some(self.text(value)) }
    }

    /// A text with the names replaced, in upper or lower case, with and without domain.
    #[must_use]
    pub fn text<'v>(&self, text: &'v str) -> Cow<'v, str> {
        let mut replaced = String::new();
        let (mut kept, mut before, mut letters) = (0, None, text.char_indices());
        while let Some((at, letter)) = letters.next() {
            let rest = text.get(at..).unwrap_or_default();
            let Some((length, shown)) = self.names.iter().find_map(|(name, shown)| Some((found(name, before, rest)?, shown)))
            else {
                before = Some(letter);
                continue;
            };
            replaced.push_str(text.get(kept..at).unwrap_or_default());
            replaced.push_str(shown);
            kept = at + length;
            while letters.clone().next().is_some_and(|(next, _)| next < kept) {
                letters.next();
            }
            before = None;
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        replaced.push_str(text.get(kept..).unwrap_or_default());
        Cow::Owned(replaced)
    }
}

/// How many bytes of `text` a name takes that stands at its beginning.
fn found(name: &[char], before: Option<char>, text: &str) -> Option<usize> {
    let mut wanted = name.iter();
    let mut letters = text.char_indices();
    while !wanted.as_slice().is_empty() {
        let (_, letter) = letters.next()?;
        for small in letter.to_lowercase() {
            wanted.next().filter(|wanted| **wanted == small)?;
        }
    }
    let end = letters.clone().next().map_or(text.len(), |(at, _)| at);
    let is_word = !before.is_some_and(char::is_alphanumeric) && !letters.next().is_some_and(|(_, next)| next.is_alphanumeric());
    (name.len() >= PART_LETTERS_MIN || is_word).then_some(end)
}
