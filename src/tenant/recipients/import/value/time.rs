//! Days and moments.

use super::{Fault, Formats};
use crate::clock;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Years of two digits lie between these: ninety years back for birthdays, nine ahead for what is to come.
pub fn short_years() -> (i32, i32) {
    let first = clock::now().year() - 90;
    (first, first + 99)
}

/// Whether a cell writes a year with two digits.
pub fn has_short_year(text: &str) -> bool {
    let day = text.trim().split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['.', '/', '-']).collect();
    let digits = |part: &&str| part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [_, _, year] if year.len() == 2) && parts.iter().all(digits)
}

/// A day; impossible ones (00.00.0000, 31.02.) are refused.
///
/// # Errors
/// `date` where it is none.
pub fn date(text: &str, formats: &Formats) -> Result<NaiveDate, Fault> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
    let [first, second, third] = parts.as_slice() else {
        return Err("date");
    };
    let fits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
    };
    let (year, month, day) = if first.len() == 4 {
        (first, second, third)
    } else if text.contains('.') || !formats.month_first {
        (third, second, first)
    } else {
        (third, first, second)
    };
    if !matches!(year.len(), 2 | 4) || !fits(year, 4) || !fits(month, 2) || !fits(day, 2) {
        return Err("date");
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| "date");
    let is_short = year.len() == 2;
    let mut year = i32::try_from(number(year)?).map_err(|_| "date")?;
    if is_short {
        let (first, _) = short_years();
        year = first + (year - first).rem_euclid(100);
    }
    if year < 1 {
        return Err("date");
    }
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or("date")
}

/// A moment that says how far it is from UTC: `2026-03-04T05:06:07Z`, `2026-03-04 05:06+0100`.
fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    if !text.bytes().take(4).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let text = text.replacen(' ', "T", 1);
    DateTime::parse_from_rfc3339(&text).ok().or_else(|| {
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"]
            .iter()
            .find_map(|format| DateTime::parse_from_str(&text, format).ok())
    })
}

pub(super) fn moment(text: &str, formats: &Formats) -> Result<String, Fault> {
    if let Some(at) = with_offset(text) {
        return Ok(at
            .with_timezone(&Utc)
            .format("%Y-%m-%dT%H:%M:%S%.fZ")
            .to_string());
    }
    let (day, time) = text.split_once([' ', 'T', ',']).unwrap_or((text, "00:00"));
    let day = date(day.trim(), formats).map_err(|_| "datetime")?;
    let time = time.trim().trim_end_matches(" Uhr");
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(time, format).ok())
        .ok_or("datetime")?;
    let zone: Tz = formats.zone.parse().unwrap_or(Tz::UTC);
    let at = zone
        .from_local_datetime(&NaiveDateTime::new(day, time))
        .earliest()
        .ok_or("datetime")?;
    Ok(at
        .with_timezone(&Utc)
        .format("%Y-%m-%dT%H:%M:%S%.fZ")
        .to_string())
}
