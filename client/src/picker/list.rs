//! What can be picked, in which order, and what is chosen of it: no terminal in here.

use std::{cmp::Reverse, ops::Range};

use countersign_api::types::AccountInfo;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};
use unicode_segmentation::UnicodeSegmentation;

use super::keys::Key;
use crate::output;

/// The accounts, what was typed, and what is chosen.
pub(crate) struct List {
    accounts: Vec<AccountInfo>,
    /// As they are shown: nothing in them steers a terminal.
    titles: Vec<String>,
    typed: String,
    /// Places of the accounts that fit, best first.
    fits: Vec<usize>,
    chosen: usize,
    matcher: Matcher,
}

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// Nothing, or something that only shows.
    Nothing,
    /// The chosen account's code is to be copied.
    Copy,
    /// It is to be shown large.
    Large,
    /// Nothing is to be picked.
    Cancel,
}

impl List {
    /// Begins with all accounts, in the order that they have.
    pub(crate) fn new(accounts: Vec<AccountInfo>) -> Self {
        let titles = accounts.iter().map(|account| output::one_line(&account.title)).collect();
        let fits = (0..accounts.len()).collect();
        let matcher = Matcher::new(Config::DEFAULT);
        Self { accounts, titles, typed: String::new(), fits, chosen: 0, matcher }
    }

    /// Returns how many accounts there are.
    pub(crate) fn all(&self) -> usize {
        self.accounts.len()
    }

    /// Returns how many fit what was typed.
    pub(crate) fn count(&self) -> usize {
        self.fits.len()
    }

    /// Returns what was typed.
    pub(crate) fn typed(&self) -> &str {
        &self.typed
    }

    /// Returns the account at this place of those that fit.
    pub(crate) fn account(&self, place: usize) -> Option<&AccountInfo> {
        self.fits.get(place).map(|&index| &self.accounts[index])
    }

    /// Returns the title at this place of those that fit.
    pub(crate) fn title(&self, place: usize) -> &str {
        &self.titles[self.fits[place]]
    }

    /// Returns the account that is chosen; `None` where none fits.
    pub(crate) fn chosen(&self) -> Option<&AccountInfo> {
        self.account(self.chosen)
    }

    /// Returns the place of the one that is chosen.
    pub(crate) fn chosen_place(&self) -> usize {
        self.chosen
    }

    /// Returns the titles of all that fit.
    pub(crate) fn titles(&self) -> Vec<&str> {
        (0..self.count()).map(|place| self.title(place)).collect()
    }

    /// Returns which of them to show in that many rows: the chosen one is among them, in the middle where it can be.
    pub(crate) fn shown(&self, rows: usize) -> Range<usize> {
        let last = self.count().saturating_sub(rows);
        let first = self.chosen.saturating_sub(rows / 2).min(last);
        first..(first + rows).min(self.count())
    }

    /// Types this instead of what was typed: the best fit is chosen.
    pub(crate) fn search(&mut self, words: &str) {
        words.clone_into(&mut self.typed);
        self.sort();
    }

    /// Does what a key asks for; `page` is how many rows are shown.
    pub(crate) fn press(&mut self, key: Key, page: usize) -> Pressed {
        match key {
            Key::Enter | Key::Tab if self.chosen().is_none() => {}
            Key::Enter => return Pressed::Copy,
            Key::Tab => return Pressed::Large,
            Key::Escape | Key::Interrupt => return Pressed::Cancel,
            Key::Up => self.choose(self.chosen.checked_sub(1).unwrap_or(usize::MAX)),
            Key::Down => self.choose(if self.chosen + 1 < self.count() { self.chosen + 1 } else { 0 }),
            Key::PageUp => self.choose(self.chosen.saturating_sub(page)),
            Key::PageDown => self.choose(self.chosen.saturating_add(page)),
            Key::First => self.choose(0),
            Key::Last => self.choose(usize::MAX),
            Key::Char(c) if self.typed.len() < LONGEST => self.typing(|typed| typed.push(c)),
            Key::Char(_) => {}
            Key::Erase => self.typing(|typed| {
                let last = typed.grapheme_indices(true).next_back();
                typed.truncate(last.map_or(0, |(start, _)| start));
            }),
            Key::EraseWord => self.typing(|typed| typed.truncate(typed.trim_end().rfind(' ').map_or(0, |at| at + 1))),
            Key::EraseAll => self.typing(String::clear),
        }
        Pressed::Nothing
    }

    /// Returns which characters of a title, as they are shown, are the ones that were typed.
    pub(crate) fn marks(&mut self, place: usize) -> Vec<usize> {
        let pattern = pattern(&self.typed);
        let mut room = Vec::new();
        let mut marks = Vec::new();
        let title = Utf32Str::new(&self.titles[self.fits[place]], &mut room);
        let _ = pattern.indices(title, &mut self.matcher, &mut marks);
        marks.into_iter().map(|mark| mark as usize).collect()
    }

    fn choose(&mut self, place: usize) {
        self.chosen = place.min(self.count().saturating_sub(1));
    }

    fn typing(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.typed);
        self.sort();
    }

    /// Finds what fits; of two that fit as well, the one that came first stays first.
    fn sort(&mut self) {
        let pattern = pattern(&self.typed);
        let mut room = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (index, title) in self.titles.iter().enumerate() {
            let score = pattern.score(Utf32Str::new(title, &mut room), &mut self.matcher);
            scored.extend(score.map(|score| (score, index)));
        }
        scored.sort_by_key(|(score, _)| Reverse(*score));
        self.fits = scored.into_iter().map(|(_, index)| index).collect();
        self.chosen = 0;
    }
}

/// Reads what was typed as words, all of which have to fit: letters in this order, with others between; case and accents
/// matter only where they were typed.
fn pattern(typed: &str) -> Pattern {
    Pattern::new(typed, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy)
}

/// More than this nobody types, in bytes.
const LONGEST: usize = 256;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Accounts with these titles, all of 30 seconds.
    pub(crate) fn list(titles: &[&str]) -> List {
        let account = |title: &&str| AccountInfo {
            title: (*title).into(),
            id: (*title).into(),
            period: 30,
            ..AccountInfo::default()
        };
        List::new(titles.iter().map(account).collect())
    }

    fn press(list: &mut List, typed: &str) {
        for c in typed.chars() {
            list.press(Key::Char(c), 10);
        }
    }

    const MANY: [&str; 5] = ["Google – alice", "GitHub – alice", "GitLab – bob", "Grün – Älice", "Microsoft 365 – x"];

    #[test]
    fn some_letters_of_each_word_are_enough() {
        let rows: [(&str, &[&str]); 6] = [
            ("gh", &["GitHub – alice"]),
            ("gla", &["GitLab – bob", "Google – alice"]),
            ("ali goo", &["Google – alice"]),
            ("grun", &["Grün – Älice"]),
            ("365", &["Microsoft 365 – x"]),
            ("zzz", &[]),
        ];
        for (typed, fits) in rows {
            let mut list = list(&MANY);
            press(&mut list, typed);
            assert_eq!(list.titles(), fits, "{typed}");
        }
    }

    #[test]
    fn the_order_of_use_holds_where_the_words_fit_as_well() {
        let mut list = list(&["b – alice", "a – alice", "c – bob"]);
        assert_eq!(list.titles(), ["b – alice", "a – alice", "c – bob"]);
        press(&mut list, "alice");
        assert_eq!(list.titles(), ["b – alice", "a – alice"]);
    }

    #[test]
    fn arrows_go_round_and_pages_stop() {
        let mut list = list(&MANY);
        let mut place = |key| {
            list.press(key, 3);
            list.chosen_place()
        };
        let rows = [
            (Key::Up, 4),
            (Key::Down, 0),
            (Key::Down, 1),
            (Key::PageDown, 4),
            (Key::PageDown, 4),
            (Key::PageUp, 1),
            (Key::First, 0),
            (Key::Last, 4),
        ];
        for (key, at) in rows {
            assert_eq!(place(key), at, "{key:?}");
        }
    }

    #[test]
    fn what_is_typed_can_be_erased() {
        let mut list = list(&MANY);
        press(&mut list, "git  hub e\u{301}");
        list.press(Key::Erase, 3);
        assert_eq!(list.typed(), "git  hub ");
        list.press(Key::EraseWord, 3);
        assert_eq!(list.typed(), "git  ");
        list.press(Key::EraseAll, 3);
        assert_eq!((list.typed(), list.count()), ("", MANY.len()));
        list.press(Key::Erase, 3);
        press(&mut list, &"x".repeat(1000));
        assert_eq!(list.typed().len(), LONGEST);
    }

    #[test]
    fn where_nothing_fits_nothing_is_picked() {
        let mut list = list(&MANY);
        press(&mut list, "zzz");
        for key in [Key::Enter, Key::Tab, Key::Up, Key::Down, Key::PageDown, Key::Last] {
            assert_eq!(list.press(key, 3), Pressed::Nothing, "{key:?}");
            assert!(list.chosen().is_none());
        }
        assert_eq!(list.press(Key::Escape, 3), Pressed::Cancel);
    }

    #[test]
    fn the_chosen_one_is_always_shown() {
        let titles: Vec<String> = (0..200).map(|number| format!("account {number}")).collect();
        let mut list = list(&titles.iter().map(String::as_str).collect::<Vec<_>>());
        for rows in 1..12 {
            for place in 0..200 {
                list.choose(place);
                let shown = list.shown(rows);
                assert!(shown.contains(&place) && shown.len() == rows, "{place} in {rows} rows: {shown:?}");
            }
        }
        assert_eq!(list.shown(0).len(), 0);
    }

    #[test]
    fn the_typed_letters_are_found_in_the_title() {
        let mut list = list(&["日本 Git – e\u{301}x"]);
        press(&mut list, "gx");
        assert_eq!(list.marks(0), [3, 10]);
    }
}
