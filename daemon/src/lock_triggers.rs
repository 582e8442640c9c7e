//! What locks the vault besides a call: idleness, the session's lock, sleep, the screen saver.
//!
//! Each trigger that can't be had here is a line in the status, never an error.

use std::{io, os::fd::OwnedFd, sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};
use tokio::{
    io::unix::AsyncFd,
    sync::{Notify, watch},
    time::timeout,
};
use zbus::{Connection, MatchRule, MessageStream, message, proxy::MethodFlags, zvariant};

/// Why the vault is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Nothing was asked for long enough.
    Idle,
    /// The session was locked.
    Session,
    /// The machine goes to sleep.
    Sleep,
    /// The screen saver came on.
    ScreenSaver,
}

/// What was seen on a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The vault has to be locked.
    Lock(Trigger),
    /// The screen is locked, or is no longer.
    Screen(bool),
}

/// Who is told.
pub type Tell = Arc<dyn Fn(Seen) + Send + Sync>;

/// The idle clock: counts suspend too, is armed once and lazily, and so never wakes the machine for nothing.
pub struct IdleClock {
    last: std::sync::Mutex<u64>,
    armed: Notify,
}

impl Default for IdleClock {
    fn default() -> Self {
        Self::new()
    }
}

impl IdleClock {
    /// Starts counting now.
    pub fn new() -> Self {
        Self { last: std::sync::Mutex::new(boottime()), armed: Notify::new() }
    }

    /// Something was asked: begins anew. Arms the clock if it has run out.
    pub fn touch(&self) {
        *self.last.lock().expect("no holder panics") = boottime();
        self.armed.notify_one();
    }

    /// Says whether the time has run out, for the moment after a sleep whose signal was lost.
    pub fn is_over(&self, limit: Duration) -> bool {
        self.idle() >= limit.as_secs()
    }

    fn idle(&self) -> u64 {
        boottime().saturating_sub(*self.last.lock().expect("no holder panics"))
    }

    /// Waits until nothing was asked for as long as the limit says; a changed limit is taken up at once.
    pub async fn run_out(&self, limit: &mut watch::Receiver<Option<Duration>>) -> io::Result<()> {
        self.armed.notified().await;
        loop {
            let Some(seconds) = limit.borrow_and_update().map(|limit| limit.as_secs()) else {
                if limit.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                continue;
            };
            let idle = self.idle();
            if idle >= seconds {
                return Ok(());
            }
            tokio::select! {
                slept = sleep_boottime(seconds - idle) => slept?,
                _ = limit.changed() => {}
            }
        }
    }
}

fn boottime() -> u64 {
    u64::try_from(clock_gettime(ClockId::Boottime).tv_sec).unwrap_or(0)
}

async fn sleep_boottime(seconds: u64) -> io::Result<()> {
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
    let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
    let value = Timespec { tv_sec: seconds.try_into().unwrap_or(i64::MAX), tv_nsec: 0 };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: zero, it_value: value })?;
    #[allow(deprecated)]
    // its successor is `unsafe`; the descriptor is owned here and never replaced, which is all it asks
    let timer = AsyncFd::new(timer)?;
    let _ready = timer.readable().await?;
    Ok(())
}

/// Tells whenever a screen saver on this bus comes on or goes off.
pub async fn watch_screen_savers(bus: Connection, tell: Tell) -> zbus::Result<()> {
    let mut streams = futures_util::stream::SelectAll::new();
    for desktop in DESKTOPS {
        let rule = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .interface(format!("org.{desktop}.ScreenSaver"))?
            .member("ActiveChanged")?
            .build();
        streams.push(MessageStream::for_match_rule(rule, &bus, None).await?);
    }
    // All at once: signals are read only afterwards.
    if join_all(DESKTOPS.map(|desktop| is_on_already(&bus, desktop))).await.contains(&true) {
        tell(Seen::Screen(true));
    }
    while let Some(message) = streams.next().await {
        let is_on = message?.body().deserialize::<bool>().unwrap_or(true);
        tell(Seen::Screen(is_on));
        if is_on {
            tell(Seen::Lock(Trigger::ScreenSaver));
        }
    }
    Ok(())
}

/// Says whether this desktop's screen saver is on, without starting one.
async fn is_on_already(bus: &Connection, desktop: &str) -> bool {
    let asked = async {
        let (name, path) = (format!("org.{desktop}.ScreenSaver"), format!("/org/{desktop}/ScreenSaver"));
        let saver = zbus::Proxy::new(bus, name.clone(), path, name).await?;
        saver.call_with_flags::<_, _, bool>("GetActive", MethodFlags::NoAutoStart.into(), &()).await
    };
    matches!(timeout(LIMIT, asked).await, Ok(Ok(Some(true))))
}

/// Follows logind: the session's lock, and sleep with a delay inhibitor, so that the keys are gone before it begins.
///
/// # Errors
/// When there is no logind here, or it goes away.
pub async fn watch_logind(tell: Tell, ready: impl FnOnce() + Send) -> zbus::Result<()> {
    let bus = timeout(LIMIT, Connection::system()).await.map_err(|_| zbus::Error::Failure("it is slow".into()))??;
    let mut inhibitor = inhibit(&bus).await?;
    let mut sleep = signals(&bus, "org.freedesktop.login1.Manager", "PrepareForSleep").await?;
    let mut locks = signals(&bus, "org.freedesktop.login1.Session", "Lock").await?;
    let mut hints = signals(&bus, "org.freedesktop.DBus.Properties", "PropertiesChanged").await?;
    ready();
    if is_locked_already(&bus).await {
        tell(Seen::Screen(true));
    }
    loop {
        tokio::select! {
            Some(message) = sleep.next() => {
                if message?.body().deserialize::<bool>().unwrap_or(true) {
                    tell(Seen::Lock(Trigger::Sleep));
                    inhibitor = None;
                } else if inhibitor.is_none() {
                    inhibitor = inhibit(&bus).await?;
                }
            }
            Some(message) = locks.next() => {
                // Only a wish: whether the screen is locked then, the hint or the screen saver tells.
                if is_own_session(&bus, &message?).await {
                    tell(Seen::Lock(Trigger::Session));
                }
            }
            Some(message) = hints.next() => {
                let message = message?;
                let Some(is_locked) = locked_hint(&message) else { continue };
                if is_own_session(&bus, &message).await {
                    tell(Seen::Screen(is_locked));
                    if is_locked {
                        tell(Seen::Lock(Trigger::Session));
                    }
                }
            }
            else => return Ok(()),
        }
    }
}

/// Says whether a session of this user is locked; a logind that does not say so knows of no lock.
async fn is_locked_already(bus: &Connection) -> bool {
    type Sessions = Vec<(String, u32, String, String, zvariant::OwnedObjectPath)>;
    let asked = async {
        let manager = zbus::Proxy::new(bus, LOGIND, LOGIND_PATH, "org.freedesktop.login1.Manager").await?;
        let sessions: Sessions = manager.call("ListSessions", &()).await?;
        let own = rustix::process::geteuid().as_raw();
        for (_, _, _, _, path) in sessions.into_iter().filter(|(_, uid, ..)| *uid == own) {
            let session = zbus::Proxy::new(bus, LOGIND, path, "org.freedesktop.login1.Session").await?;
            if session.get_property::<bool>("LockedHint").await.unwrap_or(false) {
                return Ok::<_, zbus::Error>(true);
            }
        }
        Ok(false)
    };
    matches!(timeout(LIMIT, asked).await, Ok(Ok(true)))
}

/// Asks logind to wait with sleep until the descriptor is closed; without its leave the vault is locked all the same,
/// only maybe a moment too late.
async fn inhibit(bus: &Connection) -> zbus::Result<Option<OwnedFd>> {
    let arguments = ("sleep", "countersign", "the vault is locked first", "delay");
    let call =
        bus.call_method(Some(LOGIND), LOGIND_PATH, Some("org.freedesktop.login1.Manager"), "Inhibit", &arguments);
    match timeout(LIMIT, call).await {
        Ok(Ok(reply)) => Ok(Some(reply.body().deserialize::<zvariant::OwnedFd>()?.into())),
        Ok(Err(zbus::Error::MethodError(name, text, _))) if name.as_str().ends_with("AccessDenied") => {
            tracing::warn!("logind does not let sleep wait for the lock: {}", text.unwrap_or_default());
            Ok(None)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(zbus::Error::Failure("it is slow".into())),
    }
}

async fn signals(bus: &Connection, interface: &str, member: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender(LOGIND)?
        .interface(interface)?
        .member(member)?
        .path_namespace(LOGIND_PATH)?
        .build();
    MessageStream::for_match_rule(rule, bus, None).await
}

/// Returns what a session says of its lock, if it does.
fn locked_hint(message: &zbus::Message) -> Option<bool> {
    type Changed<'a> = (String, std::collections::HashMap<String, zvariant::OwnedValue>, Vec<String>);
    let body = message.body();
    let (interface, changed, _) = body.deserialize::<Changed<'_>>().ok()?;
    let hint = changed.get("LockedHint").and_then(|value| bool::try_from(value).ok());
    hint.filter(|_| interface == "org.freedesktop.login1.Session")
}

/// Says whether the session that signals is one of this user; one that can't be asked counts as such.
async fn is_own_session(bus: &Connection, message: &zbus::Message) -> bool {
    let header = message.header();
    let Some(path) = header.path() else { return true };
    let arguments = ("org.freedesktop.login1.Session", "User");
    let call = bus.call_method(Some(LOGIND), path, Some("org.freedesktop.DBus.Properties"), "Get", &arguments);
    let Ok(Ok(reply)) = timeout(LIMIT, call).await else { return true };
    let body = reply.body();
    let Ok(value) = body.deserialize::<zvariant::Value<'_>>() else { return true };
    match <(u32, zvariant::ObjectPath<'_>)>::try_from(value) {
        Ok((uid, _)) => uid == rustix::process::geteuid().as_raw(),
        Err(_) => true,
    }
}

/// Whose screen savers are followed.
const DESKTOPS: [&str; 5] = ["freedesktop", "gnome", "mate", "cinnamon", "xfce"];
const LOGIND: &str = "org.freedesktop.login1";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const LIMIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_idle_clock_runs_out_only_when_armed_and_on() {
        let clock = IdleClock::new();
        let (limit, mut receiver) = watch::channel(Some(Duration::ZERO));
        assert!(timeout(Duration::from_millis(20), clock.run_out(&mut receiver)).await.is_err(), "it was not armed");
        clock.touch();
        clock.run_out(&mut receiver).await.unwrap();
        clock.touch();
        limit.send_replace(None);
        assert!(timeout(Duration::from_millis(20), clock.run_out(&mut receiver)).await.is_err(), "it is off");
    }
}
