//! What this machine remembers of vaults: the last generation seen, so that an older copy put back is noticed, and
//! which device it is. Neither is secret, and losing the file only loses the warning.

use std::{collections::BTreeMap, fs, path::Path};

use super::file;

/// Returns the last generation seen of a vault; 0 where none is remembered.
pub(super) fn last(state: &Path, vault: &str) -> u64 {
    read(state).remove(vault).unwrap_or_default()
}

/// Remembers a generation. Best effort: a state folder that can't be written costs the warning, not the save.
pub(super) fn remember(state: &Path, vault: &str, generation: u64) {
    let mut all = read(state);
    all.insert(vault.to_owned(), generation);
    let lines: Vec<String> = all.iter().map(|(vault, generation)| format!("{vault} {generation}\n")).collect();
    // No fsync: a save stays at two. After a power cut the old file is as good, since it can only hold less.
    let temp = state.join(format!(".{SEEN}.tmp-{}", std::process::id()));
    let _ = fs::write(&temp, lines.concat()).and_then(|()| fs::rename(&temp, state.join(SEEN)));
}

fn read(state: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(state.join(SEEN)).unwrap_or_default();
    let line = |line: &str| {
        let (vault, generation) = line.split_once(' ')?;
        Some((vault.to_owned(), generation.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Returns the number of this device, made at the first use. It does not lie beside the vault: a copied vault must not
/// make two machines one.
pub(super) fn device(state: &Path) -> u64 {
    let path = state.join("device");
    let known = fs::read_to_string(&path).ok().and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    known.unwrap_or_else(|| {
        let device = file::random().map(u64::from_le_bytes).unwrap_or_default();
        let _ = fs::write(&path, format!("{device:016x}\n"));
        device
    })
}

const SEEN: &str = "seen";
