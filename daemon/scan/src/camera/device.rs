//! A camera: a V4L2 device of this machine.
//!
//! Opening asks for a format and a size, maps the device's buffers and starts the stream: all that a restricted process
//! can't do any more. Afterwards a picture costs waiting, taking a buffer and giving it back.

use std::{
    fmt, fs,
    io::{self, ErrorKind},
    os::fd::{AsFd, BorrowedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Instant,
};

use linuxvideo::{
    BufType, CapabilityFlags, Device, VideoCaptureDevice,
    format::{FrameSizes, PixFormat, PixelFormat},
    stream::ReadStream,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
};
use zeroize::Zeroizing;

use super::{
    Frames,
    choice::{self, Offer, Size},
    jpeg,
    luma::Layout,
    timespec,
};
use crate::{grey::Grey, outcome::ScanError};

/// A camera that streams.
pub struct Camera {
    stream: ReadStream,
    shape: Shape,
    path: PathBuf,
}

/// How a picture lies in a buffer.
#[derive(Debug, Clone, Copy)]
struct Shape {
    layout: Layout,
    size: Size,
    stride: u32,
}

impl Camera {
    /// Opens the first camera that gives pictures.
    pub fn first() -> Result<Self, ScanError> {
        let mut why = ScanError::NoCamera("there is none".into());
        for path in nodes() {
            match Self::open(&path) {
                // Beside each camera stand devices that give none: what is wrong with a real one tells more.
                Err(error) if matches!(why, ScanError::NoCamera(_)) => why = error,
                Err(_) => {}
                camera => return camera,
            }
        }
        Err(why)
    }

    /// Opens a camera and starts it.
    pub fn open(path: &Path) -> Result<Self, ScanError> {
        let (device, shape) = prepare(path)?;
        let stream = device.into_stream().map_err(|error| refused(path, &error))?;
        // A driver that says "ready" and then is not must not hold us up.
        let flags = fcntl_getfl(&stream).map_err(|error| refused(path, &error.into()))?;
        fcntl_setfl(&stream, flags | OFlags::NONBLOCK).map_err(|error| refused(path, &error.into()))?;
        Ok(Self { stream, shape, path: path.into() })
    }

    /// Waits for a buffer, takes it, and gives it back.
    fn take(&mut self, until: Instant) -> Result<Taken, ScanError> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Taken::Late);
        }
        let mut fds = [PollFd::new(&self.stream, PollFlags::IN)];
        match poll(&mut fds, Some(&timespec(left))) {
            Ok(0) => return Ok(Taken::Late),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(self.lost(&error.into())),
        }
        let failed = fds[0].revents().contains(PollFlags::ERR);
        let Shape { layout, size, stride } = self.shape;
        let taken = self.stream.dequeue(|buffer| {
            Ok(match layout {
                _ if buffer.is_error() => Taken::Damaged,
                Layout::Jpeg => Taken::Jpeg(Zeroizing::new(buffer.to_vec())),
                _ => layout.light(size, stride, &buffer).map_or(Taken::Damaged, Taken::Light),
            })
        });
        match taken {
            Err(error) if error.kind() == ErrorKind::WouldBlock && !failed => Ok(Taken::Damaged),
            taken => taken.map_err(|error| self.lost(&error)),
        }
    }

    fn lost(&self, error: &io::Error) -> ScanError {
        ScanError::CameraLost(format!("{} sends no more: {}", shown(&self.path), words(error)))
    }
}

/// What came of waiting for a picture.
enum Taken {
    Light(Grey),
    /// To be decoded once the buffer is with the camera again.
    Jpeg(Zeroizing<Vec<u8>>),
    Damaged,
    Late,
}

impl Frames for Camera {
    fn next(&mut self, until: Instant) -> Result<Option<Grey>, ScanError> {
        loop {
            match self.take(until)? {
                Taken::Light(light) => return Ok(Some(light)),
                Taken::Jpeg(bytes) => {
                    // A decoder that panics has seen nothing, as everywhere.
                    let light = catch_unwind(|| jpeg::light(&bytes, self.shape.size));
                    if let Ok(Some(light)) = light {
                        return Ok(Some(light));
                    }
                }
                Taken::Damaged => {}
                Taken::Late => return Ok(None),
            }
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

impl AsFd for Camera {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl fmt::Display for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.shape.size;
        write!(f, "{}, {width} × {height}", shown(&self.path))
    }
}

/// A device that may be a camera, as the doctor tells of it.
#[derive(Debug, serde::Serialize)]
pub struct Found {
    /// Its device and name.
    pub name: String,
    /// Whether it gives pictures that can be read.
    pub works: bool,
    /// What it gives, or why it doesn't.
    pub told: String,
    /// Whether this user may not use it.
    #[serde(skip)]
    pub refused: bool,
}

/// Returns the cameras of this machine, without starting any. Devices that give no pictures at all are left out.
pub fn list() -> Vec<Found> {
    let found = nodes().into_iter().filter_map(|path| {
        let (works, told, refused) = match prepare(&path) {
            Ok((_, shape)) => (true, format!("{} × {}", shape.size.0, shape.size.1), false),
            Err(ScanError::NoCamera(_)) => return None,
            Err(error) => (false, error.to_string(), matches!(error, ScanError::CameraRefused(_))),
        };
        Some(Found { name: shown(&path), works, told, refused })
    });
    found.collect()
}

/// Returns the devices that may be cameras, by their numbers.
fn nodes() -> Vec<PathBuf> {
    let number = |name: &str| name.strip_prefix("video")?.parse::<u32>().ok();
    let entries = fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut nodes: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((number(entry.file_name().to_str()?)?, entry.path()))).collect();
    nodes.sort();
    nodes.into_iter().map(|(_, path)| path).collect()
}

/// Opens a device and agrees with it on format and size.
fn prepare(path: &Path) -> Result<(VideoCaptureDevice, Shape), ScanError> {
    // The bindings take drivers at their word, and panic where one says nonsense.
    let agreed = catch_unwind(AssertUnwindSafe(|| agree(path)));
    agreed.unwrap_or_else(|_| Err(ScanError::Capture(format!("{}'s driver answers nonsense", shown(path)))))
}

fn agree(path: &Path) -> Result<(VideoCaptureDevice, Shape), ScanError> {
    let failed = |error: io::Error| refused(path, &error);
    let device = Device::open(path).map_err(failed)?;
    let can = device.capabilities().map_err(failed)?.device_capabilities();
    if !can.contains(CapabilityFlags::VIDEO_CAPTURE | CapabilityFlags::STREAMING) {
        return Err(ScanError::NoCamera(format!("{} gives no pictures", shown(path))));
    }
    let offers: Vec<Offer> =
        device.formats(BufType::VIDEO_CAPTURE).flatten().map(|format| offer(&device, format.pixel_format())).collect();
    let unread = || {
        let names: Vec<String> =
            offers.iter().map(|offer| String::from_utf8_lossy(&offer.format).into_owned()).collect();
        ScanError::Capture(format!(
            "{} gives pictures in formats only that are not read: {}",
            shown(path),
            names.join(", ")
        ))
    };
    let (format, (width, height)) = choice::best(&offers).ok_or_else(unread)?;
    let device =
        device.video_capture(PixFormat::new(width, height, PixelFormat::from_fourcc(format))).map_err(failed)?;
    // What the driver made of it is what holds.
    let got = device.format();
    let layout = Layout::of(got.pixel_format().as_fourcc()).ok_or_else(unread)?;
    let (size, stride) = ((got.width(), got.height()), got.bytes_per_line());
    if u64::from(size.0) * u64::from(size.1) > MAX_PIXELS {
        return Err(ScanError::Capture(format!("{} gives pictures of {} × {} only", shown(path), size.0, size.1)));
    }
    Ok((device, Shape { layout, size, stride }))
}

fn offer(device: &Device, format: PixelFormat) -> Offer {
    let sizes = match device.frame_sizes(format) {
        Ok(FrameSizes::Discrete(sizes)) => sizes.iter().map(|size| (size.width(), size.height())).collect(),
        Ok(FrameSizes::Stepwise(range) | FrameSizes::Continuous(range)) => vec![choice::within(
            (range.min_width(), range.min_height()),
            (range.max_width(), range.max_height()),
            (range.step_width(), range.step_height()),
        )],
        // Not every driver tells: it answers with what it has.
        Err(_) => vec![choice::WANTED],
    };
    Offer { format: format.as_fourcc(), sizes }
}

/// Says what an error of opening or starting means.
fn refused(path: &Path, error: &io::Error) -> ScanError {
    let shown = shown(path);
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::ACCESS | Errno::PERM) => ScanError::CameraRefused(format!("this user may not use {shown}")),
        Some(Errno::BUSY) => ScanError::CameraBusy(format!("another program uses {shown}")),
        Some(Errno::NOENT | Errno::NXIO | Errno::NODEV) => ScanError::NoCamera(format!("{shown} is not there")),
        Some(Errno::NOTTY | Errno::ISDIR) => ScanError::NoCamera(format!("{shown} is none")),
        _ => ScanError::Capture(format!("{shown} can't be started: {error}")),
    }
}

fn words(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NODEV) => "it was unplugged, or its driver gave up".into(),
        _ => error.to_string(),
    }
}

/// Returns a device and the name that its driver gives it, which is read where no right to the device is needed.
fn shown(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default();
    let name = fs::read_to_string(Path::new("/sys/class/video4linux").join(file).join("name")).unwrap_or_default();
    match name.trim() {
        "" => path.display().to_string(),
        name => format!("{} ({name})", path.display()),
    }
}

/// Most pixels of one picture: 8K.
const MAX_PIXELS: u64 = 7680 * 4320;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Exit;

    #[test]
    fn each_refusal_has_its_own_end() {
        let rows = [
            (Errno::ACCESS, Exit::CameraRefused),
            (Errno::PERM, Exit::CameraRefused),
            (Errno::BUSY, Exit::CameraBusy),
            (Errno::NOENT, Exit::NoCamera),
            (Errno::NODEV, Exit::NoCamera),
            (Errno::NOTTY, Exit::NoCamera),
            (Errno::NOSPC, Exit::NoCapture),
            (Errno::INVAL, Exit::NoCapture),
        ];
        for (error, exit) in rows {
            let told = refused(Path::new("/dev/video9"), &error.into());
            assert_eq!(told.exit(), exit, "{error}");
            assert!(told.to_string().contains("/dev/video9"), "{told}");
        }
    }

    #[test]
    fn what_is_no_camera_is_told_as_such() {
        for path in ["/dev/null", "/dev/video9999", "/"] {
            let error = Camera::open(Path::new(path)).err().unwrap();
            assert_eq!(error.exit(), Exit::NoCamera, "{path}: {error}");
        }
    }
}
