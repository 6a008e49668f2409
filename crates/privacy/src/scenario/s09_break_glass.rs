//! S9, break-glass: used and not followed by care within a day; used far more often than peers do; or its reason is empty or always the same.
//!
//! Break-glass is never wrong by itself: it is there to be used, and looked at afterwards.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::explain::{Reason, in_care_at};
use crate::feed::late;
use crate::form::{DAY, HOUR};
use crate::names::NONE;
use crate::world::World;

const ID: Id = Id(9);
const NO_CARE: u8 = 0;
const OFTEN: u8 = 1;
const EMPTY: u8 = 2;
const REPEATED: u8 = 3;
/// Uses from which somebody can be said to use it often.
const OFTEN_MIN: u32 = 5;
/// Peers from which there is a usual number.
const PEERS_MIN: usize = 8;
/// Patients to whom one and the same reason was given from which on it is a phrase.
const REPEATED_MIN: usize = 3;
/// Users who give one and the same reason from which on it comes from a list.
const COMMON_MIN: usize = 3;

#[derive(Debug, Default)]
pub(super) struct BreakGlass {
    uses: FxHashMap<u32, u32>,
    users: FxHashSet<u32>,
    /// Limit of uses, by role: the 99.5th percentile.
    limits: FxHashMap<u32, u32>,
    /// Patients for whom a user gave a reason, the first [`REPEATED_MIN`].
    reasons: FxHashMap<(u32, u32), Vec<u32>>,
    /// Users who gave a reason, the first [`COMMON_MIN`]: what many give was chosen from a list.
    givers: FxHashMap<u32, Vec<u32>>,
}

impl Scenario for BreakGlass {
    fn id(&self) -> Id {
        ID
    }

    fn learn(&mut self, _world: &World, seen: &Seen<'_>) {
        self.users.insert(seen.access.user);
        if seen.access.break_glass && !seen.explained.marks.has(Reason::Declared) {
            *self.uses.entry(seen.access.user).or_default() += 1;
            let givers = self.givers.entry(seen.access.purpose).or_default();
            if givers.len() < COMMON_MIN && !givers.contains(&seen.access.user) {
                givers.push(seen.access.user);
            }
        }
    }

    fn settle(&mut self, world: &World) {
        let mut by_role: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let mut users: Vec<u32> = self.users.iter().copied().collect();
        users.sort_unstable();
        for user in users {
            by_role.entry(world.role(user)).or_default().push(self.uses.get(&user).copied().unwrap_or(0));
        }
        let mut roles: Vec<_> = by_role.into_iter().collect();
        roles.sort_unstable();
        for (role, mut uses) in roles {
            uses.sort_unstable();
            // the highest is the one in question: leave it out where there are fewer than 200
            let place = (uses.len() * 995 / 1_000).min(uses.len().saturating_sub(2));
            if let Some(limit) = uses.get(place).filter(|_| uses.len() >= PEERS_MIN) {
                self.limits.insert(role, *limit);
            }
        }
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let declared = seen.explained.marks.has(Reason::Declared);
        if !access.break_glass || access.patient == NONE || declared || seen.explained.late.is_some() {
            return;
        }
        if access.time.at + DAY <= world.span.1
            && late(world, access.user, access.time.at).is_none()
            && !(0..=24).any(|hours| in_care_at(world, access, access.time.at + hours * HOUR))
        {
            signs.push(Sign::at(ID, NO_CARE, access));
        }
        let uses = self.uses.get(&access.user).copied().unwrap_or(0);
        let limit = self.limits.get(&world.role(access.user)).copied();
        if let Some(limit) = limit.filter(|limit| uses >= OFTEN_MIN && uses > 2 * *limit) {
            signs.push(Sign::at(ID, OFTEN, access).with([f64::from(uses), f64::from(limit), 0.0]));
        }
        signs.extend(self.reason(access));
    }

    fn weight(&self, level: u8) -> Weight {
        let when_improper = match level {
            NO_CARE => 0.1,
            _ => 0.03,
        };
        Weight { family: Family::BreakGlass, base: Base::Visit, when_improper }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        let [uses, limit, _] = sign.facts;
        let user = world.name_of(sign.user);
        match sign.level {
            NO_CARE => {
                format!("{user} used break-glass, and took no part in the patient's care on that day or the next.")
            }
            OFTEN => format!(
                "{user} used break-glass {uses} times in the period; people of the same role at most {limit} times."
            ),
            EMPTY => "No reason was given for break-glass.".to_owned(),
            _ => format!(
                "The reason given for break-glass (\"{}\") is one that {user} gives for every patient.",
                world.text(sign.other)
            ),
        }
    }
}

impl BreakGlass {
    fn reason(&mut self, access: &crate::form::Access) -> Option<Sign> {
        if access.purpose == NONE {
            return Some(Sign::at(ID, EMPTY, access));
        }
        if self.givers.get(&access.purpose).is_some_and(|givers| givers.len() >= COMMON_MIN) {
            return None;
        }
        let patients = self.reasons.entry((access.user, access.purpose)).or_default();
        if !patients.contains(&access.patient) && patients.len() < REPEATED_MIN {
            patients.push(access.patient);
        }
        (patients.len() >= REPEATED_MIN).then(|| Sign::at(ID, REPEATED, access).about(access.purpose))
    }
}
