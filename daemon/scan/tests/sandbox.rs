//! The program as it is while it holds foreign bytes: what the kernel says of it, and what its self-test says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawing;
#[path = "../../sandbox/tests/stuck/mod.rs"]
mod stuck;

use std::{
    collections::BTreeMap,
    env::consts::ARCH,
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Read},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
};

use countersign_scan::limits::LIMITS;
use drawing::{file, page, with_code};
use image::ImageFormat;
use rustix::process::geteuid;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use stuck::Stuck;
use tempfile::TempDir;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-scan"));
    command.env_clear();
    command
}

#[test]
fn it_is_shut_in_before_it_decodes_and_stays_dumpable() {
    let folder = TempDir::new().unwrap();
    let worker = start_as_a_person(&folder);
    worker.is_shut_in(&[("Max address space", LIMITS.memory), ("Max cpu time", LIMITS.seconds)]);
    // The memory of a process that is not dumpable belongs to root there, and the desktop portals refuse it.
    assert_ne!(fs::metadata(worker.path("mem")).unwrap().uid(), 0, "the program is not dumpable");
}

/// Starts the program under a user who is not root, on a picture with a code; nobody reads that it found it.
fn start_as_a_person(folder: &TempDir) -> Stuck {
    let (copy, picture) = (folder.path().join("countersign-scan"), folder.path().join("page.png"));
    fs::copy(env!("CARGO_BIN_EXE_countersign-scan"), &copy).unwrap();
    fs::write(&picture, file(&with_code("anything"), ImageFormat::Png)).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(copy);
    command.env_clear().arg("-").stdin(File::open(picture).unwrap());
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Stuck::start(&mut command, spawn)
}

/// Another test's child, forked at the wrong moment, may still hold the copy open for writing: then once more.
fn spawn(command: &mut Command) -> io::Result<Child> {
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            spawned => return spawned,
        }
    }
}

#[test]
fn the_self_test_proves_the_walls() {
    let output = program().arg("--self-test").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with("landlock: "), "{told}");
    assert!(told.ends_with("seccomp: on\nopen: refused\nsocket: refused\nprocess: refused\nexec: refused\n"), "{told}");
}

#[test]
fn with_a_camera_the_self_test_proves_them_too() {
    let output = program().args(["--self-test", "--camera"]).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let refused = "read: refused\nrequest: refused\nopen: refused\nsocket: refused\nprocess: refused\nexec: refused\n";
    assert!(told.ends_with(&format!("seccomp: on\n{refused}")), "{told}");
}

#[test]
fn without_landlock_it_works_and_says_so() {
    let told = self_test_without(libc::SYS_landlock_create_ruleset);
    let said = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{said}");
    assert!(said.starts_with("landlock: not in this kernel\nseccomp: on\n"), "{said}");
    let page = file(&with_code("anything"), ImageFormat::Png);
    let scanned = without(libc::SYS_landlock_create_ruleset, move || run_on(&page));
    assert_eq!(scanned.status.code(), Some(0), "{scanned:?}");
}

#[test]
fn without_seccomp_it_works_and_the_self_test_fails() {
    let told = self_test_without(libc::SYS_seccomp);
    let said = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(70), "a socket can still be made: {said}");
    assert!(said.contains("seccomp: not in this kernel") && said.contains("socket: allowed"), "{said}");
    let page = file(&with_code("anything"), ImageFormat::Png);
    let scanned = without(libc::SYS_seccomp, move || run_on(&page));
    assert_eq!(scanned.status.code(), Some(0), "{scanned:?}");
}

fn self_test_without(call: libc::c_long) -> Output {
    without(call, || program().arg("--self-test").output().unwrap())
}

/// Does something on a kernel that lacks a call: a thread of its own, whose children inherit the lack.
fn without<T: Send + 'static>(call: libc::c_long, deed: impl FnOnce() -> T + Send + 'static) -> T {
    let lacking = move || {
        let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let rules = BTreeMap::from([(call, Vec::new())]);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, ARCH.try_into().unwrap()).unwrap();
        apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
        deed()
    };
    thread::spawn(lacking).join().unwrap()
}

fn run_on(picture: &[u8]) -> Output {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("picture");
    fs::write(&path, picture).unwrap();
    program().arg(path).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_report_is_added_to_a_long_file() {
    let folder = TempDir::new().unwrap();
    let (picture, log) = (folder.path().join("page.png"), folder.path().join("log"));
    fs::write(&picture, file(&with_code("anything"), ImageFormat::Png)).unwrap();
    fs::write(&log, vec![b'\n'; 1 << 20]).unwrap();
    let to = File::options().append(true).open(&log).unwrap();
    assert!(program().arg(&picture).stdout(to).status().unwrap().success());
    assert!(read(&log).contains("anything"));
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn an_8k_screen_fits_into_the_limits() {
    // No code: all steps are climbed, in both polarities.
    let output = run_on(&file(&page(7680, 4320, drawing::WHITE), ImageFormat::Png));
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &b""[..]));
}

const NOBODY: u32 = 65_534;
