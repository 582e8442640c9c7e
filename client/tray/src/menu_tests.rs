//! The menu's rules.

use super::*;

fn account(number: usize, title: &str) -> Account {
    Account { id: format!("{number:032x}"), title: title.into(), period: 30, pin_needed: false }
}

fn model(state: State, accounts: Vec<Account>) -> Model {
    let mut model = Model::default();
    model.set_view(View { state, accounts, ..View::default() });
    model
}

fn many(count: usize) -> Vec<Account> {
    (0..count).map(|number| account(number, &format!("Site {:03}", count - number))).collect()
}

/// All labels of a menu, and the entries that can be clicked.
fn flat(menu: &[Entry]) -> (Vec<String>, Vec<Action>) {
    let (mut labels, mut actions) = (Vec::new(), Vec::new());
    for entry in menu {
        match entry {
            Entry::Item(action, label) => {
                labels.push(label.clone());
                actions.push(action.clone());
            }
            Entry::Note(label) => labels.push(label.clone()),
            Entry::Submenu(label, entries) => {
                let (inner_labels, inner_actions) = flat(entries);
                labels.push(label.clone());
                labels.extend(inner_labels);
                actions.extend(inner_actions);
            }
            Entry::Separator => {}
        }
    }
    (labels, actions)
}

#[test]
fn accounts_stand_in_the_order_of_use() {
    let accounts = vec![account(2, "Zulip"), account(1, "GitHub"), account(3, "Amazon")];
    let menu = model(State::Unlocked, accounts).menu();
    let first: Vec<&str> = menu
        .iter()
        .map_while(|entry| if let Entry::Item(_, label) = entry { Some(label.as_str()) } else { None })
        .collect();
    assert_eq!(first, ["Zulip", "GitHub", "Amazon"]);
    assert_eq!(menu[1], Entry::Item(Action::Copy(format!("{:032x}", 1)), "GitHub".into()));
}

#[test]
fn up_to_25_accounts_have_no_submenu_and_more_do() {
    for (count, submenus) in [(25, 0), (26, 1), (50, 1), (51, 2), (200, 7)] {
        let model = model(State::Unlocked, many(count));
        let accounts = model.accounts();
        let inner: Vec<usize> = accounts
            .iter()
            .filter_map(|entry| if let Entry::Submenu(_, entries) = entry { Some(entries.len()) } else { None })
            .collect();
        assert_eq!(inner.len(), submenus, "{count} accounts");
        assert!(inner.iter().all(|size| *size <= 25), "{inner:?}");
        assert_eq!(accounts.len() - submenus, count.min(25));
    }
}

#[test]
fn every_account_can_be_copied_and_shown_once_however_many() {
    for count in [3, 26, 200, 1000] {
        let (_, actions) = flat(&model(State::Unlocked, many(count)).menu());
        for make in [Action::Copy as fn(String) -> Action, Action::ShowQr] {
            let found =
                many(count).iter().all(|one| actions.iter().filter(|a| **a == make(one.id.clone())).count() == 1);
            assert!(found, "{count} accounts");
        }
    }
}

#[test]
fn very_many_accounts_keep_the_top_level_short() {
    assert_eq!(model(State::Unlocked, many(1000)).accounts().len(), 50);
}

#[test]
fn submenus_go_by_name_and_say_from_where_to_where() {
    let accounts = model(State::Unlocked, many(75)).accounts();
    let labels: Vec<&str> = accounts
        .iter()
        .filter_map(|e| if let Entry::Submenu(label, _) = e { Some(label.as_str()) } else { None })
        .collect();
    assert_eq!(labels, ["Site 001 … Site 025", "Site 026 … Site 050"]);
}

#[test]
fn a_submenu_is_named_by_issuers_where_they_tell_it_apart() {
    let label = |from: &str, to: &str| {
        let (from, to) = (account(1, from), account(2, to));
        group_label(&[(&from, from.title.clone()), (&to, to.title.clone())])
    };
    assert_eq!(label("Amazon – a", "Box – b"), "Amazon … Box");
    assert_eq!(label("Amazon – a", "Amazon – z"), "Amazon – a … Amazon – z");
    assert_eq!(label("alone", "alone"), "alone");
}

#[test]
fn no_account_stands_in_the_menu_unless_unlocked() {
    for state in [State::NoDaemon, State::NoVault, State::Locked, State::Unusable] {
        let (labels, actions) = flat(&model(state, vec![account(1, "GitHub: alice")]).menu());
        assert!(labels.iter().all(|label| !label.contains("GitHub")), "{state:?}: {labels:?}");
        assert!(!actions.iter().any(|action| matches!(action, Action::Copy(_) | Action::ShowQr(_))), "{state:?}");
    }
}

#[test]
fn a_failure_that_names_an_account_is_gone_after_a_lock() {
    let mut model = model(State::Unlocked, vec![account(1, "GitHub: alice")]);
    model.set_failure(Some("GitHub: alice needs its PIN".into()));
    assert!(flat(&model.menu()).0[0].contains("PIN"));
    model.set_view(View { state: State::Locked, ..View::default() });
    let (labels, _) = flat(&model.menu());
    assert!(labels.iter().all(|label| !label.contains("GitHub")), "{labels:?}");
}

#[test]
fn each_state_offers_what_leads_on() {
    let offered = |state| flat(&model(state, Vec::new()).menu()).1;
    assert_eq!(offered(State::NoDaemon), [Action::Start, Action::Quit]);
    assert_eq!(offered(State::NoVault), [Action::SetUp, Action::Scan, Action::Quit]);
    assert_eq!(offered(State::Locked), [Action::Unlock, Action::Scan, Action::Quit]);
    assert_eq!(offered(State::Unlocked), [Action::Scan, Action::Lock, Action::Quit]);
    assert_eq!(offered(State::Unusable), [Action::Quit]);
}

#[test]
fn hostile_names_show_what_they_are() {
    let rows = [
        ("Git\u{202e}buH", "Git\\u{202e}buH"),
        ("a\nb\tc\u{0}", "a\\u{a}b\\u{9}c\\u{0}"),
        ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
        ("  padded  ", "padded"),
        ("", "(no name)"),
        ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"),
        ("R&D _dept_", "R&D _dept_"),
    ];
    for (title, label) in rows {
        assert_eq!(labels(&[account(1, title)]), [label], "{title:?}");
    }
    let long = labels(&[account(1, &"x".repeat(5000))]);
    assert_eq!((long[0].chars().count(), long[0].ends_with('…')), (60, true));
}

#[test]
fn accounts_of_the_same_name_can_be_told_apart() {
    let twin = |id: &str| Account { id: id.repeat(16), ..account(0, "GitHub") };
    let twins = [twin("a1"), twin("b2"), account(8, "GitLab")];
    let labels = labels(&twins);
    assert_eq!(labels, ["GitHub (a1a1)", "GitHub (b2b2)", "GitLab"]);
}

#[test]
fn an_account_without_its_pin_can_be_shown_but_not_copied() {
    let pinless = Account { pin_needed: true, ..account(1, "mOTP: bob") };
    let (labels, actions) = flat(&model(State::Unlocked, vec![pinless]).menu());
    assert_eq!(labels[0], "mOTP: bob (needs its PIN)");
    assert!(!actions.iter().any(|action| matches!(action, Action::Copy(_))));
    assert!(actions.iter().any(|action| matches!(action, Action::ShowQr(_))));
}

#[test]
fn warnings_come_first_and_can_not_be_clicked() {
    let mut model = model(State::Locked, Vec::new());
    model.set_view(View { state: State::Locked, warnings: vec!["config.toml, line 3".into()], ..View::default() });
    assert_eq!(model.menu()[0], Entry::Note("config.toml, line 3".into()));
}

#[test]
fn names_of_clicks_read_back() {
    let id = format!("{:032x}", 5);
    let all = [
        Action::Copy(id.clone()),
        Action::ShowQr(id),
        Action::Scan,
        Action::Lock,
        Action::Unlock,
        Action::SetUp,
        Action::Start,
        Action::Quit,
    ];
    for action in all {
        assert_eq!(Action::from_id(&action.id()), Some(action));
    }
    assert_eq!(Action::from_id("delete everything"), None);
}

#[test]
fn a_copied_code_shows_in_icon_and_tooltip_only() {
    let mut model = model(State::Unlocked, many(3));
    let before = model.menu();
    model.set_clipboard(Clipboard::Holds);
    assert_eq!(model.face(), Face::Copied);
    assert_eq!(model.menu(), before);
    // No label and no tooltip has six digits in a row: there is no place where a code could stand.
    let (mut texts, _) = flat(&before);
    texts.push(model.tooltip().into());
    let longest_run = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(texts.iter().all(|text| longest_run(text) < Some(6)), "{texts:?}");
}

#[test]
fn words_of_later_versions_show_no_more_than_locked() {
    assert_eq!(State::from_word("half-open"), State::Locked);
    assert_eq!(State::from_word("unlocked"), State::Unlocked);
}
