//! Times of audit records: RFC 3339, with or without the zone it demands.

use cordon_model::{Anomaly, Time, When};

use crate::DecodeOptions;

/// The time has no zone.
pub(crate) const TIME_WITHOUT_ZONE: Anomaly =
    Anomaly::new("time_without_zone", "the time of the record names no zone; the zone of --timezone was taken");
/// The time cannot be read, or there is none.
pub(crate) const TIME_UNREADABLE: Anomaly =
    Anomaly::new("time_unreadable", "the record states no time that could be read");

/// Reads a time; one without a zone is taken in that of the options.
pub(crate) fn moment<'a>(text: Option<&str>, options: &DecodeOptions) -> (When<'a>, Option<Anomaly>) {
    let text = text.unwrap_or_default().trim();
    if let Some(time) = Time::from_rfc3339(text) {
        return (When::Known(time), None);
    }
    let local = text.parse::<jiff::civil::DateTime>().ok();
    let zoned = local.and_then(|local| local.to_zoned(options.timezone.clone()).ok());
    match zoned {
        Some(zoned) => (When::Known(Time(zoned.timestamp().as_microsecond())), Some(TIME_WITHOUT_ZONE)),
        None => (When::Missing, Some(TIME_UNREADABLE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_read_and_said() {
        let options = DecodeOptions::new(Time(0));
        let known = |text| When::Known(Time::from_rfc3339(text).unwrap());
        assert_eq!(moment(Some("2026-01-02T03:04:05+01:00"), &options), (known("2026-01-02T03:04:05+01:00"), None));
        assert_eq!(
            moment(Some("2026-01-02T03:04:05"), &options),
            (known("2026-01-02T03:04:05Z"), Some(TIME_WITHOUT_ZONE))
        );
        assert_eq!(moment(Some("noon"), &options), (When::Missing, Some(TIME_UNREADABLE)));
        assert_eq!(moment(None, &options), (When::Missing, Some(TIME_UNREADABLE)));
    }
}
