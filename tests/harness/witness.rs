//! The witness of a world: it knows the secrets that were in it, and finds them where they must not be.
//!
//! At the world's end all that was said (standard output and error, terminals, logs) and all that was kept in its folders
//! is searched. Meanwhile the arguments and environments of all processes are looked at again and again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::process::Captured;

/// What a world's secrets are and where they were seen.
#[derive(Clone, Default)]
pub struct Witness(Arc<Mutex<Evidence>>);

#[derive(Default)]
struct Evidence {
    needles: Vec<Needle>,
    streams: Vec<(String, Captured)>,
    exempt: Vec<PathBuf>,
    seen: Vec<String>,
}

#[derive(Clone)]
struct Needle {
    name: String,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    fn is_in(&self, hay: &[u8]) -> bool {
        self.forms.iter().any(|form| contains(hay, form))
    }
}

impl Witness {
    /// Tells a secret text: it is searched in any case, and as the list of bytes that `Debug` prints.
    pub fn plant(&self, name: &str, secret: &str) {
        assert!(secret.len() >= 8, "{name} is too short to be searched for");
        let numbers: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
        let forms = vec![secret.to_ascii_lowercase().into_bytes(), numbers.join(", ").into_bytes()];
        self.0.lock().unwrap().needles.push(Needle { name: name.to_owned(), forms });
    }

    /// Tells a base32 key: its text, its bytes, their hexadecimal form and their list.
    pub fn plant_key(&self, name: &str, base32: &str) {
        self.plant(name, base32);
        let raw = crate::samples::decode_base32(base32);
        let hex = raw.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let numbers: Vec<String> = raw.iter().map(ToString::to_string).collect();
        let forms = vec![raw.to_ascii_lowercase(), hex.into_bytes(), numbers.join(", ").into_bytes()];
        self.0.lock().unwrap().needles.push(Needle { name: format!("{name}, its bytes"), forms });
    }

    /// Searches this stream too at the end.
    pub fn listen(&self, name: &str, stream: &Captured) {
        self.0.lock().unwrap().streams.push((name.to_owned(), stream.clone()));
    }

    /// Lets a file hold secrets: a picture of a QR, say.
    pub fn exempt(&self, file: &Path) {
        self.0.lock().unwrap().exempt.push(file.to_path_buf());
    }

    /// Returns the names of the secrets that these bytes hold.
    pub fn secrets_in(&self, hay: &[u8]) -> Vec<String> {
        let hay = hay.to_ascii_lowercase();
        let evidence = self.0.lock().unwrap();
        evidence.needles.iter().filter(|needle| needle.is_in(&hay)).map(|needle| needle.name.clone()).collect()
    }

    /// Returns where secrets were found that must not be there: streams, files below the folder, processes.
    pub fn findings(&self, folder: &Path) -> Vec<String> {
        let (streams, exempt, mut found) = {
            let evidence = self.0.lock().unwrap();
            (evidence.streams.clone(), evidence.exempt.clone(), evidence.seen.clone())
        };
        for (name, stream) in streams {
            found.extend(self.secrets_in(&stream.bytes()).into_iter().map(|secret| format!("{secret}: in {name}")));
        }
        self.search_files(folder, &exempt, &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn search_files(&self, folder: &Path, exempt: &[PathBuf], found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if exempt.contains(&path) || kind.is_symlink() {
                continue;
            }
            if kind.is_dir() {
                self.search_files(&path, exempt, found);
            } else if kind.is_file() && entry.metadata().is_ok_and(|found| found.len() < 8 << 20) {
                let bytes = fs::read(&path).unwrap_or_default();
                found.extend(
                    self.secrets_in(&bytes).into_iter().map(|secret| format!("{secret}: in {}", path.display())),
                );
            }
        }
    }

    /// Looks at the arguments and environments of all processes until the sender is dropped.
    pub(crate) fn watch_processes(&self) -> (mpsc::Sender<()>, JoinHandle<()>) {
        let (stop, stopped) = mpsc::channel();
        let witness = self.clone();
        let watch = thread::spawn(move || {
            while stopped.recv_timeout(GLANCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                witness.look_at_processes();
            }
        });
        (stop, watch)
    }

    fn look_at_processes(&self) {
        let own = std::process::id().to_string();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == own || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            for part in ["cmdline", "environ"] {
                let Ok(bytes) = fs::read(entry.path().join(part)) else { continue };
                let secrets = self.secrets_in(&bytes);
                if !secrets.is_empty() {
                    let program =
                        String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or(&[])).into_owned();
                    let program = if part == "cmdline" { program } else { name.clone() };
                    let mut evidence = self.0.lock().unwrap();
                    evidence.seen.extend(secrets.iter().map(|secret| format!("{secret}: in {part} of {program}")));
                }
            }
        }
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((&first, _)) = needle.split_first() else { return false };
    let mut rest = hay;
    while let Some(start) = rest.iter().position(|byte| *byte == first) {
        if rest[start..].starts_with(needle) {
            return true;
        }
        rest = &rest[start + 1..];
    }
    false
}

const GLANCE: Duration = Duration::from_millis(50);
