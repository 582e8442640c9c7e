//! Where an export goes: into a new file that only this user can read, or down a pipe.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Read, Seek, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat};
use zeroize::Zeroizing;

use super::{Format, Made, Shape};
use crate::{
    args::Export,
    error::Error,
    output,
    sheet::{self, Place},
};

/// Where an export goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// Standard output.
    Output,
    /// A new file, or several beside each other.
    File(PathBuf),
}

impl Target {
    /// Returns where the command line wants it.
    ///
    /// # Errors
    /// [`Error::Usage`] where that can't be: nothing has been asked yet.
    pub(crate) fn of(args: &Export, format: &Format) -> Result<Self, Error> {
        let refused = |why: String| Err(Error::Usage(why));
        if args.dry_run {
            return Ok(Self::Output);
        }
        let path = args.file.as_deref().unwrap_or(Path::new("-"));
        if path != Path::new("-") {
            if format.shape == Shape::Sheet && !is_page(path) {
                let shown = output::one_line(&path.display().to_string());
                return refused(format!("{shown}: browsers show the source of a page unless its name ends in .html"));
            }
            let several = format.shape == Shape::Pictures && path.is_dir();
            return if several { Ok(Self::File(path.to_owned())) } else { new(path) };
        }
        let terminal = io::stdout().is_terminal();
        match format.shape {
            Shape::Pictures => refused(
                "pictures go into files: give a file name. In a terminal: countersign qr --all --migration".into(),
            ),
            _ if args.json => refused("--json and the export would mix: give a file name".into()),
            _ if terminal && !format.is_text() => {
                refused("this is nothing for a terminal: give a file name, or a pipe".into())
            }
            _ if terminal && !args.show => {
                refused("that would print secrets on this terminal: give a file name, or say --show".into())
            }
            _ => Ok(Self::Output),
        }
    }

    /// Writes it; what lies on the disk then has been read again, and is returned.
    ///
    /// # Errors
    /// A file that is there already is never overwritten; a torn one is removed.
    pub(crate) fn write(&self, made: &Made) -> Result<Vec<PathBuf>, Error> {
        match (self, made) {
            (Self::Output, Made::File(bytes)) => {
                let mut out = io::stdout().lock();
                let written = out.write_all(bytes).and_then(|()| out.flush());
                written.map_err(Error::io("standard output")).map(|()| Vec::new())
            }
            (Self::Output, Made::Pictures(_)) => unreachable!("pictures were refused a pipe"),
            (Self::File(path), Made::File(bytes)) => save(path, bytes).map(|()| vec![path.clone()]),
            (Self::File(path), Made::Pictures(pictures)) => {
                let mut written = Vec::new();
                for (number, picture) in (1..).zip(pictures) {
                    let path = sheet::file(path, Place { number, of: pictures.len() });
                    if let Err(error) = save(&path, picture) {
                        // Some of the parts are no export.
                        for path in &written {
                            drop(fs::remove_file(path));
                        }
                        return Err(error);
                    }
                    written.push(path);
                }
                Ok(written)
            }
        }
    }
}

/// Whether a browser shows a file of this name as a page.
fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm"))
}

/// Refuses what can't become a new file.
fn new(path: &Path) -> Result<Target, Error> {
    let shown = output::one_line(&path.display().to_string());
    let refused = |why: &str| Err(Error::Usage(format!("{shown} {why}")));
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => refused("is a folder: give the name of a new file in it"),
        Ok(found) if found.is_file() && found.mode() & 0o044 != 0 => {
            refused("is there already, and others can read it: nothing secret goes there. Give the name of a new file")
        }
        Ok(_) => refused("is there already and is not overwritten: give the name of a new file"),
        Err(_) => match path.parent() {
            Some(folder) if folder != Path::new("") && !folder.is_dir() => {
                refused("can't be written: its folder is not there")
            }
            _ => Ok(Target::File(path.to_owned())),
        },
    }
}

/// Writes a new file for this user only, reads it again, and sees to it that it is on the disk. It has no name before it is
/// whole, where the file system can do that; else a torn one is removed.
fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let shown = output::one_line(&path.display().to_string());
    let unwritten = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::io(format!("{shown} is there already and is not overwritten"))(error),
        _ => Error::io(format!("{shown} can't be written"))(error),
    };
    // Before anything is there: it has to be waited for at the end.
    let opened = File::open(folder).map_err(unwritten)?;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let saved = match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(nameless) => {
            let file = File::from(nameless);
            let own = format!("/proc/self/fd/{}", file.as_raw_fd());
            put(&file, bytes).and_then(|()| Ok(linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?))
        }
        Err(_) => OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).and_then(|file| {
            put(&file, bytes).inspect_err(|_| {
                let _ = fs::remove_file(path); // a torn file of secrets is of no use to anybody
            })
        }),
    };
    saved.map_err(unwritten)?;
    sync(&opened).map_err(|error| {
        let _ = fs::remove_file(path); // what may be gone tomorrow is no export
        unwritten(error)
    })
}

fn put(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()?;
    file.rewind()?;
    let mut again = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
    file.take(bytes.len() as u64 + 1).read_to_end(&mut again)?;
    if *again == bytes {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it does not read back as it was written"))
}

/// Waits until a folder is on the disk; some file systems know no such wait.
fn sync(folder: &File) -> io::Result<()> {
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Whether others may read a file: some file systems keep no permissions.
pub(crate) fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_new_and_for_this_user_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        save(&path, b"secret").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(!is_open(&path));
        let again = save(&path, b"other").unwrap_err();
        assert!(again.to_string().contains("not overwritten"), "{again}");
        assert_eq!(fs::read(&path).unwrap(), b"secret");
    }

    #[test]
    fn what_is_there_is_refused_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, mode) in [("open", 0o644), ("own", 0o600)] {
            fs::write(path(name), "").unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        symlink(path("nowhere"), path("link")).unwrap();
        for (name, words) in [
            ("open", "others can read it"),
            ("own", "not overwritten"),
            ("link", "not overwritten"),
            ("", "is a folder"),
            ("none/x", "its folder is not there"),
        ] {
            let refused = new(&path(name)).unwrap_err();
            assert!(matches!(&refused, Error::Usage(text) if text.contains(words)), "{name}: {refused:?}");
        }
        assert!(new(&path("new")).is_ok() && new(Path::new("new")).is_ok());
    }

    #[test]
    fn a_page_has_the_name_of_one() {
        assert!(["x.html", "a/x.HTM"].iter().all(|path| is_page(Path::new(path))));
        assert!(["sheet", "x.pdf", ".html"].iter().all(|path| !is_page(Path::new(path))));
    }

    #[test]
    fn of_several_pictures_none_stays_where_one_is_there_already() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("x-2-of-2.png"), "mine").unwrap();
        let made = Made::Pictures(vec![Zeroizing::new(b"1".to_vec()), Zeroizing::new(b"2".to_vec())]);
        assert!(Target::File(path("x.png")).write(&made).is_err());
        assert!(!path("x-1-of-2.png").exists());
        assert_eq!(fs::read(path("x-2-of-2.png")).unwrap(), b"mine");
    }
}
