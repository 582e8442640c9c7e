//! A window on X11, in plain requests.

#![allow(clippy::cast_possible_wrap)] // the protocol counts pixels in 16 bits, and places with a sign

use std::{
    ops::Range,
    os::fd::{AsFd, BorrowedFd},
};

use x11rb::{
    atom_manager,
    connection::{Connection, RequestConnection},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    properties::{WmHints, WmSizeHints, WmSizeHintsSpecification},
    protocol::{
        Event as XEvent,
        xproto::{
            AtomEnum, ConnectionExt as _, CreateGCAux, CreateWindowAux, Drawable, EventMask, Gcontext, ImageFormat,
            ImageOrder, PropMode, Screen, WindowClass,
        },
    },
    resource_manager,
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{APP_ID, Event, Surface, SurfaceError};
use crate::{
    canvas::Canvas,
    page::{BACKGROUND, SMALLEST, View},
};

/// A window.
pub(crate) struct Window {
    connection: RustConnection,
    id: u32,
    context: Gcontext,
    atoms: Atoms,
    depth: u8,
    view: View,
}

atom_manager! {
    /// The names that window managers know.
    Atoms: AtomsCookie {
        WM_PROTOCOLS,
        WM_DELETE_WINDOW,
        UTF8_STRING,
        _NET_WM_NAME,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DIALOG,
    }
}

impl Window {
    /// Opens a window of this size, in pixels at 96 dpi.
    pub(crate) fn open((width, height): (u32, u32), title: &str) -> Result<Self, SurfaceError> {
        let none = |error: &dyn std::error::Error| SurfaceError::NoDisplay(error.to_string());
        let (connection, number) = RustConnection::connect(None).map_err(|error| none(&error))?;
        let screen = &connection.setup().roots[number];
        if !has_plain_pixels(&connection, screen) {
            return Err(SurfaceError::NoDisplay(format!("the screen has {} bits a pixel, not 24", screen.root_depth)));
        }
        let scale = scale(&connection);
        let within = |size: u32, whole: u16| ((size as f32 * scale) as u32).min(u32::from(whole) * 9 / 10).max(1);
        let view = View {
            width: within(width, screen.width_in_pixels),
            height: within(height, screen.height_in_pixels),
            scale,
            bare: false,
        };
        let depth = screen.root_depth;
        let (id, context, atoms) = create(&connection, screen, view, title).map_err(|error| none(&error))?;
        Ok(Self { connection, id, context, atoms, depth, view })
    }

    /// Whether a key closes the window, in any of the person's layouts.
    fn closes(&self, key: u8) -> Result<bool, ReplyError> {
        let mapping = self.connection.get_keyboard_mapping(key, 1)?.reply()?;
        Ok(mapping.keysyms.iter().any(|symbol| CLOSING.contains(symbol)))
    }

    fn event(&mut self, event: &XEvent) -> Result<Option<Event>, ReplyError> {
        Ok(match event {
            XEvent::Expose(expose) if expose.count == 0 => Some(Event::Changed),
            XEvent::ConfigureNotify(configure) => {
                let (width, height) = (u32::from(configure.width), u32::from(configure.height));
                let changed = (width, height) != (self.view.width, self.view.height);
                self.view = View { width, height, ..self.view };
                changed.then_some(Event::Changed)
            }
            XEvent::KeyPress(key) if self.closes(key.detail)? => Some(Event::Close),
            XEvent::ClientMessage(message) if message.data.as_data32()[0] == self.atoms.WM_DELETE_WINDOW => {
                Some(Event::Close)
            }
            _ => None,
        })
    }
}

impl Surface for Window {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }

    fn events(&mut self) -> Result<Vec<Event>, SurfaceError> {
        let mut events = Vec::new();
        self.connection.flush().map_err(|error| lost(&error))?;
        while let Some(event) = self.connection.poll_for_event().map_err(|error| lost(&error))? {
            events.extend(self.event(&event).map_err(|error| lost(&error))?);
        }
        Ok(events)
    }

    fn view(&self) -> Option<View> {
        Some(self.view)
    }

    fn show(&mut self, canvas: &Canvas, rows: Range<u32>) -> Result<(), SurfaceError> {
        let target = (self.id, self.context, self.depth);
        let put = put(&self.connection, target, (canvas, rows), (0, 0)).and_then(|()| self.connection.flush());
        put.map_err(|error| lost(&error))
    }
}

/// Returns how the server writes the four bytes of a pixel, to be read.
pub(super) fn from_bytes(connection: &RustConnection) -> fn([u8; 4]) -> u32 {
    match connection.setup().image_byte_order {
        ImageOrder::MSB_FIRST => u32::from_be_bytes,
        _ => u32::from_le_bytes,
    }
}

/// Sends rows of a picture in pieces that the server takes; it begins at a point of the target.
pub(super) fn put(
    connection: &RustConnection,
    (target, context, depth): (Drawable, Gcontext, u8),
    (canvas, rows): (&Canvas, Range<u32>),
    (x, y): (i16, i16),
) -> Result<(), ConnectionError> {
    let order = match connection.setup().image_byte_order {
        ImageOrder::MSB_FIRST => u32::to_be_bytes,
        _ => u32::to_le_bytes,
    };
    let room = connection.maximum_request_bytes().saturating_sub(REQUEST_HEAD);
    let at_once = (room / (canvas.width() as usize * 4)).max(1);
    for first in rows.clone().step_by(at_once) {
        let piece = first..rows.end.min(first + at_once as u32);
        let (width, height) = (canvas.width() as u16, piece.len() as u16);
        let top = y + piece.start as i16;
        let bytes = canvas.bytes(piece, order);
        connection.put_image(ImageFormat::Z_PIXMAP, target, context, width, height, x, top, 0, depth, &bytes)?;
    }
    Ok(())
}

/// Whether a pixel is four bytes with red, green and blue where everybody has them.
pub(super) fn has_plain_pixels(connection: &RustConnection, screen: &Screen) -> bool {
    let visuals = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals);
    let masks = |visual: &x11rb::protocol::xproto::Visualtype| {
        visual.visual_id == screen.root_visual
            && (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_00_00, 0xff_00, 0xff)
    };
    let formats = &connection.setup().pixmap_formats;
    let bits = formats.iter().find(|format| format.depth == screen.root_depth).map(|format| format.bits_per_pixel);
    visuals.into_iter().any(masks) && bits == Some(32)
}

/// Returns how much larger than at 96 dpi the person wants things, as desktops write it down.
pub(super) fn scale(connection: &RustConnection) -> f32 {
    let database = resource_manager::new_from_resource_manager(connection).ok().flatten();
    let dpi = database.and_then(|database| database.get_value::<f32>("Xft.dpi", "").ok().flatten());
    dpi.map_or(1.0, |dpi| (dpi / 96.0).clamp(1.0, 4.0))
}

fn create(
    connection: &RustConnection,
    screen: &Screen,
    view: View,
    title: &str,
) -> Result<(u32, Gcontext, Atoms), ReplyOrIdError> {
    let atoms = Atoms::new(connection)?.reply()?;
    let window = connection.generate_id()?;
    let middle = |whole: u16, size: u32| (u32::from(whole).saturating_sub(size) / 2) as i16;
    connection.create_window(
        screen.root_depth,
        window,
        screen.root,
        middle(screen.width_in_pixels, view.width),
        middle(screen.height_in_pixels, view.height),
        view.width as u16,
        view.height as u16,
        0,
        WindowClass::INPUT_OUTPUT,
        screen.root_visual,
        &CreateWindowAux::new()
            .background_pixel(BACKGROUND)
            .event_mask(EventMask::EXPOSURE | EventMask::KEY_PRESS | EventMask::STRUCTURE_NOTIFY),
    )?;
    describe(connection, window, atoms, view, title)?;
    let context = connection.generate_id()?;
    connection.create_gc(context, window, &CreateGCAux::new())?;
    connection.map_window(window)?;
    connection.flush()?;
    Ok((window, context, atoms))
}

/// Tells the window manager what it needs to know.
fn describe(
    connection: &RustConnection,
    window: u32,
    atoms: Atoms,
    view: View,
    title: &str,
) -> Result<(), ConnectionError> {
    let replace = PropMode::REPLACE;
    let class = format!("countersign-window\0{APP_ID}\0");
    connection.change_property8(replace, window, AtomEnum::WM_CLASS, AtomEnum::STRING, class.as_bytes())?;
    // The old name is Latin-1.
    let plain = title.replace('–', "-");
    connection.change_property8(replace, window, AtomEnum::WM_NAME, AtomEnum::STRING, plain.as_bytes())?;
    connection.change_property8(replace, window, atoms._NET_WM_NAME, atoms.UTF8_STRING, title.as_bytes())?;
    connection.change_property32(replace, window, atoms.WM_PROTOCOLS, AtomEnum::ATOM, &[atoms.WM_DELETE_WINDOW])?;
    // A dialog floats where windows are tiled.
    let kind = [atoms._NET_WM_WINDOW_TYPE_DIALOG];
    connection.change_property32(replace, window, atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM, &kind)?;
    let smallest = |size: u32, wanted: u32| wanted.min((size as f32 * view.scale) as u32) as i32;
    let hints = WmSizeHints {
        size: Some((WmSizeHintsSpecification::ProgramSpecified, view.width as i32, view.height as i32)),
        min_size: Some((smallest(SMALLEST.0, view.width), smallest(SMALLEST.1, view.height))),
        ..WmSizeHints::default()
    };
    hints.set_normal_hints(connection, window)?;
    WmHints { input: Some(true), ..WmHints::new() }.set(connection, window)?;
    Ok(())
}

pub(super) fn lost(error: &dyn std::error::Error) -> SurfaceError {
    SurfaceError::Lost(error.to_string())
}

/// Escape, Return, the keypad's Enter, q and Q, as X11 numbers symbols.
const CLOSING: [u32; 5] = [0xff1b, 0xff0d, 0xff8d, 0x71, 0x51];
/// Bytes of a request before its pixels, with room to spare.
const REQUEST_HEAD: usize = 64;
