//! Decodes picture after picture, and reports each code when it is first seen.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use rustix::event::poll;

use super::Frames;
use crate::{
    decode::{self, Content, Effort, Found, MAX_CODES},
    outcome::ScanError,
};

/// Looks at each picture until then, or until there are no more; hands on what was not seen before.
///
/// A camera sends 30 pictures a second, and a picture without a code costs the most, since the whole ladder is climbed for
/// it. So a look ends after [`A_LOOK`] (but for [`Effort::Whole`]), there are ten a second at most, and after each the
/// process rests for as long as it took: no more than half a processor is used, however long a person needs.
pub fn watch<E: From<ScanError>>(
    frames: &mut dyn Frames,
    effort: Effort,
    until: Instant,
    mut report: impl FnMut(Vec<Found>) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = Seen::default();
    while !seen.is_full()
        && let Some(light) = frames.next(until)?
    {
        let begun = Instant::now();
        let end = if effort == Effort::Whole { until } else { until.min(begun + A_LOOK) };
        let mut found = decode::scan(&light.into(), effort, end);
        found.retain(|code| seen.is_new(code));
        if !found.is_empty() {
            report(found)?;
        }
        if frames.is_live() {
            rest(begun, until);
        }
    }
    Ok(())
}

/// What was reported, by a keyed hash: no second copy of a text.
#[derive(Default)]
struct Seen {
    key: RandomState,
    codes: HashSet<u64>,
}

impl Seen {
    fn is_new(&mut self, code: &Found) -> bool {
        let mark = match &code.content {
            Content::Text(text) => self.key.hash_one(("text", text.as_str())),
            Content::Bytes(text) => self.key.hash_one(("bytes", text.as_str())),
            Content::Part { number, of } => self.key.hash_one(("part", number, of)),
        };
        !self.is_full() && self.codes.insert(mark)
    }

    fn is_full(&self) -> bool {
        self.codes.len() >= MAX_CODES
    }
}

fn rest(begun: Instant, until: Instant) {
    let spent = begun.elapsed();
    let rest = spent.max(BETWEEN.saturating_sub(spent)).min(until.saturating_duration_since(Instant::now()));
    // The call that waits for pictures is the one that is left. One that is cut short is a shorter rest.
    let _ = poll(&mut [], Some(&super::timespec(rest)));
}

/// How long one picture is looked at.
pub const A_LOOK: Duration = Duration::from_millis(300);
/// From one look to the next, at least.
const BETWEEN: Duration = Duration::from_millis(100);
