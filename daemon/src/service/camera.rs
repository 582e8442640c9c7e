//! `ScanCamera`: looks through a camera until there is no need to go on.
//!
//! The worker reports whatever it reads; what that means, and so when the look is at its end, is known here only.

use std::{
    os::fd::OwnedFd,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use countersign_api::{
    Error,
    scanner::CameraProgress,
    types::{CameraOptions, Candidate},
};
use countersign_core::payload::{self, Payload};
use tokio::{
    io::Interest,
    net::unix::pipe::{self, Sender},
    time::timeout,
};

use super::Service;
use crate::{
    camera::{self, Sight, Watch},
    convert,
    notify::About,
    worker::{FoundQr, WorkerError},
};

impl Service {
    /// Looks through the camera, and holds what it saw.
    pub(super) async fn look_through(
        self: &Arc<Self>,
        progress: OwnedFd,
        options: &CameraOptions,
    ) -> Result<Vec<Candidate>, Error> {
        let progress = pipe::Sender::from_owned_fd(progress).map_err(|error| {
            Error::InvalidArgument(format!("the progress can't be told down that descriptor: {error}"))
        })?;
        let _one = self.begin_scan()?;
        let _told = Told::new(self);
        let limit = camera::time(options) + GRACE;
        let mut found = Vec::new();
        let ended = tokio::select! {
            ended = timeout(limit, self.watch(options, &progress, &mut found)) => {
                ended.unwrap_or_else(|_| Err(late())).map_err(|error| convert::worker_error(&error))
            }
            () = closed(&progress) => Err(Error::Cancelled("nobody waits for the camera any more".into())),
        };
        // However it ended: the parts of an export that were seen need not be shown again.
        let held = self.hold_all(&found, "camera");
        ended.and(held)
    }

    async fn watch(
        self: &Arc<Self>,
        options: &CameraOptions,
        progress: &Sender,
        found: &mut Vec<FoundQr>,
    ) -> Result<(), WorkerError> {
        let mut watch = Watch::start(options)?;
        while let Some(sight) = watch.next().await? {
            match sight {
                Sight::Camera(name) => {
                    self.show_camera(&name);
                    tell(progress, &CameraProgress::Looks(name));
                }
                Sight::Codes(codes) => found.extend(codes),
            }
            let Some((there, of)) = self.parts_of(found) else { break };
            if of > 0 {
                tell(progress, &CameraProgress::Parts(there, of));
            }
            if of > 0 && there == of {
                break;
            }
        }
        Ok(())
    }

    /// Returns how many parts of the export that was begun are there, and of how many, with those that wait from earlier
    /// scans; 0 of 0 while nothing was seen, `None` where what was seen is no export.
    fn parts_of(&self, found: &[FoundQr]) -> Option<(u32, u32)> {
        if found.is_empty() {
            return Some((0, 0));
        }
        let seen: Vec<&str> = found.iter().filter_map(|qr| qr.text.as_ref()).map(|text| text.as_str()).collect();
        let part_of = |text: &&&str| matches!(payload::classify(text), Payload::Migration(_));
        let part = seen.iter().rev().find(part_of)?;
        let inbox = self.inbox();
        let held = self.held();
        let waiting = held.iter().map(|held| held.text.expose()).chain(inbox.iter().map(|(_, text)| text.expose()));
        let others: Vec<&str> = seen.iter().copied().chain(waiting).collect();
        let of = convert::parts(part);
        Some((of.saturating_sub(convert::missing_parts(part, &others).len() as u32), of))
    }
}

/// Says to others, while it lives, that it is the camera that is looked through; then takes that back from the desktop.
struct Told<'a>(&'a Service);

impl<'a> Told<'a> {
    fn new(service: &'a Service) -> Self {
        service.through_camera.store(true, Ordering::Relaxed);
        Self(service)
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.through_camera.store(false, Ordering::Relaxed);
        self.0.notifier.withdraw(|about| *about == About::Camera);
    }
}

/// Tells the caller; one that doesn't read misses it.
fn tell(progress: &Sender, what: &CameraProgress) {
    let _ = progress.try_write(format!("{what}\n").as_bytes());
}

/// Waits until the caller has closed its end.
async fn closed(progress: &Sender) {
    // An error of waiting is no word of the caller's: then the time limit is what is left.
    while let Ok(ready) = progress.ready(Interest::ERROR).await {
        if ready.is_error() || ready.is_write_closed() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn late() -> WorkerError {
    WorkerError::Decode("the camera's program did not end in time".into())
}

/// How much longer than its own time the worker gets.
const GRACE: Duration = Duration::from_secs(10);
