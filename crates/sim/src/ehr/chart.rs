//! How each role goes through a chart: which sections in which order, what is read, written and printed, in which application.

use super::hospital::Role;
use super::row::Manner;
use crate::rng::Rng;

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Action {
    #[default]
    Read,
    Create,
    Update,
    Delete,
    Search,
    Print,
    Export,
    Disclose,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Search => "search",
            Self::Print => "print",
            Self::Export => "export",
            Self::Disclose => "disclose",
        }
    }
}

/// A part of the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Section {
    #[default]
    Summary,
    Demographics,
    Vitals,
    Flowsheet,
    Medications,
    Administration,
    Orders,
    Results,
    Notes,
    Imaging,
    Pathology,
    Allergies,
    Problems,
    Documents,
    Letters,
    Schedule,
    Insurance,
    Billing,
    Coding,
    Audit,
    Psychotherapy,
    Infection,
    Addiction,
    Immunisations,
}

/// (word in accesses.csv, words of objects in it, application)
type SectionWords = (&'static str, &'static [&'static str], &'static str);

impl Section {
    fn words(self) -> SectionWords {
        match self {
            Self::Summary => ("summary", &["chart summary", "storyboard", "care plan"], "EHR"),
            Self::Demographics => ("demographics", &["patient data", "contact data"], "ADT"),
            Self::Vitals => ("vitals", &["vital signs", "fluid balance", "pain score"], "EHR"),
            Self::Flowsheet => ("flowsheet", &["nursing flowsheet", "wound chart", "fall risk"], "EHR"),
            Self::Medications => ("medications", &["medication list", "medication reconciliation"], "EHR"),
            Self::Administration => ("administration", &["medication administration record", "infusion"], "EHR"),
            Self::Orders => ("orders", &["order list", "order set", "order entry"], "EHR"),
            Self::Results => {
                ("results", &["blood count", "electrolytes", "liver panel", "blood gas", "urine", "culture"], "LIS")
            }
            Self::Notes => (
                "notes",
                &["progress note", "admission note", "nursing note", "consult note", "discharge summary"],
                "EHR",
            ),
            Self::Imaging => {
                ("imaging", &["chest x-ray", "ct head", "mri spine", "ultrasound", "imaging report"], "PACS")
            }
            Self::Pathology => ("pathology", &["histology report", "cytology report"], "LIS"),
            Self::Allergies => ("allergies", &["allergy list"], "EHR"),
            Self::Problems => ("problems", &["problem list", "history"], "EHR"),
            Self::Documents => ("documents", &["scanned document", "consent form", "outside record"], "EHR"),
            Self::Letters => ("letters", &["letter to practice", "sick note"], "EHR"),
            Self::Schedule => ("schedule", &["appointment", "unit list"], "ADT"),
            Self::Insurance => ("insurance", &["coverage", "guarantor"], "ADT"),
            Self::Billing => ("billing", &["account", "claim"], "BILLING"),
            Self::Coding => ("coding", &["diagnosis codes", "procedure codes"], "CODING"),
            Self::Audit => ("audit", &["access report"], "EHR"),
            Self::Psychotherapy => ("psychotherapy", &["therapy note", "psychiatric assessment"], "EHR"),
            Self::Infection => ("hiv", &["hiv status", "sexual health note"], "EHR"),
            Self::Addiction => ("sud", &["addiction note", "substitution plan"], "EHR"),
            Self::Immunisations => ("immunisations", &["vaccination record"], "EHR"),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.words().0
    }

    /// The object of that variety.
    pub(crate) fn object(self, variety: u8) -> &'static str {
        let objects = self.words().1;
        objects.get(usize::from(variety) % objects.len().max(1)).copied().unwrap_or("")
    }

    pub(crate) fn application(self) -> &'static str {
        self.words().2
    }
}

/// One step through a chart: the section, how often it is opened of 100, how often it is then written to of 100.
pub(crate) type Step = (Section, u8, u8);

/// How a role usually goes through a chart.
pub(crate) fn habit(role: Role) -> &'static [Step] {
    use Section::*;
    match role {
        Role::Nurse => &[
            (Summary, 70, 0),
            (Vitals, 75, 55),
            (Administration, 70, 60),
            (Flowsheet, 60, 65),
            (Orders, 40, 4),
            (Notes, 45, 40),
            (Allergies, 12, 4),
            (Results, 22, 0),
            (Immunisations, 3, 30),
        ],
        Role::Assistant => &[(Vitals, 80, 70), (Flowsheet, 70, 65), (Summary, 35, 0), (Schedule, 10, 0)],
        Role::WardClerk => {
            &[(Demographics, 65, 20), (Schedule, 60, 35), (Letters, 45, 40), (Insurance, 30, 10), (Documents, 40, 30)]
        }
        Role::Physician | Role::Resident => &[
            (Summary, 65, 0),
            (Results, 65, 0),
            (Notes, 75, 45),
            (Orders, 60, 50),
            (Medications, 50, 30),
            (Imaging, 38, 0),
            (Problems, 25, 20),
            (Vitals, 40, 0),
            (Documents, 15, 5),
            (Pathology, 7, 0),
            (Letters, 14, 60),
            (Infection, 1, 10),
            (Addiction, 1, 10),
        ],
        Role::Anaesthetist => &[
            (Summary, 60, 0),
            (Allergies, 70, 5),
            (Medications, 60, 10),
            (Results, 60, 0),
            (Problems, 40, 0),
            (Notes, 60, 55),
            (Vitals, 55, 30),
        ],
        Role::Student => &[(Notes, 80, 4), (Results, 60, 0), (Summary, 60, 0), (Imaging, 40, 0), (Problems, 40, 0)],
        Role::Psychologist => {
            &[(Summary, 50, 0), (Psychotherapy, 80, 50), (Notes, 50, 20), (Problems, 30, 0), (Addiction, 12, 20)]
        }
        _ => habit_of_services(role),
    }
}

/// The same of roles that work for others or in offices.
fn habit_of_services(role: Role) -> &'static [Step] {
    use Section::*;
    match role {
        Role::LabTechnician => &[(Orders, 70, 10), (Results, 95, 65), (Demographics, 25, 0)],
        Role::Pathologist => &[(Orders, 40, 0), (Pathology, 95, 55), (Notes, 30, 0), (Results, 40, 0)],
        Role::Radiographer => &[(Orders, 80, 10), (Demographics, 40, 0), (Imaging, 90, 50), (Allergies, 20, 0)],
        Role::Radiologist => &[(Orders, 50, 0), (Imaging, 98, 55), (Notes, 30, 0), (Results, 15, 0), (Documents, 8, 0)],
        Role::Pharmacist => {
            &[(Medications, 92, 20), (Orders, 70, 45), (Results, 55, 0), (Allergies, 60, 2), (Problems, 25, 0)]
        }
        Role::Physiotherapist => {
            &[(Orders, 40, 2), (Summary, 50, 0), (Notes, 75, 55), (Flowsheet, 40, 30), (Imaging, 18, 0)]
        }
        Role::Dietitian => &[(Orders, 50, 5), (Results, 50, 0), (Notes, 70, 50), (Vitals, 40, 0)],
        Role::SocialWorker => {
            &[(Demographics, 60, 5), (Notes, 75, 50), (Insurance, 45, 5), (Documents, 40, 25), (Summary, 40, 0)]
        }
        Role::RegistrationClerk => {
            &[(Demographics, 92, 45), (Insurance, 70, 40), (Schedule, 60, 40), (Documents, 20, 60)]
        }
        Role::Biller => {
            &[(Billing, 92, 45), (Insurance, 70, 15), (Coding, 40, 2), (Documents, 15, 5), (Demographics, 25, 2)]
        }
        Role::Coder => &[(Notes, 75, 0), (Coding, 95, 60), (Results, 35, 0), (Pathology, 15, 0), (Letters, 40, 0)],
        Role::RecordsClerk => &[(Documents, 90, 50), (Letters, 45, 15), (Demographics, 50, 8), (Notes, 20, 2)],
        Role::ItAnalyst => &[(Demographics, 40, 5), (Orders, 30, 2), (Audit, 30, 0), (Schedule, 30, 4)],
        Role::QualityNurse => {
            &[(Summary, 60, 0), (Notes, 85, 0), (Flowsheet, 55, 0), (Administration, 45, 0), (Results, 40, 0)]
        }
        Role::Researcher => {
            &[(Problems, 60, 0), (Results, 70, 0), (Medications, 50, 0), (Notes, 45, 0), (Imaging, 25, 0)]
        }
        _ => &[(Summary, 60, 0)],
    }
}

/// What a role declares as its purpose, where the application asks.
pub(crate) fn purpose(role: Role) -> &'static str {
    match role {
        Role::Biller | Role::Coder => "HPAYMT",
        Role::RecordsClerk | Role::ItAnalyst | Role::QualityNurse | Role::RegistrationClerk | Role::WardClerk => {
            "HOPERAT"
        }
        Role::Researcher => "HRESCH",
        _ => "TREAT",
    }
}

/// How an ordinary visit of a role is made: mostly as usual, now and then refused, printed, exported or sent on.
pub(crate) fn manner(role: Role, rng: &mut Rng) -> Manner {
    let draw = rng.below(1000);
    let (lists, exports, moves) = match role {
        Role::RecordsClerk => (2, 60, 0),
        Role::QualityNurse | Role::Researcher => (12, 10, 0),
        Role::WardClerk | Role::RegistrationClerk | Role::Pharmacist => (2, 0, 0),
        Role::Radiologist | Role::Radiographer => (0, 3, 60),
        Role::Physician => (0, 2, 1),
        _ => (0, 0, 0),
    };
    let mut below = 0;
    let shares = [
        (REFUSED, Manner::Refused),
        (lists, Manner::Bulk),
        (exports, Manner::Export),
        (moves, Manner::Move),
        (prints(role), Manner::Print),
    ];
    for (share, manner) in shares {
        below += share;
        if draw < below {
            return manner;
        }
    }
    Manner::Usual
}

/// How often a chart is refused, of 1000 visits.
const REFUSED: u32 = 3;

/// How often a visit ends with a print, of 1000.
fn prints(role: Role) -> u32 {
    match role {
        Role::RecordsClerk => 260,
        Role::WardClerk => 90,
        Role::RegistrationClerk => 70,
        Role::Physician | Role::Resident | Role::Radiologist => 16,
        Role::SocialWorker => 40,
        _ => 5,
    }
}

/// How often a visit begins with a search by name, of 1000.
pub(crate) fn searches(role: Role) -> u32 {
    match role {
        Role::RegistrationClerk | Role::RecordsClerk => 450,
        Role::WardClerk | Role::SocialWorker | Role::ItAnalyst => 150,
        Role::Nurse | Role::Assistant => 20,
        _ => 60,
    }
}
