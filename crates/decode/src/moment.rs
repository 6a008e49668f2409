//! Times of audit records: RFC 3339, with or without the zone it demands.

use cordon_model::{Anomaly, Time, When};

use crate::DecodeOptions;
use crate::civil::in_zone;

/// The time has no zone.
pub(crate) const TIME_WITHOUT_ZONE: Anomaly =
    Anomaly::new("time_without_zone", "the time of the record names no zone; the zone of --timezone was taken");
/// The time cannot be read, or there is none.
pub(crate) const TIME_UNREADABLE: Anomaly =
    Anomaly::new("time_unreadable", "the record states no time that could be read");

/// Reads a time; one without a zone is taken in that of the options. What is wrong with it goes to `fault`.
pub(crate) fn moment<'a>(text: Option<&str>, options: &DecodeOptions, mut fault: impl FnMut(Anomaly)) -> When<'a> {
    let text = text.unwrap_or_default().trim();
    if let Some(time) = Time::from_rfc3339(text) {
        return When::Known(time);
    }
    let local = text.parse::<jiff::civil::DateTime>().ok();
    let Some((time, zone)) = local.and_then(|local| in_zone(local, &options.timezone)) else {
        fault(TIME_UNREADABLE);
        return When::Missing;
    };
    zone.faults(TIME_WITHOUT_ZONE).for_each(fault);
    When::Known(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_read_and_said() {
        let check = |text, expect: Option<&str>, names: &[Anomaly]| {
            let mut faults = Vec::new();
            let when = moment(text, &DecodeOptions::new(Time(0)), |fault| faults.push(fault));
            assert_eq!(when.resolve(), expect.and_then(Time::from_rfc3339), "{text:?}");
            assert_eq!(faults, names, "{text:?}");
        };
        check(Some("2026-01-02T03:04:05+01:00"), Some("2026-01-02T03:04:05+01:00"), &[]);
        check(Some("2026-01-02T03:04:05"), Some("2026-01-02T03:04:05Z"), &[TIME_WITHOUT_ZONE]);
        check(Some("noon"), None, &[TIME_UNREADABLE]);
        check(None, None, &[TIME_UNREADABLE]);
    }
}
