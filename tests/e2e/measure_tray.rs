//! What the tray costs: at rest without and with a panel, with 200 accounts, beside a GTK 3 tray of as many entries.

use std::{process::Command, thread, time::Duration};

use harness::{Process, World, programs, samples, until, wait::LIMIT};

use crate::measure::{REST, pss, row, switches, threads};

/// Measures all of it, in a world of its own.
pub(crate) fn run() {
    let mut world = World::build().config("idle-lock = \"off\"").display().vault().start();
    for number in 0..ACCOUNTS {
        let account = samples::Account::new("Example", &format!("user{number}"));
        world.add_uri(&account.uri());
    }
    let tray = world.cmd(&programs::ours("countersign-tray")).args(["--panel-wait", "0"]).spawn();
    world.wait_for_name("org.countersign.Tray1");
    let ready = || world.tray_menu(&tray).contains("Example").then_some(());
    until("the accounts in the menu", LIMIT, ready);
    rest(&tray, "tray: context switches in 60 s, no panel", Some("tray: PSS with 200 accounts, no panel"));
    world.start_panel();
    until("the accounts in the menu", LIMIT, || world.tray_menu(&tray).contains("Example").then_some(()));
    rest(&tray, "tray: context switches in 60 s, in a panel", Some("tray: PSS with 200 accounts, in a panel"));
    match gtk_tray(&world) {
        Ok(gtk) => {
            rest(&gtk, "GTK 3 tray: context switches in 60 s", None);
            row("GTK 3 tray: PSS with 200 entries", &pss(gtk.pid()), "");
        }
        Err(why) => row("GTK 3 tray: PSS with 200 entries", why, ""),
    }
}

/// Prints what a process does while nobody asks, once it has settled.
fn rest(process: &Process, what: &str, memory: Option<&str>) {
    let pid = process.pid();
    let state = || (threads(pid), switches(pid));
    let mut before = state();
    // Rest begins when the helper threads of the start have gone, or it never does.
    for _ in 0..6 {
        thread::sleep(Duration::from_secs(15));
        let now = state();
        if now == before {
            break;
        }
        before = now;
    }
    let before = switches(pid);
    thread::sleep(REST);
    row(what, &switches(pid).abs_diff(before).to_string(), "0");
    if let Some(what) = memory {
        row(what, &pss(pid), "≤ 4 MiB");
    }
}

/// Builds and starts the yardstick; says why where that can't be done.
fn gtk_tray(world: &World) -> Result<Process, &'static str> {
    let flags = world.cmd("pkg-config").args(["--cflags", "--libs", "ayatana-appindicator3-0.1"]).run();
    if flags.code != 0 {
        return Err("absent");
    }
    let program = world.dir().join("tmp/gtk-tray");
    let mut compiler = Command::new("cc");
    let built = compiler.arg("-w").arg("-o").arg(&program).arg(programs::data("gtk-tray.c"));
    if !built.args(flags.out.split_whitespace()).status().is_ok_and(|status| status.success()) {
        return Err("not built");
    }
    let gtk = world.cmd(program.to_str().unwrap()).arg(ACCOUNTS.to_string()).spawn();
    gtk.out.wait_for("the GTK tray", LIMIT, |text| text.contains("ready").then_some(()));
    Ok(gtk)
}

const ACCOUNTS: usize = 200;
