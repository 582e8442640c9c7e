//! Imports: what is taken, what is there already, and that ten thousand come in one go.

use std::time::{Duration, Instant};

use countersign_core::{
    account::{Account, Algorithm, Kind},
    vault::{IfExists, Outcome, Portable, Vault},
};

use crate::world::{DAY, World, account, reopen, with_secret};

fn outcomes(vault: &mut Vault, accounts: &[Portable], if_exists: IfExists) -> Vec<Outcome> {
    let told = vault.preview(accounts, if_exists).unwrap();
    let done = vault.import(accounts, if_exists).unwrap();
    let outcomes = |all: &[countersign_core::vault::Added]| all.iter().map(|one| one.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&told), outcomes(&done), "what was told is what is done");
    outcomes(&done)
}

fn plain(account: Account) -> Portable {
    Portable::new(account)
}

#[test]
fn what_comes_twice_is_kept_once() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let file = || [plain(account("Example", "alice")), plain(account("New", "bob")), plain(account(" NEW", "Bob "))];
    // The last has another secret, which is made of the name.
    let same = || plain(with_secret("new", "BOB", b"secret of New bob"));
    let all: Vec<Portable> = file().into_iter().chain([same()]).collect();
    let first = outcomes(&mut vault, &all, IfExists::KeepBoth);
    assert_eq!(first, [Outcome::AlreadyKept, Outcome::Kept, Outcome::KeptBoth, Outcome::Repeated]);
    let generation = vault.generation();
    assert!(outcomes(&mut vault, &all, IfExists::KeepBoth).iter().all(|one| *one == Outcome::AlreadyKept));
    assert_eq!(vault.generation(), generation, "nothing new writes nothing");
}

#[test]
fn what_comes_twice_has_the_labels_of_both() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let with = |name, tag: &str, note: &str| {
        let (tags, note) = (vec![tag.to_owned()], note.to_owned());
        Portable { tags, note, pinned: tag == "home", ..plain(account("Example", name)) }
    };
    let all = [with("bob", "work", "its note"), with("bob", "home", "another"), with("alice", "home", "")];
    let added = vault.import(&all, IfExists::KeepBoth).unwrap();
    let left: Vec<_> = added.iter().map(|one| (one.outcome, one.leaves_note)).collect();
    assert_eq!(left, [(Outcome::Kept, false), (Outcome::Repeated, true), (Outcome::AlreadyKept, false)]);
    let kept = |name| vault.entries().find(|entry| entry.account().name == name).unwrap();
    assert_eq!((kept("bob").tags(), kept("bob").note()), (&["work".to_owned(), "home".to_owned()][..], "its note"));
    assert!(kept("bob").pinned() && kept("alice").tags().is_empty());
}

#[test]
fn an_account_has_a_thousand_labels_at_most() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let with = |tags: std::ops::Range<usize>| Portable {
        tags: tags.map(|number| number.to_string()).collect(),
        ..plain(account("Example", "bob"))
    };
    assert!(vault.import(&[with(0..1001)], IfExists::KeepBoth).is_err());
    let added = vault.import(&[with(0..600), with(500..1200)], IfExists::KeepBoth).unwrap();
    assert_eq!(added[1].outcome, Outcome::Repeated);
    assert_eq!(vault.entries().next().unwrap().tags().len(), 1000);
}

#[test]
fn one_undo_takes_all_of_an_import_back() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&["alice"]);
    let all = [plain(account("New", "bob")), plain(with_secret("Example", "alice", b"another"))];
    assert_eq!(outcomes(&mut vault, &all, IfExists::Replace), [Outcome::Kept, Outcome::Replaced]);
    vault.undo().unwrap();
    drop(vault);
    let vault = reopen(&store, &key);
    let kept: Vec<_> = vault.entries().map(|entry| entry.account().secret.expose().to_vec()).collect();
    assert_eq!(kept, [b"secret of Example alice".to_vec()]);
}

/// Undone and done again, an import would leave a copy of itself in the trash each time, until the vault is full.
#[test]
fn an_import_that_was_undone_comes_back_from_the_trash() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&[]);
    let all = || vec![plain(account("New", "bob")), plain(account("New", "carol"))];
    for _ in 0..3 {
        assert_eq!(outcomes(&mut vault, &all(), IfExists::KeepBoth), [Outcome::Kept, Outcome::Kept]);
        assert_eq!((vault.entries().count(), vault.trash().count()), (2, 0));
        world.pass(20 * DAY);
        assert_eq!(vault.undo().unwrap().accounts.len(), 2);
        assert_eq!((vault.entries().count(), vault.trash().count()), (0, 2), "its time in the trash begins anew");
        world.pass(20 * DAY);
    }
}

#[test]
fn of_two_counters_the_higher_one_holds() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let by_counter = |counter| {
        let kind = Kind::Hotp { algorithm: Algorithm::Sha1, digits: 6, counter };
        plain(Account { kind, ..account("Example", "alice") })
    };
    let take = |vault: &mut Vault, counter| outcomes(vault, &[by_counter(counter)], IfExists::KeepBoth)[0];
    assert_eq!(take(&mut vault, 5), Outcome::Kept);
    assert_eq!(take(&mut vault, 50), Outcome::CounterRaised);
    assert_eq!(take(&mut vault, 7), Outcome::AlreadyKept);
    drop(vault);
    let mut vault = reopen(&store, &key);
    let id = vault.entries().next().unwrap().id();
    assert_eq!(vault.advance(id).unwrap(), 50);
    vault.undo().unwrap();
    assert_eq!(take(&mut vault, 9), Outcome::Kept, "it comes from the trash");
    assert_eq!(vault.advance(id).unwrap(), 51, "a counter never goes back");
}

#[test]
fn what_lay_in_a_trash_takes_nobodys_place_and_comes_once() {
    let world = World::new();
    let (_store, mut vault, _) = world.vault(&["alice"]);
    let trashed = || Portable { trashed: true, ..plain(with_secret("Example", "alice", b"an old one")) };
    assert_eq!(outcomes(&mut vault, &[trashed()], IfExists::Replace), [Outcome::Kept]);
    assert_eq!(outcomes(&mut vault, &[trashed()], IfExists::Replace), [Outcome::AlreadyKept]);
    assert_eq!((vault.entries().count(), vault.trash().count()), (1, 1));
}

#[test]
fn what_belongs_to_an_account_comes_along() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let tags = vec!["work".to_owned()];
    let one = Portable { note: "n".into(), tags, pinned: true, uses: 7, ..plain(account("Example", "alice")) };
    vault.import(&[one], IfExists::KeepBoth).unwrap();
    drop(vault);
    let vault = reopen(&store, &key);
    let entry = vault.entries().next().unwrap();
    assert_eq!(
        (entry.note(), entry.tags(), entry.pinned(), entry.earlier_uses()),
        ("n", &["work".to_owned()][..], true, 7)
    );
}

/// Compared pair by pair this took minutes. The limit is far above what it takes, since a busy machine is no fault.
#[test]
fn ten_thousand_come_in_one_go() {
    let world = World::new();
    let (store, mut vault, key) = world.vault(&[]);
    let named = |number: u32| plain(account("Example", &format!("user {number}")));
    let nameless = |number: u32| plain(with_secret("", "", &number.to_be_bytes()));
    let all: Vec<Portable> = (0..5_000).flat_map(|number| [named(number), nameless(number)]).collect();
    let start = Instant::now();
    assert!(outcomes(&mut vault, &all, IfExists::KeepBoth).iter().all(|one| *one == Outcome::Kept));
    assert!(outcomes(&mut vault, &all, IfExists::KeepBoth).iter().all(|one| *one == Outcome::AlreadyKept));
    drop(vault);
    let mut vault = reopen(&store, &key);
    assert_eq!(vault.undo().unwrap().accounts.len(), 10_000);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
