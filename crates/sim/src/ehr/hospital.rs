//! What the hospital is made of: departments, their units, who works in them and on which duty.

use crate::rng::index;
use crate::table::Table;

/// What a department does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Care {
    /// Beds and a clinic.
    Ward,
    /// Beds, a clinic, and operations.
    Surgical,
    Intensive,
    Emergency,
    Theatre,
    /// A clinic for staff.
    Clinic,
    /// Works on orders of others.
    Service,
    #[default]
    Office,
}

/// Whose work it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    #[default]
    Nurse,
    Assistant,
    WardClerk,
    Physician,
    Resident,
    Anaesthetist,
    Student,
    Psychologist,
    LabTechnician,
    Pathologist,
    Radiographer,
    Radiologist,
    Pharmacist,
    Physiotherapist,
    Dietitian,
    SocialWorker,
    RegistrationClerk,
    Biller,
    Coder,
    RecordsClerk,
    ItAnalyst,
    QualityNurse,
    Researcher,
}

/// How somebody's days are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Early, late and night, all week.
    Shifts,
    /// Office hours on weekdays.
    Days,
    /// Ward, clinic or theatre by day, on call some nights.
    Medical,
}

impl Role {
    /// The word in staff.csv.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nurse => "nurse",
            Self::Assistant => "nursing assistant",
            Self::WardClerk => "ward clerk",
            Self::Physician => "physician",
            Self::Resident => "resident physician",
            Self::Anaesthetist => "anaesthetist",
            Self::Student => "medical student",
            Self::Psychologist => "psychologist",
            Self::LabTechnician => "laboratory technician",
            Self::Pathologist => "pathologist",
            Self::Radiographer => "radiographer",
            Self::Radiologist => "radiologist",
            Self::Pharmacist => "pharmacist",
            Self::Physiotherapist => "physiotherapist",
            Self::Dietitian => "dietitian",
            Self::SocialWorker => "social worker",
            Self::RegistrationClerk => "registration clerk",
            Self::Biller => "billing clerk",
            Self::Coder => "coder",
            Self::RecordsClerk => "health records clerk",
            Self::ItAnalyst => "it analyst",
            Self::QualityNurse => "quality nurse",
            Self::Researcher => "researcher",
        }
    }

    pub(crate) fn duty(self) -> Duty {
        match self {
            Self::Nurse | Self::Assistant | Self::LabTechnician | Self::Radiographer | Self::RegistrationClerk => {
                Duty::Shifts
            }
            Self::Physician | Self::Resident | Self::Anaesthetist | Self::Radiologist => Duty::Medical,
            _ => Duty::Days,
        }
    }

    /// How much a shift of this role opens, relative to a nurse.
    pub(crate) fn activity(self) -> f64 {
        match self {
            Self::Physician | Self::Resident => 1.2,
            Self::Nurse | Self::Pharmacist | Self::Radiologist => 1.0,
            Self::RegistrationClerk | Self::Coder | Self::Biller | Self::RecordsClerk | Self::Radiographer => 0.9,
            Self::LabTechnician | Self::WardClerk | Self::Anaesthetist => 0.8,
            Self::Assistant | Self::Physiotherapist | Self::Dietitian | Self::SocialWorker | Self::Pathologist => 0.5,
            Self::Psychologist | Self::Student | Self::QualityNurse => 0.4,
            Self::ItAnalyst | Self::Researcher => 0.2,
        }
    }

    /// Whether the work queue of the role covers ended encounters.
    pub(crate) fn works_on_ended(self) -> bool {
        matches!(self, Self::Biller | Self::Coder | Self::RecordsClerk)
    }

    /// Whether the role decides on treatment.
    pub(crate) fn is_medical(self) -> bool {
        matches!(self, Self::Physician | Self::Resident | Self::Anaesthetist)
    }

    /// Whether the role works on orders and referrals from other departments.
    pub(crate) fn is_allied(self) -> bool {
        matches!(self, Self::Physiotherapist | Self::Dietitian | Self::SocialWorker | Self::Psychologist)
    }
}

/// One kind of department.
#[derive(Debug)]
struct Plan {
    name: &'static str,
    code: &'static str,
    building: &'static str,
    care: Care,
    /// Share of all staff, in parts that need not sum to anything.
    share: f64,
    mix: &'static [(Role, u32)],
}

const WARD: &[(Role, u32)] = &[
    (Role::Nurse, 50),
    (Role::Assistant, 14),
    (Role::WardClerk, 6),
    (Role::Physician, 12),
    (Role::Resident, 14),
    (Role::Student, 4),
];
const MIND: &[(Role, u32)] = &[
    (Role::Nurse, 45),
    (Role::Assistant, 10),
    (Role::WardClerk, 5),
    (Role::Physician, 12),
    (Role::Resident, 12),
    (Role::Psychologist, 16),
];
const ACUTE: &[(Role, u32)] =
    &[(Role::Nurse, 62), (Role::Assistant, 8), (Role::WardClerk, 4), (Role::Physician, 10), (Role::Resident, 16)];
const THEATRE: &[(Role, u32)] = &[(Role::Nurse, 60), (Role::Anaesthetist, 40)];

const fn plan(
    name: &'static str,
    code: &'static str,
    building: &'static str,
    care: Care,
    share: f64,
    mix: &'static [(Role, u32)],
) -> Plan {
    Plan { name, code, building, care, share, mix }
}

const PLANS: &[Plan] = &[
    plan("Emergency", "EME", "A", Care::Emergency, 60.0, ACUTE),
    plan("Intensive Care", "ICU", "A", Care::Intensive, 60.0, ACUTE),
    plan("Anaesthesia", "ANE", "A", Care::Theatre, 55.0, THEATRE),
    plan("Internal Medicine", "MED", "B", Care::Ward, 90.0, WARD),
    plan("Cardiology", "CAR", "B", Care::Ward, 55.0, WARD),
    plan("Pulmonology", "PUL", "B", Care::Ward, 30.0, WARD),
    plan("Gastroenterology", "GAS", "B", Care::Ward, 30.0, WARD),
    plan("Nephrology", "NEP", "B", Care::Ward, 20.0, WARD),
    plan("Oncology", "ONC", "C", Care::Ward, 50.0, WARD),
    plan("Neurology", "NEU", "C", Care::Ward, 40.0, WARD),
    plan("Geriatrics", "GER", "C", Care::Ward, 35.0, WARD),
    plan("General Surgery", "SUR", "D", Care::Surgical, 70.0, WARD),
    plan("Orthopaedics", "ORT", "D", Care::Surgical, 50.0, WARD),
    plan("Urology", "URO", "D", Care::Surgical, 25.0, WARD),
    plan("Ear Nose Throat", "ENT", "D", Care::Surgical, 15.0, WARD),
    plan("Obstetrics", "OBS", "E", Care::Surgical, 45.0, WARD),
    plan("Paediatrics", "PED", "E", Care::Ward, 45.0, WARD),
    plan("Psychiatry", "PSY", "F", Care::Ward, 40.0, MIND),
    plan("Dermatology", "DER", "F", Care::Ward, 12.0, WARD),
    plan("Occupational Health", "OCC", "H", Care::Clinic, 4.0, &[(Role::Physician, 50), (Role::Nurse, 50)]),
    plan("Laboratory", "LAB", "G", Care::Service, 35.0, &[(Role::LabTechnician, 100)]),
    plan("Pathology", "PAT", "G", Care::Service, 10.0, &[(Role::Pathologist, 60), (Role::LabTechnician, 40)]),
    plan("Imaging", "IMG", "G", Care::Service, 40.0, &[(Role::Radiographer, 60), (Role::Radiologist, 40)]),
    plan("Pharmacy", "PHA", "G", Care::Service, 22.0, &[(Role::Pharmacist, 100)]),
    plan("Physiotherapy", "PHY", "H", Care::Service, 25.0, &[(Role::Physiotherapist, 100)]),
    plan("Dietetics", "DIE", "H", Care::Service, 6.0, &[(Role::Dietitian, 100)]),
    plan("Social Work", "SOC", "H", Care::Service, 10.0, &[(Role::SocialWorker, 100)]),
    plan("Registration", "REG", "H", Care::Office, 28.0, &[(Role::RegistrationClerk, 100)]),
    plan("Billing", "BIL", "I", Care::Office, 20.0, &[(Role::Biller, 100)]),
    plan("Coding", "COD", "I", Care::Office, 14.0, &[(Role::Coder, 100)]),
    plan("Health Records", "HIM", "I", Care::Office, 12.0, &[(Role::RecordsClerk, 100)]),
    plan("Information Technology", "ITS", "I", Care::Office, 12.0, &[(Role::ItAnalyst, 100)]),
    plan("Quality", "QUA", "I", Care::Office, 6.0, &[(Role::QualityNurse, 100)]),
    plan("Research", "RES", "I", Care::Office, 8.0, &[(Role::Researcher, 100)]),
    plan("Float Pool", "FLT", "B", Care::Office, 18.0, &[(Role::Nurse, 80), (Role::Assistant, 20)]),
];

/// Departments found by name; each is in the plan.
pub(crate) mod known {
    pub(crate) const FLOAT: &str = "Float Pool";
    pub(crate) const LABORATORY: &str = "Laboratory";
    pub(crate) const PATHOLOGY: &str = "Pathology";
    pub(crate) const IMAGING: &str = "Imaging";
    pub(crate) const PHARMACY: &str = "Pharmacy";
    pub(crate) const PHYSIOTHERAPY: &str = "Physiotherapy";
    pub(crate) const DIETETICS: &str = "Dietetics";
    pub(crate) const SOCIAL: &str = "Social Work";
    pub(crate) const REGISTRATION: &str = "Registration";
    pub(crate) const RECORDS: &str = "Health Records";
    pub(crate) const IT: &str = "Information Technology";
    pub(crate) const RESEARCH: &str = "Research";
    pub(crate) const PSYCHIATRY: &str = "Psychiatry";
    pub(crate) const PAEDIATRICS: &str = "Paediatrics";
    pub(crate) const GERIATRICS: &str = "Geriatrics";
    pub(crate) const OBSTETRICS: &str = "Obstetrics";
    pub(crate) const DERMATOLOGY: &str = "Dermatology";
    pub(crate) const OCCUPATIONAL: &str = "Occupational Health";
}

/// What happens in a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Beds,
    Intensive,
    Emergency,
    Theatre,
    Clinic,
    #[default]
    Desk,
}

/// A department.
#[derive(Clone, Debug, Default)]
pub(crate) struct Department {
    pub(crate) name: &'static str,
    pub(crate) care: Care,
    /// Units, clinic last where there is one.
    pub(crate) units: Vec<u32>,
    pub(crate) head: u32,
}

/// A unit: where patients lie and people are on shift.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub(crate) code: String,
    pub(crate) building: &'static str,
    pub(crate) department: u32,
    pub(crate) kind: UnitKind,
    /// Workstations of the unit are numbered from here.
    pub(crate) first_workstation: u32,
    pub(crate) workstations: u32,
    /// Nurses of the unit.
    pub(crate) nurses: u32,
}

/// Departments, units, and for each member of staff to hire: department, unit and role.
#[derive(Clone, Debug)]
pub(crate) struct Hospital {
    pub(crate) departments: Table<Department>,
    pub(crate) units: Table<Unit>,
    pub(crate) posts: Vec<Post>,
    pub(crate) workstations: u32,
}

/// One post to fill.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Post {
    pub(crate) department: u32,
    pub(crate) unit: u32,
    pub(crate) role: Role,
}

impl Hospital {
    /// A hospital with `staff` posts.
    pub(crate) fn new(staff: u32) -> Self {
        let mut hospital = Self { departments: Table::new(), units: Table::new(), posts: Vec::new(), workstations: 0 };
        let total: f64 = PLANS.iter().map(|plan| plan.share).sum();
        let mut due = 0.0;
        let mut hired = 0u32;
        for (n, plan) in PLANS.iter().enumerate() {
            due += plan.share / total * f64::from(staff);
            let left = index(PLANS.len() - 1 - n);
            let wanted =
                if left == 0 { staff } else { to_count(due) }.max(hired + 2).min(staff.saturating_sub(2 * left));
            hospital.open(plan, wanted.saturating_sub(hired));
            hired = hired.max(wanted);
        }
        hospital.equip();
        hospital.second_registration();
        hospital
    }

    /// The department of that name.
    pub(crate) fn department(&self, name: &str) -> u32 {
        self.departments.numbered().find(|(_, department)| department.name == name).map_or(0, |(n, _)| n)
    }

    /// Units of a kind.
    pub(crate) fn units_of(&self, kind: UnitKind) -> Vec<u32> {
        self.units.numbered().filter(|(_, unit)| unit.kind == kind).map(|(n, _)| n).collect()
    }

    /// The clinic of a department, if it has one.
    pub(crate) fn clinic(&self, department: u32) -> Option<u32> {
        self.unit_where(department, |kind| kind == UnitKind::Clinic)
    }

    /// The first unit with beds of a department, if it has one.
    pub(crate) fn beds(&self, department: u32) -> Option<u32> {
        self.unit_where(department, |kind| matches!(kind, UnitKind::Beds | UnitKind::Intensive))
    }

    fn unit_where(&self, department: u32, wanted: impl Fn(UnitKind) -> bool) -> Option<u32> {
        self.departments.at(department).units.iter().copied().find(|unit| wanted(self.units.at(*unit).kind))
    }

    /// Adds a department with `staff` posts and its units.
    fn open(&mut self, plan: &'static Plan, staff: u32) {
        let number = self.departments.add(Department { name: plan.name, care: plan.care, units: Vec::new(), head: 0 });
        let (kind, people_per_unit) = match plan.care {
            Care::Ward | Care::Surgical => (UnitKind::Beds, 55),
            Care::Intensive => (UnitKind::Intensive, 80),
            Care::Emergency => (UnitKind::Emergency, 160),
            Care::Theatre => (UnitKind::Theatre, 120),
            Care::Clinic => (UnitKind::Clinic, 50),
            Care::Service | Care::Office => (UnitKind::Desk, 400),
        };
        let count = (staff / people_per_unit).max(1);
        let mut units: Vec<u32> = (1..=count).map(|n| self.add_unit(plan, number, kind, n)).collect();
        if matches!(plan.care, Care::Ward | Care::Surgical) {
            units.push(self.add_unit(plan, number, UnitKind::Clinic, 1));
        }
        self.departments.change(number).units.clone_from(&units);
        let mut seats: Vec<(Role, u32, u32)> = Vec::new();
        for n in 0..staff {
            let role = role_due(plan.mix, &seats);
            match seats.iter_mut().find(|seat| seat.0 == role) {
                Some(seat) => seat.1 += 1,
                None => seats.push((role, 1, n)),
            }
            let turn = seats.iter().find(|seat| seat.0 == role).map_or(0, |seat| seat.1) as usize;
            let unit = units.get((turn - 1) % units.len().max(1)).copied().unwrap_or(0);
            self.posts.push(Post { department: number, unit, role });
        }
    }

    fn add_unit(&mut self, plan: &Plan, department: u32, kind: UnitKind, n: u32) -> u32 {
        let code = match kind {
            UnitKind::Clinic => format!("{}-CL", plan.code),
            UnitKind::Desk => format!("{}-{n}", plan.code),
            _ => format!("{}-W{n}", plan.code),
        };
        self.units.add(Unit { code, building: plan.building, department, kind, ..Unit::default() })
    }

    /// Puts workstations into units, for about a third of those who work there.
    fn equip(&mut self) {
        let mut people = vec![0u32; self.units.rows().len()];
        for post in &self.posts {
            if let Some(count) = people.get_mut(post.unit as usize) {
                *count += 1;
            }
            if post.role == Role::Nurse {
                self.units.change(post.unit).nurses += 1;
            }
        }
        for (unit, people) in self.units.rows_mut().iter_mut().zip(people) {
            unit.first_workstation = self.workstations;
            unit.workstations = (people / 3).max(3) + if unit.kind == UnitKind::Clinic { 4 } else { 0 };
            self.workstations += unit.workstations;
        }
    }

    /// Registration clerks sit where patients arrive: emergency units and clinics in turn.
    fn second_registration(&mut self) {
        let mut desks = self.units_of(UnitKind::Emergency);
        desks.extend(self.units_of(UnitKind::Clinic));
        let registration = self.department(known::REGISTRATION);
        let mut turn = desks.iter().cycle();
        for post in self.posts.iter_mut().filter(|post| post.department == registration) {
            post.unit = turn.next().copied().unwrap_or(post.unit);
        }
    }
}

/// The role whose share is furthest behind.
fn role_due(mix: &[(Role, u32)], seats: &[(Role, u32, u32)]) -> Role {
    let taken = |role: Role| seats.iter().find(|seat| seat.0 == role).map_or(0, |seat| seat.1);
    let mut best = (Role::Nurse, f64::MIN);
    for (role, share) in mix {
        let behind = f64::from(*share) / f64::from(taken(*role) + 1);
        if behind > best.1 {
            best = (*role, behind);
        }
    }
    best.0
}

fn to_count(x: f64) -> u32 {
    u32::try_from(crate::rng::whole(x + 0.5)).unwrap_or(0)
}
