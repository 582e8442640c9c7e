//! A look through a camera: what the person is told while it lasts.

use std::{
    ffi::OsStr,
    io,
    os::fd::{AsFd, OwnedFd},
    path,
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
/// Without a name of a device it is the first one. The daemon looks as long as this end of the pipe is open: with this process the camera goes off.
pub(crate) async fn look(
    session: &Session,
    device: &OsStr,
    seconds: Option<u32>,
    harder: Option<bool>,
    progress: &mut Progress,
) -> Result<Vec<Candidate>, Error> {
    let device = if device.is_empty() { None } else { Some(absolute(device)?) };
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
            progress.show(&format!("Hold the QR to the camera, {camera}; Ctrl-C ends"));
        }
        Some(CameraProgress::Parts(there, of)) if there < of => {
            progress.show_news(&format!("{there} of {of} parts seen: show the next one; Ctrl-C ends"));
        }
        Some(CameraProgress::Parts(..)) | None => {}
    }
}

/// Returns the path as the daemon, which works in another folder, finds it.
fn absolute(device: &OsStr) -> Result<String, Error> {
    let path = path::absolute(device).map_err(Error::io(device.display().to_string()))?;
    path.into_os_string().into_string().map_err(|_| Error::Usage("the camera's path is no text".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_given_the_whole_path() {
        assert_eq!(absolute(OsStr::new("/dev/video2")).unwrap(), "/dev/video2");
        let here = std::env::current_dir().unwrap().join("film.y4m");
        assert_eq!(absolute(OsStr::new("film.y4m")).unwrap(), here.to_str().unwrap());
    }
}
