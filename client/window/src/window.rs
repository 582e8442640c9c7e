//! The window at work: it is drawn when something changed, and waits otherwise, until it is to close.

use std::{
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use crate::{
    canvas::{Area, Canvas},
    frame::Outcome,
    page,
    request::Request,
    surface::{
        Event, Surface, SurfaceError,
        overlay::{Hint, Overlay},
    },
};

/// Shows a request until a key closes it, its time is over, or the pipe that it came on is closed.
pub(crate) fn show(request: &Request, surface: &mut dyn Surface, pipe: impl Read + AsFd) -> Result<(), SurfaceError> {
    let end = Instant::now() + request.time;
    let mut pipe = Pipe(pipe);
    // What is seen, and how many seconds it says are left.
    let mut shown: Option<(Canvas, u64)> = None;
    loop {
        for event in surface.events()? {
            match event {
                Event::Close => return Ok(()),
                Event::Changed => shown = None,
            }
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let seconds = left.as_nanos().div_ceil(1_000_000_000) as u64;
        if let Some(view) = surface.view()
            && shown.as_ref().is_none_or(|(_, told)| *told != seconds)
        {
            let canvas = page::draw(request, view, seconds);
            let rows = canvas.changed_rows(shown.as_ref().map(|(canvas, _)| canvas));
            surface.show(&canvas, rows)?;
            shown = Some((canvas, seconds));
        }
        if wait(surface.descriptor(), &pipe.0, until_next_second(left))? && pipe.is_closed() {
            return Ok(());
        }
    }
}

/// Lets the person draw a frame until it is accepted; `None` where there is none when a key says so or the pipe closes.
pub(crate) fn ask_frame(hint: &Hint, time: Duration, pipe: impl Read + AsFd) -> Result<Option<Area>, SurfaceError> {
    let end = Instant::now() + time;
    let mut pipe = Pipe(pipe);
    let (overlay, mut frame) = Overlay::open(hint)?;
    loop {
        let before = frame.area();
        for input in overlay.inputs()? {
            match frame.take(input) {
                Outcome::Accepted(area) => return Ok(Some(area)),
                Outcome::Cancelled => return Ok(None),
                Outcome::Changed | Outcome::Nothing => {}
            }
        }
        if frame.area() != before {
            overlay.show(frame.area())?;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(SurfaceError::Late);
        }
        if wait(overlay.descriptor(), &pipe.0, left)? && pipe.is_closed() {
            return Ok(None);
        }
    }
}

/// Returns how long what is shown of the time stays true.
fn until_next_second(left: Duration) -> Duration {
    let part = Duration::from_nanos(left.subsec_nanos().into());
    if part.is_zero() { Duration::from_secs(1) } else { part }
}

/// Waits for the desktop, the pipe or the time, and tells whether it was the pipe.
fn wait(descriptor: BorrowedFd<'_>, pipe: &impl AsFd, time: Duration) -> Result<bool, SurfaceError> {
    let limit = Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
    let mut both = [PollFd::new(&descriptor, PollFlags::IN), PollFd::new(pipe, PollFlags::IN)];
    match poll(&mut both, Some(&limit)) {
        Ok(_) => Ok(!both[1].revents().is_empty()),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(SurfaceError::Lost(error.to_string())),
    }
}

/// The pipe that the request came on.
struct Pipe<P>(P);

impl<P: Read> Pipe<P> {
    /// Whether nobody holds its other end any more; what else is said on it is not listened to.
    fn is_closed(&mut self) -> bool {
        let mut more = [0; 512];
        match self.0.read(&mut more) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::Interrupted,
        }
    }
}
