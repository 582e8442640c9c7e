//! What the person gave to be imported: files with what lies beside them, folders, pictures. Only names and the first bytes of a
//! file are looked at here, to see who has to read it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, IsTerminal, Read, Seek},
    mem,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use super::{
    LeftOut,
    pictures::{Pictures, nothing_on},
    store,
};
use crate::{error::Error, output, picture};

/// Something that `countersign-import` reads: a file, and what lies beside it.
pub(crate) struct Given {
    /// How it is called in messages.
    pub(crate) shown: String,
    /// The files that hold the accounts and could go afterwards: none for standard input and for what is in use where it lies.
    pub(crate) paths: Vec<PathBuf>,
    /// The format that it is, where that is known.
    pub(super) format: Option<String>,
    pub(super) file: File,
    /// What lies beside it: its name there, and the file.
    pub(super) beside: Vec<(&'static str, OwnedFd)>,
}

impl Given {
    /// Opens a file, and what belongs to it by its name; `-` is standard input.
    fn open(path: &Path, format: Option<&str>) -> Result<Self, Error> {
        if path == Path::new("-") && io::stdin().is_terminal() {
            output::say("Type or paste the list, then Enter and Ctrl-D:");
        }
        let file = File::from(picture::open(path)?);
        let paths = if path == Path::new("-") { Vec::new() } else { vec![path.to_owned()] };
        let format = format.map(str::to_owned);
        let mut given = Self { shown: super::shown(path), paths, format, file, beside: Vec::new() };
        if path != Path::new("-") {
            given.beside = given.neighbours(path);
            let has_log = given.beside.iter().any(|(name, _)| *name == LOG);
            given.paths.extend(has_log.then(|| log_of(path)));
        }
        Ok(given)
    }

    /// Opens what belongs to a file by its name. What can't be, or is larger than such files are, does not belong to it.
    fn neighbours(&self, path: &Path) -> Vec<(&'static str, OwnedFd)> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let is_vault =
            path.ends_with("vault.age") || self.head().is_ok_and(|head| AGE.iter().any(|mark| head.starts_with(mark)));
        let names: &[&'static str] = match path.extension() {
            Some(ending) if ending == "maFile" => &[MANIFEST],
            _ if is_vault => &SLOTS,
            _ => &[],
        };
        let others = names.iter().map(|name| (*name, folder.join(name)));
        let fits = |path: &Path| path.metadata().is_ok_and(|found| found.is_file() && found.len() <= MAX_BESIDE);
        let there = others.chain([(LOG, log_of(path))]).filter(|(_, path)| fits(path));
        there.filter_map(|(name, path)| Some((name, picture::open(&path).ok()?))).collect()
    }

    /// Returns what to know where no password opens it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        let lacks_manifest = self.shown.ends_with(".maFile") && self.beside.iter().all(|(name, _)| *name != MANIFEST);
        lacks_manifest.then_some("how a maFile is encrypted stands in manifest.json: it has to lie beside it")
    }

    /// Makes one of a file in memory.
    pub(super) fn in_memory(shown: String, format: &str, file: File) -> Self {
        Self { shown, paths: Vec::new(), format: Some(format.to_owned()), file, beside: Vec::new() }
    }

    /// Returns the first bytes.
    fn head(&self) -> io::Result<[u8; HEAD]> {
        let mut file = &self.file;
        let mut head = Vec::with_capacity(HEAD);
        file.rewind()?;
        file.take(HEAD as u64).read_to_end(&mut head)?;
        head.resize(HEAD, 0);
        Ok(head.try_into().expect("it was made of this length"))
    }
}

/// All that was given, and what could not be opened of it.
#[derive(Default)]
pub(crate) struct All {
    /// What there is to read.
    pub(crate) given: Vec<Given>,
    /// What was left out before anything was read.
    pub(crate) left_out: Vec<LeftOut>,
}

/// Opens all that was given: a folder is what is in it, and the codes on all pictures are one list.
///
/// # Errors
/// A file that can't be read; a folder that holds nothing known; pictures without any code.
pub(crate) async fn all(paths: &[PathBuf], format: Option<&str>) -> Result<All, Error> {
    let mut all = All::default();
    let mut pictures = Pictures::default();
    for path in paths {
        if path.is_dir() {
            folder(path, format, &mut all).await?;
            continue;
        }
        let given = Given::open(path, format)?;
        let failed = || Error::io(format!("{} can't be read", given.shown));
        if format.is_none() && is_picture(&given.head().map_err(failed())?) {
            pictures.read(given, &mut all.left_out).await?;
        } else {
            all.given.push(given);
        }
    }
    all.given.extend(pictures.list()?);
    let nothing = if all.given.is_empty() { nothing_on(mem::take(&mut all.left_out)) } else { None };
    nothing.map_or(Ok(all), Err)
}

/// Takes what is in a folder.
async fn folder(path: &Path, format: Option<&str>, all: &mut All) -> Result<(), Error> {
    let shown = super::shown(path);
    if path.join(".gpg-id").is_file() {
        let (given, left_out) = store::open(path).await?;
        all.given.push(given);
        all.left_out.extend(left_out);
        return Ok(());
    }
    if path.join("vault.age").is_file() {
        let vault = Given::open(&path.join("vault.age"), format)?;
        all.given.push(Given { paths: Vec::new(), ..vault });
        return Ok(());
    }
    if path.join(".age-recipients").is_file() {
        let text = format!("{shown} is a store of gopass under age: only those under GPG can be read here");
        return Err(Error::Usage(text));
    }
    if let Some(root) = path.canonicalize().ok().and_then(|path| store_above(&path)) {
        return Err(Error::Usage(format!(
            "{shown} is a part of a password store: give all of it ({}), and choose by --only",
            super::shown(&root)
        )));
    }
    let of_steam = files(path, "maFile")?;
    if of_steam.is_empty() {
        return Err(Error::Usage(format!(
            "{shown} is a folder, and neither a password store (.gpg-id), nor a vault (vault.age), nor one with maFiles: \
             give the files themselves"
        )));
    }
    for file in of_steam {
        all.given.push(Given::open(&file, format)?);
    }
    Ok(())
}

/// Returns where the log of a database lies, which may hold what the database does not have yet.
fn log_of(path: &Path) -> PathBuf {
    let name: OsString = [path.as_os_str(), LOG.as_ref()].into_iter().collect();
    name.into()
}

/// Returns the password store that a folder with entries lies in.
fn store_above(path: &Path) -> Option<PathBuf> {
    let has_entries = files(path, "gpg").is_ok_and(|files| !files.is_empty());
    let root = path.ancestors().skip(1).find(|above| above.join(".gpg-id").is_file());
    root.filter(|_| has_entries).map(Path::to_owned)
}

/// Returns the files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let failed = || Error::io(format!("{} can't be read", output::one_line(&folder.display().to_string())));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        files.extend((path.extension().is_some_and(|other| other == ending)).then_some(path));
    }
    files.sort();
    Ok(files)
}

/// Whether a file begins as a picture does that `countersign-scan` reads.
fn is_picture(head: &[u8; HEAD]) -> bool {
    let starts = |mark: &[u8]| head.starts_with(mark);
    let is_map = head[0] == b'P' && (b'1'..=b'7').contains(&head[1]) && head[2].is_ascii_whitespace();
    let is_webp = starts(b"RIFF") && &head[8..] == b"WEBP";
    let is_bmp = starts(b"BM") && head[6..10] == [0; 4];
    starts(b"\x89PNG\r\n\x1a\n") || starts(b"\xff\xd8\xff") || starts(b"GIF8") || is_map || is_webp || is_bmp
}

/// What the name of a database's log ends with.
const LOG: &str = "-wal";
/// How a maFile was encrypted stands in this file beside it.
const MANIFEST: &str = "manifest.json";
/// The keys of a vault, beside it.
const SLOTS: [&str; 2] = ["slots/passphrase.age", "slots/recovery.age"];
/// How files of age begin.
const AGE: [&[u8]; 2] = [b"age-encrypti", b"-----BEGIN A"];
/// The most that a file beside another one may be, as `countersign-import` has it for each.
const MAX_BESIDE: u64 = 64 << 20;
const HEAD: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        for head in [b"\x89PNG\r\n\x1a\n\0\0\0\r", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", b"GIF89a\x01\0\x01\0\0\0"] {
            assert!(is_picture(head));
        }
        assert!(
            is_picture(b"RIFF\x24\0\0\0WEBP")
                && is_picture(b"P6\n10 10\n255")
                && is_picture(b"BM\x3a\0\0\0\0\0\0\0\x36\0")
        );
        for head in [
            b"RIFF\x24\0\0\0WAVE",
            b"{\"version\":1",
            b"PK\x03\x04\x14\0\0\0\0\0\0\0",
            b"BMW:me, more",
            b"P@ssw0rd\0\0\0\0",
        ] {
            assert!(!is_picture(head));
        }
    }

    #[test]
    fn what_belongs_to_a_file_is_found_by_its_name() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("slots")).unwrap();
        for name in ["PhoneFactor", "PhoneFactor-wal", "other-wal", "slots/passphrase.age", "1.maFile", "manifest.json"]
        {
            fs::write(path(name), name).unwrap();
        }
        for name in ["vault.age", "renamed"] {
            fs::write(path(name), "age-encryption.org/v1\n").unwrap();
        }
        let given = Given::open(&path("PhoneFactor"), None).unwrap();
        assert_eq!(&given.head().unwrap()[..11], b"PhoneFactor");
        assert_eq!(given.paths, [path("PhoneFactor"), path("PhoneFactor-wal")], "its keys may be there alone");
        assert_eq!(Given::open(&path("1.maFile"), None).unwrap().paths, [path("1.maFile")]);
        for (name, beside) in [
            ("PhoneFactor", &["-wal"][..]),
            ("1.maFile", &["manifest.json"]),
            ("vault.age", &["slots/passphrase.age"]),
            ("renamed", &["slots/passphrase.age"]),
        ] {
            let given = Given::open(&path(name), None).unwrap();
            assert_eq!(given.beside.iter().map(|(name, _)| *name).collect::<Vec<_>>(), beside, "{name}");
        }
    }

    /// Anything may be called manifest.json; what stands in the way of nobody must not fail an import.
    #[test]
    fn a_neighbour_that_can_not_be_read_is_passed_over() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("1.maFile"), "{}").unwrap();
        File::create(path(MANIFEST)).unwrap().set_len(MAX_BESIDE + 1).unwrap();
        assert!(Given::open(&path("1.maFile"), None).unwrap().beside.is_empty());
    }

    #[tokio::test]
    async fn a_part_of_a_store_is_told_where_the_store_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let part = folder.path().join("web");
        fs::create_dir(&part).unwrap();
        for name in [".gpg-id", "web/a.gpg"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let error = all(&[part], None).await.err().unwrap().to_string();
        let root = folder.path().canonicalize().unwrap();
        assert!(
            error.contains(&format!("({})", root.display())) && error.contains("part of a password store"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_folder_is_what_is_in_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let given = async || all(&[folder.path().to_owned()], None).await;
        let error = given().await.err().unwrap();
        assert!(matches!(&error, Error::Usage(text) if text.contains("password store")), "{error}");
        for name in ["2.maFile", "1.maFile", "manifest.json"] {
            fs::write(folder.path().join(name), "{}").unwrap();
        }
        let shown: Vec<String> = given().await.unwrap().given.into_iter().map(|given| given.shown).collect();
        assert!(shown.len() == 2 && shown[0].ends_with("1.maFile"), "{shown:?}");
        fs::write(folder.path().join("vault.age"), "").unwrap();
        let shown = given().await.unwrap().given.remove(0).shown;
        assert!(shown.ends_with("vault.age"), "{shown}");
    }
}
