//! Columns of accounts as a scope shows them: names by pseudonym, and what else tells of an account only beside a name that is shown.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use cordon_policy::AccessScope;
use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringViewArray, StringViewBuilder};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::PhysicalExpr;

use serde_json::{Map, Value};

use crate::accounts::{Accounts, Within};

/// The column with the name of the account that a column tells of.
const NAMES: [(&str, &str); 7] = [
    ("user_name", "user_name"),
    ("user_uid", "user_name"),
    ("user_domain", "user_name"),
    ("actor_user_name", "actor_user_name"),
    ("actor_user_uid", "actor_user_name"),
    ("actor_user_domain", "actor_user_name"),
    ("actor_session_uid", "actor_user_name"),
];

/// Columns of texts that can hold a name of the accounts of the event, or a path with one.
const TEXTS: [&str; 14] = [
    "actor_process_file_path",
    "actor_process_cmd_line",
    "process_file_path",
    "process_cmd_line",
    "process_parent_process_file_path",
    "process_parent_process_cmd_line",
    "file_path",
    "file_name",
    "reg_path",
    "reg_value_name",
    "reg_value_data",
    "job_name",
    "service_name",
    "http_request_url_path",
];
/// The names that are looked for in them.
const NAMES_OF_EVENT: [&str; 2] = ["user_name", "actor_user_name"];

/// The name of the account that a column tells of; `None` for one that tells of none.
fn name_beside(column: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == column).map(|(_, name)| *name)
}

/// How a column is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum How {
    /// As it stands there.
    Plain,
    /// Not at all.
    Null,
    /// A name: by pseudonym.
    Name,
    /// What else tells of an account: when its name, in this column, is shown.
    Beside(&'static str),
    /// A text: with names replaced.
    Text,
}

impl How {
    /// How somebody with this scope sees a column.
    pub(super) fn of(column: &str, scope: &AccessScope) -> Self {
        match name_beside(column) {
            _ if scope.masks(column) => Self::Null,
            Some(name) if scope.pseudonymizes(column) && name == column => Self::Name,
            Some(name) if scope.pseudonymizes(column) => Self::Beside(name),
            None if scope.pseudonymizes(column) => Self::Null,
            None if TEXTS.contains(&column) && NAMES_OF_EVENT.iter().any(|name| scope.pseudonymizes(name)) => {
                Self::Text
            }
            _ => Self::Plain,
        }
    }

    /// The columns that are read for it beside its own.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Beside("user_name") => &["user_name"],
            Self::Beside(_) => &["actor_user_name"],
            Self::Text => &NAMES_OF_EVENT,
            Self::Plain | Self::Null | Self::Name => &[],
        }
    }
}

/// The columns of one event, by name, as a scope shows them; the same as what a question would find.
#[must_use]
pub fn shown_columns(columns: &Map<String, Value>, scope: &AccessScope, accounts: &Accounts) -> Map<String, Value> {
    let text = |column: &str| columns.get(column).and_then(Value::as_str);
    let within = accounts.within(scope, NAMES_OF_EVENT.iter().filter_map(|name| text(name)));
    let shown = |(column, value): (&String, &Value)| -> Option<(String, Value)> {
        let value = match (How::of(column, scope), value.as_str()) {
            (How::Plain, _) => value.clone(),
            (How::Name, Some(name)) => Value::String(accounts.shown(scope, name)?.into_owned()),
            (How::Beside(name), _) if accounts.is_named(scope, text(name)?) => value.clone(),
            (How::Text, Some(value)) => Value::String(within.as_ref()?.text(value).into_owned()),
            _ => return None,
        };
        Some((column.clone(), value))
    };
    columns.iter().filter_map(shown).collect()
}

/// How accounts are shown to somebody.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) scope: AccessScope,
    pub(super) accounts: Accounts,
}

/// A column of accounts as somebody sees it.
pub(super) struct AccountColumn {
    shown: Arc<Shown>,
    how: How,
    /// The column, and behind it the names that are read for it.
    read: Vec<Arc<dyn PhysicalExpr>>,
}

impl AccountColumn {
    /// `read`: the column, and behind it those of [`How::names`].
    pub(super) fn new(shown: Arc<Shown>, how: How, read: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        Self { shown, how, read }
    }
}

impl fmt::Debug for AccountColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountColumn({:?}, {:?})", self.how, self.read)
    }
}

impl fmt::Display for AccountColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.read.first().map_or_else(String::new, ToString::to_string);
        write!(f, "shown({column})")
    }
}

impl PartialEq for AccountColumn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shown, &other.shown) && self.how == other.how && self.read == other.read
    }
}

impl Eq for AccountColumn {}

impl Hash for AccountColumn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.how.hash(state);
        self.read.hash(state);
    }
}

impl PhysicalExpr for AccountColumn {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let read = self.read.iter().map(|column| column.evaluate(batch)?.into_array(rows));
        let read = read.collect::<Result<Vec<ArrayRef>>>()?;
        let texts: Option<Vec<&StringViewArray>> = read.iter().map(|column| column.as_string_view_opt()).collect();
        let texts = texts.ok_or_else(|| odd("a column of accounts is no text"))?;
        let Some((values, names)) = texts.split_first() else {
            return Err(odd("a column of accounts lacks its value"));
        };
        let shown: StringViewArray = match self.how {
            How::Plain | How::Null => {
                return Err(odd("a column that is shown as it is, or not, is no column of accounts"));
            }
            How::Name => by_pseudonym(&self.shown, values),
            How::Beside(_) => beside(&self.shown, values, names),
            How::Text => with_names_replaced(&self.shown, values, names),
        };
        Ok(ColumnarValue::Array(Arc::new(shown)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.read.iter().collect()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self::new(Arc::clone(&self.shown), self.how, children)))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Each name is looked at once a batch: a hash of each row would cost more than the rest of most questions.
fn by_pseudonym(shown: &Shown, names: &StringViewArray) -> StringViewArray {
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut one = |name| {
        let shown = || shown.accounts.shown(&shown.scope, name).map(Cow::into_owned);
        known.entry(name).or_insert_with(shown).clone()
    };
    names.iter().map(|name| one(name?)).collect()
}

fn beside(shown: &Shown, values: &StringViewArray, names: &[&StringViewArray]) -> StringViewArray {
    let mut known: HashMap<&str, bool> = HashMap::new();
    let mut is_named = |name| *known.entry(name).or_insert_with(|| shown.accounts.is_named(&shown.scope, name));
    let names = names.first().map(|names| names.iter()).into_iter().flatten();
    values.iter().zip(names).map(|(value, name)| value.filter(|_| name.is_some_and(&mut is_named))).collect()
}

/// The names of an event, which few texts have in common with those of another: what is looked for is made once a batch for each pair.
fn with_names_replaced<'c>(
    shown: &Shown,
    texts: &'c StringViewArray,
    names: &[&'c StringViewArray],
) -> StringViewArray {
    let mut known: HashMap<[Option<&'c str>; 2], Option<Within<'_>>> = HashMap::new();
    let [users, actors] = [0, 1].map(|place| names.get(place).map(|names| names.iter()));
    let (Some(users), Some(actors)) = (users, actors) else { return StringViewArray::new_null(texts.len()) };
    let mut column = StringViewBuilder::with_capacity(texts.len());
    for (text, (user, actor)) in texts.iter().zip(users.zip(actors)) {
        let named = [user, actor];
        let within = || shown.accounts.within(&shown.scope, named.into_iter().flatten());
        let within = known.entry(named).or_insert_with(within).as_ref();
        column.append_option(within.zip(text).map(|(within, text)| within.text(text)));
    }
    column.finish()
}

fn odd(what: &str) -> DataFusionError {
    DataFusionError::Internal(what.to_owned())
}
