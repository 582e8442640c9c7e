//! The layers hold: which crate may link which. By `cargo tree`, as a reader would look.

use std::{fs, process::Command};

use harness::{Completion, World, programs, tests};

tests![
    no_crate_links_what_it_must_not,
    there_is_one_zbus,
    the_named_crates_do_their_jobs,
    nothing_speaks_to_a_network,
    the_workers_need_no_library
];

/// Crate, and what must not be in its tree.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("countersign-core", &["zbus", "tokio", "image", "zip", "rusqlite", "countersign-api"]),
    ("countersign-core", DESKTOP),
    ("countersign-api", &["countersign-core", "countersignd"]),
    ("countersign-api", DESKTOP),
    (
        "countersignd",
        &["xcap", "rqrr", "rxing", "image", "png", "ashpd", "wayrs-client", "countersign-scan", "countersign-import"],
    ),
    ("countersignd", FORMATS),
    ("countersignd", TOOLKITS),
    // All that it starts would inherit it: pinentry, plugins, the workers themselves.
    ("countersignd", &["countersign-sandbox", "landlock", "seccompiler"]),
    ("countersign-sandbox", &["countersign-core", "countersign-api", "countersignd", "zbus", "tokio", "image"]),
    ("countersign-scan", &["countersign-core", "countersign-api", "countersignd", "age", "totp-rs"]),
    // Notifications are the daemon's alone.
    ("countersign", &["countersign-core", "countersignd", "xcap", "rqrr", "age", "totp-rs", "notify-rust"]),
    ("countersign", TOOLKITS),
    ("countersign", FORMATS),
    ("countersign-import", &["countersign-api", "countersignd", "zbus", "tokio", "image"]),
    ("countersign-import", DESKTOP),
    (
        "countersign-tray",
        &["countersign-core", "countersignd", "xcap", "rqrr", "age", "totp-rs", "gtk", "gtk4", "notify-rust"],
    ),
    (
        "countersign-clip",
        &["countersign-core", "countersignd", "xcap", "rqrr", "image", "age", "totp-rs", "notify-rust"],
    ),
    ("countersign-clip", TOOLKITS),
    (
        "countersign-type",
        &["countersign-core", "countersignd", "xcap", "rqrr", "image", "age", "totp-rs", "notify-rust"],
    ),
    ("countersign-type", TOOLKITS),
    ("countersign-keys", &["zbus", "tokio", "serde", "countersign-api", "countersign-core"]),
    (
        "countersign-window",
        &[
            "countersign-core",
            "countersign-api",
            "countersignd",
            "zbus",
            "tokio",
            "xcap",
            "rqrr",
            "image",
            "notify-rust",
        ],
    ),
    ("countersign-window", TOOLKITS),
    ("countersign-tests", &["countersign-core", "countersignd"]),
];

/// What takes foreign files apart: the worker's alone.
const FORMATS: &[&str] = &["zip", "rusqlite", "keepass", "quick-xml", "csv", "countersign-import"];
const TOOLKITS: &[&str] = &["tray-icon", "ksni", "gtk", "gtk4", "winit", "softbuffer", "egui", "iced", "slint"];
const DESKTOP: &[&str] =
    &["xcap", "rqrr", "tray-icon", "arboard", "notify-rust", "secret-service", "ashpd", "winit", "gtk"];

/// What no part of the product links: nothing of it speaks to a network.
const NETWORK: &[&str] = &[
    "reqwest",
    "hyper",
    "ureq",
    "curl",
    "isahc",
    "rustls",
    "native-tls",
    "openssl",
    "quinn",
    "h2",
    "attohttpc",
    "trust-dns",
];

/// Crate, and what it must depend on directly.
const JOBS: &[(&str, &[&str])] = &[
    ("countersign-core", &["totp-rs", "serde"]),
    ("countersign-api", &["zbus", "serde"]),
    ("countersignd", &["zbus", "tokio", "secret-service", "notify-rust", "tracing"]),
    ("countersign-sandbox", &["landlock", "seccompiler", "rustix"]),
    ("countersign-scan", &["rqrr", "xcap", "ashpd", "wayrs-client", "countersign-sandbox"]),
    ("countersign-import", &["countersign-core", "countersign-sandbox"]),
    ("countersign-tray", &["tray-icon"]),
];

/// Returns the output of `cargo tree`; `None` where there is no cargo (the tests of an installed package).
fn tree(args: &[&str]) -> Option<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let offline = ["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none"];
    let run = Command::new(cargo).args(offline).args(args).current_dir(programs::root()).output().ok()?;
    assert!(run.status.success(), "cargo tree: {}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap())
}

fn no_cargo() -> Completion {
    Completion::ignored_with("no cargo here")
}

/// Whether a tree names a crate: the first word of a line.
fn names(tree: &str, name: &str) -> bool {
    tree.lines().any(|line| line.split(' ').next() == Some(name))
}

fn no_crate_links_what_it_must_not() -> Completion {
    for (package, forbidden) in FORBIDDEN {
        let Some(tree) = tree(&["-p", package]) else { return no_cargo() };
        assert!(names(&tree, package), "the tree of {package} was not read:\n{tree}");
        let found: Vec<&&str> = forbidden.iter().filter(|name| names(&tree, name)).collect();
        assert!(found.is_empty(), "{package} links {found:?}; see why by: cargo tree -p {package} -i {}", found[0]);
    }
    Completion::Completed
}

fn there_is_one_zbus() {
    let lock = fs::read_to_string(programs::root().join("Cargo.lock")).unwrap();
    for name in ["zbus", "zvariant", "tokio", "zeroize"] {
        let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert_eq!(count, 1, "{name} is {count} times in Cargo.lock: cargo tree -i {name}");
    }
}

fn the_named_crates_do_their_jobs() -> Completion {
    for (package, wanted) in JOBS {
        let Some(tree) = tree(&["-p", package, "--depth", "1"]) else { return no_cargo() };
        for name in *wanted {
            assert!(names(&tree, name), "{package} does not depend on {name} itself");
        }
    }
    Completion::Completed
}

fn nothing_speaks_to_a_network() -> Completion {
    let Some(tree) = tree(&["--workspace"]) else { return no_cargo() };
    let found: Vec<&&str> = NETWORK.iter().filter(|name| names(&tree, name)).collect();
    assert!(found.is_empty(), "these speak to a network: {found:?}");
    Completion::Completed
}

/// They read pictures and files on a server and screens on any desktop: only what every system has, beside the C library.
fn the_workers_need_no_library() {
    let world = World::build().without_bus().without_daemon().start();
    for worker in ["countersign-scan", "countersign-import"] {
        let linked = world.cmd("ldd").arg(programs::ours(worker)).ok();
        let usual = ["linux-vdso", "libc.so", "libm.so", "libgcc_s.so", "ld-linux"];
        let strange: Vec<&str> = linked.lines().filter(|line| !usual.iter().any(|name| line.contains(name))).collect();
        assert!(linked.contains("libc.so") && strange.is_empty(), "{worker}: {linked}");
    }
}
