//! How a run ends: the exit codes, and the errors behind them.

use thiserror::Error;

/// The exit codes of `countersign-scan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// At least one code was found and reported.
    Found = 0,
    /// There is no code on the picture.
    Nothing = 1,
    /// The display server refuses this program.
    NoPermission = 2,
    /// There is no display, or it can't be captured.
    NoCapture = 3,
    /// The file is no picture, damaged, or too big.
    BadPicture = 4,
    /// The command line is wrong.
    Usage = 64,
    /// The report could not be written.
    Failed = 70,
}

/// Why a scan could not look.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The X server knows no cookie of ours.
    #[error("the X server refuses this program; run it inside the session that owns the screen, or check XAUTHORITY")]
    Permission,
    /// No display is named in the environment.
    #[error(
        "there is no display (neither WAYLAND_DISPLAY nor DISPLAY leads to one); save a screenshot and use: countersign scan --image FILE"
    )]
    NoDisplay,
    /// A Wayland session that shows its screens to nobody: its X server shows a part of them only, and often none.
    #[error(
        "this Wayland desktop shows its screen to no program; save a screenshot and use: countersign scan --image FILE"
    )]
    Wayland,
    /// The capture program does not start for want of a shared library.
    #[error("the screen capture lacks a library; install libgbm1 libwayland-client0 libxcb1")]
    Libraries,
    /// The display server ended while it was asked.
    #[error("the display server ended while the screen was looked at; scan again once it is back")]
    Lost,
    /// This back end is none for the session: the next one is tried.
    #[error("{0}")]
    Unfit(&'static str),
    /// The display can't be captured for another reason.
    #[error("the screen can't be captured: {0}")]
    Capture(String),
    /// The picture can't be read.
    #[error("{0}")]
    Picture(String),
}

impl ScanError {
    /// Returns the exit code that stands for this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Permission => Exit::NoPermission,
            Self::NoDisplay | Self::Wayland | Self::Libraries | Self::Lost | Self::Unfit(_) | Self::Capture(_) => {
                Exit::NoCapture
            }
            Self::Picture(_) => Exit::BadPicture,
        }
    }
}
