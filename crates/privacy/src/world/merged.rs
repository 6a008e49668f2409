//! Ids of patients that turned out to be one person: index and accesses were written under both, so both are one record.

use rustc_hash::FxHashMap;

use super::{Context, Flags, Identity, Patient};
use crate::form::Proof;
use crate::names::NONE;

impl Context {
    /// Says that two ids of patients, as they stand in a review, are one person. What `patients.csv` says of either holds for both.
    pub fn same_person(&mut self, one: &str, other: &str) {
        if !one.is_empty() && !other.is_empty() && one != other {
            let pair = (self.patient_ids.number(one), self.patient_ids.number(other));
            self.merged.push(pair);
        }
    }

    /// Gives the ids of each merge one person. An id without a row of its own gets that of the other.
    pub(super) fn join_merged(&mut self) {
        let mut rows: FxHashMap<u32, Patient> = FxHashMap::default();
        for (one, other) in &self.merged {
            rows.extend([(*one, NOBODY), (*other, NOBODY)]);
        }
        // the last row of an id counts, as everywhere
        for (number, patient) in &self.patients {
            rows.entry(*number).and_modify(|known| *known = *patient);
        }
        let mut persons = Persons::default();
        for (one, other) in std::mem::take(&mut self.merged) {
            let row = |id: u32| rows.get(&id).copied().unwrap_or(NOBODY);
            let both = [row(one), row(other)];
            let stated = both.iter().map(|row| row.identity.person).find(|person| *person != NONE);
            let person = stated.unwrap_or_else(|| {
                let text = format!("merged {}", self.patient_ids.text(one));
                self.texts.number(&text)
            });
            both.iter().for_each(|row| persons.join(row.identity.person, person));
            let known = both.into_iter().find(|row| row.proof != Proof::NONE).unwrap_or(NOBODY);
            let [first, second] = both.map(|row| Some(row).filter(|row| row.proof != Proof::NONE).unwrap_or(known));
            rows.extend([(one, first.of_person(person)), (other, second.of_person(person))]);
        }
        for (_, patient) in &mut self.patients {
            patient.identity.person = persons.of(patient.identity.person);
        }
        let mut merged: Vec<(u32, Patient)> = rows.into_iter().collect();
        merged.sort_unstable_by_key(|(number, _)| *number);
        for (_, patient) in &mut merged {
            patient.identity.person = persons.of(patient.identity.person);
        }
        self.patients.extend(merged);
    }
}

impl Patient {
    fn of_person(self, person: u32) -> Self {
        Self { identity: Identity { person, ..self.identity }, ..self }
    }
}

/// A patient of whom no row says anything.
const NOBODY: Patient = Patient {
    proof: Proof::NONE,
    identity: Identity {
        person: NONE,
        surname: NONE,
        given: NONE,
        birth: NONE,
        street: NONE,
        house: None,
        door: NONE,
        postcode: NONE,
        phone: NONE,
    },
    death: None,
    flags: Flags { vip: false, employee: false, sensitive: false, complaint: false },
};

/// Persons that turned out to be others.
#[derive(Default)]
struct Persons(FxHashMap<u32, u32>);

impl Persons {
    fn join(&mut self, one: u32, other: u32) {
        let (from, into) = (self.of(one), self.of(other));
        if one != NONE && from != into {
            self.0.insert(from, into);
        }
    }

    /// Who a person turned out to be in the end.
    fn of(&self, person: u32) -> u32 {
        let mut known = person;
        while let Some(next) = self.0.get(&known) {
            known = *next;
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use crate::settings::Settings;
    use crate::world::World;

    const PATIENTS: &str = "patient,person_id,surname\nA,1,Ash\nB,2,Birch\nC,,Cedar\n";

    /// Which of the ids are one person, and the surname that each has.
    fn world(merges: &[(&str, &str)]) -> World {
        let mut context = Context::new(Settings::default());
        context.read(Table::Patients, PATIENTS.as_bytes(), |_| {}).unwrap();
        merges.iter().for_each(|(one, other)| context.same_person(one, other));
        context.finish()
    }

    fn person(world: &World, id: &str) -> u32 {
        let number = world.patient_ids.find(id).unwrap();
        world.patients[number as usize].unwrap().identity.person
    }

    #[test]
    fn merged_ids_are_one_person_whatever_the_index_says_of_either() {
        for merges in [&[("A", "B")][..], &[("A", "C")], &[("C", "D")], &[("D", "E")]] {
            let world = world(merges);
            let (one, other) = merges[0];
            assert_eq!(person(&world, one), person(&world, other), "{merges:?}");
            assert_ne!(person(&world, one), NONE);
        }
        let world = world(&[("A", "C")]);
        assert_ne!(person(&world, "A"), person(&world, "B"));
    }

    #[test]
    fn merges_of_merges_are_one_person_in_any_order() {
        let orders: [&[(&str, &str)]; 3] = [
            &[("A", "D"), ("B", "E"), ("D", "E")],
            &[("D", "E"), ("A", "D"), ("B", "E")],
            &[("E", "B"), ("E", "D"), ("D", "A"), ("A", "B")],
        ];
        for merges in orders {
            let world = world(merges);
            let all: Vec<u32> = ["A", "B", "D", "E"].iter().map(|id| person(&world, id)).collect();
            assert!(all.iter().all(|one| *one == all[0]), "{merges:?}: {all:?}");
        }
    }

    #[test]
    fn an_id_without_a_row_is_called_as_the_other() {
        let world = world(&[("D", "B")]);
        let number = world.patient_ids.find("D").unwrap();
        let surname = world.patients[number as usize].unwrap().identity.surname;
        assert_eq!(world.texts.text(surname), "birch");
    }
}
