//! How a code looks: whose it is, the code as large as the window allows, how long it lives as a bar and in words, and in the
//! last seconds the next one.
//!
//! It is to be read from across a room and by eyes that see little: black on white, no colour means anything, and what is
//! said in small letters stands elsewhere too. Where the window is small, words give way to the code.

use crate::{
    canvas::{Area, Canvas, Colour},
    code::Code,
    page::{self, CAPITAL, View},
    request::Request,
    text::Face,
};

/// The size that a code likes best, in pixels at 96 dpi.
pub(crate) const PREFERRED: (u32, u32) = (1200, 640);

/// Draws a code that lives on for so many seconds.
pub(crate) fn draw(request: &Request, code: &Code, view: View, left: u64) -> Canvas {
    let mut canvas = Canvas::new(view.width, view.height, PAPER);
    let sheet = Sheet::fitting(request, code, view);
    sheet.draw_title(&mut canvas);
    sheet.draw_code(&mut canvas, left);
    sheet.draw_foot(&mut canvas, left);
    page::draw_button(&mut canvas, view);
    canvas
}

/// How much stands around the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Brevity {
    All,
    NoNotes,
    Short,
    BarOnly,
}

/// What stands where.
struct Sheet<'a> {
    code: &'a Code,
    view: View,
    brevity: Brevity,
    /// The size of a word.
    unit: f32,
    edge: f32,
    title: Vec<(Face, String)>,
    notes: Vec<String>,
    /// The code's groups in lines, and the size of their digits.
    lines: Vec<&'a str>,
    size: f32,
    digits: Digits,
}

impl<'a> Sheet<'a> {
    /// Returns the sheet with as much around the code as leaves that large.
    fn fitting(request: &'a Request, code: &'a Code, view: View) -> Self {
        let all = [Brevity::All, Brevity::NoNotes, Brevity::Short, Brevity::BarOnly];
        let mut sheets: Vec<_> = all.map(|brevity| Self::new(request, code, view, brevity)).into();
        let largest = sheets.last().map_or(0.0, |sheet| sheet.size);
        let at = sheets.iter().position(|sheet| sheet.size >= LARGE * largest).unwrap_or(sheets.len() - 1);
        sheets.swap_remove(at)
    }

    fn new(request: &'a Request, code: &'a Code, view: View, brevity: Brevity) -> Self {
        let (width, height) = (view.width as f32, view.height as f32);
        let unit = (width * UNIT_OF_WIDTH).min(height * UNIT_OF_HEIGHT).max(SMALLEST_UNIT * view.scale);
        let edge = unit * 0.7;
        let room = (width - 2.0 * edge).max(1.0);
        let mut sheet = Self {
            code,
            view,
            brevity,
            unit,
            edge,
            title: titles(&request.title, unit, room, brevity),
            notes: Vec::new(),
            lines: Vec::new(),
            size: 0.0,
            digits: Digits::of(code),
        };
        if brevity == Brevity::All {
            let face = Face::regular(NOTE * unit);
            sheet.notes = request.notes.iter().flat_map(|note| face.lines(note, room, 2)).collect();
        }
        let free = (height - sheet.title_height() - sheet.foot_height()).max(1.0);
        (sheet.lines, sheet.size) = sheet.digits.arranged(&code.groups, room, free);
        sheet
    }

    fn title_height(&self) -> f32 {
        self.edge * if self.title.is_empty() { 0.5 } else { 1.0 } + self.title.len() as f32 * LINE * self.unit
    }

    /// Returns the height of all that stands below the code: bar, words, the next one, notes.
    fn foot_height(&self) -> f32 {
        let bar = if self.code.life.is_some() { (BAR + 0.3) * self.unit } else { 0.0 };
        let words = self.word_lines() as f32 * LINE * self.unit;
        bar + words + self.notes.len() as f32 * NOTE * LINE * self.unit + self.edge
    }

    /// Returns how many lines the time and the next code take: one beside the other where the window is wide.
    fn word_lines(&self) -> u32 {
        match self.code.life {
            None => 0,
            Some(_) if self.brevity == Brevity::BarOnly => 0,
            Some(_) if self.is_wide() || self.brevity == Brevity::Short => 1,
            Some(_) => 2,
        }
    }

    fn is_wide(&self) -> bool {
        let next = NEXT.len() + self.code.groups.len();
        let both = self.word_face().width(&words(88)) + self.digits.cell * self.unit * next as f32;
        both + self.unit <= self.view.width as f32 - 2.0 * self.edge
    }

    fn word_face(&self) -> Face {
        Face::semibold(self.unit)
    }

    fn draw_title(&self, canvas: &mut Canvas) {
        let mut base = self.edge + CAPITAL * self.unit;
        for (face, text) in &self.title {
            face.draw(canvas, text, ((self.view.width as f32 - face.width(text)) / 2.0, base.round()), INK);
            base += LINE * self.unit;
        }
    }

    /// Draws the code in the middle of what is free; a dead one as dashes.
    fn draw_code(&self, canvas: &mut Canvas, left: u64) {
        let free = self.view.height as f32 - self.title_height() - self.foot_height();
        let block = self.size * block_height(self.lines.len());
        let mut base = self.title_height() + (free - block) / 2.0 + CAPITAL * self.size;
        let is_dead = self.code.life.is_some() && left == 0;
        for line in &self.lines {
            let x = (self.view.width as f32 - self.digits.width(line) * self.size) / 2.0;
            self.digits.draw(canvas, line, (x, base.round()), self.size, is_dead);
            base += self.size * LINE_OF_CODE;
        }
    }

    fn draw_foot(&self, canvas: &mut Canvas, left: u64) {
        let mut top = self.view.height as f32 - self.foot_height();
        if let Some(life) = self.code.life {
            self.draw_bar(canvas, top, left as f32 / life.period as f32);
            top += (BAR + 0.3) * self.unit;
            top = self.draw_words(canvas, top, left);
        }
        let face = Face::regular(NOTE * self.unit);
        for line in &self.notes {
            let x = (self.view.width as f32 - face.width(line)) / 2.0;
            face.draw(canvas, line, (x, (top + CAPITAL * NOTE * self.unit).round()), INK);
            top += NOTE * LINE * self.unit;
        }
    }

    /// Draws what is left as a bar in a frame, so that its end is seen too.
    fn draw_bar(&self, canvas: &mut Canvas, top: f32, left: f32) {
        let line = (self.unit * 0.07).max(self.view.scale).round().max(1.0) as u32;
        let width = (self.view.width as f32 - 2.0 * self.edge).max(0.0) as u32;
        let frame = Area { x: self.edge as u32, y: top.max(0.0) as u32, width, height: (BAR * self.unit) as u32 };
        let inside = |area: Area, by: u32| Area {
            x: area.x + by,
            y: area.y + by,
            width: area.width.saturating_sub(2 * by),
            height: area.height.saturating_sub(2 * by),
        };
        canvas.fill(frame, INK);
        canvas.fill(inside(frame, line), PAPER);
        let bar = inside(frame, 2 * line);
        canvas.fill(Area { width: (bar.width as f32 * left.clamp(0.0, 1.0)).round() as u32, ..bar }, INK);
    }

    /// Draws the time in words and, in the last seconds, the next code; returns where that ends.
    fn draw_words(&self, canvas: &mut Canvas, top: f32, left: u64) -> f32 {
        let lines = self.word_lines();
        let next = self.code.next.as_ref().filter(|_| (1..=SOON).contains(&left));
        let base = (top + CAPITAL * self.unit).round();
        // Where there is one line for both, the time is told in short.
        let both_in_one = lines == 1 && !self.is_wide() && next.is_some();
        if lines > 0 && !both_in_one {
            self.word_face().draw(canvas, &words(left), (self.edge, base), INK);
        }
        if let Some(next) = next.filter(|_| lines > 0) {
            let label = if both_in_one { format!("{left} s, {NEXT}") } else { NEXT.to_owned() };
            let face = Face::regular(self.unit);
            let width = face.width(&label) + self.digits.width(next) * self.unit;
            let x = if self.is_wide() { self.view.width as f32 - self.edge - width } else { self.edge };
            let base = if lines == 2 { base + (LINE * self.unit).round() } else { base };
            face.draw(canvas, &label, (x, base), INK);
            self.digits.draw(canvas, next, (x + face.width(&label), base), self.unit, false);
        }
        top + lines as f32 * LINE * self.unit
    }
}

/// Returns whose code it is: issuer and account, a line each, or both in one.
fn titles(title: &str, unit: f32, room: f32, brevity: Brevity) -> Vec<(Face, String)> {
    let (first, second) = title.split_once(" – ").unwrap_or((title, ""));
    let one = |face: Face, text: &str| face.lines(text, room, 1).pop().map(|line| (face, line));
    match brevity {
        Brevity::All | Brevity::NoNotes => {
            [one(Face::semibold(unit), first), one(Face::regular(0.85 * unit), second)].into_iter().flatten().collect()
        }
        Brevity::Short => one(Face::semibold(unit), title).into_iter().collect(),
        Brevity::BarOnly => Vec::new(),
    }
}

/// Says how long a code lives on.
fn words(left: u64) -> String {
    match left {
        0 => "Expired. Waiting for the next one".into(),
        1 => "1 second left".into(),
        left => format!("{left} seconds left"),
    }
}

/// The digits of a code, each in a cell of the same width: what is read does not jump when it changes.
struct Digits {
    /// The width of a cell, in ems.
    cell: f32,
}

impl Digits {
    fn of(code: &Code) -> Self {
        let face = Face::semibold(100.0);
        // Any letter may come with the next code.
        let kinds = ['0'..='9', 'A'..='Z', 'a'..='z'].into_iter();
        let used = kinds.filter(|kind| kind.contains(&'0') || code.groups.chars().any(|letter| kind.contains(&letter)));
        let widest = used.flatten().map(|letter| face.width(letter.encode_utf8(&mut [0; 4]))).fold(0.0, f32::max);
        Self { cell: widest / 100.0 }
    }

    /// Returns how wide a text is, in ems.
    fn width(&self, text: &str) -> f32 {
        text.bytes().map(|byte| self.cell * if byte == b' ' { GAP } else { 1.0 }).sum()
    }

    /// Breaks groups into lines so that the digits become largest; returns the lines and the size.
    fn arranged<'t>(&self, groups: &'t str, room: f32, free: f32) -> (Vec<&'t str>, f32) {
        let size = |lines: &[&str]| {
            let widest = lines.iter().map(|line| self.width(line)).fold(f32::MIN_POSITIVE, f32::max);
            (room / widest).min(free / (block_height(lines.len()) + AIR))
        };
        let (one, each) = (vec![groups], groups.split(' ').collect::<Vec<_>>());
        let halves = groups.match_indices(' ').nth(each.len().div_ceil(2).saturating_sub(1));
        let two = halves.map_or_else(|| one.clone(), |(at, _)| vec![&groups[..at], &groups[at + 1..]]);
        let all = [one, two, each].into_iter().map(|lines| (size(&lines), lines));
        let best = all.reduce(|best, other| if other.0 > best.0 { other } else { best });
        best.map(|(size, lines)| (lines, size)).expect("there are three ways")
    }

    fn draw(&self, canvas: &mut Canvas, text: &str, (mut x, base): (f32, f32), size: f32, dashes: bool) {
        let face = Face::semibold(size);
        for letter in text.chars() {
            let shown = if dashes && letter != ' ' { '–' } else { letter };
            let mut bytes = [0; 4];
            let shown = shown.encode_utf8(&mut bytes);
            let cell = self.cell * size * if letter == ' ' { GAP } else { 1.0 };
            face.draw(canvas, shown, (x + (cell - face.width(shown)) / 2.0, base), INK);
            x += cell;
        }
    }
}

/// Returns the height of so many lines of digits, in ems.
fn block_height(lines: usize) -> f32 {
    CAPITAL + lines.saturating_sub(1) as f32 * LINE_OF_CODE
}

/// Seconds before its end in which the next code stands beside it.
const SOON: u64 = 5;
const NEXT: &str = "next ";

/// How much of the size that it has alone the code must keep.
const LARGE: f32 = 0.6;
/// The size of a word, as a part of the window.
const UNIT_OF_WIDTH: f32 = 0.05;
const UNIT_OF_HEIGHT: f32 = 0.065;
/// And at least, in pixels at 96 dpi.
const SMALLEST_UNIT: f32 = 16.0;
// In words.
const LINE: f32 = 1.35;
const BAR: f32 = 0.7;
const NOTE: f32 = 0.6;
// In ems of the code.
const LINE_OF_CODE: f32 = 1.0;
const AIR: f32 = 0.3;
/// The gap between two groups, in cells.
const GAP: f32 = 0.7;

const PAPER: Colour = 0xff_ff_ff;
const INK: Colour = 0x00_00_00;

#[cfg(test)]
#[path = "large_tests.rs"]
mod tests;
