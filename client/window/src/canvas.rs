//! A picture in memory: pixels, rectangles, and how they are told to a screen. Wiped when it is dropped.

use std::ops::Range;

use zeroize::Zeroizing;

/// A colour as `0xRRGGBB`.
pub(crate) type Colour = u32;

/// An area, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    /// Its left edge.
    pub(crate) x: u32,
    /// Its upper edge.
    pub(crate) y: u32,
    /// Its width.
    pub(crate) width: u32,
    /// Its height.
    pub(crate) height: u32,
}

impl Area {
    /// Whether a point lies in it.
    pub(crate) fn contains(&self, x: u32, y: u32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }
}

/// A picture in memory.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    pixels: Zeroizing<Vec<Colour>>,
}

impl Canvas {
    /// Makes a picture of one colour.
    pub(crate) fn new(width: u32, height: u32, colour: Colour) -> Self {
        Self { width, height, pixels: Zeroizing::new(vec![colour; width as usize * height as usize]) }
    }

    /// Makes a picture of bytes, four a pixel; what is missing is black.
    pub(crate) fn of_bytes(width: u32, height: u32, bytes: &[u8], order: fn([u8; 4]) -> u32) -> Self {
        let mut canvas = Self::new(width, height, 0);
        for (pixel, bytes) in canvas.pixels.iter_mut().zip(bytes.as_chunks().0) {
            *pixel = order(*bytes) & 0xff_ff_ff;
        }
        canvas
    }

    /// Returns its width.
    pub(crate) fn width(&self) -> u32 {
        self.width
    }

    /// Returns its height.
    pub(crate) fn height(&self) -> u32 {
        self.height
    }

    /// Returns a pixel.
    #[cfg(test)]
    pub(crate) fn pixel(&self, x: u32, y: u32) -> Colour {
        self.pixels[(y * self.width + x) as usize]
    }

    /// Fills an area; what lies outside the picture is cut off.
    pub(crate) fn fill(&mut self, area: Area, colour: Colour) {
        let columns = area.x.min(self.width) as usize..area.x.saturating_add(area.width).min(self.width) as usize;
        for y in area.y..area.y.saturating_add(area.height).min(self.height) {
            let row = y as usize * self.width as usize;
            self.pixels[row + columns.start..row + columns.end].fill(colour);
        }
    }

    /// Fills an area with round corners.
    pub(crate) fn fill_round(&mut self, area: Area, radius: f32, colour: Colour) {
        let radius = radius.min(area.width.min(area.height) as f32 / 2.0);
        let inside = |at: u32, size: u32| {
            let centre = at as f32 + 0.5;
            (radius - centre).max(centre - (size as f32 - radius)).max(0.0)
        };
        for y in 0..area.height {
            let dy = inside(y, area.height);
            for x in 0..area.width {
                let distance = inside(x, area.width).hypot(dy);
                self.blend(area.x + x, area.y + y, colour, radius - distance + 0.5);
            }
        }
    }

    /// Lays a colour over a pixel, as thick as `cover` says (0 to 1); outside the picture nothing happens.
    pub(crate) fn blend(&mut self, x: u32, y: u32, colour: Colour, cover: f32) {
        if x >= self.width || y >= self.height || cover <= 0.0 {
            return;
        }
        let pixel = &mut self.pixels[y as usize * self.width as usize + x as usize];
        let cover = (cover.min(1.0) * 255.0).round() as u32;
        let mix = |shift: u32| {
            let (under, over) = ((*pixel >> shift) & 0xff, (colour >> shift) & 0xff);
            ((under * (255 - cover) + over * cover + 127) / 255) << shift
        };
        *pixel = mix(16) | mix(8) | mix(0);
    }

    /// Returns the rows in which it differs from an earlier picture, or all where that had another size.
    pub(crate) fn changed_rows(&self, earlier: Option<&Self>) -> Range<u32> {
        let all = 0..self.height;
        let Some(earlier) = earlier.filter(|earlier| (earlier.width, earlier.height) == (self.width, self.height))
        else {
            return all;
        };
        let differs = |y: &u32| self.row(*y) != earlier.row(*y);
        let Some(first) = all.clone().find(differs) else { return 0..0 };
        first..all.rev().find(differs).map_or(first, |last| last + 1)
    }

    fn row(&self, y: u32) -> &[Colour] {
        let width = self.width as usize;
        &self.pixels[y as usize * width..(y as usize + 1) * width]
    }

    /// Returns rows as bytes, four a pixel, in the order that `order` makes of a pixel.
    pub(crate) fn bytes(&self, rows: Range<u32>, order: fn(u32) -> [u8; 4]) -> Zeroizing<Vec<u8>> {
        let width = self.width as usize;
        let pixels = &self.pixels[rows.start as usize * width..rows.end as usize * width];
        let mut bytes = Zeroizing::new(Vec::with_capacity(pixels.len() * 4));
        for pixel in pixels {
            bytes.extend_from_slice(&order(*pixel));
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_that_hangs_over_is_cut_off() {
        let mut canvas = Canvas::new(4, 4, 0);
        canvas.fill(Area { x: 2, y: 3, width: u32::MAX, height: 9 }, 7);
        canvas.fill(Area { x: 9, y: 0, width: 1, height: 1 }, 9);
        let filled: Vec<_> = (0..16).filter(|at| canvas.pixel(at % 4, at / 4) != 0).collect();
        assert_eq!(filled, [14, 15]);
        canvas.blend(4, 0, 1, 1.0);
        assert_eq!(canvas.pixel(3, 0), 0);
    }

    #[test]
    fn bytes_go_in_as_they_come_out() {
        let mut canvas = Canvas::new(2, 2, 0x12_34_56);
        canvas.blend(1, 1, 0xff_00_80, 1.0);
        let again = Canvas::of_bytes(2, 2, &canvas.bytes(0..2, u32::to_le_bytes), u32::from_le_bytes);
        assert_eq!(again.changed_rows(Some(&canvas)), 0..0);
        assert_eq!(Canvas::of_bytes(2, 1, &[1, 2, 3, 4, 5], u32::from_be_bytes).pixel(1, 0), 0);
    }

    #[test]
    fn half_covered_is_half_mixed() {
        let mut canvas = Canvas::new(1, 1, 0xff_ff_ff);
        canvas.blend(0, 0, 0x00_80_ff, 0.5);
        assert_eq!(canvas.pixel(0, 0), 0x7f_bf_ff);
        canvas.blend(0, 0, 0x12_34_56, 2.0);
        assert_eq!(canvas.pixel(0, 0), 0x12_34_56);
    }

    #[test]
    fn round_corners_leave_the_corner_free() {
        let mut canvas = Canvas::new(20, 20, 0);
        canvas.fill_round(Area { x: 0, y: 0, width: 20, height: 20 }, 6.0, 0xff_ff_ff);
        assert_eq!((canvas.pixel(0, 0), canvas.pixel(19, 19)), (0, 0));
        assert_eq!([canvas.pixel(10, 0), canvas.pixel(0, 10), canvas.pixel(10, 10)], [0xff_ff_ff; 3]);
    }

    #[test]
    fn only_what_changed_is_told() {
        let before = Canvas::new(3, 10, 0);
        let mut after = Canvas::new(3, 10, 0);
        assert_eq!(after.changed_rows(Some(&before)), 0..0);
        after.fill(Area { x: 1, y: 4, width: 1, height: 3 }, 1);
        assert_eq!(after.changed_rows(Some(&before)), 4..7);
        assert_eq!(after.changed_rows(None), 0..10);
        assert_eq!(after.changed_rows(Some(&Canvas::new(2, 10, 0))), 0..10);
    }
}
