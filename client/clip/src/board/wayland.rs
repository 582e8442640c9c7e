//! The clipboard of Wayland, for programs without a window: `ext-data-control`, or what it was before it was a standard.

use std::{
    fs::File,
    io::Write,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::fs::{OFlags, fcntl_setfl};
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle,
    backend::WaylandError,
    delegate_noop, event_created_child,
    globals::{GlobalList, GlobalListContents, registry_queue_init},
    protocol::{wl_registry::WlRegistry, wl_seat::WlSeat},
};
use wayland_protocols::ext::data_control::v1::client as ext;
use wayland_protocols_wlr::data_control::v1::client as wlr;

use super::{Asked, Board, BoardError, Event, HINT, TEXT};
use crate::policy::Reader;

/// The clipboard.
pub(crate) struct Clipboard {
    connection: Connection,
    queue: EventQueue<State>,
    state: State,
    device: Device,
    /// What is offered, once it is.
    source: Option<Source>,
}

/// An offer in one of the two protocols.
enum Source {
    Ext(ext::ext_data_control_source_v1::ExtDataControlSourceV1),
    Wlr(wlr::zwlr_data_control_source_v1::ZwlrDataControlSourceV1),
}

/// What the desktop told.
#[derive(Default)]
struct State {
    events: Vec<Event>,
}

/// One of the two protocols, ready to take the clipboard over.
enum Device {
    Ext(
        ext::ext_data_control_manager_v1::ExtDataControlManagerV1,
        ext::ext_data_control_device_v1::ExtDataControlDeviceV1,
    ),
    Wlr(
        wlr::zwlr_data_control_manager_v1::ZwlrDataControlManagerV1,
        wlr::zwlr_data_control_device_v1::ZwlrDataControlDeviceV1,
    ),
}

impl Clipboard {
    /// Connects; nothing is copied yet.
    pub(crate) fn open() -> Result<Self, BoardError> {
        let none = |error: &dyn std::error::Error| BoardError::None(error.to_string());
        let connection = Connection::connect_to_env().map_err(|error| none(&error))?;
        let (globals, queue) = registry_queue_init(&connection).map_err(|error| none(&error))?;
        let device = device(&globals, &queue.handle()).ok_or_else(|| BoardError::None(NO_CONTROL.into()))?;
        Ok(Self { connection, queue, state: State::default(), device, source: None })
    }
}

fn device(globals: &GlobalList, queue: &QueueHandle<State>) -> Option<Device> {
    let seat: WlSeat = globals.bind(queue, 1..=1, ()).ok()?;
    if let Ok(manager) =
        globals.bind::<ext::ext_data_control_manager_v1::ExtDataControlManagerV1, _, _>(queue, 1..=1, ())
    {
        let device = manager.get_data_device(&seat, queue, ());
        return Some(Device::Ext(manager, device));
    }
    let manager: wlr::zwlr_data_control_manager_v1::ZwlrDataControlManagerV1 = globals.bind(queue, 1..=2, ()).ok()?;
    let device = manager.get_data_device(&seat, queue, ());
    Some(Device::Wlr(manager, device))
}

impl Board for Clipboard {
    fn offer(&mut self) -> Result<(), BoardError> {
        let queue = self.queue.handle();
        let forms = TEXT.into_iter().chain([HINT.0]).map(String::from);
        self.source = Some(match &self.device {
            Device::Ext(manager, device) => {
                let source = manager.create_data_source(&queue, ());
                forms.for_each(|form| source.offer(form));
                device.set_selection(Some(&source));
                Source::Ext(source)
            }
            Device::Wlr(manager, device) => {
                let source = manager.create_data_source(&queue, ());
                forms.for_each(|form| source.offer(form));
                device.set_selection(Some(&source));
                Source::Wlr(source)
            }
        });
        self.queue.roundtrip(&mut self.state).map(drop).map_err(|error| lost(&error))
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }

    fn events(&mut self) -> Result<Vec<Event>, BoardError> {
        read(&self.connection, &self.queue).map_err(|error| lost(&error))?;
        self.queue.dispatch_pending(&mut self.state).map_err(|error| lost(&error))?;
        Ok(std::mem::take(&mut self.state.events))
    }

    fn answer(&mut self, asked: Asked, text: Option<&str>) -> Result<(), BoardError> {
        if let (Asked::Pipe(pipe), Some(text)) = (asked, text) {
            write(pipe, text);
        }
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), BoardError> {
        // The offer goes, and the clipboard with it only as long as it is this one's: what somebody copied at this very
        // moment, which is not told yet, stays.
        match self.source.take() {
            Some(Source::Ext(source)) => source.destroy(),
            Some(Source::Wlr(source)) => source.destroy(),
            None => {}
        }
        self.queue.roundtrip(&mut self.state).map(drop).map_err(|error| lost(&error))
    }
}

/// Takes in what has arrived, without waiting; the queue then has it.
pub(super) fn read<S>(connection: &Connection, queue: &EventQueue<S>) -> Result<(), WaylandError> {
    connection.flush()?;
    if let Some(guard) = queue.prepare_read() {
        match guard.read() {
            Err(WaylandError::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            read => drop(read?),
        }
    }
    Ok(())
}

/// Writes into a program's pipe; one that does not read is not waited for.
pub(super) fn write(pipe: OwnedFd, text: &str) {
    let _ = fcntl_setfl(&pipe, OFlags::NONBLOCK);
    let _ = File::from(pipe).write_all(text.as_bytes());
}

/// Takes note of a program that reads; what there is beside the text is told at once.
pub(super) fn asked(form: &str, pipe: OwnedFd) -> Option<Event> {
    if form == HINT.0 {
        write(pipe, HINT.1);
        return None;
    }
    // Which program it is, the desktop does not tell.
    Some(Event::Asked(Asked::Pipe(pipe), Reader { program: 0, keeps: false }))
}

impl Dispatch<WlRegistry, GlobalListContents> for State {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: <WlRegistry as Proxy>::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

delegate_noop!(State: ignore WlSeat);

/// Writes what the two protocols have in common but for their names.
macro_rules! control {
    ($manager:ty, $device:ty, $device_module:path, $source:ty, $source_module:path, $offer:ty) => {
        const _: () = {
            use $device_module as device;
            use $source_module as source;

    delegate_noop!(State: $manager);
    delegate_noop!(State: ignore $offer);

            impl Dispatch<$device, ()> for State {
                fn event(_: &mut Self, _: &$device, _: device::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {}

                event_created_child!(State, $device, [device::EVT_DATA_OFFER_OPCODE => ($offer, ())]);
            }

            impl Dispatch<$source, ()> for State {
                fn event(
                    state: &mut Self,
                    object: &$source,
                    event: source::Event,
                    (): &(),
                    _: &Connection,
                    _: &QueueHandle<Self>,
                ) {
                    match event {
                        source::Event::Send { mime_type, fd } => state.events.extend(asked(&mime_type, fd)),
                        source::Event::Cancelled => {
                            object.destroy();
                            state.events.push(Event::Replaced);
                        }
                        _ => {}
                    }
                }
            }
        };
    };
}

control!(
    ext::ext_data_control_manager_v1::ExtDataControlManagerV1,
    ext::ext_data_control_device_v1::ExtDataControlDeviceV1,
    ext::ext_data_control_device_v1,
    ext::ext_data_control_source_v1::ExtDataControlSourceV1,
    ext::ext_data_control_source_v1,
    ext::ext_data_control_offer_v1::ExtDataControlOfferV1
);
control!(
    wlr::zwlr_data_control_manager_v1::ZwlrDataControlManagerV1,
    wlr::zwlr_data_control_device_v1::ZwlrDataControlDeviceV1,
    wlr::zwlr_data_control_device_v1,
    wlr::zwlr_data_control_source_v1::ZwlrDataControlSourceV1,
    wlr::zwlr_data_control_source_v1,
    wlr::zwlr_data_control_offer_v1::ZwlrDataControlOfferV1
);

fn lost(error: &dyn std::error::Error) -> BoardError {
    BoardError::Lost(error.to_string())
}

const NO_CONTROL: &str = "this Wayland desktop lets no program without a window use its clipboard (no data control)";
