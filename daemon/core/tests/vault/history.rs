//! Undo, trash and replaced secrets.

use countersign_core::{
    account::{AccountId, Algorithm, Kind},
    secret::SecretText,
    variation::Variation,
    vault::{Added, Change, Edit, Entry, IfExists, Outcome, Portable, Vault, VaultError},
};
use proptest::prelude::*;

use crate::world::{DAY, World, account, counter_based, names, only, reopen, state, with_secret};

fn rename(name: &str) -> Edit {
    Edit { name: Some(name.to_owned()), ..Edit::default() }
}

fn trash(vault: &Vault) -> Vec<String> {
    vault.trash().map(|entry| entry.account().name.clone()).collect()
}

#[test]
fn what_is_removed_lies_in_the_trash_and_comes_back() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice", "bob"]);
    let before = state(&vault);
    let id = vault.entries().next().unwrap().id();
    vault.remove(id).unwrap();
    assert_eq!((names(&vault), trash(&vault)), (vec!["bob".to_owned()], vec!["alice".to_owned()]));
    assert!(matches!(vault.remove(id), Err(VaultError::NoSuchAccount(_))), "it is gone already");
    assert!(matches!(vault.edit(id, rename("x")), Err(VaultError::NoSuchAccount(_))));
    drop(vault);
    let mut vault = reopen(&store, &key);
    vault.restore(id).unwrap();
    assert_eq!(state(&vault), before);
    assert!(matches!(vault.restore(id), Err(VaultError::NoSuchAccount(_))), "it is not in the trash");
}

#[test]
fn what_is_removed_together_is_one_change_or_none() {
    let world = World::new();
    let (_store, mut vault, _key) = world.vault(&["alice", "bob", "carol"]);
    let ids: Vec<AccountId> = vault.entries().map(Entry::id).collect();
    let before = state(&vault);
    vault.remove_all(&ids[..2]).unwrap();
    assert_eq!(names(&vault), ["carol"]);
    assert!(matches!(vault.remove_all(&[ids[2], ids[0]]), Err(VaultError::NoSuchAccount(id)) if id == ids[0]));
    assert_eq!(names(&vault), ["carol"]);
    assert_eq!(vault.undo().unwrap().accounts, ids[..2]);
    assert_eq!(state(&vault), before);
}

#[test]
fn undo_goes_back_change_by_change_also_after_unlocking_again() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let mut states = vec![state(&vault)];
    let alice = vault.add(account("Example", "alice"), IfExists::KeepBoth).unwrap().id;
    states.push(state(&vault));
    vault.edit(alice, rename("alicia")).unwrap();
    states.push(state(&vault));
    vault.add(with_secret("Example", "alicia", b"new"), IfExists::Replace).unwrap();
    states.push(state(&vault));
    vault.remove(alice).unwrap();
    for expected in [Change::Removed, Change::Replaced, Change::Edited, Change::Added] {
        drop(vault);
        vault = reopen(&store, &key);
        assert_eq!(vault.last_change(), Some(expected));
        let undone = vault.undo().unwrap();
        assert_eq!((undone.what, undone.accounts), (expected, vec![alice]));
        assert_eq!(state(&vault), states.pop().unwrap());
    }
    assert!(matches!(vault.undo(), Err(VaultError::NothingToUndo)));
}

#[test]
fn a_pin_lasts_and_no_undo_takes_it_back() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let id = only(&vault);
    vault.edit(id, rename("alicia")).unwrap();
    vault.pin(id, true).unwrap();
    vault.undo().unwrap();
    assert_eq!((names(&vault), vault.entry(id).unwrap().pinned()), (vec!["alice".to_owned()], true));
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert!(vault.entry(id).unwrap().pinned());
    let generation = vault.generation();
    vault.pin(id, true).unwrap();
    assert_eq!(vault.generation(), generation, "nothing was to be done");
    vault.pin(id, false).unwrap();
    assert!(!vault.entry(id).unwrap().pinned());
}

#[test]
fn no_secret_is_lost_by_an_undo() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let id = only(&vault);
    vault.add(with_secret("Example", "alice", b"new"), IfExists::Replace).unwrap();
    vault.undo().unwrap();
    let entry = vault.entry(id).unwrap();
    assert_eq!(entry.account().secret.expose(), b"secret of Example alice");
    let undone = entry.replaced().next().unwrap();
    assert_eq!(undone.account.secret.expose(), b"new");
    let change = undone.change;
    vault.take_back(id, change).unwrap();
    assert_eq!(vault.entry(id).unwrap().account().secret.expose(), b"new");

    let bob = vault.add(account("Example", "bob"), IfExists::KeepBoth).unwrap().id;
    vault.undo().unwrap();
    assert_eq!(trash(&vault), ["bob"]);
    vault.restore(bob).unwrap();
}

#[test]
fn accounts_added_together_are_one_change_and_one_undo() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let before = state(&vault);
    let batch = vec![account("A", "one"), account("A", "two"), account("A", "two"), account("Example", "alice")];
    let added = vault.add_all(batch, IfExists::KeepBoth).unwrap();
    let outcomes: Vec<_> = added.iter().map(|added| added.outcome).collect();
    assert_eq!(outcomes, [Outcome::Kept, Outcome::Kept, Outcome::AlreadyKept, Outcome::AlreadyKept]);
    assert_eq!(vault.generations()[0].why, "import");
    assert_eq!(vault.undo().unwrap().accounts.len(), 2);
    assert_eq!(state(&vault), before);
}

#[test]
fn an_import_brings_what_belongs_to_its_accounts_and_is_one_undo() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let before = state(&vault);
    let whole = Portable {
        note: "a note".into(),
        tags: vec!["work".into()],
        pinned: true,
        uses: 7,
        ..Portable::new(account("A", "one"))
    };
    let trashed = Portable { trashed: true, ..Portable::new(account("A", "two")) };
    let batch = [whole, trashed, Portable::new(account("Example", "alice"))];
    let outcomes = |all: Vec<Added>| all.iter().map(|added| added.outcome).collect::<Vec<_>>();
    let expected = [Outcome::Kept, Outcome::Kept, Outcome::AlreadyKept];
    assert_eq!(outcomes(vault.preview(&batch, IfExists::KeepBoth).unwrap()), expected);
    assert_eq!(state(&vault), before, "a preview changes nothing");
    assert_eq!(outcomes(vault.import(&batch, IfExists::KeepBoth).unwrap()), expected);
    drop(vault);
    let mut vault = reopen(&store, &key);
    let one = vault.entries().find(|entry| entry.account().name == "one").unwrap();
    assert_eq!((one.note(), one.tags(), one.pinned()), ("a note", &["work".to_owned()][..], true));
    assert_eq!(one.earlier_uses(), 7);
    assert_eq!((names(&vault).len(), trash(&vault)), (2, vec!["two".to_owned()]));
    assert_eq!(vault.generations()[0].why, "import");
    vault.undo().unwrap();
    assert_eq!(state(&vault), before);
}

#[test]
fn one_account_that_cant_be_kept_keeps_all_of_its_batch_out() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let refused = vault.add_all(vec![account("A", "one"), with_secret("A", "two", b"")], IfExists::KeepBoth);
    assert!(matches!(refused, Err(VaultError::Invalid { .. })), "{refused:?}");
    assert_eq!(names(&vault), ["alice"]);
}

#[test]
fn an_undo_never_brings_a_used_counter_back() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let id = vault.add(counter_based("alice", 5), IfExists::KeepBoth).unwrap().id;
    vault.edit(id, rename("alicia")).unwrap();
    assert_eq!(vault.advance(id).unwrap(), 5);
    assert_eq!(vault.undo().unwrap().what, Change::Edited);
    assert_eq!(names(&vault), ["alice"]);
    assert_eq!(vault.advance(id).unwrap(), 6);

    vault.edit(id, Edit { counter: Some(100), ..Edit::default() }).unwrap();
    vault.undo().unwrap();
    assert_eq!(vault.advance(id).unwrap(), 7, "a counter set by hand and not used goes back");
}

#[test]
fn that_a_site_accepted_it_is_remembered_and_undo_passes_it_over() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let id = vault.enrol(account("Example", "alice"), IfExists::KeepBoth).unwrap().id;
    vault.edit(id, rename("alicia")).unwrap();
    assert_eq!(vault.entry(id).unwrap().confirmed(), None);
    vault.confirm(id).unwrap();
    let generation = vault.generation();
    vault.confirm(id).unwrap();
    assert_eq!(vault.generation(), generation, "once is enough");
    vault.undo().unwrap();
    assert_eq!(names(&vault), ["alice"]);
    assert_eq!(vault.entry(id).unwrap().confirmed(), Some(1_800_000_001));
    vault.enrol(with_secret("Example", "alice", b"new"), IfExists::Replace).unwrap();
    assert_eq!(vault.entry(id).unwrap().confirmed(), None, "no site has accepted a code of the new secret");
    vault.undo().unwrap();
    assert_eq!(vault.entry(id).unwrap().confirmed(), Some(1_800_000_001), "nor lost what the old one had");
}

#[test]
fn what_did_not_come_by_an_enrolment_has_nothing_to_prove() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    vault.add_all(vec![account("Example", "bob"), account("Example", "carol")], IfExists::KeepBoth).unwrap();
    assert!(vault.entries().all(|entry| entry.confirmed() == Some(1_800_000_000)));
    let again = vault.enrol(account("Example", "bob"), IfExists::KeepBoth).unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyKept);
    assert!(vault.entry(again.id).unwrap().confirmed().is_some(), "what is kept already stays as it is");
}

#[test]
fn a_use_proves_an_account_when_its_enrolment_is_over() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let id = vault.enrol(account("Example", "alice"), IfExists::KeepBoth).unwrap().id;
    world.pass(600);
    assert!(!vault.is_proven_by_use(id), "the tries of the enrolment itself prove nothing");
    world.pass(1);
    assert!(vault.is_proven_by_use(id));
    vault.enrol(with_secret("Example", "alice", b"new"), IfExists::Replace).unwrap();
    assert!(!vault.is_proven_by_use(id), "another secret is another enrolment");
    world.pass(601);
    assert!(vault.is_proven_by_use(id));
    vault.confirm(id).unwrap();
    assert!(!vault.is_proven_by_use(id), "once is enough");
    drop(vault);
    assert_eq!(reopen(&store, &key).entry(id).unwrap().confirmed(), Some(1_800_001_202));
}

#[test]
fn a_counter_used_up_later_proves_its_account_too() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let kind = Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter: 0 };
    let hotp = countersign_core::account::Account { kind, ..account("Example", "alice") };
    let id = vault.enrol(hotp, IfExists::KeepBoth).unwrap().id;
    vault.advance(id).unwrap();
    assert_eq!(vault.entry(id).unwrap().confirmed(), None);
    world.pass(601);
    vault.advance(id).unwrap();
    assert_eq!(vault.entry(id).unwrap().confirmed(), Some(1_800_000_601));
}

#[test]
fn what_a_site_computes_instead_is_a_change_that_can_be_undone() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let declared = Kind::Totp { algorithm: Algorithm::Sha256, digits: 6, period: 60 };
    let odd = countersign_core::account::Account { kind: declared, ..account("Example", "alice") };
    let id = vault.enrol(odd, IfExists::KeepBoth).unwrap().id;
    let variation =
        |vault: &Vault, id: AccountId, word: &str| Variation::of(vault.entry(id).unwrap().account(), word).unwrap();
    vault.confirm_as(id, variation(&vault, id, "sha1-period-30")).unwrap();
    assert_eq!(vault.entry(id).unwrap().account().kind, Kind::totp());
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(vault.entry(id).unwrap().confirmed(), Some(1_800_000_001));
    assert_eq!(vault.undo().unwrap().what, Change::Edited);
    let entry = vault.entry(id).unwrap();
    assert_eq!(entry.account().kind, Kind::Totp { algorithm: Algorithm::Sha256, digits: 6, period: 60 });
    assert_eq!(entry.confirmed(), None, "what the site accepts is not this");

    vault.confirm_as(id, variation(&vault, id, "clock-fast")).unwrap();
    let entry = vault.entry(id).unwrap();
    assert_eq!(entry.account().kind, Kind::Totp { algorithm: Algorithm::Sha256, digits: 6, period: 60 });
    assert!(entry.confirmed().is_some(), "the clock is wrong, and the account is not");
}

#[test]
fn edits_that_do_not_fit_the_account_are_refused() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let id = only(&vault);
    let motp = crate::world::with_secret("M", "m", b"0123456789abcdef");
    let motp = countersign_core::account::Account { kind: Kind::Motp { pin: None }, ..motp };
    let motp = vault.add(motp, IfExists::KeepBoth).unwrap().id;
    let before = state(&vault);
    let bad = [
        (id, Edit { digits: Some(3), ..Edit::default() }),
        (id, Edit { digits: Some(11), ..Edit::default() }),
        (id, Edit { period: Some(0), ..Edit::default() }),
        (id, Edit { period: Some(86_401), ..Edit::default() }),
        (id, Edit { counter: Some(1), ..Edit::default() }),
        (id, Edit { pin: Some(SecretText::from("1234")), ..Edit::default() }),
        (id, Edit { name: Some("x".repeat(5000)), ..Edit::default() }),
        (motp, Edit { digits: Some(6), ..Edit::default() }),
        (motp, Edit { period: Some(30), ..Edit::default() }),
        (motp, Edit { algorithm: Some(Algorithm::Sha256), ..Edit::default() }),
    ];
    for (id, edit) in bad {
        let text = format!("{edit:?}");
        let refused = vault.edit(id, edit);
        assert!(matches!(refused, Err(VaultError::Invalid { .. })), "{text}: {refused:?}");
    }
    assert_eq!(state(&vault), before);
    vault.edit(motp, Edit { pin: Some(SecretText::from("1234")), ..Edit::default() }).unwrap();
    assert!(
        matches!(&vault.entry(motp).unwrap().account().kind, Kind::Motp { pin: Some(pin) } if pin.expose() == "1234")
    );
    vault.edit(motp, Edit { pin: Some(SecretText::from("")), ..Edit::default() }).unwrap();
    assert_eq!(vault.entry(motp).unwrap().account().kind, Kind::Motp { pin: None });
}

#[test]
fn an_edit_that_changes_nothing_is_no_change() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let generation = vault.generation();
    vault.edit(only(&vault), rename("alice")).unwrap();
    assert_eq!((vault.generation(), vault.last_change()), (generation, Some(Change::Added)));
}

#[test]
fn trash_and_history_last_30_days_and_a_tombstone_a_year() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice", "bob"]);
    let ids: Vec<AccountId> = vault.entries().map(countersign_core::vault::Entry::id).collect();
    vault.add(with_secret("Example", "bob", b"new"), IfExists::Replace).unwrap();
    vault.remove(ids[0]).unwrap();
    world.pass(30 * DAY - 1);
    vault.edit(ids[1], Edit { note: Some("a save".into()), ..Edit::default() }).unwrap();
    assert_eq!(trash(&vault), ["alice"]);
    assert_eq!(vault.entry(ids[1]).unwrap().replaced().count(), 1);

    world.pass(1);
    vault.add(account("Example", "carol"), IfExists::KeepBoth).unwrap();
    assert_eq!(trash(&vault), [""; 0]);
    assert_eq!(vault.entry(ids[1]).unwrap().replaced().count(), 0);
    assert!(matches!(vault.restore(ids[0]), Err(VaultError::NoSuchAccount(_))));
    drop(vault);

    let json = || String::from_utf8(crate::forward::line(&world, &key)).unwrap();
    let tombstone = || json().contains("\"tombstone\":true");
    assert!(json().contains(&ids[0].to_string()) && tombstone());
    let secret = data_encoding::BASE32_NOPAD.encode(b"secret of Example alice");
    assert!(!json().contains(&secret), "a tombstone holds no secret");
    let mut vault = reopen(&store, &key);
    world.pass(335 * DAY);
    vault.add(account("Example", "dora"), IfExists::KeepBoth).unwrap();
    assert!(!tombstone());
}

#[test]
fn an_account_that_is_edited_all_the_time_keeps_its_replaced_secret() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let id = only(&vault);
    vault.add(with_secret("Example", "alice", b"new"), IfExists::Replace).unwrap();
    for n in 0..60 {
        vault.edit(id, Edit { note: Some(n.to_string()), ..Edit::default() }).unwrap();
    }
    assert_eq!(vault.entry(id).unwrap().replaced().count(), 1);
    let undone = std::iter::from_fn(|| vault.undo().ok().filter(|undone| undone.what == Change::Edited)).count();
    assert_eq!(undone, 30, "of the rest, the last 30");
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, u8),
    Replace(u8, u8),
    AddAll(Vec<(u8, u8)>),
    Edit(u8, u8),
    Remove(u8),
    Restore(u8),
    Confirm(u8),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = || 0..4u8;
    let step = prop_oneof![
        (small(), small()).prop_map(|(name, secret)| Step::Add(name, secret)),
        (small(), small()).prop_map(|(name, secret)| Step::Replace(name, secret)),
        prop::collection::vec((small(), small()), 2..4).prop_map(Step::AddAll),
        (small(), small()).prop_map(|(which, name)| Step::Edit(which, name)),
        small().prop_map(Step::Remove),
        small().prop_map(Step::Restore),
        small().prop_map(Step::Confirm),
        Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..12)
}

fn one((name, secret): (u8, u8)) -> countersign_core::account::Account {
    with_secret("Example", &format!("name {name}"), &[secret + 1])
}

fn nth(vault: &Vault, n: u8) -> Option<AccountId> {
    vault.entries().nth(usize::from(n)).map(countersign_core::vault::Entry::id)
}

fn perform(vault: &mut Vault, step: Step) {
    match step {
        Step::Add(name, secret) => drop(vault.enrol(one((name, secret)), IfExists::KeepBoth).unwrap()),
        Step::Replace(name, secret) => drop(vault.enrol(one((name, secret)), IfExists::Replace).unwrap()),
        Step::AddAll(all) => drop(vault.add_all(all.into_iter().map(one).collect(), IfExists::Replace).unwrap()),
        Step::Edit(which, name) => {
            nth(vault, which).map(|id| vault.edit(id, rename(&format!("name {name}"))).unwrap()).unwrap_or_default();
        }
        Step::Remove(which) => nth(vault, which).map(|id| vault.remove(id).unwrap()).unwrap_or_default(),
        Step::Restore(which) => {
            let id = vault.trash().nth(usize::from(which)).map(countersign_core::vault::Entry::id);
            id.map(|id| vault.restore(id).unwrap()).unwrap_or_default();
        }
        Step::Confirm(which) => nth(vault, which).map(|id| vault.confirm(id).unwrap()).unwrap_or_default(),
        Step::Reopen => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever was done: undo after each change gives the state before, and the disk says what memory says.
    #[test]
    fn undo_after_each_change_gives_the_state_before(steps in steps()) {
        let world = World::new();
        let (store, mut vault, key) = world.vault(&[]);
        for step in steps {
            world.pass(1);
            let before = state(&vault);
            let changes = !matches!(step, Step::Confirm(_));
            perform(&mut vault, step.clone());
            let after = state(&vault);
            vault = reopen(&store, &key);
            prop_assert_eq!(&state(&vault), &after);
            if changes && after != before {
                vault.undo().unwrap();
                prop_assert_eq!(&state(&vault), &before, "after {:?}", step);
                perform(&mut vault, step);
            }
        }
    }
}
