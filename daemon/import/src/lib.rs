//! Reads accounts out of the files of other authenticators and password managers, and writes such files.
//!
//! The map: [`file`] is the foreign file in memory, [`formats`] a file each for what it may be, [`fields`] how an
//! account is described there ([`keepass`] in a database of passwords), [`keys`] how a passphrase opens it ([`kdbx`] such
//! a database), [`import`] what comes out, [`export`] the way back; [`ways`] says how people get at such a file. The
//! program around it, in `main`, gives up files, network and other programs before any of this looks at a byte.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod archive;
pub mod database;
pub mod export;
pub mod fields;
pub mod file;
pub mod formats;
pub mod import;
pub mod ini;
pub mod java;
pub mod json;
pub mod kdbx;
pub mod keepass;
pub mod keys;
pub mod marks;
pub mod prefs;
pub mod sqlcipher;
pub mod table;
pub mod wal;
pub mod ways;

pub use export::{ExportError, Sealing, Writer};
pub use file::File;
pub use formats::{Confidence, Format, REGISTRY, candidates, detect, named, read};
pub use import::{Import, ImportError, LeftOut, Why};
