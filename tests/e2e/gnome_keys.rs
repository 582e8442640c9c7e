//! Keys in a real GNOME session: its custom shortcuts pressed, and what it does not let a program type. Only by
//! `tests/run gnome`.

use harness::{World, samples, tests, until, wait::LIMIT};

tests![a_shortcut_pressed_in_gnome_starts_countersign, gnome_lets_nobody_type_and_that_is_said];

fn gnome() -> World {
    let mut world = World::build().without_daemon().start();
    world.start_gnome();
    world.start_daemon();
    world.make_vault();
    world
}

fn a_shortcut_pressed_in_gnome_starts_countersign() {
    let mut world = gnome();
    world.start_gnomes_keys();
    let press = |world: &World| {
        until("the shortcut locks the vault", LIMIT, || {
            world.press_in_gnome("Super_L+Control_L+l");
            // Time for one press to do it.
            (0..10).any(|_| world.cli(&["status"]).run().code == 0 && locked(world)).then_some(())
        });
    };
    // While the keys are heard already: GNOME takes them at once.
    world.cli(&["hotkey", "install"]).ok();
    press(&world);
    world.cli(&["hotkey", "remove"]).ok();
    world.unlock();
    world.press_in_gnome("Super_L+Control_L+l");
    world.cli(&["--no-prompt", "list"]).ok();
    assert!(!locked(&world), "the shortcut is still there");
}

fn locked(world: &World) -> bool {
    world.vault_property("State") == "locked"
}

fn gnome_lets_nobody_type_and_that_is_said() {
    let world = gnome();
    world.add(&samples::github());
    let run = world.cli(&["type", "github"]).fails(1);
    assert!(run.err.contains("no virtual keyboard") && run.err.contains("countersign copy"), "{run:?}");
}
