//! Times as people write and read them; all in UTC, since that needs no table of the world's clocks.

use std::time::{SystemTime, UNIX_EPOCH};

use ::time::{Date, OffsetDateTime};

/// Returns the Unix time of now, in seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns how many milliseconds of the present second have gone.
pub(crate) fn millisecond() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_millis())
}

/// Returns how long it is, in words: `1 second`, `24 seconds`.
pub(crate) fn seconds(count: u64) -> String {
    format!("{count} second{}", if count == 1 { "" } else { "s" })
}

/// Reads Unix seconds, or a date and time as RFC 3339 writes them: `2026-01-31T12:00:00Z`, `2026-01-31 12:00+01:00`.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| "too late for a 64-bit clock".into());
    }
    parse_date(text).ok_or_else(|| "write it as Unix seconds or as 2026-01-31T12:00:00Z".into())
}

fn parse_date(text: &str) -> Option<u64> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, offset) = split_offset(clock)?;
    let clock = if clock.matches(':').count() == 1 { format!("{clock}:00") } else { clock.to_owned() };
    let [hour, minute, second] = numbers(&clock, ':')?;
    let month = u8::try_from(month).ok()?.try_into().ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let real = hour < 24 && minute < 60 && second <= 60;
    let midnight = date.midnight().assume_utc().unix_timestamp();
    real.then(|| u64::try_from(midnight + hour * 3600 + minute * 60 + second - offset).ok()).flatten()
}

/// Parts the clock from its zone, which is answered in seconds east of Greenwich.
fn split_offset(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let at = clock.rfind(['+', '-'])?;
    let (hours, minutes) = clock[at + 1..].split_once(':')?;
    let (hours, minutes): (i64, i64) = (two_digits(hours)?, two_digits(minutes)?);
    let sign = if clock.as_bytes()[at] == b'-' { -1 } else { 1 };
    (hours < 24 && minutes < 60).then_some((&clock[..at], sign * (hours * 3600 + minutes * 60)))
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let first = parts.next()?;
    let first = if first.len() == 4 { first.parse().ok()? } else { two_digits(first)? };
    let found = [first, two_digits(parts.next()?)?, two_digits(parts.next()?)?];
    parts.next().is_none().then_some(found)
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Returns the time as `2026-01-31T12:00:00Z`.
pub(crate) fn iso(unix: u64) -> String {
    let time = i64::try_from(unix).ok().and_then(|unix| OffsetDateTime::from_unix_timestamp(unix).ok());
    // Beyond the year 9999 the calendar has no name for it.
    let Some(time) = time else { return unix.to_string() };
    let ((year, month, day), (hour, minute, second)) = (time.to_calendar_date(), time.to_hms());
    format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month))
}

/// Returns how long ago it was, in words: `3 minutes ago`.
pub(crate) fn ago(unix: u64, now: u64) -> String {
    let seconds = now.saturating_sub(unix);
    let (count, what) = match seconds {
        0..60 => return "just now".into(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {what}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_unix_seconds_and_back() {
        let rows = [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("2005-03-18T01:58:29Z", 1_111_111_109),
            ("2033-05-18T03:33:20Z", 2_000_000_000),
            ("2603-10-11T11:33:20Z", 20_000_000_000),
        ];
        for (text, unix) in rows {
            assert_eq!(parse(text), Ok(unix), "{text}");
            assert_eq!(iso(unix), text);
        }
    }

    #[test]
    fn other_spellings_are_read_too() {
        for text in ["2005-03-18 01:58:29Z", "2005-03-18t02:58:29+01:00", "2005-03-17T20:28:29-05:30", "1111111109"] {
            assert_eq!(parse(text), Ok(1_111_111_109), "{text}");
        }
        assert_eq!(parse("2005-03-18T01:58Z"), Ok(1_111_111_080));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let wrong = ["", "now", "2005-02-30T00:00:00Z", "2005-13-01T00:00:00Z", "2005-03-18T24:00:00Z", "2005-03-18"];
        for text in
            wrong.into_iter().chain(["2005-03-18T01:58:29", "-5", "99999999999999999999", "1960-01-01T00:00:00Z"])
        {
            assert!(parse(text).is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_while_ago_is_told_in_words() {
        let rows = [(0, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (200_000, "2 days ago")];
        for (seconds, words) in rows {
            assert_eq!(ago(1_000_000 - seconds, 1_000_000), words);
        }
    }
}
