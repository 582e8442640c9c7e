//! Looks through a camera, picture after picture, until there is no need to go on.
//!
//! [`device`] is a V4L2 camera, [`film`] a file of pictures in its place; both give [`Frames`]. [`choice`] says in which
//! format and size a camera is asked, [`luma`] and [`jpeg`] make light of what it sends, [`watch`] decodes at a pace.
//!
//! A camera sends foreign bytes: it is opened and made to stream before the process is restricted, and its pictures are
//! looked at afterwards.

pub mod choice;
pub mod device;
pub mod film;
mod jpeg;
pub mod luma;
pub mod watch;

use std::{
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use countersign_sandbox::Inflow;
use rustix::event::Timespec;

use crate::{grey::Grey, outcome::ScanError};
use device::Camera;
use film::Film;

/// Pictures, one after the other.
pub trait Frames {
    /// Returns the light of the next picture; `None` when there is none until then, or none any more.
    fn next(&mut self, until: Instant) -> Result<Option<Grey>, ScanError>;

    /// Whether the pictures come by themselves, at their own pace.
    fn is_live(&self) -> bool;
}

/// Makes of a time what the kernel takes.
fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() }
}

/// Where pictures come from, open, and not yet looked at.
pub enum Source {
    /// A camera that streams already.
    Camera(Camera),
    /// A file of pictures.
    Film(PathBuf, std::fs::File),
}

impl Source {
    /// Opens what is there: a device or a file; without a path the first camera.
    pub fn open(path: Option<&Path>) -> Result<Self, ScanError> {
        match path {
            None => Camera::first().map(Self::Camera),
            Some(path) if path.is_file() => crate::picture::open(path).map(|(file, _)| Self::Film(path.into(), file)),
            Some(path) => Camera::open(path).map(Self::Camera),
        }
    }

    /// Returns what a person is told of it: `/dev/video0 (Integrated Camera), 1280 × 720`.
    pub fn name(&self) -> String {
        match self {
            Self::Camera(camera) => camera.to_string(),
            Self::Film(path, _) => path.display().to_string(),
        }
    }

    /// Returns what of it is left to a restricted process.
    pub fn inflow(&self) -> Inflow<'_> {
        match self {
            Self::Camera(camera) => Inflow::Camera(camera.as_fd()),
            Self::Film(_, file) => Inflow::File(file.as_fd()),
        }
    }

    /// Begins to look at what it sends.
    pub fn frames(self) -> Result<Box<dyn Frames>, ScanError> {
        Ok(match self {
            Self::Camera(camera) => Box::new(camera),
            Self::Film(_, file) => Box::new(Film::new(file)?),
        })
    }
}
