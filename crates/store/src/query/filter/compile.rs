//! A tree to an expression over the columns of `events`. Values become literals, never text of a query.

use std::net::IpAddr;

use cordon_model::Time;
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, Like, Operator, binary_expr, lit, not};

use super::fields::{Field, Kind};
use super::{Filter, FilterError, Moment, Node, Sign, Value};
use crate::tables::ip_bytes;

/// Columns that a text without a field is looked for in.
const ANYWHERE: [&str; 40] = [
    "source",
    "class_name",
    "activity_name",
    "device_hostname",
    "actor_user_name",
    "actor_user_uid",
    "actor_user_domain",
    "user_name",
    "user_uid",
    "app_name",
    "src_endpoint_ip",
    "src_endpoint_hostname",
    "dst_endpoint_ip",
    "dst_endpoint_hostname",
    "metadata_product_name",
    "metadata_event_code",
    "process_name",
    "process_file_path",
    "process_cmd_line",
    "actor_process_name",
    "actor_process_file_path",
    "actor_process_cmd_line",
    "process_parent_process_name",
    "process_parent_process_cmd_line",
    "file_path",
    "file_hash_sha256",
    "reg_path",
    "reg_value_name",
    "service_name",
    "job_name",
    "group_name",
    "query_hostname",
    "http_request_url_path",
    "http_request_url_hostname",
    "api_operation",
    "finding_info_title",
    "malware_name",
    "care_unit",
    "patient_ref",
    "rest",
];
/// OCSF's severities by name.
const SEVERITIES: [(&str, i32); 8] = [
    ("unknown", 0),
    ("informational", 1),
    ("info", 1),
    ("low", 2),
    ("medium", 3),
    ("high", 4),
    ("critical", 5),
    ("fatal", 6),
];
const FATAL: i32 = 6;
/// OCSF's status by name.
const STATUSES: [(&str, i32); 4] = [("unknown", 0), ("success", 1), ("failure", 2), ("other", 99)];

impl Filter {
    /// The filter as an expression; `now` is what `last` and lengths of time count back from.
    pub(in crate::query) fn expression(&self, now: Time) -> Expr {
        node(&self.root, now)
    }
}

fn node(node_: &Node, now: Time) -> Expr {
    let parts = |nodes: &[Node]| nodes.iter().map(|one| node(one, now)).collect::<Vec<_>>();
    match node_ {
        Node::All(nodes) => conjunction(parts(nodes)).unwrap_or_else(|| lit(true)),
        Node::Any(nodes) => disjunction(parts(nodes)).unwrap_or_else(|| lit(false)),
        // an event without the field is one that does not have the value
        Node::Not(inner) => not(datafusion::prelude::coalesce(vec![node(inner, now), lit(false)])),
        Node::Anywhere(text) => {
            let pattern = format!("%{}%", escaped(text));
            disjunction(ANYWHERE.iter().map(|name| like(column(name), &pattern))).unwrap_or_else(|| lit(false))
        }
        Node::Field { field, sign, values } => {
            let any = disjunction(values.iter().map(|value| condition(field, *sign, value)));
            let any = any.unwrap_or_else(|| lit(false));
            if *sign == Sign::IsNot { not(datafusion::prelude::coalesce(vec![any, lit(false)])) } else { any }
        }
        Node::Time { sign, moment } => {
            let at = match moment {
                Moment::At(at) => *at,
                Moment::Before(before) => now.0.saturating_sub(*before),
            };
            let moment = ScalarValue::TimestampMicrosecond(Some(at), Some("UTC".into()));
            compare(column("time"), *sign, lit(moment))
        }
    }
}

/// A column by exactly this name.
fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

fn text(value: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.to_owned())))
}

fn compare(left: Expr, sign: Sign, right: Expr) -> Expr {
    let operator = match sign {
        // `IsNot` is negated as a whole
        Sign::Has | Sign::Is | Sign::IsNot => Operator::Eq,
        Sign::Above => Operator::Gt,
        Sign::AtLeast => Operator::GtEq,
        Sign::Below => Operator::Lt,
        Sign::AtMost => Operator::LtEq,
    };
    binary_expr(left, operator, right)
}

fn like(column: Expr, pattern: &str) -> Expr {
    Expr::Like(Like::new(false, Box::new(column), Box::new(text(pattern)), None, true))
}

/// The text with the letters that mean something in a pattern escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn condition(field: &Field, sign: Sign, value: &Value) -> Expr {
    let columns = field.columns.iter();
    let each = |make: &dyn Fn(&str) -> Expr| disjunction(columns.map(|name| make(name))).unwrap_or_else(|| lit(false));
    match field.kind {
        Kind::Text if sign == Sign::Has => {
            let pattern = if value.is_quoted { escaped(&value.text) } else { escaped(&value.text).replace('*', "%") };
            each(&|name| like(column(name), &pattern))
        }
        Kind::Text | Kind::Exact => each(&|name| compare(column(name), sign, text(&value.text))),
        Kind::Number => {
            let number = value.text.parse::<i64>().unwrap_or_default();
            each(&|name| compare(column(name), sign, lit(number)))
        }
        Kind::Severity => each(&|name| {
            let level = named(&SEVERITIES, value).unwrap_or_default();
            // 99 is no level above fatal but one of the source's own
            compare(column(name), sign, lit(level)).and(column(name).lt_eq(lit(FATAL.max(level))))
        }),
        Kind::Status => each(&|name| compare(column(name), sign, lit(named(&STATUSES, value).unwrap_or_default()))),
        Kind::Bool => each(&|name| compare(column(name), sign, lit(value.text.eq_ignore_ascii_case("true")))),
        Kind::Ip => each(&|name| address(&format!("{name}_bytes"), &value.text)),
        Kind::Hash => {
            let spellings = [value.text.to_ascii_lowercase(), value.text.to_ascii_uppercase()];
            each(&|name| column(name).in_list(spellings.iter().map(|one| text(one)).collect(), false))
        }
        Kind::Id => {
            let id = event_id(&value.text).unwrap_or_default();
            each(&|name| compare(column(name), Sign::Is, lit(ScalarValue::Binary(Some(id.to_vec())))))
        }
        Kind::Patient => {
            let first = compare(column("patient_ref"), Sign::Is, text(&value.text));
            first.or(array_has(column("patient_refs"), lit(value.text.clone())))
        }
    }
}

/// An address, or the range of a network.
fn address(name: &str, value: &str) -> Expr {
    let bytes = |bytes: [u8; 16]| lit(ScalarValue::Binary(Some(bytes.to_vec())));
    match network(value) {
        Some((low, high)) if low == high => compare(column(name), Sign::Is, bytes(low)),
        Some((low, high)) => {
            compare(column(name), Sign::AtLeast, bytes(low)).and(compare(column(name), Sign::AtMost, bytes(high)))
        }
        None => lit(false),
    }
}

/// First and last address of `10.0.0.0/8`; twice the same of a single one.
fn network(value: &str) -> Option<([u8; 16], [u8; 16])> {
    let (ip, prefix) = value.split_once('/').map_or((value, None), |(ip, prefix)| (ip, Some(prefix)));
    let ip: IpAddr = ip.parse().ok()?;
    let (bits, offset) = if ip.is_ipv4() { (32, 96) } else { (128, 0) };
    let prefix: u32 = prefix.map_or(Some(bits), |prefix| prefix.parse().ok()).filter(|prefix| *prefix <= bits)?;
    let host = u128::MAX.checked_shr(prefix + offset).unwrap_or(0);
    let number = u128::from_be_bytes(ip_bytes(ip));
    Some(((number & !host).to_be_bytes(), (number | host).to_be_bytes()))
}

/// The 16 bytes of an event's id, with or without dashes.
fn event_id(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)).flatten()
}

fn named(names: &[(&str, i32)], value: &Value) -> Option<i32> {
    let by_name = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(&value.text)).map(|(_, number)| *number);
    by_name.or_else(|| value.text.parse().ok())
}

/// Whether values fit their field, so that making the expression cannot fail.
pub(super) fn check(field: &Field, sign: Sign, values: &[Value]) -> Result<(), FilterError> {
    let ordered = matches!(field.kind, Kind::Number | Kind::Severity);
    if !ordered && !matches!(sign, Sign::Has | Sign::Is | Sign::IsNot) {
        let at = values.first().map_or(0..0, |value| value.at.clone());
        return Err(FilterError::new(at, format!("`{}` has no order", field.name))
            .hinting(Some(format!("write `{}:VALUE`", field.name))));
    }
    values.iter().try_for_each(|value| fits(field, value))
}

fn fits(field: &Field, value: &Value) -> Result<(), FilterError> {
    let (fits, hint) = match field.kind {
        Kind::Text | Kind::Exact | Kind::Patient => (!value.text.is_empty(), "an empty value is found nowhere"),
        Kind::Number => (value.text.parse::<i64>().is_ok(), "write a whole number"),
        Kind::Severity => {
            (named(&SEVERITIES, value).is_some(), "write informational, low, medium, high, critical or fatal")
        }
        Kind::Status => (named(&STATUSES, value).is_some(), "write success or failure"),
        Kind::Bool => (matches!(value.text.to_ascii_lowercase().as_str(), "true" | "false"), "write true or false"),
        Kind::Ip => (network(&value.text).is_some(), "write an address as 10.0.0.5 or a network as 10.0.0.0/8"),
        Kind::Hash => (value.text.bytes().all(|byte| byte.is_ascii_hexdigit()), "write the fingerprint in hex"),
        Kind::Id => (event_id(&value.text).is_some(), "write the id as 0190a1b2-..."),
    };
    if fits {
        return Ok(());
    }
    let error = FilterError::new(value.at.clone(), format!("`{}` is no value of `{}`", value.text, field.name));
    Err(error.hinting(Some(hint.to_owned())))
}
