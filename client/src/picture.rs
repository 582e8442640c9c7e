//! A picture that is handed to the daemon as a descriptor: this program never decodes a pixel of it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek},
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    path::Path,
};

use rustix::fs::{FileType, MemfdFlags, OFlags, fcntl_setfl};

use crate::{error::Error, input};

/// Opens a picture; `-` is standard input.
///
/// What is no regular file (a pipe, a device) is read to its end into memory first, since the daemon waits for nobody.
///
/// # Errors
/// A folder, a file that can't be read, a named pipe that nobody writes into, and more than 64 MiB in a pipe are refused.
pub(crate) fn open(path: &Path) -> Result<OwnedFd, Error> {
    if path == Path::new("-") {
        return readable(input::stdin()?, "standard input");
    }
    let shown = path.display().to_string();
    let file = open_at_once(path).map_err(Error::io(format!("{shown} can't be read")))?;
    let is_pipe = file.metadata().is_ok_and(|found| found.file_type().is_fifo());
    let held = readable(file, &shown)?;
    if is_pipe && rustix::fs::fstat(&held).is_ok_and(|found| found.st_size == 0) {
        let text = "nobody writes into this pipe: start what does so first";
        return Err(Error::io(shown)(io::Error::new(io::ErrorKind::UnexpectedEof, text)));
    }
    Ok(held)
}

/// Opens a file without waiting: a named pipe that nobody writes into would hold this program up for good.
fn open_at_once(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    // To be read as any other: the writer of a pipe may take its time.
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

fn readable(file: File, shown: &str) -> Result<OwnedFd, Error> {
    let failed = || Error::io(format!("{shown} can't be read"));
    let found = rustix::fs::fstat(&file).map_err(|error| failed()(error.into()))?;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile => Ok(file.into()),
        FileType::Directory => Err(failed()(io::ErrorKind::IsADirectory.into())),
        _ => copy_to_memory(file, MAX).map_err(failed()),
    }
}

fn copy_to_memory(from: impl Read, max: u64) -> io::Result<OwnedFd> {
    let memory = rustix::fs::memfd_create("picture", MemfdFlags::CLOEXEC)?;
    let mut memory = File::from(memory);
    if io::copy(&mut from.take(max + 1), &mut memory)? > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {} MiB", max >> 20)));
    }
    memory.rewind()?;
    Ok(memory.into())
}

/// The most that is read of a pipe.
const MAX: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"pixels").unwrap();
        drop(writer);
        let held = readable(File::from(OwnedFd::from(reader)), "a pipe").unwrap();
        let mut text = String::new();
        File::from(held).read_to_string(&mut text).unwrap();
        assert_eq!(text, "pixels");
    }

    #[test]
    fn a_pipe_that_nobody_writes_into_is_told_so_at_once() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(open(&path).unwrap_err().to_string().contains("nobody writes into this pipe"));
    }

    #[test]
    fn too_much_is_refused() {
        assert!(copy_to_memory(&b"12345"[..], 4).is_err());
        assert!(copy_to_memory(&b"1234"[..], 4).is_ok());
    }

    #[test]
    fn a_folder_is_no_picture() {
        assert!(open(&std::env::temp_dir()).is_err());
        assert!(open(Path::new("/nonexistent/picture.png")).is_err());
    }
}
