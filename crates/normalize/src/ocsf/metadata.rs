//! `metadata`: which event this is, which product said it, in which log, and what was wrong with the record.

use cordon_model::{Arena, EventId, LogSource, Node, Object};

use super::catalogue::Class;
use super::maps::Source;
use super::rows::rows;
use super::{Normalizer, OCSF_VERSION, Origin};

/// Version of our extension (`docs/specs/ocsf-healthcare/extension.json`).
const HEALTHCARE_VERSION: &str = "0.1.0";
/// Uids of the extensions that classes come from.
const EXTENSIONS: [(&str, &str, &str); 2] = [("win", "2", OCSF_VERSION), ("healthcare", "870", HEALTHCARE_VERSION)];
/// Tag under which anomalies stand in `metadata.tags`.
const ANOMALY: &str = "anomaly";
/// What `time` is when the record names none.
const TIME_OF_RECEIPT: &str = "time_of_receipt";

/// Product and service of a log source; name and vendor of the product.
pub(super) type Products = Vec<[&'static str; 4]>;

/// Reads the table.
pub(super) fn products() -> Products {
    rows::<4>(include_str!("../../data/ocsf/products.tsv")).collect()
}

impl Normalizer {
    /// The metadata: what the maps put there, then what every event has.
    pub(super) fn metadata<'a>(
        &self,
        class: &Class,
        filled: &mut Object<'a>,
        source: &Source<'_, 'a>,
        origin: Origin<'_>,
        id: EventId,
    ) -> Object<'a> {
        let (record, arena) = (source.record, source.arena);
        let sources = self.table.sources(record.sources);
        let mut metadata = match filled.take("metadata") {
            Some(Node::Object(metadata)) => metadata,
            _ => Object::new_in(arena),
        };
        metadata.put_text("version", OCSF_VERSION);
        metadata.put_text("uid", arena.alloc_str(&id.to_string()));
        let product = metadata.entry("product", || Node::Object(Object::new_in(arena)));
        if let Some(Node::Object(product)) = product {
            self.product(product, sources, record.format);
        }
        metadata.put_text("log_name", log_name(sources, record.format));
        metadata.put_text("log_format", record.format);
        metadata.put_text("log_source", arena.alloc_str(origin.source));
        metadata.put_integer("logged_time", origin.received.as_millis());
        let profiles = class.profiles_of(filled);
        if !profiles.is_empty() {
            metadata.push("profiles", texts(profiles.into_iter(), arena));
        }
        if let Some((name, uid, version)) = EXTENSIONS.iter().find(|(name, _, _)| *name == class.extension) {
            let mut extension = Object::new_in(arena);
            extension.push("name", Node::Text(name));
            extension.push("uid", Node::Text(uid));
            extension.push("version", Node::Text(version));
            metadata.push("extensions", Node::List(bumpalo::vec![in arena; Node::Object(extension)]));
        }
        tags(&mut metadata, source);
        metadata
    }

    fn product<'a>(&self, product: &mut Object<'a>, sources: &[LogSource], format: &'static str) {
        let of = |source: &LogSource| {
            self.products.iter().find(|[name, service, _, _]| {
                *name == source.product && (service.is_empty() || *service == source.service)
            })
        };
        // a source of our own categories tells what a record is about, not who wrote it
        let Some(source) = sources.iter().find(|source| !source.is_taxonomy() && !source.product.is_empty()) else {
            product.put_text("name", format);
            return;
        };
        match of(source) {
            Some([_, _, name, vendor]) => {
                product.put_text("name", name);
                product.put_text("vendor_name", vendor);
            }
            None => drop(product.put_text("name", source.product)),
        }
    }
}

fn log_name(sources: &[LogSource], format: &'static str) -> &'static str {
    let own = sources.iter().filter(|source| !source.is_taxonomy());
    let service = own.map(|source| source.service).find(|service| !service.is_empty());
    service.unwrap_or(format)
}

/// Anomalies as tags, and whether `time` is that of receipt.
fn tags<'a>(metadata: &mut Object<'a>, source: &Source<'_, 'a>) {
    let arena = source.arena;
    let untimed = source.record.when.resolve().is_none().then_some(TIME_OF_RECEIPT);
    let names = source.record.anomalies.iter().map(|anomaly| anomaly.name()).chain(untimed);
    let mut tags = bumpalo::collections::Vec::new_in(arena);
    for name in names {
        let mut tag = Object::new_in(arena);
        tag.push("name", Node::Text(ANOMALY));
        tag.push("value", Node::Text(name));
        tags.push(Node::Object(tag));
    }
    if !tags.is_empty() {
        metadata.push("tags", Node::List(tags));
    }
}

fn texts<'a>(texts: impl Iterator<Item = &'static str>, arena: &'a Arena) -> Node<'a> {
    let mut list = bumpalo::collections::Vec::new_in(arena);
    list.extend(texts.map(Node::Text));
    Node::List(list)
}
