//! One code, large in the terminal: to be read across the room and typed into another device.

use countersign_api::{
    Error as Answer,
    types::{AccountInfo, CodeDetails, CodeOptions},
};
use tokio::time::Instant;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

use super::{
    digits,
    keys::{Key, Keys},
    next_keys, next_second, view,
};
use crate::{
    codes::{Codes, in_groups},
    error::Error,
    full_screen::{FullScreen, SHOWN_FOR},
    menus::cancelled,
    output,
    session::Session,
    time,
};

/// How the person went on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Back to the list, or the time is over.
    Back,
    /// The code is to be copied.
    Copy,
}

/// Shows an account's code, and the next one as time goes by, for a minute at the most; asks its PIN before.
///
/// For no longer, because each code that is asked for puts off the lock of a vault that nobody uses.
pub(super) async fn show(account: &AccountInfo, session: &mut Session) -> Result<End, Error> {
    let mut shown = Shown::begin(account, session).await?;
    let mut screen = FullScreen::enter()?;
    let mut keys = Keys::default();
    let end = Instant::now() + SHOWN_FOR;
    screen.show("").await?;
    while Instant::now() < end {
        shown.go_on(session).await?;
        screen.draw(&shown.page(screen.size(), time::now())).await?;
        for key in next_keys(&mut screen, &mut keys, next_second().min(end), session).await? {
            match key {
                Key::Interrupt => return Err(cancelled()),
                Key::Enter if shown.dies != 0 => return Ok(End::Copy),
                Key::Enter | Key::Escape | Key::Tab | Key::Char('q') => return Ok(End::Back),
                _ => {}
            }
        }
    }
    Ok(End::Back)
}

/// What is shown.
struct Shown {
    codes: Codes,
    title: String,
    code: Zeroizing<String>,
    /// Unix time at which it dies; 0 where codes follow a counter.
    dies: u64,
    period: u64,
    /// The one after it, in its last seconds.
    next: Option<Zeroizing<String>>,
}

impl Shown {
    async fn begin(account: &AccountInfo, session: &mut Session) -> Result<Self, Error> {
        let mut codes = Codes::of(&account.id);
        let (code, details) = codes.ask(session, &CodeOptions::default()).await?;
        let (dies, period) = (details.expires, details.period.into());
        Ok(Self { codes, title: output::one_line(&account.title), code, dies, period, next: None })
    }

    /// Asks for what the clock brings: in a code's last seconds the next one, which then takes its place.
    async fn go_on(&mut self, session: &mut Session) -> Result<(), Error> {
        let now = time::now();
        if self.dies == 0 || now + NEXT_SHOWN < self.dies {
            return Ok(());
        }
        if now < self.dies {
            if self.next.is_none() {
                let options = CodeOptions { next: Some(true), ..CodeOptions::default() };
                let (code, details) = self.ask(session, &options).await?;
                // The clock may have gone on meanwhile: then it is the next but one.
                self.next = (details.expires == self.dies + self.period).then_some(code);
            }
            return Ok(());
        }
        match self.next.take() {
            Some(next) if now < self.dies + self.period => {
                self.code = next;
                self.dies += self.period;
            }
            _ => {
                let (code, details) = self.ask(session, &CodeOptions::default()).await?;
                (self.code, self.dies) = (code, details.expires);
            }
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        session: &mut Session,
        options: &CodeOptions,
    ) -> Result<(Zeroizing<String>, CodeDetails), Error> {
        let asked = self.codes.ask(session, options).await;
        asked.map_err(|error| match error {
            // The connection ends at a lock: so says the list too.
            Error::Daemon(Answer::ZBus(_)) => Answer::Locked("the vault was locked".into()).into(),
            error => error,
        })
    }

    /// Returns what draws it; the code is there in plain text too, for a screen reader or a mouse.
    fn page(&self, (columns, rows): (usize, usize), now: u64) -> Zeroizing<String> {
        let code = in_groups(&self.code);
        let left = match self.dies {
            0 => "used up by this: the counter's next code is another".to_owned(),
            dies => view::in_words(dies.saturating_sub(now)),
        };
        let next = self.next.as_ref().map(|next| Zeroizing::new(format!("then {}", *in_groups(next))));
        let mut lines: Vec<Zeroizing<String>> = Vec::new();
        if rows >= 3 {
            lines.push(Zeroizing::new(view::cut(&self.title, columns)));
        }
        let large = digits::large(&code, columns, rows.saturating_sub(6));
        if rows >= 8 {
            lines.push(Zeroizing::default());
            lines.extend(large.iter().map(|line| Zeroizing::new(line.clone())));
            lines.push(Zeroizing::default());
        }
        let mut line = code;
        if line.width() + left.width() + 2 <= columns {
            line = Zeroizing::new(format!("{}  {left}", *line));
        } else if rows > 1 {
            lines.push(std::mem::take(&mut line));
            line = Zeroizing::new(left);
        }
        if let Some(next) = next {
            if line.width() + next.width() + 2 <= columns {
                line = Zeroizing::new(format!("{}, {}", *line, *next));
            } else if rows >= 5 {
                lines.push(std::mem::take(&mut line));
                line = next;
            }
        }
        lines.push(line);
        self.laid_out(&lines, (columns, rows), now)
    }

    fn laid_out(&self, lines: &[Zeroizing<String>], (columns, rows): (usize, usize), now: u64) -> Zeroizing<String> {
        let mut page = Zeroizing::new(String::with_capacity(16 * 1024));
        page.push_str("\x1b[?25l\x1b[?7l\x1b[H\x1b[J");
        for (row, line) in (1..=rows).zip(lines) {
            view::put(&mut page, row, &digits::solid(&view::cut(line, columns)));
        }
        let below = lines.len() + 1;
        if self.dies != 0 && below < rows && columns >= 30 {
            view::put(&mut page, below, &bar(self.dies.saturating_sub(now), self.period, columns.min(60)));
        }
        if lines.len() < rows {
            let keys = if self.dies == 0 { "Esc goes back" } else { "Enter copies, Esc goes back" };
            let keys = [keys, "Esc: back"].into_iter().find(|keys| keys.width() <= columns).unwrap_or_default();
            view::put(&mut page, rows, keys);
        }
        page
    }
}

/// Returns a bar of what is left; what it says stands above it in words.
fn bar(left: u64, period: u64, columns: usize) -> String {
    let full = columns as u64 * left.min(period) / period.max(1);
    "=".repeat(full as usize) + &".".repeat(columns - full as usize)
}

/// In its last seconds a code has the next one beside it.
const NEXT_SHOWN: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(next: Option<&str>) -> Shown {
        Shown {
            codes: Codes::of("id"),
            title: "GitHub – alice@example.com".into(),
            code: Zeroizing::new("123456".into()),
            dies: 130,
            period: 30,
            next: next.map(|next| Zeroizing::new(next.to_owned())),
        }
    }

    /// The rows of a page, what is lit of a digit as `#`.
    fn rows(page: &str) -> Vec<String> {
        let row = |row: &str| {
            let parts = row.split("\x1b[7m").map(|part| part.split_once("\x1b[27m").unwrap_or(("", part)));
            let row: String = parts.map(|(lit, dark)| "#".repeat(lit.len()) + dark).collect();
            row.split('\x1b').next().unwrap().to_owned()
        };
        page.split("\x1b[2K").skip(1).map(row).collect()
    }

    #[test]
    fn the_time_left_is_told_in_words_beside_the_code() {
        let page = shown(None).page((80, 24), 113);
        let rows = rows(&page);
        assert_eq!(rows[0], "GitHub – alice@example.com");
        assert!(rows.contains(&"123 456  17 seconds left".to_owned()), "{rows:?}");
        assert!(rows.iter().filter(|row| row.contains("##")).count() == 5, "{rows:?}");
        assert_eq!(rows.last().unwrap(), "Enter copies, Esc goes back");
    }

    #[test]
    fn in_the_last_seconds_the_next_code_stands_beside_it() {
        let page = shown(Some("654321")).page((80, 24), 129);
        assert!(rows(&page).contains(&"123 456  1 second left, then 654 321".to_owned()), "{page:?}");
    }

    #[test]
    fn every_size_shows_the_code_and_overflows_nowhere() {
        for columns in 7..90 {
            for high in 1..30 {
                let page = shown(Some("654321")).page((columns, high), 128);
                let rows = rows(&page);
                assert!(
                    rows.len() <= high && rows.iter().all(|row| row.width() <= columns),
                    "{columns} × {high}: {rows:?}"
                );
                assert!(rows.iter().any(|row| row.starts_with("123 456")), "{columns} × {high}: {rows:?}");
            }
        }
    }

    #[test]
    fn a_bar_has_one_length() {
        for left in 0..=30 {
            assert_eq!(bar(left, 30, 40).width(), 40);
        }
        assert!(!bar(30, 30, 40).contains('.') && !bar(0, 30, 40).contains('='));
    }
}
