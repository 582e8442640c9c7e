//! Files: how they are read, and how one is put in the place of another so that a power cut leaves the old or the new.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, FlockOperation, OFlags};

/// The steps a save is made of. The tests put one in between that fails at a chosen step.
pub trait Disk: Send + Sync {
    /// Writes a new file, 0600, and waits until it is on disk; fails if the name is taken.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Puts one file in the place of another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Gives a file a second name; where the file system has no such thing, copies it.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => Err(error),
            _ => self.write_new(to, &self.read(from, u64::MAX)?),
        })
    }

    /// Waits until the names in a folder are on disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    /// Reads a regular file of at most `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        // Without NONBLOCK a FIFO in its place would hold us for ever.
        let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if meta.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any vault"));
        }
        let mut bytes = Vec::with_capacity(meta.len() as usize);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Fails with the reason where nothing can be written in a folder.
    fn may_write(&self, dir: &Path) -> io::Result<()> {
        Ok(rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// The disk as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// Puts `bytes` in the place of the file at `path`; on failure the old file is there again.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = temp_name(path)?;
    let had_one = path.exists();
    if had_one {
        disk.link(path, &old)?;
    }
    let put = put(disk, path, bytes);
    match (&put, had_one) {
        (Ok(()), true) => drop(disk.remove(&old)),
        (Ok(()), false) => {}
        // Does nothing where the new file has not come that far.
        (Err(_), true) => drop(disk.rename(&old, path).and_then(|()| disk.sync_dir(folder(path)))),
        (Err(_), false) => drop(disk.remove(path)),
    }
    put
}

/// Writes beside `path`, renames, and waits for the folder. After a failure the old or the new file may be there.
pub(super) fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = temp_name(path)?;
    let written = disk.write_new(&temp, bytes).and_then(|()| disk.rename(&temp, path));
    if written.is_err() {
        let _ = disk.remove(&temp);
    }
    written.and_then(|()| disk.sync_dir(folder(path)))
}

/// Returns a fresh name beside `path` that no reader takes for a file of the vault.
pub(super) fn temp_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(folder(path).join(format!(".{name}{TEMP}{}", hex(&random::<8>()?))))
}

/// Returns the folder that a file lies in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Removes what interrupted saves left behind. Only the holder of the lock may call it.
pub(super) fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.contains(TEMP) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns the names in a folder that end with `.age`, sorted; none where the folder can't be read.
pub(super) fn age_files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.strip_suffix(".age").is_some_and(|stem| !stem.is_empty() && !stem.starts_with('.')));
    names.sort_unstable();
    names
}

/// Makes a folder, and those above it, for the owner only.
pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// Returns the stamp of the file that is there now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.len(),
            changed: (meta.mtime(), meta.mtime_nsec()),
        })
    }
}

/// What came of asking for the lock file.
pub(super) enum Lock {
    /// It is ours until the file is closed; `None` on a disk where none can be made.
    Held(Option<File>),
    /// Another process has it.
    Taken(Option<u32>),
}

/// Takes the lock file, which says who the one writer is. The lock dies with the process.
pub(super) fn lock(path: &Path) -> io::Result<Lock> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let (mut file, writable) = match opened {
        Ok(file) => (file, true),
        // Not found: the folder could not be made, on a disk that may only be read.
        Err(error) if can_only_read(&error) || error.kind() == io::ErrorKind::NotFound => match File::open(path) {
            Ok(file) => (file, false),
            Err(_) => return Ok(Lock::Held(None)),
        },
        Err(error) => return Err(error),
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let _ = file.take(32).read_to_string(&mut text);
            return Ok(Lock::Taken(text.trim().parse().ok()));
        }
        Err(error) => return Err(error.into()),
    }
    if writable {
        // Who holds it is only for the message; a full disk must not keep the daemon from starting.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    }
    Ok(Lock::Held(Some(file)))
}

/// Whether the error says that the disk, or this folder of it, may only be read.
pub(super) fn can_only_read(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

/// Returns random bytes of the system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let got = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if got == N { Ok(bytes) } else { Err(io::ErrorKind::Interrupted.into()) }
}

/// Returns the bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// What names of unfinished files have in them.
const TEMP: &str = ".tmp-";
