//! A stand-in for logind on a private system bus: python-dbusmock's, with one session.

use crate::{Process, World, bus, until, wait::LIMIT};

impl World {
    /// Starts a system bus with a stand-in for logind. The daemon must start after it.
    pub fn start_logind(&mut self) {
        let (system, address) = bus::start_system(self);
        self.keep(system);
        self.set("DBUS_SYSTEM_BUS_ADDRESS", &address);
        let mock: Process =
            self.cmd("/usr/bin/python3").args(["-m", "dbusmock", "--system", "--template", "logind"]).spawn();
        self.keep(mock);
        until("the stand-in for logind", LIMIT, || (self.logind("", MANAGER, &[]).code == 0).then_some(()));
        let uid = rustix::process::geteuid().as_raw().to_string();
        let session = ["c1", "seat0", &uid, "nobody", "true"];
        let added = self.logind("AddSession", "org.freedesktop.DBus.Mock", &[&["ssusb"], &session[..]].concat());
        assert_eq!(added.code, 0, "{added:?}");
    }

    /// Returns the inhibitors that programs hold.
    pub fn logind_inhibitors(&self) -> String {
        self.logind("ListInhibitors", MANAGER, &[]).out
    }

    /// Lets logind say `Lock` of the session, or `PrepareForSleep` (of the manager).
    pub fn logind_emit(&self, what: &str) {
        let (path, interface, signature, args) = match what {
            "Lock" => ("/org/freedesktop/login1/session/c1", "org.freedesktop.login1.Session", "", vec!["0"]),
            "PrepareForSleep" => ("/org/freedesktop/login1", MANAGER, "b", vec!["1", "b", "true"]),
            other => panic!("logind does not say {other}"),
        };
        let call = ["--system", "call", "org.freedesktop.login1", path, "org.freedesktop.DBus.Mock", "EmitSignal"];
        self.cmd("busctl").args(call).args(["sssav", interface, what, signature]).args(args).ok();
    }

    fn logind(&self, method: &str, interface: &str, args: &[&str]) -> crate::Run {
        let (name, path) = ("org.freedesktop.login1", "/org/freedesktop/login1");
        if method.is_empty() {
            return self.cmd("busctl").args(["--system", "introspect", name, path]).run();
        }
        self.cmd("busctl").args(["--system", "call", name, path, interface, method]).args(args).run()
    }
}

const MANAGER: &str = "org.freedesktop.login1.Manager";
