//! A window on Wayland: shared memory, the desktop's own frame where it draws one, and its scale.
//!
//! Pixels are written into the shared file by plain writes, so that nothing is mapped.

#![allow(clippy::cast_possible_wrap)] // the protocol counts pixels with a sign; no screen has two thousand million

mod events;

use std::{
    fs::File,
    ops::Range,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt,
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::fs::{MemfdFlags, memfd_create};
use wayland_client::{
    Connection, EventQueue, Proxy, QueueHandle,
    backend::WaylandError,
    globals::{GlobalList, registry_queue_init},
    protocol::{
        wl_buffer::WlBuffer,
        wl_compositor::WlCompositor,
        wl_keyboard::WlKeyboard,
        wl_output::WlOutput,
        wl_pointer::WlPointer,
        wl_seat::WlSeat,
        wl_shm::{Format, WlShm},
        wl_surface::WlSurface,
    },
};
use wayland_protocols::{
    wp::{
        cursor_shape::v1::client::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1,
        fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1,
        viewporter::client::{wp_viewport::WpViewport, wp_viewporter::WpViewporter},
    },
    xdg::{
        decoration::zv1::client::{
            zxdg_decoration_manager_v1::ZxdgDecorationManagerV1, zxdg_toplevel_decoration_v1::Mode,
        },
        shell::client::{xdg_toplevel::XdgToplevel, xdg_wm_base::XdgWmBase},
    },
};

use super::{APP_ID, Event, Surface, SurfaceError, keymap::ClosingKeys};
use crate::{
    canvas::Canvas,
    page::{SMALLEST, View},
};

/// A window.
pub(crate) struct Window {
    connection: Connection,
    queue: EventQueue<State>,
    state: State,
    shm: WlShm,
    buffers: Vec<Buffer>,
}

/// What the desktop told.
struct State {
    surface: WlSurface,
    toplevel: XdgToplevel,
    /// Is there where fractions of pixels are.
    viewport: Option<WpViewport>,
    cursors: Option<WpCursorShapeManagerV1>,
    /// In pixels at 96 dpi.
    size: (u32, u32),
    /// What the window would like, within the bounds that the desktop tells.
    wanted: (u32, u32),
    scale: f32,
    /// Scales of the outputs, and whether the window is on them: for desktops that tell no scale themselves.
    outputs: Vec<(WlOutput, i32, bool)>,
    configured: bool,
    bare: bool,
    keys: ClosingKeys,
    keyboard: Option<WlKeyboard>,
    mouse: Option<WlPointer>,
    /// Where the mouse is.
    pointer: (f64, f64),
    events: Vec<Event>,
}

/// A picture that the desktop reads.
struct Buffer {
    file: File,
    size: (u32, u32),
    shared: WlBuffer,
    /// The desktop may still read it.
    busy: Arc<AtomicBool>,
}

impl Window {
    /// Opens a window of this size, in pixels at 96 dpi.
    pub(crate) fn open(size: (u32, u32), title: &str) -> Result<Self, SurfaceError> {
        let connection = Connection::connect_to_env().map_err(|error| none(&error))?;
        let (globals, mut queue) = registry_queue_init::<State>(&connection).map_err(|error| none(&error))?;
        let handle = queue.handle();
        let shm: WlShm = globals.bind(&handle, 1..=1, ()).map_err(|error| none(&error))?;
        let mut state = State::new(&globals, &handle, size)?;
        state.toplevel.set_title(title.into());
        // The first answer tells the size; before it nothing may be shown.
        queue.roundtrip(&mut state).map_err(|error| none(&error))?;
        Ok(Self { connection, queue, state, shm, buffers: Vec::new() })
    }

    /// Returns a picture of this size that nobody reads, and forgets those of other sizes.
    fn free_buffer(&mut self, size: (u32, u32)) -> Result<&Buffer, SurfaceError> {
        self.buffers.retain(|buffer| buffer.size == size || buffer.busy.load(Ordering::Relaxed));
        let is_free = |buffer: &Buffer| buffer.size == size && !buffer.busy.load(Ordering::Relaxed);
        let at = self.buffers.iter().position(is_free).unwrap_or(self.buffers.len());
        if at == self.buffers.len() {
            self.buffers.push(Buffer::new(&self.shm, &self.queue.handle(), size)?);
        }
        Ok(&self.buffers[at])
    }
}

impl State {
    fn new(globals: &GlobalList, handle: &QueueHandle<Self>, size: (u32, u32)) -> Result<Self, SurfaceError> {
        let compositor: WlCompositor = globals.bind(handle, 4..=6, ()).map_err(|error| none(&error))?;
        let shell: XdgWmBase = globals.bind(handle, 1..=4, ()).map_err(|error| none(&error))?;
        let surface = compositor.create_surface(handle, ());
        let toplevel = shell.get_xdg_surface(&surface, handle, ()).get_toplevel(handle, ());
        toplevel.set_app_id(APP_ID.into());
        toplevel.set_min_size(SMALLEST.0 as i32, SMALLEST.1 as i32);

        let fractions = globals.bind::<WpFractionalScaleManagerV1, _, _>(handle, 1..=1, ());
        let viewporter = globals.bind::<WpViewporter, _, _>(handle, 1..=1, ());
        let viewport = fractions.ok().zip(viewporter.ok()).map(|(fractions, viewporter)| {
            fractions.get_fractional_scale(&surface, handle, ());
            viewporter.get_viewport(&surface, handle, ())
        });
        let decorations = globals.bind::<ZxdgDecorationManagerV1, _, _>(handle, 1..=1, ());
        let bare = decorations.is_err();
        if let Ok(decorations) = decorations {
            decorations.get_toplevel_decoration(&toplevel, handle, ()).set_mode(Mode::ServerSide);
        }
        globals.bind::<WlSeat, _, _>(handle, 3..=7, ()).ok(); // no keyboard, no mouse: its time closes it
        let cursors = globals.bind(handle, 1..=1, ()).ok();
        let outputs = outputs(globals, handle);
        surface.commit();
        Ok(Self {
            surface,
            toplevel,
            viewport,
            cursors,
            size,
            wanted: size,
            scale: 1.0,
            outputs,
            configured: false,
            bare,
            keys: ClosingKeys::default(),
            keyboard: None,
            mouse: None,
            pointer: (0.0, 0.0),
            events: Vec::new(),
        })
    }

    fn view(&self) -> View {
        let pixels = |size: u32| ((size as f32 * self.scale).round() as u32).max(1);
        View { width: pixels(self.size.0), height: pixels(self.size.1), scale: self.scale, bare: self.bare }
    }

    fn set_scale(&mut self, scale: f32) {
        let scale = scale.clamp(1.0, 8.0);
        if self.scale.to_bits() != scale.to_bits() {
            self.scale = scale;
            self.events.push(Event::Changed);
        }
    }
}

/// Binds every output, for its scale.
fn outputs(globals: &GlobalList, handle: &QueueHandle<State>) -> Vec<(WlOutput, i32, bool)> {
    let registry = globals.registry();
    let bind = |name, version: u32| registry.bind::<WlOutput, _, _>(name, version.min(2), handle, ());
    globals.contents().with_list(|list| {
        let outputs = list.iter().filter(|global| global.interface == WlOutput::interface().name);
        outputs.map(|global| (bind(global.name, global.version), 1, false)).collect()
    })
}

impl Surface for Window {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }

    fn events(&mut self) -> Result<Vec<Event>, SurfaceError> {
        self.queue.flush().map_err(|error| lost(&error))?;
        if let Some(reading) = self.queue.prepare_read() {
            match reading.read() {
                Err(WaylandError::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                other => drop(other.map_err(|error| lost(&error))?),
            }
        }
        self.queue.dispatch_pending(&mut self.state).map_err(|error| lost(&error))?;
        // Answers to pings, to configurations.
        self.queue.flush().map_err(|error| lost(&error))?;
        Ok(std::mem::take(&mut self.state.events))
    }

    fn view(&self) -> Option<View> {
        self.state.configured.then(|| self.state.view())
    }

    fn show(&mut self, canvas: &Canvas, rows: Range<u32>) -> Result<(), SurfaceError> {
        let size = (canvas.width(), canvas.height());
        let buffer = self.free_buffer(size)?;
        // All of it: a buffer that was free holds an older picture.
        let bytes = canvas.bytes(0..size.1, u32::to_ne_bytes);
        buffer.file.write_all_at(&bytes, 0).map_err(|error| lost(&error))?;
        buffer.busy.store(true, Ordering::Relaxed);
        let buffer = buffer.shared.clone();
        let state = &self.state;
        match &state.viewport {
            Some(viewport) => viewport.set_destination(state.size.0.max(1) as i32, state.size.1.max(1) as i32),
            None => state.surface.set_buffer_scale(state.scale as i32),
        }
        state.surface.attach(Some(&buffer), 0, 0);
        state.surface.damage_buffer(0, rows.start as i32, size.0 as i32, rows.len() as i32);
        state.surface.commit();
        self.queue.flush().map_err(|error| lost(&error))
    }
}

impl Buffer {
    fn new(shm: &WlShm, handle: &QueueHandle<State>, size: (u32, u32)) -> Result<Self, SurfaceError> {
        let bytes = u64::from(size.0) * u64::from(size.1) * 4;
        let file: File = memfd_create("countersign-window", MemfdFlags::CLOEXEC).map_err(|error| lost(&error))?.into();
        file.set_len(bytes).map_err(|error| lost(&error))?;
        let pool = shm.create_pool(file.as_fd(), bytes as i32, handle, ());
        let busy = Arc::new(AtomicBool::new(false));
        let (width, height) = (size.0 as i32, size.1 as i32);
        let shared = pool.create_buffer(0, width, height, width * 4, Format::Xrgb8888, handle, busy.clone());
        pool.destroy();
        Ok(Self { file, size, shared, busy })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // The kernel wipes the pages of a file without a name before anybody else gets them.
        self.shared.destroy();
    }
}

fn none(error: &dyn std::error::Error) -> SurfaceError {
    SurfaceError::NoDisplay(error.to_string())
}

fn lost(error: &dyn std::error::Error) -> SurfaceError {
    SurfaceError::Lost(error.to_string())
}
