//! The results that are out: each id is good for one activation, for half a minute.

use std::time::{Duration, Instant};

use countersign_core::account::AccountId;

use super::Hit;

/// What a result stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This account's code is copied.
    Account(AccountId),
    /// The vault is unlocked first.
    Unlock,
    /// There is no vault yet, or none that can be used: what to do is told.
    Explain,
}

/// Why an id leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It was good once, and is too old.
    Expired,
    /// It was used, or never given.
    Unknown,
}

/// The results that are out.
pub struct Hits {
    out: Vec<Out>,
    clock: fn() -> Instant,
}

struct Out {
    hit: Hit,
    target: Target,
    since: Instant,
}

impl Default for Hits {
    fn default() -> Self {
        Self { out: Vec::new(), clock: Instant::now }
    }
}

impl Hits {
    /// Gives a result out.
    pub fn give(&mut self, hit: Hit, target: Target) -> Hit {
        if self.out.len() >= MAX {
            self.out.remove(0);
        }
        self.out.push(Out { hit: hit.clone(), target, since: (self.clock)() });
        hit
    }

    /// Returns those of these ids that are still good, in their order.
    pub fn known(&self, ids: &[String]) -> Vec<Hit> {
        let now = (self.clock)();
        let of = |id: &String| self.out.iter().find(|out| out.hit.id == *id && now < out.since + LIFE);
        ids.iter().take(MAX).filter_map(of).map(|out| out.hit.clone()).collect()
    }

    /// Takes the one activation of an id.
    pub fn take(&mut self, id: &str) -> Result<Target, Gone> {
        let now = (self.clock)();
        let place = self.out.iter().position(|out| out.hit.id == id).ok_or(Gone::Unknown)?;
        let out = self.out.remove(place);
        if now < out.since + LIFE { Ok(out.target) } else { Err(Gone::Expired) }
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    /// Goes by another clock.
    #[cfg(test)]
    pub(crate) fn go_by(&mut self, clock: fn() -> Instant) {
        self.clock = clock;
    }
}

/// How long a result is good.
pub const LIFE: Duration = Duration::from_secs(30);
/// How many are out at a time; the oldest goes first.
const MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: &str) -> Hit {
        Hit { id: id.into(), title: id.to_uppercase(), relevance: 1.0 }
    }

    fn later() -> Instant {
        Instant::now() + LIFE
    }

    #[test]
    fn an_id_is_good_once() {
        let mut hits = Hits::default();
        hits.give(hit("a"), Target::Unlock);
        assert_eq!(hits.known(&["b".into(), "a".into()]), [hit("a")]);
        assert_eq!(hits.take("a"), Ok(Target::Unlock));
        assert_eq!(hits.take("a"), Err(Gone::Unknown));
        assert!(hits.known(&["a".into()]).is_empty());
    }

    #[test]
    fn an_id_is_good_for_half_a_minute() {
        let mut hits = Hits::default();
        hits.give(hit("a"), Target::Unlock);
        hits.go_by(later);
        assert!(hits.known(&["a".into()]).is_empty());
        assert_eq!(hits.take("a"), Err(Gone::Expired));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut hits = Hits::default();
        for number in 0..=MAX {
            hits.give(hit(&number.to_string()), Target::Explain);
        }
        assert_eq!(hits.take("0"), Err(Gone::Unknown));
        assert_eq!(hits.take("1"), Ok(Target::Explain));
        hits.clear();
        assert_eq!(hits.take("2"), Err(Gone::Unknown));
    }
}
