//! What a command ends with: exit code, message and hint. The daemon's errors bring their own, by the contract's table.

use std::{io, process::ExitCode};

use countersign_api::{Error as Answer, connect::Unreached};

use crate::output;

/// Why a command ended without having done what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The daemon's answer, or that there is none.
    #[error("{}", .0.message())]
    Daemon(Answer),
    /// No daemon runs and this command starts none, or what listens in its place is silent.
    #[error(transparent)]
    NoDaemon(Unreached),
    /// The command line asks for something that can't be.
    #[error("{0}")]
    Usage(String),
    /// A question has to be asked and there is no terminal, or `--no-prompt` forbids it.
    #[error("{0}")]
    NoTerminal(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Another signal: how much is added to 128 for the exit code.
    #[error("ended by a signal")]
    Signal(u8),
    /// No QR was found where one was looked for.
    #[error("{0}")]
    NoQr(String),
    /// No QR was held to the camera.
    #[error("no QR code was seen")]
    NoQrSeen,
    /// A file, a descriptor or a program that can't be used.
    #[error("{what}: {source}")]
    Io {
        /// What it was and what was wanted of it.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A file of another program that gives nothing.
    #[error("{shown}: {why}")]
    Foreign {
        /// How it is called in messages.
        shown: String,
        /// Why not.
        why: String,
        /// The exit code.
        code: u8,
        /// What to do next, or an empty text.
        hint: &'static str,
    },
    /// All has been said on standard error; only the exit code is left.
    #[error("ended with {0}")]
    Said(u8),
}

impl Error {
    /// Makes an [`Error::Io`] out of what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            // The daemon answered, with an error that this program doesn't know.
            Self::Daemon(Answer::ZBus(zbus::Error::MethodError(..) | zbus::Error::FDO(_))) | Self::Io { .. } => {
                exit::FAILURE
            }
            Self::Daemon(answer) => answer.exit_code(),
            Self::NoDaemon(_) => countersign_api::error::UNREACHABLE,
            Self::Usage(_) | Self::NoTerminal(_) => exit::USAGE,
            Self::Interrupted => exit::INTERRUPTED,
            Self::Signal(number) => 128_u8.saturating_add(*number),
            Self::NoQr(_) | Self::NoQrSeen => exit::NO_QR,
            Self::Foreign { code, .. } | Self::Said(code) => *code,
        }
    }

    /// Returns what to do next, or an empty text.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Daemon(Answer::ZBus(zbus::Error::MethodError(..) | zbus::Error::FDO(_))) => {
                "the daemon may be of another version: countersign restart"
            }
            Self::Daemon(answer) => answer.hint(),
            Self::NoDaemon(Unreached::Silent { .. }) => {
                "this ends that process and starts countersignd: countersign restart"
            }
            Self::NoDaemon(_) => "any other command starts it, such as: countersign unlock",
            Self::NoTerminal(_) => "run it on a terminal, or give --passphrase-fd",
            Self::NoQr(_) => {
                "the whole QR must be in view: enlarge the page, or look closer with --region or --harder; or use --image FILE"
            }
            Self::NoQrSeen => {
                "hold it still and close, so that it fills half of the picture, with the screen bright; or look longer: --wait=300"
            }
            Self::Foreign { hint, .. } => hint,
            _ => "",
        }
    }
}

impl From<Answer> for Error {
    fn from(answer: Answer) -> Self {
        Self::Daemon(answer)
    }
}

impl From<Unreached> for Error {
    fn from(why: Unreached) -> Self {
        match why {
            Unreached::Failed(answer) => Self::Daemon(answer),
            other => Self::NoDaemon(other),
        }
    }
}

impl From<zbus::Error> for Error {
    fn from(error: zbus::Error) -> Self {
        Self::Daemon(error.into())
    }
}

/// Says on standard error what went wrong, and returns the exit code.
pub(crate) fn report(result: Result<(), Error>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    match &error {
        Error::Said(_) | Error::Interrupted | Error::Signal(_) => {}
        _ => {
            output::say(&format!("countersign: {error}"));
            if !error.hint().is_empty() {
                output::say(&format!("  hint: {}", error.hint()));
            }
        }
    }
    ExitCode::from(error.exit_code())
}

/// The exit codes that are not in the contract's table of errors.
pub(crate) mod exit {
    /// A failure that has no code of its own; also the "no" of `unlocked`.
    pub(crate) const FAILURE: u8 = 1;
    /// The command line is wrong.
    pub(crate) const USAGE: u8 = 2;
    /// No QR found.
    pub(crate) const NO_QR: u8 = 10;
    /// A one-time activation was recognised.
    pub(crate) const ONE_TIME: u8 = 11;
    /// A file of another program can't be read, for the first of the reasons that there are; the others follow it.
    pub(crate) const FOREIGN: u8 = 15;
    /// It is too large.
    pub(crate) const FOREIGN_TOO_LARGE: u8 = 22;
    /// Something in such a file can't be read, or does not fit into one.
    pub(crate) const BAD_ENTRIES: u8 = 23;
    /// Ctrl-C.
    pub(crate) const INTERRUPTED: u8 = 130;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_client_has_its_exit_code() {
        let rows = [
            (Error::NoDaemon(Unreached::Absent), 6),
            (Error::Usage(String::new()), 2),
            (Error::NoTerminal(String::new()), 2),
            (Error::Interrupted, 130),
            (Error::Signal(15), 143),
            (Error::NoQr(String::new()), 10),
            (Error::Io { what: String::new(), source: io::ErrorKind::NotFound.into() }, 1),
            (Error::Foreign { shown: String::new(), why: String::new(), code: 18, hint: "" }, 18),
            (Error::Said(exit::ONE_TIME), 11),
        ];
        for (error, code) in rows {
            assert_eq!(error.exit_code(), code, "{error:?}");
        }
    }

    #[test]
    fn the_daemons_errors_keep_their_code_and_hint() {
        let locked = Error::from(Answer::Locked("the vault is locked".into()));
        assert_eq!((locked.exit_code(), locked.hint()), (4, "countersign unlock"));
        assert_eq!(locked.to_string(), "the vault is locked");
        let silent = Error::from(zbus::Error::Failure("gone".into()));
        assert_eq!(silent.exit_code(), 6);
    }

    #[test]
    fn every_exit_code_of_the_manual_can_be_reached() {
        use clap::CommandFactory;
        let help = crate::args::Cli::command().render_long_help().to_string();
        let listed: Vec<u8> = help
            .lines()
            .skip_while(|line| !line.starts_with("Exit codes:"))
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        let mut known: Vec<u8> = Answer::TABLE.iter().map(|(_, code, _)| *code).collect();
        known.extend([0, exit::USAGE, exit::NO_QR, exit::INTERRUPTED, countersign_api::error::UNREACHABLE]);
        known.extend(exit::FOREIGN..=exit::BAD_ENTRIES);
        known.sort_unstable();
        known.dedup();
        assert_eq!(listed, known);
    }
}
