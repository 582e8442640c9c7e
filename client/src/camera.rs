//! A look through a camera: what the person is told while it lasts.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    path::{self, Path},
};

use countersign_api::{
    scanner::CameraProgress,
    types::{CameraOptions, Candidate},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe,
};

use crate::{error::Error, progress::Progress, session::Session};

/// Looks through the camera, and says how far it is.
///
/// The daemon looks as long as this end of the pipe is open: with this process the camera goes off.
pub(crate) async fn look(
    session: &Session,
    device: Option<&Path>,
    seconds: Option<u32>,
    harder: Option<bool>,
    progress: &mut Progress,
) -> Result<Vec<Candidate>, Error> {
    let device =
        device.map(|device| path::absolute(device).map_err(Error::io(device.display().to_string()))).transpose()?;
    let device = device.map(|device| device.into_os_string().into_string().map_err(|_| no_utf8())).transpose()?;
    let failed = || Error::io("the camera's progress can't be read");
    let (ours, theirs) = io::pipe().map_err(failed())?;
    let ours = pipe::Receiver::from_owned_fd(OwnedFd::from(ours)).map_err(failed())?;
    let mut lines = BufReader::new(ours).lines();
    let scanner = session.scanner().await?;
    let options = CameraOptions { device, seconds, harder };
    let mut look = std::pin::pin!(scanner.scan_camera(theirs.as_fd().into(), options.into()));
    let mut open = true;
    loop {
        tokio::select! {
            found = &mut look => return Ok(found?.into_iter().map(Candidate::from).collect()),
            line = lines.next_line(), if open => match line {
                Ok(Some(line)) => tell(CameraProgress::parse(&line), progress),
                _ => open = false,
            },
        }
    }
}

fn tell(what: Option<CameraProgress>, progress: &mut Progress) {
    match what {
        Some(CameraProgress::Looks(camera)) => {
            progress.show(&format!("Hold the QR to the camera, {camera}; Ctrl-C ends"))
        }
        Some(CameraProgress::Parts(there, of)) if there < of => {
            progress.show_news(&format!("{there} of {of} parts seen: show the next one; Ctrl-C ends"));
        }
        Some(CameraProgress::Parts(..)) | None => {}
    }
}

fn no_utf8() -> Error {
    Error::Usage("the camera's path is no text".into())
}
