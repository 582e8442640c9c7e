//! Keys by X11 itself: the server gives them to one program, and says so where another has them.
//!
//! Done here and not by the crate `global-hotkey`: that one looks for events 20 times a second (0.9), and the tray rests.

use std::{io, os::fd::AsFd, os::unix::net};

use countersign_keys::{Action, Choice, Keys};
use tokio::{io::Interest, net::UnixStream};
use x11rb::{
    connection::Connection,
    errors::ReplyError,
    protocol::{
        ErrorKind, Event as XEvent,
        xkb::{BoolCtrl, ConnectionExt as _, ID, PerClientFlag},
        xproto::{ConnectionExt as _, GrabMode, Keycode, Keysym, Mapping, Window},
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{Bound, Event};

/// A connection that has taken keys.
pub(super) struct Ears {
    connection: RustConnection,
    /// Readable when the server has said something.
    readable: UnixStream,
    root: Window,
    choice: Choice,
    taken: Vec<Taken>,
}

/// A key that is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    action: Action,
    code: Keycode,
    modifiers: u16,
}

impl Ears {
    /// Takes the keys that are free.
    ///
    /// # Errors
    /// The screen can't be reached: a text for the person.
    pub(super) fn take(choice: &Choice) -> Result<(Self, Vec<Bound>), String> {
        let failed = |error: &dyn std::error::Error| format!("the screen can't be reached: {error}");
        let (connection, screen) = RustConnection::connect(None).map_err(|error| failed(&error))?;
        let root = connection.setup().roots[screen].root;
        let readable = readable(&connection).map_err(|error| failed(&error))?;
        let mut ears = Self { connection, readable, root, choice: choice.clone(), taken: Vec::new() };
        ears.tell_repeats_apart().map_err(|error| failed(&error))?;
        let bound = ears.take_all().map_err(|error| failed(&error))?;
        Ok((ears, bound))
    }

    /// Waits for the next event; `None` when the screen is gone.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(event) = self.connection.poll_for_event().ok()? {
                if let Some(event) = self.event(&event).ok()? {
                    return Some(event);
                }
            }
            self.readable.readable().await.ok()?;
            // Says that all has been read, as it will have been before the next wait.
            let _ = self.readable.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }

    fn event(&mut self, event: &XEvent) -> Result<Option<Event>, ReplyError> {
        let ours = |code, state: u16| {
            let held = state & HELD;
            self.taken.iter().find(|one| one.code == code && one.modifiers == held).map(|one| one.action)
        };
        Ok(match event {
            XEvent::KeyPress(key) => ours(key.detail, key.state.into()).map(Event::Pressed),
            // The modifiers may have been let go of first.
            XEvent::KeyRelease(key) => {
                self.taken.iter().find(|one| one.code == key.detail).map(|one| Event::Released(one.action))
            }
            XEvent::MappingNotify(change) if change.request == Mapping::KEYBOARD => {
                self.take_all()?;
                None
            }
            _ => None,
        })
    }

    /// Has a held key told as one that goes down again and again, and up once.
    fn tell_repeats_apart(&self) -> Result<(), ReplyError> {
        self.connection.xkb_use_extension(1, 0)?.reply()?;
        let repeats = PerClientFlag::DETECTABLE_AUTO_REPEAT;
        let (device, none) = (ID::USE_CORE_KBD.into(), BoolCtrl::default());
        self.connection.xkb_per_client_flags(device, repeats, repeats, none, none, none)?.reply()?;
        Ok(())
    }

    /// Takes all keys, where they are in the layout of now.
    fn take_all(&mut self) -> Result<Vec<Bound>, ReplyError> {
        for Taken { code, modifiers, .. } in std::mem::take(&mut self.taken) {
            self.give_back(code, modifiers)?;
        }
        let layout = self.layout()?;
        let mut bound = Vec::new();
        for (action, keys) in self.choice.clone().iter() {
            let mut one = Bound { action, keys: keys.to_string(), wrong: String::new(), instead: None };
            match layout.code(keys.keysym()) {
                None => one.wrong = "this keyboard has no such key".into(),
                Some(code) if self.grab(code, keys.x11_modifiers())? => {
                    self.taken.push(Taken { action, code, modifiers: keys.x11_modifiers() });
                }
                Some(code) => {
                    one.wrong = "another program has taken it".into();
                    one.instead = self.free(code, keys)?;
                }
            }
            bound.push(one);
        }
        self.connection.sync()?;
        Ok(bound)
    }

    /// Finds another press of the key that nobody has.
    fn free(&self, code: Keycode, keys: &Keys) -> Result<Option<Keys>, ReplyError> {
        for other in keys.others() {
            if self.grab(code, other.x11_modifiers())? {
                self.give_back(code, other.x11_modifiers())?;
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// Takes a key, whatever Caps Lock and Num Lock are; false where another program has it.
    fn grab(&self, code: Keycode, modifiers: u16) -> Result<bool, ReplyError> {
        let (now, root) = (GrabMode::ASYNC, self.root);
        for lock in LOCKS {
            match self.connection.grab_key(false, root, (modifiers | lock).into(), code, now, now)?.check() {
                Err(ReplyError::X11Error(error)) if error.error_kind == ErrorKind::Access => {
                    self.give_back(code, modifiers)?;
                    return Ok(false);
                }
                grabbed => grabbed?,
            }
        }
        Ok(true)
    }

    fn give_back(&self, code: Keycode, modifiers: u16) -> Result<(), ReplyError> {
        for lock in LOCKS {
            self.connection.ungrab_key(code, self.root, (modifiers | lock).into())?.check()?;
        }
        Ok(())
    }

    fn layout(&self) -> Result<Layout, ReplyError> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        Ok(Layout { first, width: usize::from(map.keysyms_per_keycode).max(1), signs: map.keysyms })
    }
}

/// Returns what becomes readable with the connection; nothing is read from it.
fn readable(connection: &RustConnection) -> io::Result<UnixStream> {
    let stream = net::UnixStream::from(connection.stream().as_fd().try_clone_to_owned()?);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Which key gives which sign.
struct Layout {
    first: Keycode,
    width: usize,
    signs: Vec<Keysym>,
}

impl Layout {
    /// Returns the key that gives a sign: in the first layout if it is there, else in another.
    fn code(&self, sign: Keysym) -> Option<Keycode> {
        (0..self.width).find_map(|column| {
            let key = self.signs.chunks(self.width).position(|key| key.get(column) == Some(&sign))?;
            self.first.checked_add(u8::try_from(key).ok()?)
        })
    }
}

/// The modifiers that hotkeys are told apart by.
const HELD: u16 = 1 | 4 | 8 | 64;
/// None, Caps Lock, Num Lock, and both: the server compares them too.
const LOCKS: [u16; 4] = [0, 2, 16, 2 | 16];
const _: () = assert!(HELD & (LOCKS[3]) == 0);

#[cfg(test)]
mod tests {
    use super::*;
    use x11rb::protocol::xproto::ModMask;

    #[test]
    fn a_key_is_found_in_any_layout() {
        let signs = "qQйЙwWцЦ".chars().map(u32::from).collect();
        let layout = Layout { first: 24, width: 4, signs };
        assert_eq!((layout.code('q'.into()), layout.code('w'.into())), (Some(24), Some(25)));
        assert_eq!((layout.code('ц'.into()), layout.code('x'.into())), (Some(25), None));
    }

    #[test]
    fn modifiers_are_those_of_the_server() {
        assert_eq!(u16::from(ModMask::LOCK | ModMask::M2), LOCKS[3]);
        assert_eq!(u16::from(ModMask::SHIFT | ModMask::CONTROL | ModMask::M1 | ModMask::M4), HELD);
    }
}
