//! Waiting with a deadline.

use std::{
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How long anything but a human may take on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Looks again and again until there is something, and returns it; fails with `what` after the limit.
///
/// For what can't be waited for otherwise. This is the only place that sleeps.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {} s in vain: {what}", limit.as_secs());
        thread::sleep(RATE);
    }
}

/// Returns the Unix time, in seconds.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Runs a comparison of codes within one 30-second step: repeats it when the step has changed meanwhile.
pub fn within_one_step<T>(mut compare: impl FnMut() -> T) -> T {
    loop {
        let before = unix_now() / 30;
        let result = compare();
        if unix_now() / 30 == before {
            return result;
        }
    }
}

const RATE: Duration = Duration::from_millis(20);
