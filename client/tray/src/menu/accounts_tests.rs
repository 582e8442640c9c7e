//! The rules of the accounts in the menu.

use super::*;

fn account(number: usize, issuer: &str, name: &str) -> Account {
    Account {
        id: format!("{number:032x}"),
        issuer: issuer.into(),
        title: format!("{issuer} – {name}"),
        period: 30,
        confirmed: true,
        ..Account::default()
    }
}

fn many(count: usize) -> Vec<Account> {
    (0..count).map(|number| account(number, &format!("Site {:03}", count - number), "alice")).collect()
}

/// What one click copies, in its order, and what the submenus are called.
fn top(menu: &[Entry]) -> (Vec<&str>, Vec<&str>) {
    let (mut items, mut submenus) = (Vec::new(), Vec::new());
    for entry in menu {
        match entry {
            Entry::Item(_, label) => items.push(label.as_str()),
            Entry::Submenu(label, _) => submenus.push(label.as_str()),
            Entry::Note(_) | Entry::Separator => {}
        }
    }
    (items, submenus)
}

fn clicks(menu: &[Entry]) -> Vec<&Action> {
    fn inner(entry: &Entry) -> Vec<&Action> {
        match entry {
            Entry::Item(action, _) => vec![action],
            Entry::Submenu(_, entries) => clicks(entries),
            Entry::Note(_) | Entry::Separator => Vec::new(),
        }
    }
    menu.iter().flat_map(inner).collect()
}

fn inner<'a>(menu: &'a [Entry], name: &str) -> &'a [Entry] {
    let found = menu.iter().find_map(|entry| match entry {
        Entry::Submenu(label, entries) if label == name => Some(entries.as_slice()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no submenu {name} in {menu:#?}"))
}

#[test]
fn three_accounts_are_one_click_each_in_the_order_of_use() {
    let menu = entries(&[account(2, "Zulip", "z"), account(1, "GitHub", "g"), account(3, "Amazon", "a")], Room::USUAL);
    assert_eq!(top(&menu), (vec!["Zulip – z", "GitHub – g", "Amazon – a"], vec![MORE]));
    assert_eq!(clicks(&menu)[1], &Action::With(Deed::Copy, format!("{:032x}", 1)));
}

#[test]
fn pinned_accounts_stand_apart() {
    let pinned = Account { pinned: true, ..account(1, "Bank", "b") };
    let menu = entries(&[pinned.clone(), account(2, "GitHub", "g")], Room::USUAL);
    assert_eq!(menu[1], Entry::Separator, "{menu:#?}");
    assert!(!matches!(entries(&[pinned], Room::USUAL)[1], Entry::Item(..)), "no line with nothing below it");
}

#[test]
fn up_to_20_accounts_stand_side_by_side_and_of_more_the_first_ten() {
    for (count, first, groups) in [(1, 1, 0), (20, 20, 0), (21, 10, 1), (50, 10, 2), (200, 10, 10), (1000, 10, 12)] {
        let menu = entries(&many(count), Room::USUAL);
        let (items, submenus) = top(&menu);
        assert_eq!((items.len(), submenus.len() - 1), (first, groups), "{count} accounts: {submenus:?}");
    }
}

#[test]
fn all_that_is_pinned_comes_first_up_to_a_whole_list() {
    for (pinned, first) in [(3, 10), (15, 15), (60, 20)] {
        let mut accounts = many(200);
        accounts.iter_mut().take(pinned).for_each(|account| account.pinned = true);
        assert_eq!(top(&entries(&accounts, Room::USUAL)).0.len(), first, "{pinned} pinned ones");
    }
}

#[test]
fn with_200_accounts_a_menu_fits_on_a_small_screen() {
    // 720 pixels hold some 26 lines, in GNOME 18, of which the menu has 5 beside the accounts.
    let lines = |menu: &[Entry]| menu.iter().filter(|entry| **entry != Entry::Separator).count();
    let several = |count: usize| -> Vec<Account> {
        (0..count).map(|number| account(number, &format!("Site {:03}", number / 5), &format!("u{number}"))).collect()
    };
    for accounts in [many(200), several(200)] {
        let menu = entries(&accounts, Room::USUAL);
        assert!(lines(&menu) + 5 <= 26, "{} lines", lines(&menu));
        for entry in &menu {
            if let Entry::Submenu(label, entries) = entry {
                assert!(lines(entries) <= 26, "{label} has {} lines", lines(entries));
            }
        }
    }
    for accounts in [many(10), many(11), many(200), several(200), many(1000)] {
        let menu = entries(&accounts, Room::GNOME);
        assert!(lines(&menu) + 5 <= 18, "{} lines of {} accounts", lines(&menu), accounts.len());
    }
}

#[test]
fn every_account_can_be_copied_by_one_click_however_many() {
    for count in [3, 21, 200, 1000] {
        let menu = entries(&many(count), Room::USUAL);
        let outside: Vec<Entry> =
            menu.into_iter().filter(|entry| !matches!(entry, Entry::Submenu(name, _) if name == MORE)).collect();
        let copies: Vec<&Action> = clicks(&outside);
        for account in many(count) {
            let copy = Action::With(Deed::Copy, account.id);
            assert_eq!(copies.iter().filter(|action| ***action == copy).count(), 1, "{count} accounts");
        }
    }
}

#[test]
fn everything_can_be_done_with_the_first_accounts_and_with_the_one_used_last() {
    let mut accounts = many(200);
    accounts[150].last_used = 1_764_000_000;
    let menu = entries(&accounts, Room::USUAL);
    let actions = clicks(inner(&menu, MORE));
    for account in accounts[..Room::USUAL.first].iter().chain([&accounts[150]]) {
        for deed in [Deed::Copy, Deed::CopyNext, Deed::Large, Deed::Type, Deed::ShowQr, Deed::Pin] {
            let action = Action::With(deed, account.id.clone());
            assert_eq!(actions.iter().filter(|one| ***one == action).count(), 1, "{action:?}");
        }
    }
    assert_eq!(actions.len(), 6 * (Room::USUAL.first + 1));
    accounts[3].last_used = 1_764_000_001;
    assert_eq!(
        clicks(inner(&entries(&accounts, Room::USUAL), MORE)).len(),
        6 * Room::USUAL.first,
        "the last one stands among the first"
    );
}

#[test]
fn submenus_go_by_issuer_and_say_from_where_to_where() {
    let menu = entries(&many(50), Room::USUAL);
    assert_eq!(top(&menu).1, ["Site 001 … Site 020", "Site 021 … Site 040", MORE]);
    assert_eq!(top(inner(&menu, "Site 001 … Site 020")).0[0], "Site 001 – alice");
}

#[test]
fn an_issuer_is_not_torn_apart_and_one_of_many_accounts_has_submenus_of_its_own() {
    let mut accounts = many(10);
    accounts.extend((0..12).map(|number| account(100 + number, "Amazon", &format!("user{number:02}"))));
    accounts.extend((0..12).map(|number| account(200 + number, "Box", &format!("user{number:02}"))));
    accounts.extend((0..45).map(|number| account(300 + number, "Cloud", &format!("user{number:02}"))));
    let menu = entries(&accounts, Room::USUAL);
    let cloud =
        ["Cloud – user00 … Cloud – user19", "Cloud – user20 … Cloud – user39", "Cloud – user40 … Cloud – user44"];
    assert_eq!(top(&menu).1, ["Amazon", "Box", cloud[0], cloud[1], cloud[2], MORE]);
}

#[test]
fn case_does_not_tear_an_issuer_apart() {
    let mut accounts = many(10);
    accounts
        .extend((0..11).map(|number| account(100 + number, ["GitHub", "GITHUB"][number % 2], &format!("{number:02}"))));
    assert_eq!(top(&entries(&accounts, Room::USUAL)).1, ["GitHub", MORE]);
}

#[test]
fn accounts_of_the_same_name_can_be_told_apart() {
    let twin = |id: &str| Account { id: id.repeat(16), ..account(0, "GitHub", "a") };
    let menu = entries(&[twin("a1"), twin("b2"), account(8, "GitLab", "a")], Room::USUAL);
    assert_eq!(top(&menu).0, ["GitHub – a (a1a1)", "GitHub – a (b2b2)", "GitLab – a"]);
}

#[test]
fn what_has_no_name_and_what_pretends_to_is_shown() {
    let hostile = Account { title: "Git\u{202e}buH".into(), ..account(1, "", "") };
    let nameless = Account { title: String::new(), ..account(2, "", "") };
    assert_eq!(top(&entries(&[hostile, nameless], Room::USUAL)).0, ["Git\\u{202e}buH", "(no name)"]);
}

#[test]
fn an_account_without_its_pin_can_be_shown_but_gives_no_code() {
    let pinless = Account { pin_needed: true, ..account(1, "mOTP", "bob") };
    let menu = entries(&[pinless], Room::USUAL);
    assert_eq!(menu[0], Entry::Note("mOTP – bob (needs its PIN)".into()));
    let id = format!("{:032x}", 1);
    assert_eq!(clicks(&menu), [&Action::With(Deed::ShowQr, id.clone()), &Action::With(Deed::Pin, id)]);
}

#[test]
fn a_counter_has_no_next_code_to_copy() {
    let counter = Account { period: 0, ..account(1, "HOTP", "bob") };
    assert!(!deeds(&counter).contains(&Deed::CopyNext) && deeds(&counter).contains(&Deed::Copy));
}

#[test]
fn what_is_pinned_can_be_unpinned_and_what_is_unconfirmed_confirmed() {
    let rows = [
        (
            Account { pinned: true, ..account(1, "A", "a") },
            [Deed::Unpin].as_slice(),
            [Deed::Pin, Deed::Accept].as_slice(),
        ),
        (Account { confirmed: false, ..account(1, "A", "a") }, &[Deed::Pin, Deed::Accept], &[Deed::Unpin]),
    ];
    for (account, there, gone) in rows {
        let deeds = deeds(&account);
        assert!(
            there.iter().all(|deed| deeds.contains(deed)) && !gone.iter().any(|deed| deeds.contains(deed)),
            "{deeds:?}"
        );
    }
    assert_eq!(
        top(&entries(&[Account { confirmed: false, ..account(1, "A", "a") }], Room::USUAL)).0,
        ["A – a (unconfirmed)"]
    );
}
