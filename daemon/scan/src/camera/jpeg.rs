//! The pictures of a camera that sends JPEG, and leaves out the tables that all of them would share.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use zeroize::Zeroizing;

use super::choice::Size;
use crate::grey::Grey;

/// Returns the light of a picture; `None` where it is damaged, or not of the size that was agreed on.
pub(super) fn light(bytes: &[u8], size: Size) -> Option<Grey> {
    let whole = with_tables(bytes);
    let reader = ImageReader::with_format(
        Cursor::new(whole.as_ref().map_or(bytes, |whole| whole.as_slice())),
        ImageFormat::Jpeg,
    );
    let decoder = reader.into_decoder().ok()?;
    // What is decoded is bounded by what was agreed on before anything foreign came.
    if decoder.dimensions() != size {
        return None;
    }
    let light = DynamicImage::from_decoder(decoder).ok()?.into_luma8();
    Grey::new(size.0 as usize, size.1 as usize, light.into_raw())
}

/// Returns the picture with the usual tables where it has none of its own (ITU-T T.81 K.3): cameras leave them out.
fn with_tables(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let scan = scan_without_tables(bytes)?;
    let mut whole = Zeroizing::new(Vec::with_capacity(bytes.len() + 512)); // one allocation, so that no copy stays
    whole.extend_from_slice(&bytes[..scan]);
    for (class, lengths, values) in TABLES {
        let length = (2 + 1 + lengths.len() + values.len()) as u16;
        whole.extend([0xff, DEFINE_TABLES]);
        whole.extend(length.to_be_bytes());
        whole.push(class);
        whole.extend_from_slice(&lengths);
        whole.extend_from_slice(values);
    }
    whole.extend_from_slice(&bytes[scan..]);
    Some(whole)
}

/// Returns where the pixels begin, if no tables come before them.
fn scan_without_tables(bytes: &[u8]) -> Option<usize> {
    let mut at = 2; // behind the mark that begins a picture
    loop {
        match bytes.get(at..at + 4)? {
            [0xff, START_OF_SCAN, ..] => return Some(at),
            [0xff, DEFINE_TABLES, ..] => return None,
            [0xff, 0xff, ..] => at += 1, // padding
            [0xff, _, high, low] => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return None,
        }
    }
}

const START_OF_SCAN: u8 = 0xda;
const DEFINE_TABLES: u8 = 0xc4;

/// Of each table: what it is for (DC or AC, light or colour), how many codes of each length it has, what they mean.
const TABLES: [(u8, [u8; 16], &[u8]); 4] = [
    (0x00, DC_LIGHT, DC_VALUES),
    (0x10, AC_LIGHT, AC_LIGHT_VALUES),
    (0x01, DC_COLOUR, DC_VALUES),
    (0x11, AC_COLOUR, AC_COLOUR_VALUES),
];

const DC_LIGHT: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_COLOUR: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const AC_LIGHT: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125];
const AC_COLOUR: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119];
const DC_VALUES: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
#[rustfmt::skip]
const AC_LIGHT_VALUES: &[u8] = &[
    1, 2, 3, 0, 4, 17, 5, 18, 33, 49, 65, 6, 19, 81, 97, 7, 34, 113, 20, 50, 129, 145, 161, 8, 35, 66, 177, 193, 21,
    82, 209, 240, 36, 51, 98, 114, 130, 9, 10, 22, 23, 24, 25, 26, 37, 38, 39, 40, 41, 42, 52, 53, 54, 55, 56, 57,
    58, 67, 68, 69, 70, 71, 72, 73, 74, 83, 84, 85, 86, 87, 88, 89, 90, 99, 100, 101, 102, 103, 104, 105, 106, 115,
    116, 117, 118, 119, 120, 121, 122, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150, 151, 152,
    153, 154, 162, 163, 164, 165, 166, 167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186, 194, 195,
    196, 197, 198, 199, 200, 201, 202, 210, 211, 212, 213, 214, 215, 216, 217, 218, 225, 226, 227, 228, 229, 230,
    231, 232, 233, 234, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250,
];
#[rustfmt::skip]
const AC_COLOUR_VALUES: &[u8] = &[
    0, 1, 2, 3, 17, 4, 5, 33, 49, 6, 18, 65, 81, 7, 97, 113, 19, 34, 50, 129, 8, 20, 66, 145, 161, 177, 193, 9, 35,
    51, 82, 240, 21, 98, 114, 209, 10, 22, 36, 52, 225, 37, 241, 23, 24, 25, 26, 38, 39, 40, 41, 42, 53, 54, 55, 56,
    57, 58, 67, 68, 69, 70, 71, 72, 73, 74, 83, 84, 85, 86, 87, 88, 89, 90, 99, 100, 101, 102, 103, 104, 105, 106,
    115, 116, 117, 118, 119, 120, 121, 122, 130, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150,
    151, 152, 153, 154, 162, 163, 164, 165, 166, 167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186,
    194, 195, 196, 197, 198, 199, 200, 201, 202, 210, 211, 212, 213, 214, 215, 216, 217, 218, 226, 227, 228, 229,
    230, 231, 232, 233, 234, 242, 243, 244, 245, 246, 247, 248, 249, 250,
];

#[cfg(test)]
mod tests {
    use image::GrayImage;

    use super::*;

    /// A picture as the encoder writes it, with the usual tables.
    fn encoded() -> Vec<u8> {
        let picture = GrayImage::from_fn(64, 48, |x, y| image::Luma([(x * 3 + y) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageLuma8(picture).into_rgb8().write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    /// The same as most cameras send it.
    fn without_tables(whole: &[u8]) -> Vec<u8> {
        let (mut cut, mut at) = (whole[..2].to_vec(), 2);
        while whole[at + 1] != START_OF_SCAN {
            let next = at + 2 + usize::from(u16::from_be_bytes([whole[at + 2], whole[at + 3]]));
            if whole[at + 1] != DEFINE_TABLES {
                cut.extend_from_slice(&whole[at..next]);
            }
            at = next;
        }
        cut.extend_from_slice(&whole[at..]);
        cut
    }

    #[test]
    fn tables_that_a_camera_leaves_out_are_put_in() {
        let whole = encoded();
        let cut = without_tables(&whole);
        assert!(whole.len() - cut.len() > 400, "there is something to put in");
        let seen = |bytes: &[u8]| light(bytes, (64, 48)).unwrap().pixels().to_vec();
        assert_eq!(seen(&cut), seen(&whole));
        let top = seen(&whole);
        assert!(top[0] < 8 && (i32::from(top[63]) - 189).abs() < 8, "{} {}", top[0], top[63]);
    }

    #[test]
    fn what_is_damaged_or_of_another_size_is_no_picture() {
        let whole = encoded();
        assert!(light(&whole, (64, 47)).is_none());
        for bytes in [&b""[..], b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xda", b"\xff\xd8\xff\xdb\xff\xff", &whole[..40]] {
            assert!(light(bytes, (64, 48)).is_none(), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            light(&[&[0xff, 0xd8], bytes.as_slice()].concat(), (64, 48));
        }
    }
}
