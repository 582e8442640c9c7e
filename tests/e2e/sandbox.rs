//! The scan worker's walls in the whole product: who may be looked into, and what a dead or hung decoder does to the rest.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use harness::{Process, World, programs, samples::Account, tests, until, wait::LIMIT};
use rustix::process::{Pid, Signal, geteuid, kill_process};

tests![
    a_killed_decoder_is_told_and_the_next_scan_works,
    a_hung_decoder_is_ended_and_told,
    the_daemon_is_not_dumpable_and_its_worker_is,
    the_worker_as_built_is_shut_in,
    nothing_of_a_scan_is_left_at_its_end,
];

fn a_killed_decoder_is_told_and_the_next_scan_works() {
    // What the kernel does to one that takes too much.
    let told = told_after(Signal::KILL);
    assert!(told.contains("signal 9") && told.contains("hint:"), "{told}");
}

fn a_hung_decoder_is_ended_and_told() {
    let told = told_after(Signal::STOP);
    assert!(told.contains("took longer than"), "{told}");
}

/// Sends a signal to a worker that decodes; returns what the person is told.
fn told_after(signal: Signal) -> String {
    let mut world = World::build().vault().start();
    let file = slow_picture(&world);
    let daemon = world.daemon().pid();
    for _ in 0..TRIES {
        let (mut scan, worker) = caught(daemon, || world.cli(&["scan", "--image"]).arg(&file).spawn());
        let came = kill_process(worker, signal).is_ok();
        let code = scan.exit_code(LIMIT);
        if code == NOTHING_FOUND || !came {
            // It was done before the signal came.
            continue;
        }
        assert_eq!(code, 14);
        until("the worker is gone", LIMIT, || (!proc(worker).exists()).then_some(()));
        next_scan_works(&world);
        let told = scan.err.to_end(LIMIT);
        assert!(told.contains("could not be decoded"), "{told}");
        return told;
    }
    panic!("each of {TRIES} workers was done before the signal came: the picture is not slow any more");
}

fn next_scan_works(world: &World) {
    let github = Account::new("GitHub", "alice");
    world.witness().plant_key("the key of GitHub", &github.secret);
    let file = world.dir().join("tmp/next.png");
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&file).stdin(github.uri()).ok();
    world.cli(&["scan", "--yes", "--image"]).arg(&file).ok();
    assert!(world.cli(&["list"]).ok().contains("GitHub"));
}

fn the_daemon_is_not_dumpable_and_its_worker_is() {
    let world = World::build().without_daemon().without_bus().start();
    let file = slow_picture(&world);
    let person = Person::of(&world);
    let daemon = person.start("countersignd", &["--announce"]);
    daemon.out.wait_for("the daemon's `ready`", LIMIT, |text| text.contains("ready\n").then_some(()));
    let (_scan, worker) = caught(daemon.pid(), || person.start("countersign", &["scan", "--image", &file]));
    // Where a process is not dumpable, its memory there belongs to root, and nobody else may look into it; the desktop
    // portals answer only those that they can look into.
    let daemon = Pid::from_raw(daemon.pid().cast_signed()).unwrap();
    assert_eq!(fs::metadata(proc(daemon).join("mem")).unwrap().uid(), 0, "the daemon is dumpable");
    assert_eq!(fs::metadata(proc(worker).join("mem")).unwrap().uid(), person.id, "the worker is not dumpable");
}

/// Somebody who is not root, with copies of our programs where they can be reached.
struct Person<'w> {
    world: &'w World,
    home: PathBuf,
    id: u32,
}

impl<'w> Person<'w> {
    fn of(world: &'w World) -> Self {
        let home = world.dir().join("person");
        fs::create_dir_all(home.join("bin")).unwrap();
        for program in ["countersignd", "countersign", "countersign-scan"] {
            fs::copy(programs::ours(program), home.join("bin").join(program)).unwrap();
        }
        let root = geteuid().is_root();
        let id = if root { NOBODY } else { geteuid().as_raw() };
        if root {
            fs::set_permissions(world.dir(), fs::Permissions::from_mode(0o711)).unwrap();
            chown(&home, Some(id), Some(id)).unwrap();
        }
        Self { world, home, id }
    }

    fn start(&self, program: &str, args: &[&str]) -> Process {
        let program = self.home.join("bin").join(program);
        let command = if geteuid().is_root() {
            let id = self.id.to_string();
            self.world.cmd("setpriv").args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(&program)
        } else {
            self.world.cmd(program.to_str().unwrap())
        };
        let mut command = command.args(args);
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
            command = command.env(variable, &self.home);
        }
        command.spawn()
    }
}

fn the_worker_as_built_is_shut_in() {
    let world = World::build().without_daemon().without_bus().start();
    let told = world.cli(&["doctor", "sandbox"]).ok();
    println!("{told}");
    for what in ["open", "socket", "process", "exec"] {
        assert!(told.contains(&format!("{what}: refused")), "{told}");
    }
}

fn nothing_of_a_scan_is_left_at_its_end() {
    let world = World::build().without_daemon().without_bus().start();
    // All of one kind, so that it stands in the QR byte by byte; noise beside it tells the pixels.
    let text: String = noise().map(|byte| char::from(b'a' + byte % 26)).take(120).collect();
    let pixels: Vec<u8> = noise().skip(1000).take(400 * 100).collect();
    let file = page(&world, &text, &pixels);
    // A QR's bytes follow half a byte of something else.
    let shifted: Vec<u8> = text.as_bytes().windows(2).map(|pair| pair[0] << 4 | pair[1] >> 4).collect();
    let needles = [("text", text.as_bytes()), ("text in the QR", &shifted), ("picture", &pixels)];
    for (what, pieces) in needles {
        assert_ne!(pieces_left(&world, &file, "write", pieces), 0, "{what} is not seen while it is there");
        assert_eq!(pieces_left(&world, &file, "exit_group", pieces), 0, "pieces of the {what} are left");
    }
}

/// Makes a picture: a QR, and rows of 400 pixels below it.
fn page(world: &World, text: &str, pixels: &[u8]) -> String {
    let (code, below, file) = ("tmp/code.png", "tmp/below.pgm", world.dir().join("tmp/page.png"));
    world.cmd("qrencode").args(["-s", "4", "-o", code]).stdin(text).ok();
    let header = format!("P5 400 {} 255\n", pixels.len() / 400).into_bytes();
    fs::write(world.dir().join(below), [header, pixels.to_vec()].concat()).unwrap();
    let arguments = [code, "-extent", "400x300", below, "-append", "-colorspace", "Gray", "-depth", "8"];
    world.cmd("convert").args(arguments).arg(&file).ok();
    file.to_str().unwrap().to_owned()
}

/// Stops the worker at its first system call of that name and counts the pieces of eight bytes that are in its memory.
fn pieces_left(world: &World, file: &str, call: &str, bytes: &[u8]) -> usize {
    let core = world.dir().join("tmp/core");
    let _ = fs::remove_file(&core);
    let (stop, save) = (format!("catch syscall {call}"), format!("generate-core-file {}", core.display()));
    let steps = ["-ex", &stop, "-ex", "run", "-ex", &save, "--args", &programs::ours("countersign-scan"), file];
    world.cmd("gdb").args(["-batch", "-iex", "set debuginfod enabled off"]).args(steps).reveals().run();
    let core = fs::read(&core).expect("gdb has written the core file");
    let pieces: HashSet<&[u8]> = bytes.windows(PIECE).collect();
    core.windows(PIECE).filter(|window| pieces.contains(window)).count()
}

/// Makes a picture that keeps the decoder busy for seconds: noise, in which there is much to look for and nothing to find.
fn slow_picture(world: &World) -> String {
    let (width, height) = (7680, 4320);
    let mut picture = format!("P5 {width} {height} 255\n").into_bytes();
    picture.extend(noise().take(width * height));
    let file = world.dir().join("slow.pgm");
    fs::write(&file, picture).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The same bytes each time, without any order (a linear congruential generator).
fn noise() -> impl Iterator<Item = u8> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1u64), next).map(|state| (state >> 56) as u8)
}

/// Starts scans until the daemon's worker is caught decoding, behind its walls.
fn caught(daemon: u32, start: impl Fn() -> Process) -> (Process, Pid) {
    for _ in 0..TRIES {
        let mut scan = start();
        let worker = until("a worker, or the scan's end", LIMIT, || match worker_of(daemon) {
            None if scan.runs() => None,
            ended_or_found => Some(ended_or_found),
        });
        if let Some(worker) = worker {
            return (scan, worker);
        }
    }
    panic!("each of {TRIES} scans ended before its worker was seen: the picture is not slow any more");
}

/// Returns the daemon's worker, once the list of system calls holds for it.
fn worker_of(daemon: u32) -> Option<Pid> {
    let is_worker = |status: &str| {
        let has = |line: &str| status.lines().any(|one| one == line);
        has("Name:\tcountersign-sca") && has(&format!("PPid:\t{daemon}")) && has("Seccomp:\t2")
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = processes.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.find(|pid| fs::read_to_string(proc(*pid).join("status")).is_ok_and(|status| is_worker(&status)))
}

fn proc(pid: Pid) -> PathBuf {
    Path::new("/proc").join(pid.as_raw_nonzero().to_string())
}

const NOBODY: u32 = 65_534;
const TRIES: usize = 10;
/// The exit code of a scan that found no QR.
const NOTHING_FOUND: i32 = 6;
const PIECE: usize = 8;
