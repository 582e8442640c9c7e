//! The folder of pass or gopass: each file is opened by the person's own `gpg`, which asks as it always does. What they say goes
//! to `countersign-import` in memory, and nowhere else.

use std::{
    env, fs,
    io::{self, Seek, Write},
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Serialize;
use tokio::{io::AsyncReadExt, process::Command};
use zeroize::Zeroizing;

use super::{LeftOut, given::Given};
use crate::{error::Error, keeping, memory, output};

/// A line for `countersign-import`.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    text: &'a str,
}

/// Opens all files of a store; those that `gpg` can't open are left out.
///
/// # Errors
/// A folder that can't be read or is larger than stores are; no `gpg`; a person who ends its question.
pub(super) async fn open(root: &Path) -> Result<(Given, Vec<LeftOut>), Error> {
    let shown = super::shown(root);
    let failed = || Error::io(format!("{shown} can't be read"));
    let root = root.canonicalize().map_err(failed())?;
    let files = files(&root).map_err(failed())?;
    output::remark(&format!("Opening {} files of {shown} by gpg …", files.len()));
    let mut lines = memory::file(&[])?;
    let mut left_out = Vec::new();
    for path in files {
        let name = name(&root, &path);
        match decrypt(&path).await? {
            Ok(text) => {
                let line = serde_json::to_vec(&Entry { name: &name, text: &String::from_utf8_lossy(&text) });
                let mut line = Zeroizing::new(line.map_err(|error| failed()(error.into()))?);
                line.push(b'\n');
                lines.write_all(&line).map_err(failed())?;
            }
            Err(reason) => {
                left_out.push(LeftOut { name, why: "bad".into(), reason: reason.into(), ..LeftOut::default() });
            }
        }
    }
    lines.rewind().map_err(failed())?;
    Ok((Given::in_memory(shown, "pass", lines), left_out))
}

/// Returns the encrypted files below a folder, by name. Hidden ones are none, and links don't lead out of it.
fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![(root.to_owned(), 0)]);
    let mut seen = vec![root.to_owned()];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
            let Some(real) = path.canonicalize().ok().filter(|real| !is_hidden && real.starts_with(root)) else {
                continue;
            };
            if real.is_dir() {
                if depth < MAX_DEPTH && !seen.contains(&real) {
                    seen.push(real);
                    folders.push((path, depth + 1));
                }
            } else if real.is_file() && path.extension().is_some_and(|ending| ending == "gpg") {
                files.push(path);
            }
            if files.len() + folders.len() > MAX_FILES {
                return Err(io::Error::new(
                    io::ErrorKind::QuotaExceeded,
                    format!("it has more than {MAX_FILES} files"),
                ));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Returns an entry's name: its path in the store, without the ending.
fn name(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path).with_extension("");
    output::one_line(&path.display().to_string())
}

/// Has `gpg` open a file; the inner error is why it can't.
async fn decrypt(path: &Path) -> Result<Result<Zeroizing<Vec<u8>>, &'static str>, Error> {
    let failed = || Error::io("gpg, which opens the store,");
    let mut command = Command::new("gpg");
    command.args(["--quiet", "--batch", "--yes", "--status-fd", "2", "--decrypt", "--"]).arg(path);
    // Where a question on the terminal is to appear; those who use that have it set, mostly.
    if let (None, Some(tty)) = (env::var_os("GPG_TTY"), terminal()) {
        command.env("GPG_TTY", tty);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed())?;
    let (out, err) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
    // Of its full length at once: bytes that grow leave pieces of themselves behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_TEXT as usize + 1));
    let mut status = String::new();
    let mut out = out.take(MAX_TEXT + 1);
    let mut err = err.take(MAX_TEXT);
    let (read, told) = tokio::join!(out.read_to_end(&mut text), err.read_to_string(&mut status));
    if read.map_err(failed())? as u64 > MAX_TEXT {
        return Ok(Err("it is larger than such files are"));
    }
    // Words in another encoding are no status.
    told.unwrap_or_default();
    if child.wait().await.map_err(failed())?.success() {
        return Ok(Ok(text));
    }
    if was_cancelled(&status) {
        return Err(keeping::declined("nothing was kept: gpg was not given its passphrase"));
    }
    Ok(Err(why(&status)))
}

/// Returns why gpg could not open a file.
fn why(status: &str) -> &'static str {
    match status {
        status if has_key(status) => "gpg can't open it",
        status if said(status, "ENC_TO") => "gpg has no key for it",
        _ => "it is no file of gpg",
    }
}

/// Whether the person was asked for a passphrase and did not give the right one: each further file would ask again.
fn was_cancelled(status: &str) -> bool {
    said(status, "PINENTRY_LAUNCHED")
}

/// Whether a secret key is there that the file is encrypted to. gpg 2.2 tells it in this roundabout way only.
fn has_key(status: &str) -> bool {
    said(status, "KEY_CONSIDERED") && !said(status, "NO_SECKEY")
}

fn said(status: &str, word: &str) -> bool {
    status.lines().filter_map(|line| line.strip_prefix("[GNUPG:] ")).any(|line| line.split(' ').next() == Some(word))
}

/// Returns the terminal that this program was started on.
fn terminal() -> Option<PathBuf> {
    let open = (0..=2).filter_map(|number| fs::read_link(format!("/proc/self/fd/{number}")).ok());
    open.into_iter().find(|path| path.starts_with("/dev/pts") || path.to_string_lossy().starts_with("/dev/tty"))
}

const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 16;
/// The largest file once it is opened, in bytes.
const MAX_TEXT: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_a_stores_own_files_are_opened() {
        let folder = tempfile::TempDir::new().unwrap();
        let root = folder.path().join("store");
        let outside = folder.path().join("outside");
        for one in ["store/web", "store/.git", "outside"] {
            fs::create_dir_all(folder.path().join(one)).unwrap();
        }
        for one in ["web/a.gpg", "b.gpg", ".git/c.gpg", "web/notes.txt", ".hidden.gpg"] {
            fs::write(root.join(one), "").unwrap();
        }
        fs::write(outside.join("d.gpg"), "").unwrap();
        symlink(&outside, root.join("out")).unwrap();
        symlink(outside.join("d.gpg"), root.join("d.gpg")).unwrap();
        symlink(&root, root.join("web/round")).unwrap();
        symlink(root.join("b.gpg"), root.join("same.gpg")).unwrap();
        let root = root.canonicalize().unwrap();
        let names: Vec<String> = files(&root).unwrap().iter().map(|path| name(&root, path)).collect();
        assert_eq!(names, ["b", "same", "web/a"]);
    }

    #[test]
    fn what_gpg_says_is_understood() {
        let gone = "[GNUPG:] ENC_TO 17818BFA5956218D 1 0\n[GNUPG:] BEGIN_DECRYPTION\n[GNUPG:] DECRYPTION_FAILED\n";
        assert!(!has_key(gone) && !was_cancelled(gone));
        let asked =
            "gpg: x\n[GNUPG:] KEY_CONSIDERED B735 0\n[GNUPG:] PINENTRY_LAUNCHED 3\n[GNUPG:] DECRYPTION_FAILED\n";
        assert!(has_key(asked) && was_cancelled(asked));
        let garbage = "gpg: no valid OpenPGP data found.\n[GNUPG:] NODATA 1\n[GNUPG:] FAILURE decrypt 152\n";
        assert_eq!(
            [gone, asked, garbage].map(why),
            ["gpg has no key for it", "gpg can't open it", "it is no file of gpg"]
        );
    }
}
