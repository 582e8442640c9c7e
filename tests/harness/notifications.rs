//! A stand-in for the notification server (python-dbusmock's), whose buttons a test can press.

use crate::{
    Process, World,
    wait::{LIMIT, until},
};

/// The stand-in; its output has a line for each notification.
pub struct Notifications {
    process: Process,
    seen: usize,
}

/// One notification.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The call as it was made.
    pub text: String,
    id: u32,
}

impl Notifications {
    /// Starts it. The world must have no other notification server.
    pub fn start(world: &World) -> Self {
        Self::start_that_can(world, "actions body body-markup")
    }

    /// The same, with these capabilities.
    pub fn start_that_can(world: &World, capabilities: &str) -> Self {
        let mock = ["-m", "dbusmock", "--session", "--template", "notification_daemon", "-p"];
        let parameters = format!("{{\"capabilities\": \"{capabilities}\"}}");
        let process = world.cmd("/usr/bin/python3").args(mock).arg(parameters).spawn();
        world.wait_for_name("org.freedesktop.Notifications");
        Self { process, seen: 0 }
    }

    /// Waits for a notification that says this, after those waited for before.
    pub fn expect(&mut self, says: &str) -> Notification {
        let from = self.seen;
        let (notification, seen) = self.process.out.wait_for(&format!("a notification `{says}`"), LIMIT, |text| {
            let all = notifications(text);
            let index = (from..all.len()).find(|index| all[*index].text.contains(says))?;
            Some((all[index].clone(), index + 1))
        });
        self.seen = seen;
        notification
    }

    /// Waits until a notification is withdrawn.
    pub fn expect_withdrawn(&self, notification: &Notification) {
        let end = format!(" CloseNotification {}\n", notification.id);
        self.process.out.wait_for(&format!("the end of {notification:?}"), LIMIT, |text| {
            // One of its number may have been withdrawn before.
            let since = text.find(&notification.text)?;
            text[since..].contains(&end).then_some(())
        });
    }

    /// Returns the process, to stop it or let it go on.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Clicks on a notification, beside its buttons.
    pub fn click(&self, world: &World, notification: &Notification) {
        assert!(notification.text.contains("\"default\""), "a click on it means nothing: {notification:?}");
        listened_to(world);
        invoke(world, notification, "default");
    }

    /// Presses a button of a notification, by its label.
    pub fn press(&self, world: &World, notification: &Notification, label: &str) {
        listened_to(world);
        self.press_withdrawn(world, notification, label);
    }

    /// Presses a button of a notification that a slow server still shows: nobody need listen any more.
    pub fn press_withdrawn(&self, world: &World, notification: &Notification, label: &str) {
        let words: Vec<&str> = notification.text.split('"').collect();
        let place = words.iter().rposition(|word| *word == label);
        let place = place.unwrap_or_else(|| panic!("no button `{label}` in {}", notification.text));
        invoke(world, notification, words[place - 2]);
    }
}

/// Waits until somebody listens to buttons, which begins once the number of what is shown is known: no person is as fast.
fn listened_to(world: &World) {
    let rules = ["--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", STATS, "GetAllMatchRules"];
    until("somebody listens to what is pressed", LIMIT, || {
        world.cmd("busctl").args(rules).ok().contains("ActionInvoked").then_some(())
    });
}

fn invoke(world: &World, notification: &Notification, key: &str) {
    let id = notification.id.to_string();
    let service = "org.freedesktop.Notifications";
    let call = ["--user", "call", service, "/org/freedesktop/Notifications", "org.freedesktop.DBus.Mock", "EmitSignal"];
    let signal = [service, "ActionInvoked", "us", "2", "u", &id, "s", key];
    world.cmd("busctl").args(call).arg("sssav").args(signal).ok();
}

/// The bus' own account of who listens to what.
const STATS: &str = "org.freedesktop.DBus.Debug.Stats";

/// Reads what the stand-in wrote down: calls that begin with a time, texts of several lines among their arguments.
fn notifications(log: &str) -> Vec<Notification> {
    let mut found: Vec<Notification> = Vec::new();
    let mut last_id = 0;
    let mut in_one = false;
    // The last line may not be whole yet.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    for line in whole.lines() {
        let first = line.split(' ').next().unwrap_or_default();
        let begins =
            first.len() > 10 && first.contains('.') && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if let (true, Some((_, call))) = (begins, line.split_once(" Notify \"")) {
            // The second argument is the notification that it takes the place of.
            let replaces = call.split('"').nth(1).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            last_id += u32::from(replaces == 0);
            found.push(Notification { text: line.to_owned(), id: if replaces == 0 { last_id } else { replaces } });
            in_one = true;
        } else if begins {
            in_one = false;
        } else if let (true, Some(last)) = (in_one, found.last_mut()) {
            last.text = format!("{}\n{line}", last.text);
        }
    }
    // The last one may not be written to its end, which is the hints and the time that it stands.
    let end = |text: &str| text.rsplit_once("} ").is_some_and(|(_, time)| time.trim().parse::<i32>().is_ok());
    found.retain(|one| end(&one.text));
    found
}
