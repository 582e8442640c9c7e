//! The menu's rules.

use super::*;

const STATES: [State; 5] = [State::NoDaemon, State::NoVault, State::Locked, State::Unlocked, State::Unusable];

fn account(number: u64, title: &str) -> Account {
    Account {
        id: format!("{number:032x}"),
        title: title.into(),
        period: 30,
        confirmed: true,
        last_used: number,
        ..Account::default()
    }
}

fn model(state: State, accounts: Vec<Account>) -> Model {
    let mut model = Model::default();
    model.set_view(View { state, accounts, ..View::default() });
    model
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
fn no_account_stands_in_the_menu_unless_unlocked() {
    for state in STATES.into_iter().filter(|state| *state != State::Unlocked) {
        let (labels, actions) = flat(&model(state, vec![account(1, "GitHub: alice")]).menu());
        assert!(labels.iter().all(|label| !label.contains("GitHub")), "{state:?}: {labels:?}");
        assert!(!actions.iter().any(|action| matches!(action, Action::With(..) | Action::Search)), "{state:?}");
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
    assert_eq!(offered(State::Unusable), [Action::Explain, Action::Quit]);
    for state in STATES {
        let way_on = model(state, Vec::new()).way_on();
        assert_eq!(way_on.is_none(), state == State::Unlocked, "{state:?}");
        assert!(way_on.is_none_or(|action| offered(state).contains(&action)), "{state:?}");
    }
}

#[test]
fn with_accounts_there_is_a_search() {
    assert!(flat(&model(State::Unlocked, vec![account(1, "GitHub")]).menu()).1.contains(&Action::Search));
}

#[test]
fn what_the_icon_shows_stands_in_the_menu_in_words() {
    for state in STATES {
        for clipboard in [Clipboard::Empty, Clipboard::Awaited, Clipboard::Holds] {
            let mut model = model(state, Vec::new());
            model.set_clipboard(clipboard);
            assert!(model.menu().contains(&Entry::Note(model.face().words().into())), "{state:?}, {clipboard:?}");
        }
    }
}

#[test]
fn each_state_has_a_face_of_its_own() {
    let rows = [
        (View { state: State::NoDaemon, ..View::default() }, Face::NoDaemon),
        (View { state: State::NoVault, ..View::default() }, Face::NoVault),
        (View { state: State::Locked, unconfirmed: 1, read_only: true, ..View::default() }, Face::Locked),
        (View { state: State::Unlocked, ..View::default() }, Face::Unlocked),
        (View { state: State::Unlocked, unconfirmed: 1, ..View::default() }, Face::Unconfirmed),
        (View { state: State::Unlocked, unconfirmed: 1, read_only: true, ..View::default() }, Face::ReadOnly),
        (View { state: State::Unusable, read_only: true, ..View::default() }, Face::Unusable),
    ];
    for (view, face) in rows {
        let mut model = Model::default();
        model.set_view(view);
        assert_eq!(model.face(), face);
        for (clipboard, face) in [(Clipboard::Awaited, Face::Waiting), (Clipboard::Holds, Face::Copied)] {
            model.set_clipboard(clipboard);
            assert_eq!(model.face(), face);
        }
    }
}

#[test]
fn no_two_faces_say_the_same() {
    for (index, face) in Face::ALL.into_iter().enumerate() {
        for other in &Face::ALL[index + 1..] {
            assert!(face.words() != other.words() && face.icon_name() != other.icon_name(), "{face:?}, {other:?}");
        }
    }
}

#[test]
fn warnings_come_first_and_can_not_be_clicked() {
    let mut model = model(State::Locked, Vec::new());
    model.set_view(View { state: State::Locked, warnings: vec!["config.toml, line 3".into()], ..View::default() });
    assert_eq!(model.menu()[0], Entry::Note("config.toml, line 3".into()));
}

#[test]
fn the_account_used_last_is_taken_again() {
    assert_eq!(model(State::Unlocked, Vec::new()).last_used(), None);
    let unused = account(0, "never");
    let without_pin = Account { pin_needed: true, ..account(9, "needs a PIN") };
    let model = model(State::Unlocked, vec![unused, account(3, "earlier"), account(7, "last"), without_pin]);
    assert_eq!(model.last_used().map(|account| account.title.as_str()), Some("last"));
}

#[test]
fn no_label_and_no_tooltip_has_room_for_a_code() {
    let accounts = (0..3).map(|number| account(number, &format!("Site {number}"))).collect();
    let (mut texts, _) = flat(&model(State::Unlocked, accounts).menu());
    texts.extend(Face::ALL.map(|face| face.words().into()));
    // Six digits in a row would be one.
    let longest_run = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(texts.iter().all(|text| longest_run(text) < Some(6)), "{texts:?}");
}

#[test]
fn words_of_later_versions_show_no_more_than_locked() {
    assert_eq!(State::from_word("half-open"), State::Locked);
    assert_eq!(State::from_word("unlocked"), State::Unlocked);
}
