//! The list of sites to enrol again.

use countersign_core::{
    account::AccountId,
    vault::{ChecklistEdit, IfExists, Portable, Progress, Vault, VaultError},
};

use crate::{
    forward::{forge, line},
    world::{DAY, World, account, reopen, with_secret},
};

fn add(vault: &mut Vault, sites: &[&str]) {
    edit(vault, sites, &[]).unwrap();
}

fn edit(vault: &mut Vault, add: &[&str], remove: &[&str]) -> Result<(), VaultError> {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    vault.edit_checklist(&ChecklistEdit { add: texts(add), remove: texts(remove), program: "Authy".into() })
}

fn told(vault: &Vault) -> Vec<String> {
    let word = |progress: &Progress<'_>| match progress {
        Progress::Open => "open",
        Progress::Before(_) => "before",
        Progress::Unproven(_) => "unproven",
        Progress::Unused(_) => "unused",
        Progress::Done(_) => "done",
    };
    vault.checklist(|_| None).iter().map(|(site, progress)| format!("{} {}", site.name(), word(progress))).collect()
}

#[test]
fn a_site_is_done_when_an_account_kept_since_is_in_use() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    vault.add(account("Bank", "old"), IfExists::KeepBoth).unwrap();
    world.pass(60);
    add(&mut vault, &["github.com", "bank", "Shop"]);
    assert_eq!(told(&vault), ["github.com open", "bank before", "Shop open"]);
    world.pass(60);
    let id = vault.enrol(account("GitHub", "alice"), IfExists::KeepBoth).unwrap().id;
    assert_eq!(told(&vault)[0], "github.com unproven");
    vault.confirm(id).unwrap();
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(told(&vault), ["github.com done", "bank before", "Shop open"]);
    vault.remove(id).unwrap();
    assert_eq!(told(&vault)[0], "github.com open", "an account in the trash is none");
}

/// An import takes it that its accounts are in use elsewhere; that they work here nobody has seen.
#[test]
fn an_imported_account_is_done_when_it_was_used_here_or_accepted() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    add(&mut vault, &["GitHub"]);
    let id = vault.import(&[Portable::new(account("GitHub", "alice"))], IfExists::KeepBoth).unwrap()[0].id;
    assert_eq!(told(&vault), ["GitHub unused"]);
    vault.undo().unwrap();
    world.pass(60);
    vault.import(&[Portable::new(account("GitHub", "alice"))], IfExists::KeepBoth).unwrap();
    assert_eq!(told(&vault), ["GitHub unused"], "nor does it by way of the trash");
    let kept = vault.entry(id).unwrap().created();
    let is_done = |vault: &Vault, at| matches!(vault.checklist(|_| Some(at))[0].1, Progress::Done(_));
    assert!(!is_done(&vault, kept - 1) && is_done(&vault, kept));
    vault.confirm(id).unwrap();
    assert_eq!(told(&vault), ["GitHub done"]);
}

/// Who enrols anew replaces the secret: that account is older than the list, its secret is not.
#[test]
fn a_secret_that_was_replaced_since_counts() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    world.pass(60);
    add(&mut vault, &["Example:alice", "Example:bob"]);
    world.pass(60);
    let id = vault.enrol(with_secret("Example", "alice", b"anew"), IfExists::Replace).unwrap().id;
    vault.confirm(id).unwrap();
    assert_eq!(told(&vault), ["Example:alice done", "Example:bob open"]);
}

#[test]
fn each_change_of_the_list_is_one_undo() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    add(&mut vault, &["GitHub", "Bank"]);
    world.pass(1);
    edit(&mut vault, &["Shop"], &["bank"]).unwrap();
    assert_eq!(told(&vault), ["GitHub open", "Shop open"]);
    let mut undone = vault.undo().unwrap().sites;
    undone.sort();
    assert_eq!(undone, ["Bank", "Shop"]);
    assert_eq!(told(&vault), ["GitHub open", "Bank open"]);
    assert_eq!(vault.undo().unwrap().sites, ["GitHub", "Bank"]);
    assert_eq!(told(&vault), [""; 0]);
    assert_eq!(vault.undo().unwrap().accounts.len(), 1, "what was done before the list is next");
}

#[test]
fn a_site_stands_on_the_list_once_and_can_come_back() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    add(&mut vault, &["GitHub", "https://github.com/login"]);
    assert_eq!(told(&vault), ["GitHub open"]);
    let generation = vault.generation();
    add(&mut vault, &["github"]);
    assert_eq!(vault.generation(), generation, "nothing has changed");
    edit(&mut vault, &[], &["github"]).unwrap();
    add(&mut vault, &["GitHub"]);
    assert_eq!(told(&vault), ["GitHub open"]);
    edit(&mut vault, &["Bank"], &["Bank"]).unwrap_err();
}

#[test]
fn what_can_not_be_on_the_list_is_refused_and_nothing_is_changed() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let refused = |vault: &mut Vault, site: &str| edit(vault, &["GitHub", site], &[]).unwrap_err().to_string();
    assert!(refused(&mut vault, " ").contains("no name"));
    assert!(refused(&mut vault, &"x".repeat(257)).contains("256"));
    assert!(matches!(edit(&mut vault, &[], &["Bank"]), Err(VaultError::NoSuch { .. })));
    let many: Vec<String> = (0..1001).map(|number| format!("site {number}")).collect();
    let full = vault.edit_checklist(&ChecklistEdit { add: many, ..ChecklistEdit::default() });
    assert!(matches!(full, Err(VaultError::Full(_))));
    assert_eq!(told(&vault), [""; 0]);
}

#[test]
fn undo_lasts_for_30_days_and_what_was_taken_off_for_a_year() {
    let world = World::new();
    let (_store, mut vault, key) = world.vault(&[]);
    add(&mut vault, &["GitHub", "Bank"]);
    edit(&mut vault, &[], &["Bank"]).unwrap();
    world.pass(31 * DAY);
    vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap();
    vault.undo().unwrap();
    assert!(matches!(vault.undo(), Err(VaultError::NothingToUndo)));
    assert_eq!(told(&vault), ["GitHub open"]);
    let has_bank = |vault: &mut Vault| {
        vault.add(account("Example", &vault.generation().to_string()), IfExists::KeepBoth).unwrap();
        String::from_utf8(line(&world, &key)).unwrap().contains("\"Bank\"")
    };
    assert!(has_bank(&mut vault), "another copy has to learn of it");
    world.pass(365 * DAY);
    assert!(!has_bank(&mut vault));
    assert_eq!(told(&vault), ["GitHub open"]);
}

#[test]
fn what_a_later_version_writes_on_the_list_is_kept_word_for_word() {
    let world = World::new();
    let (store, vault, key) = world.vault(&[]);
    drop(vault);
    let id = AccountId::from_bytes([7; 16]);
    let known = r#"{"site":"GitHub","created":5,"version":"00000000000a-00000000-0000000000000001","colour":"red"}"#;
    let strange = r#"{"site":["a","list"],"more":1}"#;
    forge(
        &world,
        &key,
        &format!(r#"{{"countersign":1,"vault":"{id}","generation":900,"entries":[],"checklist":[{known},{strange}]}}"#),
    );
    let mut vault = reopen(&store, &key);
    assert_eq!(told(&vault), ["GitHub open"]);
    add(&mut vault, &["Bank"]);
    let text = String::from_utf8(line(&world, &key)).unwrap();
    assert!(text.contains(strange) && text.contains("\"colour\":\"red\""), "{text}");
}
