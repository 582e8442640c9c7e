//! What scans found and nobody has kept yet: 10 minutes, in memory, wiped.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use countersign_core::secret::SecretText;

/// Where a candidate was seen.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `screen`, `image`, `clipboard`, `text` or `inbox`.
    pub origin: &'static str,
    /// Name of the screen.
    pub screen: String,
    /// Where that stands among two or three: `left`, `middle`, `right`, `upper` or `lower`.
    pub side: String,
    /// Where on it, in words.
    pub words: &'static str,
    /// Its middle, in pixels from the left of all screens.
    pub x: i32,
    /// Its middle, in pixels from the top of all screens.
    pub y: i32,
}

/// One QR's text, and where it was seen.
#[derive(Debug)]
pub struct Held {
    /// Random, 32 hex characters.
    pub id: String,
    /// What the QR says.
    pub text: SecretText,
    /// Where it was seen.
    pub place: Place,
    since: Instant,
}

/// The candidates.
#[derive(Debug, Default)]
pub struct Candidates {
    held: Vec<Held>,
    /// Whether a timer waits for the first of them to end.
    timed: bool,
}

impl Candidates {
    /// Says whether all of these can be held too: none is ever dropped to make room for another.
    pub fn have_room_for<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let is_new = |text: &&str| !self.held.iter().any(|held| held.text.expose() == *text);
        self.held.len() + texts.filter(is_new).collect::<HashSet<_>>().len() <= MAX
    }

    /// Holds a text and returns its id; one that is held already keeps its id and starts its time anew.
    pub fn hold(&mut self, text: SecretText, place: Place, new_id: String) -> String {
        if let Some(known) = self.held.iter_mut().find(|held| held.text == text) {
            known.since = Instant::now();
            known.place = place;
            return known.id.clone();
        }
        self.held.push(Held { id: new_id.clone(), text, place, since: Instant::now() });
        new_id
    }

    /// Returns what is held.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// Returns one.
    pub fn get(&self, id: &str) -> Option<&Held> {
        self.held.iter().find(|held| held.id == id)
    }

    /// Takes one out.
    pub fn take(&mut self, id: &str) -> Option<Held> {
        let place = self.held.iter().position(|held| held.id == id)?;
        Some(self.held.remove(place))
    }

    /// Drops those that say this.
    pub fn drop_text(&mut self, text: &SecretText) {
        self.held.retain(|held| held.text != *text);
    }

    /// Takes all out.
    pub fn take_all(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Puts one back that was taken out.
    pub fn put_back(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Drops what is older than [`LIFE`] at this time.
    pub fn expire(&mut self, now: Instant) {
        self.held.retain(|held| now < held.since + LIFE);
    }

    /// Starts the time of all of them anew.
    pub fn renew(&mut self) {
        self.held.iter_mut().for_each(|held| held.since = Instant::now());
    }

    /// Takes the one timer for all of them; says whether it was free.
    pub fn take_timer(&mut self) -> bool {
        !std::mem::replace(&mut self.timed, true)
    }

    /// Gives the timer back.
    pub fn give_timer_back(&mut self) {
        self.timed = false;
    }

    /// Returns when the first of them ends; where there is none, the timer is given back.
    pub fn next_end(&mut self) -> Option<Instant> {
        let first = self.held.iter().map(|held| held.since + LIFE).min();
        self.timed = first.is_some();
        first
    }
}

/// Says in words where on a screen of this size a point lies.
pub fn words(x: f64, y: f64, width: f64, height: f64) -> &'static str {
    let third = |value: f64, whole: f64| {
        if value < whole / 3.0 {
            0
        } else if value < whole * 2.0 / 3.0 {
            1
        } else {
            2
        }
    };
    match (third(y, height), third(x, width)) {
        (0, 0) => "top left",
        (0, 1) => "top",
        (0, _) => "top right",
        (1, 0) => "left",
        (1, 1) => "middle",
        (1, _) => "right",
        (_, 0) => "bottom left",
        (_, 1) => "bottom",
        (_, _) => "bottom right",
    }
}

/// How long a candidate is held.
pub const LIFE: Duration = Duration::from_secs(600);
/// How many are held at a time.
pub const MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_held_once() {
        let mut candidates = Candidates::default();
        assert_eq!(candidates.hold("a".into(), Place::default(), "1".into()), "1");
        assert_eq!(candidates.hold("a".into(), Place::default(), "2".into()), "1");
        assert_eq!(candidates.hold("b".into(), Place::default(), "3".into()), "3");
        assert_eq!(candidates.iter().count(), 2);
        assert!(candidates.take("1").is_some() && candidates.get("1").is_none());
    }

    #[test]
    fn nothing_is_dropped_to_make_room() {
        let mut candidates = Candidates::default();
        let texts: Vec<String> = (0..MAX).map(|number| number.to_string()).collect();
        assert!(candidates.have_room_for(texts.iter().map(String::as_str)));
        assert!(!candidates.have_room_for(texts.iter().map(String::as_str).chain(["another"])));
        for text in &texts {
            candidates.hold(text.as_str().into(), Place::default(), text.clone());
        }
        assert!(!candidates.have_room_for(["another"].into_iter()));
        assert!(candidates.have_room_for(["0", "63", "0"].into_iter()), "these are held already");
        candidates.take("7");
        assert!(candidates.have_room_for(["another", "another", "0"].into_iter()), "the same text is held once");
    }

    #[test]
    fn one_timer_waits_for_the_first_to_end() {
        let mut candidates = Candidates::default();
        candidates.hold("a".into(), Place::default(), "1".into());
        candidates.hold("b".into(), Place::default(), "2".into());
        assert!(candidates.take_timer() && !candidates.take_timer());
        candidates.held[1].since = candidates.held[0].since + Duration::from_secs(5);
        let first = candidates.next_end().unwrap();
        assert_eq!(first, candidates.held[0].since + LIFE);
        candidates.expire(first);
        assert!(candidates.get("1").is_none() && candidates.get("2").is_some());
        assert!(!candidates.take_timer(), "it goes on for the second");
        assert_eq!(candidates.next_end(), Some(first + Duration::from_secs(5)));
        candidates.take("2");
        assert_eq!(candidates.next_end(), None);
        assert!(candidates.take_timer(), "it ended with the last");
    }

    #[test]
    fn a_place_has_words() {
        assert_eq!(words(10.0, 10.0, 300.0, 300.0), "top left");
        assert_eq!(words(150.0, 150.0, 300.0, 300.0), "middle");
        assert_eq!(words(299.0, 150.0, 300.0, 300.0), "right");
    }
}
