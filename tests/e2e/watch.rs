//! `countersign watch`: the vault's state for status bars, and the module for waybar that is made of it.

use std::{fs, time::Duration};

use harness::{Process, World, programs, samples, tests, until, wait::LIMIT};
use serde_json::Value;

tests![
    each_change_of_the_state_is_a_line,
    the_daemons_end_and_start_are_told_and_none_is_started,
    no_line_has_a_name,
    it_ends_when_nobody_reads_any_more,
    at_rest_it_sleeps,
    waybar_shows_the_state_and_a_click_picks,
];

/// The lines so far, as waybar reads them.
fn lines(watch: &Process) -> Vec<Value> {
    watch.out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until the last line is about this state, and returns how many there are.
fn expect(watch: &Process, state: &str) -> usize {
    watch.out.wait_for(&format!("the state `{state}`"), LIMIT, |text| {
        let last: Value = serde_json::from_str(text.strip_suffix('\n')?.lines().last()?).unwrap();
        (last["alt"] == state && last["class"] == state).then(|| text.lines().count())
    })
}

fn each_change_of_the_state_is_a_line() {
    let world = World::build().start();
    let watch = world.cli(&["watch"]).spawn();
    expect(&watch, "absent");
    world.make_vault();
    expect(&watch, "unlocked");
    world.cli(&["lock"]).ok();
    expect(&watch, "locked");
    world.unlock();
    let count = expect(&watch, "unlocked");
    assert_eq!(count, 4, "a line for each state, and no more: {}", watch.out.text());
    for line in lines(&watch) {
        assert!(line["text"].is_string() && line["tooltip"].as_str().unwrap().ends_with('.'), "{line}");
        assert_eq!(line.as_object().unwrap().len(), 4);
    }
}

fn the_daemons_end_and_start_are_told_and_none_is_started() {
    let mut world = World::build().activation().start();
    let watch = world.cli(&["watch"]).spawn();
    expect(&watch, "off");
    world.start_daemon();
    expect(&watch, "absent");
    world.make_vault();
    expect(&watch, "unlocked");
    world.stop_daemon();
    expect(&watch, "off");
    world.start_daemon();
    expect(&watch, "locked");
    world.kill_daemon();
    expect(&watch, "off");
    world.cli(&["status"]).fails(6); // nothing has started one meanwhile
}

fn no_line_has_a_name() {
    let world = World::build().vault().start();
    let watch = world.cli(&["watch"]).spawn();
    expect(&watch, "unlocked");
    world.add(&samples::github());
    world.cli(&["code", "github"]).ok();
    world.cli(&["lock"]).ok();
    expect(&watch, "locked");
    assert!(!watch.out.text().contains("GitHub") && !watch.out.text().contains("alice"), "{}", watch.out.text());
}

fn it_ends_when_nobody_reads_any_more() {
    let world = World::build().vault().start();
    let ours = programs::ours("countersign");
    // No change comes that a line would be written for: the pipe's own end is what it hears.
    let script = format!("{{ {ours} watch; echo \"ended with $?\" >&2; }} | head -n 1 >first");
    let shell = world.cmd("sh").args(["-c", &script]).spawn();
    shell.err.wait_for("its end", LIMIT, |text| text.contains("ended with 0").then_some(()));
    assert!(fs::read_to_string(world.dir().join("first")).unwrap().contains("\"unlocked\""));
    assert_eq!(shell.err.text().trim(), "ended with 0", "it ends quietly");
}

fn at_rest_it_sleeps() {
    let world = World::build().vault().start();
    let watch = world.cli(&["watch"]).spawn();
    expect(&watch, "unlocked");
    let switches = || -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", watch.pid())).unwrap();
        let of_task = |status: String| -> u64 {
            let lines = status.lines().filter(|line| line.starts_with("voluntary_ctxt_switches"));
            lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
        };
        tasks.flatten().map(|task| of_task(fs::read_to_string(task.path().join("status")).unwrap())).sum()
    };
    // Still once it has settled: the same count twice, five seconds apart; what polls never has that.
    let begin = std::time::Instant::now();
    let mut last = (switches(), begin);
    until("five seconds without waking up", LIMIT, || {
        let now = switches();
        if now != last.0 {
            last = (now, std::time::Instant::now());
        }
        (last.1.elapsed() > Duration::from_secs(5)).then_some(())
    });
}

/// Starts waybar with our module as it is installed, and nothing else.
fn start_waybar(world: &mut World) {
    let packaging = programs::root().join("packaging/waybar");
    let (config, style) = (world.dir().join("config/waybar.json"), world.dir().join("config/waybar.css"));
    let module = packaging.join("countersign.jsonc");
    let text = format!(
        "{{\"height\": 28, \"include\": [\"{}\"], \"modules-right\": [\"custom/countersign\"]}}",
        module.display()
    );
    fs::write(&config, text).unwrap();
    let own = "* { font-family: DejaVu Sans; font-size: 14px; } window { background: #303030; color: #e8eaed; }";
    fs::write(&style, format!("@import \"{}\";\n{own}", packaging.join("countersign.css").display())).unwrap();
    let waybar = world.cmd("waybar").arg("-c").arg(&config).arg("-s").arg(&style).spawn();
    world.keep(waybar);
}

fn waybar_shows_the_state_and_a_click_picks() {
    programs::ours("countersign-clip");
    programs::require("fuzzel");
    let mut world = World::build().wayland().vault().start();
    let github = samples::github();
    world.add(&github);
    let bare = world.still_picture("without-waybar");
    start_waybar(&mut world);
    world.until_picture_differs(&bare, "waybar");
    let asleep = || {
        until("the module runs", LIMIT, || {
            let found = world.cmd("sh").args(["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]).run();
            found.out.contains("countersign watch").then_some(())
        });
    };
    asleep();
    let unlocked = world.still_picture("waybar-unlocked");
    // Right click: locked, and that is seen in a picture too.
    let module = (1890, 14);
    world.press_button(3, module);
    until("the vault is locked", LIMIT, || (world.vault_property("State") == "locked").then_some(()));
    let (locked, area) = world.until_picture_differs(&unlocked, "waybar-locked");
    assert!(area.y < 28, "{area:?}");
    world.unlock();
    world.until_picture_differs(&locked, "waybar-unlocked-again");
    // Left click: the menu.
    let before = world.still_picture("waybar-before-click");
    world.press_button(1, module);
    world.until_picture_differs(&before, "waybar-pick");
    world.type_text("hub");
    world.press("Return");
    world.pasted_code();
}
