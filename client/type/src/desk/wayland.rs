//! The keyboard of Wayland: one of our own making beside the person's, where the compositor lets programs have that and
//! tells which window is active.

use std::{fs::File, io::Write, os::fd::AsFd};

use rustix::fs::{MemfdFlags, memfd_create};
use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop, event_created_child,
    globals::{GlobalListContents, registry_queue_init},
    protocol::{wl_keyboard::KeyState, wl_keyboard::KeymapFormat, wl_registry::WlRegistry, wl_seat::WlSeat},
};
use wayland_protocols_misc::zwp_virtual_keyboard_v1::client::{
    zwp_virtual_keyboard_manager_v1::ZwpVirtualKeyboardManagerV1, zwp_virtual_keyboard_v1::ZwpVirtualKeyboardV1,
};
use wayland_protocols_wlr::foreign_toplevel::v1::client::{
    zwlr_foreign_toplevel_handle_v1::{self as handle, ZwlrForeignToplevelHandleV1 as Handle},
    zwlr_foreign_toplevel_manager_v1::{self as manager, ZwlrForeignToplevelManagerV1 as Manager},
};

use super::{Desk, DeskError, Ready};

/// The keyboard, and the window that was active at first.
pub(crate) struct Keyboard {
    queue: EventQueue<State>,
    state: State,
    ours: ZwpVirtualKeyboardV1,
    window: Handle,
}

/// What the desktop told.
#[derive(Default)]
struct State {
    /// The windows that are active: one, or none while a menu or a locked screen has the keyboard.
    active: Vec<Handle>,
}

impl Keyboard {
    /// Connects, and takes note of the window that is active.
    pub(crate) fn open() -> Result<Self, DeskError> {
        let none = |error: &dyn std::error::Error| DeskError::None(error.to_string());
        let connection = Connection::connect_to_env().map_err(|error| none(&error))?;
        let (globals, mut queue) = registry_queue_init(&connection).map_err(|error| none(&error))?;
        let to = queue.handle();
        let seat: WlSeat = globals.bind(&to, 1..=1, ()).map_err(|error| none(&error))?;
        let keyboards: ZwpVirtualKeyboardManagerV1 =
            globals.bind(&to, 1..=1, ()).map_err(|_| DeskError::None(NO_KEYBOARD.into()))?;
        let _: Manager = globals.bind(&to, 1..=3, ()).map_err(|_| DeskError::None(NO_WINDOWS.into()))?;
        let mut state = State::default();
        // The windows, and then what is told of each.
        for _ in 0..2 {
            queue.roundtrip(&mut state).map_err(|error| lost(&error))?;
        }
        let window = state.active.first().cloned().ok_or(DeskError::NoWindow)?;
        let ours = keyboards.create_virtual_keyboard(&seat, &to, ());
        let mut keyboard = Self { queue, state, ours, window };
        keyboard.lay_out()?;
        Ok(keyboard)
    }

    /// Gives the keyboard its keys: a key for each sign, whatever the person's layout is.
    fn lay_out(&mut self) -> Result<(), DeskError> {
        let text = keymap();
        let file = memfd_create("keymap", MemfdFlags::CLOEXEC).map_err(|error| lost(&error))?;
        let mut file = File::from(file);
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(&[0])).map_err(|error| lost(&error))?;
        self.ours.keymap(KeymapFormat::XkbV1.into(), file.as_fd(), text.len() as u32 + 1);
        self.ours.modifiers(0, 0, 0, 0);
        self.roundtrip()
    }

    fn roundtrip(&mut self) -> Result<(), DeskError> {
        self.queue.roundtrip(&mut self.state).map(drop).map_err(|error| lost(&error))
    }

    fn press(&self, key: u32) {
        for state in [KeyState::Pressed, KeyState::Released] {
            self.ours.key(0, key, state.into());
        }
    }
}

impl Desk for Keyboard {
    fn ready(&mut self) -> Result<Ready, DeskError> {
        self.roundtrip()?;
        // Keys that are held on another keyboard change nothing on this one.
        Ok(if self.state.active == [self.window.clone()] { Ready::Yes } else { Ready::Elsewhere })
    }

    fn type_text(&mut self, text: &str, enter: bool) -> Result<Ready, DeskError> {
        let keys: Option<Vec<u32>> = text.chars().map(key).chain(enter.then_some(Some(ENTER))).collect();
        let keys = keys.ok_or(DeskError::NoKey)?;
        let ready = self.ready()?;
        if ready == Ready::Yes {
            for key in keys {
                self.press(key);
            }
            self.roundtrip()?;
        }
        Ok(ready)
    }
}

/// Returns the key of a letter or digit.
fn key(letter: char) -> Option<u32> {
    keys().find_map(|(key, sign)| (sign == letter).then_some(key))
}

/// Returns every key and its sign: digits where they usually are, which is where some programs look for them, and letters
/// where nothing is usually.
fn keys() -> impl Iterator<Item = (u32, char)> {
    (FIRST_DIGIT..).zip("1234567890".chars()).chain((FIRST_LETTER..).zip(('A'..='Z').chain('a'..='z')))
}

/// Returns a keyboard with a key for each sign, and one for Enter. Key codes are 8 more there than on the wire.
fn keymap() -> String {
    let signs = keys().map(|(key, sign)| (key, String::from(sign)));
    let keys: Vec<_> = signs.chain([(ENTER, "Return".into())]).collect();
    let codes: Vec<_> = keys.iter().map(|(key, _)| format!("<K{key}> = {};\n", key + 8)).collect();
    let symbols: Vec<_> = keys.iter().map(|(key, name)| format!("key <K{key}> {{[{name}]}};\n")).collect();
    let (codes, symbols) = (codes.concat(), symbols.concat());
    format!(
        "xkb_keymap {{\n\
         xkb_keycodes \"countersign\" {{\nminimum = 8;\nmaximum = 255;\n{codes}}};\n\
         xkb_types \"countersign\" {{ include \"complete\" }};\n\
         xkb_compatibility \"countersign\" {{ include \"complete\" }};\n\
         xkb_symbols \"countersign\" {{\n{symbols}}};\n}};\n"
    )
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

impl Dispatch<Manager, ()> for State {
    fn event(_: &mut Self, _: &Manager, _: manager::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {}

    event_created_child!(State, Manager, [manager::EVT_TOPLEVEL_OPCODE => (Handle, ())]);
}

impl Dispatch<Handle, ()> for State {
    fn event(state: &mut Self, window: &Handle, event: handle::Event, (): &(), _: &Connection, _: &QueueHandle<Self>) {
        let active = match event {
            handle::Event::State { state } => {
                state.chunks_exact(4).any(|word| word == u32::from(handle::State::Activated).to_ne_bytes())
            }
            handle::Event::Closed => false,
            _ => return,
        };
        state.active.retain(|other| other != window);
        if active {
            state.active.push(window.clone());
        }
    }
}

delegate_noop!(State: ignore WlSeat);
delegate_noop!(State: ZwpVirtualKeyboardManagerV1);
delegate_noop!(State: ZwpVirtualKeyboardV1);

fn lost(error: &dyn std::error::Error) -> DeskError {
    DeskError::Lost(error.to_string())
}

const FIRST_DIGIT: u32 = 2;
const FIRST_LETTER: u32 = 183;
const ENTER: u32 = 28;
const NO_KEYBOARD: &str =
    "this Wayland desktop lets no program type into another's window (it has no virtual keyboard)";
const NO_WINDOWS: &str =
    "this Wayland desktop does not tell which window has the keyboard, so the code might go elsewhere";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_has_the_key_that_the_keymap_gives_it() {
        let map = keymap();
        for (place, sign) in keys() {
            assert_eq!(key(sign), Some(place));
            assert!(map.contains(&format!("key <K{place}> {{[{sign}]}};")), "{sign}");
            assert!(map.contains(&format!("<K{place}> = {};", place + 8)) && place + 8 <= 255, "{sign}");
        }
        assert!(map.contains(&format!("key <K{ENTER}> {{[Return]}};")));
        assert_eq!((key('1'), key('0'), key('ß')), (Some(2), Some(11), None));
    }
}
