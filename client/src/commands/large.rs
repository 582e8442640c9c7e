//! `countersign code --large`: the code in a window, to be read across the room; later ones follow as they come.

use std::{env, fmt::Write, future, time::Duration};

use countersign_api::types::{AccountInfo, CodeDetails, CodeOptions};
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use crate::{
    args::Code,
    codes::in_groups,
    error::Error,
    session::Session,
    time,
    window::{self, Window},
};

/// Runs the command: it ends when the window does.
pub(crate) async fn run(args: &Code, session: &mut Session) -> Result<(), Error> {
    // First of all: where there is no display, no counter is advanced in vain.
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if !["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"].into_iter().any(set) {
        let why = "no window can be opened: neither WAYLAND_DISPLAY nor DISPLAY is set: leave out --large";
        return Err(Error::Usage(why.into()));
    }
    let account = session.account(&args.name.text()).await?;
    let pin = match session.asking.tty().filter(|_| account.pin_needed) {
        Some(tty) => Some(tty.ask_secret("PIN of this account: ").await?),
        None => None,
    };
    let codes = Codes { session, account: &account, pin };
    let mut now = codes.ask(false).await?;
    let mut next = codes.after(&now).await?;
    let mut window = Window::open(&request(&account, &now, next.as_ref()), "--large").await?;
    loop {
        tokio::select! {
            ended = window.ended() => return ended,
            () = session.closed() => return window.close_at_lock().await,
            () = dies(&now) => {}
        }
        // The window has gone over to the next one by itself; it is told the one after that.
        now = match next.filter(|next| next.expires > time::now()) {
            Some(next) => next,
            None => codes.ask(false).await?,
        };
        next = codes.after(&now).await?;
        window.tell(&lines(&now, next.as_ref())).await?;
    }
}

/// Whose codes are shown.
struct Codes<'a> {
    session: &'a Session,
    account: &'a AccountInfo,
    /// What the person typed, where the vault does not keep it.
    pin: Option<Zeroizing<String>>,
}

/// A code in groups, and when it dies.
struct Shown {
    groups: Zeroizing<String>,
    /// Unix time in seconds; 0 where codes follow a counter.
    expires: u64,
    period: u32,
}

impl Codes<'_> {
    /// Asks for the code of now, or the next one; a counter is used up once.
    async fn ask(&self, next: bool) -> Result<Shown, Error> {
        let options = CodeOptions {
            next: next.then_some(true),
            advance: (self.account.period == 0).then_some(true),
            ..CodeOptions::default()
        };
        let (id, options) = (&*self.account.id, options.into());
        let (code, details) = match &self.pin {
            Some(pin) => self.session.secrets().await?.code_with_pin(id, pin, options).await?,
            None => self.session.accounts().await?.code_with(id, options).await?,
        };
        let (code, CodeDetails { expires, period, .. }) = (Zeroizing::new(code), details.into());
        Ok(Shown { groups: in_groups(&code), expires, period })
    }

    /// Asks for the code that follows one; `None` where there is none, or where time has gone on meanwhile.
    async fn after(&self, code: &Shown) -> Result<Option<Shown>, Error> {
        if code.expires == 0 {
            return Ok(None);
        }
        let next = self.ask(true).await?;
        Ok((next.expires == code.expires + u64::from(code.period)).then_some(next))
    }
}

/// Waits until a code is dead by the clock on the wall; for ever where it follows a counter.
async fn dies(code: &Shown) {
    if code.expires == 0 {
        future::pending::<()>().await;
    }
    while let Some(left) = code.expires.checked_sub(time::now()).filter(|left| *left > 0) {
        sleep_until(Instant::now() + Duration::from_secs(left)).await;
    }
}

/// Returns what the window is told at first; `countersign-window --help` has the words.
fn request(account: &AccountInfo, code: &Shown, next: Option<&Shown>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_REQUEST));
    text.push_str("show code\n");
    text.push_str(&window::line("title", &account.title));
    text.push_str(&window::line("seconds", &SHOWN_FOR.to_string()));
    if code.expires == 0 {
        text.push_str(&window::line("note", "It follows a counter: it is good until it is used, or a later one is."));
    }
    text.push_str(&window::line("note", &format!("Closes after {} minutes. Esc closes it now.", SHOWN_FOR / 60)));
    text.push_str(&lines(code, next));
    text
}

/// Returns the lines of a code.
fn lines(code: &Shown, next: Option<&Shown>) -> Zeroizing<String> {
    // Room for all of it, so that no half-written copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_LINES));
    for part in ["code ", &code.groups, "\n"] {
        text.push_str(part);
    }
    if code.expires > 0 {
        let _ = writeln!(text, "until {} {}", code.expires, code.period); // memory takes it
    }
    if let Some(next) = next {
        for part in ["next ", &next.groups, "\n"] {
            text.push_str(part);
        }
    }
    text.push('\n');
    text
}

/// Seconds that the window stays.
const SHOWN_FOR: u64 = 300;
const MAX_REQUEST: usize = 4096;
const MAX_LINES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(groups: &str, expires: u64) -> Shown {
        let period = if expires == 0 { 0 } else { 30 };
        Shown { groups: Zeroizing::new(groups.into()), expires, period }
    }

    #[test]
    fn the_request_says_all_and_a_name_steers_nothing() {
        let account = AccountInfo { title: format!("Evil\nnext 666 {}", "é".repeat(900)), ..AccountInfo::default() };
        let text = request(&account, &shown("123 456", 90), Some(&shown("654 321", 120)));
        let all: Vec<&str> = text.lines().collect();
        assert!(all[0] == "show code" && all[1].starts_with("title Evil") && all[2] == "seconds 300", "{all:?}");
        assert_eq!(all[4..], ["code 123 456", "until 90 30", "next 654 321", ""]);
        assert_eq!(text.capacity(), MAX_REQUEST, "it grew");
    }

    #[test]
    fn a_counters_code_has_neither_end_nor_successor() {
        let text = request(&AccountInfo::default(), &shown("1234 5678", 0), None);
        assert!(text.ends_with("code 1234 5678\n\n") && text.contains("counter"), "{}", *text);
        assert!(!text.contains("\nuntil"));
    }

    #[test]
    fn the_longest_lines_fit() {
        let long = "12345 67890".repeat(4);
        let text = lines(&shown(&long, u64::MAX), Some(&shown(&long, u64::MAX)));
        assert_eq!(text.capacity(), MAX_LINES, "it grew");
    }
}
