//! S12, search then peek: somebody is looked for by name, a record is opened within a minute, nothing is written into it, and no reason is found.

use rustc_hash::FxHashMap;

use super::{Base, Family, Id, Scenario, Seen, Sign, Weight};
use crate::form::{Access, Action, MINUTE, Proof, Table};
use crate::world::World;

const ID: Id = Id(12);
/// From the search to the record.
const WITHIN: i64 = MINUTE;
/// How long after opening the record something may still be written into it.
const WRITES_WITHIN: i64 = 30 * MINUTE;

#[derive(Debug, Default)]
pub(super) struct SearchPeek {
    /// The last search by name of each user: when, and the row.
    searched: FxHashMap<u32, (i64, u32)>,
    /// Records opened after a search, by user and patient: the sign that waits for a write.
    waiting: FxHashMap<(u32, u32), Sign>,
}

impl Scenario for SearchPeek {
    fn id(&self) -> Id {
        ID
    }

    fn judge(&mut self, world: &World, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        let access = seen.access;
        let key = (access.user, access.patient);
        if let Some(sign) = self.waiting.get(&key) {
            if access.action.writes() && access.time.at - sign.time.at <= WRITES_WITHIN {
                self.waiting.remove(&key);
                return;
            }
            if access.time.at - sign.time.at > WRITES_WITHIN {
                signs.extend(self.waiting.remove(&key));
            }
        }
        if access.action == Action::Search {
            if by_name(world, access) {
                self.searched.insert(access.user, (access.time.at, access.row));
            }
            return;
        }
        if access.action != Action::Read || !seen.has_no_reason() {
            return;
        }
        if let Some((_, row)) = self.searched.get(&access.user).filter(|(at, _)| access.time.at - at <= WITHIN) {
            let search = Proof::new(Table::Accesses, *row);
            self.waiting.entry(key).or_insert_with(|| Sign::at(ID, 0, access).proven(&[search]));
        }
    }

    fn end(&mut self, _world: &World, signs: &mut Vec<Sign>) {
        let mut left: Vec<Sign> = std::mem::take(&mut self.waiting).into_values().collect();
        left.sort_by_key(|sign| sign.rows.first().copied());
        signs.extend(left);
    }

    fn weight(&self, _level: u8) -> Weight {
        Weight { family: Family::Act, base: Base::Visit, when_improper: 0.4 }
    }

    fn tell(&self, world: &World, sign: &Sign) -> String {
        format!(
            "{} looked somebody up by name, opened this record within a minute and wrote nothing into it.",
            world.name_of(sign.user)
        )
    }
}

/// Whether a search was for a name. A search whose object is not told counts.
fn by_name(world: &World, access: &Access) -> bool {
    let object = world.texts.text(access.object);
    object.is_empty() || object.starts_with("name:") || object.contains("name=") || object.contains("family=")
}
