//! What a restricted process can't do any more, and what it still can.
use std::{
    collections::{BTreeMap, HashMap},
    env::consts::ARCH,
    fs::{self, File},
    hint::black_box,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::{fd::AsFd, unix::net::UnixStream},
    panic::catch_unwind,
    process::Command,
    sync::mpsc,
    thread,
    time::Instant,
};

use countersign_sandbox::{Attempt, Inflow, Level, Limits, attempts, attempts_on, restrict, restrict_but_for};
use memmap2::MmapMut;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, setrlimit},
    termios::tcgetwinsize,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

use crate::alone::{alone, stay, succeeds, watched};

const LIMITS: Limits = Limits { memory: 1 << 30, seconds: 10, output: 4096 };

fn refused<T>(outcome: io::Result<T>) -> bool {
    outcome.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn assert_all_refused() {
    let tried = attempts();
    assert!(tried.iter().all(|Attempt { refused, .. }| *refused), "{tried:?}");
}

#[test]
fn nothing_is_opened_connected_or_started_any_more() {
    succeeds("walls::nothing_is_opened_connected_or_started_any_more", || {
        let level = restrict(&LIMITS).unwrap();
        assert!(level.seccomp, "{level}");
        assert_all_refused();
        assert!(refused(thread::Builder::new().spawn(|| ())));
        assert!(refused(TcpStream::connect("127.0.0.1:1")));
        assert!(refused(fs::remove_file("/nowhere")));
        assert!(refused(fs::metadata("/")));
        assert!(refused(io::stdin().read_line(&mut String::new())));
    });
}

#[test]
fn without_it_the_attempts_show() {
    // The last one makes a shell of the process that ends with 1; a failed test would end with 101.
    let output = alone("walls::without_it_the_attempts_show", || {
        attempts();
    });
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn only_the_two_outputs_are_written_to() {
    succeeds("walls::only_the_two_outputs_are_written_to", || {
        let (mut here, _there) = UnixStream::pair().unwrap();
        let (_reader, mut pipe) = io::pipe().unwrap();
        let mut null = File::options().write(true).open("/dev/null").unwrap();
        restrict(&LIMITS).unwrap();
        for open in [&mut here as &mut dyn Write, &mut pipe, &mut null] {
            assert!(refused(open.write(b"secret")));
        }
        io::stdout().write_all(b"said\n").unwrap();
        io::stderr().write_all(b"said\n").unwrap();
    });
}

/// Something that is open, and has no idea of pictures.
fn device() -> File {
    File::options().read(true).write(true).open("/dev/zero").unwrap()
}

#[test]
fn with_a_camera_all_else_is_refused_too() {
    succeeds("walls::with_a_camera_all_else_is_refused_too", || {
        let (camera, other) = (device(), device());
        assert!(attempts_on(&camera).iter().all(|Attempt { refused, .. }| !refused), "they show without the walls");
        restrict_but_for(Inflow::Camera(camera.as_fd()), &LIMITS).unwrap();
        for device in [&camera, &other] {
            assert!(attempts_on(device).iter().all(|Attempt { refused, .. }| *refused));
            assert_eq!(tcgetwinsize(device).unwrap_err(), Errno::PERM);
        }
        let mut ready = [PollFd::new(&camera, PollFlags::IN)];
        assert_eq!(poll(&mut ready, Some(&Timespec { tv_sec: 5, tv_nsec: 0 })).unwrap(), 1, "it may be waited for");
        assert!(refused(io::stdin().read_line(&mut String::new())));
        assert_all_refused();
    });
}

#[test]
fn with_a_file_that_one_is_read_and_no_other() {
    succeeds("walls::with_a_file_that_one_is_read_and_no_other", || {
        let (mut file, mut other) = (device(), device());
        restrict_but_for(Inflow::File(file.as_fd()), &LIMITS).unwrap();
        file.read_exact(&mut [0; 64]).unwrap();
        assert!(refused(other.read_exact(&mut [0; 64])));
        assert!(refused(file.write(b"x")));
        assert_eq!(tcgetwinsize(&file).unwrap_err(), Errno::PERM);
        assert_all_refused();
    });
}

/// Landlock's right to make requests to devices is that of the open file: one that is open already keeps it.
#[test]
fn landlock_alone_leaves_an_open_camera_alone() {
    succeeds("walls::landlock_alone_leaves_an_open_camera_alone", || {
        let camera = device();
        lack(libc::SYS_seccomp);
        restrict_but_for(Inflow::Camera(camera.as_fd()), &LIMITS).unwrap();
        assert_eq!(tcgetwinsize(&camera).unwrap_err(), Errno::NOTTY);
    });
}

#[test]
fn computing_goes_on() {
    succeeds("walls::computing_goes_on", || {
        restrict(&LIMITS).unwrap();
        let mut large = vec![1u8; 200 << 20];
        large.resize(300 << 20, 2);
        assert_eq!(black_box(&large)[250 << 20], 2);
        drop(large);
        let table: HashMap<u32, String> = (0..1000).map(|n| (n, n.to_string())).collect();
        assert_eq!(table[&999], "999");
        assert!(catch_unwind(|| assert_eq!(black_box(1), 2)).is_err());
        assert!(Instant::now().elapsed().as_secs() < 60);
    });
}

#[test]
fn memory_does_not_become_code() {
    succeeds("walls::memory_does_not_become_code", || {
        let (before, within) = (MmapMut::map_anon(4096).unwrap(), MmapMut::map_anon(4096).unwrap());
        before.make_exec().unwrap();
        restrict(&LIMITS).unwrap();
        assert!(refused(within.make_exec()));
    });
}

#[test]
fn a_thread_that_runs_already_is_held_too() {
    succeeds("walls::a_thread_that_runs_already_is_held_too", || {
        let (runs, wait_until_it_runs) = mpsc::channel();
        let (go, wait) = mpsc::channel();
        let earlier = thread::spawn(move || {
            runs.send(()).unwrap();
            wait.recv().unwrap();
            File::open("/")
        });
        wait_until_it_runs.recv().unwrap();
        restrict(&LIMITS).unwrap();
        go.send(()).unwrap();
        assert!(refused(earlier.join().unwrap()));
    });
}

#[test]
fn the_kernel_says_what_holds() {
    watched(
        "walls::the_kernel_says_what_holds",
        || {
            setrlimit(Resource::Cpu, Rlimit { current: Some(5), maximum: Some(5) }).unwrap();
            restrict(&LIMITS).unwrap();
            stay()
        },
        |pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
            for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
                assert!(status.lines().any(|one| one == line), "{line} is not in:\n{status}");
            }
            let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
            assert_eq!(limit(&limits, "Max address space"), [1 << 30; 2]);
            assert_eq!(limit(&limits, "Max cpu time"), [5; 2], "the stricter one stays");
            assert_eq!(limit(&limits, "Max file size"), [4096; 2]);
            assert!(limit(&limits, "Max core file size")[1] <= 1);
        },
    );
}

fn limit(limits: &str, name: &str) -> [u64; 2] {
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap());
    [numbers.next().unwrap(), numbers.next().unwrap()]
}

#[test]
fn a_kernel_without_landlock_is_told_and_the_list_of_calls_shuts() {
    succeeds("walls::a_kernel_without_landlock_is_told_and_the_list_of_calls_shuts", || {
        lack(libc::SYS_landlock_create_ruleset);
        let level = restrict(&LIMITS).unwrap();
        assert_eq!(level, Level { landlock: None, seccomp: true });
        assert_eq!(level.to_string(), "landlock: not in this kernel\nseccomp: on");
        assert_all_refused();
    });
}

#[test]
fn a_kernel_without_seccomp_is_told_and_landlock_shuts() {
    succeeds("walls::a_kernel_without_seccomp_is_told_and_landlock_shuts", || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        lack(libc::SYS_seccomp);
        let level = restrict(&LIMITS).unwrap();
        assert!(!level.seccomp);
        // Here the process can still be asked: the desktop portals refuse one that is not dumpable.
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
        if let Some(version) = level.landlock {
            assert!(refused(File::open("/")));
            assert!(refused(Command::new("/bin/false").status()));
            assert_eq!(refused(TcpStream::connect(listener.local_addr().unwrap())), version >= 4);
        }
    });
}

/// Makes a kernel of this one that lacks a call.
fn lack(call: libc::c_long) {
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let rules = BTreeMap::from([(call, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, ARCH.try_into().unwrap()).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}
