//! The witness itself can see: each place where a secret must not be, with a secret in it.

use std::fs;

use harness::{World, samples, tests};

tests![
    a_secret_on_an_output_is_seen,
    a_secret_in_a_file_is_seen,
    a_secret_among_arguments_or_variables_is_seen,
    a_key_is_seen_in_other_forms,
    a_world_without_leaks_ends_well,
];

/// Ends a world and returns what there is to complain about.
fn complaint(world: World) -> String {
    world.end().join("\n")
}

fn empty_world() -> World {
    World::build().without_bus().without_daemon().start()
}

fn a_secret_on_an_output_is_seen() {
    let world = empty_world();
    let passphrase = world.passphrase().to_owned();
    world.cmd("cat").stdin(passphrase.to_uppercase()).ok();
    assert!(complaint(world).contains("the passphrase: in standard output of cat"));
}

fn a_secret_in_a_file_is_seen() {
    let world = empty_world();
    fs::write(world.dir().join("state/left"), world.passphrase()).unwrap();
    assert!(complaint(world).contains("state/left"));
}

fn a_secret_among_arguments_or_variables_is_seen() {
    let world = empty_world();
    let passphrase = world.passphrase().to_owned();
    let argument = world.cmd("tail").args(["-f", "/dev/null", &passphrase]).spawn();
    let variable = world.cmd("tail").args(["-f", "/dev/null"]).env("LEFT", &passphrase).spawn();
    harness::until("the witness sees it", harness::wait::LIMIT, || {
        let found = world.witness().findings(world.dir()).join("\n");
        (found.contains("in cmdline of") && found.contains("in environ of")).then_some(())
    });
    drop((argument, variable));
    assert!(complaint(world).contains("the passphrase: in cmdline of tail"));
}

fn a_key_is_seen_in_other_forms() {
    let world = empty_world();
    let key = samples::secret();
    world.witness().plant_key("a key", &key);
    let raw = samples::decode_base32(&key);
    fs::write(world.dir().join("state/raw"), &raw).unwrap();
    fs::write(world.dir().join("state/debug"), format!("{raw:?}")).unwrap();
    let complaint = complaint(world);
    assert!(complaint.contains("state/raw") && complaint.contains("state/debug"), "{complaint}");
}

fn a_world_without_leaks_ends_well() {
    let world = empty_world();
    world.cmd("cat").stdin("nothing secret").ok();
    assert_eq!(complaint(world), "");
}
