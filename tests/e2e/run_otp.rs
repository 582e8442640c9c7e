//! `countersign run`: codes in the environment of another program, fresh, and nowhere else.

use std::fs;

use harness::{
    World,
    samples::{self, Account},
    tests, until,
    wait::{LIMIT, unix_now},
};

tests![
    a_command_has_fresh_codes_in_its_environment,
    a_code_that_dies_soon_is_waited_for,
    the_command_takes_the_place_of_ours,
    a_counter_is_used_up_only_by_a_command_that_runs,
    what_is_wrong_is_said_before_anything_runs,
    on_a_terminal_the_vault_is_unlocked_first,
];

/// Returns the codes of an account around now.
fn codes(world: &World, account: &Account) -> [String; 2] {
    let now = unix_now();
    [now, now + 30].map(|at| world.oathtool(&account.secret, at))
}

fn a_command_has_fresh_codes_in_its_environment() {
    let world = World::build().vault().start();
    let (github, gitlab) = (samples::github(), Account::new("GitLab", "bob"));
    world.add(&github);
    world.add(&gitlab);
    let print = "printf '%s %s %s' \"$A\" \"$B\" \"$#\"";
    let run =
        world.cli(&["run", "--otp", "A=github", "--otp", "B=GitLab:bob", "--", "sh", "-c", print, "sh", "-x"]).ok();
    let words: Vec<&str> = run.split(' ').collect();
    assert!(codes(&world, &github).contains(&words[0].to_owned()), "{run}");
    assert!(codes(&world, &gitlab).contains(&words[1].to_owned()), "{run}");
    assert_eq!(words[2], "1", "arguments go on as they are");
}

fn a_code_that_dies_soon_is_waited_for() {
    let world = World::build().vault().start();
    let quick = Account::new("Quick", "alice");
    world.witness().plant_key("the key of Quick", &quick.secret);
    world.add_uri(&quick.uri_with("&period=20"));
    let oathtool = |at: u64| {
        let args = ["-b", "--totp", "-s", "20s", "-N", &format!("@{at}"), "-"];
        world.cmd("oathtool").args(args).stdin(quick.secret.as_str()).ok()
    };
    // Begun in the last 4 seconds of a code, it has to wait for the next one.
    until("the last seconds of a code", LIMIT, || (unix_now() % 20 >= 16).then_some(()));
    let began = unix_now();
    let given = world.cli(&["run", "--otp=OTP=quick", "--fresh=5", "sh", "-c", "printf %s $OTP"]).ok();
    assert!(given == oathtool(began + 20) || given == oathtool(unix_now()), "an old code was given");
    assert!(given != oathtool(began) || began % 20 < 16);
}

fn the_command_takes_the_place_of_ours() {
    let world = World::build().vault().start();
    let github = samples::github();
    world.add(&github);
    let print = "echo $$; read -r _; exit 42";
    let mut run = world.cli(&["run", "--otp", "OTP=github", "--", "sh", "-c", print]).spawn_piped();
    let pid: u32 = run.out.wait_for("its own id", LIMIT, |text| text.strip_suffix('\n')?.parse().ok());
    assert_eq!(pid, run.pid(), "no process of ours is left");
    let read = |name: &str| String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).unwrap()).into_owned();
    let environment = read("environ");
    let code = environment.split('\0').find_map(|pair| pair.strip_prefix("OTP=")).unwrap().to_owned();
    assert!(codes(&world, &github).contains(&code));
    assert!(!read("cmdline").contains(&code), "a code is in the arguments");
    drop(run.stdin());
    assert_eq!(run.exit_code(LIMIT), 42);
}

fn a_counter_is_used_up_only_by_a_command_that_runs() {
    let world = World::build().vault().start();
    let counter = Account::new("Counter", "alice");
    world.witness().plant_key("the key of Counter", &counter.secret);
    world.add_uri(&counter.uri().replace("totp", "hotp").replace("&issuer", "&counter=7&issuer"));
    let oathtool = |count: &str| {
        let args = ["-b", "--hotp", "-c", count, "-"];
        world.cmd("oathtool").args(args).stdin(counter.secret.as_str()).ok()
    };
    world.cli(&["run", "--otp", "OTP=counter", "--", "no-such-command"]).fails(127);
    // As a shell ends: it is there, and can't be run.
    for no_program in ["/etc/passwd", "/etc"] {
        let run = world.cli(&["run", "--otp", "OTP=counter", "--", no_program]).fails(126);
        assert!(run.err.contains(no_program) && run.err.contains("can't be run"), "{run:?}");
    }
    world.cli(&["run", "--otp", "OTP=counter", "--otp", "B=nothing like it", "--", "true"]).fails(3);
    for count in ["7", "8"] {
        assert_eq!(world.cli(&["run", "--otp", "OTP=counter", "sh", "-c", "printf %s $OTP"]).ok(), oathtool(count));
    }
}

fn what_is_wrong_is_said_before_anything_runs() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    let mark = world.dir().join("it-ran");
    let touch = ["touch", mark.to_str().unwrap()];
    let rows: [(&[&str], i32, &str); 7] = [
        (&["--otp", "1A=github"], 2, "begins with no digit"),
        (&["--otp", "A-B=github"], 2, "letters of ASCII"),
        (&["--otp", "A="], 2, "which account?"),
        (&["--otp", "github"], 2, "VAR=NAME"),
        (&["--otp", "A=github", "--otp", "A=github"], 2, "--otp A is given twice"),
        (&["--otp", "A=nothing like it"], 3, "no account fits"),
        (&[], 2, "--otp"),
    ];
    for (args, code, why) in rows {
        let words: Vec<&str> = ["run"].iter().chain(args).chain(&["--"]).chain(&touch).copied().collect();
        let run = world.cli(&words).fails(code);
        assert!(run.err.contains(why), "{args:?}: {}", run.err);
        assert!(!mark.exists(), "{args:?}: it ran all the same");
    }
    world.cli(&["lock"]).ok();
    world.cli(&["--no-prompt", "run", "--otp", "A=github", "--", touch[0], touch[1]]).fails(4);
    assert!(!mark.exists());
}

fn on_a_terminal_the_vault_is_unlocked_first() {
    let world = World::build().vault().start();
    world.add(&samples::github());
    world.cli(&["lock"]).ok();
    let mut tty = world.tty(&["run", "--otp", "OTP=github", "--", "sh", "-c", "echo ${#OTP} digits"]);
    tty.expect("Passphrase of the vault: ").secret(world.passphrase()).expect("6 digits").ends(0);
}
