//! The clipboard, on X11 and on Wayland: a code that is computed as it is pasted, and goes when it should.

use std::fs;

use harness::{
    Process, World,
    notifications::Notifications,
    programs,
    samples::Account,
    tests, until,
    wait::{LIMIT, unix_now},
};
use rustix::process::Signal;
use x11rb::{
    COPY_FROM_PARENT, CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{ConnectionExt as _, CreateWindowAux, WindowClass},
    },
    rust_connection::RustConnection,
};

tests![
    a_paste_after_the_code_has_changed_gives_the_new_one,
    it_goes_five_seconds_after_it_has_expired,
    one_paste_is_one_paste,
    a_history_that_reads_first_gets_nothing_of_one_paste,
    a_clipboard_manager_gets_nothing_of_one_paste_and_that_is_said,
    clearing_leaves_no_entry_in_a_clipboard_managers_history,
    whoever_copies_later_wins_even_while_the_first_waits,
    whoever_asks_as_the_offer_ends_is_answered,
    a_lock_takes_it_off_at_once,
    what_was_copied_since_stays,
    it_is_told_to_be_a_secret,
    the_next_code_can_be_copied,
    the_account_used_last_is_copied_again_and_told,
    a_counters_code_is_used_up_once,
    without_a_clipboard_nothing_is_copied_and_that_is_said,
];

/// A session with an X server, and one with a Wayland compositor alone.
fn sessions() -> [World; 2] {
    programs::ours("countersign-clip");
    [World::build().display().vault().start(), World::build().wayland().vault().start()]
}

fn it_goes_five_seconds_after_it_has_expired() {
    for world in sessions() {
        account(&world, "Quick", 11);
        let mut clip = world.cmd(&programs::ours("countersign-clip")).arg("quick").spawn();
        let expires: u64 = clip.out.wait_for("the copy", LIMIT, |text| {
            let line = text.lines().find_map(|line| line.strip_prefix("copied "))?;
            line.parse().ok()
        });
        assert_eq!(clip.exit_code(LIMIT), 0);
        // A second has begun when the clock shows it.
        assert!(unix_now() + 1 >= expires + 5, "it went before its time");
        let told = clip.out.to_end(LIMIT);
        assert!(told.ends_with("ended expired\n"), "{told}");
        assert_eq!(paste(&world, None), None);
    }
}

fn is_wayland(world: &World) -> bool {
    world.environment().contains_key("WAYLAND_DISPLAY")
}

/// Pastes a text; `None` where the clipboard is empty.
fn paste(world: &World, form: Option<&str>) -> Option<String> {
    let run = if is_wayland(world) {
        world.cmd("wl-paste").arg("-n").args(form.map(|form| ["-t", form]).into_iter().flatten()).run()
    } else {
        let form = form.map(|form| ["-t", form]);
        world.cmd("xclip").args(["-o", "-selection", "clipboard"]).args(form.into_iter().flatten()).run()
    };
    (run.code == 0 && !run.out.is_empty()).then_some(run.out)
}

/// Copies a text, as a person does elsewhere.
pub(crate) fn wl_copy(world: &World, text: &str) {
    // What goes on offering it keeps standard error open.
    world.cmd("sh").args(["-c", "exec wl-copy 2>/dev/null"]).stdin(text).ok();
}

fn until_empty(world: &World) {
    until("an empty clipboard", LIMIT, || paste(world, None).is_none().then_some(()));
}

/// Adds an account whose codes live that many seconds, and whose key is watched for.
pub(crate) fn account(world: &World, issuer: &str, period: u64) -> Account {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    world.add_uri(&account.uri_with(&format!("&period={period}")));
    account
}

/// Returns the code as oathtool has it.
pub(crate) fn oathtool(world: &World, account: &Account, period: u64, at: u64) -> String {
    let args = ["-b".to_owned(), "--totp".into(), "-s".into(), format!("{period}s"), "-N".into(), format!("@{at}")];
    world.cmd("oathtool").args(args).arg("-").stdin(account.secret.as_str()).ok().trim().to_owned()
}

fn a_paste_after_the_code_has_changed_gives_the_new_one() {
    for world in sessions() {
        let quick = account(&world, "Quick", 11);
        // The offer outlives its code by 5 seconds: a busy machine may miss them.
        until("a paste in the seconds after the change", LIMIT, || {
            world.cli(&["copy", "quick"]).ok();
            let step = unix_now() / 11;
            until("the next step", LIMIT, || (unix_now() / 11 > step).then_some(()));
            let (before, pasted, after) = (unix_now() / 11, paste(&world, None)?, unix_now() / 11);
            let possible: Vec<_> = (before..=after).map(|step| oathtool(&world, &quick, 11, step * 11)).collect();
            assert!(possible.contains(&pasted), "{pasted} is none of {possible:?}");
            Some(())
        });
    }
}

fn one_paste_is_one_paste() {
    for world in sessions() {
        let account = account(&world, "Slow", 3600);
        world.cli(&["copy", "--paste-once", "slow"]).ok();
        // Sooner than a hand, nothing is given.
        let pasted = until("the paste", LIMIT, || paste(&world, None));
        assert_eq!(pasted, oathtool(&world, &account, 3600, unix_now()));
        until_empty(&world);
    }
}

fn a_history_that_reads_first_gets_nothing_of_one_paste() {
    let world = World::build().wayland().vault().start();
    let account = account(&world, "Slow", 3600);
    let kept = world.dir().join("tmp/history");
    let mut history = world.cmd("wl-paste").args(["--watch", "tee", "-a"]).arg(&kept).spawn();
    wl_copy(&world, "something else");
    let text = || std::fs::read_to_string(&kept).unwrap_or_default();
    until("the history", LIMIT, || text().contains("something else").then_some(()));
    // A history on a busy machine may be as slow as a hand: then it is the one paste, and the person gets nothing.
    until("a history that is faster than a hand", LIMIT, || {
        let before = text().len();
        world.cli(&["copy", "--paste-once", "slow"]).ok();
        let pasted = until("the paste, or the offer's end", LIMIT, || {
            let pasted = paste(&world, None);
            (pasted.is_some() || text().len() > before).then_some(pasted)
        });
        until_empty(&world);
        let given_to_both = pasted.is_some() && text().len() > before;
        assert!(!given_to_both, "two programs got the code of one paste");
        pasted.map(|code| assert_eq!(code, oathtool(&world, &account, 3600, unix_now())))
    });
    history.kill();
}

/// A Wayland session with Debian's clipboard manager at work, which knows of no hint for secrets; it is returned with it.
fn managed() -> (World, Process) {
    programs::ours("countersign-clip");
    let world = World::build().wayland().vault().start();
    let watch = ["-t", "text", "--watch", "clipman", "store", "--no-persist", "--histpath"];
    programs::require("clipman");
    let manager = world.cmd("wl-paste").args(watch).arg(world.dir().join(HISTORY)).spawn();
    until("a manager at work", LIMIT, || {
        wl_copy(&world, "what was there before");
        history(&world).contains(&"what was there before".to_owned()).then_some(())
    });
    (world, manager)
}

/// Returns the entries of the manager's history.
fn history(world: &World) -> Vec<String> {
    let text = fs::read_to_string(world.dir().join(HISTORY)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn a_clipboard_manager_gets_nothing_of_one_paste_and_that_is_said() {
    let (world, _manager) = managed();
    let account = account(&world, "Slow", 3600);
    // On a busy machine it may be as slow as a hand: then the one paste is its.
    until("a manager that is faster than a hand", LIMIT, || {
        let mut tty = world.tty(&["copy", "--paste-once", "slow"]);
        let said = tty.ends(0);
        let pasted = paste(&world, None);
        until_empty(&world);
        let code = oathtool(&world, &account, 3600, unix_now());
        said.contains("was given nothing").then(|| {
            assert_eq!(pasted.as_ref(), Some(&code));
            assert!(!history(&world).contains(&code), "the manager keeps the code");
        })
    });
}

fn clearing_leaves_no_entry_in_a_clipboard_managers_history() {
    let (world, _manager) = managed();
    let account = account(&world, "Slow", 3600);
    world.cli(&["copy", "slow"]).ok();
    let code = oathtool(&world, &account, 3600, unix_now());
    until("the code", LIMIT, || (paste(&world, None)? == code).then_some(()));
    world.cli(&["lock"]).ok();
    until_empty(&world);
    wl_copy(&world, "what came after");
    // One that reads before the code is there keeps nothing, a slower one the code.
    let entries = || history(&world).into_iter().filter(|entry| *entry != code).collect::<Vec<_>>();
    let entries =
        until("the next entry", LIMIT, || Some(entries()).filter(|all| all.contains(&"what came after".into())));
    assert_eq!(entries, ["what was there before", "what came after"], "clearing is an entry of its own");
}

const HISTORY: &str = "tmp/history.json";

/// The first one's code dies soon, so it waits for the next; it must not come back over what was copied meanwhile.
fn whoever_copies_later_wins_even_while_the_first_waits() {
    let world = World::build().display().vault().start();
    account(&world, "Quick", 20);
    let slow = account(&world, "Slow", 3600);
    let mut first = until("a code that dies soon", LIMIT, || {
        let mut first = world.cmd(&programs::ours("countersign-clip")).arg("quick").spawn();
        let line = first.out.wait_for("its first word", LIMIT, |text| Some(text.split_once('\n')?.0.to_owned()));
        if line == "waiting" {
            return Some(first);
        }
        first.kill();
        None
    });
    assert_eq!(paste(&world, None), None, "what was there before is no code of it");
    world.cli(&["copy", "slow"]).ok();
    assert_eq!(first.exit_code(LIMIT), 0);
    assert!(first.out.text().ends_with("ended replaced\n"), "{}", first.out.text());
    assert_eq!(paste(&world, None), Some(oathtool(&world, &slow, 3600, unix_now())));
}

/// A program that is never answered hangs as it pastes.
fn whoever_asks_as_the_offer_ends_is_answered() {
    let world = World::build().display().vault().start();
    account(&world, "Slow", 3600);
    // Which it sees first is open: that it is asked, or that it is to end.
    for _ in 0..5 {
        let mut clip = world.cmd(&programs::ours("countersign-clip")).arg("slow").spawn();
        clip.out.wait_for("the code", LIMIT, |text| text.contains("copied").then_some(()));
        clip.signal(Signal::STOP);
        let asking = Asking::of_the_clipboard(&world);
        clip.signal(Signal::TERM);
        clip.signal(Signal::CONT);
        asking.until_answered();
        assert_eq!(clip.exit_code(LIMIT), 0);
    }
}

/// A program that pastes from the clipboard of X11.
struct Asking(RustConnection);

impl Asking {
    /// Comes back when the server has passed it on.
    fn of_the_clipboard(world: &World) -> Self {
        let (connection, screen) = RustConnection::connect(Some(&world.environment()["DISPLAY"])).unwrap();
        let window = connection.generate_id().unwrap();
        let root = connection.setup().roots[screen].root;
        let (kind, more) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        connection.create_window(0, window, root, 0, 0, 1, 1, 0, kind, COPY_FROM_PARENT, &more).unwrap();
        let [clipboard, text] = ["CLIPBOARD", "UTF8_STRING"]
            .map(|name| connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom);
        connection.convert_selection(window, clipboard, text, text, CURRENT_TIME).unwrap().check().unwrap();
        Self(connection)
    }

    fn until_answered(self) {
        until("an answer", LIMIT, || {
            matches!(self.0.poll_for_event().unwrap()?, Event::SelectionNotify(_)).then_some(())
        });
    }
}

fn a_lock_takes_it_off_at_once() {
    for world in sessions() {
        account(&world, "Slow", 3600);
        world.cli(&["copy", "slow"]).ok();
        assert!(paste(&world, None).is_some());
        world.cli(&["lock"]).ok();
        until_empty(&world);
    }
}

fn what_was_copied_since_stays() {
    for world in sessions() {
        account(&world, "Slow", 3600);
        world.cli(&["copy", "slow"]).ok();
        let wayland = is_wayland(&world);
        let copy = if wayland {
            world.cmd("wl-copy").arg("-f")
        } else {
            world.cmd("xclip").args(["-i", "-sel", "clip", "-quiet"])
        };
        let _mine = copy.stdin("mine").spawn();
        until("the person's own text", LIMIT, || (paste(&world, None)? == "mine").then_some(()));
        world.cli(&["lock"]).ok();
        assert_eq!(paste(&world, None).as_deref(), Some("mine"));
    }
}

fn it_is_told_to_be_a_secret() {
    for world in sessions() {
        account(&world, "Slow", 3600);
        world.cli(&["code", "--clip", "slow"]).ok();
        assert_eq!(paste(&world, Some("x-kde-passwordManagerHint")).as_deref(), Some("secret"));
        let forms = if is_wayland(&world) {
            world.cmd("wl-paste").arg("-l").ok()
        } else {
            paste(&world, Some("TARGETS")).unwrap()
        };
        for form in ["text/plain;charset=utf-8", "UTF8_STRING", "x-kde-passwordManagerHint"] {
            assert!(forms.lines().any(|line| line == form), "{form} is not in {forms}");
        }
    }
}

fn a_counters_code_is_used_up_once() {
    let world = World::build().display().vault().start();
    let account = Account::new("Counted", "alice");
    world.witness().plant_key("the key of Counted", &account.secret);
    world.add_uri(&account.uri_with("&counter=7").replace("totp", "hotp"));
    world.cli(&["copy", "counted"]).ok();
    let expected = world.cmd("oathtool").args(["-b", "-c", "7", "-"]).stdin(account.secret.as_str()).ok();
    for _ in 0..2 {
        assert_eq!(paste(&world, None).as_deref(), Some(expected.trim()));
    }
}

fn without_a_clipboard_nothing_is_copied_and_that_is_said() {
    let world = World::build().vault().start();
    account(&world, "Slow", 3600);
    let run = world.cli(&["copy", "slow"]).fails(1);
    assert!(run.err.contains("nothing was copied") && run.out.is_empty(), "{run:?}");
    world.cli(&["copy", "nobody"]).fails(3);
    // Nobody reads what a hotkey's command says, or a closed menu.
    let mut notifications = Notifications::start(&world);
    let mut expect = |why: &str| {
        let told = notifications.expect("Nothing was copied").text;
        assert!(told.contains(why), "{told}");
    };
    world.cli(&["copy", "--notify", "slow"]).fails(1);
    expect("neither WAYLAND_DISPLAY nor DISPLAY is set");
    world.cli(&["copy", "--notify", "nobody"]).fails(3);
    expect("no account fits");
    let tray = world.start_tray();
    world.click_in_tray_menu(&tray, &["Slow"]);
    expect("neither WAYLAND_DISPLAY nor DISPLAY is set");
    world.cli(&["lock"]).ok();
    world.cli(&["--no-prompt", "copy", "--last", "--notify"]).fails(4);
    expect("countersign unlock");
}

fn the_next_code_can_be_copied() {
    for world in sessions() {
        let github = account(&world, "GitHub", 30);
        let step = unix_now() / 30;
        world.cli(&["copy", "--next", "github"]).ok();
        let pasted = paste(&world, None).unwrap();
        // The step may have changed before the code was asked for.
        assert!([step + 1, step + 2].map(|step| oathtool(&world, &github, 30, step * 30)).contains(&pasted));
    }
}

fn the_account_used_last_is_copied_again_and_told() {
    let world = World::build().notifications().vault().start();
    world.cli(&["copy", "--last"]).fails(3);
    let (github, _bank) = (account(&world, "GitHub", 86_400), account(&world, "Bank", 86_400));
    world.cli(&["code", "github"]).ok();
    world.cli(&["copy", "--last", "--notify"]).ok();
    let day = unix_now() / 86_400 * 86_400;
    let pasted = paste(&world, None).unwrap();
    assert!([day, day + 86_400].map(|at| oathtool(&world, &github, 86_400, at)).contains(&pasted));
    let history = until("a notification", LIMIT, || {
        let shown = world.cmd("dunstctl").args(["history"]).run().out;
        world.cmd("dunstctl").arg("close-all").ok();
        shown.contains("Code for GitHub").then_some(shown)
    });
    assert!(history.contains("Code for GitHub – alice copied, ") && history.contains(" s\""), "{history}");
    assert!(!history.contains(&pasted), "a code stands in a notification");
}
