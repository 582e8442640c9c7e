//! The environment of programs that show something on a person's screen, or look at it.
//!
//! A daemon that was started before the screen, or by nobody in particular, has none of its own; neither has a caller such
//! as a search box. Then the user manager is asked, at the moment of need: the desktop told it where the screen is.

use std::time::Duration;

use countersign_api::types::ScanOptions;
use tokio::time::timeout;
use zbus::{Connection, Proxy, proxy::MethodFlags, zvariant::OwnedValue};

/// Variables as a program is started with.
pub type Environment = Vec<(&'static str, String)>;

/// Returns the environment for the screen of the caller: what the caller says of it, else what the daemon was started with,
/// else what the user manager on this bus knows. Bus address and runtime folder are always the daemon's own.
pub async fn environment(caller: ScanOptions, bus: Option<&Connection>) -> Environment {
    let mut screen = told(caller);
    if screen.is_empty() {
        screen = pick(|name| std::env::var(name).ok());
        if let (false, Some(bus)) = (has_screen(&screen), bus) {
            let managers = of_user_manager(bus).await;
            if has_screen(&managers) {
                screen = managers;
            }
        }
    }
    let own = OWN.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
    screen.into_iter().chain(own).collect()
}

/// Returns what the caller says, and nothing else: another session's screen must not be mixed in.
fn told(caller: ScanOptions) -> Environment {
    let values =
        [caller.display, caller.wayland_display, caller.xauthority, caller.session_type, caller.current_desktop];
    let told = SCREEN.into_iter().zip(values);
    told.filter_map(|(name, value)| Some((name, value?))).filter(|(_, value)| fits(value)).collect()
}

fn has_screen(environment: &Environment) -> bool {
    environment.iter().any(|(name, _)| matches!(*name, "DISPLAY" | "WAYLAND_DISPLAY"))
}

/// Asks systemd's user manager. Where there is none, or it does not answer, that is nothing.
async fn of_user_manager(bus: &Connection) -> Environment {
    let asked = async {
        let manager =
            Proxy::new(bus, SYSTEMD, "/org/freedesktop/systemd1", "org.freedesktop.DBus.Properties").await.ok()?;
        // Its bus name is never to start anything: where no user manager runs, an activation file only fails.
        let flags = MethodFlags::NoAutoStart.into();
        let name = ("org.freedesktop.systemd1.Manager", "Environment");
        let value: OwnedValue = manager.call_with_flags("Get", flags, &name).await.ok()??;
        Vec::<String>::try_from(value).ok()
    };
    let lines = timeout(LIMIT, asked).await.ok().flatten().unwrap_or_default();
    from_lines(&lines)
}

/// Takes of `NAME=value` lines what tells where the screen is.
fn from_lines(lines: &[String]) -> Environment {
    pick(|name| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned))
}

fn pick(value_of: impl Fn(&str) -> Option<String>) -> Environment {
    SCREEN.into_iter().filter_map(|name| Some((name, value_of(name)?))).filter(|(_, value)| fits(value)).collect()
}

fn fits(value: &str) -> bool {
    !value.is_empty() && !value.contains('\0') && value.len() <= MAX_VALUE
}

const SYSTEMD: &str = "org.freedesktop.systemd1";
/// What tells where a screen is, in the order of the callers' options.
const SCREEN: [&str; 5] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP"];
/// What is the daemon's own, whoever asks.
const OWN: [&str; 7] =
    ["HOME", "PATH", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS", "LANG", "LC_ALL"];
const LIMIT: Duration = Duration::from_secs(2);
/// The longest value.
pub(crate) const MAX_VALUE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_callers_screen_is_taken_whole_or_not_at_all() {
        let options = ScanOptions { display: Some(":7".into()), ..ScanOptions::default() };
        let environment = environment(options, None).await;
        assert!(environment.contains(&("DISPLAY", ":7".into())));
        assert!(!environment.iter().any(|(name, _)| *name == "WAYLAND_DISPLAY"));
    }

    #[test]
    fn only_the_screen_is_taken_from_the_user_manager() {
        let lines = [
            "WAYLAND_DISPLAY=wayland-0",
            "DISPLAY_OTHER=:9",
            "DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/evil",
            "XDG_RUNTIME_DIR=/tmp",
            "XDG_CURRENT_DESKTOP=GNOME=x",
            "DISPLAY=",
        ];
        let found = from_lines(&lines.map(String::from));
        assert_eq!(found, [("WAYLAND_DISPLAY", "wayland-0".into()), ("XDG_CURRENT_DESKTOP", "GNOME=x".into())]);
    }

    #[test]
    fn what_can_be_no_value_is_left_out() {
        let caller = ScanOptions {
            display: Some(String::new()),
            xauthority: Some("a\0b".into()),
            wayland_display: Some("x".repeat(MAX_VALUE + 1)),
            ..ScanOptions::default()
        };
        assert!(told(caller).is_empty());
    }
}
