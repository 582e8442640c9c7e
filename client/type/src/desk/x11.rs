//! The keyboard of X11: keys by XTEST, while the server does nothing for anybody else.

use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection,
    errors::{ConnectionError, ReplyError},
    protocol::{
        xkb::{ConnectionExt as _, Group, ID, MapPart, VMod},
        xproto::{
            AtomEnum, ConnectionExt as _, GrabMode, GrabStatus, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
            ModMask, Window,
        },
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::{
    Desk, DeskError, Ready,
    layout::{ENTER, Layouts, SHIFT, Stroke, sign},
};

/// The keyboard, and the window that had it at first.
pub(crate) struct Keyboard {
    connection: RustConnection,
    root: Window,
    window: Window,
}

impl Keyboard {
    /// Connects, and takes note of the window that has the keyboard.
    pub(crate) fn open() -> Result<Self, DeskError> {
        let none = |error: &dyn std::error::Error| DeskError::None(error.to_string());
        let (connection, screen) = RustConnection::connect(None).map_err(|error| none(&error))?;
        let root = connection.setup().roots[screen].root;
        let mut keyboard = Self { connection, root, window: NONE };
        keyboard.begin().map_err(|error| none(&error))?;
        keyboard.window = keyboard.focus().map_err(|error| lost(&error))?.ok_or(DeskError::NoWindow)?;
        Ok(keyboard)
    }

    /// Asks for the two extensions.
    fn begin(&self) -> Result<(), ReplyError> {
        self.connection.xkb_use_extension(1, 0)?.reply()?;
        self.connection.xtest_get_version(2, 2)?.reply()?;
        Ok(())
    }

    /// Returns the window that has the keyboard: the one with a frame and a title, not what is inside it.
    fn focus(&self) -> Result<Option<Window>, ReplyError> {
        let state = self.connection.intern_atom(false, b"WM_STATE")?.reply()?.atom;
        let focus = self.connection.get_input_focus()?.reply()?.focus;
        let mut window = if focus == u32::from(InputFocus::POINTER_ROOT) || focus == self.root {
            // No window manager, or one that leaves it to the mouse.
            self.connection.query_pointer(self.root)?.reply()?.child
        } else {
            focus
        };
        while window != NONE {
            let managed =
                self.connection.get_property(false, window, state, AtomEnum::ANY, 0, 0)?.reply()?.type_ != NONE;
            let parent = self.connection.query_tree(window)?.reply()?.parent;
            if managed || parent == self.root || parent == NONE {
                return Ok(Some(window));
            }
            window = parent;
        }
        Ok(None)
    }

    fn look(&self) -> Result<Ready, ReplyError> {
        // The window may be gone at this very moment: then the keyboard is elsewhere.
        let focus = match self.focus() {
            Err(ReplyError::X11Error(_)) => None,
            focus => focus?,
        };
        if focus != Some(self.window) {
            return Ok(Ready::Elsewhere);
        }
        let state = self.connection.xkb_get_state(ID::USE_CORE_KBD.into())?.reply()?;
        // Latched, as by sticky keys, is what the next key takes for held.
        if state.base_mods | state.latched_mods != ModMask::default() || self.is_grabbed()? {
            Ok(Ready::Busy)
        } else {
            Ok(Ready::Yes)
        }
    }

    /// Whether another program has taken the keyboard for itself: a held hotkey, an open menu, a locked screen.
    fn is_grabbed(&self) -> Result<bool, ReplyError> {
        let modes = (GrabMode::ASYNC, GrabMode::ASYNC);
        let grab = self.connection.grab_keyboard(false, self.root, CURRENT_TIME, modes.0, modes.1)?.reply()?;
        if grab.status == GrabStatus::SUCCESS {
            self.connection.ungrab_keyboard(CURRENT_TIME)?;
        }
        Ok(grab.status != GrabStatus::SUCCESS)
    }

    fn layouts(&self) -> Result<Layouts, ReplyError> {
        let device = ID::USE_CORE_KBD.into();
        let parts = MapPart::KEY_TYPES | MapPart::KEY_SYMS;
        let none = MapPart::default();
        let map = self.connection.xkb_get_map(
            device,
            parts,
            none,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            VMod::default(),
            0,
            0,
            0,
            0,
            0,
            0,
        )?;
        let map = map.reply()?;
        Ok(Layouts::new(map.first_key_sym, &map.map))
    }

    /// Types while nobody else is served: what was looked at stays so until the last key.
    fn type_signs(&self, signs: &[u32]) -> Result<Result<Ready, DeskError>, ReplyError> {
        let layouts = self.layouts()?;
        self.connection.grab_server()?;
        let ready = self.look()?;
        let typed = if ready == Ready::Yes { self.press_all(&layouts, signs)? } else { Ok(()) };
        self.connection.ungrab_server()?;
        self.connection.sync()?;
        Ok(typed.map(|()| ready))
    }

    fn press_all(&self, layouts: &Layouts, signs: &[u32]) -> Result<Result<(), DeskError>, ReplyError> {
        let state = self.connection.xkb_get_state(ID::USE_CORE_KBD.into())?.reply()?;
        let Some((layout, strokes)) = layouts.strokes(signs, state.group.into()) else {
            return Ok(Err(DeskError::NoKey));
        };
        let shift = layouts.stroke(SHIFT, layout).map_or(0, |stroke| stroke.code);
        // Caps Lock changes letters, and on some keyboards digits.
        self.lock(layout.into(), ModMask::default())?;
        for Stroke { code, shift: shifted } in strokes {
            let around = shifted.then_some(shift);
            let down = around.into_iter().chain([code]).map(|code| (KEY_PRESS_EVENT, code));
            let up = [code].into_iter().chain(around).map(|code| (KEY_RELEASE_EVENT, code));
            for (event, code) in down.chain(up) {
                self.connection.xtest_fake_input(event, code, CURRENT_TIME, NONE, 0, 0, 0)?;
            }
        }
        self.lock(state.locked_group, state.locked_mods & ModMask::LOCK)?;
        Ok(Ok(()))
    }

    /// Puts the keyboard into a layout, with Caps Lock or without.
    fn lock(&self, layout: Group, caps: ModMask) -> Result<(), ConnectionError> {
        let (device, all) = (ID::USE_CORE_KBD.into(), ModMask::from(0xff_u8));
        self.connection.xkb_latch_lock_state(device, ModMask::LOCK, caps, true, layout, all, true, 0).map(drop)
    }
}

impl Desk for Keyboard {
    fn ready(&mut self) -> Result<Ready, DeskError> {
        self.look().map_err(|error| lost(&error))
    }

    fn type_text(&mut self, text: &str, enter: bool) -> Result<Ready, DeskError> {
        let signs: Vec<u32> = text.chars().map(sign).chain(enter.then_some(ENTER)).collect();
        self.type_signs(&signs).map_err(|error| lost(&error))?
    }
}

fn lost(error: &dyn std::error::Error) -> DeskError {
    DeskError::Lost(error.to_string())
}
