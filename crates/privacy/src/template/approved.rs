//! Approved templates: ids from the settings become what is compared, and explain accesses.

use crate::explain::{Explained, Reason};
use crate::form::{Access, days_before, fold};
use crate::names::NONE;
use crate::world::{Grouped, World};

use super::path::{Subject, Tie, TieKind, hits};
use super::{Shape, WINDOW_DAYS_MAX};

/// Most templates that are approved.
const APPROVED_MAX: usize = 1_000;

/// The templates that a person approved.
#[derive(Debug, Default)]
pub(crate) struct Approved {
    shapes: Vec<Shape>,
    /// Places among the shapes by number of the user.
    of_user: Grouped<usize>,
    /// Ids that explain nothing, and why.
    pub refused: Vec<(String, &'static str)>,
}

impl Approved {
    /// The templates of the settings, in this world.
    pub(crate) fn of(world: &World) -> Self {
        let mut out = Self::default();
        for id in &world.settings.templates {
            let shape = if out.shapes.len() < APPROVED_MAX { parse(world, id) } else { Err("there are too many") };
            match shape {
                Ok(shape) => out.shapes.push(shape),
                Err(reason) => out.refused.push((id.clone(), reason)),
            }
        }
        let mut of_user = Vec::new();
        if !out.shapes.is_empty() {
            for user in (0..world.users.len()).filter_map(|user| u32::try_from(user).ok()) {
                let somebody = Subject::of(world, user);
                let own = out.shapes.iter().enumerate().filter(|(_, shape)| shape.subject.means(somebody));
                of_user.extend(own.map(|(place, _)| (user, place)));
            }
        }
        out.of_user = Grouped::of(of_user);
        out
    }
}

/// Explains an access by an approved template.
pub(crate) fn explain(world: &World, access: &Access, explained: &mut Explained) {
    let approved = &world.approved;
    let own = approved.of_user.of_number(access.user);
    let Some(employee) = world.employee(access.user).filter(|_| !own.is_empty() && access.patient != NONE) else {
        return;
    };
    let mut found = Vec::new();
    hits(world, access.user, access.patient, access.time.at, &mut found, |_| true);
    for shape in own.iter().filter_map(|place| approved.shapes.get(*place)) {
        let Ok(place) = found.binary_search_by_key(&shape.tie, |hit| hit.tie) else { continue };
        if let Some(hit) = found.get(place).filter(|hit| hit.gap <= days_before(shape.window_days)) {
            let [first, second] = hit.proofs;
            explained.add(Reason::Template, &[first, second, employee.proof]);
            return;
        }
    }
}

/// What an id says, in this world.
fn parse(world: &World, id: &str) -> Result<Shape, &'static str> {
    const FORM: &str = "it is not like `role=pharmacist & order.department=oncology @3d`";
    let (path, window) = id.rsplit_once('@').ok_or(FORM)?;
    let window_days = window.trim().strip_suffix('d').and_then(|days| days.parse().ok()).ok_or(FORM)?;
    if !(1..=WINDOW_DAYS_MAX).contains(&window_days) {
        return Err("its window is not from 1 to 90 days");
    }
    let mut subject = Subject::ANY;
    let mut ties = Vec::new();
    for part in path.split('&') {
        let (key, value) = part.split_once('=').ok_or(FORM)?;
        let text = world.texts.find(&fold(value)).ok_or("it names something that is nowhere in the data")?;
        let kind = match key.trim() {
            "role" => set(&mut subject.role, text)?,
            "department" => set(&mut subject.department, text)?,
            "unit" => set(&mut subject.unit, text)?,
            "stay.department" => Some(TieKind::StayDepartment),
            "stay.unit" => Some(TieKind::StayUnit),
            "order.department" => Some(TieKind::OrderDepartment),
            "order.kind" => Some(TieKind::OrderKind),
            "appointment.department" => Some(TieKind::Appointment),
            "message.pool" => Some(TieKind::Message),
            "participant.department" => Some(TieKind::MemberDepartment),
            "participant.role" => Some(TieKind::MemberRole),
            _ => return Err(FORM),
        };
        ties.extend(kind.map(|kind| (kind, text)));
    }
    ties.sort_unstable();
    let tie = match *ties.as_slice() {
        [(kind, text)] => Tie { kind, text, other: NONE },
        [(TieKind::OrderDepartment, department), (TieKind::OrderKind, kind)] => {
            Tie { kind: TieKind::OrderBoth, text: kind, other: department }
        }
        _ => return Err(FORM),
    };
    if subject == Subject::ANY { Err(FORM) } else { Ok(Shape { subject, tie, window_days }) }
}

/// Notes an attribute of people, which may be named once.
fn set(place: &mut u32, text: u32) -> Result<Option<TieKind>, &'static str> {
    if *place != NONE {
        return Err("it names one attribute twice");
    }
    *place = text;
    Ok(None)
}
