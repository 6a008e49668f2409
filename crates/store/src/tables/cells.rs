//! The columns of the catalogue while they are filled: one builder for each, one value for each row at most.

use std::net::IpAddr;
use std::sync::Arc;

use cordon_model::Node;
use datafusion::arrow::array::{
    Array as _, ArrayBuilder as _, ArrayRef, BinaryBuilder, BooleanBuilder, Int32Builder, Int64Builder, StringBuilder,
};

use super::catalogue::{Column, Kind};

/// Most bytes of a text in a column; what is longer is cut at a letter. The whole stands in the evidence.
pub(super) const TEXT_BYTES_MAX: usize = 8 << 10;

/// Builders of the columns of one table.
pub(super) struct Cells {
    columns: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Text(StringBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Bool(BooleanBuilder),
    Ip(StringBuilder, BinaryBuilder),
}

impl Cells {
    pub(super) fn new(columns: &[Column]) -> Self {
        let builder = |column: &Column| match column.kind {
            Kind::Text | Kind::Hash => Builder::Text(StringBuilder::new()),
            Kind::Int => Builder::Int(Int32Builder::new()),
            Kind::Long => Builder::Long(Int64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Ip => Builder::Ip(StringBuilder::new(), BinaryBuilder::new()),
        };
        Self { columns: columns.iter().map(builder).collect(), rows: 0 }
    }

    /// Puts a value into a column of the current row; false when the column has one already or the value is not of its type.
    pub(super) fn put(&mut self, column: usize, node: &Node<'_>) -> bool {
        let rows = self.rows;
        self.columns.get_mut(column).is_some_and(|builder| builder.len() == rows && builder.put(node))
    }

    /// Columns without a value in the current row get null.
    pub(super) fn end_row(&mut self) {
        self.rows += 1;
        for builder in &mut self.columns {
            if builder.len() < self.rows {
                builder.put_null();
            }
        }
    }

    /// Hands the columns over.
    pub(super) fn finish(&mut self, out: &mut Vec<ArrayRef>) {
        for builder in &mut self.columns {
            match builder {
                Builder::Text(text) => out.push(Arc::new(text.finish())),
                Builder::Int(number) => out.push(Arc::new(number.finish())),
                Builder::Long(number) => out.push(Arc::new(number.finish())),
                Builder::Bool(value) => out.push(Arc::new(value.finish())),
                Builder::Ip(text, bytes) => {
                    let (text, bytes) = (text.finish(), bytes.finish());
                    debug_assert_eq!(text.len(), bytes.len());
                    out.push(Arc::new(text));
                    out.push(Arc::new(bytes));
                }
            }
        }
    }
}

impl Builder {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Ip(text, _) => text.len(),
            Self::Int(number) => number.len(),
            Self::Long(number) => number.len(),
            Self::Bool(value) => value.len(),
        }
    }

    fn put_null(&mut self) {
        match self {
            Self::Text(text) => text.append_null(),
            Self::Int(number) => number.append_null(),
            Self::Long(number) => number.append_null(),
            Self::Bool(value) => value.append_null(),
            Self::Ip(text, bytes) => {
                text.append_null();
                bytes.append_null();
            }
        }
    }

    fn put(&mut self, node: &Node<'_>) -> bool {
        match self {
            Self::Text(text) => put_text(text, node),
            Self::Int(number) => integer(node).and_then(|whole| i32::try_from(whole).ok()).is_some_and(|whole| {
                number.append_value(whole);
                true
            }),
            Self::Long(number) => integer(node).is_some_and(|whole| {
                number.append_value(whole);
                true
            }),
            Self::Bool(value) => match node {
                Node::Bool(is) => {
                    value.append_value(*is);
                    true
                }
                _ => false,
            },
            Self::Ip(text, bytes) => match node {
                Node::Text(address) => put_ip(text, bytes, address),
                _ => false,
            },
        }
    }
}

fn put_text(text: &mut StringBuilder, node: &Node<'_>) -> bool {
    match node {
        Node::Text(value) | Node::Number(value) => text.append_value(cut(value)),
        Node::Bool(value) => text.append_value(if *value { "true" } else { "false" }),
        Node::Integer(number) => {
            use std::fmt::Write as _;
            let _cannot_fail_into_a_builder = write!(text, "{number}");
            text.append_value("");
        }
        Node::List(_) | Node::Object(_) => return false,
    }
    true
}

/// An address that does not read as one keeps its text, without bytes.
fn put_ip(text: &mut StringBuilder, bytes: &mut BinaryBuilder, address: &str) -> bool {
    text.append_value(cut(address));
    match address.parse::<IpAddr>() {
        Ok(ip) => bytes.append_value(ip_bytes(ip)),
        Err(_) => bytes.append_null(),
    }
    true
}

/// The 16 bytes of an address; IPv4 is mapped into IPv6 (RFC 4291 section 2.5.5.2), so that networks are ranges.
pub(crate) fn ip_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The text up to [`TEXT_BYTES_MAX`], cut before a letter that does not fit.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default()
}

fn integer(node: &Node<'_>) -> Option<i64> {
    match node {
        Node::Integer(number) => Some(*number),
        Node::Number(text) | Node::Text(text) => text.parse().ok(),
        _ => None,
    }
}
