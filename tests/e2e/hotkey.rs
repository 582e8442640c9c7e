//! Hotkeys: real keys on every desktop's own way.

use harness::{World, tests};

tests![a_hotkey_is_off_until_it_is_turned_on];

fn a_hotkey_is_off_until_it_is_turned_on() {
    let world = World::build().start();
    let told = world.cli(&["hotkey"]).ok();
    assert!(told.contains("No hotkey is in force"), "{told}");
}
