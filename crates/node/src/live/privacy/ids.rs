//! How people and patients stand in a review: accounts in one spelling and marked, patients by the pseudonyms that events have.

use std::collections::BTreeMap;
use std::fmt;

use cordon_normalize::PatientId;
use cordon_privacy::Ids;
use cordon_seal::SiteKey;

/// In front of an account in every text of a review.
const MARK: &str = "[[user:";
/// Behind it.
const MARK_END: &str = "]]";

/// Makes the ids of one site.
#[derive(Clone)]
pub(super) struct SiteIds {
    key: SiteKey,
    /// Who assigns ids that stand alone, the likeliest first; none at all comes last.
    authorities: Vec<String>,
    /// Accounts by the number of the person, of those who have one.
    accounts: BTreeMap<String, String>,
}

impl fmt::Debug for SiteIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteIds").field("authorities", &self.authorities).finish_non_exhaustive()
    }
}

impl SiteIds {
    /// Ids under the key of a site, where these assign ids that stand alone.
    pub(super) fn new(key: SiteKey, authorities: impl IntoIterator<Item = String>) -> Self {
        let mut all: Vec<String> = Vec::new();
        for authority in authorities.into_iter().chain([String::new()]) {
            if !all.contains(&authority) {
                all.push(authority);
            }
        }
        Self { key, authorities: all, accounts: BTreeMap::new() }
    }

    /// The same, where messages may call people by their numbers instead of their accounts.
    pub(super) fn with_accounts(self, accounts: BTreeMap<String, String>) -> Self {
        Self { accounts, ..self }
    }

    /// The key of pseudonyms.
    pub(super) const fn key(&self) -> &SiteKey {
        &self.key
    }

    /// Whether this is the number of a person with an account.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.accounts.contains_key(text.trim())
    }

    /// Whom a message calls so, marked: their account, or the account of the person with this number. Empty for nobody.
    pub(super) fn person(&self, text: &str) -> String {
        let text = text.trim();
        match self.accounts.get(text) {
            _ if text.is_empty() => String::new(),
            Some(account) => marked(account),
            None => marked(text),
        }
    }
}

impl Ids for SiteIds {
    fn user(&self, text: &str) -> String {
        marked(text)
    }

    fn patients(&self, text: &str) -> Vec<String> {
        let of = |authority: &str, id: &str| {
            let known = PatientId::from_identifier(authority, id).unwrap_or(PatientId { authority: "", id: "" });
            self.key.patient_ref(known.authority, known.id).as_str().to_owned()
        };
        match text.rsplit_once('|') {
            Some((authority, id)) => vec![of(authority, id)],
            None => self.authorities.iter().map(|authority| of(authority, text)).collect(),
        }
    }
}

/// An account without a domain in front, in small letters: what two sources write in their own ways is one account.
pub(super) fn account(text: &str) -> String {
    let name = text.rsplit('\\').next().unwrap_or(text);
    // a mark must end where the account does
    name.trim().to_lowercase().replace(']', ")")
}

/// An account as it stands in texts.
pub(super) fn marked(text: &str) -> String {
    format!("{MARK}{}{MARK_END}", account(text))
}

/// The account of a mark.
pub(super) fn unmarked(text: &str) -> &str {
    text.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(MARK_END)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_one_in_every_spelling_and_is_found_again_in_its_mark() {
        for text in ["LAKESIDE\\Anna", " anna ", "ANNA"] {
            assert_eq!(marked(text), "[[user:anna]]");
        }
        assert_eq!((unmarked(&marked("a]]b")), unmarked("anna")), ("a))b", "anna"));
    }

    #[test]
    fn an_id_of_a_file_is_the_pseudonym_that_events_have() {
        let key = SiteKey::of_scan();
        let ids = SiteIds::new(key.clone(), ["1.2.3".to_owned()]);
        let of = |authority: &str, id: &str| key.patient_ref(authority, id).as_str().to_owned();
        assert_eq!(ids.patients("urn:oid:1.2.3|7"), [of("1.2.3", "7")]);
        assert_eq!(ids.patients("|7"), [of("", "7")]);
        assert_eq!(ids.patients("7"), [of("1.2.3", "7"), of("", "7")]);
    }

    #[test]
    fn a_message_may_name_people_by_their_number() {
        let accounts = [("E17".to_owned(), "anna".to_owned())].into();
        let ids = SiteIds::new(SiteKey::of_scan(), []).with_accounts(accounts);
        assert_eq!((ids.person("E17").as_str(), ids.person("Ben").as_str()), ("[[user:anna]]", "[[user:ben]]"));
        assert_eq!(ids.person(" "), "");
    }
}
