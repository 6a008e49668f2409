//! S6, deceased: the patient died more than 30 days ago, and the user's work is not with such records.

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{DAY, days_before};
use crate::settings::Settings;
use crate::world::World;

const ID: Id = Id(6);

#[derive(Debug)]
pub(super) struct Deceased;

impl Scenario for Deceased {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if !seen.has_no_reason() {
            return;
        }
        let Some(patient) = world.patient(seen.access.patient) else { return };
        let Some(death) = patient.death else { return };
        let since = seen.access.time.at.saturating_sub(death);
        let is_work = || world.duty(seen.access.user).records || is_pathology(world, seen.access.user);
        if since > days_before(world.settings.deceased_after_days) && !is_work() {
            let days = f64::from(i32::try_from(since / DAY).unwrap_or(i32::MAX));
            signs.push(Sign::at(ID, 0, seen.access).proven(&[patient.proof]).with([days, 0.0, 0.0]));
        }
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Need, base: Base::Visit, when_improper: 0.1 }
    }

    fn tell(&self, _world: &World, sign: &Sign) -> String {
        let [days, ..] = sign.facts;
        format!("The patient had died {days} days before.")
    }
}

fn is_pathology(world: &World, user: u32) -> bool {
    let words = ["patholog".to_owned(), "mortuary".to_owned(), "registry".to_owned()];
    [world.role(user), world.department(user)].into_iter().any(|text| Settings::holds(world.texts.text(text), &words))
}
