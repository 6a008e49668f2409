//! What was found, as the state keeps it: the same for what is judged on arrival and what is judged later.

use std::sync::Arc;

use cordon_detect::{Detected, EventOf, Noticed};
use cordon_model::Time;
use cordon_store::state::{EventPlace, NewFinding, Subjects};

use super::judge::Found;

/// A finding on one event.
pub(super) fn of_event(found: Found, rule_version: &Arc<str>) -> NewFinding {
    let Found { detected, site, class_uid, patient_ref, received } = found;
    let about = Subjects { patient_ref: patient_ref.map(Arc::from), ..Subjects::default() };
    finding(detected, about, rule_version, Place { site, class_uid, received })
}

/// A finding of a correlation, decided at `now`.
pub(super) fn of_correlation(
    detected: Detected,
    site: Arc<str>,
    class_uid: i64,
    rule_version: &Arc<str>,
    now: Time,
) -> NewFinding {
    finding(detected, Subjects::default(), rule_version, Place { site, class_uid, received: now })
}

/// A finding of learnt behaviour.
pub(super) fn of_behaviour(noticed: Noticed) -> NewFinding {
    let Noticed { detected, site, class_uid, received, device, patient_ref } = noticed;
    let about =
        Subjects { patient_ref: patient_ref.map(Arc::from), device: device.map(Arc::from), ..Subjects::default() };
    finding(detected, about, &env!("CARGO_PKG_VERSION").into(), Place { site, class_uid, received })
}

/// Where and when.
struct Place {
    site: Arc<str>,
    class_uid: i64,
    received: Time,
}

fn finding(detected: Detected, about: Subjects, rule_version: &Arc<str>, place: Place) -> NewFinding {
    let Detected { finding, subject, events, .. } = detected;
    let Place { site, class_uid, received } = place;
    let subjects = Subjects { user: subject.user.map(Arc::from), host: subject.host.map(Arc::from), ..about };
    let events = events.into_iter().map(event_place).collect();
    NewFinding { finding, events, rule_version: Arc::clone(rule_version), site, class_uid, received, subjects }
}

fn event_place(of: EventOf) -> EventPlace {
    let EventOf { source, event, .. } = of;
    EventPlace {
        event_id: event.id,
        source,
        position: event.position,
        index: event.index,
        record_sha256: event.record_sha256,
    }
}
