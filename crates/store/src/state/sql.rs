//! Small things that many verbs share: numbers in and out, ids in and out, and the scope as a condition.

use std::collections::BTreeSet;

use cordon_model::{Digest, Level};
use cordon_policy::{AccessScope, Grant, Role};
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite};

use super::StateError;

/// A count or offset as SQLite keeps it.
pub(super) fn to_count(number: u64) -> Result<i64, StateError> {
    i64::try_from(number).map_err(|_| StateError::Refused("a number above 2^63 cannot be kept"))
}

/// A count or offset as it was kept.
pub(super) fn from_count(number: i64, table: &'static str) -> Result<u64, StateError> {
    u64::try_from(number).map_err(|_| StateError::Damaged(table))
}

/// 16 bytes of an id.
pub(super) fn id_bytes(bytes: &[u8], table: &'static str) -> Result<[u8; 16], StateError> {
    bytes.try_into().map_err(|_| StateError::Damaged(table))
}

/// 16 bytes of an id out of the digits that SQLite's `hex` writes.
pub(super) fn id_of_hex(digits: &str, table: &'static str) -> Result<[u8; 16], StateError> {
    let id = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok()).flatten();
    id.map(u128::to_be_bytes).ok_or(StateError::Damaged(table))
}

/// 32 bytes of a digest out of the digits that SQLite's `hex` writes.
pub(super) fn digest_of_hex(digits: &str, table: &'static str) -> Result<Digest, StateError> {
    let (high, low) = digits.split_at_checked(32).ok_or(StateError::Damaged(table))?;
    let halves = [id_of_hex(high, table)?, id_of_hex(low, table)?];
    digest_bytes(halves.as_flattened(), table)
}

/// Ids as a list in JSON, for `IN (SELECT unhex(value) FROM json_each(?))`.
pub(super) fn json_ids(ids: impl Iterator<Item = [u8; 16]>) -> String {
    let ids = ids.map(|id| Value::String(format!("{:032x}", u128::from_be_bytes(id))));
    Value::Array(ids.collect()).to_string()
}

/// 32 bytes of a digest.
pub(super) fn digest_bytes(bytes: &[u8], table: &'static str) -> Result<Digest, StateError> {
    bytes.try_into().map(Digest).map_err(|_| StateError::Damaged(table))
}

/// A level as its place in [`Level::ALL`].
pub(super) fn level_number(level: Level) -> i64 {
    let place = Level::ALL.iter().position(|other| *other == level);
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(0)
}

/// A level out of its place.
pub(super) fn level_of(number: i64, table: &'static str) -> Result<Level, StateError> {
    let place = usize::try_from(number).ok();
    place.and_then(|place| Level::ALL.get(place)).copied().ok_or(StateError::Damaged(table))
}

/// Appends ` AND (..)`: the rows that the scope admits, by the columns `site` and `class_uid`.
pub(super) fn push_scope(query: &mut QueryBuilder<Sqlite>, scope: &AccessScope) {
    let Some(grants) = scope.grants() else { return };
    query.push(" AND (0");
    for grant in grants {
        query.push(" OR (1");
        push_grant_sites(query, grant);
        if let Some(classes) = grant.classes() {
            query.push(" AND class_uid");
            push_in(query, classes.iter().copied());
        }
        query.push(")");
    }
    query.push(")");
}

/// Appends ` AND (..)`: the rows of the sites that the scope admits, for what belongs to no class.
pub(super) fn push_site_scope(query: &mut QueryBuilder<Sqlite>, scope: &AccessScope) {
    let Some(grants) = scope.grants() else { return };
    query.push(" AND (0");
    for grant in grants {
        query.push(" OR (1");
        push_grant_sites(query, grant);
        query.push(")");
    }
    query.push(")");
}

fn push_grant_sites(query: &mut QueryBuilder<Sqlite>, grant: &Grant) {
    if let Some(sites) = grant.sites() {
        query.push(" AND site");
        push_in(query, sites.iter().cloned());
    }
}

/// Appends ` IN (..)` with the values bound; an empty list admits nothing.
pub(super) fn push_in<T>(query: &mut QueryBuilder<Sqlite>, values: impl IntoIterator<Item = T>)
where
    T: sqlx::Encode<'static, Sqlite> + sqlx::Type<Sqlite> + 'static,
{
    query.push(" IN (");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// Names as a JSON list, in order.
pub(super) fn names_json<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    Value::from_iter(names).to_string()
}

/// A set out of a JSON list of names.
pub(super) fn set_of_names<T: Ord>(
    text: &str,
    table: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, StateError> {
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| StateError::Damaged(table))?;
    names.iter().map(|name| read(name).ok_or(StateError::Damaged(table))).collect()
}

/// Sites as they are kept: null for all.
pub(super) fn sites_json(sites: Option<&BTreeSet<String>>) -> Option<String> {
    sites.map(|sites| names_json(sites.iter().map(String::as_str)))
}

/// Sites as they were kept.
pub(super) fn sites_of(text: Option<&str>, table: &'static str) -> Result<Option<BTreeSet<String>>, StateError> {
    text.map(|text| set_of_names(text, table, |name| Some(name.to_owned()))).transpose()
}

/// Roles as they are kept.
pub(super) fn roles_json(roles: &BTreeSet<Role>) -> String {
    names_json(roles.iter().map(|role| role.name()))
}

/// Whether a statement failed because such a row exists.
pub(super) fn exists(what: &'static str) -> impl Fn(sqlx::Error) -> StateError {
    move |error| match error.as_database_error() {
        Some(database) if database.is_unique_violation() => StateError::Exists(what),
        _ => error.into(),
    }
}
