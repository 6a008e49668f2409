//! Whom an event names: its own bytes are shown to whoever sees pseudonyms only when all of them may be seen by name.

use cordon_policy::AccessScope;
use cordon_store::accounts::{Accounts, is_account_field};
use serde_json::{Map, Value};

/// Columns with names of accounts, and those that tell of one whose name the event may lack.
const NAMES: [&str; 2] = ["user_name", "actor_user_name"];
const IDS: [(&str, &str); 2] = [("user_uid", "user_name"), ("actor_user_uid", "actor_user_name")];
/// Deepest nesting of `rest` that is looked at; what lies deeper names somebody.
const DEPTH_MAX: usize = 24;

/// Whether the scope shows everybody by name whom the columns of an event name. They are the columns as they are kept.
pub(super) fn shows_everybody(columns: &Map<String, Value>, scope: &AccessScope, accounts: &Accounts) -> bool {
    let text = |column: &str| columns.get(column).and_then(Value::as_str);
    let is_named = |name: &str| accounts.is_named(scope, name);
    let rest = text("rest").map(serde_json::from_str::<Value>);
    NAMES.iter().filter_map(|column| text(column)).all(is_named)
        && IDS.iter().filter(|(_, name)| text(name).is_none()).filter_map(|(id, _)| text(id)).all(is_named)
        && rest.is_none_or(|rest| rest.is_ok_and(|rest| rest_shows("", "", &rest, &is_named, 0)))
}

/// An account stands under a name such as `user`, or `name` within an object `user`. The object `actor` holds processes too.
fn rest_shows(above: &str, name: &str, value: &Value, is_named: &dyn Fn(&str) -> bool, depth: usize) -> bool {
    match value {
        _ if depth > DEPTH_MAX => false,
        Value::Object(members) => {
            members.iter().all(|(member, value)| rest_shows(name, member, value, is_named, depth + 1))
        }
        Value::Array(items) => items.iter().all(|item| rest_shows(above, name, item, is_named, depth + 1)),
        Value::String(text) => {
            let above = if above == "actor" { "" } else { above };
            !is_account_field(&format!("{above}.{name}")) || is_named(text)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
