//! Which class and activity a record is, and which maps fill it: rows of `data/ocsf/routes.tsv`, the first that fits.

use cordon_model::{Arena, Field, LogSource, Record};

use super::rows::rows;

/// One row.
#[derive(Debug)]
pub(super) struct Route {
    product: &'static str,
    category: &'static str,
    service: &'static str,
    conditions: Vec<Condition>,
    pub(super) class: &'static str,
    pub(super) activity: i64,
    pub(super) maps: Vec<&'static str>,
}

#[derive(Debug)]
struct Condition {
    field: &'static str,
    of_taxonomy: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Present,
    OneOf(Vec<&'static str>),
    Holds(&'static str),
}

/// All rows, in order.
pub(super) fn read() -> Vec<Route> {
    let table = rows::<7>(include_str!("../../data/ocsf/routes.tsv"));
    let route = |[product, category, service, conditions, class, activity, maps]: [&'static str; 7]| Route {
        product,
        category,
        service,
        conditions: conditions.split('&').filter(|text| !text.is_empty()).map(condition).collect(),
        class,
        activity: activity.parse().unwrap_or_default(),
        maps: maps.split(',').filter(|name| !name.is_empty()).collect(),
    };
    table.map(route).collect()
}

fn condition(text: &'static str) -> Condition {
    let (name, test) = match (text.split_once('='), text.split_once('~')) {
        (Some((name, values)), _) => (name, Test::OneOf(values.split('|').collect())),
        (None, Some((name, part))) => (name, Test::Holds(part)),
        (None, None) => (text, Test::Present),
    };
    let field = name.strip_prefix('@');
    Condition { field: field.unwrap_or(name), of_taxonomy: field.is_some(), test }
}

impl Route {
    /// Whether the log sources of a record are those of the row.
    pub(super) fn is_for(&self, sources: &[LogSource]) -> bool {
        let any = |wanted: &str, stated: &str| wanted.is_empty() || wanted == stated;
        let fits = |source: &LogSource| {
            any(self.product, source.product)
                && any(self.category, source.category)
                && any(self.service, source.service)
        };
        let no_matter = self.product.is_empty() && self.category.is_empty() && self.service.is_empty();
        no_matter || sources.iter().any(fits)
    }

    /// Whether the fields of a record meet the row's conditions.
    pub(super) fn fits<'a>(&self, record: &Record<'a>, taxonomy: &[Field<'a>], arena: &'a Arena) -> bool {
        self.conditions.iter().all(|condition| {
            let fields = if condition.of_taxonomy { taxonomy } else { record.fields };
            let text =
                fields.iter().find(|field| field.name == condition.field).and_then(|field| field.value.text(arena));
            text.is_some_and(|text| condition.test.holds(text))
        })
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Present => !text.is_empty() && text != "-",
            Self::OneOf(values) => values.contains(&text),
            Self::Holds(part) => text.contains(part),
        }
    }
}
