//! Picking an account: in a terminal of any size, line by line, and in other people's menu programs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use harness::{
    Process, Tty, World, programs,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![
    some_letters_and_enter_copy_a_code,
    tab_shows_the_code_large_and_escape_goes_back,
    a_dismissed_picker_ends_as_cancelled_and_leaves_nothing,
    a_window_of_any_size_will_do,
    a_lock_takes_the_names_away,
    a_locked_vault_asks_before_it_shows_names,
    a_screen_reader_is_asked_line_by_line,
    pinned_accounts_come_first,
    a_script_is_given_the_code_that_the_person_picks,
    no_name_steers_a_terminal,
    rofi_picks_by_place,
    dmenu_picks,
    bemenu_picks_on_x11_and_on_wayland,
    wofi_takes_names_as_they_are_and_keeps_none,
    fuzzel_picks_by_place,
    fzf_picks_in_a_terminal,
    a_menu_goes_when_the_vault_is_locked,
    without_a_terminal_a_menu_program_is_found_and_the_person_is_told,
    without_a_menu_program_a_terminal_window_opens,
    where_nothing_asks_the_passphrase_a_terminal_window_does,
    where_nobody_can_be_asked_that_is_said,
    a_code_is_printed_in_groups_on_request,
];

/// Names that mean something to one menu program or another.
const HOSTILE: &str = "<b>bold</b> & img:/etc/passwd:text:x %s {} $(id)";

/// Three accounts: two of one name, one whose name is hostile.
struct Accounts {
    github: Account,
    gitlab: Account,
    hostile: Account,
}

fn add_accounts(world: &World) -> Accounts {
    programs::ours("countersign-clip");
    let accounts = Accounts {
        github: samples::github(),
        gitlab: Account::new("GitLab", "bob"),
        hostile: Account::new("Odd", HOSTILE),
    };
    for account in [&accounts.github, &accounts.gitlab, &accounts.hostile] {
        world.add(account);
    }
    accounts
}

fn with_screen() -> (World, Accounts) {
    let world = World::build().display().vault().start();
    let accounts = add_accounts(&world);
    (world, accounts)
}

/// Returns the codes of an account around now: the last one, this one, the next.
fn codes(world: &World, account: &Account) -> [String; 3] {
    let now = unix_now();
    [now - 30, now, now + 30].map(|at| world.oathtool(&account.secret, at))
}

/// Waits until an account's code can be pasted.
fn expect_pasted(world: &World, account: &Account) {
    let pasted = world.pasted_code();
    assert!(codes(world, account).contains(&pasted), "what was pasted is no code of {}", account.issuer);
}

/// Fails where a code of an account was shown in a terminal.
fn assert_no_code(world: &World, tty: &Tty, account: &Account) {
    let shown = tty.shown().replace(' ', "");
    assert!(codes(world, account).iter().all(|code| !shown.contains(code)), "a code was on the screen: {shown}");
}

fn some_letters_and_enter_copy_a_code() {
    let (world, accounts) = with_screen();
    let mut tty = world.tty(&["pick"]);
    let screen = tty.expect_on_screen("3 of 3");
    assert!(screen.contains(" s left. Enter copies, Tab shows it large, Esc ends"), "{screen}");
    tty.keys("glab").expect_on_screen("> GitLab – bob");
    tty.keys("\r").expect("Code for GitLab – bob copied, ");
    tty.ends(0);
    expect_pasted(&world, &accounts.gitlab);
    assert_no_code(&world, &tty, &accounts.gitlab);
}

fn tab_shows_the_code_large_and_escape_goes_back() {
    let (world, accounts) = with_screen();
    let mut tty = world.tty(&["pick", "hub"]);
    tty.expect_on_screen("> GitHub – alice");
    tty.keys("\t");
    let screen = tty.expect_on_screen("Enter copies, Esc goes back");
    assert!(screen.contains("second") && tty.out.text().contains("\x1b[7m      "), "{screen}");
    let grouped = codes(&world, &accounts.github).map(|code| format!("{} {}", &code[..3], &code[3..]));
    assert!(grouped.iter().any(|code| screen.contains(code)), "{screen}");
    tty.keys("\x1b").expect_on_screen("> GitHub – alice");
    tty.keys("\x1b");
    tty.ends(5);
    let left = tty.screen();
    assert!(
        grouped.iter().all(|code| !left.contains(code)) && !left.contains("left"),
        "it stayed on the screen: {left}"
    );
}

fn a_dismissed_picker_ends_as_cancelled_and_leaves_nothing() {
    let (world, accounts) = with_screen();
    for keys in ["\x1b", "\x03"] {
        let mut tty = world.tty(&["pick"]);
        tty.expect_on_screen("3 of 3");
        tty.keys(keys);
        tty.ends(5);
        assert_eq!(tty.screen().trim(), "countersign: no account was picked");
        assert_no_code(&world, &tty, &accounts.github);
    }
}

fn a_window_of_any_size_will_do() {
    let (world, accounts) = with_screen();
    let mut tty = world.tty_with(&["pick"], 20, &[("NO_COLOR", "1")]);
    let sized = |tty: &Tty, (columns, rows): (usize, usize), text: &str| {
        until(&format!("`{text}` in {columns} × {rows}"), LIMIT, || {
            let screen = tty.screen();
            let fits = screen.lines().count() <= rows && screen.lines().all(|line| line.chars().count() <= columns);
            (screen.contains(text) && fits).then_some(screen)
        })
    };
    sized(&tty, (20, 40), "3 of 3");
    assert!(!tty.out.text().contains("\x1b[7m"), "NO_COLOR is set");
    tty.keys("odd");
    sized(&tty, (20, 40), "> Odd – <b>bold</b>…");
    tty.resize(12, 1);
    sized(&tty, (12, 1), "> Odd – <b>…");
    tty.resize(9, 3);
    sized(&tty, (9, 3), "> Odd – …");
    tty.resize(100, 12).keys("\x15git\x1b[B");
    let wide = sized(&tty, (100, 12), "2 of 3");
    assert!(wide.contains("  GitHub – alice") && wide.contains("> GitLab – bob"), "{wide}");
    tty.keys("\t");
    sized(&tty, (100, 12), "Enter copies, Esc goes back");
    tty.resize(20, 3);
    sized(&tty, (20, 3), "second");
    tty.keys("\r").expect("Code for GitLab – bob copied, ");
    tty.ends(0);
    expect_pasted(&world, &accounts.gitlab);
}

fn a_lock_takes_the_names_away() {
    let (world, _accounts) = with_screen();
    for large in [false, true] {
        let mut tty = world.tty(&["pick"]);
        tty.expect_on_screen("> GitHub – alice");
        if large {
            tty.keys("\t").expect_on_screen("Enter copies, Esc goes back");
        }
        world.cli(&["lock"]).ok();
        tty.ends(4);
        let screen = tty.screen();
        assert!(screen.contains("the vault was locked") && !screen.contains("GitHub"), "{screen}");
        world.unlock();
    }
}

fn a_locked_vault_asks_before_it_shows_names() {
    let (world, _accounts) = with_screen();
    world.cli(&["lock"]).ok();
    let mut tty = world.tty(&["pick"]);
    tty.expect("Passphrase of the vault: ");
    assert!(!tty.shown().contains("GitHub"));
    tty.secret(world.passphrase()).expect_on_screen("3 of 3");
    tty.keys("\x1b").ends(5);
}

fn a_screen_reader_is_asked_line_by_line() {
    let (world, accounts) = with_screen();
    for (args, env) in [(&["pick", "--linear"][..], ("TERM", "xterm")), (&["pick"], ("TERM", "dumb"))] {
        let mut tty = world.tty_with(args, 80, &[env]);
        tty.expect("1. ").expect("2. ").expect("3. ").expect("Number or words, Enter for none: ");
        tty.line("nothing like it").expect("Nothing fits \"nothing like it\".").expect("none: ");
        tty.line("git").expect("1. Git").expect("2. Git").expect("none: ");
        tty.line("glb").expect("Code for GitLab – bob copied, ");
        let shown = tty.ends(0);
        assert!(!shown.contains("Odd – <b>bold</b>\n") && !tty.out.text().contains('\x1b'), "{shown}");
        expect_pasted(&world, &accounts.gitlab);
    }
    let mut tty = world.tty(&["pick", "--linear"]);
    tty.expect("Number or words").line("").ends(5);
}

fn pinned_accounts_come_first() {
    let (world, _accounts) = with_screen();
    world.cli(&["code", "gitlab"]).ok();
    world.cli(&["pin", "odd"]).ok();
    let mut tty = world.tty(&["pick"]);
    let screen = tty.expect_on_screen("3 of 3");
    let titles: Vec<&str> = screen.lines().skip(1).take(3).map(|line| line.trim_start_matches(['>', ' '])).collect();
    assert!(
        titles[0].starts_with("Odd") && titles[1].starts_with("GitLab") && titles[2].starts_with("GitHub"),
        "{screen}"
    );
    tty.keys("\x03").ends(5);
}

fn a_script_is_given_the_code_that_the_person_picks() {
    let (world, accounts) = with_screen();
    let ours = programs::ours("countersign");
    let script = format!("code=$({ours} pick --print) && printf %s \"$code\" >given");
    let mut tty = world.tty_of("sh", &["-c", &script]);
    tty.expect_on_screen("3 of 3");
    tty.keys("hub\r").ends(0);
    let given = fs::read_to_string(world.dir().join("given")).unwrap();
    assert!(codes(&world, &accounts.github).contains(&given));
    assert_no_code(&world, &tty, &accounts.github);
}

fn no_name_steers_a_terminal() {
    let (world, _accounts) = with_screen();
    let steering = Account::new("Evil", "\x1b[2J\x1b]0;title\x07\u{202e}gnp\n\r\tx");
    world.add(&steering);
    world.add(&Account::new("日本語の会社", "e\u{301}\u{301} 👩‍💻 \u{5d0}\u{5d1}"));
    let mut tty = world.tty(&["pick", "evil"]);
    tty.expect_on_screen("> Evil – ");
    tty.keys("\x15日本").expect_on_screen("> 日本語の会社 – ");
    tty.keys("\x1b").ends(5);
    let out = tty.out.text();
    assert!(!out.contains("\x1b]0;") && !out.contains('\u{202e}'), "{out:?}");
}

/// Starts the picker in a menu program, as a hotkey does: without a terminal.
fn start(world: &World, menu: &str) -> Process {
    programs::require(menu);
    world.cli(&["pick", &format!("--menu={menu}")]).spawn()
}

/// Fails where a name stands in the arguments of any process of the world, and in its folder for caches.
fn assert_no_name_left(world: &World) {
    let home = format!("XDG_CACHE_HOME={}", world.dir().join("cache").display());
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        if String::from_utf8_lossy(&read("environ")).contains(&home) {
            let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            assert!(!arguments.contains("GitHub") && !arguments.contains("<b>bold"), "{arguments}");
        }
    }
    for folder in ["cache", "home", "state", "tmp", "data", "config"] {
        assert_no_name_below(&world.dir().join(folder));
    }
}

fn assert_no_name_below(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            assert_no_name_below(&entry.path());
        } else if entry.metadata().is_ok_and(|found| found.is_file()) {
            let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).into_owned();
            assert!(
                !text.contains("GitHub") && !text.contains("<b>bold"),
                "a name is kept in {}",
                entry.path().display()
            );
        }
    }
}

/// Picks one after the other in a menu on X11: by its letters, by the arrow, and nothing.
fn drive_on_x11(menu: &str) {
    let (world, accounts) = with_screen();
    let window = |world: &World| {
        until(&format!("{menu}'s window"), LIMIT, || {
            let found = world.cmd("xdotool").args(["search", "--onlyvisible", "--class", menu]).run();
            found.out.lines().next().map(str::to_owned)
        })
    };
    let turns: [(&str, &[&str], &Account); 3] = [
        ("gitlab", &[], &accounts.gitlab),
        ("<b>bold</b> & img:", &[], &accounts.hostile),
        ("git", &["Down"], &accounts.gitlab),
    ];
    world.cli(&["code", "github"]).ok(); // used last: it stands first
    for (turn, (typed, keys, account)) in turns.into_iter().enumerate() {
        let mut pick = start(&world, menu);
        window(&world);
        world.type_text(typed);
        for key in keys {
            world.press(key);
        }
        if turn == 0 {
            assert_no_name_left(&world);
        }
        let picture = world.still_picture(&format!("{menu}-{turn}"));
        assert!(picture.is_file());
        world.press("Return");
        assert_eq!(pick.exit_code(LIMIT), 0, "{}", pick.err.text());
        expect_pasted(&world, account);
        // The third turn is about the order of use.
        world.cli(&["pin", "github"]).ok();
    }
    let mut pick = start(&world, menu);
    window(&world);
    world.press("Escape");
    assert_eq!(pick.exit_code(LIMIT), 5, "{}", pick.err.text());
    assert_no_name_left(&world);
}

/// Waits until a menu has opened, and returns a picture of it.
fn opened(world: &World, pick: &mut Process, before: &Path, name: &str) -> PathBuf {
    until("the menu opens", LIMIT, || {
        assert!(pick.runs(), "it ended: {}", pick.err.text());
        let picture = world.picture(name);
        (fs::read(before).unwrap() != fs::read(picture).unwrap()).then_some(())
    });
    world.still_picture(name)
}

/// The same on Wayland, where such a menu is no window: by its letters, and nothing.
fn drive_on_wayland(menu: &str) {
    for typed in ["gitlab", "<b>bold</b> & img:", ""] {
        // A session for each: the only keyboard is that of `wtype`, and a menu that starts after that has gone may crash.
        let world = World::build().wayland().vault().start();
        let accounts = add_accounts(&world);
        fs::create_dir(world.dir().join("config/fuzzel")).unwrap();
        fs::write(world.dir().join("config/fuzzel/fuzzel.ini"), "exit-on-keyboard-focus-loss=no\n").unwrap();
        let before = world.still_picture("before");
        let mut pick = start(&world, menu);
        let open = opened(&world, &mut pick, &before, &format!("{menu}-open"));
        if typed.is_empty() {
            world.press("Escape");
            assert_eq!(pick.exit_code(LIMIT), 5, "{}", pick.err.text());
        } else {
            world.type_text(typed);
            world.until_picture_differs(&open, &format!("{menu}-{}", typed.len()));
            assert_no_name_left(&world);
            world.press("Return");
            assert_eq!(pick.exit_code(LIMIT), 0, "{}", pick.err.text());
            expect_pasted(&world, if typed == "gitlab" { &accounts.gitlab } else { &accounts.hostile });
        }
        assert_no_name_left(&world);
    }
}

fn rofi_picks_by_place() {
    drive_on_x11("rofi");
}

fn dmenu_picks() {
    drive_on_x11("dmenu");
}

fn bemenu_picks_on_x11_and_on_wayland() {
    drive_on_x11("bemenu");
    drive_on_wayland("bemenu");
}

fn wofi_takes_names_as_they_are_and_keeps_none() {
    drive_on_wayland("wofi");
}

fn fuzzel_picks_by_place() {
    drive_on_wayland("fuzzel");
}

fn fzf_picks_in_a_terminal() {
    let (world, accounts) = with_screen();
    programs::require("fzf");
    for (typed, account) in [("lab", &accounts.gitlab), ("'<b>bold", &accounts.hostile)] {
        let mut tty = world.tty(&["pick", "--menu=fzf"]);
        tty.expect_on_screen("3/3");
        tty.keys(typed).expect_on_screen("1/3");
        tty.keys("\r").expect("Code for ");
        tty.ends(0);
        expect_pasted(&world, account);
        assert!(!tty.shown().contains("0\tGit"), "the place is shown: {}", tty.shown());
    }
    let mut tty = world.tty(&["pick", "--menu=fzf"]);
    tty.expect_on_screen("3/3");
    tty.keys("\x1b").ends(5);
}

fn a_menu_goes_when_the_vault_is_locked() {
    let (world, _accounts) = with_screen();
    let bare = world.still_picture("bare");
    let mut pick = start(&world, "rofi");
    world.until_picture_differs(&bare, "menu");
    world.cli(&["lock"]).ok();
    assert_eq!(pick.exit_code(LIMIT), 4, "{}", pick.err.text());
    until("the menu is gone", LIMIT, || {
        let found = world.cmd("xdotool").args(["search", "--onlyvisible", "--class", "rofi"]).run();
        found.out.is_empty().then_some(())
    });
}

fn without_a_terminal_a_menu_program_is_found_and_the_person_is_told() {
    let (world, accounts) = with_screen();
    let mut notifications = harness::notifications::Notifications::start(&world);
    let mut pick = world.cli(&["pick"]).spawn();
    until("a menu program", LIMIT, || {
        let found = world.cmd("xdotool").args(["search", "--onlyvisible", "--class", "rofi"]).run();
        (!found.out.is_empty()).then_some(())
    });
    world.type_text("gitlab");
    world.press("Return");
    assert_eq!(pick.exit_code(LIMIT), 0, "{}", pick.err.text());
    let told = notifications.expect("Code for GitLab – bob copied, ").text;
    assert!(codes(&world, &accounts.gitlab).iter().all(|code| !told.contains(code)), "{told}");
    expect_pasted(&world, &accounts.gitlab);
}

fn without_a_menu_program_a_terminal_window_opens() {
    let (world, accounts) = with_screen();
    // Where nothing is installed but what this needs.
    let bin = world.dir().join("few");
    fs::create_dir(&bin).unwrap();
    for program in ["sh", "xterm"] {
        let found =
            ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(program)).into_iter().find(|file| file.is_file());
        std::os::unix::fs::symlink(found.expect(program), bin.join(program)).unwrap();
    }
    let look =
        "XTerm*faceName: DejaVu Sans Mono\nXTerm*faceSize: 12\nXTerm*background: #202124\nXTerm*foreground: #e8eaed\n";
    fs::write(world.dir().join("home/.Xdefaults"), look).unwrap();
    let path = format!("PATH={}", bin.display());
    let pick = |args: &[&str]| world.cmd("env").args([&path, &programs::ours("countersign")]).args(args);
    let mut window = pick(&["pick"]).spawn();
    world.window("countersign|sh|xterm");
    let bare = world.still_picture("picker-window");
    world.type_text("gtlab");
    world.until_picture_differs(&bare, "picker-window-lab");
    world.press("Tab");
    until("large digits", LIMIT, || {
        // It changes each second, and is never still.
        let (before, now) = (fs::metadata(&bare).unwrap().len(), world.picture("picker-window-large"));
        (fs::metadata(now).unwrap().len() != before).then_some(())
    });
    world.press("Return");
    expect_pasted(&world, &accounts.gitlab);
    assert_eq!(window.exit_code(LIMIT), 0, "{}", window.err.text());
    let refused = pick(&["pick", "--print"]).fails(2);
    assert!(refused.err.contains("neither a terminal nor a menu program"), "{}", refused.err);
}

fn where_nothing_asks_the_passphrase_a_terminal_window_does() {
    let (mut world, accounts) = with_screen();
    world.set("TERMINAL", "xterm");
    world.cli(&["lock"]).ok();
    let mut pick = world.cli(&["pick"]).spawn();
    world.window("countersign|sh|xterm");
    world.type_text(&format!("{}\n", world.passphrase()));
    until("an open vault", LIMIT, || (world.vault_property("State") == "unlocked").then_some(()));
    let list = world.still_picture("picker-after-unlock");
    world.type_text("gitlab");
    world.until_picture_differs(&list, "picker-after-unlock-gitlab");
    world.press("Return");
    expect_pasted(&world, &accounts.gitlab);
    assert_eq!(pick.exit_code(LIMIT), 0, "{}", pick.err.text());
}

fn a_code_is_printed_in_groups_on_request() {
    let (world, accounts) = with_screen();
    let grouped = world.cli(&["code", "--groups", "github"]).ok();
    assert_eq!((grouped.len(), grouped.as_bytes()[3]), (7, b' '), "{grouped}");
    assert!(codes(&world, &accounts.github).contains(&grouped.replace(' ', "")));
    world.cli(&["code", "--groups", "--json", "github"]).fails(2);
}

fn where_nobody_can_be_asked_that_is_said() {
    let world = World::build().vault().start();
    let no_accounts = world.cli(&["pick", "--menu=fzf"]).fails(3);
    assert!(no_accounts.err.contains("countersign scan"), "{}", no_accounts.err);
    world.add(&samples::github());
    let rows: [(&[&str], &str); 4] = [
        (&["pick"], "neither a terminal nor a screen"),
        (&["pick", "--linear"], "no terminal to ask which account on"),
        (&["pick", "--no-prompt"], "--no-prompt forbids that"),
        (&["pick", "--menu"], "no menu program is installed that fits this screen"),
    ];
    for (args, why) in rows {
        let run = world.cli(args).fails(2);
        assert!(run.err.contains(why), "{args:?}: {}", run.err);
    }
    let unknown = world.cli(&["pick", "--menu=fzf", "nothing like it"]).fails(3);
    assert!(unknown.err.contains("no account fits"), "{}", unknown.err);
}
