//! The offer: from the moment the clipboard is ours until it is not.

use std::{
    future, io,
    os::unix::net,
    pin::pin,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::Interest,
    net::UnixStream,
    signal::unix::{SignalKind, signal},
    time::sleep_until,
};

use crate::{
    End, Fault, Word,
    board::{Board, BoardError, Event},
    codes::Codes,
    policy::Policy,
    tell,
};

/// Takes the clipboard over, waits for a code that a person has the time to paste, and offers it until it is of no use any
/// more. From the first moment on, what was there before can't be pasted as if it were the code, and whoever copies later
/// ends this.
pub(crate) async fn serve(mut board: Box<dyn Board>, codes: &Codes, once: bool) -> Result<(), Fault> {
    board.offer()?;
    let soonest = Instant::now() + SOONEST;
    let mut policy = Policy::new(once);
    let mut last = None;
    let mut terminate = signal(SignalKind::terminate())?;
    let display = Display::of(&*board)?;
    let mut prepared = pin!(async {
        let expires = codes.prepare(|| tell(Word::Waiting)).await?;
        if once {
            // What reads sooner than a person can is a history: it gets nothing, and takes the one paste from nobody.
            sleep_until(soonest.into()).await;
        }
        Ok::<_, Fault>(expires)
    });
    let end = loop {
        let events = board.events()?;
        if !events.is_empty() {
            match answer(&mut *board, codes, last.map(|_| &mut policy), events).await? {
                Some(end) => break Ok(end),
                // While an answer was under way, more may have arrived with it.
                None => continue,
            }
        }
        tokio::select! {
            expires = &mut prepared, if last.is_none() => match expires {
                Ok(expires) => {
                    last = Some(Instant::now() + stays(expires, unix_now()));
                    tell(Word::Copied(expires));
                    codes.tell_copied(expires).await;
                }
                Err(error) => break Err(error),
            },
            told = display.told() => told?,
            () = until(last) => break Ok(End::Expired),
            () = until(policy.end()) => break Ok(End::Once),
            () = codes.locked() => break Ok(End::Locked),
            _ = terminate.recv() => break Ok(End::Told),
        }
    };
    if !matches!(end, Ok(End::Replaced)) {
        board.withdraw()?;
    }
    tell(Word::Ended(end?));
    Ok(())
}

/// The display's connection, to wait on; what it says is read by the clipboard.
struct Display(UnixStream);

impl Display {
    fn of(board: &dyn Board) -> io::Result<Self> {
        let stream = net::UnixStream::from(board.descriptor().try_clone_to_owned()?);
        stream.set_nonblocking(true)?;
        Ok(Self(UnixStream::from_std(stream)?))
    }

    /// Waits until there is something new.
    async fn told(&self) -> io::Result<()> {
        self.0.readable().await?;
        // Says that all has been read, as it will have been before the next wait.
        let nothing_left = self.0.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        nothing_left.or(Ok(()))
    }
}

/// Answers what was asked, nothing before there is a policy; says so when the offer is no longer ours.
async fn answer(
    board: &mut dyn Board,
    codes: &Codes,
    mut policy: Option<&mut Policy>,
    events: Vec<Event>,
) -> Result<Option<End>, BoardError> {
    for event in events {
        let (asked, reader) = match event {
            Event::Replaced => return Ok(Some(End::Replaced)),
            Event::Asked(asked, reader) => (asked, reader),
        };
        let answers = policy.as_mut().is_some_and(|policy| policy.answers(reader, Instant::now()));
        let code = if answers { codes.at(unix_now()).await } else { None };
        tell(if code.is_some() { Word::Pasted } else { Word::Refused });
        board.answer(asked, code.as_deref().map(String::as_str))?;
    }
    Ok(None)
}

/// Returns how long an offer stays whose code dies at that Unix time.
fn stays(expires: u64, now: u64) -> Duration {
    match expires {
        0 => COUNTED,
        expires => Duration::from_secs(expires.saturating_sub(now)) + GRACE,
    }
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => future::pending().await,
    }
}

/// How long an offer outlives its first code: a paste then gives the next one.
const GRACE: Duration = Duration::from_secs(5);
/// What a person needs at least from the copy to the paste.
const SOONEST: Duration = Duration::from_millis(200);
/// How long a code that follows a counter is offered.
const COUNTED: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_outlives_its_code_by_a_little() {
        assert_eq!(stays(130, 100), Duration::from_secs(35));
        assert_eq!(stays(90, 100), GRACE, "the clock was set meanwhile");
        assert_eq!(stays(0, 100), COUNTED);
    }
}
