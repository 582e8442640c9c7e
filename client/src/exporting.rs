//! Accounts on their way into another program's file: what it can hold, how it is made, read back, and put on the disk.
//!
//! This program selects, asks and compares. What a format is, `countersign-import` knows: it writes in its sandbox, and a
//! second one of it reads what the first has written.

mod format;
mod loss;
mod paper;
mod scanned;
mod target;
mod worker;

pub(crate) use format::{Encrypts, Format, Shape};
pub(crate) use loss::{Fitting, LeftOut, Lost};
pub(crate) use target::{Target, is_open};
pub(crate) use worker::{Made, fit, make};
