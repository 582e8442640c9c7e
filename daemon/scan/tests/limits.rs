//! The limits, on this very process: so it has but one test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use countersign_scan::limits;
use rustix::process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, setrlimit};

#[test]
fn limits_are_set_for_good_and_never_loosened() {
    let strict = Some(5);
    setrlimit(Resource::Cpu, Rlimit { current: strict, maximum: strict }).unwrap();
    for _ in 0..2 {
        limits::apply().unwrap();
        assert_eq!(getrlimit(Resource::As), Rlimit { current: Some(1 << 30), maximum: Some(1 << 30) });
        assert_eq!(getrlimit(Resource::Cpu), Rlimit { current: strict, maximum: strict });
        assert!(getrlimit(Resource::Core).maximum.unwrap() <= 1);
        // The desktop portals refuse a process that is not.
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
    }
}
