//! `tests/run bench`: figures as ratios to a yardstick measured in the same run. It prints, and never fails on a number.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use countersign_api::{Dict, accounts::AccountsProxy, secrets::SecretsProxy, types::EditOptions, vault::VaultProxy};
use harness::{World, programs, samples};
use zbus::{Connection, connection::Builder, fdo::DBusProxy};

/// Measures everything there is a goal for.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut world = World::build().config("idle-lock = \"off\"").vault().start();
    world.add(&samples::github());
    let pid = world.daemon().pid();
    println!("{:<52} {:>9}  {:>9}", "what", "measured", "goal");
    command_line(&world);
    runtime.block_on(calls(&world));
    rest(pid);
    runtime.block_on(size_and_saves(&world, pid));
    scan(&world);
    click_to_clipboard();
    large_code();
    crate::measure_tray::run();
}

pub(crate) fn row(what: &str, measured: &str, goal: &str) {
    println!("{what:<52} {measured:>9}  {goal:>9}");
}

/// A whole process that prints a code, against one that does nothing.
fn command_line(world: &World) {
    let run = |program: &str, args: &[&str]| {
        let start = Instant::now();
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(world.environment()).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "{program} failed");
        start.elapsed()
    };
    let client = programs::ours("countersign");
    let (mut codes, mut nothings) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        codes.push(run(&client, &["code", "github"]));
        nothings.push(run("/bin/true", &[]));
    }
    row("code ÷ /bin/true, wall", &ratio(&mut codes, &mut nothings), "≤ 2.5");
}

/// A code over the bus, against the bus' own shortest answer.
async fn calls(world: &World) {
    let address = &world.environment()["DBUS_SESSION_BUS_ADDRESS"];
    let bus = Builder::address(address.as_str()).unwrap().build().await.unwrap();
    let (accounts, driver) = (AccountsProxy::new(&bus).await.unwrap(), DBusProxy::new(&bus).await.unwrap());
    let (mut codes, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        let start = Instant::now();
        accounts.code("github").await.unwrap();
        codes.push(start.elapsed());
        let start = Instant::now();
        driver.get_id().await.unwrap();
        ids.push(start.elapsed());
    }
    row("Code ÷ GetId on the bus, p50", &ratio(&mut codes, &mut ids), "≤ 2.5");
}

/// What the daemon does while nobody asks.
fn rest(pid: u32) {
    // The runtime's helper threads go a few seconds after the last call: rest begins then.
    harness::until("one thread", Duration::from_secs(30), || (threads(pid) == 1).then_some(()));
    let before = switches(pid);
    thread::sleep(REST);
    row("context switches in 60 s at rest", &(switches(pid) - before).to_string(), "0");
    row("threads at rest", &threads(pid).to_string(), "1");
}

/// Memory with a thousand accounts, and the price of a change.
async fn size_and_saves(world: &World, pid: u32) {
    let private = private(world).await;
    let secrets = SecretsProxy::new(&private).await.unwrap();
    let accounts = AccountsProxy::new(&private).await.unwrap();
    let vault = VaultProxy::new(&private).await.unwrap();
    save(world, &secrets, "save ÷ bare write and two fsyncs, 1 account").await;
    for number in 0..ACCOUNTS {
        let account = samples::Account::new("Example", &format!("user{number}"));
        secrets.add(&account.uri(), Dict::new()).await.unwrap();
    }
    accounts.list(Dict::new()).await.unwrap();
    save(world, &secrets, "save ÷ bare write and two fsyncs, 1,000 accounts").await;
    row("PSS with 1,000 accounts, unlocked", &pss(pid), "≤ 4 MiB");
    vault.lock(Dict::new()).await.unwrap();
    row("PSS with 1,000 accounts, locked", &pss(pid), "≤ 4 MiB");
}

async fn save(world: &World, secrets: &SecretsProxy<'_>, what: &str) {
    let vault = world.vault_dir().join("vault.age");
    let (mut saves, mut bare) = (Vec::new(), Vec::new());
    for round in 0..SAVES {
        let note = EditOptions { note: Some(round.to_string()), ..EditOptions::default() };
        let start = Instant::now();
        secrets.edit("github", note.into()).await.unwrap();
        saves.push(start.elapsed());
        let bytes = fs::read(&vault).unwrap();
        let start = Instant::now();
        bare_save(world, &bytes);
        bare.push(start.elapsed());
    }
    row(what, &ratio(&mut saves, &mut bare), "≤ 1.5");
}

/// What no safe save can do without: write, sync, rename, sync the folder.
fn bare_save(world: &World, bytes: &[u8]) {
    let folder = world.vault_dir();
    let (new, old) = (folder.join("bench.new"), folder.join("bench"));
    fs::write(&new, bytes).unwrap();
    fs::File::open(&new).unwrap().sync_all().unwrap();
    fs::rename(&new, &old).unwrap();
    fs::File::open(&folder).unwrap().sync_all().unwrap();
}

/// The processor time of a look at a full-HD screen with a code on it.
fn scan(world: &World) {
    let code = world.dir().join("code.png");
    let screen = world.dir().join("screen.png");
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&code).arg("otpauth://totp/Bench?secret=MFZWIZLTOQQGK43U").ok();
    let args = ["-size", "1920x1080", "xc:white"];
    world.cmd("convert").args(args).arg(&code).args(["-geometry", "+900+400", "-composite"]).arg(&screen).ok();
    let script = "TIMEFORMAT='%U %S'; time \"$0\" \"$1\" > /dev/null";
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let worker = programs::ours("countersign-scan");
            let told = world.cmd("bash").args(["-c", script, &worker]).arg(&screen).run().err;
            told.split_whitespace().map(|part| part.parse::<f64>().unwrap()).sum()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    row("processor time of a full-HD picture with a code", &format!("{:.0} ms", times[5] * 1000.0), "");
}

/// From the start of what a click starts until the code can be pasted, against the same way of a bare copy.
fn click_to_clipboard() {
    let world = World::build().display().config("idle-lock = \"off\"").vault().start();
    let account = samples::Account::new("Slow", "alice");
    world.witness().plant_key("the key of Slow", &account.secret);
    world.add_uri(&account.uri_with("&period=3600"));
    let pasted = |kept: &dyn Fn(&str) -> bool| {
        let run = world.cmd("xclip").args(["-o", "-selection", "clipboard"]).run();
        (run.code == 0 && kept(&run.out)).then_some(())
    };
    let limit = Duration::from_secs(30);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..COPIES {
        let text = format!("bare {round}");
        let start = Instant::now();
        // What goes on offering it keeps its streams open.
        let copy = ["-c", "exec xclip -i -selection clipboard >/dev/null 2>&1"];
        world.cmd("sh").args(copy).stdin(text.as_str()).ok();
        harness::until("the bare copy", limit, || pasted(&|out| out == text));
        bare.push(start.elapsed());
        let start = Instant::now();
        let _clip = world.cmd(&programs::ours("countersign-clip")).arg("slow").spawn();
        harness::until("the code", limit, || {
            pasted(&|out| out.len() == 6 && out.bytes().all(|byte| byte.is_ascii_digit()))
        });
        ours.push(start.elapsed());
    }
    row("click to clipboard ÷ xclip, each until pasted", &ratio(&mut ours, &mut bare), "");
}

/// What a code that is shown large does each second: it is drawn once.
fn large_code() {
    let world = World::build().display().vault().start();
    let mut window = world.cmd(&programs::ours("countersign-window")).spawn_piped();
    let mut pipe = window.stdin();
    let until = harness::wait::unix_now() + 3600;
    pipe.write_all(format!("show code\nseconds 300\ncode 123 456\nuntil {until} 3600\n\n").as_bytes()).unwrap();
    world.window("^Code");
    // From its first second on, which is the first that it wakes up for.
    let drawn = switches(window.pid());
    harness::until("its first second", Duration::from_secs(30), || (switches(window.pid()) > drawn).then_some(()));
    let before = switches(window.pid());
    thread::sleep(Duration::from_secs(20));
    let each = (switches(window.pid()) - before) as f64 / 20.0;
    row("context switches a second of a large code", &format!("{each:.1}"), "");
    row("PSS of a large code", &pss(window.pid()), "");
}

async fn private(world: &World) -> Connection {
    let address = format!("unix:path={}", world.socket().display());
    Builder::address(address.as_str()).unwrap().p2p().build().await.unwrap()
}

pub(crate) fn ratio(ours: &mut [Duration], yardstick: &mut [Duration]) -> String {
    ours.sort();
    yardstick.sort();
    format!("{:.2}", ours[ours.len() / 2].as_secs_f64() / yardstick[yardstick.len() / 2].as_secs_f64())
}

pub(crate) fn threads(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).unwrap().count()
}

pub(crate) fn switches(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let of = |text: String| -> u64 {
        let lines = text.lines().filter(|line| line.contains("ctxt_switches"));
        lines.map(|line| line.rsplit('\t').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok()).map(of).sum()
}

/// Returns the proportional memory of a process; root alone can read it of one that is not dumpable.
pub(crate) fn pss(pid: u32) -> String {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { return "not root".into() };
    let line = text.lines().find(|line| line.starts_with("Pss:")).unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    format!("{:.1} MiB", kib / 1024.0)
}

const ROUNDS: usize = 200;
const CALLS: usize = 800;
const SAVES: usize = 60;
const COPIES: usize = 15;
const ACCOUNTS: usize = 999;
pub(crate) const REST: Duration = Duration::from_secs(60);
