//! Days that people enter, as moments: a day begins and ends in its reader's time zone.

use chrono::{DateTime, Days, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// The first moment of a day as forms send it (`2026-03-01`).
pub fn begin_of(day: &str, zone: &str) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d").ok()?;
    Some(first_moment(day, zone.parse().unwrap_or(Tz::UTC)))
}

/// The first moment of the day after.
pub fn end_of(day: &str, zone: &str) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(day.trim(), "%Y-%m-%d").ok()?;
    let next = day.checked_add_days(Days::new(1))?;
    Some(first_moment(next, zone.parse().unwrap_or(Tz::UTC)))
}

/// A day that begins later than at midnight, because clocks are changed then, begins in UTC.
fn first_moment(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let begin = zone.from_local_datetime(&midnight).earliest();
    begin.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// The day that begins at a moment, as forms show it.
pub fn day_from(begin: DateTime<Utc>, zone: &str) -> String {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    begin.with_timezone(&zone).date_naive().to_string()
}

/// The last day before a moment, as forms show it.
pub fn day_until(end: DateTime<Utc>, zone: &str) -> String {
    day_from(end - Duration::seconds(1), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_from_midnight_to_midnight_in_its_zone() {
        let (begin, end) = (
            begin_of("2026-07-01", "Europe/Berlin").unwrap(),
            end_of("2026-07-01", "Europe/Berlin").unwrap(),
        );
        assert_eq!(begin.to_string(), "2026-06-30 22:00:00 UTC");
        assert_eq!(end.to_string(), "2026-07-01 22:00:00 UTC");
        assert_eq!(day_from(begin, "Europe/Berlin"), "2026-07-01");
        assert_eq!(day_until(end, "Europe/Berlin"), "2026-07-01");
        let winter = end_of("2026-12-31", "Europe/Berlin").unwrap();
        assert_eq!(winter.to_string(), "2026-12-31 23:00:00 UTC");
        for bad in ["", "2026-02-30", "1.3.2026", "262143-12-31", "x"] {
            assert_eq!(end_of(bad, "UTC"), None, "{bad}");
        }
    }
}
