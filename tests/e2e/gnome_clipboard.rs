//! The clipboard in a real GNOME session, which lends it to no program without a window, and keeps what was on it: with its
//! X server, and without one. Only by `tests/run gnome`.

use std::fs;

use harness::{
    Process, World, programs, tests, until,
    wait::{LIMIT, unix_now},
};

use crate::clipboard::{account, oathtool, wl_copy};

tests![
    gnome_pastes_the_code_as_it_is_at_that_moment,
    gnome_keeps_nothing_of_a_code_when_its_offer_ends,
    one_paste_in_gnome_is_one_paste,
    what_was_copied_since_in_gnome_stays,
    where_gnome_gives_no_focus_nothing_is_copied_and_that_is_said,
];

/// A session with the X server for older programs, and one without.
fn sessions() -> [World; 2] {
    programs::ours("countersign-clip");
    [true, false].map(session)
}

fn session(with_x11: bool) -> World {
    let mut world = World::build().without_daemon().start();
    if with_x11 {
        world.start_gnome_with_x11();
    } else {
        world.start_gnome();
    }
    world.start_daemon();
    world.make_vault();
    world
}

/// Pastes a text as a program of GNOME's; `None` where the clipboard holds none, or an empty one.
fn paste(world: &World, form: Option<&str>) -> Option<String> {
    let run = world.cmd("wl-paste").arg("-n").args(form.map(|form| ["-t", form]).into_iter().flatten()).run();
    (run.code == 0 && !run.out.is_empty()).then_some(run.out)
}

/// Opens a terminal that writes down what is typed into it, and waits until it has the keyboard.
fn terminal(world: &World) -> Process {
    let foot = world.cmd("foot").args(["--log-level=error", "sh", "-c", "stty -echo; cat > \"$HOME/typed\""]).spawn();
    until("the terminal", LIMIT, || (world.focus_in_gnome() == "foot").then_some(()));
    foot
}

fn gnome_pastes_the_code_as_it_is_at_that_moment() {
    for world in sessions() {
        let (slow, quick) = (account(&world, "Slow", 3600), account(&world, "Quick", 11));
        let _terminal = terminal(&world);
        world.cli(&["copy", "slow"]).ok();
        until("the terminal has the keyboard again", LIMIT, || (world.focus_in_gnome() == "foot").then_some(()));
        world.press_in_gnome("Control_L+Shift_L+v");
        world.press_in_gnome("Return");
        let typed = || fs::read_to_string(world.dir().join("home/typed")).ok().filter(|text| text.ends_with('\n'));
        let typed = until("the pasted line", LIMIT, typed);
        assert_eq!(typed.trim(), oathtool(&world, &slow, 3600, unix_now()));
        assert_eq!(paste(&world, Some("x-kde-passwordManagerHint")).as_deref(), Some("secret"));

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

fn gnome_keeps_nothing_of_a_code_when_its_offer_ends() {
    for world in sessions() {
        account(&world, "Slow", 3600);
        account(&world, "Quick", 11);
        wl_copy(&world, "what was there before");
        world.cli(&["copy", "slow"]).ok();
        assert!(paste(&world, None).is_some());
        world.cli(&["lock"]).ok();
        until("an empty clipboard", LIMIT, || paste(&world, None).is_none().then_some(()));

        world.unlock();
        let mut clip = world.cmd(&programs::ours("countersign-clip")).arg("quick").spawn();
        clip.out.wait_for("the copy", LIMIT, |text| text.contains("copied").then_some(()));
        assert!(paste(&world, None).is_some());
        assert_eq!(clip.exit_code(LIMIT), 0);
        let told = clip.out.to_end(LIMIT);
        assert!(told.starts_with("refused\n"), "GNOME reads first: {told}");
        assert!(told.ends_with("ended expired\n"), "{told}");
        assert_eq!(paste(&world, None), None);

        // One that can't clear up leaves nothing either, however the desktop's questions come in.
        for _ in 0..10 {
            let mut clip = world.cmd(&programs::ours("countersign-clip")).arg("slow").spawn();
            clip.out.wait_for("the copy", LIMIT, |text| text.contains("copied").then_some(()));
            assert!(clip.out.text().starts_with("refused\n"), "GNOME reads first: {}", clip.out.text());
            assert!(paste(&world, None).is_some());
            clip.kill();
            until("an empty clipboard", LIMIT, || paste(&world, None).is_none().then_some(()));
        }
    }
}

fn one_paste_in_gnome_is_one_paste() {
    for world in sessions() {
        let account = account(&world, "Slow", 3600);
        world.cli(&["copy", "--paste-once", "slow"]).ok();
        let pasted = until("the paste", LIMIT, || paste(&world, None));
        assert_eq!(pasted, oathtool(&world, &account, 3600, unix_now()));
        until("an empty clipboard", LIMIT, || paste(&world, None).is_none().then_some(()));
    }
}

fn what_was_copied_since_in_gnome_stays() {
    for world in sessions() {
        account(&world, "Slow", 3600);
        world.cli(&["copy", "slow"]).ok();
        wl_copy(&world, "mine");
        until("the person's own text", LIMIT, || (paste(&world, None)? == "mine").then_some(()));
        world.cli(&["lock"]).ok();
        assert_eq!(paste(&world, None).as_deref(), Some("mine"));
    }
}

fn where_gnome_gives_no_focus_nothing_is_copied_and_that_is_said() {
    let world = session(false);
    account(&world, "Slow", 3600);
    world.open_gnomes_run_dialog();
    let run = world.cli(&["copy", "slow"]).fails(1);
    assert!(run.err.contains("nothing was copied") && run.err.contains("keyboard"), "{run:?}");
}
