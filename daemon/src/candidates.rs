//! What scans found and nobody has kept yet: 10 minutes, in memory, wiped.

use std::time::{Duration, Instant};

use countersign_core::secret::SecretText;

/// Where a candidate was seen.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `screen`, `image`, `clipboard`, `text` or `inbox`.
    pub origin: &'static str,
    /// Name of the screen.
    pub screen: String,
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
}

impl Candidates {
    /// Holds a text and returns its id; one that is held already keeps its id and starts its time anew.
    pub fn hold(&mut self, text: SecretText, place: Place, new_id: String) -> String {
        if let Some(known) = self.held.iter_mut().find(|held| held.text == text) {
            known.since = Instant::now();
            known.place = place;
            return known.id.clone();
        }
        if self.held.len() >= MAX {
            self.held.remove(0);
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

    /// Takes all out.
    pub fn take_all(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Drops what is older than [`LIFE`].
    pub fn expire(&mut self) {
        self.held.retain(|held| held.since.elapsed() < LIFE);
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
const MAX: usize = 64;

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
    fn a_place_has_words() {
        assert_eq!(words(10.0, 10.0, 300.0, 300.0), "top left");
        assert_eq!(words(150.0, 150.0, 300.0, 300.0), "middle");
        assert_eq!(words(299.0, 150.0, 300.0, 300.0), "right");
    }
}
