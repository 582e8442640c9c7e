//! The names of backups: `countersign-2026-11-30T014500Z`, the time in UTC, without colons since not every disk takes them.

/// Returns the name of a backup that is made at this Unix time.
pub(super) fn write(unix: u64) -> String {
    let (days, seconds) = (unix / DAY, unix % DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{PREFIX}{year:04}-{month:02}-{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Returns the Unix time in a name; `None` where it is no name of a backup, to the letter.
pub(super) fn read(name: &str) -> Option<u64> {
    let digits: String = name.strip_prefix(PREFIX)?.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 14 {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u64>().ok();
    let days = days_to(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
    let unix = days * DAY + number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
    (write(unix) == name).then_some(unix)
}

/// Returns year, month and day of a day counted from 1970. Years are counted from March, so that the leap day is the last
/// of a year, in eras of 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    let (era, day) = ((days + TO_MARCH_0) / ERA, (days + TO_MARCH_0) % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * era + year + u64::from(month <= 2), month, day_of_month)
}

/// Returns the day counted from 1970; `None` before that.
fn days_to(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let month = (month + 9) % 12;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    days.checked_sub(TO_MARCH_0 + 1)
}

const PREFIX: &str = "countersign-";
const DAY: u64 = super::DAY;
/// Days of 400 years.
const ERA: u64 = 146_097;
/// Days from March 1st of the year 0 to January 1st, 1970.
const TO_MARCH_0: u64 = 719_468;

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
            assert_eq!(read(&write(days * DAY)), Some(days * DAY));
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
