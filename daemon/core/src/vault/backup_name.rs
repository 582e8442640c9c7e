//! The names of backups: `countersign-2026-11-30T014500Z`, the time in UTC, without colons since not every disk takes them.

use time::{Date, OffsetDateTime};

/// Returns the name of a backup that is made at this Unix time.
pub(super) fn write(unix: u64) -> String {
    let time = i64::try_from(unix).ok().and_then(|unix| OffsetDateTime::from_unix_timestamp(unix).ok());
    let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let ((year, month, day), (hour, minute, second)) = (time.to_calendar_date(), time.to_hms());
    format!("{PREFIX}{year:04}-{:02}-{day:02}T{hour:02}{minute:02}{second:02}Z", u8::from(month))
}

/// Returns the Unix time in a name; `None` where it is no name of a backup, to the letter.
pub(super) fn read(name: &str) -> Option<u64> {
    let digits: String = name.strip_prefix(PREFIX)?.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 14 {
        return None;
    }
    let two = |from: usize| digits[from..from + 2].parse::<u8>().ok();
    let date = Date::from_calendar_date(digits[..4].parse().ok()?, two(4)?.try_into().ok()?, two(6)?).ok()?;
    let time = date.with_hms(two(8)?, two(10)?, two(12)?).ok()?.assume_utc();
    let unix = u64::try_from(time.unix_timestamp()).ok()?;
    (write(unix) == name).then_some(unix)
}

const PREFIX: &str = "countersign-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when() {
        let rows = [
            (0, "countersign-1970-01-01T000000Z"),
            (951_827_696, "countersign-2000-02-29T123456Z"),
            (1_796_003_100, "countersign-2026-11-30T014500Z"),
            (4_107_542_399, "countersign-2100-02-28T235959Z"),
            (4_107_542_400, "countersign-2100-03-01T000000Z"),
        ];
        for (unix, name) in rows {
            assert_eq!(write(unix), name);
            assert_eq!(read(name), Some(unix), "{name}");
        }
        for days in 0..60_000 {
            assert_eq!(read(&write(days * 86_400)), Some(days * 86_400));
        }
    }

    #[test]
    fn what_has_another_name_is_no_backup() {
        let names = [
            "countersign-2026-11-30T014500Z.old",
            "countersign-2026-11-30T01450Z",
            "countersign-2026-02-30T014500Z",
            "countersign-2026-13-01T014500Z",
            "countersign-2026-11-30T240000Z",
            "countersign-20261130T014500Z",
            "Countersign-2026-11-30T014500Z",
            "countersign-0000-00-00T000000Z",
            "countersign",
            "photos",
        ];
        for name in names {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
