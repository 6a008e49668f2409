//! Looks into a resource of FHIR: by paths, whatever repeats, and at the references it holds.

use serde_json::Value;

/// A resource, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Resource<'v>(pub(super) &'v Value);

/// Somebody or something that a Reference names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) reference: String,
    pub(super) system: String,
    pub(super) identifier: String,
    pub(super) display: String,
    /// The type of resource, where it is said beside the reference.
    kind: String,
}

impl<'v> Resource<'v> {
    /// What stands at a path like `period.start`; of what repeats the first.
    pub(super) fn at(self, path: &str) -> Self {
        let first = |value: &'v Value| value.as_array().map_or(value, |all| all.first().unwrap_or(&Value::Null));
        let step = |value: &'v Value, name: &str| first(value).get(name).unwrap_or(&Value::Null);
        Self(first(path.split('.').fold(self.0, step)))
    }

    /// The text at a path; empty when there is none.
    pub(super) fn text(self, path: &str) -> &'v str {
        self.at(path).0.as_str().unwrap_or_default().trim()
    }

    /// Everything that stands under a name, in order.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Self> + use<'v> {
        let value = self.0.get(name).unwrap_or(&Value::Null);
        let several = value.as_array().map(Vec::as_slice);
        several.unwrap_or(std::slice::from_ref(value)).iter().filter(|value| !value.is_null()).map(Self)
    }

    /// A concept in words: what it is called, else its code. R5 may wrap it once more.
    pub(super) fn words(self, name: &str) -> &'v str {
        const WORDS: [&str; 6] =
            ["text", "coding.display", "coding.code", "concept.text", "concept.coding.display", "concept.coding.code"];
        let concept = self.at(name);
        WORDS.into_iter().map(|path| concept.text(path)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Whom the Reference under a name means.
    pub(super) fn who(self, name: &str) -> Who {
        self.at(name).itself()
    }

    /// Whom this Reference means.
    pub(super) fn itself(self) -> Who {
        let text = |path: &str| self.text(path).to_owned();
        Who {
            reference: text("reference"),
            system: text("identifier.system"),
            identifier: text("identifier.value"),
            display: text("display"),
            kind: text("type"),
        }
    }
}

impl Who {
    /// The type of the resource; empty when nothing says it.
    fn kind(&self) -> &str {
        let path = self.reference.split("/_history").next().unwrap_or_default();
        let kind = path.rsplit_once('/').map_or("", |(before, _)| before.rsplit('/').next().unwrap_or_default());
        if kind.is_empty() { &self.kind } else { kind }
    }

    /// The logical id; empty when nothing says it.
    pub(super) fn id(&self) -> &str {
        let path = self.reference.split("/_history").next().unwrap_or_default();
        path.rsplit_once('/').map_or("", |(_, id)| id)
    }

    pub(super) fn is_of(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// Whether it is a person who works here. Who has a role stands for nobody unless an identifier says who.
    pub(super) fn is_of_staff(&self) -> bool {
        match self.kind() {
            "Practitioner" => true,
            "PractitionerRole" => !self.identifier.is_empty(),
            _ => false,
        }
    }

    /// What it is called, else its number.
    pub(super) fn in_words(&self) -> &str {
        [self.display.as_str(), &self.identifier, self.id()]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_say_what_they_mean_in_every_form() {
        let of = |text: &str| {
            let value: Value = serde_json::from_str(text).unwrap();
            let who = Resource(&value).itself();
            (who.kind().to_owned(), who.id().to_owned(), who.is_of_staff())
        };
        let is = |kind: &str, id: &str, staff| (kind.to_owned(), id.to_owned(), staff);
        assert_eq!(of(r#"{"reference":"Practitioner/7"}"#), is("Practitioner", "7", true));
        assert_eq!(of(r#"{"reference":"https://x/fhir/Practitioner/7/_history/2"}"#), is("Practitioner", "7", true));
        assert_eq!(of(r#"{"type":"Practitioner","identifier":{"value":"E7"}}"#), is("Practitioner", "", true));
        assert_eq!(of(r#"{"reference":"PractitionerRole/7"}"#), is("PractitionerRole", "7", false));
        assert_eq!(of(r##"{"reference":"#p1"}"##), is("", "", false));
        assert_eq!(of("[]"), is("", "", false));
    }

    #[test]
    fn paths_go_through_what_repeats_and_end_at_nothing() {
        let value: Value = serde_json::from_str(
            r#"{"class":[{"coding":[{"code":"IMP"}]}],"serviceType":[{"concept":{"text":"Surgery"}}],"n":1}"#,
        )
        .unwrap();
        let one = Resource(&value);
        assert_eq!((one.text("class.coding.code"), one.words("serviceType")), ("IMP", "Surgery"));
        assert_eq!((one.text("n"), one.text("class.nothing"), one.all("none").count()), ("", "", 0));
    }
}
