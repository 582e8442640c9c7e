//! The tray's own keys: a file that says which, and a call that tells the tray to read it.

use countersign_api::connect;
use countersign_keys::{Answer, Choice, TRAY_NAME, TRAY_PATH};
use zbus::{Connection, fdo::DBusProxy};

use super::Bound;
use crate::error::Error;

/// What they are called.
pub(super) const NAME: &str = "the tray";

/// Returns what the tray hears, or would hear if it ran.
pub(super) async fn bound() -> Result<Vec<Bound>, Error> {
    let choice = Choice::read()?;
    if choice.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match ask("Hotkeys").await? {
        Some(answer) => told(answer),
        None => {
            choice.iter().map(|(action, keys)| Bound { wrong: ABSENT.into(), ..Bound::fine(action, keys) }).collect()
        }
    })
}

/// Writes the choice and has the tray take the keys; says when they are in force where it does not run. One that can't be
/// read is not written over: it may be the person's own work.
pub(super) async fn install(choice: &Choice) -> Result<(Vec<Bound>, &'static str), Error> {
    Choice::read()?;
    choice.write()?;
    Ok(match ask("ReadHotkeys").await? {
        Some(answer) => (told(answer), ""),
        None => (choice.iter().map(|(action, keys)| Bound::fine(action, keys)).collect(), LATER),
    })
}

/// Takes the choice away and has the tray give the keys back; returns whether there was one.
pub(super) async fn remove() -> Result<bool, Error> {
    let changed = Choice::default().write()?;
    ask("ReadHotkeys").await?;
    Ok(changed)
}

/// Calls the tray; `None` where none runs.
async fn ask(method: &str) -> Result<Option<Answer>, Error> {
    let Ok(bus) = connect::session_bus().await else { return Ok(None) };
    if !runs(&bus).await? {
        return Ok(None);
    }
    let answer = bus.call_method(Some(TRAY_NAME), TRAY_PATH, Some(TRAY_NAME), method, &()).await?;
    Ok(Some(answer.body().deserialize()?))
}

async fn runs(bus: &Connection) -> Result<bool, Error> {
    let name = TRAY_NAME.try_into().expect("the name is well formed");
    Ok(DBusProxy::new(bus).await?.name_has_owner(name).await.map_err(zbus::Error::from)?)
}

fn told((_, keys): Answer) -> Vec<Bound> {
    let one = |(action, keys, wrong, instead): (String, String, String, String)| {
        let (action, instead) = (action.parse().ok()?, instead.parse().ok());
        Some(Bound { action, keys, wrong, instead })
    };
    keys.into_iter().filter_map(one).collect()
}

const ABSENT: &str = "the tray does not run";
const LATER: &str = "They are in force when the tray runs: countersign-tray";
