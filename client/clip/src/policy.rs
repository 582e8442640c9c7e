//! Who gets the code: everybody who pastes, but with `--paste-once` nobody who keeps a history.

use std::time::{Duration, Instant};

/// A program that asks for what is on the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader {
    /// Which program; 0 where that can't be told.
    pub(crate) program: u32,
    /// Whether it says of itself that it keeps what was copied.
    pub(crate) keeps: bool,
}

/// What the answers of one offer go by.
pub(crate) struct Policy {
    /// Only one paste is wanted.
    once: bool,
    /// Who pasted first, and when.
    first: Option<(u32, Instant)>,
}

impl Policy {
    /// Begins when a code can be pasted.
    pub(crate) fn new(once: bool) -> Self {
        Self { once, first: None }
    }

    /// Says whether a reader gets the code.
    ///
    /// For one paste alone, a history would take it before the person does: whatever says that it is one gets nothing. A
    /// program may ask again for what it pasted, in another form.
    pub(crate) fn answers(&mut self, reader: Reader, now: Instant) -> bool {
        if !self.once {
            return true;
        }
        match self.first {
            Some((program, _)) => program == reader.program,
            None if reader.keeps => false,
            None => {
                self.first = Some((reader.program, now));
                true
            }
        }
    }

    /// Returns when the offer is over because it was pasted; `None` as long as it was not, or may be again.
    pub(crate) fn end(&self) -> Option<Instant> {
        self.first.map(|(_, time)| time + AGAIN)
    }
}

/// How long a program that pastes may ask in further forms.
const AGAIN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: Reader = Reader { program: 7, keeps: false };
    const HISTORY: Reader = Reader { program: 8, keeps: true };

    #[test]
    fn everybody_gets_it_as_often_as_they_like() {
        let now = Instant::now();
        let mut policy = Policy::new(false);
        for reader in [HISTORY, PERSON, PERSON] {
            assert!(policy.answers(reader, now));
        }
        assert_eq!(policy.end(), None);
    }

    #[test]
    fn once_is_for_the_first_who_pastes() {
        let now = Instant::now();
        let mut policy = Policy::new(true);
        assert!(!policy.answers(HISTORY, now));
        assert_eq!(policy.end(), None);
        assert!(policy.answers(PERSON, now) && policy.answers(PERSON, now + AGAIN / 2));
        assert!(!policy.answers(Reader { program: 9, keeps: false }, now));
        assert_eq!(policy.end(), Some(now + AGAIN));
    }
}
