//! Finds the QR codes on a picture: a ladder of steps, each one slower than the one before.
//!
//! | step | what it adds |
//! |---|---|
//! | native | codes as they are meant to be: the picture as it is, thresholded block by block |
//! | mean | pale or small ones on a busy page: each pixel against the mean of its neighbourhood |
//! | cores | no margin on a dark page, a covered corner: only the cores of the corner squares are looked for |
//! | half, quarter | noise, blur and rough edges larger than a pixel |
//! | red, blue, red from green | hues of like lightness: one colour at a time |
//! | pairs | a corner square that is covered whole: the other two say where it would be |
//!
//! Each step looks at the picture as it is and with light and dark exchanged. The first that reads something ends the
//! climb, so a screen with an ordinary code costs the first step, and a coarse look for others beside it;
//! [`Effort::Whole`] walks all of it.

mod bitmap;
mod bits;
mod blocks;
mod channels;
mod core_search;
mod cores;
mod finder;
mod local_mean;
mod mean;
mod native;
mod pairs;
mod place;
mod projection;
mod sampler;
mod shrink;
mod triples;
mod view;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use zeroize::Zeroizing;

use crate::pixels::Pixels;

/// One code on a picture.
pub struct Found {
    /// What it says.
    pub content: Content,
    /// Its corners in pixels: top left, top right, bottom right, bottom left as the code sees itself, so a code that
    /// stands on its head has its top left corner at the bottom right.
    pub corners: [Point; 4],
}

/// What a code says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(Zeroizing<String>),
    /// Bytes in no character set, as text of one character a byte (Latin-1).
    Bytes(Zeroizing<String>),
    /// One of several codes that make one text together (structured append): alone it would be a cut text.
    Part {
        /// Which part, from 1.
        number: u8,
        /// Of how many.
        of: u8,
    },
}

/// A place on a picture, in pixels.
pub type Point = (f32, f32);

/// Most codes that are looked for on one picture.
pub const MAX_CODES: usize = 32;

/// How far the ladder is climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// To the first step that reads something.
    First,
    /// To its end: also finds a hard code beside an easy one.
    Whole,
}

/// One rung of the ladder.
struct Step {
    name: &'static str,
    /// Reads all codes that it can, until the time is over.
    read: fn(&Look) -> Vec<Found>,
}

const LADDER: &[Step] = &[
    Step { name: "native", read: native::read },
    Step { name: "mean", read: mean::read },
    Step { name: "cores", read: cores::read },
    Step { name: "half", read: shrink::read_half },
    Step { name: "quarter", read: shrink::read_quarter },
    Step { name: "red", read: channels::read_red },
    Step { name: "blue", read: channels::read_blue },
    Step { name: "red from green", read: channels::read_red_from_green },
    Step { name: "pairs", read: pairs::read },
];

/// After the step that read something: looks beside those codes for what that step can't read.
const BESIDE: Step = Step { name: "beside", read: cores::read_coarsely };

/// What a step is given.
struct Look<'a> {
    picture: &'a Pixels,
    /// Codes that earlier steps have read.
    known: &'a [Found],
    /// How many pixels of the picture one of the step's own has along a side.
    scale: f32,
    until: Instant,
}

impl Look<'_> {
    /// Says whether the time is over.
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Says whether a point of the step's picture lies on a code that was read before.
    fn is_known(&self, (x, y): Point) -> bool {
        self.known.iter().any(|code| place::is_inside((x * self.scale, y * self.scale), &code.corners))
    }
}

/// Returns the codes on a picture, each place once.
///
/// Takes until `until` at most, and what the step that runs then still needs to notice it.
pub fn scan(picture: &Pixels, effort: Effort, until: Instant) -> Vec<Found> {
    let mut found = Vec::new();
    for step in LADDER {
        climb(step, picture, until, &mut found);
        if effort == Effort::First && !found.is_empty() {
            climb(&BESIDE, picture, until, &mut found);
            break;
        }
    }
    found.truncate(MAX_CODES);
    found
}

/// Runs one step, if there is time, and adds what it reads; one that panics has read nothing.
fn climb(step: &Step, picture: &Pixels, until: Instant, found: &mut Vec<Found>) {
    let look = Look { picture, known: found, scale: 1.0, until };
    if look.is_over() {
        return;
    }
    match catch_unwind(AssertUnwindSafe(|| (step.read)(&look))) {
        Ok(more) => place::merge(found, more),
        Err(_) => eprintln!("countersign-scan: the decoding step \"{}\" failed and was left out", step.name),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::LazyLock, time::Duration};

    use super::{
        bitmap::{Bitmap, Bitmaps},
        *,
    };
    use crate::grey::Grey;

    static NOTHING: LazyLock<Pixels> = LazyLock::new(|| Grey::new(1, 1, vec![0]).unwrap().into());

    /// A look with all the time in the world.
    pub(super) fn look() -> Look<'static> {
        Look { picture: &NOTHING, known: &[], scale: 1.0, until: soon() }
    }

    /// A bitmap that is dark where the function says so.
    pub(super) fn bitmap_of(width: usize, height: usize, is_dark: impl Fn(usize, usize) -> bool) -> Bitmap {
        let row = |y, dark: &mut [u8], _: &mut [u8]| {
            for (x, pixel) in dark.iter_mut().enumerate() {
                *pixel = u8::from(is_dark(x, y));
            }
        };
        Bitmaps::by_rows(width, height, row).unwrap().dark
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    /// Finders panic on some pictures (rqrr's own does, which is why it is not asked): that costs their step only.
    #[test]
    fn a_step_that_panics_has_read_nothing_and_the_next_one_reads_on() {
        let bytes = include_bytes!("../../tests/data/samples/plain-light-00.png");
        let picture = crate::picture::decode(bytes).unwrap();
        let broken = Step { name: "broken", read: |_| panic!("deliberate") };
        let mut found = Vec::new();
        climb(&broken, &picture, soon(), &mut found);
        assert!(found.is_empty());
        climb(&LADDER[0], &picture, soon(), &mut found);
        climb(&broken, &picture, soon(), &mut found);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn no_picture_is_too_small() {
        for (width, height) in [(1, 1), (1, 50), (50, 1), (3, 3), (39, 41), (64, 2)] {
            let picture = Grey::new(width, height, vec![7; width * height]).unwrap().into();
            assert!(scan(&picture, Effort::Whole, soon()).is_empty(), "{width}x{height}");
        }
    }
}
