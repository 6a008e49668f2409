//! The cases, one by one: for every scenario at least one hit, one near miss just outside the definition, and one hard negative, which has the
//! surface of the scenario and a real reason.
//!
//! Nobody plays a part in two of them, so that whatever is said of a person is said for one reason only. Unless a story says otherwise, people act in
//! their own duty and at their own desk, and the record is that of a patient of a clinic with which they share nothing.

mod conduct;
mod kin;
mod leak;
mod record;

use super::Hospital;
use super::clock::DAY;

/// Writes all of them.
pub(crate) fn write(hospital: &mut Hospital) {
    kin::write(hospital);
    record::write(hospital);
    conduct::write(hospital);
    leak::write(hospital);
}

/// A patient who was in the cardiology clinic three days before `time`, and whom nobody else has a reason to look up.
fn stranger(hospital: &mut Hospital, surname: &str, given: &str, time: i64) -> String {
    let patient = hospital.patient(surname, given);
    hospital.clinic(&patient, "CARD", time - 3 * DAY);
    patient
}

/// A patient who lies in this unit from the day before `time` until three days after it.
fn lying(hospital: &mut Hospital, surname: &str, given: &str, unit: &str, time: i64) -> String {
    let patient = hospital.patient(surname, given);
    hospital.stay(&patient, unit, time - DAY, Some(time + 3 * DAY));
    patient
}
