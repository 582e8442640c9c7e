//! The codes of one account as the pipe tells them: the first with the request, each later one in lines of its own.
//!
//! ```text
//! code 123 456
//! until 1111111110 30
//! next 654 321
//! ```
//!
//! `code` has one space between two groups. `until` says when it dies, in Unix time, and how many seconds it lives in all; it
//! is missing where codes follow a counter. `next` is the one that follows it, and is shown in the last seconds. An empty line
//! ends them; the next ones take their place.

use std::mem;

use zeroize::Zeroizing;

use crate::request::RequestError;

/// A code.
pub(crate) struct Code {
    /// Its groups, with a space between two.
    pub(crate) groups: Zeroizing<String>,
    /// `None` where it follows a counter.
    pub(crate) life: Option<Life>,
    /// The one that follows it.
    pub(crate) next: Option<Zeroizing<String>>,
}

/// When a code dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// In Unix time, in seconds.
    pub(crate) expires: u64,
    /// How many seconds it lives in all.
    pub(crate) period: u64,
}

impl Code {
    /// Returns how many seconds it lives on; 0 where it is dead or follows a counter.
    pub(crate) fn left(&self, now: u64) -> u64 {
        self.life.map_or(0, |life| life.expires.saturating_sub(now))
    }

    /// Goes over to the next one where it is known and this one is dead.
    fn roll(&mut self, now: u64) {
        let Some(life) = self.life.filter(|life| life.expires <= now) else { return };
        let expires = life.expires.saturating_add(life.period);
        if expires > now
            && let Some(next) = self.next.take()
        {
            self.groups = next;
            self.life = Some(Life { expires, ..life });
        }
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a code until {:?}", self.life)
    }
}

/// The lines of a code, as they come.
#[derive(Default)]
pub(crate) struct Draft {
    groups: Option<Zeroizing<String>>,
    life: Option<Life>,
    next: Option<Zeroizing<String>>,
}

impl Draft {
    /// Takes a line; `None` where it makes no sense.
    pub(crate) fn take(&mut self, word: &str, text: &str) -> Option<()> {
        let once = match word {
            "code" => self.groups.replace(groups(text)?).is_none(),
            "next" => self.next.replace(groups(text)?).is_none(),
            "until" => self.life.replace(life(text)?).is_none(),
            _ => false,
        };
        once.then_some(())
    }

    /// Returns the code; `None` where it is missing, or has a next one without an end.
    pub(crate) fn finish(self) -> Option<Code> {
        let Self { groups, life, next } = self;
        groups.filter(|_| next.is_none() || life.is_some()).map(|groups| Code { groups, life, next })
    }
}

/// The code of now, and what the pipe has begun to say of the one after it.
#[derive(Debug)]
pub(crate) struct Codes {
    now: Code,
    begun: Zeroizing<Vec<u8>>,
}

impl Codes {
    /// Begins with a code and what came after it.
    pub(crate) fn new(first: Code, rest: &[u8]) -> Result<Self, RequestError> {
        // One allocation, so that no copy is left behind by growing.
        let mut codes = Self { now: first, begun: Zeroizing::new(Vec::with_capacity(MAX_LINES)) };
        codes.hear(rest)?;
        Ok(codes)
    }

    /// Returns the code of this Unix time, or the last one that is known.
    pub(crate) fn at(&mut self, now: u64) -> &Code {
        self.now.roll(now);
        &self.now
    }

    /// Returns the code that [`Self::at`] returned last.
    pub(crate) fn now(&self) -> &Code {
        &self.now
    }

    /// Takes what the pipe says; true when that is another code.
    pub(crate) fn hear(&mut self, said: &[u8]) -> Result<bool, RequestError> {
        let mut changed = false;
        for byte in said {
            if self.begun.len() == MAX_LINES {
                return Err(RequestError::Later);
            }
            self.begun.push(*byte);
            if self.begun.ends_with(b"\n\n") {
                let whole = mem::replace(&mut self.begun, Zeroizing::new(Vec::with_capacity(MAX_LINES)));
                self.now = parse(&whole).ok_or(RequestError::Later)?;
                changed = true;
            }
        }
        Ok(changed)
    }
}

fn parse(lines: &[u8]) -> Option<Code> {
    let mut draft = Draft::default();
    for line in str::from_utf8(lines).ok()?.trim_end_matches('\n').split('\n') {
        let (word, text) = line.split_once(' ')?;
        draft.take(word, text)?;
    }
    draft.finish()
}

/// Reads groups of letters and digits, one space between two.
fn groups(text: &str) -> Option<Zeroizing<String>> {
    let whole = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (text.len() <= MAX_CODE && text.split(' ').all(whole)).then(|| Zeroizing::new(text.to_owned()))
}

fn life(text: &str) -> Option<Life> {
    let (expires, period) = text.split_once(' ')?;
    let life = Life { expires: expires.parse().ok()?, period: period.parse().ok()? };
    (1..=MAX_PERIOD).contains(&life.period).then_some(life)
}

/// Letters of the longest code, with the gaps between its groups.
const MAX_CODE: usize = 24;
/// Bytes of the longest lines about a code.
const MAX_LINES: usize = 256;
/// A day: the longest that an account's codes may live.
const MAX_PERIOD: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the code of that time, and the seconds that it has left.
    fn at(codes: &mut Codes, now: u64) -> (&str, u64) {
        let code = codes.at(now);
        (code.groups.as_str(), code.left(now))
    }

    fn codes(rest: &str) -> Codes {
        Codes::new(parse(b"code 123 456\nuntil 90 30\nnext 654 321\n\n").unwrap(), rest.as_bytes()).unwrap()
    }

    #[test]
    fn a_code_goes_over_into_the_next_at_its_end() {
        let mut codes = codes("");
        assert_eq!(at(&mut codes, 61), ("123 456", 29));
        assert_eq!(at(&mut codes, 90), ("654 321", 30));
        assert!(codes.at(91).next.is_none());
        // Nobody told the one after it.
        assert_eq!(at(&mut codes, 120), ("654 321", 0));
    }

    #[test]
    fn a_next_one_that_is_dead_too_is_not_taken() {
        assert_eq!(codes("").at(120).groups.as_str(), "123 456");
    }

    #[test]
    fn what_comes_later_takes_its_place_in_whatever_pieces() {
        let later = "code 11 22\nuntil 200 40\n\ncode 33 44\nuntil 240 40\n\nco";
        let mut whole = codes(later);
        assert_eq!(whole.at(100).groups.as_str(), "33 44");
        assert!(whole.hear(b"de AB2\n\n").unwrap());
        assert_eq!(at(&mut whole, 100), ("AB2", 0));
        assert_eq!(whole.now().life, None);
        let mut pieces = codes("");
        let changes = later.as_bytes().chunks(7).filter(|piece| pieces.hear(piece).unwrap()).count();
        assert_eq!((changes, pieces.at(100).groups.as_str()), (2, "33 44"));
    }

    #[test]
    fn nonsense_is_refused_and_not_repeated() {
        for wrong in [
            "\n\n",
            "code\n\n",
            "code HUSH!\n\n",
            "code 1  2\n\n",
            "code 1 \n\n",
            "code 1\ncode 2\n\n",
            "until 1 30\n\n",
            "code 1\nuntil 1\n\n",
            "code 1\nuntil -1 30\n\n",
            "code 1\nuntil 1 0\n\n",
            "code 1\nuntil 1 90000\n\n",
            "code 1\nnext 2\n\n",
            "code 1\ntitle HUSH\n\n",
            "code é\n\n",
            "code 1234567890123456789012345\n\n",
        ] {
            let error = codes("").hear(wrong.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("HUSH"), "{error} repeats it");
        }
        assert!(codes("").hear(&[0xff; 9]).is_ok_and(|changed| !changed));
        assert!(codes("").hear(&[b'x'; MAX_LINES + 1]).is_err(), "it has no end");
        assert!(!format!("{:?}", codes("")).contains("123"));
    }

    /// Whatever comes, in whatever order: it is refused or taken, and never more than the limit is kept.
    #[test]
    fn any_bytes_end_in_a_code_or_a_refusal() {
        let words: [&[u8]; 9] = [
            b"code ",
            b"until ",
            b"next ",
            b"12 34",
            b"1 30",
            b"\n",
            b"\n\n",
            b"\xff\0",
            b"18446744073709551615 86400",
        ];
        let mut seed = 1_u32;
        for _ in 0..2000 {
            let mut codes = codes("");
            for _ in 0..12 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if codes.hear(words[(seed >> 24) as usize % words.len()]).is_err() {
                    break;
                }
            }
            codes.at(u64::MAX);
            assert!(codes.begun.len() <= MAX_LINES && codes.begun.capacity() == MAX_LINES);
        }
    }
}
