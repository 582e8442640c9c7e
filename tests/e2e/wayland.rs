//! Seeing in a Wayland session: a real sway with two screens of different scale, and no X server.

use std::path::PathBuf;

use harness::{World, samples::Account, tests};
use serde_json::Value;

tests![
    wayland_screens_of_different_scale_are_both_read,
    a_screen_on_its_side_is_read_where_it_stands,
    a_daemon_older_than_the_session_sees_it,
];

/// Makes an account whose key is watched for, and a picture of its QR on white paper of that size.
fn page(world: &World, issuer: &str, size: &str, place: &str) -> PathBuf {
    let account = Account::new(issuer, "alice");
    world.witness().plant_key(&format!("the key of {issuer}"), &account.secret);
    let (code, page) = (world.dir().join("tmp/code.png"), world.dir().join(format!("tmp/{issuer}.png")));
    world.cmd("qrencode").args(["-s", "5", "-o"]).arg(&code).stdin(account.uri()).ok();
    let paper = world.cmd("convert").args(["-size", size, "xc:white"]).arg(&code);
    paper.args(["-geometry", place, "-composite"]).arg(&page).ok();
    page
}

/// Returns what a scan found: issuer, screen and place of each, by issuer.
fn found(world: &World) -> Vec<(String, String, String)> {
    let told: Value = serde_json::from_str(&world.cli(&["scan", "--json"]).ok()).unwrap();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let candidates = told["candidates"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        candidates.map(|one| (text(one, "issuer"), text(one, "screen"), text(one, "place"))).collect();
    found.sort();
    found
}

fn stands(issuer: &str, screen: &str, place: &str) -> (String, String, String) {
    (issuer.into(), screen.into(), place.into())
}

fn wayland_screens_of_different_scale_are_both_read() {
    let world = World::build().wayland().vault().start();
    let _left = world.hang_up("HEADLESS-1", &page(&world, "Left", "1920x1080", "+60+60"));
    let _right = world.hang_up("HEADLESS-2", &page(&world, "Right", "1700x960", "+1450+700"));
    let expected = [stands("Left", "HEADLESS-1", "top left"), stands("Right", "HEADLESS-2", "bottom right")];
    assert_eq!(found(&world), expected);
}

fn a_screen_on_its_side_is_read_where_it_stands() {
    let world = World::build().wayland().vault().start();
    world.sway("output HEADLESS-1 transform 90");
    let _page = world.hang_up("HEADLESS-1", &page(&world, "Turned", "1080x1920", "+60+60"));
    assert_eq!(found(&world), [stands("Turned", "HEADLESS-1", "top left")]);
    world.sway("output HEADLESS-1 transform flipped-270");
    assert_eq!(found(&world), [stands("Turned", "HEADLESS-1", "top left")]);
}

fn a_daemon_older_than_the_session_sees_it() {
    let mut world = World::build().vault().start();
    world.start_wayland();
    let _page = world.hang_up("HEADLESS-1", &page(&world, "GitHub", "800x600", "+60+60"));
    assert_eq!(found(&world).len(), 1);
    assert!(world.cli(&["scan", "--yes"]).ok().contains("Kept GitHub"));
}
