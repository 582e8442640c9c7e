//! Files that would break, fill or fool a reader: the program refuses each in its own words, with its own exit, tells no
//! account of it, and nothing of its bytes or of the password.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../sandbox/tests/stuck/mod.rs"]
mod stuck;

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Seek, Write},
    os::fd::AsRawFd,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{CWD, FileType, MemfdFlags, Mode, memfd_create, mknodat};
use stuck::Stuck;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-import"));
    command.env_clear();
    command
}

fn in_memory(bytes: &[u8], flags: MemfdFlags) -> File {
    let mut memory = File::from(memfd_create("file", flags).unwrap());
    memory.write_all(bytes).unwrap();
    memory.rewind().unwrap();
    memory
}

fn read(bytes: &[u8], password: Option<&str>) -> Output {
    let password = password.map(|text| in_memory(text.as_bytes(), MemfdFlags::empty()));
    let mut command = program();
    if let Some(password) = &password {
        command.args(["--passphrase-fd", &password.as_raw_fd().to_string()]);
    }
    command.stdin(in_memory(bytes, MemfdFlags::CLOEXEC)).output().unwrap()
}

/// Expects an exit and words, and that nothing else is told.
fn refuses(what: &str, output: &Output, exit: i32, words: &str) {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{what}: {err}");
    assert!(err.contains(words), "{what}: {err}");
    assert_eq!(err.lines().count(), 1, "{what}: {err}");
    // What the file is may stand there; an account may not.
    assert!(!out.contains("\"account\"") && !out.contains("\"end\""), "{what}: something was told");
    for secret in SECRETS {
        assert!(!err.contains(secret) && !out.contains(secret), "{what}: {secret} is told");
    }
}

fn sample(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path)).unwrap()
}

/// Returns a sample with a part of its text replaced, wherever it stands.
fn changed(path: &str, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(sample(path)).unwrap();
    assert!(text.contains(from), "{path}");
    text.replace(from, to).into_bytes()
}

#[test]
fn each_trouble_has_its_words_and_its_exit() {
    let cut = |path: &str| {
        let whole = sample(path);
        whole[..whole.len() / 2].to_vec()
    };
    let kdbx_version_5 = {
        let mut bytes = sample("kdbx/version-3.kdbx");
        bytes[10] = 5;
        bytes
    };
    for (what, bytes, password, exit, words) in [
        ("nothing known", b"hello hush".to_vec(), None, 3, "no export that is known"),
        ("an empty file", Vec::new(), None, 6, "nothing is in it"),
        ("no password", sample("aegis/encrypted.json"), None, 4, "its password is needed"),
        ("a wrong password", sample("aegis/encrypted.json"), Some("hush"), 5, "not its password"),
        ("a wrong password of a zip", sample("raivo/raivo-otp-export.zip"), Some("hush"), 5, "not its password"),
        ("JSON cut off", cut("aegis/database-3.json"), None, 6, "its JSON ends too early"),
        ("a database cut off", cut("kdbx/version-4.kdbx"), Some(PASSWORD), 6, "damaged"),
        ("a database cut off", cut("stratum/proauth.db3"), None, 6, "damaged"),
        ("XML cut off", cut("keepass-xml/keepass.xml"), None, 6, "its XML"),
        (
            "a changed box",
            changed("2fas/schema-4-encrypted.2fas", "Encrypted\": \"", "Encrypted\": \"?"),
            Some(PASSWORD),
            6,
            "its encrypted part",
        ),
        (
            "a newer Aegis",
            changed("aegis/database-3.json", "\"version\": 3", "\"version\": 9"),
            None,
            7,
            "Aegis database 9",
        ),
        (
            "a newer 2FAS",
            changed("2fas/schema-4.2fas", "\"schemaVersion\": 4", "\"schemaVersion\": 5"),
            None,
            7,
            "2FAS schema 5",
        ),
        ("a newer KDBX", kdbx_version_5, Some(PASSWORD), 7, "KDBX 5"),
        (
            "a bound export",
            sample("bitwarden/restricted.json"),
            Some(PASSWORD),
            8,
            "restricted to the Bitwarden account",
        ),
        ("a key file", sample("kdbx/version-3.kdbx"), Some(""), 8, "a key file"),
    ] {
        refuses(what, &read(&bytes, password), exit, words);
    }
}

#[test]
fn a_derivation_that_costs_too_much_is_not_begun() {
    let started = Instant::now();
    for (path, from, to) in [
        ("aegis/encrypted.json", "\"n\": 16384", "\"n\": 2147483648"),
        ("aegis/encrypted.json", "\"p\": 1", "\"p\": 4294967295"),
        ("bitwarden/password-pbkdf2.json", "\"kdfIterations\": 100000", "\"kdfIterations\": 4294967295"),
        ("bitwarden/password-argon2id.json", "\"kdfMemory\": 16", "\"kdfMemory\": 65536"),
        ("ente/encrypted.txt", "\"memLimit\": 8388608", "\"memLimit\": 68719476736"),
        ("ente/encrypted.txt", "\"opsLimit\": 2", "\"opsLimit\": 4000000000"),
    ] {
        refuses(path, &read(&changed(path, from, to), Some(PASSWORD)), 9, "would take too much");
    }
    let mut kdbx = sample("kdbx/version-3.kdbx");
    let rounds = kdbx.windows(3).position(|field| field == [6, 8, 0]).unwrap() + 3;
    kdbx[rounds..rounds + 8].fill(0xff);
    refuses("kdbx", &read(&kdbx, Some(PASSWORD)), 9, "would take too much");
    assert!(started.elapsed() < Duration::from_secs(30), "one of them was begun");
}

#[test]
fn bombs_stay_packed() {
    let bomb = |size: usize| {
        let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        archive.start_file("export.data", zip::write::SimpleFileOptions::default()).unwrap();
        let zeros = vec![b' '; 1 << 20];
        (0..size).for_each(|_| archive.write_all(&zeros).unwrap());
        archive.finish().unwrap().into_inner()
    };
    refuses("100 MiB", &read(&bomb(100), None), 10, "more than 64 MiB unpacked");
    refuses("16 MiB", &read(&bomb(16), None), 10, "as only bombs are");
    let mut many = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for number in 0..65 {
        many.start_file(format!("winauth-{number}.txt"), zip::write::SimpleFileOptions::default()).unwrap();
        many.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let many = many.finish().unwrap().into_inner();
    refuses("65 MiB of small ones", &read(&many, None), 10, "more than 64 MiB unpacked");

    let mut entities = String::from("<!DOCTYPE map [<!ENTITY e0 \"hush\">");
    for level in 1..30 {
        let before = format!("&e{};", level - 1).repeat(10);
        write!(entities, "<!ENTITY e{level} \"{before}\">").unwrap();
    }
    entities += "]>";
    let prefs = format!("<?xml version='1.0'?>{entities}<map><string name=\"com.authy.storage\">&e29;</string></map>");
    refuses("entities", &read(prefs.as_bytes(), None), 6, "document type of its own");
    let keepass = "<?xml version='1.0'?><!DOCTYPE x SYSTEM \"file:///etc/passwd\"><KeePassFile/>".to_string();
    refuses("a file by its name", &read(keepass.as_bytes(), None), 6, "document type of its own");
    let unknown =
        "<?xml version='1.0'?><map><string name=\"com.authy.storage.tokens.authenticator.key\">&hush;</string></map>";
    refuses("an entity", &read(unknown.as_bytes(), None), 6, "its XML");
    let deep = format!("<KeePassFile>{}", "<Group>".repeat(100_000));
    refuses("deep XML", &read(deep.as_bytes(), None), 6, "its XML");
}

#[test]
fn json_is_neither_deep_nor_ambiguous() {
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    refuses("deep", &read(deep.as_bytes(), None), 6, "nested too deeply");
    let twice = changed("2fas/schema-4.2fas", "\"secret\":", "\"secret\": \"JBSWY3DPEHPK3PXP\", \"secret\":");
    refuses("twice", &read(&twice, None), 6, "names a member twice");
    let odd = changed("2fas/schema-4.2fas", "\"position\": 0", "\"position\": NaN");
    refuses("NaN", &read(&odd, None), 6, "its JSON breaks in line");
}

#[test]
fn what_is_no_file_or_too_much_of_one_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let from = |file: File| program().stdin(file).output().unwrap();
    refuses("/dev/zero", &from(File::open("/dev/zero").unwrap()), 10, "more than 64 MiB");
    let large = folder.path().join("large");
    File::create(&large).unwrap().set_len(2 << 30).unwrap();
    refuses("2 GiB", &from(File::open(large).unwrap()), 10, "more than 64 MiB");
    refuses("a folder", &from(File::open(folder.path()).unwrap()), 70, "Is a directory");
    // A pipe is as good as a file, once its writer is done.
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let writer = thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, sample("uris/list.txt")).unwrap()
    });
    let output = from(File::open(pipe).unwrap());
    writer.join().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("{\"end\":8}\n"));
}

#[test]
fn a_database_may_be_empty_and_all_of_it_in_its_log() {
    let folder = tempfile::TempDir::new().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("db")).unwrap();
    let table = "CREATE TABLE accounts (email TEXT, secret TEXT, counter INTEGER, type INTEGER, issuer TEXT)";
    let row = "INSERT INTO accounts VALUES ('alice', 'JBSWY3DPEHPK3PXP', 0, 0, 'Forge')";
    connection.execute_batch(&format!("PRAGMA journal_mode = wal; {table}; {row}")).unwrap();
    let log = in_memory(&fs::read(folder.path().join("db-wal")).unwrap(), MemfdFlags::empty());
    let output =
        program().arg("--beside").arg(format!("db-wal:{}", log.as_raw_fd())).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("google-authenticator-db") && told.ends_with("{\"end\":1}\n"), "{told}");

    let log = in_memory(b"", MemfdFlags::empty());
    let output =
        program().arg("--beside").arg(format!("db-wal:{}", log.as_raw_fd())).stdin(Stdio::null()).output().unwrap();
    refuses("both empty", &output, 6, "nothing is in it");
}

#[test]
fn it_is_shut_in_before_it_looks_at_the_file() {
    let file = in_memory(&sample("aegis/database-3.json"), MemfdFlags::CLOEXEC);
    // It knows the format and can't say it.
    let worker = Stuck::start(program().stdin(file), Command::spawn);
    worker.is_shut_in(&[("Max address space", 2 << 30), ("Max cpu time", 60), ("Max core file size", 0)]);
}

#[test]
fn the_self_test_proves_the_walls() {
    let output = program().arg("--self-test").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with("landlock: "), "{told}");
    assert!(told.ends_with("seccomp: on\nopen: refused\nsocket: refused\nprocess: refused\nexec: refused\n"), "{told}");
}

/// The samples' own.
const PASSWORD: &str = "correct horse ü";
/// None of these may be told: passwords, and the first sample's key.
const SECRETS: &[&str] = &["hush", PASSWORD, "FLH4FIHSGIUY65CTHVXI4OLLF7IBGOWT", "JBSWY3DPEHPK3PXP"];
