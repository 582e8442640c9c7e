//! What a restricted process can't do any more, what it still can, and how it dies.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod alone;
mod crashes;
mod walls;
