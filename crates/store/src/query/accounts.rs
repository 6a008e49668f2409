//! Columns of accounts as a scope shows them: names by pseudonym, and what else tells of an account only beside a name that is shown.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use cordon_policy::AccessScope;
use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringViewBuilder, new_null_array};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::PhysicalExpr;

use serde_json::{Map, Value};

use crate::accounts::Accounts;

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

/// The column that has to be read with a column that is shown by pseudonym: the name of the account. `None` for one that is shown nowhere then.
pub(super) fn name_beside(column: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == column).map(|(_, name)| *name)
}

/// The columns of one event, by name, as a scope shows them; the same as what a question would find.
#[must_use]
pub fn shown_columns(columns: &Map<String, Value>, scope: &AccessScope, accounts: &Accounts) -> Map<String, Value> {
    let named = |column: &str| name_beside(column).and_then(|name| columns.get(name)?.as_str());
    let shown = |(column, value): (&String, &Value)| -> Option<(String, Value)> {
        if scope.masks(column) {
            return None;
        }
        if !scope.pseudonymizes(column) {
            return Some((column.clone(), value.clone()));
        }
        let name = named(column)?;
        let value = match accounts.shown(scope, name)? {
            Cow::Borrowed(_) => value.clone(),
            Cow::Owned(pseudonym) if name_beside(column) == Some(column.as_str()) => Value::String(pseudonym),
            Cow::Owned(_) => return None,
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
    value: Arc<dyn PhysicalExpr>,
    /// The name beside it; `None` when it is the name itself.
    name: Option<Arc<dyn PhysicalExpr>>,
}

impl AccountColumn {
    pub(super) fn new(shown: Arc<Shown>, value: Arc<dyn PhysicalExpr>, name: Option<Arc<dyn PhysicalExpr>>) -> Self {
        Self { shown, value, name }
    }
}

impl fmt::Debug for AccountColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountColumn({:?})", self.value)
    }
}

impl fmt::Display for AccountColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shown({})", self.value)
    }
}

impl PartialEq for AccountColumn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shown, &other.shown) && self.value.eq(&other.value) && self.name == other.name
    }
}

impl Eq for AccountColumn {}

impl Hash for AccountColumn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
        self.name.hash(state);
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
        let values = self.value.evaluate(batch)?.into_array(rows)?;
        let names = self.name.as_ref().map(|name| name.evaluate(batch)?.into_array(rows)).transpose()?;
        Ok(ColumnarValue::Array(shown(&self.shown, &values, names.as_ref())?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        std::iter::once(&self.value).chain(&self.name).collect()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let mut children = children.into_iter();
        let value = children.next().ok_or_else(|| odd("a column of accounts lacks its value"))?;
        Ok(Arc::new(Self::new(Arc::clone(&self.shown), value, children.next())))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Each name is looked at once a batch: a hash of each row would cost more than the rest of most questions.
fn shown(shown: &Shown, values: &ArrayRef, names: Option<&ArrayRef>) -> Result<ArrayRef> {
    if *values.data_type() != DataType::Utf8View {
        return Ok(new_null_array(&DataType::Utf8View, values.len()));
    }
    let texts = values.as_string_view();
    let accounts = names.map_or(Some(texts), |names| names.as_string_view_opt());
    let accounts = accounts.ok_or_else(|| odd("a name of an account is no text"))?;
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut column = StringViewBuilder::with_capacity(values.len());
    for (value, account) in texts.iter().zip(accounts.iter()) {
        let (Some(value), Some(account)) = (value, account) else {
            column.append_null();
            continue;
        };
        // `None` is a name that is shown as it is
        let hidden = known.entry(account).or_insert_with(|| {
            let pseudonym = || shown.accounts.pseudonym(account).unwrap_or_default();
            (!shown.accounts.is_named(&shown.scope, account)).then(pseudonym)
        });
        match hidden {
            None => column.append_value(value),
            Some(pseudonym) if names.is_none() && !pseudonym.is_empty() => column.append_value(pseudonym),
            Some(_) => column.append_null(),
        }
    }
    Ok(Arc::new(column.finish()))
}

fn odd(what: &str) -> DataFusionError {
    DataFusionError::Internal(what.to_owned())
}
