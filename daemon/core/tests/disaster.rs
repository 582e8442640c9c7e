//! Getting at the accounts without any program of ours: `age`, `jq`, a shell, and 40 lines of a stranger's Python.
//!
//! Where a tool is missing, the tests say so and leave it at that, unless `COUNTERSIGN_REQUIRE_TOOLS=1`: then they fail
//! and name the package.

#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use countersign_core::{
    account::{Account, Kind},
    secret::{Secret, SecretText},
    vault::{IfExists, Store, VaultDirs},
};
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse, battery & stäple";
const SECRET: &[u8] = b"12345678901234567890";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Whether the tools are there. Missing ones fail the test only where they were asked for.
fn tools(needed: &[(&str, &str)]) -> bool {
    let runs = |tool: &str| {
        let quiet = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    let missing: Vec<_> = needed.iter().filter(|(tool, _)| !runs(tool)).map(|(_, package)| *package).collect();
    let asked = std::env::var("COUNTERSIGN_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(missing.is_empty() || !asked, "missing packages: apt-get install {}", missing.join(" "));
    if !missing.is_empty() {
        eprintln!("skipped: needs the packages {}", missing.join(", "));
    }
    missing.is_empty()
}

struct Disaster {
    dir: TempDir,
    recovery: SecretText,
}

impl Disaster {
    /// A vault with one account in it, one in the trash, and its recovery key; nobody has it open.
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let dirs = VaultDirs { data: dir.path().join("data"), state: dir.path().join("state") };
        let store = Store::take(dirs).unwrap();
        let mut vault = store.create(&SecretText::from(PASSPHRASE)).unwrap();
        for name in ["removed", "alice@contoso.com"] {
            let (issuer, name) = ("Microsoft".to_owned(), name.to_owned());
            let prefix = Some("Contoso".to_owned());
            let account = Account { issuer, name, prefix, kind: Kind::totp(), secret: Secret::new(SECRET.to_vec()) };
            vault.add(account, IfExists::KeepBoth).unwrap();
        }
        let removed = vault.entries().next().unwrap().id();
        vault.remove(removed).unwrap();
        let recovery = vault.make_recovery().unwrap();
        Self { dir, recovery }
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// Runs a shell line in the vault's folder on a terminal of its own, where the passphrase is typed when asked for.
    fn at_terminal(&self, line: &str) -> Output {
        let mut child = Command::new("python3")
            .arg(here("at_terminal.py"))
            .arg(line)
            .current_dir(self.data())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSPHRASE}").unwrap();
        child.wait_with_output().unwrap()
    }

    /// What lies in the vault's folder now.
    fn files(&self) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
        fn walk(dir: &Path, all: &mut BTreeMap<std::path::PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    walk(&entry, all);
                } else {
                    all.insert(entry.clone(), fs::read(&entry).unwrap());
                }
            }
        }
        let mut all = BTreeMap::new();
        walk(&self.data(), &mut all);
        all
    }
}

fn here(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file)
}

fn has_the_account(json: &str) {
    let content: serde_json::Value = serde_json::from_str(json).unwrap();
    let entries = content["entries"].as_array().unwrap();
    let alice = entries.iter().find(|entry| entry["name"] == "alice@contoso.com").unwrap();
    assert_eq!((alice["secret"].as_str(), alice["issuer"].as_str()), (Some(BASE32), Some("Microsoft")));
}

#[test]
fn the_passphrase_age_and_jq_give_the_accounts_and_leave_no_key_on_disk() {
    if !tools(&[("age", "age"), ("jq", "jq"), ("python3", "python3")]) {
        return;
    }
    let disaster = Disaster::new();
    let before = disaster.files();
    let out = disaster.dir.path().join("out");
    let line = format!("age -d -i slots/passphrase.age vault.age | head -1 | jq . > {}", out.display());
    let done = disaster.at_terminal(&line);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    has_the_account(&fs::read_to_string(&out).unwrap());
    assert!(disaster.files() == before, "something was written");
    assert!(!String::from_utf8_lossy(&done.stderr).contains(PASSPHRASE), "age does not echo the passphrase");
}

#[test]
fn the_recovery_paper_age_and_jq_give_the_accounts_and_leave_no_key_on_disk() {
    if !tools(&[("age", "age"), ("jq", "jq")]) {
        return;
    }
    let disaster = Disaster::new();
    let before = disaster.files();
    let paper = disaster.dir.path().join("recovery.txt");
    fs::write(&paper, format!("{}\n", disaster.recovery.expose())).unwrap();
    let line = "age -d -i ../recovery.txt slots/recovery.age | age -d -i - vault.age | head -1 | jq .";
    let done = Command::new("sh").args(["-c", line]).current_dir(disaster.data()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    has_the_account(std::str::from_utf8(&done.stdout).unwrap());
    assert!(disaster.files() == before, "something was written");
}

#[test]
fn a_strangers_reader_lists_the_accounts_and_checks_who_wrote_them() {
    if !tools(&[("age", "age"), ("python3", "python3")]) {
        return;
    }
    let disaster = Disaster::new();
    let out = disaster.dir.path().join("out");
    let line = format!("python3 {} . > {}", here("read_vault.py").display(), out.display());
    let done = disaster.at_terminal(&line);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let listed = fs::read_to_string(&out).unwrap();
    assert_eq!(listed, format!("totp\tMicrosoft\talice@contoso.com\t{BASE32}\n"), "and not the removed one");

    // Encrypted to the recipient by somebody without the key.
    let recipient: age::x25519::Recipient =
        fs::read_to_string(disaster.data().join("recipient")).unwrap().trim().parse().unwrap();
    let forged = format!("{{\"countersign\":1,\"entries\":[]}}\nhmac-sha256 {}\n", "0".repeat(64));
    fs::write(disaster.data().join("vault.age"), age::encrypt(&recipient, forged.as_bytes()).unwrap()).unwrap();
    let done = disaster.at_terminal(&line);
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("not written by the holder of the vault key"));
}
