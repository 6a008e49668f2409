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
        let named: Vec<String> = LISTS.iter().flat_map(|list| accounts_of(explanation, list, is_correlation)).collect();
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
fn accounts_of(explanation: &Value, list: &str, is_correlation: bool) -> Vec<String> {
    let items = explanation.pointer(list).and_then(Value::as_array).into_iter().flatten();
    let pairs = items
        .filter(|item| !is_measured(item, is_correlation))
        .filter_map(|item| item.get("field")?.as_str().zip(item.get("value")?.as_str()));
    pairs.filter(|(field, _)| is_account_field(field)).map(|(_, value)| value.to_owned()).collect()
}

/// What a correlation measured stands under the name of the field: a number, nobody's name.
fn is_measured(item: &Value, is_correlation: bool) -> bool {
    is_correlation && item.get("pattern").and_then(Value::as_str).is_some_and(|pattern| pattern != "group-by")
}

fn hide_in_item(within: &Within<'_>, is_correlation: bool, item: &mut Value) {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let Some((field, value)) = text("field").zip(text("value")) else { return };
    let shown = if is_measured(item, is_correlation) { Some(within.text(value)) } else { within.value(field, value) };
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
            let Some(Replaced { from, until, shown }) = self.named(before, rest).or_else(|| self.owner(letter, rest))
            else {
                before = Some(letter);
                continue;
            };
            replaced.push_str(text.get(kept..at + from).unwrap_or_default());
            replaced.push_str(&shown);
            kept = at + until;
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

/// What takes the place of some bytes of a text.
struct Replaced<'w> {
    from: usize,
    until: usize,
    shown: Cow<'w, str>,
}

impl Within<'_> {
    /// A name that stands at the beginning.
    fn named(&self, before: Option<char>, text: &str) -> Option<Replaced<'_>> {
        self.names.iter().find_map(|(name, shown)| {
            Some(Replaced { from: 0, until: found(name, before, text)?, shown: Cow::Borrowed(shown.as_str()) })
        })
    }

    /// Whose home folder the path is that stands at the beginning: it names its owner, whoever the event or finding is about.
    fn owner(&self, letter: char, text: &str) -> Option<Replaced<'_>> {
        if letter != '\\' && letter != '/' {
            return None;
        }
        let (from, name) = home(text)?;
        if self.accounts.is_named(self.scope, name) {
            return None;
        }
        let shown = self.accounts.pseudonym(name).unwrap_or_default();
        Some(Replaced { from, until: from + name.len(), shown: Cow::Owned(shown) })
    }
}

/// Folders beside those of people.
const NOBODYS: [&str; 6] = ["public", "default", "default user", "all users", "shared", "guest"];

/// The owner's name behind `\Users\`, `/home/` or `/Users/` at the beginning of a text, and how many bytes stand in front of it.
fn home(text: &str) -> Option<(usize, &str)> {
    let unix = ["/home/", "/Users/"].into_iter().find(|front| text.starts_with(front)).map(str::len);
    let from = unix.or_else(|| windows_home(text))?;
    let rest = text.get(from..)?;
    let end = rest.find(|letter: char| letter.is_control() || "\\/\"'<>|:*?;,&".contains(letter)).unwrap_or(rest.len());
    let name = rest.get(..end)?;
    // a name with a blank in it ends where the path goes on
    let goes_on = rest.get(end..).is_some_and(|after| after.starts_with(['\\', '/']));
    let name = if goes_on { name } else { name.split_whitespace().next()? };
    (!name.is_empty() && !NOBODYS.iter().any(|nobody| name.eq_ignore_ascii_case(nobody))).then_some((from, name))
}

/// Bytes of `\Users\`; in JSON within JSON there are more of each stroke.
fn windows_home(text: &str) -> Option<usize> {
    const FOLDER: &str = "users";
    let strokes = |text: &str| text.bytes().take_while(|byte| *byte == b'\\').count();
    let front = strokes(text);
    let folder =
        text.get(front..front + FOLDER.len()).filter(|folder| front > 0 && folder.eq_ignore_ascii_case(FOLDER))?;
    let behind = strokes(text.get(front + folder.len()..)?);
    (behind > 0).then_some(front + folder.len() + behind)
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
    let is_word =
        !before.is_some_and(char::is_alphanumeric) && !letters.next().is_some_and(|(_, next)| next.is_alphanumeric());
    (name.len() >= PART_LETTERS_MIN || is_word).then_some(end)
}

#[cfg(test)]
mod tests {
    use cordon_policy::{Action, Asked, Decision, Policies, Principal, Role, StaffNames, Universe};
    use cordon_seal::SiteKey;

    use super::*;

    fn analyst() -> AccessScope {
        let universe = Universe { sites: ["main".to_owned()].into(), classes: [3002].into() };
        let policies = Policies::load(universe, &[]).unwrap().with_staff_names(StaffNames::ByPseudonym);
        let principal = Principal { roles: [Role::Analyst].into(), sites: None, only: None };
        match policies.decide(&principal, Action::ReadFindings, Asked::default()) {
            Decision::Allowed(scope) => scope,
            Decision::Denied => panic!("an analyst reads findings"),
        }
    }

    /// `{name}` stands for the pseudonym of `name`.
    fn check(names: &[&str], text: &str, expect: &str) {
        let (accounts, scope) = (Accounts::new(Some(SiteKey::new([5; 32]))), analyst());
        let within = accounts.within(&scope, names.iter().copied()).unwrap();
        let mut wanted = expect.to_owned();
        for name in ["anna", "bert", "J. Doe", "jörg", "al"] {
            wanted = wanted.replace(&format!("{{{name}}}"), &accounts.pseudonym(name).unwrap());
        }
        assert_eq!(within.text(text), wanted, "{text}");
    }

    #[test]
    fn a_name_is_replaced_with_and_without_domain_in_either_case() {
        check(&["LAKESIDE\\anna"], "ran as lakeside\\ANNA, then anna", "ran as {anna}, then {anna}");
        check(&["anna", "bert"], "anna.bert@x annabert", "{anna}.{bert}@x {anna}{bert}");
        check(&["jörg"], "user JÖRG logged in", "user {jörg} logged in");
        check(&["al"], "al also ran al; Al", "{al} also ran {al}; {al}");
        check(&["root", "-", ""], "root - nothing", "root - nothing");
        check(&["anna"], "", "");
    }

    #[test]
    fn a_home_folder_names_its_owner_whoever_the_text_is_about() {
        check(&[], r"C:\Users\anna\x.exe", r"C:\Users\{anna}\x.exe");
        check(&[], r#"type "c:\USERS\J. Doe\a b.txt" /x"#, r#"type "c:\USERS\{J. Doe}\a b.txt" /x"#);
        check(&[], r"C:\\Users\\Anna\\x and /home/bert", r"C:\\Users\\{anna}\\x and /home/{bert}");
        check(&[], "ls /home/bert --all", "ls /home/{bert} --all");
        check(&["anna"], "/Users/anna/anna.txt", "/Users/{anna}/{anna}.txt");
        for same in [
            r"C:\Users\Public\x",
            r"C:\Users\",
            r"C:\Users",
            "/home/",
            "/home",
            "/api/users/list",
            r"\users",
            r"C:\Users\Default User\x",
        ] {
            check(&[], same, same);
        }
    }

    #[test]
    fn any_text_is_walked_to_its_end() {
        let (accounts, scope) = (Accounts::new(Some(SiteKey::new([5; 32]))), analyst());
        let within = accounts.within(&scope, ["anna", "jörg", "İx"]).unwrap();
        proptest::proptest!(|(text in "[\\\\/aAnNjJöÖrgİıxUusershome ]{0,40}|\\PC{0,40}")| {
            let shown = within.text(&text).to_lowercase();
            proptest::prop_assert!(!shown.contains("anna") && !shown.contains("jörg"), "{}", shown);
        });
    }
}
