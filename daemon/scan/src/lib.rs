//! Reads every QR code off the screen, or off one picture.
//!
//! The map of the crate: [`capture`] takes the screens' pictures and [`picture`] opens a file, both give [`pixels`];
//! [`camera`] takes one after the other;
//! [`decode`] finds the codes on them, by their light ([`grey`]) and by their colours; [`report`] writes them down, one
//! line of JSON each; [`limits`] is how much the process may use once it holds pixels, and [`wipe`] cleans up behind it.
//! The program in `main.rs` is these in a row.
//!
//! Nothing here knows what a code means, or that there is a vault.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod camera;
pub mod capture;
pub mod decode;
pub mod grey;
pub mod limits;
pub mod outcome;
pub mod picture;
pub mod pixels;
pub mod report;
pub mod wipe;
