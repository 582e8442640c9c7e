//! A hermetic session bus: only what the test puts there can be started by it.

use std::fs;

use crate::{Process, World, programs, wait::LIMIT};

/// Starts a session bus at `$XDG_RUNTIME_DIR/bus`.
///
/// The machine's own configuration would start foreign services: keyrings and notification servers that fight over names.
pub(crate) fn start(world: &World) -> Process {
    start_at(world, "session", "run/bus").0
}

/// Starts a system bus, and returns its address.
pub(crate) fn start_system(world: &World) -> (Process, String) {
    start_at(world, "system", "run/system-bus")
}

fn start_at(world: &World, kind: &str, socket: &str) -> (Process, String) {
    let dir = world.dir().display();
    let config = format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
<busconfig>
  <type>{kind}</type>
  <keep_umask/>
  <listen>unix:path={dir}/{socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{dir}/services</servicedir>
  <policy context=\"default\">
    <allow send_destination=\"*\" eavesdrop=\"true\"/>
    <allow eavesdrop=\"true\"/>
    <allow own=\"*\"/>
  </policy>
</busconfig>
"
    );
    let file = world.dir().join(format!("{kind}-bus.conf"));
    fs::write(&file, config).unwrap();
    let start = world.cmd("dbus-daemon").arg(format!("--config-file={}", file.display()));
    let bus = start.args(["--nofork", "--print-address"]).spawn();
    bus.out.wait_for("the address of the bus", LIMIT, |text| text.contains('\n').then_some(()));
    (bus, format!("unix:path={dir}/{socket}"))
}

/// Lets the bus start the daemon.
pub(crate) fn write_activation_file(world: &World) {
    let name = countersign_api::BUS_NAME;
    let text = format!("[D-BUS Service]\nName={name}\nExec={}\n", programs::ours("countersignd"));
    fs::write(world.dir().join(format!("services/{name}.service")), text).unwrap();
}

/// Whether a program has this name on the bus.
pub fn has_owner(world: &World, name: &str) -> bool {
    let call =
        ["--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner"];
    world.cmd("busctl").args(call).args(["s", name]).ok() == "b true"
}
