//! Accesses to patients' records: one shape for all systems, and the way of each to the audit trail that its system keeps.

use anyhow::{Result, bail};
use cordon_model::Time;

use super::model::{Host, Patient, System};
use super::scene::Scene;
use super::{atna, csv, fhir};

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Read,
    Create,
    Update,
    Search,
    Print,
    Export,
}

/// One access.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access<'a> {
    /// Account of the person.
    pub(super) user: &'a str,
    pub(super) verb: Verb,
    /// `None`: no one patient (a search, an export).
    pub(super) patient: Option<&'a Patient>,
    /// FHIR resource type, which stands for the part of the chart in all systems.
    pub(super) object: &'a str,
    pub(super) workstation: &'a Host,
    pub(super) encounter: Option<&'a str>,
    /// Break-glass, with its reason.
    pub(super) break_glass: Option<&'a str>,
    /// Search text or request path.
    pub(super) query: Option<&'a str>,
    /// How many records, where more than one.
    pub(super) count: Option<u64>,
}

impl<'a> Access<'a> {
    /// A reading access to one patient.
    pub(super) fn read(user: &'a str, patient: &'a Patient, object: &'a str, workstation: &'a Host) -> Self {
        let patient = Some(patient);
        Self {
            user,
            verb: Verb::Read,
            patient,
            object,
            workstation,
            encounter: None,
            break_glass: None,
            query: None,
            count: None,
        }
    }
}

/// Writes an access to the trail of a system.
pub(super) fn access(scene: &mut Scene<'_>, at: Time, system: &System, access: &Access<'_>) -> Result<()> {
    match system.kind.as_str() {
        "fhir_r4" => fhir::r4(scene, at, system, access),
        "fhir_r5" => fhir::r5(scene, at, system, access),
        "epic_like" => csv::meridian(scene, at, access),
        "openemr" => csv::openemr(scene, at, access),
        "atna" => atna::instances_accessed(scene, at, access),
        other => bail!("system {} has the unknown kind {other}", system.name),
    }
}
