//! What goes wrong around the daemon: a bus that hangs, goes or takes the name away, too few descriptors, a second home,
//! a disk that may only be read. The daemon goes on with what there is, says so, and gives nothing away.

use std::{
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener, UnixStream},
    },
    time::Duration,
};

use countersign_api::BUS_NAME;
use harness::{World, programs, samples, stand_in_bus::StandInBus, tests, wait::LIMIT};
use rustix::process::Signal;

tests![
    a_lost_name_locks_and_ends_the_daemon,
    a_dead_bus_locks_and_ends_the_daemon,
    a_bus_that_never_answers_holds_nobody_up,
    a_bus_that_takes_no_more_in_holds_nobody_up,
    a_bus_where_nobody_listens_holds_nobody_up,
    a_bus_that_hangs_later_holds_nobody_up,
    the_daemon_can_be_ended_while_the_bus_does_not_answer,
];

fn world_with_github() -> World {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world
}

/// Expects the daemon to end by itself: locked, with a failure that its unit sees, and with words.
fn ends_locked(world: &mut World) {
    let code = world.daemon().exit_code(LIMIT);
    assert_eq!(code, 1, "a unit can tell it from an ordinary end");
    let log = world.daemon().err.to_end(LIMIT);
    assert!(log.contains("locked:") && log.contains("the session bus is gone"), "{log}");
    assert!(!world.socket().exists(), "the private socket is taken away");
}

/// A daemon without its name would answer on, and every client would start another one.
fn a_lost_name_locks_and_ends_the_daemon() {
    let mut world = World::build().without_bus().without_daemon().start();
    let bus = StandInBus::start(&world);
    world.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
    world.start_daemon();
    world.make_vault();
    world.add(&samples::github());
    world.cli(&["code", "github"]).ok();
    bus.take_away("org.countersign.Another");
    world.cli(&["code", "github"]).ok();
    bus.take_away(BUS_NAME);
    ends_locked(&mut world);
}

fn a_dead_bus_locks_and_ends_the_daemon() {
    let mut world = world_with_github();
    world.kill_bus();
    ends_locked(&mut world);
}

/// Expects everything that needs no bus to work, each within a time that a hang would not keep.
fn works_without_the_bus(mut world: World, says: &str) {
    world.make_vault();
    world.add(&samples::github());
    let soon = Duration::from_secs(30);
    world.cli(&["code", "github"]).limit(soon).ok();
    let status = world.cli(&["status"]).limit(soon).ok();
    assert!(status.contains("session bus") && status.contains(says), "{status}");
    world.cli(&["lock"]).limit(soon).ok();
    world.unlock();
    world.daemon().signal(Signal::TERM);
    assert_eq!(world.daemon().exit_code(Duration::from_secs(10)), 0);
}

/// A session that has gone may leave a socket behind that some stuck program still holds.
fn a_bus_that_never_answers_holds_nobody_up() {
    let mut world = World::build().without_bus().without_daemon().start();
    let _bus = silent_bus(&mut world);
    world.start_daemon();
    works_without_the_bus(world, "does not answer");

    let mut world = World::build().without_bus().without_daemon().start();
    let name = world.dir().join("silent-bus").display().to_string();
    world.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:abstract={name}"));
    let _bus = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name).unwrap()).unwrap();
    world.start_daemon();
    works_without_the_bus(world, "does not answer");
}

/// Returns a bus whose connections the kernel takes in and nobody ever reads.
fn silent_bus(world: &mut World) -> UnixListener {
    let path = world.dir().join("run/silent-bus");
    world.set("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", path.display()));
    UnixListener::bind(path).unwrap()
}

/// Others wait for it already, as many as the kernel lets wait: a plain connect would wait with them, and all else for it.
fn a_bus_that_takes_no_more_in_holds_nobody_up() {
    let mut world = World::build().without_bus().without_daemon().start();
    let bus = silent_bus(&mut world);
    rustix::net::listen(&bus, 0).unwrap();
    let _first = UnixStream::connect(world.dir().join("run/silent-bus")).unwrap();
    world.start_daemon();
    works_without_the_bus(world, "temporarily unavailable");
}

fn a_bus_where_nobody_listens_holds_nobody_up() {
    let mut world = World::build().without_bus().without_daemon().start();
    drop(silent_bus(&mut world));
    world.start_daemon();
    works_without_the_bus(world, "refused");
}

fn a_bus_that_hangs_later_holds_nobody_up() {
    let world = World::build().start();
    world.bus().signal(Signal::STOP);
    works_without_the_bus(world, "does not answer");
}

/// `systemctl stop`, or the end of the session, does not wait for a bus that is gone.
fn the_daemon_can_be_ended_while_the_bus_does_not_answer() {
    let mut world = World::build().without_bus().without_daemon().start();
    let _bus = silent_bus(&mut world);
    let mut daemon = world.cmd(&programs::ours("countersignd")).spawn();
    harness::until("the private socket", LIMIT, || world.socket().exists().then_some(()));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.exit_code(LIMIT), 0, "it ends in order: {}", daemon.err.text());
    assert!(!world.socket().exists(), "the private socket is taken away");
}
