//! Accounts as a scope shows them: by name, by pseudonym, or not at all. The one place that turns a name into what may be seen of it.
//!
//! In come names as sources write them and an [`AccessScope`]; out goes what may be shown. A person has one pseudonym in event tables, findings and messages
//! ([`SiteKey::account_ref`]). Accounts of machines and pseudonyms of patients are nobody's name and stay.

mod within;

use std::borrow::Cow;

use cordon_policy::AccessScope;
use cordon_seal::SiteKey;

pub use within::Within;

/// The column of findings by which a scope says how accounts are shown.
const USER: &str = "user";

/// Accounts that are the machine itself: they exist on every host, so they say nothing about who.
const MACHINE_ACCOUNTS: [&str; 9] = [
    "system",
    "local service",
    "network service",
    "localsystem",
    "root",
    "anonymous logon",
    "window manager",
    "0",
    "s-1-5-18",
];

/// Texts that stand for nobody.
const NOBODY: [&str; 4] = ["", "-", "(null)", "unset"];

/// Whether an account is more than the machine it is on. `CORP\WS1$` is the machine's own account in its domain.
pub(crate) fn is_person(user: &str) -> bool {
    let name = user.rsplit('\\').next().unwrap_or(user);
    !name.ends_with('$') && !MACHINE_ACCOUNTS.iter().any(|machine| name.eq_ignore_ascii_case(machine))
}

/// Whether it has to be hidden: what stands for nobody and patients by their pseudonyms do not.
fn has_pseudonym(user: &str) -> bool {
    is_person(user) && !NOBODY.contains(&user.trim()) && !is_patient_ref(user)
}

fn is_patient_ref(name: &str) -> bool {
    name.strip_prefix("p-").is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a field of a record holds an account, by its name. A field too many costs a reader a value, one too few would name somebody: so parts of names count.
#[must_use]
pub fn is_account_field(field: &str) -> bool {
    const PARTS: [&str; 9] = ["user", "account", "acct", "auid", "login", "actor", "principal", "member", "mail"];
    const ENDS: [&str; 4] = ["sid", "upn", "owner", "uid"];
    const OTHERS: [&str; 5] = ["agent", "role", "type", "count", "domain"];
    let name: String =
        field.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let named = PARTS.iter().any(|part| name.contains(part)) || ENDS.iter().any(|end| name.ends_with(end));
    named && !OTHERS.iter().any(|other| name.ends_with(other))
}

/// Shows accounts. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    key: Option<SiteKey>,
}

impl Accounts {
    /// Under the key of the site; without it nobody has a pseudonym, and is not shown where one is asked for.
    #[must_use]
    pub const fn new(key: Option<SiteKey>) -> Self {
        Self { key }
    }

    /// The pseudonym of a person; `None` for an account that has none.
    #[must_use]
    pub fn pseudonym(&self, name: &str) -> Option<String> {
        self.key.as_ref().filter(|_| has_pseudonym(name)).map(|key| key.account_ref(name))
    }

    /// An account as the scope shows it; `None` when it does not.
    #[must_use]
    pub fn shown<'n>(&self, scope: &AccessScope, name: &'n str) -> Option<Cow<'n, str>> {
        if scope.masks(USER) {
            return None;
        }
        if !scope.pseudonymizes(USER) || !has_pseudonym(name) {
            return Some(Cow::Borrowed(name));
        }
        let pseudonym = self.pseudonym(name)?;
        Some(if scope.is_unlocked(&pseudonym) { Cow::Borrowed(name) } else { Cow::Owned(pseudonym) })
    }

    /// Whether the scope shows an account by its name.
    #[must_use]
    pub fn is_named(&self, scope: &AccessScope, name: &str) -> bool {
        matches!(self.shown(scope, name), Some(Cow::Borrowed(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_have_pseudonyms_and_machines_nobody_and_patients_do_not() {
        let accounts = Accounts::new(Some(SiteKey::new([7; 32])));
        let anna = accounts.pseudonym("anna");
        assert!(anna.is_some());
        assert_eq!(accounts.pseudonym("LAKESIDE\\Anna"), anna);
        for nobody in
            ["", "-", "(null)", "root", "NT AUTHORITY\\SYSTEM", "LAKESIDE\\WS1$", &format!("p-{}", "0a".repeat(16))]
        {
            assert_eq!(accounts.pseudonym(nobody), None, "{nobody}");
        }
        assert_eq!(Accounts::default().pseudonym("anna"), None);
    }

    #[test]
    fn fields_that_hold_accounts_are_known_by_their_names() {
        for field in [
            "User",
            "SubjectUserName",
            "TargetUserName",
            "user.name",
            "acct",
            "auid",
            "userIdentity.arn",
            "actor.alternateId",
            "ParentUser",
            "MemberName",
            "TargetUserSid",
            "AccountName",
            "user_name",
            "owner",
            "Email",
            "login",
            "target.user.uid",
        ] {
            assert!(is_account_field(field), "{field}");
        }
        for field in [
            "Image",
            "CommandLine",
            "user_agent",
            "UserAgent",
            "user_role",
            "client_ip",
            "address_inside",
            "SubjectDomainName",
        ] {
            assert!(!is_account_field(field), "{field}");
        }
    }
}
