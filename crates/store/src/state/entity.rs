//! Entities: the user, host, device or patient that a finding is about, and which of them it is grouped by.

use std::sync::Arc;

use crate::accounts::is_person;

/// What an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntityKind {
    /// An account.
    User,
    /// A machine.
    Host,
    /// A medical device.
    Device,
    /// A patient, by pseudonym.
    Patient,
    /// The source itself, when a finding names nothing else.
    Source,
}

impl EntityKind {
    /// All kinds, in the order in which they are taken for grouping.
    pub const ALL: [Self; 5] = [Self::User, Self::Host, Self::Device, Self::Patient, Self::Source];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Host => "host",
            Self::Device => "device",
            Self::Patient => "patient",
            Self::Source => "source",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The column whose masking hides the names of this kind.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Patient => "patient_ref",
            Self::User | Self::Host | Self::Device | Self::Source => self.name(),
        }
    }
}

/// A user, host, device, patient or source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its name in the source's words; a patient's pseudonym.
    pub name: Arc<str>,
}

/// Whom a finding is about, as far as it says. A patient only by pseudonym.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The account.
    pub user: Option<Arc<str>>,
    /// The machine.
    pub host: Option<Arc<str>>,
    /// The medical device.
    pub device: Option<Arc<str>>,
    /// The patient's pseudonym.
    pub patient_ref: Option<Arc<str>>,
}

impl Subjects {
    /// What the finding is grouped by: the user unless that is the machine's own account, else the host, the device, the patient, the source.
    #[must_use]
    pub fn grouped_by(&self, source: &Arc<str>) -> Entity {
        let user = self.user.as_ref().filter(|user| is_person(user));
        let named = [
            (EntityKind::User, user),
            (EntityKind::Host, self.host.as_ref()),
            (EntityKind::Device, self.device.as_ref()),
            (EntityKind::Patient, self.patient_ref.as_ref()),
            (EntityKind::User, self.user.as_ref()),
        ];
        let first = named.into_iter().find_map(|(kind, name)| Some(Entity { kind, name: Arc::clone(name?) }));
        first.unwrap_or_else(|| Entity { kind: EntityKind::Source, name: Arc::clone(source) })
    }

    /// All that bear the risk of the finding. Machine accounts bear none.
    pub(super) fn at_risk(&self) -> impl Iterator<Item = Entity> {
        let user = self.user.as_ref().filter(|user| is_person(user));
        let named = [
            (EntityKind::User, user),
            (EntityKind::Host, self.host.as_ref()),
            (EntityKind::Device, self.device.as_ref()),
            (EntityKind::Patient, self.patient_ref.as_ref()),
        ];
        named.into_iter().filter_map(|(kind, name)| Some(Entity { kind, name: Arc::clone(name?) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user: Option<&str>, host: Option<&str>, patient: Option<&str>, expect: (EntityKind, &str)) {
        let subjects = Subjects {
            user: user.map(Arc::from),
            host: host.map(Arc::from),
            device: None,
            patient_ref: patient.map(Arc::from),
        };
        let entity = subjects.grouped_by(&"logs".into());
        assert_eq!((entity.kind, &*entity.name), expect);
    }

    #[test]
    fn a_person_comes_first_and_a_machine_account_is_no_person() {
        check(Some("CORP\\anna"), Some("ws1"), Some("p-1"), (EntityKind::User, "CORP\\anna"));
        check(Some("NT AUTHORITY\\SYSTEM"), Some("ws1"), None, (EntityKind::Host, "ws1"));
        check(Some("CORP\\WS1$"), Some("ws1"), None, (EntityKind::Host, "ws1"));
        check(Some("root"), None, None, (EntityKind::User, "root"));
        check(None, None, Some("p-1"), (EntityKind::Patient, "p-1"));
        check(None, None, None, (EntityKind::Source, "logs"));
    }
}
