//! The whole desktop of an X server, frozen and dimmed, with a frame to be drawn on it.
//!
//! No compositor is needed: the server copies and dims what it shows, and each picture is put together there, so that no
//! pixel of the desktop comes into this process, but those below the hint. While it is open, mouse and keyboard are its own.

#![allow(clippy::cast_possible_wrap)] // the protocol counts pixels in 16 bits, and places with a sign

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::{
    connection::Connection,
    errors::ReplyOrIdError,
    protocol::{
        Event as XEvent,
        randr::{ConnectionExt as _, MonitorInfo},
        render::{self, ConnectionExt as _, PictOp},
        xproto::{
            ChangeGCAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, GrabMode, GrabStatus,
            ImageFormat, KeyButMask, Pixmap, Rectangle, Screen, SubwindowMode, WindowClass,
        },
    },
    rust_connection::RustConnection,
};

use super::{
    SurfaceError,
    x11::{self, lost},
};
use crate::{
    canvas::{Area, Canvas, Colour},
    frame::{Frame, Input},
    text::Face,
};

/// The overlay, open.
pub(crate) struct Overlay {
    connection: RustConnection,
    size: (u16, u16),
    scale: f32,
    window: u32,
    /// The desktop as it is, the same dimmed, and what is to be seen.
    bright: Pixmap,
    dim: Pixmap,
    scene: Pixmap,
    context: Gcontext,
}

impl Overlay {
    /// Freezes the desktop; returns it with the frame that is to be drawn, none yet.
    pub(crate) fn open(hint: &Hint) -> Result<(Self, Frame), SurfaceError> {
        let none = |error: &dyn std::error::Error| SurfaceError::NoDisplay(error.to_string());
        let (connection, number) = RustConnection::connect(None).map_err(|error| none(&error))?;
        let screen = connection.setup().roots[number].clone();
        if !x11::has_plain_pixels(&connection, &screen) {
            return Err(SurfaceError::NoDisplay(format!("the screen has {} bits a pixel, not 24", screen.root_depth)));
        }
        let scale = x11::scale(&connection);
        let monitors = monitors(&connection, &screen);
        let overlay = Self::create(connection, &screen, scale).map_err(|error| none(&error))?;
        overlay.write_hint(hint, &monitors, screen.root_depth).map_err(|error| lost(&error))?;
        overlay.show(None)?;
        overlay.connection.map_window(overlay.window).map_err(|error| lost(&error))?;
        overlay.seize()?;
        let mouse = overlay.mouse(screen.root).map_err(|error| lost(&error))?;
        let size = (overlay.size.0.into(), overlay.size.1.into());
        Ok((overlay, Frame::new(size, monitors, scale, mouse)))
    }

    fn create(connection: RustConnection, screen: &Screen, scale: f32) -> Result<Self, ReplyOrIdError> {
        let size = (screen.width_in_pixels, screen.height_in_pixels);
        let pixmap = || {
            let id = connection.generate_id()?;
            connection.create_pixmap(screen.root_depth, id, screen.root, size.0, size.1)?;
            Ok::<_, ReplyOrIdError>(id)
        };
        let (bright, dim, scene) = (pixmap()?, pixmap()?, pixmap()?);
        let context = connection.generate_id()?;
        let whole = CreateGCAux::new().graphics_exposures(0).subwindow_mode(SubwindowMode::INCLUDE_INFERIORS);
        connection.create_gc(context, screen.root, &whole)?;
        connection.copy_area(screen.root, bright, context, 0, 0, 0, 0, size.0, size.1)?;
        connection.copy_area(bright, dim, context, 0, 0, 0, 0, size.0, size.1)?;
        darken(&connection, dim, screen.root_visual, size)?;
        let window = connection.generate_id()?;
        let unmanaged = CreateWindowAux::new().override_redirect(1).event_mask(EventMask::EXPOSURE);
        let (input_output, same) = (WindowClass::INPUT_OUTPUT, x11rb::COPY_FROM_PARENT);
        connection.create_window(0, window, screen.root, 0, 0, size.0, size.1, 0, input_output, same, &unmanaged)?;
        Ok(Self { connection, size, scale, window, bright, dim, scene, context })
    }

    /// Writes on each monitor what to do.
    fn write_hint(&self, hint: &Hint, monitors: &[Area], depth: u8) -> Result<(), ReplyOrIdError> {
        for monitor in monitors {
            let card = Card::of(hint, monitor.width, self.scale);
            let x = (monitor.x + monitor.width.saturating_sub(card.width) / 2) as i16;
            let y = (monitor.y + (CARD_TOP * self.scale) as u32) as i16;
            let (width, height) = (card.width as u16, card.height as u16);
            // What lies below its round corners, so that they are smooth.
            let below = self.connection.get_image(ImageFormat::Z_PIXMAP, self.dim, x, y, width, height, u32::MAX)?;
            let order = x11::from_bytes(&self.connection);
            let mut canvas = Canvas::of_bytes(card.width, card.height, &below.reply()?.data, order);
            card.draw(&mut canvas);
            let rows = 0..card.height;
            x11::put(&self.connection, (self.dim, self.context, depth), (&canvas, rows), (x, y))?;
        }
        Ok(())
    }

    /// Takes mouse and keyboard; a hotkey that is still held down has them for a moment.
    fn seize(&self) -> Result<(), SurfaceError> {
        let end = Instant::now() + SEIZING;
        while !self.try_to_seize().map_err(|error| lost(&error))? {
            if Instant::now() > end {
                return Err(SurfaceError::Lost("another program holds mouse or keyboard".into()));
            }
            let turn = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            poll(&mut [PollFd::new(&self.descriptor(), PollFlags::IN)], Some(&turn)).map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    fn try_to_seize(&self) -> Result<bool, ReplyOrIdError> {
        let buttons = EventMask::BUTTON_PRESS | EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
        let (mode, now) = (GrabMode::ASYNC, x11rb::CURRENT_TIME);
        let cross = self.cross()?;
        let mouse = self.connection.grab_pointer(false, self.window, buttons, mode, mode, self.window, cross, now)?;
        let keys = self.connection.grab_keyboard(false, self.window, now, mode, mode)?;
        Ok(mouse.reply()?.status == GrabStatus::SUCCESS && keys.reply()?.status == GrabStatus::SUCCESS)
    }

    fn cross(&self) -> Result<u32, ReplyOrIdError> {
        let (font, cursor) = (self.connection.generate_id()?, self.connection.generate_id()?);
        self.connection.open_font(font, b"cursor")?;
        let (black, white) = (0, u16::MAX);
        self.connection.create_glyph_cursor(
            cursor,
            font,
            font,
            CROSS,
            CROSS + 1,
            white,
            white,
            white,
            black,
            black,
            black,
        )?;
        self.connection.close_font(font)?;
        Ok(cursor)
    }

    fn mouse(&self, root: u32) -> Result<(i32, i32), ReplyOrIdError> {
        let mouse = self.connection.query_pointer(root)?.reply()?;
        Ok((mouse.root_x.into(), mouse.root_y.into()))
    }

    /// Returns what becomes readable when something happens.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }

    /// Returns what was done, without waiting; of several moves in a row only the last counts.
    pub(crate) fn inputs(&self) -> Result<Vec<Input>, SurfaceError> {
        let mut inputs = Vec::new();
        while let Some(event) = self.connection.poll_for_event().map_err(|error| lost(&error))? {
            let Some(input) = self.input(&event).map_err(|error| lost(&error))? else { continue };
            if let (Input::Move(..), Some(Input::Move(..))) = (input, inputs.last()) {
                inputs.pop();
            }
            inputs.push(input);
        }
        Ok(inputs)
    }

    fn input(&self, event: &XEvent) -> Result<Option<Input>, ReplyOrIdError> {
        Ok(match event {
            XEvent::MotionNotify(motion) => Some(Input::Move(motion.root_x.into(), motion.root_y.into())),
            XEvent::ButtonPress(button) if button.detail == LEFT => Some(Input::Press),
            XEvent::ButtonPress(button) if button.detail == MIDDLE || button.detail == RIGHT => Some(Input::Cancel),
            XEvent::ButtonRelease(button) if button.detail == LEFT => Some(Input::Release),
            XEvent::KeyPress(key) => {
                let symbols = self.connection.get_keyboard_mapping(key.detail, 1)?.reply()?.keysyms;
                symbols.iter().find_map(|symbol| input_of_key(*symbol, key.state))
            }
            XEvent::Expose(_) => {
                self.reveal()?;
                None
            }
            _ => None,
        })
    }

    /// Shows the desktop dimmed, and as it is inside the frame.
    pub(crate) fn show(&self, frame: Option<Area>) -> Result<(), SurfaceError> {
        self.draw(frame).map_err(|error| lost(&error))
    }

    fn draw(&self, frame: Option<Area>) -> Result<(), ReplyOrIdError> {
        let (width, height) = self.size;
        self.connection.copy_area(self.dim, self.scene, self.context, 0, 0, 0, 0, width, height)?;
        if let Some(Area { x, y, width, height }) = frame {
            // White around the colour, so that it stands out on everything.
            let line = (1.5 * self.scale).round().max(1.0) as u32;
            self.draw_edge(Area { x, y, width, height }, 2 * line, EDGE_FRAME)?;
            self.draw_edge(Area { x, y, width, height }, line, EDGE)?;
            let (x, y, width, height) = (x as i16, y as i16, width as u16, height as u16);
            self.connection.copy_area(self.bright, self.scene, self.context, x, y, x, y, width, height)?;
        }
        self.reveal()
    }

    /// Fills an area that is so much larger on every side.
    fn draw_edge(&self, area: Area, by: u32, colour: Colour) -> Result<(), ReplyOrIdError> {
        self.connection.change_gc(self.context, &ChangeGCAux::new().foreground(colour))?;
        let (x, y) = (area.x as i16 - by as i16, area.y as i16 - by as i16);
        let (width, height) = ((area.width + 2 * by) as u16, (area.height + 2 * by) as u16);
        self.connection.poly_fill_rectangle(self.scene, self.context, &[Rectangle { x, y, width, height }])?;
        Ok(())
    }

    fn reveal(&self) -> Result<(), ReplyOrIdError> {
        let (width, height) = self.size;
        self.connection.copy_area(self.scene, self.window, self.context, 0, 0, 0, 0, width, height)?;
        self.connection.flush()?;
        Ok(())
    }
}

/// Lays a shade over a picture, on the server.
fn darken(
    connection: &RustConnection,
    picture: Pixmap,
    visual: u32,
    (width, height): (u16, u16),
) -> Result<(), ReplyOrIdError> {
    let formats = connection.render_query_pict_formats()?.reply()?;
    let visuals = formats.screens.iter().flat_map(|screen| &screen.depths).flat_map(|depth| &depth.visuals);
    let format = visuals.into_iter().find(|one| one.visual == visual).map(|one| one.format);
    let format = format.ok_or_else(|| io::Error::other("the server draws no shades on this screen"));
    let format = format.map_err(|error| ReplyOrIdError::ConnectionError(error.into()))?;
    let target = connection.generate_id()?;
    connection.render_create_picture(target, picture, format, &render::CreatePictureAux::new())?;
    let whole = [Rectangle { x: 0, y: 0, width, height }];
    connection.render_fill_rectangles(PictOp::OVER, target, SHADE, &whole)?;
    connection.render_free_picture(target)?;
    Ok(())
}

/// Returns the monitors, or the whole screen where the server tells none.
fn monitors(connection: &RustConnection, screen: &Screen) -> Vec<Area> {
    let asked = connection.randr_get_monitors(screen.root, true).ok().and_then(|asked| asked.reply().ok());
    let monitors = asked.into_iter().flat_map(|reply| reply.monitors);
    let area = |monitor: MonitorInfo| Area {
        x: monitor.x.max(0) as u32,
        y: monitor.y.max(0) as u32,
        width: monitor.width.into(),
        height: monitor.height.into(),
    };
    let monitors: Vec<Area> = monitors.map(area).collect();
    if monitors.is_empty() {
        let (width, height) = (screen.width_in_pixels.into(), screen.height_in_pixels.into());
        return vec![Area { x: 0, y: 0, width, height }];
    }
    monitors
}

/// What to do, and how else.
#[derive(Debug)]
pub(crate) struct Hint {
    /// In large letters.
    pub(crate) title: String,
    /// In small ones.
    pub(crate) note: String,
}

/// A card with the hint.
struct Card<'h> {
    title: &'h str,
    notes: Vec<String>,
    scale: f32,
    width: u32,
    height: u32,
}

impl<'h> Card<'h> {
    /// Returns it as large as its words, but no wider than there is room.
    fn of(hint: &'h Hint, room: u32, scale: f32) -> Self {
        let (title, note) = (Face::semibold(TITLE * scale), Face::regular(NOTE * scale));
        let notes = note.lines(&hint.note, (room as f32 - 4.0 * EDGE_SPACE * scale).max(1.0), 3);
        let widest = notes.iter().map(|line| note.width(line)).fold(title.width(&hint.title), f32::max);
        let lines = TITLE_LINE + notes.len() as f32 * NOTE_LINE;
        let (width, height) = (widest + 2.0 * EDGE_SPACE * scale, (lines + 1.3 * EDGE_SPACE) * scale);
        let width = (width.ceil() as u32).min(room.max(1));
        Self { title: &hint.title, notes, scale, width, height: height.ceil() as u32 }
    }

    fn draw(&self, canvas: &mut Canvas) {
        let whole = Area { x: 0, y: 0, width: self.width, height: self.height };
        canvas.fill_round(whole, CARD_RADIUS * self.scale, CARD);
        let mut top = 0.65 * EDGE_SPACE * self.scale;
        let mut write = |face: &Face, text: &str, (line, size): (f32, f32), colour| {
            let base = top + (line * self.scale).midpoint(size * self.scale * CAPITAL);
            face.draw(canvas, text, ((self.width as f32 - face.width(text)) / 2.0, base.round()), colour);
            top += line * self.scale;
        };
        write(&Face::semibold(TITLE * self.scale), self.title, (TITLE_LINE, TITLE), INK);
        for note in &self.notes {
            write(&Face::regular(NOTE * self.scale), note, (NOTE_LINE, NOTE), FAINT_INK);
        }
    }
}

/// Returns what a key means; the number is X11's for its symbol.
fn input_of_key(symbol: u32, held: KeyButMask) -> Option<Input> {
    let to = match symbol {
        0xff1b => return Some(Input::Cancel),
        0xff0d | 0xff8d => return Some(Input::Accept),
        0xff51 | 0xff96 => (-1, 0),
        0xff52 | 0xff97 => (0, -1),
        0xff53 | 0xff98 => (1, 0),
        0xff54 | 0xff99 => (0, 1),
        _ => return None,
    };
    Some(Input::Arrow { to, size: held.contains(KeyButMask::SHIFT), fine: held.contains(KeyButMask::CONTROL) })
}

/// How long another program may go on holding mouse or keyboard.
const SEIZING: Duration = Duration::from_secs(3);
const LEFT: u8 = 1;
const MIDDLE: u8 = 2;
const RIGHT: u8 = 3;
/// The cross among X11's own mouse pointers.
const CROSS: u16 = 34;

// Sizes, in pixels at 96 dpi.
const TITLE: f32 = 19.0;
const TITLE_LINE: f32 = 27.0;
const NOTE: f32 = 14.0;
const NOTE_LINE: f32 = 21.0;
const EDGE_SPACE: f32 = 24.0;
const CARD_RADIUS: f32 = 14.0;
const CARD_TOP: f32 = 40.0;
/// The height of a capital letter, in ems of the font.
const CAPITAL: f32 = 0.727;

/// More than half of black, with a breath of blue; the colours are multiplied by the last.
const SHADE: render::Color = render::Color { red: 0x0600, green: 0x0900, blue: 0x1000, alpha: 0x9c00 };
const EDGE: Colour = 0x2f_6f_de;
const EDGE_FRAME: Colour = 0xff_ff_ff;
const CARD: Colour = 0xec_ef_f4;
const INK: Colour = 0x1b_22_30;
const FAINT_INK: Colour = 0x59_64_78;
