//! What is at the private socket when it is not the daemon that serves: told by name, and mended by a command.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

use harness::{World, tests, wait::LIMIT};
use rustix::process::Signal;
use serde_json::Value;

tests![
    a_socket_left_behind_is_told_and_replaced,
    a_foreign_listener_is_told_and_restart_ends_it,
    a_daemon_that_hangs_is_told_and_restart_ends_it,
];

/// Expects that `status` says that no daemon answers, and why.
fn unreached(world: &World, words: &[&str]) {
    let told = world.cli(&["status"]).fails(6);
    let json = world.cli(&["status", "--json"]).fails(6);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["state"], "no-daemon");
    let socket = world.socket().display().to_string();
    for words in words.iter().copied().chain([socket.as_str()]) {
        assert!(told.err.contains(words), "{words}: {told:?}");
    }
    let first = told.err.lines().next().unwrap();
    assert_eq!(first, format!("countersign: {}", json["why_text"].as_str().unwrap()));
}

fn a_socket_left_behind_is_told_and_replaced() {
    let mut world = World::build().vault().start();
    world.kill_daemon();
    unreached(&world, &["left its socket", "countersign unlock"]);
    world.cli_present(&["unlock"]).ok();
    assert!(world.cli(&["status"]).ok().contains("unlocked"));
}

fn a_foreign_listener_is_told_and_restart_ends_it() {
    let world = World::build().without_daemon().start();
    let listen = "import socket, sys, signal\n\
                  s = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint('listens', flush=True)\n\
                  while True: s.accept()[0].close()\n";
    DirBuilder::new().mode(0o700).recursive(true).create(world.socket().parent().unwrap()).unwrap();
    let mut foreign = world.cmd("python3").args(["-c", listen]).arg(world.socket()).spawn();
    foreign.out.wait_for("the socket", LIMIT, |text| text.contains("listens").then_some(()));
    let process = format!("(process {})", foreign.pid());
    unreached(&world, &["python3", &process, "does not answer as countersignd does", "countersign restart"]);
    // Nothing is started beside it, and what asks for secrets does not ask it.
    world.cli(&["list"]).fails(6);
    world.cli(&["restart"]).ok();
    assert_eq!(foreign.exit_code(LIMIT), 128 + 15);
    world.cli(&["status"]).ok();
}

fn a_daemon_that_hangs_is_told_and_restart_ends_it() {
    let mut world = World::build().vault().start();
    world.daemon().signal(Signal::STOP);
    let process = format!("countersignd (process {})", world.daemon().pid());
    unreached(&world, &[&process, "does not answer", "countersign restart"]);
    world.cli(&["restart"]).ok();
    assert!(world.cli(&["status"]).ok().contains("locked"));
}
