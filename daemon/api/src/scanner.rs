//! `Scanner1`: look at the screen for QR codes, and keep what can be kept.

use std::{fmt, future::Future, os::fd::AsFd};

use zbus::{interface, message::Header, zvariant::Fd};

use crate::{Caller, Dict, Error, caller::Origin, types::*};

/// What the daemon must be able to do for [`Scanner`].
pub trait ScannerBackend: Send + Sync + 'static {
    /// Looks at the caller's screen.
    fn scan_screen(
        &self,
        caller: Caller,
        options: ScanOptions,
    ) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Looks through a camera, and tells down a pipe how far it is.
    fn scan_camera(
        &self,
        caller: Caller,
        progress: std::os::fd::OwnedFd,
        options: CameraOptions,
    ) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Returns what was found and nobody has kept or discarded yet.
    fn candidates(&self, caller: Caller) -> impl Future<Output = Result<Vec<Candidate>, Error>> + Send;
    /// Makes an account of a candidate.
    fn keep(
        &self,
        caller: Caller,
        candidate: &str,
        options: KeepOptions,
    ) -> impl Future<Output = Result<Kept, Error>> + Send;
    /// Drops a candidate.
    fn discard(&self, caller: Caller, candidate: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The service object of the interface.
pub struct Scanner<B> {
    /// Who does the work.
    pub backend: B,
    /// Where it is served.
    pub origin: Origin,
}

/// Look at the screen for QR codes, and keep what can be kept. Every scan and every keep is shown on the desktop.
#[interface(
    name = "org.countersign.Scanner1",
    proxy(
        default_service = "org.countersign.Countersign1",
        default_path = "/org/countersign/Countersign1",
        gen_blocking = false
    )
)]
impl<B: ScannerBackend> Scanner<B> {
    /// Looks at the caller's screen once and answers every QR found; nothing is kept. Options: display s,
    /// wayland_display s, xauthority s, session_type s, current_desktop s, notify b (tell the result by a
    /// notification, and keep the only account found); at most one of screen s (number from the left, or name),
    /// region b (the person draws a frame), window s (words of its title), clipboard b; harder b (walk all the
    /// decoder's steps); looks_on b (one look of many: a desktop that asks the person does so once, where it can).
    /// Candidates expire after 10 minutes.
    #[zbus(out_args("candidates"))]
    async fn scan_screen(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        let found = self.backend.scan_screen(self.origin.caller(&header)?, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// Looks through a camera until a QR shows, or the last part of an export whose first one showed, and answers
    /// every QR found; nothing is kept. The other end of the pipe is told how far it is, a line each (`camera` with its
    /// device and name, `parts` with how many were seen and of how many); once that end is closed, the look ends.
    /// Options: device s (unset: the first camera), seconds u (120 unless told), harder b.
    #[zbus(out_args("candidates"))]
    async fn scan_camera(
        &self,
        progress: Fd<'_>,
        options: Dict,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let progress = progress
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| Error::InvalidArgument(format!("the descriptor can't be used: {e}")))?;
        let found = self.backend.scan_camera(self.origin.caller(&header)?, progress, options.try_into()?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// What was found and nobody has kept or discarded yet, with what was sealed while the vault was locked.
    #[zbus(out_args("candidates"))]
    async fn candidates(&self, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Vec<Dict>, Error> {
        NoOptions::try_from(options)?;
        let found = self.backend.candidates(self.origin.caller(&header)?).await?;
        Ok(found.into_iter().map(Dict::from).collect())
    }

    /// Makes an account of a candidate. Options: if_exists s (`replace` or `keep-both`), issuer s, name s.
    /// Answers: outcome s, accounts as, titles as, missing_parts au.
    #[zbus(out_args("kept"))]
    async fn keep(&self, candidate: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<Dict, Error> {
        Ok(self.backend.keep(self.origin.caller(&header)?, candidate, options.try_into()?).await?.into())
    }

    /// Drops a candidate.
    async fn discard(&self, candidate: &str, options: Dict, #[zbus(header)] header: Header<'_>) -> Result<(), Error> {
        NoOptions::try_from(options)?;
        self.backend.discard(self.origin.caller(&header)?, candidate).await
    }
}

/// How far a look through a camera is: a line down the pipe of `ScanCamera`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraProgress {
    /// This camera looks now: its device, name, and the size of its pictures.
    Looks(String),
    /// Of the parts of an export these many are there, of so many.
    Parts(u32, u32),
}

impl fmt::Display for CameraProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Looks(camera) => write!(f, "camera {camera}"),
            Self::Parts(there, of) => write!(f, "parts {there} {of}"),
        }
    }
}

impl CameraProgress {
    /// Reads a line; `None` for what a later daemon may say.
    pub fn parse(line: &str) -> Option<Self> {
        match line.split_once(' ')? {
            ("camera", camera) => Some(Self::Looks(camera.to_owned())),
            ("parts", numbers) => {
                let (there, of) = numbers.split_once(' ')?;
                Some(Self::Parts(there.parse().ok()?, of.parse().ok()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CameraProgress::{self, Looks, Parts};

    #[test]
    fn what_is_told_down_the_pipe_is_read_at_its_other_end() {
        for told in [Looks("/dev/video0 (A Camera), 1280 × 720".into()), Parts(2, 3)] {
            assert_eq!(CameraProgress::parse(&told.to_string()), Some(told));
        }
        for line in ["", "camera", "parts 2", "parts two 3", "later x"] {
            assert_eq!(CameraProgress::parse(line), None, "{line}");
        }
    }
}
