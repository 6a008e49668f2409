//! Gathers the taxonomy fields of one record: what the source does not state stays out, and patients become pseudonyms on the way in.

use bumpalo::collections::Vec;
use cordon_decode::csv::Mapping;
use cordon_model::{Arena, Field, Value};
use cordon_seal::SiteKey;

use crate::PatientId;

/// The fields of one record so far.
pub(super) struct Fill<'a, 'k> {
    key: &'k SiteKey,
    mappings: &'k [Mapping],
    arena: &'a Arena,
    fields: Vec<'a, Field<'a>>,
}

impl<'a, 'k> Fill<'a, 'k> {
    /// Nothing yet.
    pub(super) fn new(key: &'k SiteKey, mappings: &'k [Mapping], arena: &'a Arena) -> Self {
        Self { key, mappings, arena, fields: Vec::with_capacity_in(16, arena) }
    }

    /// The arena of the batch.
    pub(super) const fn arena(&self) -> &'a Arena {
        self.arena
    }

    /// What the columns of tables mean.
    pub(super) const fn mappings(&self) -> &'k [Mapping] {
        self.mappings
    }

    /// Whether a field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Adds a field, unless its text is blank or the very same field is there already.
    pub(super) fn put(&mut self, name: &'static str, text: &'a str) {
        let field = Field { name, value: Value::Text(text.trim()) };
        if !text.trim().is_empty() && !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }

    /// Adds a field if the source states it.
    pub(super) fn put_stated(&mut self, name: &'static str, text: Option<&'a str>) {
        self.put(name, text.unwrap_or_default());
    }

    /// Adds a patient, under the site's pseudonym.
    pub(super) fn put_patient(&mut self, patient: PatientId<'_>) {
        self.put("patient_ref", self.pseudonym(patient));
    }

    /// A patient's pseudonym.
    pub(super) fn pseudonym(&self, patient: PatientId<'_>) -> &'a str {
        self.arena.alloc_str(self.key.patient_ref(patient.authority, patient.id).as_str())
    }

    /// What was gathered.
    pub(super) fn into_fields(self) -> &'a [Field<'a>] {
        self.fields.into_bump_slice()
    }
}
