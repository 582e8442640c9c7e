//! The window at work: it is drawn when something changed, and waits otherwise, until it is to close.

use std::{
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use zeroize::Zeroizing;

use crate::{
    Fault,
    canvas::{Area, Canvas},
    frame::Outcome,
    large,
    page::{self, View},
    request::{Request, Show},
    surface::{
        Event, Surface, SurfaceError,
        overlay::{Hint, Overlay},
    },
};

/// Shows a request until a key closes it, its time is over, or the pipe that it came on is closed.
pub(crate) fn show(request: &mut Request, surface: &mut dyn Surface, pipe: impl Read + AsFd) -> Result<(), Fault> {
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
        let stays = end.saturating_duration_since(Instant::now());
        if stays.is_zero() {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (left, next) = clock(request, stays, now);
        if let Some(view) = surface.view()
            && shown.as_ref().is_none_or(|(_, told)| *told != left)
        {
            let canvas = draw(request, view, left);
            let rows = canvas.changed_rows(shown.as_ref().map(|(canvas, _)| canvas));
            surface.show(&canvas, rows)?;
            shown = Some((canvas, left));
            // What came while that was told would wake nobody.
            continue;
        }
        if wait(surface.descriptor(), &pipe.0, next)? {
            let mut said = Zeroizing::new([0; 512]);
            match pipe.read(&mut *said) {
                Some(0) => return Ok(()),
                Some(length) if request.hear(&said[..length])? => shown = None,
                _ => {}
            }
        }
    }
}

/// Returns how many seconds a request says are left, and how long that stays true.
fn clock(request: &mut Request, stays: Duration, now: Duration) -> (u64, Duration) {
    match &mut request.show {
        Show::Qr(_) => (stays.as_nanos().div_ceil(1_000_000_000) as u64, until_next_second(stays)),
        Show::Code(codes) => {
            let left = codes.at(now.as_secs()).left(now.as_secs());
            let next_second = Duration::from_nanos(u64::from(1_000_000_000 - now.subsec_nanos()));
            // A dead one waits for what the pipe says, one that follows a counter for nothing.
            (left, if left > 0 { stays.min(next_second) } else { stays })
        }
    }
}

fn draw(request: &Request, view: View, left: u64) -> Canvas {
    match &request.show {
        Show::Qr(modules) => page::draw(request, modules, view, left),
        Show::Code(codes) => large::draw(request, codes.now(), view, left),
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
    /// Reads what is said, 0 bytes where nobody holds its other end any more; `None` where a signal came instead.
    fn read(&mut self, said: &mut [u8]) -> Option<usize> {
        match self.0.read(said) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
            said => Some(said.unwrap_or(0)),
        }
    }

    /// Whether nobody holds its other end any more; what else is said on it is not listened to.
    fn is_closed(&mut self) -> bool {
        self.read(&mut [0; 512]) == Some(0)
    }
}
