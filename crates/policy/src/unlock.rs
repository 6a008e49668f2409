//! Unlocking the pseudonym of one person: who may ask and who may agree. Two people of two roles, whatever else each of them is.

use std::collections::BTreeSet;
use std::time::Duration;

use cordon_model::Time;

use crate::Role;

/// An unlock holds for so long: seven days.
pub const UNLOCK_MAX: Duration = Duration::from_secs(7 * 86_400);

/// As whom somebody can ask.
const ASKING: [Role; 3] = [Role::Analyst, Role::Responder, Role::PrivacyOfficer];
/// As whom somebody can agree.
const AGREEING: [Role; 4] = [Role::Analyst, Role::Responder, Role::PrivacyOfficer, Role::Administrator];

/// One of the two, as of when he or she spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Name of the user.
    pub user: String,
    /// The roles of the user.
    pub roles: BTreeSet<Role>,
}

/// What two people agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// The pseudonym of the one person that it is about.
    pub pseudonym: String,
    /// Who asked.
    pub asked: Party,
    /// Who agreed.
    pub agreed: Party,
    /// From this time on.
    pub from: Time,
    /// Until before this time.
    pub until: Time,
}

/// Why two people cannot unlock a pseudonym together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockFault {
    /// Both are the same person.
    #[error("whoever asked cannot agree: a second person is needed")]
    SamePerson,
    /// No two roles, one of each.
    #[error(
        "the second person needs another role than whoever asked: analyst, responder, privacy officer or administrator"
    )]
    SameRole,
}

impl Unlock {
    /// Whether two people who may agreed on it, it has begun and has not ended. It never holds for longer than [`UNLOCK_MAX`], whatever it says.
    #[must_use]
    pub fn is_in_force(&self, now: Time) -> bool {
        let longest = i64::try_from(UNLOCK_MAX.as_micros()).unwrap_or(i64::MAX);
        let until = self.until.min(Time(self.from.0.saturating_add(longest)));
        (self.from..until).contains(&now) && check_unlock(&self.asked, &self.agreed).is_ok()
    }
}

/// Whether `asked` and `agreed` can unlock a pseudonym together: they are two, and there are two different roles, one that the first has and may ask in, one that the
/// second has and may agree in. Nobody counts twice, however many roles he or she has.
///
/// # Errors
/// Why not.
pub fn check_unlock(asked: &Party, agreed: &Party) -> Result<(), UnlockFault> {
    if asked.user == agreed.user {
        return Err(UnlockFault::SamePerson);
    }
    let asks = |role: &&Role| ASKING.contains(role);
    let others = |role: &Role| agreed.roles.iter().any(|other| other != role && AGREEING.contains(other));
    if asked.roles.iter().filter(asks).any(others) { Ok(()) } else { Err(UnlockFault::SameRole) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Role::{Administrator, Analyst, Auditor, PrivacyOfficer, Responder};

    fn party(user: &str, roles: &[Role]) -> Party {
        Party { user: user.to_owned(), roles: roles.iter().copied().collect() }
    }

    fn check(asked: &[Role], agreed: &[Role], expect: Result<(), UnlockFault>) {
        assert_eq!(check_unlock(&party("anna", asked), &party("bert", agreed)), expect, "{asked:?} and {agreed:?}");
        let alone = check_unlock(&party("anna", asked), &party("anna", agreed));
        assert_eq!(alone, Err(UnlockFault::SamePerson), "{asked:?} and {agreed:?}");
    }

    #[test]
    fn two_people_of_two_roles_unlock_and_nobody_counts_twice() {
        const NO: Result<(), UnlockFault> = Err(UnlockFault::SameRole);
        for one in Role::ALL {
            for other in Role::ALL {
                let may = ASKING.contains(&one) && AGREEING.contains(&other) && one != other;
                check(&[one], &[other], may.then_some(()).ok_or(UnlockFault::SameRole));
            }
        }
        check(&[Analyst], &[PrivacyOfficer], Ok(()));
        check(&[Analyst], &[Analyst, PrivacyOfficer], Ok(()));
        check(&[Analyst, PrivacyOfficer], &[Analyst], Ok(()));
        check(&[Analyst, PrivacyOfficer], &[Analyst, PrivacyOfficer], Ok(()));
        check(&[Administrator, Analyst], &[Administrator, Analyst], Ok(()));
        // a role in which nobody asks or agrees makes no difference
        check(&[Analyst, Auditor], &[Analyst], NO);
        check(&[Analyst], &[Analyst, Auditor], NO);
        check(&[Administrator, Analyst], &[Analyst], NO);
        check(&[Administrator], &[Administrator, Analyst], NO);
        check(&[Responder], &[], NO);
        check(&[], &[Responder], NO);
    }

    #[test]
    fn an_unlock_holds_in_its_time_and_never_longer_than_seven_days() {
        const DAY: i64 = 86_400_000_000;
        let unlock = |until: i64| Unlock {
            pseudonym: "u-1".to_owned(),
            asked: party("anna", &[Analyst]),
            agreed: party("bert", &[PrivacyOfficer]),
            from: Time(DAY),
            until: Time(until),
        };
        let in_force = |until: i64| {
            let at = [DAY - 1, DAY, 2 * DAY, 8 * DAY - 1, 8 * DAY];
            at.map(|now| unlock(until).is_in_force(Time(now)))
        };
        assert_eq!(in_force(8 * DAY), [false, true, true, true, false]);
        assert_eq!(in_force(2 * DAY), [false, true, false, false, false]);
        assert_eq!(in_force(i64::MAX), [false, true, true, true, false]);
        let alone = Unlock { agreed: party("anna", &[PrivacyOfficer]), ..unlock(8 * DAY) };
        assert!(!alone.is_in_force(Time(2 * DAY)));
    }
}
