//! Files in memory: how bytes get to another program, without a name on any disk.

use std::{
    fs::File,
    io::{self, Seek, Write},
};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::error::Error;

/// Puts bytes into a file in memory, to be read from its beginning. A program gets it by being handed it.
pub(crate) fn file(bytes: &[u8]) -> Result<File, Error> {
    filled(bytes, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)
}

/// The same for a program that is started: it finds it under the same number.
pub(crate) fn inherited(bytes: &[u8]) -> Result<File, Error> {
    filled(bytes, MemfdFlags::empty())
}

fn filled(bytes: &[u8], flags: MemfdFlags) -> Result<File, Error> {
    let memory = memfd_create("countersign", flags).map(File::from).map_err(io::Error::from);
    let filled = memory.and_then(|mut memory| {
        memory.write_all(bytes)?;
        memory.rewind()?;
        Ok(memory)
    });
    filled.map_err(Error::io("a file in memory can't be made"))
}
