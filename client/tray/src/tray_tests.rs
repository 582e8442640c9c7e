//! What the loop makes of what happens in an order that nobody wished for. No test waits, so no task ever runs: no daemon
//! and no clipboard of whoever runs the tests is touched.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::menu::{Account, Face};

static CLEARED: AtomicUsize = AtomicUsize::new(0);

fn tray() -> (Tray, UnboundedReceiver<Outcome>) {
    let (sender, receiver) = unbounded_channel();
    let clipboard = Clipboard { hold: |_, _| Ok(()), clear: || () };
    let mut tray = Tray::new(Model::default(), clipboard, sender);
    tray.show(unlocked());
    (tray, receiver)
}

fn unlocked() -> View {
    let account = Account { id: "a1".repeat(16), title: "GitHub – alice".into(), period: 30, ..Account::default() };
    View { state: State::Unlocked, accounts: vec![account], ..View::default() }
}

fn code() -> Code {
    Code { text: Zeroizing::new("755224".into()), expires: 0 }
}

#[tokio::test]
async fn a_code_goes_onto_the_clipboard_and_shows_in_the_icon() {
    let (mut tray, _results) = tray();
    tray.codes = 1;
    tray.take(Outcome::Code(1, Ok(code())));
    assert_eq!(tray.model.face(), Face::Copied);
    tray.take(Outcome::ClipboardLost(1));
    assert_eq!((tray.model.face(), tray.held), (Face::State(State::Unlocked), None));
}

#[tokio::test]
async fn a_code_that_comes_after_a_lock_is_dropped() {
    let (mut tray, _results) = tray();
    tray.codes = 1;
    tray.heard(News::State(State::Locked));
    tray.take(Outcome::Code(1, Ok(code())));
    assert_eq!((tray.model.face(), tray.held), (Face::State(State::Locked), None));
}

#[tokio::test]
async fn a_lock_clears_the_clipboard_at_once_and_only_while_it_is_ours() {
    let (mut tray, _results) = tray();
    tray.clipboard.clear = || {
        CLEARED.fetch_add(1, Ordering::Relaxed);
    };
    tray.codes = 1;
    tray.take(Outcome::Code(1, Ok(code())));
    tray.heard(News::State(State::Locked));
    assert_eq!(CLEARED.load(Ordering::Relaxed), 1);
    tray.show(unlocked());
    tray.codes = 7;
    tray.take(Outcome::Code(7, Ok(code())));
    tray.take(Outcome::ClipboardLost(7));
    tray.heard(News::Gone);
    assert_eq!(CLEARED.load(Ordering::Relaxed), 1, "what somebody else copied was cleared");
}

#[tokio::test]
async fn of_two_clicks_the_later_one_wins() {
    let (mut tray, _results) = tray();
    tray.codes = 2;
    tray.take(Outcome::Code(2, Ok(code())));
    tray.take(Outcome::Code(1, Ok(code())));
    assert_eq!(tray.held.map(|(number, _)| number), Some(2));
    // The first code's thread ends when the second takes its place; that is no loss.
    tray.take(Outcome::ClipboardLost(1));
    assert_eq!(tray.model.face(), Face::Copied);
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
    tray.take(Outcome::Done(Action::Unlock, Err("no display".into())));
    assert!(tray.begin(Action::Unlock), "done means that it can be clicked again");
    assert!(tray.model.menu().iter().any(|entry| *entry == crate::menu::Entry::Note("no display".into())));
}
