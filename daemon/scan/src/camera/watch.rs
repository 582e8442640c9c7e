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
/// The whole ladder is climbed for each picture: beside a code that is read easily there may be another one, and of several
/// none is to be kept without a choice. That costs, and a camera sends 30 pictures a second. So a look at one ends after
/// `a_look`, there are ten a second at most, and after each the process rests for as long as it took: about half a
/// processor is used at most, however long a person needs. A film shows each picture once, and waits: it has all the time.
pub fn watch<E: From<ScanError>>(
    frames: &mut dyn Frames,
    a_look: Duration,
    until: Instant,
    mut report: impl FnMut(Vec<Found>) -> Result<(), E>,
) -> Result<(), E> {
    let mut seen = Seen::default();
    while !seen.is_full()
        && let Some(light) = frames.next(until)?
    {
        let begun = Instant::now();
        let end = if frames.is_live() { until.min(begun + a_look) } else { until };
        let mut found = decode::scan(&light.into(), Effort::Whole, end);
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

/// How long one picture of a camera is looked at, unless told.
pub const A_LOOK: Duration = Duration::from_millis(300);
/// From one look to the next, at least.
const BETWEEN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use qrcode::{Color, QrCode};
    use zeroize::Zeroizing;

    use super::*;
    use crate::grey::Grey;

    const LONG: Duration = Duration::from_secs(60);

    /// Pictures from memory.
    struct Pictures {
        left: Vec<Option<&'static str>>,
        live: bool,
    }

    impl Frames for Pictures {
        fn next(&mut self, _: Instant) -> Result<Option<Grey>, ScanError> {
            Ok((!self.left.is_empty()).then(|| picture(self.left.remove(0))))
        }

        fn is_live(&self) -> bool {
            self.live
        }
    }

    fn picture(text: Option<&str>) -> Grey {
        let mut pixels = vec![255; 200 * 200];
        if let Some(text) = text {
            let code = QrCode::new(text).unwrap();
            let (width, colours) = (code.width(), code.to_colors());
            for (at, pixel) in pixels.iter_mut().enumerate() {
                let (x, y) = ((at % 200).wrapping_sub(40) / 4, (at / 200).wrapping_sub(40) / 4);
                if x < width && y < width && colours[y * width + x] == Color::Dark {
                    *pixel = 0;
                }
            }
        }
        Grey::new(200, 200, pixels).unwrap()
    }

    fn reported(left: Vec<Option<&'static str>>) -> Vec<Zeroizing<String>> {
        let (mut texts, until) = (Vec::new(), Instant::now() + Duration::from_secs(60));
        watch(&mut Pictures { left, live: false }, Duration::ZERO, until, |found| {
            texts.extend(found.into_iter().filter_map(|code| match code.content {
                Content::Text(text) => Some(text),
                _ => None,
            }));
            Ok::<_, ScanError>(())
        })
        .unwrap();
        texts
    }

    #[test]
    fn each_code_is_reported_once_however_long_it_is_shown() {
        let (one, two) = (Some("one"), Some("two"));
        let texts = reported(vec![None, one, one, None, two, one, two]);
        assert_eq!(texts.iter().map(|text| text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn whoever_reads_no_more_ends_the_look() {
        let mut pictures = Pictures { left: vec![Some("one"), Some("two")], live: false };
        let until = Instant::now() + Duration::from_secs(60);
        let ended = watch(&mut pictures, LONG, until, |_| Err(ScanError::Report("closed".into())));
        assert!(matches!(ended, Err(ScanError::Report(_))) && pictures.left.len() == 1);
    }

    /// The rest is measured by the clock, and longer on a busy machine: never shorter.
    #[test]
    fn a_camera_is_looked_through_ten_times_a_second_at_most() {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(60);
        let mut pictures = Pictures { left: vec![None; 4], live: true };
        watch(&mut pictures, LONG, until, |_| Ok::<_, ScanError>(())).unwrap();
        assert!(begun.elapsed() >= 4 * BETWEEN, "{:?}", begun.elapsed());
    }
}
