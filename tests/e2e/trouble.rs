//! What goes wrong around the daemon: a bus that hangs, goes or takes the name away, too few descriptors, a second home,
//! a disk that may only be read. The daemon goes on with what there is, says so, and gives nothing away.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener, UnixStream},
    },
    time::{Duration, Instant},
};

use countersign_api::BUS_NAME;
use harness::{
    Client, Completion, World, programs,
    samples::{self, Account},
    stand_in_bus::StandInBus,
    tests,
    wait::LIMIT,
};
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

tests![
    a_lost_name_locks_and_ends_the_daemon,
    a_dead_bus_locks_and_ends_the_daemon,
    a_bus_that_never_answers_holds_nobody_up,
    a_bus_that_takes_no_more_in_holds_nobody_up,
    a_bus_where_nobody_listens_holds_nobody_up,
    a_bus_that_hangs_later_holds_nobody_up,
    the_daemon_can_be_ended_while_the_bus_does_not_answer,
    few_descriptors_make_it_wait_and_not_spin,
    a_second_home_in_one_runtime_folder_is_refused,
    a_disk_that_may_only_be_read_gives_codes_and_takes_no_changes,
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
    world.cli(&["list"]).limit(soon).ok();
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

/// A program, or a thousand shells, that hold connections open keep others out, and only them, and only so long.
fn few_descriptors_make_it_wait_and_not_spin() {
    let mut world = world_with_github();
    let pid = Pid::from_raw(world.daemon().pid().cast_signed()).unwrap();
    let first = Client::private(&world);
    prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) }).unwrap();
    let held: Vec<UnixStream> = (0..2 * DESCRIPTORS).map(|_| client_that_stays(&world)).collect();
    let log = world.daemon().err.clone();
    let refuses = |times: usize| {
        let told = |log: &str| (log.matches("accepts nobody for a moment").count() >= times).then_some(());
        log.wait_for("that nobody is let in", LIMIT, told);
    };
    refuses(1);
    let (begin, used) = (Instant::now(), processor_time(pid));
    refuses(6);
    let (passed, used) = (begin.elapsed(), processor_time(pid).saturating_sub(used));
    assert!(passed > Duration::from_millis(500), "it tries again without a pause: five times in {passed:?}");
    assert!(used < passed / 2, "it spins: {used:?} of {passed:?}");
    first.wait(first.accounts().code("github")).expect("who was there before is served");
    drop(held);
    world.cli(&["code", "github"]).ok();
    world.add(&Account::new("GitLab", "alice"));
    world.cli(&["code", "gitlab"]).ok();
}

/// Returns a private connection that says all that it has to say, and stays.
///
/// The daemon closes one that it has let in and has no descriptors left for: that one is told nothing any more.
fn client_that_stays(world: &World) -> UnixStream {
    let mut stream = UnixStream::connect(world.socket()).unwrap();
    let user = rustix::process::geteuid().as_raw().to_string();
    let user: Vec<String> = user.bytes().map(|byte| format!("{byte:02x}")).collect();
    match stream.write_all(format!("\0AUTH EXTERNAL {}\r\nBEGIN\r\n", user.concat()).as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
        _ => stream,
    }
}

/// Returns how long a process has been on a processor.
fn processor_time(pid: Pid) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    // Behind the name in brackets, user and system time are the 12th and 13th (proc_pid_stat(5)).
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// As many as a daemon at rest needs, and a few: each connection takes two.
const DESCRIPTORS: u64 = 64;

/// Other XDG directories are another countersign: in the same runtime folder it would answer in the first one's place.
fn a_second_home_in_one_runtime_folder_is_refused() {
    for build in [World::build(), World::build().without_bus()] {
        let world = build.vault().start();
        world.add(&samples::github());
        let open = Client::private(&world);
        let second = world.cmd(&programs::ours("countersignd"));
        let second = second.env("XDG_DATA_HOME", world.dir().join("other/data"));
        let refused = second.env("XDG_STATE_HOME", world.dir().join("other/state")).fails(1);
        assert!(refused.err.contains("another countersignd serves at"), "{refused:?}");
        assert!(refused.err.contains("XDG_RUNTIME_DIR"), "it says what to do: {refused:?}");
        open.wait(open.accounts().code("github")).expect("connections to the first one stay");
        world.cli(&["code", "github"]).ok();
    }
}

/// A disk that went bad is mounted so by the kernel; a backup that is looked at, by its owner.
fn a_disk_that_may_only_be_read_gives_codes_and_takes_no_changes() -> Completion {
    let mut world = world_with_github();
    let counter = Account::new("Counter", "alice");
    world.witness().plant_key("the key of Counter", &counter.secret);
    world.add_uri(&counter.uri_with("&counter=5").replace("totp", "hotp"));
    if let Err(reason) = start_with_mounts_of_its_own(&mut world) {
        return Completion::ignored_with(reason);
    }
    mount(&mut world, "ro");
    gives_codes_and_takes_no_changes(&world);
    mount(&mut world, "rw");
    assert!(!world.cli(&["status"]).ok().contains("can only be read"));
    world.cli(&["edit", "github", "--name", "bob"]).ok();
    let first = world.cmd("oathtool").args(["-b", "-c", "5", "-"]).stdin(counter.secret.clone()).ok();
    assert_eq!(world.cli(&["code", "counter"]).ok(), first, "no counter was used up meanwhile");
    world.cli(&["edit", "github", "--name", "alice"]).ok();
    // The same for a daemon that never knew it otherwise.
    world.stop_daemon();
    let begin = format!("{} && exec {} \"$@\"", read_only(&world), programs::ours("countersignd"));
    world.start_daemon_by(&["unshare", "-m", "sh", "-c", &begin, "sh"], &[]);
    world.unlock();
    gives_codes_and_takes_no_changes(&world);
    Completion::Completed
}

/// Starts the daemon anew, its vault open, in a name space where what is mounted is seen by it alone and ends with it.
///
/// # Errors
/// Says why that can't be done here.
pub(crate) fn start_with_mounts_of_its_own(world: &mut World) -> Result<(), &'static str> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root may mount");
    }
    if world.cmd("unshare").args(["-m", "true"]).run().code != 0 {
        return Err("this machine lets nobody make name spaces (unshare)");
    }
    world.stop_daemon();
    world.start_daemon_by(&["unshare", "-m", &programs::ours("countersignd")], &[]);
    world.unlock();
    Ok(())
}

/// Lets the daemon see its vault's folder as one that may only be read (`ro`), or as it is again (`rw`).
pub(crate) fn mount(world: &mut World, how: &str) {
    let line = match how {
        "ro" => read_only(world),
        _ => format!("umount {}", world.vault_dir().display()),
    };
    let pid = world.daemon().pid().to_string();
    world.cmd("nsenter").args(["-t", &pid, "-m", "sh", "-c", &line]).ok();
}

fn read_only(world: &World) -> String {
    let dir = world.vault_dir().display().to_string();
    format!("mount --bind {dir} {dir} && mount -o remount,bind,ro {dir}")
}

fn gives_codes_and_takes_no_changes(world: &World) {
    world.cli(&["code", "github"]).ok();
    let status = world.cli(&["status"]).ok();
    assert!(status.contains("can only be read") && status.contains("Read-only file system"), "{status}");
    let another = Account::new("Another", "alice");
    world.witness().plant_key("the key of Another", &another.secret);
    let changes: [(&[&str], &str); 5] = [
        (&["add", "-"], &another.uri()),
        (&["edit", "github", "--name", "bob"], ""),
        (&["remove", "--yes", "github"], ""),
        (&["undo"], ""),
        (&["code", "counter"], ""),
    ];
    for (change, input) in changes {
        let refused = world.cli(change).stdin(input).fails(1);
        assert!(refused.err.contains("Read-only file system") && refused.out.is_empty(), "{change:?}: {refused:?}");
    }
    let list = world.cli(&["list"]).ok();
    assert!(list.contains("alice") && !list.contains("bob") && !list.contains("Another"), "{list}");
}
