//! The harness of the end-to-end tests: a [`World`] with a private home, bus and screen, and the real programs in it.
//!
//! ```ignore
//! let world = World::build().vault().start();          // bus, daemon, a vault that is open
//! world.add(&samples::github());
//! let code = world.cli(&["code", "github"]).ok();       // ends with 0, or the test fails with all that was said
//! world.cli(&["code", "nobody"]).fails(3);
//! ```
//!
//! When a world ends, everything that ran in it is killed, and everything that it said or kept is searched for the
//! secrets that were in it (`witness.rs`). Nothing sleeps: waiting is for a line, a name, a window, an exit, each with a
//! deadline ([`wait::until`]).

#![allow(clippy::unwrap_used)] // a test fails by panicking
#![allow(clippy::missing_panics_doc)]

pub mod bus;
pub mod client;
pub mod cmd;
pub mod display;
pub mod gnome;
pub mod keyring;
pub mod logind;
pub mod monitor;
mod mouse;
pub mod notifications;
pub mod panel;
pub mod portal;
pub mod process;
pub mod programs;
pub mod samples;
pub mod site;
pub mod stand_in_bus;
pub mod stand_in_panel;
pub mod tty;
pub mod wait;
pub mod wayland;
pub mod witness;
pub mod world;

pub use client::Client;
pub use cmd::{Cmd, Run};
pub use libtest_mimic::{Completion, Trial};
pub use monitor::Monitor;
pub use process::Process;
pub use tty::Tty;
pub use wait::until;
pub use world::{Builder, World};

/// What a test function may return: nothing, or that it could not run here and why.
pub trait Verdict {
    /// Returns it in the runner's words.
    fn completion(self) -> Completion;
}

impl Verdict for () {
    fn completion(self) -> Completion {
        Completion::Completed
    }
}

impl Verdict for Completion {
    fn completion(self) -> Completion {
        self
    }
}

/// Makes `tests()` of a file: its test functions under their names. One that is left out is dead code, and refused.
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        /// Returns the tests of this file.
        pub(crate) fn tests() -> Vec<$crate::Trial> {
            vec![$($crate::trial(concat!(module_path!(), "::", stringify!($name)), || $crate::Verdict::completion($name()))),*]
        }
    };
}

/// Makes one test for the runner; [`tests!`] is its only user.
pub fn trial(path: &str, run: fn() -> Completion) -> Trial {
    let name = path.split_once("::").map_or(path, |(_, rest)| rest);
    Trial::ignorable_test(name, move || Ok(run()))
}
