//! S7, after discharge or before admission: the last encounter ended more than 30 days ago and no appointment lies ahead.
//!
//! Said of people in care and of those in offices alike, except where work goes on after discharge.

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{DAY, HOUR, days_before};
use crate::world::World;

const ID: Id = Id(7);
const ENDED: u8 = 0;
const NEVER: u8 = 1;
/// How long before an admission it may have been known. Hours.
const BEFORE_HOURS: i64 = 72;

#[derive(Debug)]
pub(super) struct NoEncounter;

impl Scenario for NoEncounter {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        if seen.has_no_reason() && !world.duty(seen.access.user).records {
            signs.extend(over(world, seen));
        }
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = if level == ENDED { 0.4 } else { 0.2 };
        Weight { family: Family::Need, base: Base::Visit, when_improper }
    }

    fn tell(&self, _world: &World, sign: &Sign) -> String {
        let [days, ..] = sign.facts;
        match sign.level {
            ENDED => {
                format!("The patient's last stay or visit had ended {days} days before, and no appointment lay ahead.")
            }
            _ => "The patient had no stay or visit by then, and no appointment lay ahead.".to_owned(),
        }
    }
}

fn over(world: &World, seen: &Seen<'_>) -> Option<Sign> {
    let (patient, at) = (seen.access.patient, seen.access.time.at);
    if world.bookings.of_number(patient).iter().any(|booking| booking.start + DAY >= at) {
        return None;
    }
    let mut last = None;
    for stay in world.stays.of_number(patient) {
        if stay.start <= at + BEFORE_HOURS * HOUR && stay.end >= at {
            return None;
        }
        if stay.end < at && last.is_none_or(|(end, _)| stay.end > end) {
            last = Some((stay.end, stay.proof));
        }
    }
    match last {
        None => Some(Sign::at(ID, NEVER, seen.access)),
        Some((end, proof)) if at - end > days_before(world.settings.discharged_after_days) => {
            let days = f64::from(i32::try_from((at - end) / DAY).unwrap_or(i32::MAX));
            Some(Sign::at(ID, ENDED, seen.access).proven(&[proof]).with([days, 0.0, 0.0]))
        }
        Some(_) => None,
    }
}
