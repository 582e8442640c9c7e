//! A mouse for a compositor without hardware: no program listens to a pointer where there is none.
//!
//! It only lies there; sway moves its own pointer (`seat - cursor …`).

use std::{os::unix::net::UnixStream, path::Path};

use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop,
    globals::{GlobalListContents, registry_queue_init},
    protocol::wl_registry::WlRegistry,
};
use wayland_protocols_wlr::virtual_pointer::v1::client::{
    zwlr_virtual_pointer_manager_v1::ZwlrVirtualPointerManagerV1, zwlr_virtual_pointer_v1::ZwlrVirtualPointerV1,
};

/// A mouse that is plugged in until it is dropped.
pub(crate) struct Mouse {
    _connection: EventQueue<Nothing>,
}

impl Mouse {
    /// Plugs it into the compositor behind this socket.
    pub(crate) fn plug_in(socket: &Path) -> Self {
        let connection = Connection::from_socket(UnixStream::connect(socket).unwrap()).unwrap();
        let (globals, mut queue) = registry_queue_init::<Nothing>(&connection).unwrap();
        let manager: ZwlrVirtualPointerManagerV1 = globals.bind(&queue.handle(), 1..=1, ()).unwrap();
        manager.create_virtual_pointer(None, &queue.handle(), ());
        queue.roundtrip(&mut Nothing).unwrap();
        Self { _connection: queue }
    }
}

/// What it is told is of no interest to it.
struct Nothing;

impl Dispatch<WlRegistry, GlobalListContents> for Nothing {
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

delegate_noop!(Nothing: ignore ZwlrVirtualPointerManagerV1);
delegate_noop!(Nothing: ignore ZwlrVirtualPointerV1);
