//! A record's fields as text, and the elements of its repeated structures (`docs/specs/decoders-health.md`, repeated structures).

use bumpalo::collections::Vec;
use cordon_model::{Arena, Record};

/// Names and texts in the order of the source; what has no value is left out.
#[derive(Clone, Copy)]
pub(super) struct Named<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Named<'a> {
    /// All fields of a record.
    pub(super) fn new(record: &Record<'a>, arena: &'a Arena) -> Self {
        let mut pairs = Vec::with_capacity_in(record.fields.len(), arena);
        pairs.extend(record.fields.iter().filter_map(|field| Some((field.name, field.value.text(arena)?))));
        Self(pairs.into_bump_slice())
    }

    /// All of them.
    pub(super) const fn pairs(self) -> &'a [(&'a str, &'a str)] {
        self.0
    }

    /// Every text under `name`.
    pub(super) fn all<'n>(self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The first text under `name`.
    pub(super) fn first(self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The first text under the first of `names` that is there.
    pub(super) fn first_of(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.first(name))
    }

    /// Whether `name` has one of `texts` anywhere.
    pub(super) fn has(self, name: &str, texts: &[&str]) -> bool {
        self.all(name).any(|text| texts.contains(&text))
    }

    /// From the first field on whose name begins with `starts`, up to one whose name begins with `ends`.
    pub(super) fn between(self, starts: &str, ends: &str) -> Self {
        let start = self.0.iter().position(|(name, _)| name.starts_with(starts)).unwrap_or(self.0.len());
        let rest = self.0.get(start..).unwrap_or_default();
        let end = rest.iter().position(|(name, _)| name.starts_with(ends)).unwrap_or(rest.len());
        Self(rest.get(..end).unwrap_or_default())
    }

    /// The elements of a repeated structure: each begins with a field that bears its bare name and goes on while names lie below it.
    pub(super) fn elements<'n>(self, name: &'n str) -> impl Iterator<Item = Self> + use<'a, 'n> {
        let below =
            move |known: &str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.') || rest.is_empty());
        let starts = self.0.iter().enumerate().filter(move |(_, (known, _))| *known == name);
        starts.filter_map(move |(at, _)| {
            let rest = self.0.get(at + 1..)?;
            let end = rest.iter().position(|(known, _)| *known == name || !below(known)).unwrap_or(rest.len());
            rest.get(..end).map(Self)
        })
    }
}
