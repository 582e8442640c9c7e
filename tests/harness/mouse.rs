//! A mouse for a compositor without hardware: no program listens to a pointer where there is none.

use std::{cell::RefCell, os::unix::net::UnixStream, path::Path};

use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop,
    globals::{GlobalListContents, registry_queue_init},
    protocol::{wl_pointer::ButtonState, wl_registry::WlRegistry},
};
use wayland_protocols_wlr::virtual_pointer::v1::client::{
    zwlr_virtual_pointer_manager_v1::ZwlrVirtualPointerManagerV1, zwlr_virtual_pointer_v1::ZwlrVirtualPointerV1,
};

/// A mouse that is plugged in until it is dropped.
pub(crate) struct Mouse {
    queue: RefCell<EventQueue<Nothing>>,
    device: ZwlrVirtualPointerV1,
}

impl Mouse {
    /// Plugs it into the compositor behind this socket.
    pub(crate) fn plug_in(socket: &Path) -> Self {
        let connection = Connection::from_socket(UnixStream::connect(socket).unwrap()).unwrap();
        let (globals, mut queue) = registry_queue_init::<Nothing>(&connection).unwrap();
        let manager: ZwlrVirtualPointerManagerV1 = globals.bind(&queue.handle(), 1..=1, ()).unwrap();
        let device = manager.create_virtual_pointer(None, &queue.handle(), ());
        queue.roundtrip(&mut Nothing).unwrap();
        Self { queue: RefCell::new(queue), device }
    }

    /// Moves it by so much, in the compositor's units.
    pub(crate) fn shift(&self, (dx, dy): (i32, i32)) {
        self.device.motion(0, dx.into(), dy.into());
        self.done();
    }

    /// Presses or lets go a button, by its number in X11.
    pub(crate) fn button(&self, number: u8, state: ButtonState) {
        // BTN_LEFT, BTN_MIDDLE and BTN_RIGHT of the kernel.
        let code = match number {
            1 => 0x110,
            2 => 0x112,
            _ => 0x111,
        };
        self.device.button(0, code, state);
        self.done();
    }

    /// Waits until the compositor has heard it.
    fn done(&self) {
        self.device.frame();
        self.queue.borrow_mut().roundtrip(&mut Nothing).unwrap();
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
