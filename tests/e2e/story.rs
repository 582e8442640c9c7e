//! The story of the product, for real: from a one-time QR on a page to codes on two devices.

use std::{path::PathBuf, time::Duration};

use countersign_api::{BUS_NAME, PATH, ROOT};
use harness::{
    World, samples,
    site::Site,
    tests,
    wait::{unix_now, within_one_step},
};

tests![from_the_page_to_a_code_and_on_to_the_next_device];

fn from_the_page_to_a_code_and_on_to_the_next_device() {
    play(false);
}

/// Plays the story; aloud for the person who tries the product.
pub(crate) fn play(aloud: bool) {
    let tell = |text: &str| {
        if aloud {
            println!("{text}");
        }
    };
    let world = World::build().display().without_daemon().start();
    let secret = samples::secret();
    world.witness().plant_key("the key on the page", &secret);
    let mut site = Site::start(&world, &secret, "mfa");
    let browser = world.browse(&site.url);
    let first = site.next_page();
    tell(&format!("{first:?}"));
    world.picture("1-page");
    world.click(first.button.0, first.button.1);
    let other = site.next_page();
    tell(&format!("{other:?}"));
    let picture = world.picture("2-page");
    world.witness().exempt(&picture);
    tell(&world.zbarimg(&picture));
    world.click(other.field.0, other.field.1);
    world.type_text(&world.oathtool(&secret, unix_now()));
    world.click(other.button.0, other.button.1);
    let done = site.next_page();
    tell(&format!("{done:?}"));
    world.picture("3-page");
    assert_eq!(done.page, "done");
    drop(browser);
}
