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
    /// There is no display.
    NoDisplay = 3,
    /// The file is no picture, damaged, or too big.
    BadPicture = 4,
    /// The person said no.
    Denied = 5,
    /// The desktop gives pictures through a portal only, and no portal answers for it.
    NoPortal = 6,
    /// The display server ended meanwhile.
    DisplayLost = 7,
    /// The screen can't be captured for another reason.
    NoCapture = 8,
    /// There is no such camera, or none at all.
    NoCamera = 9,
    /// This user may not use the camera.
    CameraRefused = 10,
    /// Another program uses the camera.
    CameraBusy = 11,
    /// The camera went away meanwhile.
    CameraLost = 12,
    /// The command line is wrong, or asks for what this desktop can't do.
    Usage = 64,
    /// The report could not be written, or the process not be restricted.
    Failed = 70,
}

/// Why a scan could not look.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The display server does not know us.
    #[error("the display server refuses this program (XAUTHORITY may be another's)")]
    Permission,
    /// No display is named in the environment, or the one that is named is not there.
    #[error("there is no display to look at: {0}")]
    NoDisplay(String),
    /// The person was asked and said no.
    #[error("the picture of the screen was not allowed")]
    Denied,
    /// Nobody takes a picture of this Wayland session for us.
    #[error("this Wayland desktop gives pictures of its screen through a portal only, and {0}")]
    NoPortal(&'static str),
    /// The display server ended while it was asked.
    #[error("the display server ended while the screen was looked at")]
    Lost,
    /// This back end is none for the session: the next one is tried.
    #[error("{0}")]
    Unfit(&'static str),
    /// The capture program does not start for want of a shared library.
    #[error("the screen capture lacks a library; install libgbm1 libwayland-client0 libxcb1")]
    Libraries,
    /// Whoever was asked did not answer.
    #[error("the screen can't be captured: {0}")]
    Late(String),
    /// The display can't be captured for another reason.
    #[error("the screen can't be captured: {0}")]
    Capture(String),
    /// There is no such camera, or none at all.
    #[error("no camera: {0}")]
    NoCamera(String),
    /// The system refuses the camera.
    #[error("{0}")]
    CameraRefused(String),
    /// Somebody else has it.
    #[error("{0}")]
    CameraBusy(String),
    /// It went away.
    #[error("{0}")]
    CameraLost(String),
    /// The process can't give up what it must before it looks at foreign bytes.
    #[error("nothing was decoded: {0}")]
    Sandbox(String),
    /// Nobody reads what was found.
    #[error("the report can't be written: {0}")]
    Report(String),
    /// What was asked for can't be had here.
    #[error("{0}")]
    Choice(String),
    /// The picture can't be read.
    #[error("{0}")]
    Picture(String),
}

impl ScanError {
    /// Returns the exit code that stands for this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Permission => Exit::NoPermission,
            Self::NoDisplay(_) => Exit::NoDisplay,
            Self::Denied => Exit::Denied,
            Self::NoPortal(_) => Exit::NoPortal,
            Self::Lost => Exit::DisplayLost,
            Self::Unfit(_) | Self::Libraries | Self::Late(_) | Self::Capture(_) => Exit::NoCapture,
            Self::NoCamera(_) => Exit::NoCamera,
            Self::CameraRefused(_) => Exit::CameraRefused,
            Self::CameraBusy(_) => Exit::CameraBusy,
            Self::CameraLost(_) => Exit::CameraLost,
            Self::Choice(_) => Exit::Usage,
            Self::Picture(_) => Exit::BadPicture,
            Self::Sandbox(_) | Self::Report(_) => Exit::Failed,
        }
    }
}
