//! The clipboard of Wayland desktops that lend it only to the window with the keyboard (GNOME without an X server): an
//! invisible window of ours has it for a moment, takes the clipboard over, and goes. The offer stays with the connection.
//!
//! The trap: such a desktop reads what was copied at once, and goes on offering that when its owner ends. It does so while
//! our window still has the keyboard, so before anybody can paste, and before there is a code: it gets nothing, and nothing
//! is what remains.

use std::{
    fs::File,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::FileExt,
    },
    time::{Duration, Instant},
};

use rustix::fs::{MemfdFlags, memfd_create};
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, WEnum,
    backend::WaylandError,
    delegate_noop, event_created_child,
    globals::{GlobalList, GlobalListContents, registry_queue_init},
    protocol::{
        wl_buffer::WlBuffer,
        wl_compositor::WlCompositor,
        wl_data_device::{self, WlDataDevice},
        wl_data_device_manager::WlDataDeviceManager,
        wl_data_offer::WlDataOffer,
        wl_data_source::{self, WlDataSource},
        wl_keyboard::{self, WlKeyboard},
        wl_registry::WlRegistry,
        wl_seat::{self, Capability, WlSeat},
        wl_shm::{Format, WlShm},
        wl_shm_pool::WlShmPool,
        wl_surface::WlSurface,
    },
};
use wayland_protocols::xdg::shell::client::{
    xdg_surface::{self, XdgSurface},
    xdg_toplevel::XdgToplevel,
    xdg_wm_base::{self, XdgWmBase},
};

use super::{Asked, Board, BoardError, Event, HINT, TEXT, wait, wayland};

/// The clipboard.
pub(crate) struct Clipboard {
    connection: Connection,
    queue: EventQueue<State>,
    state: State,
    globals: Globals,
    source: Option<WlDataSource>,
}

/// What the desktop lends.
struct Globals {
    compositor: WlCompositor,
    shell: XdgWmBase,
    shm: WlShm,
    manager: WlDataDeviceManager,
    device: WlDataDevice,
}

/// What the desktop told.
#[derive(Default)]
struct State {
    events: Vec<Event>,
    keyboard: Option<WlKeyboard>,
    /// The picture of the window, which shows nothing.
    picture: Option<WlBuffer>,
    /// Proves that our window has the keyboard.
    focus: Option<u32>,
}

/// A window, for as long as it takes to be given the keyboard.
struct Window {
    surface: WlSurface,
    shell: XdgSurface,
    toplevel: XdgToplevel,
}

impl Clipboard {
    /// Connects; nothing is copied yet.
    pub(crate) fn open() -> Result<Self, BoardError> {
        let none = |error: &dyn std::error::Error| BoardError::None(error.to_string());
        let connection = Connection::connect_to_env().map_err(|error| none(&error))?;
        let (list, mut queue) = registry_queue_init(&connection).map_err(|error| none(&error))?;
        let globals = Globals::of(&list, &queue.handle()).map_err(|error| none(&error))?;
        let mut state = State::default();
        // The seat tells whether it has a keyboard.
        queue.roundtrip(&mut state).map_err(|error| none(&error))?;
        if state.keyboard.is_none() {
            return Err(BoardError::None("this Wayland desktop has no keyboard, and so lends no clipboard".into()));
        }
        Ok(Self { connection, queue, state, globals, source: None })
    }

    /// Waits until a window of ours has the keyboard, and returns the proof.
    fn focus(&mut self) -> Result<u32, BoardError> {
        let end = Instant::now() + LONGEST;
        loop {
            self.queue.dispatch_pending(&mut self.state).map_err(|error| lost(&error))?;
            if let Some(serial) = self.state.focus {
                return Ok(serial);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(BoardError::None(NO_FOCUS.into()));
            }
            self.connection.flush().map_err(|error| lost(&error))?;
            wait(self.connection.as_fd(), left).map_err(|error| lost(&error))?;
            self.dispatch().map_err(|error| lost(&error))?;
        }
    }

    fn dispatch(&mut self) -> Result<(), WaylandError> {
        wayland::read(&self.connection, &self.queue)
    }
}

impl Globals {
    fn of(list: &GlobalList, queue: &QueueHandle<State>) -> Result<Self, wayland_client::globals::BindError> {
        let seat: WlSeat = list.bind(queue, 3..=7, ())?;
        let manager: WlDataDeviceManager = list.bind(queue, 1..=3, ())?;
        Ok(Self {
            compositor: list.bind(queue, 1..=6, ())?,
            shell: list.bind(queue, 1..=4, ())?,
            shm: list.bind(queue, 1..=1, ())?,
            device: manager.get_data_device(&seat, queue, ()),
            manager,
        })
    }
}

impl Window {
    fn open(globals: &Globals, state: &mut State, queue: &QueueHandle<State>) -> Result<Self, BoardError> {
        state.picture = Some(nothing(&globals.shm, queue).map_err(|error| lost(&error))?);
        let surface = globals.compositor.create_surface(queue, ());
        let shell = globals.shell.get_xdg_surface(&surface, queue, surface.clone());
        let toplevel = shell.get_toplevel(queue, ());
        toplevel.set_title(TITLE.into());
        toplevel.set_app_id(APP_ID.into());
        surface.commit();
        Ok(Self { surface, shell, toplevel })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.toplevel.destroy();
        self.shell.destroy();
        self.surface.destroy();
    }
}

/// Makes a picture of one pixel that can be seen through.
fn nothing(shm: &WlShm, queue: &QueueHandle<State>) -> Result<WlBuffer, std::io::Error> {
    let file: File = memfd_create("countersign-clip", MemfdFlags::CLOEXEC)?.into();
    file.write_all_at(&[0; 4], 0)?;
    let pool = shm.create_pool(file.as_fd(), 4, queue, ());
    let picture = pool.create_buffer(0, 1, 1, 4, Format::Argb8888, queue, ());
    pool.destroy();
    Ok(picture)
}

impl Board for Clipboard {
    fn offer(&mut self) -> Result<(), BoardError> {
        let queue = self.queue.handle();
        let window = Window::open(&self.globals, &mut self.state, &queue)?;
        let serial = self.focus()?;
        let source = self.globals.manager.create_data_source(&queue, ());
        TEXT.into_iter().chain([HINT.0]).for_each(|form| source.offer(form.into()));
        self.globals.device.set_selection(Some(&source), serial);
        self.source = Some(source);
        // What reads now is the desktop itself.
        self.queue.roundtrip(&mut self.state).map_err(|error| lost(&error))?;
        drop(window);
        if let Some(keyboard) = self.state.keyboard.take() {
            keyboard.release();
        }
        self.queue.roundtrip(&mut self.state).map(drop).map_err(|error| lost(&error))
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }

    fn events(&mut self) -> Result<Vec<Event>, BoardError> {
        self.dispatch().map_err(|error| lost(&error))?;
        self.queue.dispatch_pending(&mut self.state).map_err(|error| lost(&error))?;
        Ok(std::mem::take(&mut self.state.events))
    }

    fn answer(&mut self, asked: Asked, text: Option<&str>) -> Result<(), BoardError> {
        if let (Asked::Pipe(pipe), Some(text)) = (asked, text) {
            wayland::write(pipe, text);
        }
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), BoardError> {
        if let Some(source) = self.source.take() {
            source.destroy();
        }
        self.queue.roundtrip(&mut self.state).map(drop).map_err(|error| lost(&error))
    }
}

/// Writes a `Dispatch` in the words that differ: state, object, event, data, queue.
macro_rules! on {
    ($object:ty, $data:ty, |$state:ident, $proxy:pat_param, $event:pat_param, $given:pat_param, $queue:pat_param| $body:expr) => {
        impl Dispatch<$object, $data> for State {
            fn event(
                $state: &mut Self,
                $proxy: &$object,
                $event: <$object as Proxy>::Event,
                $given: &$data,
                _: &Connection,
                $queue: &QueueHandle<Self>,
            ) {
                $body
            }
        }
    };
}

on!(WlRegistry, GlobalListContents, |_state, _, _, _, _| ());

on!(WlSeat, (), |state, seat, event, (), queue| match event {
    wl_seat::Event::Capabilities { capabilities: WEnum::Value(all) } if all.contains(Capability::Keyboard) => {
        state.keyboard.get_or_insert_with(|| seat.get_keyboard(queue, ()));
    }
    _ => {}
});

on!(WlKeyboard, (), |state, _, event, (), _| match event {
    wl_keyboard::Event::Enter { serial, .. } => state.focus = Some(serial),
    wl_keyboard::Event::Leave { .. } => state.focus = None,
    _ => {}
});

on!(XdgWmBase, (), |_state, shell, event, (), _| if let xdg_wm_base::Event::Ping { serial } = event {
    shell.pong(serial);
});

on!(XdgSurface, WlSurface, |state, shell, event, surface, _| {
    if let xdg_surface::Event::Configure { serial } = event {
        shell.ack_configure(serial);
        surface.attach(state.picture.as_ref(), 0, 0);
        surface.commit();
    }
});

on!(WlDataSource, (), |state, source, event, (), _| match event {
    wl_data_source::Event::Send { mime_type, fd } => state.events.extend(wayland::asked(&mime_type, fd)),
    wl_data_source::Event::Cancelled => {
        source.destroy();
        state.events.push(Event::Replaced);
    }
    _ => {}
});

/// What others copied, as our window is told while it has the keyboard.
impl Dispatch<WlDataDevice, ()> for State {
    fn event(
        _: &mut Self,
        _: &WlDataDevice,
        event: wl_data_device::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_data_device::Event::Selection { id: Some(offer) } = event {
            offer.destroy();
        }
    }

    event_created_child!(State, WlDataDevice, [wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, ())]);
}

delegate_noop!(State: ignore WlDataOffer);
delegate_noop!(State: ignore WlShm);
delegate_noop!(State: ignore WlSurface);
delegate_noop!(State: ignore WlBuffer);
delegate_noop!(State: ignore XdgToplevel);
delegate_noop!(State: WlCompositor);
delegate_noop!(State: WlDataDeviceManager);
delegate_noop!(State: WlShmPool);

fn lost(error: &dyn std::error::Error) -> BoardError {
    BoardError::Lost(error.to_string())
}

/// How long a desktop may take to give a window the keyboard; some never do.
const LONGEST: Duration = Duration::from_secs(3);
const TITLE: &str = "countersign";
/// The name that rules of a desktop know the window by.
const APP_ID: &str = "org.countersign.Clip";
const NO_FOCUS: &str = "this Wayland desktop lends its clipboard only to a window with the keyboard, and gave it to none of ours within \
                        3 s (something full-screen or always on top may keep it)";
