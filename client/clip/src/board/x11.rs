//! The clipboard of X11: a selection that a window of ours owns.

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use x11rb::{
    COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE,
    connection::Connection,
    errors::{ReplyError, ReplyOrIdError},
    protocol::{
        Event as XEvent,
        xproto::{
            Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT,
            SelectionNotifyEvent, SelectionRequestEvent, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{Asked, Board, BoardError, Event, HINT, TEXT, wait};
use crate::policy::Reader;

/// The clipboard.
pub(crate) struct Clipboard {
    connection: RustConnection,
    window: u32,
    atoms: Atoms,
    text: Vec<Atom>,
    hint: Atom,
    /// When it became ours, by the server's clock.
    since: u32,
    /// Whether a Wayland desktop is behind the server, which reads what was copied at once and goes on offering it when its
    /// owner ends.
    kept: bool,
    /// What happened while that was waited for.
    early: Vec<Event>,
}

x11rb::atom_manager! {
    /// The names that clipboards go by.
    Atoms: AtomsCookie {
        CLIPBOARD,
        CLIPBOARD_MANAGER,
        TARGETS,
        TIMESTAMP,
    }
}

impl Clipboard {
    /// Connects, to the X server of a Wayland desktop or to one by itself; nothing is copied yet.
    pub(crate) fn open(on_wayland: bool) -> Result<Self, BoardError> {
        let none = |error: &dyn std::error::Error| BoardError::None(error.to_string());
        let (connection, number) = RustConnection::connect(None).map_err(|error| none(&error))?;
        Self::on(connection, number, on_wayland).map_err(|error| none(&error))
    }

    fn on(connection: RustConnection, screen: usize, kept: bool) -> Result<Self, ReplyOrIdError> {
        let atoms = Atoms::new(&connection)?.reply()?;
        let names = TEXT.into_iter().chain([HINT.0]);
        let asked = names.map(|name| connection.intern_atom(false, name.as_bytes())).collect::<Result<Vec<_>, _>>()?;
        let mut text =
            asked.into_iter().map(|cookie| Ok(cookie.reply()?.atom)).collect::<Result<Vec<_>, ReplyError>>()?;
        let hint = text.pop().expect("the hint was asked for last");
        let window = connection.generate_id()?;
        let root = connection.setup().roots[screen].root;
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            NONE,
            &CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE),
        )?;
        Ok(Self { connection, window, atoms, text, hint, since: CURRENT_TIME, kept, early: Vec::new() })
    }

    /// Returns the server's time: a change to a property of ours is told with it.
    fn time(&self) -> Result<u32, ReplyError> {
        self.connection.change_property8(PropMode::APPEND, self.window, AtomEnum::WM_NAME, AtomEnum::STRING, &[])?;
        self.connection.flush()?;
        loop {
            if let XEvent::PropertyNotify(changed) = self.connection.wait_for_event()? {
                return Ok(changed.time);
            }
        }
    }

    /// Waits until the desktop has asked. As there is no code yet it gets nothing, and nothing is what it keeps.
    fn let_the_desktop_read(&mut self) -> Result<(), BoardError> {
        let end = Instant::now() + SLOWEST_DESKTOP;
        loop {
            // Before the first wait, too: what came along with an answer of the server is told by no descriptor.
            self.early = self.events()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.early.is_empty() {
                return Ok(());
            }
            wait(self.descriptor(), left).map_err(|error| lost(&error))?;
        }
    }

    fn is_ours(&self) -> Result<bool, ReplyError> {
        Ok(self.connection.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner == self.window)
    }

    fn event(&self, event: &XEvent) -> Result<Option<Event>, ReplyError> {
        Ok(match event {
            XEvent::SelectionClear(clear) if clear.selection == self.atoms.CLIPBOARD => Some(Event::Replaced),
            XEvent::SelectionRequest(request) if self.text.contains(&request.target) => {
                Some(Event::Asked(Asked::Property(*request), self.reader(request.requestor)?))
            }
            XEvent::SelectionRequest(request) => {
                self.describe(request)?;
                None
            }
            _ => None,
        })
    }

    /// Answers what asks not for the text but for what there is.
    fn describe(&self, request: &SelectionRequestEvent) -> Result<(), ReplyError> {
        let (window, property) = (request.requestor, property(request));
        let given = if request.target == self.atoms.TARGETS {
            let all: Vec<Atom> = [self.atoms.TARGETS, self.atoms.TIMESTAMP, self.hint]
                .into_iter()
                .chain(self.text.iter().copied())
                .collect();
            self.connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &all)?;
            true
        } else if request.target == self.atoms.TIMESTAMP {
            self.connection.change_property32(PropMode::REPLACE, window, property, AtomEnum::INTEGER, &[self.since])?;
            true
        } else if request.target == self.hint {
            self.connection.change_property8(PropMode::REPLACE, window, property, self.hint, HINT.1.as_bytes())?;
            true
        } else {
            false
        };
        self.notify(request, given)
    }

    /// Tells the program that its answer is there, or that there is none, and comes back when the server has that: of a
    /// program that ends, it takes nothing more in.
    fn notify(&self, request: &SelectionRequestEvent, given: bool) -> Result<(), ReplyError> {
        let event = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if given { property(request) } else { NONE },
        };
        self.connection.send_event(false, request.requestor, EventMask::NO_EVENT, event)?;
        self.connection.sync()
    }

    /// Tells whose window it is: the server gives each program numbers of its own, and the one that keeps what was copied
    /// owns a selection.
    fn reader(&self, window: u32) -> Result<Reader, ReplyError> {
        let program = |window: u32| window & !self.connection.setup().resource_id_mask;
        let keeper = self.connection.get_selection_owner(self.atoms.CLIPBOARD_MANAGER)?.reply()?.owner;
        Ok(Reader { program: program(window), keeps: keeper != NONE && program(keeper) == program(window) })
    }
}

impl Board for Clipboard {
    fn offer(&mut self) -> Result<(), BoardError> {
        let taken = self.time().and_then(|time| {
            self.since = time;
            self.connection.set_selection_owner(self.window, self.atoms.CLIPBOARD, time)?;
            self.is_ours()
        });
        if !taken.map_err(|error| lost(&error))? {
            return Err(BoardError::Taken);
        }
        if self.kept { self.let_the_desktop_read() } else { Ok(()) }
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }

    fn events(&mut self) -> Result<Vec<Event>, BoardError> {
        let mut events = std::mem::take(&mut self.early);
        self.connection.flush().map_err(|error| lost(&error))?;
        while let Some(event) = self.connection.poll_for_event().map_err(|error| lost(&error))? {
            events.extend(self.event(&event).map_err(|error| lost(&error))?);
        }
        Ok(events)
    }

    fn answer(&mut self, asked: Asked, text: Option<&str>) -> Result<(), BoardError> {
        let Asked::Property(request) = asked else { return Ok(()) };
        let put = |text: &str| {
            let (window, kind) = (request.requestor, request.target);
            self.connection.change_property8(PropMode::REPLACE, window, property(&request), kind, text.as_bytes())
        };
        let given = text.map(put).transpose().map_err(|error| lost(&error))?;
        self.notify(&request, given.is_some()).map_err(|error| lost(&error))
    }

    fn withdraw(&mut self) -> Result<(), BoardError> {
        let empty = || {
            if self.is_ours()? {
                self.connection.set_selection_owner(NONE, self.atoms.CLIPBOARD, CURRENT_TIME)?.check()?;
            }
            Ok::<_, ReplyError>(())
        };
        empty().map_err(|error| lost(&error))?;
        // Who asked until that moment waits for an answer, some without end.
        for event in self.events()? {
            if let Event::Asked(asked, _) = event {
                self.answer(asked, None)?;
            }
        }
        Ok(())
    }
}

/// Returns where the answer goes; old programs name no property.
fn property(request: &SelectionRequestEvent) -> Atom {
    if request.property == NONE { request.target } else { request.property }
}

fn lost(error: &dyn std::error::Error) -> BoardError {
    BoardError::Lost(error.to_string())
}

/// How long a Wayland desktop may take to read what was copied.
const SLOWEST_DESKTOP: Duration = Duration::from_secs(3);
