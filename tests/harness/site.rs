//! The enrolment page of a work account: a small site on this machine, and a real browser that shows it.

use std::{io::Write, path::PathBuf};

use crate::{Process, World, programs, wait::LIMIT};

/// The site. It tells every page that a browser shows, and where on the screen things are.
pub struct Site {
    process: Process,
    seen: usize,
    /// Its address.
    pub url: String,
}

/// What the browser shows now.
#[derive(Debug, Clone)]
pub struct Shown {
    /// `first` (the one-time QR), `other` (the reusable QR), `done`, or `wrong` (a code that was not accepted).
    pub page: String,
    /// The middle of what is to be clicked there, on the screen.
    pub button: (i32, i32),
    /// The middle of the field for the code, on the screen.
    pub field: (i32, i32),
}

impl Site {
    /// Starts the site for an account with this key; `kind` is the `accountType` of the one-time QR (`mfa`, `msa`).
    pub fn start(world: &World, base32: &str, kind: &str) -> Self {
        programs::require("qrencode");
        let mut process = world.cmd("python3").arg(programs::data("site.py")).spawn_piped();
        writeln!(process.stdin(), "{{\"secret\": \"{}\", \"kind\": \"{kind}\"}}", base32.to_ascii_lowercase()).unwrap();
        let url = process
            .out
            .wait_for("the site's address", LIMIT, |text| text.split_once('\n').map(|(line, _)| line.to_owned()));
        let seen = url.len() + 1;
        Self { process, seen, url }
    }

    /// Waits until the browser shows the next page, and returns which it is.
    pub fn next_page(&mut self) -> Shown {
        let from = self.seen;
        let (shown, seen) = self.process.out.wait_for("the next page", LIMIT, |text| {
            let line = text[from..].split_once('\n')?.0;
            Some((line.to_owned(), from + line.len() + 1))
        });
        self.seen = seen;
        let told: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let point = |name: &str| {
            let number = |i: usize| i32::try_from(told[name][i].as_i64().unwrap_or(0)).unwrap();
            (number(0), number(1))
        };
        Shown { page: told["page"].as_str().unwrap().to_owned(), button: point("button"), field: point("field") }
    }
}

impl World {
    /// Opens a page in a browser window of that size at the left edge.
    pub fn browse(&self, url: &str) -> Process {
        let profile = self.browser_profile();
        let args = ["--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-dev-shm-usage"];
        let quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--test-type"];
        let alone = [
            "--password-store=basic",
            "--disable-extensions",
            "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ];
        let place = ["--window-position=0,0", "--window-size=760,980", "--ozone-platform-hint=auto"];
        let browser = self.cmd("chromium").args(args).args(quiet).args(alone).args(place);
        let wayland = self.environment().contains_key("WAYLAND_DISPLAY").then_some("--ozone-platform=wayland");
        let browser = browser.args(wayland);
        // Its own sandbox does not work for root.
        let browser = if rustix::process::geteuid().is_root() { browser.arg("--no-sandbox") } else { browser };
        browser.arg(format!("--user-data-dir={}", profile.display())).arg(format!("--app={url}")).spawn()
    }

    /// Returns the upper left corner of what the browser draws, where it can't say so itself.
    pub fn browser_corner(&self) -> (i32, i32) {
        if !self.on_wayland() {
            return (0, 0);
        }
        let area = self.sway_area(&self.window(TITLE));
        (area.x, area.y)
    }

    fn browser_profile(&self) -> PathBuf {
        self.dir().join("home/browser")
    }
}

/// The title of its pages.
const TITLE: &str = "Enrolment page";
