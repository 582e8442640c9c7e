//! What the desktop tells: sizes, scales, keys, clicks. Each kind of object has its `Dispatch`.

use std::{
    fs::File,
    os::{fd::OwnedFd, unix::fs::FileExt},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wayland_client::{
    Connection, Dispatch, Proxy, QueueHandle, WEnum, delegate_noop,
    globals::GlobalListContents,
    protocol::{
        wl_buffer::{self, WlBuffer},
        wl_compositor::WlCompositor,
        wl_keyboard::{self, KeyState, KeymapFormat, WlKeyboard},
        wl_output::{self, WlOutput},
        wl_pointer::{self, ButtonState, WlPointer},
        wl_registry::WlRegistry,
        wl_seat::{self, Capability, WlSeat},
        wl_shm::WlShm,
        wl_shm_pool::WlShmPool,
        wl_surface::{self, WlSurface},
    },
};
use wayland_protocols::{
    wp::{
        cursor_shape::v1::client::{
            wp_cursor_shape_device_v1::{Shape, WpCursorShapeDeviceV1},
            wp_cursor_shape_manager_v1::WpCursorShapeManagerV1,
        },
        fractional_scale::v1::client::{
            wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1,
            wp_fractional_scale_v1::{self, WpFractionalScaleV1},
        },
        viewporter::client::{wp_viewport::WpViewport, wp_viewporter::WpViewporter},
    },
    xdg::{
        decoration::zv1::client::{
            zxdg_decoration_manager_v1::ZxdgDecorationManagerV1,
            zxdg_toplevel_decoration_v1::{self, Mode, ZxdgToplevelDecorationV1},
        },
        shell::client::{
            xdg_surface::{self, XdgSurface},
            xdg_toplevel::{self, XdgToplevel},
            xdg_wm_base::{self, XdgWmBase},
        },
    },
};

use super::State;
use crate::surface::{Event, keymap::ClosingKeys};

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

on!(XdgWmBase, (), |_state, shell, event, (), _| if let xdg_wm_base::Event::Ping { serial } = event {
    shell.pong(serial);
});

on!(XdgSurface, (), |state, surface, event, (), _| if let xdg_surface::Event::Configure { serial } = event {
    surface.ack_configure(serial);
    state.configured = true;
    state.events.push(Event::Changed);
});

on!(XdgToplevel, (), |state, _, event, (), _| match event {
    xdg_toplevel::Event::Configure { width, height, .. } => {
        // Zero leaves it to the window.
        let or = |told: i32, wanted| if told > 0 { told as u32 } else { wanted };
        state.size = (or(width, state.wanted.0), or(height, state.wanted.1));
    }
    xdg_toplevel::Event::ConfigureBounds { width, height } if width > 0 && height > 0 => {
        state.wanted = (state.wanted.0.min(width as u32), state.wanted.1.min(height as u32));
    }
    xdg_toplevel::Event::Close => state.events.push(Event::Close),
    _ => {}
});

on!(ZxdgToplevelDecorationV1, (), |state, _, event, (), _| {
    if let zxdg_toplevel_decoration_v1::Event::Configure { mode } = event {
        state.bare = mode != WEnum::Value(Mode::ServerSide);
    }
});

on!(WpFractionalScaleV1, (), |state, _, event, (), _| {
    if let wp_fractional_scale_v1::Event::PreferredScale { scale } = event {
        state.set_scale(scale as f32 / 120.0);
    }
});

on!(WlSurface, (), |state, _, event, (), _| match event {
    // Whole scales, where there are no fractions.
    wl_surface::Event::PreferredBufferScale { factor } if state.viewport.is_none() => state.set_scale(factor as f32),
    wl_surface::Event::Enter { output } => state.stands_on(&output, true),
    wl_surface::Event::Leave { output } => state.stands_on(&output, false),
    _ => {}
});

on!(WlOutput, (), |state, output, event, (), _| if let wl_output::Event::Scale { factor } = event {
    if let Some(known) = state.outputs.iter_mut().find(|(known, ..)| known == output) {
        known.1 = factor;
    }
    state.take_scale_of_outputs();
});

impl State {
    fn stands_on(&mut self, output: &WlOutput, there: bool) {
        if let Some(known) = self.outputs.iter_mut().find(|(known, ..)| known == output) {
            known.2 = there;
        }
        self.take_scale_of_outputs();
    }

    /// Follows the outputs where the desktop tells the window itself no scale.
    fn take_scale_of_outputs(&mut self) {
        if self.viewport.is_none() && self.surface.version() < wl_surface::EVT_PREFERRED_BUFFER_SCALE_SINCE {
            let scales = self.outputs.iter().filter(|(_, _, there)| *there).map(|(_, scale, _)| *scale);
            if let Some(scale) = scales.max() {
                self.set_scale(scale as f32);
            }
        }
    }

    fn click(&mut self, seat: &WlSeat, serial: u32) {
        let (view, scale) = (self.view(), f64::from(self.scale));
        let at = |position: f64| (position * scale).max(0.0) as u32;
        match view.close_button() {
            Some(button) if button.contains(at(self.pointer.0), at(self.pointer.1)) => self.events.push(Event::Close),
            // Without a frame, it is taken by any other place.
            Some(_) => self.toplevel._move(seat, serial),
            None => {}
        }
    }
}

on!(WlSeat, (), |state, seat, event, (), queue| {
    if let wl_seat::Event::Capabilities { capabilities: WEnum::Value(capabilities) } = event {
        // Each comes once, and goes when it is unplugged.
        if !capabilities.contains(Capability::Keyboard) {
            state.keyboard.take().inspect(WlKeyboard::release);
        } else if state.keyboard.is_none() {
            state.keyboard = Some(seat.get_keyboard(queue, ()));
        }
        if !capabilities.contains(Capability::Pointer) {
            state.mouse.take().inspect(WlPointer::release);
        } else if state.mouse.is_none() {
            state.mouse = Some(seat.get_pointer(queue, seat.clone()));
        }
    }
});

on!(WlKeyboard, (), |state, _, event, (), _| match event {
    wl_keyboard::Event::Keymap { format: WEnum::Value(KeymapFormat::XkbV1), fd, size } => {
        state.keys = ClosingKeys::of(&keymap_text(fd, size));
    }
    wl_keyboard::Event::Key { key, state: WEnum::Value(KeyState::Pressed), .. } if state.keys.contain(key) => {
        state.events.push(Event::Close);
    }
    _ => {}
});

on!(WlPointer, WlSeat, |state, pointer, event, seat, queue| match event {
    wl_pointer::Event::Enter { serial, surface_x, surface_y, .. } => {
        state.pointer = (surface_x, surface_y);
        if let Some(cursors) = &state.cursors {
            let cursor = cursors.get_pointer(pointer, queue, ());
            cursor.set_shape(serial, Shape::Default);
            cursor.destroy();
        }
    }
    wl_pointer::Event::Motion { surface_x, surface_y, .. } => state.pointer = (surface_x, surface_y),
    wl_pointer::Event::Button { serial, button: LEFT, state: WEnum::Value(ButtonState::Pressed), .. } => {
        state.click(seat, serial);
    }
    _ => {}
});

on!(WlBuffer, Arc<AtomicBool>, |_state, _, event, busy, _| if let wl_buffer::Event::Release = event {
    busy.store(false, Ordering::Relaxed);
});

on!(WlRegistry, GlobalListContents, |_state, _, _event, _, _| {});

delegate_noop!(State: ignore WlCompositor);
delegate_noop!(State: ignore WlShm);
delegate_noop!(State: ignore WlShmPool);
delegate_noop!(State: ignore WpViewporter);
delegate_noop!(State: ignore WpViewport);
delegate_noop!(State: ignore WpFractionalScaleManagerV1);
delegate_noop!(State: ignore ZxdgDecorationManagerV1);
delegate_noop!(State: ignore WpCursorShapeManagerV1);
delegate_noop!(State: ignore WpCursorShapeDeviceV1);

/// Reads a keymap out of the desktop's file; an empty text where that can't be.
fn keymap_text(file: OwnedFd, size: u32) -> String {
    let mut bytes = vec![0; size.min(MAX_KEYMAP) as usize];
    let read = File::from(file).read_exact_at(&mut bytes, 0);
    read.map(|()| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The left button, as the kernel numbers it.
const LEFT: u32 = 0x110;
const MAX_KEYMAP: u32 = 1024 * 1024;
