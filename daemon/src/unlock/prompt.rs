//! Asks the person for the passphrase by pinentry, on the caller's display.
//!
//! Pinentry is a program of its own that draws the question and grabs the keyboard; it speaks the Assuan protocol, a line
//! a command. Its answers hold the passphrase and are wiped.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use countersign_core::{secret::SecretText, text::visible};
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout, Command},
    time::timeout,
};
use zeroize::Zeroizing;

/// What a question says.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What it is about, one or two sentences.
    pub text: &'a str,
    /// What went wrong before.
    pub error: Option<&'a str>,
    /// Asks for the same twice.
    pub repeat: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// There is no pinentry, or no display for it.
    #[error("there is nothing to ask with: {0}")]
    Nothing(String),
    /// The person said no, or nothing for two minutes.
    #[error("the question was dismissed")]
    Dismissed,
}

/// Asks, with the environment that shows the caller's display.
pub async fn ask(question: Question<'_>, environment: &[(&'static str, String)]) -> Result<SecretText, PromptError> {
    let shown = environment.iter().any(|(name, _)| matches!(*name, "DISPLAY" | "WAYLAND_DISPLAY"));
    if !shown {
        return Err(PromptError::Nothing("no display to ask on".into()));
    }
    let mut failure = PromptError::Nothing("pinentry is not installed".into());
    for program in pinentries() {
        match ask_by(&program, question, environment).await {
            // One that can't draw here leaves it to the next: each desktop has its own.
            Err(PromptError::Nothing(why)) => failure = PromptError::Nothing(why),
            answer => return answer,
        }
    }
    Err(failure)
}

async fn ask_by(
    program: &Path,
    question: Question<'_>,
    environment: &[(&'static str, String)],
) -> Result<SecretText, PromptError> {
    let mut child = Command::new(program)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| PromptError::Nothing(error.to_string()))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let mut talk = Talk {
        input: input.expect("the input is piped"),
        output: BufReader::new(output.expect("the output is piped")),
    };
    timeout(PATIENCE, talk.ask(question)).await.unwrap_or(Err(PromptError::Dismissed))
}

/// Returns the pinentry programs that draw windows, best first.
fn pinentries() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Not the ones for terminals: the daemon has none.
    let names = ["pinentry-gnome3", "pinentry-qt", "pinentry-qt5", "pinentry-gtk-2", "pinentry-x11", "pinentry"];
    let find = |name: &str| env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    names.into_iter().filter_map(find).collect()
}

struct Talk {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Talk {
    async fn ask(&mut self, question: Question<'_>) -> Result<SecretText, PromptError> {
        self.answer().await?; // its greeting
        self.say("SETTITLE countersign").await?;
        self.say("SETPROMPT Passphrase:").await?;
        self.say(&format!("SETDESC {}", escape(question.text))).await?;
        if let Some(error) = question.error {
            self.say(&format!("SETERROR {}", escape(error))).await?;
        }
        if question.repeat {
            self.say("SETREPEAT Again:").await?;
        }
        self.say("GETPIN").await?.ok_or(PromptError::Dismissed)
    }

    async fn say(&mut self, line: &str) -> Result<Option<SecretText>, PromptError> {
        self.input.write_all(format!("{line}\n").as_bytes()).await.map_err(|_| gone())?;
        self.answer().await
    }

    /// Reads up to the `OK` or `ERR` line and returns the data before it.
    async fn answer(&mut self) -> Result<Option<SecretText>, PromptError> {
        let mut data = None;
        loop {
            let mut line = Zeroizing::new(String::new());
            if self.output.read_line(&mut line).await.map_err(|_| gone())? == 0 {
                return Err(gone());
            }
            match line.split_once(' ').unwrap_or((line.trim_end(), "")) {
                ("OK", _) => return Ok(data),
                ("ERR", why) => return Err(refusal(why)),
                ("D", text) => data = Some(unescape(text.trim_end_matches('\n'))),
                _ => {}
            }
        }
    }
}

/// Tells a person's no from a program's: the error's lower 16 bits are libgpg-error's code.
fn refusal(why: &str) -> PromptError {
    let (number, text) = why.trim_end().split_once(' ').unwrap_or((why.trim_end(), ""));
    match number.parse::<u32>().map(|number| number & 0xffff) {
        Ok(CANCELLED | FULLY_CANCELLED | NOT_CONFIRMED | TIMED_OUT) => PromptError::Dismissed,
        _ => PromptError::Nothing(format!("pinentry says: {}", visible(text))),
    }
}

fn gone() -> PromptError {
    PromptError::Nothing("pinentry ended without an answer".into())
}

/// Escapes a text as Assuan wants it.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn unescape(text: &str) -> SecretText {
    // Of its full length at once: a text that grows leaves pieces of itself behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(percent_decode_str(text));
    SecretText::new(String::from_utf8_lossy(&bytes).into_owned())
}

const CANCELLED: u32 = 99;
const FULLY_CANCELLED: u32 = 198;
const NOT_CONFIRMED: u32 = 114;
const TIMED_OUT: u32 = 62;
const PATIENCE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_no_is_told_from_a_programs() {
        assert!(matches!(refusal("83886179 Operation cancelled <Pinentry>"), PromptError::Dismissed));
        assert!(matches!(refusal("83918950 Inappropriate ioctl for device <Pinentry>"), PromptError::Nothing(_)));
    }

    #[test]
    fn assuan_escapes_are_undone() {
        assert_eq!(unescape("a%25b%0Ac").expose(), "a%b\nc");
        assert_eq!(unescape("100%").expose(), "100%");
        assert_eq!(unescape("%+1 % 2").expose(), "%+1 % 2");
        assert_eq!(escape("a\n50%"), "a%0A50%25");
    }
}
