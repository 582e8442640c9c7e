//! Backups by themselves: a timer of the person's own systemd, or, where that does not answer, a line for cron.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Stdio,
};

use countersign_api::connect;
use tokio::{process::Command, time::timeout};

use super::{folder, make, told};
use crate::{
    args::Schedule,
    error::{Error, exit},
    output,
    session::Session,
};

/// Runs `backup schedule`.
pub(super) async fn run(args: Schedule, session: &mut Session) -> Result<(), Error> {
    let units = units()?;
    // What can't be done now will not be done at night; and from now on an empty folder there means that its disk is away.
    let made = make(args.folder.as_deref(), session).await?;
    let folder = folder(args.folder.as_deref(), session)?;
    output::print(&told(&made, session))?;
    let every = if args.monthly { Every::Month } else { Every::from_weekly(args.weekly) };
    let program = env::current_exe().map_err(Error::io("countersign"))?;
    let words = [program.as_path(), Path::new("backup"), Path::new("--scheduled"), &folder];
    let write = |name: &str, text: String| {
        write(&units.join(name), &text).map_err(Error::io(format!("{} can't be written", units.join(name).display())))
    };
    let earlier = [SERVICE, TIMER].map(|name| (units.join(name), fs::read(units.join(name))));
    write(SERVICE, service(&words))?;
    write(TIMER, timer(every))?;
    if let Err(why) = enable().await {
        put_back(&units, &earlier).await?;
        let text = format!(
            "countersign: nothing was scheduled, since systemd takes no timer here: {why}\n  hint: where there is cron, this \
             line does the same (crontab -e):\n{}",
            cron_line(every, &words)
        );
        output::say(&text);
        return Err(Error::Said(exit::FAILURE));
    }
    output::line(&format!("From now on by itself, {}. No more: countersign backup schedule --off", every.text()))
}

/// Undoes what was written: the units are again as they were, or gone where there were none.
async fn put_back(units: &Path, earlier: &[(PathBuf, io::Result<Vec<u8>>)]) -> Result<(), Error> {
    if earlier.iter().any(|(_, text)| text.is_err()) {
        return take_away(units);
    }
    for (path, text) in earlier {
        let text = text.as_deref().unwrap_or_default();
        fs::write(path, text).map_err(Error::io(format!("{} can't be put back", path.display())))?;
    }
    // Where systemd does not answer, it reads them when it begins.
    let _ = systemctl(&["daemon-reload"]).await;
    Ok(())
}

/// Ends what was scheduled.
pub(super) async fn off() -> Result<(), Error> {
    let units = units()?;
    if !units.join(TIMER).exists() && !units.join(SERVICE).exists() {
        return output::line("Nothing was scheduled.");
    }
    // Where nobody answers, taking the files away is all that there is to do.
    let told = systemctl(&["disable", "--now", TIMER]).await;
    take_away(&units)?;
    if told.is_ok() {
        let _ = systemctl(&["daemon-reload"]).await;
    }
    output::line("No more backups by themselves. Those that are there stay.")
}

/// Removes the units, and the link to one by which systemd has it enabled.
fn take_away(units: &Path) -> Result<(), Error> {
    for path in [units.join(TIMER), units.join(SERVICE), units.join("timers.target.wants").join(TIMER)] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io(format!("{} can't be removed", path.display()))(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns how often backups are made by themselves, in words; `None` where they are not.
pub(crate) fn scheduled() -> Option<&'static str> {
    let units = units().ok()?;
    // It is enabled by this link.
    fs::symlink_metadata(units.join("timers.target.wants").join(TIMER)).ok()?;
    let text = fs::read_to_string(units.join(TIMER)).ok()?;
    Every::ALL.into_iter().find(|every| text.contains(&every.calendar())).map(Every::text)
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
}

impl Every {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    fn from_weekly(weekly: bool) -> Self {
        if weekly { Self::Week } else { Self::Day }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Day => "every day",
            Self::Week => "every week",
            Self::Month => "every month",
        }
    }

    fn calendar(self) -> String {
        format!("OnCalendar={}\n", self.word())
    }

    /// Noon, since a computer that is off at night makes up for nothing by cron.
    fn cron(self) -> &'static str {
        match self {
            Self::Day => "0 12 * * *",
            Self::Week => "0 12 * * 1",
            Self::Month => "0 12 1 * *",
        }
    }
}

fn service(words: &[&Path]) -> String {
    let words: Vec<String> = words.iter().map(|word| for_systemd(&word.to_string_lossy())).collect();
    format!(
        "# Written by countersign backup schedule; --off takes it away.\n\
         [Unit]\nDescription=Backup of two-factor accounts\nDocumentation=man:countersign-backup(1)\n\n\
         [Service]\nType=oneshot\nExecStart={}\n",
        words.join(" ")
    )
}

/// A backup that fell into a time when the computer was off is made up for.
fn timer(every: Every) -> String {
    format!(
        "# Written by countersign backup schedule; --off takes it away.\n\
         [Unit]\nDescription=Backup of two-factor accounts, {}\n\n\
         [Timer]\n{}Persistent=true\nRandomizedDelaySec=10min\n\n\
         [Install]\nWantedBy=timers.target\n",
        every.text(),
        every.calendar()
    )
}

/// Returns a word as `ExecStart=` reads it (systemd.service(5), systemd.unit(5)).
fn for_systemd(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Returns the same as a line for cron, which takes a `%` for a line's end.
fn cron_line(every: Every, words: &[&Path]) -> String {
    let quote = |word: &Path| format!("'{}'", word.to_string_lossy().replace('\'', r"'\''").replace('%', r"\%"));
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    format!("{} {}", every.cron(), words.join(" "))
}

/// Returns the folder of the person's own units.
fn units() -> Result<PathBuf, Error> {
    let config = connect::xdg_dir("XDG_CONFIG_HOME", ".config").map_err(Error::io("the folder of units"))?;
    Ok(config.join("systemd/user"))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::File::create(path)?.write_all(text.as_bytes())
}

/// Has systemd read the units and begin, or says why not.
async fn enable() -> Result<(), String> {
    systemctl(&["daemon-reload"]).await?;
    systemctl(&["enable", "--now", TIMER]).await
}

async fn systemctl(words: &[&str]) -> Result<(), String> {
    let mut command = Command::new("systemctl");
    command.arg("--user").args(words).stdin(Stdio::null()).kill_on_drop(true);
    let slow = |_| format!("systemctl did not answer within {} s", connect::ANSWER_LIMIT.as_secs());
    let ended = timeout(connect::ANSWER_LIMIT, command.output()).await.map_err(slow)?;
    match ended.map_err(|error| format!("systemctl: {error}"))? {
        ended if ended.status.success() => Ok(()),
        ended => Err(output::one_line(String::from_utf8_lossy(&ended.stderr).trim())),
    }
}

const SERVICE: &str = "countersign-backup.service";
const TIMER: &str = "countersign-backup.timer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_folders_are_one_word() {
        assert_eq!(for_systemd(r#"/media/50% "b" $HOME\x"#), r#""/media/50%% \"b\" $$HOME\\x""#);
        let words = [Path::new("/bin/countersign"), Path::new("/media/it's 50%")];
        assert_eq!(cron_line(Every::Day, &words), r"0 12 * * * '/bin/countersign' '/media/it'\''s 50\%'");
    }

    #[test]
    fn how_often_is_read_from_the_timer() {
        for every in Every::ALL {
            let text = timer(every);
            let found: Vec<Every> = Every::ALL.into_iter().filter(|one| text.contains(&one.calendar())).collect();
            assert_eq!(found, [every]);
        }
    }
}
