//! The picker of our own in the terminal.
//!
//! The map: [`list`] is what can be picked and what is (no terminal in it), [`keys`] reads what is typed, [`view`] draws the
//! list, [`large`] one code, [`linear`] asks line by line instead. [`pick`] puts them together.

mod digits;
mod keys;
mod large;
mod linear;
mod list;
mod view;

use std::env;

use countersign_api::{Error as Answer, types::AccountInfo};
use tokio::time::{Duration, Instant};

pub(crate) use list::List;

use crate::{
    error::Error,
    full_screen::{Event, FullScreen},
    menus::cancelled,
    output,
    picker::{
        keys::{Key, Keys},
        list::Pressed,
    },
    session::Session,
    time,
};

/// Lets the person pick an account on the terminal; a code that is shown large on the way is seen to here.
///
/// # Errors
/// [`Answer::Cancelled`] for Esc and Ctrl-C, [`Answer::Locked`] when the vault is locked meanwhile.
pub(crate) async fn pick(mut list: List, linear: bool, session: &mut Session) -> Result<AccountInfo, Error> {
    if linear || output::is_dumb() {
        return linear::pick(list, session).await;
    }
    loop {
        let pressed = on_screen(&mut list, session).await?;
        let Some(account) = list.chosen().cloned() else { continue };
        match pressed {
            Pressed::Large => match large::show(&account, session).await? {
                large::End::Back => {}
                large::End::Copy => return Ok(account),
            },
            _ => return Ok(account),
        }
    }
}

/// Shows the list until something is chosen: to be copied, or to be shown large.
async fn on_screen(list: &mut List, session: &Session) -> Result<Pressed, Error> {
    let mut screen = FullScreen::enter()?;
    let mut keys = Keys::default();
    let styled = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    screen.show("").await?;
    loop {
        let size = screen.size();
        screen.draw(&view::frame(list, size, time::now(), styled)).await?;
        let until = if keys.is_open() { Instant::now() + ESCAPE_ALONE } else { next_second() };
        for key in next_keys(&mut screen, &mut keys, until, session).await? {
            match list.press(key, view::rows_of_list(size)) {
                Pressed::Nothing => {}
                Pressed::Cancel => return Err(cancelled()),
                pressed => return Ok(pressed),
            }
        }
    }
}

/// Waits for keys or for the time, and returns the keys.
async fn next_keys(
    screen: &mut FullScreen,
    keys: &mut Keys,
    until: Instant,
    session: &Session,
) -> Result<Vec<Key>, Error> {
    let event = tokio::select! {
        event = screen.event(until) => event?,
        () = session.closed() => return Err(Answer::Locked("the vault was locked".into()).into()),
    };
    match event {
        Event::Keys(bytes) => Ok(keys.read(&bytes)),
        Event::Time => Ok(keys.end()),
        Event::Resized => {
            screen.show("").await?;
            Ok(Vec::new())
        }
        Event::Gone => Err(Error::NoTerminal("the terminal was closed".into())),
        Event::Signal(2) => Err(cancelled()),
        Event::Signal(number) => Err(Error::Signal(number)),
    }
}

/// Returns when the clock's next second begins: then what is left of a code has changed.
fn next_second() -> Instant {
    Instant::now() + Duration::from_millis(1000 - u64::from(time::millisecond()))
}

/// How long the rest of a key that begins as Esc does may take: then it was Esc itself.
const ESCAPE_ALONE: Duration = Duration::from_millis(50);
