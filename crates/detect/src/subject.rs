//! Where and who: the host and the user of an event, for people to read. Rules decide without it.

use cordon_model::{Arena, Field, Value};

/// Field names that hold a host, the best first; the address that something came from stands in where no name is stated.
const HOST_FIELDS: [&str; 22] = [
    "Computer",
    "ComputerName",
    "Hostname",
    "hostname",
    "host.name",
    "host.hostname",
    "agent.hostname",
    "carrier.host.name",
    "carrier.host",
    "host",
    "workstation",
    "Workstation",
    "WorkstationName",
    "sensor",
    "device_id",
    "client_ip",
    "src_ip",
    "source.ip",
    "id.orig_h",
    "remip",
    "srcip",
    "address_inside",
];

/// Field names that hold a user, the best first.
const USER_FIELDS: [&str; 18] = [
    "User",
    "SubjectUserName",
    "TargetUserName",
    "AccountName",
    "user",
    "user.name",
    "username",
    "userName",
    "UserName",
    "acct",
    "auid",
    "userIdentity.arn",
    "userIdentity.userName",
    "actor.alternateId",
    "src_user",
    "suser",
    "account",
    "Account",
];

/// Texts that stand for nobody and nowhere.
const NOTHING: [&str; 4] = ["", "-", "(null)", "unset"];

/// The host and the user of an event, in the source's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The machine that wrote the event or that it speaks of.
    pub host: Option<String>,
    /// The account.
    pub user: Option<String>,
}

impl Subject {
    /// Looks in the fields that rules saw first, then in the record's own.
    pub(crate) fn of<'a>(views: [&[Field<'a>]; 2], arena: &'a Arena) -> Self {
        let first = |names: &[&str]| {
            let of_view = |fields: &[Field<'a>]| names.iter().find_map(|name| value(fields, name, arena));
            views.into_iter().find_map(of_view)
        };
        Self { host: first(&HOST_FIELDS), user: first(&USER_FIELDS) }
    }

    /// The same from the group of a correlation.
    pub(crate) fn of_pairs(pairs: &[(String, String)]) -> Self {
        let arena = Arena::new();
        let field = |(name, value): &'_ (String, String)| -> Field<'_> {
            Field { name: arena.alloc_str(name), value: Value::Text(arena.alloc_str(value)) }
        };
        let fields: Vec<Field<'_>> = pairs.iter().map(field).collect();
        Self::of([&[], &fields], &arena)
    }
}

/// The first value of a field that says something. `Event.System.Computer` counts as `Computer`: shippers nest the same names differently.
fn value<'a>(fields: &[Field<'a>], name: &str, arena: &'a Arena) -> Option<String> {
    let named = |field: &&Field<'_>| {
        field.name == name
            || field.name.strip_suffix(name).is_some_and(|path| path.starts_with("Event.") && path.ends_with('.'))
    };
    let text = fields.iter().filter(named).find_map(|field| field.value.text(arena))?;
    (!NOTHING.contains(&text)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[(&'static str, &'static str)], host: Option<&str>, user: Option<&str>) {
        let arena = Arena::new();
        let fields: Vec<Field<'_>> =
            fields.iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect();
        let subject = Subject::of([&[], &fields], &arena);
        assert_eq!((subject.host.as_deref(), subject.user.as_deref()), (host, user));
    }

    #[test]
    fn host_and_user_are_found_under_the_names_of_common_sources() {
        check(&[("Computer", "ws1"), ("SubjectUserName", "-"), ("TargetUserName", "anna")], Some("ws1"), Some("anna"));
        check(&[("Event.System.Computer", "ws1"), ("Event.EventData.User", "anna")], Some("ws1"), Some("anna"));
        check(&[("host.name", "web"), ("user.name", "root")], Some("web"), Some("root"));
        check(&[("EventID", "1")], None, None);
        check(&[("id.orig_h", "10.0.0.1"), ("account", "anna")], Some("10.0.0.1"), Some("anna"));
        check(&[("src_ip", "10.0.0.1"), ("Computer", "ws1")], Some("ws1"), None);
    }
}
