//! How a request looks: a title, the QR on a white card, what to do with it, and how long it stays.
//!
//! The colours are its own, never the desktop's: a QR is black on white with a white margin of four modules, whatever the
//! theme. Modules are whole pixels, so that every edge is sharp. Where the window is small, the words give way to the QR.

use crate::{
    canvas::{Area, Canvas, Colour},
    large,
    request::{Modules, Request, Show},
    text::Face,
};

/// What there is to draw on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// How many pixels are one pixel at 96 dpi.
    pub(crate) scale: f32,
    /// Whether the desktop draws no frame around the window, so that it has to bring its own close button.
    pub(crate) bare: bool,
}

impl View {
    /// Returns where the close button is, if there is one.
    pub(crate) fn close_button(&self) -> Option<Area> {
        let side = (BUTTON * self.scale) as u32;
        self.bare.then(|| Area { x: self.width.saturating_sub(side), y: 0, width: side, height: side })
    }
}

/// Returns the size that a request likes best, in pixels at 96 dpi.
pub(crate) fn preferred(request: &Request) -> (u32, u32) {
    let Show::Qr(modules) = &request.show else { return large::PREFERRED };
    let side = (modules.side() + 2 * MARGIN) as u32;
    // Whole pixels a module: at least three, as phones like it.
    let figure = side * (FIGURE / side).max(3);
    let width = figure + 2 * GAP as u32;
    let words = Words::of(request, width as f32, 1.0, Brevity::All);
    (width, figure + words.height().ceil() as u32)
}

/// The smallest size at which a QR can still be read, in pixels at 96 dpi.
pub(crate) const SMALLEST: (u32, u32) = (200, 200);

/// Draws a QR whose window stays for so many seconds.
pub(crate) fn draw(request: &Request, modules: &Modules, view: View, left: u64) -> Canvas {
    let mut canvas = Canvas::new(view.width, view.height, BACKGROUND);
    let side = (modules.side() + 2 * MARGIN) as u32;
    let (words, module) = arranged(request, view, side);
    let figure = side * module;
    let above = (view.height as f32 - words.height() - figure as f32).max(0.0) / 2.0;
    let mut y = words.draw_title(&mut canvas, above);
    let card =
        Area { x: (view.width - figure.min(view.width)) / 2, y: y.round() as u32, width: figure, height: figure };
    draw_qr(&mut canvas, modules, module, card, view.scale);
    y += figure as f32;
    words.draw_notes(&mut canvas, y);
    words.draw_footer(&mut canvas, left);
    draw_bar(&mut canvas, view, left as f32 / request.time.as_secs_f32());
    draw_button(&mut canvas, view);
    canvas
}

/// Returns as many words as leave the QR large, and the pixels of a module beside them.
fn arranged(request: &Request, view: View, side: u32) -> (Words, u32) {
    let width = view.width as f32;
    let all = ALL_BREVITIES.map(|brevity| {
        let words = Words::of(request, width, view.scale, brevity);
        let room = (view.height as f32 - words.height()).min(width - 2.0 * words.edge).max(0.0) as u32;
        (words, room / side)
    });
    let titled = all[TITLED].1;
    let large = |module: u32| module >= wanted_module(view.scale) && 4 * module >= 3 * titled;
    let at = all.iter().position(|(_, module)| large(*module)).unwrap_or(all.len() - 1);
    all.into_iter().nth(at).expect("the place is one of them")
}

/// How much is said beside the QR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Brevity {
    All,
    TitleAndTime,
    Title,
    Nothing,
}

/// The words around the figure, broken into lines for a width.
struct Words {
    scale: f32,
    width: f32,
    /// Free space around the whole.
    edge: f32,
    title: Vec<String>,
    notes: Vec<Vec<String>>,
    footer: bool,
    brevity: Brevity,
}

impl Words {
    fn of(request: &Request, width: f32, scale: f32, brevity: Brevity) -> Self {
        let edge = scale * if brevity == Brevity::All { GAP } else { SMALL_GAP };
        let room = (width - 2.0 * edge).min(LONGEST_LINE * scale).max(1.0);
        let title_lines = match brevity {
            Brevity::All => 2,
            Brevity::TitleAndTime | Brevity::Title => 1,
            Brevity::Nothing => 0,
        };
        let title = title_lines_of(&Face::semibold(TITLE * scale), &request.title, room, title_lines);
        let face = Face::regular(NOTE * scale);
        let notes = match brevity {
            Brevity::All => request.notes.iter().map(|note| face.lines(note, room, NOTE_LINES)).collect(),
            _ => Vec::new(),
        };
        Self { scale, width, edge, title, notes, footer: brevity <= Brevity::TitleAndTime, brevity }
    }

    fn is_least(&self) -> bool {
        self.brevity == Brevity::Nothing
    }

    /// Returns the height of everything but the figure.
    fn height(&self) -> f32 {
        self.title_height() + self.notes_height() + self.footer_height()
    }

    fn title_height(&self) -> f32 {
        let between = if self.title.is_empty() { 0.0 } else { self.edge * 0.7 };
        self.edge * if self.is_least() { 0.5 } else { 0.9 }
            + self.title.len() as f32 * TITLE_LINE * self.scale
            + between
    }

    fn notes_height(&self) -> f32 {
        let paragraphs = self.notes.iter().filter(|lines| !lines.is_empty());
        paragraphs.map(|lines| (lines.len() as f32 * NOTE_LINE + PARAGRAPH) * self.scale).sum::<f32>()
            + if self.notes.is_empty() { 0.0 } else { self.edge * 0.4 }
    }

    /// The bar's height is in it.
    fn footer_height(&self) -> f32 {
        let line = if self.footer { FOOTER_LINE * self.scale + self.edge * 0.4 } else { 0.0 };
        line + BAR * self.scale + self.edge * 0.5
    }

    /// Draws the title, `above` below the window's edge, and returns where the figure begins.
    fn draw_title(&self, canvas: &mut Canvas, above: f32) -> f32 {
        let face = Face::semibold(TITLE * self.scale);
        let top = above + self.edge * if self.is_least() { 0.5 } else { 0.9 };
        self.draw_lines(canvas, &face, &self.title, (top, TITLE_LINE * self.scale, TITLE * self.scale), INK);
        above + self.title_height()
    }

    /// Draws the notes below the figure.
    fn draw_notes(&self, canvas: &mut Canvas, bottom: f32) {
        let face = Face::regular(NOTE * self.scale);
        let mut y = bottom + self.edge * 0.4;
        for lines in self.notes.iter().filter(|lines| !lines.is_empty()) {
            y += PARAGRAPH * self.scale;
            self.draw_lines(canvas, &face, lines, (y, NOTE_LINE * self.scale, NOTE * self.scale), INK);
            y += lines.len() as f32 * NOTE_LINE * self.scale;
        }
    }

    /// Draws how long the window stays, at its lower edge.
    fn draw_footer(&self, canvas: &mut Canvas, left: u64) {
        if !self.footer {
            return;
        }
        let face = Face::regular(FOOTER * self.scale);
        let top = canvas.height() as f32 - (BAR + FOOTER_LINE) * self.scale - self.edge * 0.4;
        let text = [format!("Closes in {left} s. Esc closes it now.")];
        self.draw_lines(canvas, &face, &text, (top, FOOTER_LINE * self.scale, FOOTER * self.scale), FAINT_INK);
    }

    fn draw_lines(
        &self,
        canvas: &mut Canvas,
        face: &Face,
        lines: &[String],
        (mut top, line_height, size): (f32, f32, f32),
        colour: Colour,
    ) {
        for line in lines {
            // Letters without a tail stand in the middle of their line.
            let base = top + line_height.midpoint(size * CAPITAL);
            face.draw(canvas, line, ((self.width - face.width(line)) / 2.0, base.round()), colour);
            top += line_height;
        }
    }
}

/// Breaks a title where issuer and account meet, if it has to be broken and there are two lines.
fn title_lines_of(face: &Face, title: &str, room: f32, most: usize) -> Vec<String> {
    match title.split_once(" – ") {
        Some((issuer, account)) if most == 2 && face.width(title) > room => {
            [issuer, account].iter().flat_map(|part| face.lines(part, room, 1)).collect()
        }
        _ => face.lines(title, room, most),
    }
}

/// Draws a QR with its margin into an area that is whole modules wide.
fn draw_qr(canvas: &mut Canvas, modules: &Modules, module: u32, card: Area, scale: f32) {
    let line = scale.round().max(1.0) as u32;
    let frame = Area {
        x: card.x.saturating_sub(line),
        y: card.y.saturating_sub(line),
        width: card.width + 2 * line,
        height: card.height + 2 * line,
    };
    // Round corners take a piece of the margin's corners only.
    let radius = (module as f32 * MARGIN as f32 / 2.0).min(CARD_RADIUS * scale);
    canvas.fill_round(frame, radius + line as f32, CARD_FRAME);
    canvas.fill_round(card, radius, WHITE);
    for y in 0..modules.side() {
        for x in (0..modules.side()).filter(|x| modules.is_dark(*x, y)) {
            let at = |module_at: usize| (module_at + MARGIN) as u32 * module;
            canvas.fill(Area { x: card.x + at(x), y: card.y + at(y), width: module, height: module }, BLACK);
        }
    }
}

/// Draws what is left of the time as a bar at the window's lower edge.
fn draw_bar(canvas: &mut Canvas, view: View, left: f32) {
    let height = (BAR * view.scale).round() as u32;
    let bar = Area { x: 0, y: view.height.saturating_sub(height), width: view.width, height };
    canvas.fill(bar, CARD_FRAME);
    canvas.fill(Area { width: (view.width as f32 * left.clamp(0.0, 1.0)).round() as u32, ..bar }, ACCENT);
}

/// Draws a cross where the desktop brings no frame to close the window by.
pub(crate) fn draw_button(canvas: &mut Canvas, view: View) {
    let Some(button) = view.close_button() else { return };
    let (middle, arm) = (button.width as f32 / 2.0, button.width as f32 * 0.15);
    let thick = 0.8 * view.scale;
    for y in 0..button.height {
        for x in 0..button.width {
            let (dx, dy) = (x as f32 + 0.5 - middle, y as f32 + 0.5 - middle);
            let stroke = (dx - dy).abs().min((dx + dy).abs()) / std::f32::consts::SQRT_2;
            if dx.abs().max(dy.abs()) <= arm {
                canvas.blend(button.x + x, button.y + y, FAINT_INK, thick - stroke + 0.5);
            }
        }
    }
}

/// Pixels a module that are worth leaving words out for.
fn wanted_module(scale: f32) -> u32 {
    (3.0 * scale).round() as u32
}

const ALL_BREVITIES: [Brevity; 4] = [Brevity::All, Brevity::TitleAndTime, Brevity::Title, Brevity::Nothing];
/// The place of the least with a title.
const TITLED: usize = 2;

/// Light modules around a QR, by the standard.
const MARGIN: usize = 4;

// Sizes, in pixels at 96 dpi.
const FIGURE: u32 = 440;
const GAP: f32 = 32.0;
const SMALL_GAP: f32 = 16.0;
const LONGEST_LINE: f32 = 620.0;
const NOTE_LINES: usize = 4;
const TITLE: f32 = 21.0;
const TITLE_LINE: f32 = 29.0;
const NOTE: f32 = 15.0;
const NOTE_LINE: f32 = 22.0;
const PARAGRAPH: f32 = 7.0;
const FOOTER: f32 = 13.0;
const FOOTER_LINE: f32 = 19.0;
const BAR: f32 = 4.0;
const BUTTON: f32 = 44.0;
const CARD_RADIUS: f32 = 14.0;
/// The height of a capital letter, in ems of the font.
pub(crate) const CAPITAL: f32 = 0.727;

const WHITE: Colour = 0xff_ff_ff;
const BLACK: Colour = 0x00_00_00;
/// The colour of all that is empty.
pub(crate) const BACKGROUND: Colour = 0xec_ef_f4;
const CARD_FRAME: Colour = 0xd4_da_e4;
const INK: Colour = 0x1b_22_30;
const FAINT_INK: Colour = 0x59_64_78;
const ACCENT: Colour = 0x2f_6f_de;

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
