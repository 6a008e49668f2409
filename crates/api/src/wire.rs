//! Values as they stand in JSON and in addresses: moments, words, pages, entity tags. Types of this room; others' are turned into these here.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cordon_model::{Level, Time};
use cordon_store::state::{Entity, EntityKind, LevelCell};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::problem::{Problem, ProblemKind};

/// Rows of a page when nothing is said.
const ROWS: u32 = 100;
/// Stretches of a count over time when nothing is said.
const BUCKETS: u32 = 60;
/// Most rows of a page.
pub(crate) const ROWS_MAX: u32 = 1_000;

/// A moment, RFC 3339 with a zone in requests, in UTC with microseconds in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Time);

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::from_rfc3339(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not a time of RFC 3339 with a zone"))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl ToSchema for Moment {}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Level)]
pub(crate) enum LevelWord {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl From<Level> for LevelWord {
    fn from(level: Level) -> Self {
        match level {
            Level::Informational => Self::Informational,
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
            Level::Critical => Self::Critical,
        }
    }
}

impl From<LevelWord> for Level {
    fn from(word: LevelWord) -> Self {
        match word {
            LevelWord::Informational => Self::Informational,
            LevelWord::Low => Self::Low,
            LevelWord::Medium => Self::Medium,
            LevelWord::High => Self::High,
            LevelWord::Critical => Self::Critical,
        }
    }
}

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntityKind)]
pub(crate) enum EntityWord {
    User,
    Host,
    Device,
    Patient,
    Source,
}

impl From<EntityKind> for EntityWord {
    fn from(kind: EntityKind) -> Self {
        match kind {
            EntityKind::User => Self::User,
            EntityKind::Host => Self::Host,
            EntityKind::Device => Self::Device,
            EntityKind::Patient => Self::Patient,
            EntityKind::Source => Self::Source,
        }
    }
}

impl From<EntityWord> for EntityKind {
    fn from(word: EntityWord) -> Self {
        match word {
            EntityWord::User => Self::User,
            EntityWord::Host => Self::Host,
            EntityWord::Device => Self::Device,
            EntityWord::Patient => Self::Patient,
            EntityWord::Source => Self::Source,
        }
    }
}

/// A user, host, device, patient or source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Entity)]
pub(crate) struct EntityBody {
    /// What it is.
    pub(crate) kind: EntityWord,
    /// Its name in the source's words, a patient's pseudonym; null when whoever asks may not see it.
    #[schema(required = true)]
    pub(crate) name: Option<String>,
}

impl From<Entity> for EntityBody {
    fn from(entity: Entity) -> Self {
        Self { kind: entity.kind.into(), name: Some(entity.name.to_string()) }
    }
}

/// An entity in a request: its name is never in an address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntityGiven {
    /// What it is.
    pub(crate) kind: EntityWord,
    /// Its name in the source's words, a patient's pseudonym.
    pub(crate) name: String,
}

impl From<EntityGiven> for Entity {
    fn from(given: EntityGiven) -> Self {
        Self { kind: given.kind.into(), name: given.name.into() }
    }
}

/// A whole number within bounds. As in JSON Schema, `7.0` is one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounded<const MIN: u32, const MAX: u32>(pub(crate) u32);

/// Most rows of a page: 1 to 1,000, 100 when nothing is said.
pub(crate) type Limit = Bounded<1, ROWS_MAX>;

impl Default for Limit {
    fn default() -> Self {
        Self(ROWS)
    }
}

/// Most stretches of a count over time: 1 to 200, 60 when nothing is said.
pub(crate) type Buckets = Bounded<1, 200>;

impl Default for Buckets {
    fn default() -> Self {
        Self(BUCKETS)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Bounded<MIN, MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u32(BoundedVisitor)
    }
}

struct BoundedVisitor<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> serde::de::Visitor<'_> for BoundedVisitor<MIN, MAX> {
    type Value = Bounded<MIN, MAX>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let number = u32::try_from(number).ok().filter(|number| (MIN..=MAX).contains(number));
        number.map(Bounded).ok_or_else(|| E::custom(format!("a number from {MIN} to {MAX} is expected")))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_u64(u64::try_from(number).unwrap_or(u64::MAX))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        let whole = (MIN..=MAX).find(|whole| (f64::from(*whole) - number).abs() < f64::EPSILON);
        self.visit_u64(whole.map_or(u64::MAX, u64::from))
    }
}

impl<const MIN: u32, const MAX: u32> PartialSchema for Bounded<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

impl<const MIN: u32, const MAX: u32> ToSchema for Bounded<MIN, MAX> {}

/// A whole number of at least 0 in any spelling that JSON Schema calls an integer: `7`, `7.0`.
pub(crate) fn whole<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(from)?;
    let spelt = || number.to_string().strip_suffix(".0").and_then(|whole| whole.parse().ok());
    number.as_u64().or_else(spelt).ok_or_else(|| serde::de::Error::custom("a whole number of at least 0 is expected"))
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PageBody<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub(crate) next: Option<String>,
}

impl<T> PageBody<T> {
    /// Out of a page of the store.
    pub(crate) fn of<R>(page: cordon_store::state::Page<R>) -> Self
    where
        T: From<R>,
    {
        Self { items: page.rows.into_iter().map(T::from).collect(), next: page.next }
    }

    /// The only page.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// How many of a level fell into a stretch of time.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = LevelCell)]
pub(crate) struct LevelCellBody {
    /// Where the stretch begins.
    start: Moment,
    /// The level.
    level: LevelWord,
    /// How many.
    count: u64,
}

impl From<LevelCell> for LevelCellBody {
    fn from(cell: LevelCell) -> Self {
        Self { start: Moment(cell.start), level: cell.level.into(), count: cell.count }
    }
}

/// The entity tag of a revision (RFC 9110 section 8.8.3).
pub(crate) fn etag(revision: u64) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    [(header::ETAG, value)]
}

/// The revision that a change is for, out of `If-Match` (RFC 9110 section 13.1.1). `*` is not taken: it would be a change of something unseen.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        let detail = "read it first and send its ETag as If-Match";
        return Err(Problem::new(ProblemKind::PreconditionRequired, detail));
    };
    let text = value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::new(ProblemKind::BadRequest, "If-Match is the ETag of what was read"))
}

/// The header `If-Match`, for descriptions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header that `if_match` reads")]
pub(crate) struct IfMatch {
    /// The ETag of what was read.
    #[param(rename = "If-Match", required = true, pattern = "^\"[0-9]{1,18}\"$")]
    if_match: String,
}

/// Reads a member that was given, null or not: together with `default` it tells "left out" from "emptied".
pub(crate) fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The 16 bytes of an id: 32 hex digits, with or without the dashes of a UUID.
pub(crate) fn id_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let is_id = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u128::from_str_radix(&digits, 16).ok().filter(|_| is_id).map(u128::to_be_bytes)
}

/// One event of a stream (`text/event-stream`).
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes what axum writes")]
pub(crate) struct SseEvent {
    /// What it is.
    #[schema(required = false, nullable = false)]
    event: Option<String>,
    /// Where to go on after it.
    #[schema(required = false, nullable = false)]
    id: Option<String>,
    /// JSON.
    #[schema(required = false, nullable = false)]
    data: Option<String>,
}

/// The header that says what for, for descriptions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header that `authority` reads")]
pub(crate) struct Purpose {
    /// What for; without it nobody may.
    #[param(rename = "X-Cordon-Purpose", required = true, inline)]
    purpose: PurposeWord,
}

/// What for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes a header that `authority` reads")]
enum PurposeWord {
    SecurityInvestigation,
    PrivacyInvestigation,
    Treatment,
    PatientRequest,
    Legal,
    Operations,
}

/// A row with the columns that have a value.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Row(pub(crate) serde_json::Map<String, serde_json::Value>);

impl PartialSchema for Row {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Object).into()
    }
}

impl ToSchema for Row {}
