//! What the loop makes of what happens in an order that nobody wished for. No test waits, so no task ever runs: no daemon
//! and no clipboard of whoever runs the tests is touched.

use super::*;
use crate::menu::{Account, Face};

fn tray() -> (Tray, UnboundedReceiver<Outcome>) {
    let (sender, receiver) = unbounded_channel();
    let mut tray = Tray::new(Model::default(), sender);
    tray.show(unlocked());
    (tray, receiver)
}

fn unlocked() -> View {
    let account = Account {
        id: "a1".repeat(16),
        title: "GitHub – alice".into(),
        period: 30,
        confirmed: true,
        ..Account::default()
    };
    View { state: State::Unlocked, accounts: vec![account], ..View::default() }
}

#[tokio::test]
async fn the_icon_shows_how_an_offer_goes() {
    let (mut tray, _results) = tray();
    tray.copy("a1", false);
    for (word, face) in
        [(Word::Waiting, Face::Waiting), (Word::Copied, Face::Copied), (Word::Over(None), Face::Unlocked)]
    {
        tray.take(Outcome::Offer(1, 0, word));
        assert_eq!(tray.model.face(), face);
    }
}

#[tokio::test]
async fn of_two_clicks_the_later_one_shows() {
    let (mut tray, _results) = tray();
    tray.copy("a1", false);
    tray.copy("a1", false);
    tray.take(Outcome::Offer(2, 0, Word::Copied));
    // The first one's offer ends when the second takes its place; that is no news.
    tray.take(Outcome::Offer(1, 0, Word::Over(Some("another program took it".into()))));
    assert_eq!(tray.model.face(), Face::Copied);
}

#[tokio::test]
async fn an_offer_that_fails_says_why() {
    let (mut tray, _results) = tray();
    tray.copy("a1", false);
    tray.take(Outcome::Offer(1, 0, Word::Over(Some("no clipboard".into()))));
    assert!(tray.model.menu().iter().any(|entry| *entry == crate::menu::Entry::Note("no clipboard".into())));
}

#[tokio::test]
async fn an_answer_older_than_the_news_is_not_shown() {
    let (mut tray, _results) = tray();
    tray.heard(News::Accounts);
    assert_eq!(tray.look, Look::Asked);
    tray.heard(News::State(State::Locked));
    tray.take(Outcome::Looked(unlocked()));
    assert_eq!((tray.model.view().state, tray.look), (State::Locked, Look::Asked));
    tray.heard(News::Gone);
    tray.take(Outcome::Looked(unlocked()));
    assert_eq!(tray.model.view().state, State::NoDaemon);
}

#[tokio::test]
async fn much_news_is_one_more_question() {
    let (mut tray, _results) = tray();
    for _ in 0..1000 {
        tray.heard(News::Accounts);
    }
    let mut steps = Vec::new();
    for _ in 0..2 {
        tray.take(Outcome::Looked(unlocked()));
        steps.push(tray.look);
    }
    assert_eq!(steps, [Look::Asked, Look::Idle]);
}

#[tokio::test]
async fn a_second_click_does_not_do_it_twice() {
    let (mut tray, _results) = tray();
    assert_eq!((tray.begin(Action::Unlock), tray.begin(Action::Unlock)), (true, false));
    tray.take(Outcome::Done(0, Action::Unlock, Err("no display".into())));
    assert!(tray.begin(Action::Unlock), "done means that it can be clicked again");
    assert!(tray.model.menu().iter().any(|entry| *entry == crate::menu::Entry::Note("no display".into())));
}

#[tokio::test]
async fn a_middle_click_takes_the_last_account_again_and_a_left_one_searches_where_there_is_none() {
    let (mut tray, _results) = tray();
    for otherwise in [None, Some(Action::Search)] {
        tray.take(Outcome::Again(0, unlocked(), otherwise.clone()));
        assert_eq!((tray.offers, tray.busy.contains(&Action::Search)), (0, otherwise.is_some()));
    }
    let mut used = unlocked();
    used.accounts[0].last_used = 1_764_000_000;
    tray.take(Outcome::Again(0, used, None));
    assert_eq!(tray.offers, 1);
}

#[tokio::test]
async fn a_middle_click_on_a_locked_vault_does_nothing() {
    let (mut tray, mut results) = tray();
    tray.show(View { state: State::Locked, ..View::default() });
    tray.clicked(Click::Middle);
    assert!(tray.busy.is_empty() && tray.offers == 0 && results.try_recv().is_err());
    tray.clicked(Click::Icon);
    assert!(tray.busy.contains(&Action::Unlock), "a left click leads on");
}

#[tokio::test]
async fn a_code_copied_while_the_vault_was_being_locked_shows_no_name() {
    let (mut tray, _results) = tray();
    tray.take(Outcome::Again(0, View { state: State::Locked, ..View::default() }, None));
    assert_eq!((tray.offers, tray.model.face()), (0, Face::Locked));
}
