//! All screens in one picture, taken by the desktop's portal: for GNOME, KDE and others that show their screens to no
//! program directly.
//!
//! First without a question; where that is refused, with the desktop's own dialog, in which the person takes the picture.
//! The portal leaves the picture in a file of the person's. It shows a secret: it is deleted before it is read, and its
//! name is never told to anybody.

use std::{ffi::OsString, fs, os::unix::ffi::OsStringExt, path::PathBuf, time::Duration};

use ashpd::{
    AppID, Error, PortalError,
    desktop::{
        ResponseError,
        screenshot::{ScreenshotOptions, ScreenshotProxy},
    },
    register_host_app_with_connection,
};
use zbus::{Connection, fdo::DBusProxy};
use zeroize::Zeroizing;

use super::{Asks, Capture, Look, Wanted, cast, permission, wait};
use crate::{outcome::ScanError, picture};

/// The portal on the session bus.
pub(super) struct Portal;

impl Capture for Portal {
    fn take(&self, wanted: &Wanted) -> Result<Look, ScanError> {
        let answer = match wanted {
            Wanted::Screens => match without_question()? {
                Answer::Refused(_) => with_dialog()?,
                picture @ Answer::Picture(_) => picture,
            },
            Wanted::Screen(_) => return Err(ScanError::Choice(ONE_PICTURE.into())),
            Wanted::Region | Wanted::Window(_) => with_dialog()?,
        };
        match answer {
            Answer::Picture(uri) => Ok(Look::File(read_and_delete(&uri)?)),
            Answer::Refused(ResponseError::Cancelled) => Err(ScanError::Denied),
            Answer::Refused(ResponseError::Other) => {
                Err(ScanError::Capture("the desktop's portal took no picture".into()))
            }
        }
    }

    /// Takes a screenshot where that is allowed for good. Else it may ask each time, and a screen cast asks once.
    fn look_on(&self, wanted: &Wanted) -> Result<Look, ScanError> {
        let casts = *wanted == Wanted::Screens && !wait(QUIET_LIMIT, PORTAL, screenshots_allowed()).unwrap_or(false);
        match casts.then(cast::take) {
            None | Some(Err(ScanError::Unfit(_))) => self.take(wanted),
            Some(taken) => taken,
        }
    }

    fn asks(&self) -> Asks {
        let asks = wait(QUIET_LIMIT, PORTAL, async {
            if screenshots_allowed().await? {
                return Ok(Asks::Never("screenshots are allowed for good"));
            }
            Ok(cast::asks(connect().await?).await)
        });
        asks.unwrap_or(Asks::Each("the desktop's portal does not say"))
    }

    /// Asks whether there is one, and nobody for a picture.
    fn probe(&self) -> Result<String, ScanError> {
        wait(QUIET_LIMIT, PORTAL, async {
            let proxy = reach().await?;
            Ok(format!("the Screenshot portal, version {}", proxy.version()))
        })
    }
}

/// What the portal says.
enum Answer {
    /// Where the picture lies.
    Picture(Zeroizing<String>),
    /// No picture: the person said no, or there was something else.
    Refused(ResponseError),
}

/// Asks for a picture without a dialog, twice if need be: a portal that is only just starting has been seen never to answer.
///
/// A desktop may ask here too, once, whether that is allowed for good.
fn without_question() -> Result<Answer, ScanError> {
    match wait(QUIET_LIMIT, PORTAL, ask(false)) {
        Err(ScanError::Late(_)) => wait(QUIET_LIMIT, PORTAL, ask(false)),
        answer => answer,
    }
}

/// Asks for a picture that the person takes in the desktop's dialog.
fn with_dialog() -> Result<Answer, ScanError> {
    wait(DIALOG_LIMIT, PERSON, ask(true))
}

/// Each question has a connection of its own: when it is given up, the portal closes its dialog.
async fn ask(interactive: bool) -> Result<Answer, ScanError> {
    let proxy = reach().await?;
    let options = ScreenshotOptions::default().set_interactive(interactive).set_modal(true);
    match proxy.screenshot(None, options).await.and_then(|request| request.response()) {
        Ok(shot) => Ok(Answer::Picture(Zeroizing::new(shot.uri().as_str().to_owned()))),
        Err(Error::Response(refusal)) => Ok(Answer::Refused(refusal)),
        Err(error) => Err(unfit(&error)),
    }
}

async fn screenshots_allowed() -> Result<bool, ScanError> {
    let Bus { connection, app_id } = connect().await?;
    Ok(permission::screenshots_allowed(&connection, app_id).await)
}

/// The session bus, and who the portal takes us for on it.
pub(super) struct Bus {
    /// The connection.
    pub(super) connection: Connection,
    /// The id under which the portal remembers what was allowed; empty where it knows none.
    app_id: &'static str,
}

/// Joins the session bus, and says to the portal who we are.
pub(super) async fn connect() -> Result<Bus, ScanError> {
    let bus = Connection::session().await.map_err(|_| ScanError::Unfit("there is no session bus to ask one on"))?;
    // Newer portals show and remember the answer under this name; older ones don't know the call.
    let id = AppID::try_from(APP_ID).expect("the name of the desktop file is one");
    let known = register_host_app_with_connection(bus.clone(), id).await.is_ok();
    Ok(Bus { connection: bus, app_id: if known { APP_ID } else { "" } })
}

async fn reach() -> Result<ScreenshotProxy, ScanError> {
    let Bus { connection: bus, .. } = connect().await?;
    let portal = ScreenshotProxy::with_connection(bus.clone()).await.map_err(|error| unfit(&error))?;
    // A portal that is not there has no version either, and no error: only the bus tells.
    let bus = DBusProxy::new(&bus).await.map_err(|error| ScanError::Capture(error.to_string()))?;
    let name = SERVICE.try_into().expect("the name of the portal is one");
    if bus.name_has_owner(name).await.unwrap_or(false) { Ok(portal) } else { Err(ScanError::Unfit(NONE_HERE)) }
}

fn unfit(error: &Error) -> ScanError {
    match error {
        Error::PortalNotFound(_) => ScanError::Unfit(NO_SCREENSHOTS),
        Error::Portal(PortalError::ZBus(zbus::Error::MethodError(name, ..)))
        | Error::Zbus(zbus::Error::MethodError(name, ..)) => match name.as_str() {
            "org.freedesktop.DBus.Error.UnknownMethod" | "org.freedesktop.DBus.Error.UnknownInterface" => {
                ScanError::Unfit(NO_SCREENSHOTS)
            }
            "org.freedesktop.DBus.Error.ServiceUnknown" => ScanError::Unfit(NONE_HERE),
            name => ScanError::Capture(format!("the desktop's portal answers {name}")),
        },
        _ => ScanError::Capture("the desktop's portal does not answer as it should".into()),
    }
}

/// Reads the portal's picture, and deletes it before that: it goes even if it can't be read.
fn read_and_delete(uri: &str) -> Result<Zeroizing<Vec<u8>>, ScanError> {
    let path = local_path(uri).ok_or_else(|| ScanError::Capture("the portal's picture is no file here".into()))?;
    let opened = picture::open(&path);
    if fs::remove_file(&path).is_err() {
        // Without its name: who reads this may be somebody else.
        eprintln!(
            "countersign-scan: the desktop's picture of the screen could not be deleted; look for it in Pictures"
        );
    }
    let (file, length) = opened?;
    picture::read_all(file, length)
}

/// Returns the path that a `file:` URI stands for.
fn local_path(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file://")?;
    let path = &path.as_bytes()[path.find('/')?..];
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let mut digit = || Some(char::from(*rest.next()?).to_digit(16)? as u8);
        bytes.push(digit()? * 16 + digit()?);
    }
    (!bytes.contains(&0)).then(|| OsString::from_vec(bytes).into())
}

const SERVICE: &str = "org.freedesktop.portal.Desktop";
/// Of the desktop file that the dialogs show name and icon of.
const APP_ID: &str = "org.countersign.Tray";
pub(super) const PORTAL: &str = "the desktop's portal";
pub(super) const PERSON: &str = "the person at the desktop's dialog";
const NONE_HERE: &str = "none runs or can be started here";
const NO_SCREENSHOTS: &str = "the one here takes no screenshots";
const ONE_PICTURE: &str = "this desktop gives one picture of all screens; leave --screen out, or use --region";
/// How long one question without a dialog may take; long enough to allow it for good where the desktop asks that.
pub(super) const QUIET_LIMIT: Duration = Duration::from_secs(15);
pub(super) const DIALOG_LIMIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_a_path_of_this_machine_or_none() {
        let rows = [
            ("file:///home/a/Screenshot%20from%20%C3%A4.png", Some("/home/a/Screenshot from ä.png")),
            ("file://localhost/tmp/out.png", Some("/tmp/out.png")),
            ("file:///tmp/100%25", Some("/tmp/100%")),
            ("file:///tmp/%0", None),
            ("file:///tmp/%zz", None),
            ("file:///tmp/a%00b", None),
            ("file://nothing", None),
            ("https://example.org/x.png", None),
            ("/tmp/x.png", None),
        ];
        for (uri, path) in rows {
            assert_eq!(local_path(uri), path.map(PathBuf::from), "{uri}");
        }
    }

    #[test]
    fn the_picture_is_gone_when_it_has_been_read_and_also_when_it_can_not_be() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a screenshot.png");
        let uri = format!("file://{}", path.display().to_string().replace(' ', "%20"));
        fs::write(&path, b"pixels").unwrap();
        assert_eq!(*read_and_delete(&uri).unwrap(), b"pixels");
        assert!(!path.exists());
        fs::write(&path, b"").unwrap();
        let told = read_and_delete(&uri).unwrap_err().to_string();
        assert!(!path.exists() && !told.contains("screenshot"), "{told}");
        let told = read_and_delete(&uri).unwrap_err().to_string();
        assert!(!told.contains("screenshot"), "{told}");
    }
}
