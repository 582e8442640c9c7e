//! How the heap is kept small. The C library reads this once, from the environment, when a program starts: so the tray
//! starts itself anew with it.
//!
//! An answer to a panel that asks for the menu or the icon's pixels is made of a megabyte of small pieces, which the tray
//! does not need again until somebody opens the menu. What it comes to is measured by `tests/run bench tray`.

use std::{env, ffi::OsStr, os::unix::process::CommandExt, process};

use tokio::process::Command;

/// Starts this program anew with the settings, unless it has such ones, its own or the person's. Comes back where that
/// can't be done, which costs memory and nothing else.
pub(crate) fn set() {
    if env::var_os(NAME).is_some() {
        return;
    }
    if let Ok(own) = env::current_exe() {
        // It answers only when it fails.
        let _ = process::Command::new(own).args(env::args_os().skip(1)).env(NAME, SETTINGS.join(":")).exec();
    }
}

/// Begins the start of another program, whose heap is no business of ours.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if env::var_os(NAME).is_some_and(|value| is_ours(&value)) {
        command.env_remove(NAME);
    }
    command
}

/// Some versions of the C library cut the text up in its place when they read it: then the first setting is what is left.
fn is_ours(value: &OsStr) -> bool {
    value == SETTINGS.join(":").as_str() || value == SETTINGS[0]
}

const NAME: &str = "GLIBC_TUNABLES";

const SETTINGS: [&str; 6] = [
    // The toolkit has four threads, and each would have a heap of its own.
    "glibc.malloc.arena_max=1",
    // Small pieces that were freed are kept aside for the next of their size; so they hold the pages between them.
    "glibc.malloc.tcache_count=0",
    "glibc.malloc.mxfast=0",
    // What is free at the end of the heap is given back. Untold, these two grow with the largest piece ever freed.
    "glibc.malloc.trim_threshold=65536",
    "glibc.malloc.mmap_threshold=65536",
    "glibc.malloc.top_pad=4096",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_one_of_the_c_librarys() {
        for setting in SETTINGS {
            let (name, value) = setting.split_once('=').unwrap();
            assert!(name.starts_with("glibc.malloc.") && value.parse::<u32>().is_ok(), "{setting}");
        }
    }

    #[test]
    fn settings_of_the_person_are_not_ours() {
        assert!(is_ours(OsStr::new(&SETTINGS.join(":"))) && is_ours(OsStr::new(SETTINGS[0])));
        assert!(!is_ours(OsStr::new("glibc.malloc.check=3")) && !is_ours(OsStr::new(SETTINGS[1])));
    }
}
