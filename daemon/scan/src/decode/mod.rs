//! Finds the QR codes on a picture: a ladder of steps, each one slower than the one before.
//!
//! | step | what it adds |
//! |---|---|
//! | native | codes as they are meant to be: the picture as it is, thresholded block by block |
//! | mean | pale or small ones on a busy page: each pixel against the mean of its neighbourhood |
//! | half, quarter | noise, blur and rough edges larger than a pixel |
//!
//! Each step looks at the picture as it is and with light and dark exchanged. The first that reads something ends the
//! climb, so a screen with an ordinary code costs the first step only.

mod bits;
mod finder;
mod mean;
mod native;
mod place;
mod projection;
mod sampler;
mod shrink;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use zeroize::Zeroizing;

use crate::grey::Grey;

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
    /// Bytes that are no text.
    Binary,
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

/// One rung of the ladder.
struct Step {
    name: &'static str,
    /// Reads all codes that it can, until the time is over.
    read: fn(&Grey, Instant) -> Vec<Found>,
}

const LADDER: &[Step] = &[
    Step { name: "native", read: native::read },
    Step { name: "mean", read: mean::read },
    Step { name: "half", read: shrink::read_half },
    Step { name: "quarter", read: shrink::read_quarter },
];

/// Returns every code that the first successful step of the ladder reads, each place once.
///
/// Takes until `until` at most, and what the step that runs then still needs to notice it.
pub fn scan(picture: &Grey, until: Instant) -> Vec<Found> {
    let inverted = picture.inverted();
    for step in LADDER {
        let mut found = Vec::new();
        for polarity in [picture, &inverted] {
            if Instant::now() < until {
                place::merge(&mut found, climb(step, polarity, until));
            }
        }
        if !found.is_empty() {
            found.truncate(MAX_CODES);
            return found;
        }
    }
    Vec::new()
}

/// Runs one step; one that panics has read nothing.
fn climb(step: &Step, picture: &Grey, until: Instant) -> Vec<Found> {
    catch_unwind(AssertUnwindSafe(|| (step.read)(picture, until))).unwrap_or_else(|_| {
        eprintln!("countersign-scan: the decoding step \"{}\" failed and was left out", step.name);
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_step_that_panics_has_read_nothing() {
        let step = Step { name: "broken", read: |_, _| panic!("deliberate") };
        let picture = Grey::new(1, 1, vec![0]).unwrap();
        assert!(climb(&step, &picture, Instant::now() + Duration::from_secs(1)).is_empty());
    }

    #[test]
    fn no_picture_is_too_small() {
        for (width, height) in [(1, 1), (1, 50), (50, 1), (3, 3), (39, 41), (64, 2)] {
            let picture = Grey::new(width, height, vec![7; width * height]).unwrap();
            assert!(scan(&picture, Instant::now() + Duration::from_secs(3)).is_empty(), "{width}x{height}");
        }
    }
}
