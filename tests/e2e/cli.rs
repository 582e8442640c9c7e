//! The command line as scripts and people meet it: exit codes, wrong input, pipes, narrow and dumb terminals, prompts.

use std::{fs, time::Duration};

use harness::{
    World, programs,
    samples::{self, Account},
    tests, until,
    wait::{self, LIMIT, unix_now},
};
use serde_json::Value;

tests![
    exit_0_done,
    exit_1_failure,
    exit_2_wrong_usage,
    exit_3_not_found,
    exit_4_locked_or_no_vault,
    exit_5_denied,
    exit_6_no_daemon,
    exit_7_wrong_passphrase,
    exit_8_vault_unusable,
    exit_9_would_wait_too_long,
    exit_10_no_qr,
    exit_11_one_time_qr,
    exit_12_capture_not_possible,
    exit_13_ambiguous,
    exit_130_interrupted,
    every_command_refuses_wrong_input,
    every_command_has_help,
    a_secret_as_an_argument_is_refused,
    a_closed_pipe_ends_quietly,
    pipes_and_no_color_are_plain,
    twenty_columns_and_a_dumb_terminal_work,
    prompts_go_to_the_terminal_even_inside_a_substitution,
    no_prompt_forbids_the_terminal,
    several_matches_are_chosen_from_on_a_terminal,
    add_asks_on_a_terminal_and_shows_no_key,
    a_qr_on_a_terminal_leaves_nothing_behind,
    a_qr_fits_a_terminal_of_the_usual_size_or_waits_for_more_room,
    a_png_is_private_and_never_overwrites,
    check_says_what_is_odd_and_keeps_nothing,
    fresh_and_unused_wait_for_the_next_code,
    json_is_json_everywhere,
    init_on_a_terminal_asks_twice_and_shows_the_recovery_key,
    a_recovery_key_that_nobody_read_is_told,
    text_from_a_qr_does_not_steer_the_terminal,
    completions_know_the_accounts,
];

fn world_with_github() -> World {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world
}

/// Makes a picture of a QR.
fn picture(world: &World, text: &str) -> String {
    let path = world.dir().join(format!("tmp/{}.png", samples::chance(u64::MAX)));
    world.cmd("qrencode").args(["-s", "6", "-o"]).arg(&path).stdin(text).ok();
    path.to_str().unwrap().to_owned()
}

const ACTIVATION: &str = "https://login.microsoftonline.com/authenticatorApp/activateAccount?accountType=mfa&source=qrCode\
    &code=314159265&url=https%3A%2F%2Fmobileappcommunicator.auth.microsoft.com%2Factivatev2%2F27182818%2FEXAMPLE";

fn exit_0_done() {
    let world = world_with_github();
    for args in [
        &["code", "github"][..],
        &["list"],
        &["ls"],
        &["show", "github"],
        &["status"],
        &["log"],
        &["trash"],
        &["slots"],
    ] {
        let run = world.cli(args).fails(0);
        assert_eq!(run.err, "", "{args:?} is quiet on standard error");
    }
}

fn exit_1_failure() {
    let world = world_with_github();
    world.cli_present(&["init", "--no-keyring", "--no-recovery"]).fails(1);
    world.cli(&["add", "-"]).stdin("not a key at all!").fails(1);
    world.cli(&["lock"]).ok();
    world.cli(&["unlocked"]).fails(1);
}

fn exit_2_wrong_usage() {
    let world = World::build().without_daemon().start();
    for args in [&["nonsense"][..], &[], &["code"], &["code", "--frehs", "5", "x"], &["edit", "x", "--digits", "3"]] {
        let run = world.cli(args).fails(2);
        assert!(!run.err.is_empty(), "{args:?} says what is wrong");
    }
}

fn exit_3_not_found() {
    let world = world_with_github();
    for args in [
        &["code", "nobody"][..],
        &["show", "nobody"],
        &["edit", "nobody", "--note", "x"],
        &["remove", "-y", "nobody"],
        &["restore", "nobody"],
    ] {
        world.cli(args).fails(3);
    }
    world.cli_present(&["uri", "nobody"]).fails(3);
    world.cli_present(&["qr", "nobody", "--png", "/dev/null/x"]).fails(3);
    world.cli_present(&["generations", "take", "--yes", "nothing"]).fails(3);
}

fn exit_4_locked_or_no_vault() {
    let world = World::build().start();
    let none = world.cli(&["--no-prompt", "code", "github"]).fails(4);
    assert!(none.err.contains("countersign init"), "{none:?}");
    world.make_vault();
    world.cli(&["lock"]).ok();
    let locked = world.cli(&["--no-prompt", "code", "github"]).fails(4);
    assert!(locked.err.contains("countersign unlock"), "{locked:?}");
}

fn exit_5_denied() {
    let world = world_with_github();
    for args in [&["uri", "github"][..], &["show", "--secret", "github"], &["qr", "github", "--png", "x.png"]] {
        let run = world.cli(args).args(["--no-prompt"]).fails(5);
        assert_eq!(run.out, "", "{args:?}");
    }
}

fn exit_6_no_daemon() {
    let world = World::build().without_daemon().start();
    world.cli(&["status"]).fails(6);
    // Where none can be started either: a client without its daemon.
    let alone = world.dir().join("alone");
    fs::create_dir(&alone).unwrap();
    fs::copy(programs::ours("countersign"), alone.join("countersign")).unwrap();
    let run = world.cmd(alone.join("countersign").to_str().unwrap()).args(["code", "github"]).fails(6);
    assert!(run.err.contains("countersignd"), "{run:?}");
}

fn exit_7_wrong_passphrase() {
    let world = world_with_github();
    world.cli(&["uri", "github", "--passphrase-fd", "0"]).stdin("a wrong one\n").fails(7);
    world.cli(&["passphrase", "--passphrase-fd", "0"]).stdin("a wrong one\nthe new one, long enough\n").fails(7);
    world.cli(&["lock"]).ok();
    world.cli(&["unlock", "--passphrase-fd", "0"]).stdin("a wrong one\n").fails(7);
}

fn exit_8_vault_unusable() {
    let mut world = world_with_github();
    world.stop_daemon();
    fs::write(world.vault_dir().join("vault.age"), "no vault").unwrap();
    world.start_daemon();
    let run = world.cli_present(&["unlock"]).fails(8);
    assert!(run.err.contains("countersign status"), "{run:?}");
    world.cli(&["code", "github"]).fails(8);
}

fn exit_9_would_wait_too_long() {
    let world = world_with_github();
    // A code is fresh for 30 of its 30 seconds in the first of them only.
    let refused = wait::until("a code that is not quite fresh", LIMIT, || {
        Some(world.cli(&["code", "--fresh", "30", "--max-wait", "0", "github"]).run()).filter(|run| run.code != 0)
    });
    assert!(refused.code == 9 && refused.out.is_empty(), "{refused:?}");
    world.cli(&["code", "--unused", "github"]).ok();
    let again = [0, 1].map(|_| world.cli(&["code", "--unused", "--max-wait", "0", "github"]).run().code);
    assert!(again.contains(&9), "{again:?}");
}

fn exit_10_no_qr() {
    let world = World::build().display().vault().start();
    let run = world.cli(&["scan", "--no-wait"]).fails(10);
    assert!(run.err.contains("--image"), "{run:?}");
    let plain = world.dir().join("tmp/plain.png");
    world.cmd("convert").args(["-size", "200x200", "xc:gray"]).arg(&plain).ok();
    world.cli(&["scan", "--image", plain.to_str().unwrap()]).fails(10);
}

fn exit_11_one_time_qr() {
    let world = World::build().vault().start();
    let run = world.cli(&["scan", "--image", &picture(&world, ACTIVATION)]).fails(11);
    let said = format!("{}{}", run.out, run.err);
    assert!(said.contains("I want to use a different authenticator app"), "{said}");
    assert!(!said.contains("314159265") && !said.contains("activatev2"), "the link was printed:\n{said}");
    assert_eq!(world.cli(&["list"]).ok(), "", "nothing was stored");
}

fn exit_12_capture_not_possible() {
    let world = World::build().vault().start();
    let run = world.cli(&["scan", "--no-wait"]).fails(12);
    assert!(run.err.contains("--image"), "{run:?}");
    // In a Wayland session XWayland is never taken for the screen.
    let world =
        World::build().display().env("XDG_SESSION_TYPE", "wayland").env("WAYLAND_DISPLAY", "wayland-0").vault().start();
    world.cli(&["scan", "--no-wait"]).fails(12);
    world.cli(&["scan", "--image", &programs::data("site.py")]).fails(12);
}

fn exit_13_ambiguous() {
    let world = world_with_github();
    world.add(&Account::new("GitHub", "bob"));
    let run = world.cli(&["code", "github"]).fails(13);
    assert_eq!(run.out, "");
    assert!(run.err.contains("alice") && run.err.contains("bob"), "the list stands on standard error: {run:?}");
    world.cli(&["code", "GitHub:bob"]).ok();
}

fn exit_130_interrupted() {
    let world = World::build().display().vault().start();
    let mut scan = world.tty(&["scan", "--wait=60"]);
    until("the scan has begun", LIMIT, || (!scan.shown().trim().is_empty()).then_some(()));
    scan.interrupt().ends(130);
    world.cli(&["lock"]).ok();
    let mut unlock = world.tty(&["unlock"]);
    unlock.expect("assphrase").interrupt().ends(130);
}

/// Wrong input for every command: it fails with a code of the manual, says why, and changes nothing.
fn every_command_refuses_wrong_input() {
    let world = world_with_github();
    let before = world.cli(&["list", "--json"]).ok();
    let cases: &[(&[&str], &str, &[i32])] = &[
        (&["init", "extra"], "", &[2]),
        (&["scan", "--image", "/nonexistent.png"], "", &[1, 12]),
        (&["scan", "--image", "-"], "no picture", &[12]),
        (&["scan", "--wait=soon"], "", &[2]),
        (&["add", "-"], "", &[1]),
        (&["add", "-"], "otpauth://totp/x?secret=", &[1]),
        (&["add", "-"], "otpauth://totp/x?secret=AAAA1890&digits=99", &[1]),
        (&["add", "-"], "\x00\x01\x02", &[1]),
        (&["code", ""], "", &[2, 3]),
        (&["code", "github", "--at", "yesterday"], "", &[2]),
        (&["code", "github", "--fresh", "-1"], "", &[2]),
        (&["list", "--order", "size"], "", &[2]),
        (&["show", "nobody"], "", &[3]),
        (&["uri", "nobody"], "", &[3]),
        (&["qr"], "", &[2]),
        (&["qr", "nobody"], "", &[1, 2, 3]),
        (&["edit", "github"], "", &[2]),
        (&["edit", "github", "--digits", "11"], "", &[2]),
        (&["edit", "github", "--period", "0"], "", &[2]),
        (&["edit", "github", "--algorithm", "MD5"], "", &[2]),
        (&["edit", "github", "--counter", "5"], "", &[1, 2]),
        (&["remove", "nobody", "--yes"], "", &[3]),
        (&["remove", "github"], "", &[2]),
        (&["restore", "github"], "", &[3]),
        (&["lock", "now"], "", &[2]),
        (&["uri", "github", "--passphrase-fd", "99"], "", &[1, 2, 5]),
        (&["unlocked", "x"], "", &[2]),
        (&["status", "x"], "", &[2]),
        (&["passphrase", "--passphrase-fd", "0"], "\n\n", &[1, 2, 7]),
        (&["slots", "add", "nonsense"], "", &[1, 2, 3, 5]),
        (&["slots", "remove", "nonsense"], "", &[1, 2, 3, 5]),
        (&["generations"], "", &[2]),
        (&["generations", "take", "../../etc/passwd", "--yes"], "", &[1, 2, 3, 5]),
        (&["check", "-"], "", &[1]),
        (&["log", "--limit", "many"], "", &[2]),
        (&["completions", "tcsh"], "", &[2]),
        (&["trash", "x"], "", &[2]),
        (&["undo", "x"], "", &[2]),
    ];
    for (args, input, codes) in cases {
        let run = world.cli(args).stdin(*input).limit(Duration::from_secs(20)).run();
        assert!(codes.contains(&run.code), "{args:?} ended with {} instead of one of {codes:?}: {run:?}", run.code);
        assert!(!run.err.trim().is_empty(), "{args:?} says nothing");
        assert!(!run.err.contains("panicked"), "{args:?}: {run:?}");
    }
    assert_eq!(world.cli(&["list", "--json"]).ok(), before, "something was changed");
}

fn every_command_has_help() {
    let world = World::build().without_daemon().start();
    let help = world.cli(&["--help"]).ok();
    let commands = "init scan add code list show uri qr edit remove restore undo trash lock unlock unlocked status passphrase \
                    recovery slots generations check log";
    for command in commands.split_whitespace() {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(command)),
            "{command} is not in the help:\n{help}"
        );
        let own = world.cli(&[command, "--help"]).ok();
        assert!(own.contains("Usage:"), "{command}: {own}");
        for line in own.lines().filter(|line| !line.starts_with("Usage:")) {
            assert!(line.chars().count() <= 100, "{command}: a line is wide: {line}");
        }
    }
    assert!(!world.socket().exists(), "help starts nothing");
}

fn a_secret_as_an_argument_is_refused() {
    let world = World::build().vault().start();
    // Not told to the witness: the test itself puts it where it must not be, and looks that it is not repeated.
    let account = samples::github();
    for argument in [account.uri(), account.secret.clone()] {
        let run = world.cli(&["add", &argument]).fails(2);
        assert!(run.err.contains("argument"), "it says why: {run:?}");
        assert!(!run.err.contains(&account.secret), "it repeats the secret");
        world.cli(&["check", &argument]).fails(2);
    }
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn a_closed_pipe_ends_quietly() {
    let world = world_with_github();
    for command in ["list", "code github", "--help", "status", "list --json"] {
        let line = format!("countersign {command} 2>err | true; cat err; echo ${{PIPESTATUS[0]}}");
        let out = world.cmd("bash").args(["-c", &line]).ok();
        assert!(out == "0" || out == "141", "{command}: {out}");
    }
}

fn pipes_and_no_color_are_plain() {
    let world = world_with_github();
    for args in [&["list"][..], &["status"], &["show", "github"], &["--help"]] {
        let run = world.cli(args).run();
        assert!(!run.out.contains('\x1b'), "{args:?} steers a pipe");
    }
    let mut list = world.tty_with(&["list"], 80, &[("NO_COLOR", "1")]);
    list.expect("GitHub").ends(0);
    assert!(!list.out.text().contains("\x1b["), "{:?}", list.out.text());
}

fn twenty_columns_and_a_dumb_terminal_work() {
    let world = world_with_github();
    for args in [&["list"][..], &["show", "github"], &["status"]] {
        let shown = world.tty_with(args, 20, &[("NO_COLOR", "1")]).ends(0);
        for line in shown.lines() {
            assert!(line.chars().count() <= 20, "{args:?}: {line:?} is wider than 20 columns");
        }
        let mut dumb = world.tty_with(args, 80, &[("TERM", "dumb")]);
        dumb.ends(0);
        assert!(!dumb.out.text().contains('\x1b'), "{args:?} steers a dumb terminal");
    }
}

fn prompts_go_to_the_terminal_even_inside_a_substitution() {
    let world = world_with_github();
    world.cli(&["lock"]).ok();
    let passphrase = world.passphrase().to_owned();
    let mut shell = world.tty_of("sh", &["-c", "code=$(countersign code github 2>/dev/null); echo \"got $code.\""]);
    shell.expect("assphrase").secret(&passphrase).expect("got ");
    let shown = shell.ends(0);
    let code = shown.rsplit_once("got ").unwrap().1.trim().trim_end_matches('.').to_owned();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{shown}");
}

fn no_prompt_forbids_the_terminal() {
    let world = world_with_github();
    world.add(&Account::new("GitHub", "bob"));
    world.tty(&["--no-prompt", "code", "github"]).ends(13);
    world.cli(&["lock"]).ok();
    world.tty(&["--no-prompt", "code", "github"]).ends(4);
}

fn several_matches_are_chosen_from_on_a_terminal() {
    let world = world_with_github();
    let bob = Account::new("GitHub", "bob");
    world.add(&bob);
    let mut choice = world.tty(&["code", "github", "--at", "59"]);
    choice.expect("alice").expect("bob");
    let shown = choice.shown();
    let number = shown.lines().find(|line| line.contains("bob")).unwrap();
    let number: String = number.chars().filter(char::is_ascii_digit).take(1).collect();
    let shown = choice.line(&number).ends(0);
    assert!(shown.contains(&world.oathtool(&bob.secret, 59)), "{shown}");
}

fn add_asks_on_a_terminal_and_shows_no_key() {
    let world = World::build().vault().start();
    let account = samples::github();
    world.witness().plant_key("the key that is typed", &account.secret);
    let mut add = world.tty(&["add"]);
    until("a question", LIMIT, || (!add.shown().trim().is_empty()).then_some(()));
    let shown = add.line(&account.uri()).ends(0);
    assert!(shown.contains("GitHub"), "{shown}");
    assert_eq!(world.cli(&["code", "github", "--at", "59"]).ok(), world.oathtool(&account.secret, 59));
}

fn a_qr_on_a_terminal_leaves_nothing_behind() {
    let world = world_with_github();
    let passphrase = world.passphrase().to_owned();
    let mut qr = world.tty(&["qr", "github"]);
    qr.expect("assphrase").secret(&passphrase);
    qr.out.wait_for("the alternate screen", LIMIT, |all| {
        (all.contains("\x1b[?1049h") && all.contains('█')).then_some(())
    });
    qr.line("").ends(0);
    let all = qr.out.text();
    assert!(all.rfind("\x1b[?1049l") > all.rfind('█'), "the alternate screen was left after the drawing");
    // In a pipe it is refused: a log would keep it.
    let refused = world.cli_present(&["qr", "github"]).run();
    assert!(refused.code != 0 && !refused.out.contains('█'), "{refused:?}");
}

fn a_qr_fits_a_terminal_of_the_usual_size_or_waits_for_more_room() {
    let world = world_with_github();
    let passphrase = world.passphrase().to_owned();
    let mut qr = world.tty(&["qr", "github"]);
    qr.resize(30, 24).expect("assphrase").secret(&passphrase);
    qr.expect("make it larger");
    qr.resize(80, 24);
    qr.out.wait_for("the drawing", LIMIT, |all| all.contains('█').then_some(()));
    qr.line("").ends(0);
}

fn a_png_is_private_and_never_overwrites() {
    let world = world_with_github();
    let file = world.dir().join("tmp/qr.png");
    let args = ["qr", "github", "--png", file.to_str().unwrap()];
    world.cli_present(&args).ok();
    harness::world::assert_private(&file);
    let before = fs::read(&file).unwrap();
    world.cli_present(&args).fails(1);
    assert_eq!(fs::read(&file).unwrap(), before);
    let read = world.zbarimg(&file);
    assert!(read.starts_with("otpauth://totp/GitHub:alice?"), "zbarimg reads an otpauth URI");
    // Another countersign takes it from the picture.
    let next = World::build().vault().start();
    next.cli(&["scan", "--image", file.to_str().unwrap(), "--yes"]).ok();
    assert_eq!(next.cli(&["code", "github", "--at", "59"]).ok(), world.cli(&["code", "github", "--at", "59"]).ok());
}

fn check_says_what_is_odd_and_keeps_nothing() {
    let world = World::build().vault().start();
    let account = samples::github();
    world.witness().plant_key("the key that is checked", &account.secret);
    let odd = account.uri_with("&digits=7&period=45").replace("GitHub:", "Git%20Hub:");
    let told = world.cli(&["check", "-"]).stdin(odd.as_str()).ok();
    assert!(told.contains('7') && told.contains("45"), "{told}");
    let json: Value = serde_json::from_str(&world.cli(&["check", "-", "--json"]).stdin(odd).ok()).unwrap();
    assert_eq!((json["class"].as_str(), json["digits"].as_u64()), (Some("otpauth"), Some(7)));
    let told = world.cli(&["check", "-"]).stdin(ACTIVATION).run();
    assert!(!told.out.contains("314159265"), "the link was printed");
    assert_eq!(world.cli(&["list"]).ok(), "");
}

fn fresh_and_unused_wait_for_the_next_code() {
    let world = World::build().vault().start();
    let account = Account::new("Quick", "alice");
    world.witness().plant_key("the key of Quick", &account.secret);
    world.add_uri(&account.uri_with("&period=4"));
    let first = world.cli(&["code", "--unused", "quick"]).ok();
    let second = world.cli(&["code", "--unused", "quick"]).limit(Duration::from_secs(15)).ok();
    assert_ne!(first, second);
    let json: Value = serde_json::from_str(&world.cli(&["code", "--fresh", "3", "--json", "quick"]).ok()).unwrap();
    assert!(json["expires"].as_u64().unwrap() > unix_now(), "{json}");
}

fn json_is_json_everywhere() {
    let world = world_with_github();
    for args in [
        &["list"][..],
        &["show", "github"],
        &["status"],
        &["slots"],
        &["generations", "list"],
        &["log"],
        &["trash"],
        &["code", "github"],
    ] {
        let out = world.cli(args).args(["--json"]).ok();
        let parsed: Result<Value, _> = serde_json::from_str(&out);
        assert!(parsed.is_ok(), "{args:?}: {out}");
    }
}

fn init_on_a_terminal_asks_twice_and_shows_the_recovery_key() {
    let world = World::build().start();
    let passphrase = world.passphrase().to_owned();
    let mut init = world.tty(&["init", "--no-keyring"]);
    init.expect("New passphrase:").secret(&passphrase).expect("once more:").secret(&passphrase);
    init.expect("last group");
    let shown = init.shown();
    let key = shown.split_whitespace().find(|word| word.starts_with("AGE-SECRET-KEY-1") && word.len() == 74);
    let key = key.expect("the key stands on one line, as age reads it");
    let recovery = || -> Value {
        let status: Value = serde_json::from_str(&world.cli(&["status", "--json"]).ok()).unwrap();
        status["recovery"].clone()
    };
    assert_eq!(recovery(), "unconfirmed");
    init.line("WRONG").expect("not its last group").expect("last group").line(&key[key.len() - 5..]).ends(0);
    assert_eq!(recovery(), "made");
}

/// Whoever trusted in it would have none: the earlier one opens the vault no longer.
fn a_recovery_key_that_nobody_read_is_told() {
    let world = World::build().vault().start();
    let script = r"mkfifo gone; { read -r _ < gone; countersign recovery --passphrase-fd 3 3<&0; echo $? > code; } |
        { exec <&-; : > gone; }";
    let run = world.cmd("sh").args(["-c", script]).stdin(format!("{}\n", world.passphrase())).run();
    assert!(run.err.contains("make another: countersign recovery"), "{run:?}");
    assert_eq!(fs::read_to_string(world.dir().join("code")).unwrap(), "1\n");
}

fn text_from_a_qr_does_not_steer_the_terminal() {
    let world = World::build().vault().start();
    let secret = samples::secret();
    world.witness().plant_key("a key", &secret);
    let hostile = format!("otpauth://totp/Evil%1B%5D0;x%07:a%E2%80%AEb%0Ac?secret={secret}&issuer=Evil%1B%5D0;x%07");
    world.cli(&["scan", "--image", &picture(&world, &hostile), "--yes"]).ok();
    for args in [&["list"][..], &["show", "evil"], &["list", "--json"], &["trash"]] {
        let run = world.cli(args).run();
        assert!(!run.out.contains(['\x1b', '\x07', '\u{202e}']), "{args:?}: {:?}", run.out);
        let shown = world.tty_with(args, 80, &[("NO_COLOR", "1")]);
        drop(shown);
    }
    world.cli(&["code", "evil"]).ok();
}

fn completions_know_the_accounts() {
    let world = world_with_github();
    for shell in ["bash", "zsh", "fish"] {
        assert!(world.cli(&["completions", shell]).ok().contains("countersign"), "{shell}");
    }
    let script = "eval \"$(countersign completions bash)\"; COMP_WORDS=(countersign code Git); COMP_CWORD=2; \
                  COMP_LINE='countersign code Git'; COMP_POINT=${#COMP_LINE}; \
                  f=$(complete -p countersign | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $f countersign Git code; \
                  printf '%s\\n' \"${COMPREPLY[@]}\"";
    let completed = world.cmd("bash").args(["-c", script]).ok();
    assert!(completed.contains("GitHub"), "{completed}");
    let option = script.replace("code Git", "scan --refused Git").replace("COMP_CWORD=2", "COMP_CWORD=3");
    let completed = world.cmd("bash").args(["-c", &option]).ok();
    assert!(completed.contains("GitHub"), "{completed}");
    world.cli(&["lock"]).ok();
    let completed = world.cmd("bash").args(["-c", script]).run();
    assert!(!completed.out.contains("GitHub"), "a locked vault completes no name, and asks nothing");
}
