//! Where a program that is named is found, as a shell finds it.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

/// Returns the file of a program: as it is where its name has a slash, else the first of its name in these folders (`PATH`).
pub(crate) fn find(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    first(program, path, |file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
}

/// Returns the file of a program in this process' own `PATH`.
pub(crate) fn find_here(program: &OsStr) -> Option<PathBuf> {
    find(program, &own())
}

/// Says whether anything has that name here, be it no program.
pub(crate) fn is_here(program: &OsStr) -> bool {
    first(program, &own(), Path::exists).is_some()
}

fn own() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}

fn first(program: &OsStr, path: &OsStr, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(program)).filter(|file| fits(file));
    }
    let named = (!program.is_empty()).then_some(program)?;
    env::split_paths(path).map(|folder| folder.join(named)).find(|file| fits(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn only_what_can_be_run_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, mode| {
            fs::write(folder.path().join(name), "").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        file("program", 0o755);
        file("text", 0o644);
        let found = |name: &str| find(OsStr::new(name), folder.path().as_os_str());
        assert_eq!(found("program"), Some(folder.path().join("program")));
        for name in ["text", "gone", "", ".", "./program"] {
            assert_eq!(found(name), None, "{name}");
        }
        let whole = folder.path().join("program");
        assert_eq!(find(whole.as_os_str(), OsStr::new("")), Some(whole));
    }
}
