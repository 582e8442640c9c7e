//! Last steps: one colour at a time.
//!
//! Reads codes that differ from their ground in hue and hardly in lightness, such as red on green.

use super::{Found, Look, native};
use crate::pixels::Channel;

/// Reads the codes of the red channel.
pub(super) fn read_red(look: &Look) -> Vec<Found> {
    read_channel(look, Channel::Red)
}

/// Reads the codes of the blue channel.
pub(super) fn read_blue(look: &Look) -> Vec<Found> {
    read_channel(look, Channel::Blue)
}

/// Reads the codes that stand out as red from green.
pub(super) fn read_red_from_green(look: &Look) -> Vec<Found> {
    read_channel(look, Channel::RedFromGreen)
}

fn read_channel(look: &Look, channel: Channel) -> Vec<Found> {
    match look.picture.channel(channel) {
        Some(picture) => native::read_grey(&picture, look),
        None => Vec::new(), // a picture without colours was read before
    }
}
