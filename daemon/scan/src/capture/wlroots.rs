//! Screens of a Wayland compositor that gives pictures to its clients: the wlr-screencopy protocol.
//!
//! Spoken directly: no library of the system is needed, no X server, and each screen comes in its own pixels however
//! differently they are scaled. Nobody is asked, and nothing is written to a disk.

use std::{
    ffi::CString,
    fs::File,
    io::{self, ErrorKind},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::FileExt,
    },
    time::Duration,
};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use wayrs_client::{
    ConnectError, Connection, EventCtx,
    global::GlobalExt,
    protocol::{
        WlOutput, WlShm,
        wl_output::{self, Transform},
    },
};
use wayrs_protocols::{
    wlr_screencopy_unstable_v1::{ZwlrScreencopyFrameV1, ZwlrScreencopyManagerV1, zwlr_screencopy_frame_v1},
    xdg_output_unstable_v1::{ZxdgOutputManagerV1, ZxdgOutputV1, zxdg_output_v1},
};
use zeroize::Zeroizing;

use super::{
    Capture, Look, Shot, Wanted,
    pixels::{self, Layout},
    select, sway,
};
use crate::{outcome::ScanError, picture::MAX_PIXELS, report::Screen};

/// The compositor in `WAYLAND_DISPLAY`.
pub(super) struct Wlroots;

impl Capture for Wlroots {
    fn take(&self, wanted: &Wanted) -> Result<Look, ScanError> {
        let shots = match wanted {
            Wanted::Screens => shots()?,
            Wanted::Screen(wanted) => select::one_screen(shots()?, wanted)?,
            Wanted::Region => {
                // Before the person draws anything: whether there is a picture to draw on.
                shots()?;
                let area = select::frame();
                // Nothing can be drawn, either, on a compositor that has ended meanwhile.
                let shots = shots().map_err(|error| match error {
                    ScanError::NoDisplay(_) => ScanError::Lost,
                    error => error,
                })?;
                select::cut(shots, &[area?], |screen| screen.scale)
            }
            Wanted::Window(words) => {
                let areas = sway::windows(words).ok_or_else(|| ScanError::Choice(NO_WINDOWS.into()))?;
                let shots = select::cut(shots()?, &areas, |screen| screen.scale);
                if shots.is_empty() {
                    return Err(ScanError::Choice(super::NO_SUCH_WINDOW.into()));
                }
                shots
            }
        };
        Ok(Look::Shots(shots))
    }

    fn probe(&self) -> Result<String, ScanError> {
        Ok(super::names(&shots()?))
    }
}

fn shots() -> Result<Vec<Shot>, ScanError> {
    super::wait(DEADLINE, "the compositor", screens())
}

async fn screens() -> Result<Vec<Shot>, ScanError> {
    let mut compositor = Compositor::connect().await?;
    let manager = compositor.connection.bind_singleton::<ZwlrScreencopyManagerV1>(1..=3);
    let manager = manager.map_err(|_| ScanError::Unfit("the compositor has no wlr-screencopy"))?;
    let shm = compositor.connection.bind_singleton::<WlShm>(1);
    let shm = shm.map_err(|error| ScanError::Capture(format!("the compositor shares no memory: {error}")))?;
    compositor.learn_outputs().await?;
    let mut shots: Vec<Shot> = Vec::new();
    for index in 0..compositor.state.outputs.len() {
        let shot = compositor.shoot(manager, shm, index).await?;
        // Mirrored outputs are one picture.
        if !shots.iter().any(|other| other.screen.same_area(&shot.screen)) {
            shots.push(shot);
        }
    }
    if shots.is_empty() { Err(ScanError::Capture("the compositor names no screen".into())) } else { Ok(shots) }
}

/// The connection, and what was heard on it.
struct Compositor {
    connection: Connection<State>,
    state: State,
}

#[derive(Default)]
struct State {
    outputs: Vec<Output>,
    frame: Frame,
}

/// A screen as the compositor describes it.
struct Output {
    proxy: WlOutput,
    name: String,
    /// Place and size in the compositor's own units, which are pixels divided by the scale.
    place: (i32, i32),
    size: (i32, i32),
    transform: Transform,
}

/// A picture on its way.
#[derive(Default)]
struct Frame {
    layout: Option<Layout>,
    upside_down: bool,
    /// Whether it has arrived; `Some(false)` where it won't.
    done: Option<bool>,
}

impl Compositor {
    async fn connect() -> Result<Self, ScanError> {
        let connection = Connection::connect().map_err(refused)?;
        let mut compositor = Self { connection, state: State::default() };
        compositor.exchange().await?;
        Ok(compositor)
    }

    /// Sends what is to be sent, and hears all that the compositor says to it.
    async fn exchange(&mut self) -> Result<(), ScanError> {
        self.connection.async_roundtrip().await.map_err(|error| lost(&error))?;
        self.connection.dispatch_events(&mut self.state);
        Ok(())
    }

    async fn learn_outputs(&mut self) -> Result<(), ScanError> {
        let layout = self.connection.bind_singleton::<ZxdgOutputManagerV1>(1..=3).ok();
        for global in self.connection.globals().to_vec().iter().filter(|global| global.is::<WlOutput>()) {
            let bound = global.bind_with_cb(&mut self.connection, 1..=4, Self::hear_output);
            let Ok(proxy) = bound else { continue };
            let name = format!("screen {}", self.state.outputs.len() + 1);
            let output = Output { proxy, name, place: (0, 0), size: (0, 0), transform: Transform::Normal };
            self.state.outputs.push(output);
            if let Some(layout) = layout {
                let told = move |context: EventCtx<State, ZxdgOutputV1>| Self::hear_layout(context, proxy);
                layout.get_xdg_output_with_cb(&mut self.connection, proxy, told);
            }
        }
        self.exchange().await
    }

    fn hear_output(context: EventCtx<State, WlOutput>) {
        let Some(output) = context.state.output(context.proxy) else { return };
        match context.event {
            wl_output::Event::Geometry(geometry) => {
                output.transform = geometry.transform;
                output.place = (geometry.x, geometry.y);
            }
            wl_output::Event::Name(name) => output.name = text(&name),
            _ => {}
        }
    }

    fn hear_layout(context: EventCtx<State, ZxdgOutputV1>, of: WlOutput) {
        let Some(output) = context.state.output(of) else { return };
        match context.event {
            zxdg_output_v1::Event::LogicalPosition(place) => output.place = (place.x, place.y),
            zxdg_output_v1::Event::LogicalSize(size) => output.size = (size.width, size.height),
            zxdg_output_v1::Event::Name(name) => output.name = text(&name),
            _ => {}
        }
    }

    /// Takes a picture of one screen, without the mouse pointer: it would lie over the code.
    async fn shoot(&mut self, manager: ZwlrScreencopyManagerV1, shm: WlShm, index: usize) -> Result<Shot, ScanError> {
        let failed = |why: &str| ScanError::Capture(why.into());
        self.state.frame = Frame::default();
        let output = self.state.outputs[index].proxy;
        let frame = manager.capture_output_with_cb(&mut self.connection, 0, output, |context| {
            context.state.frame.hear(&context.event);
        });
        self.until(|frame| frame.layout.is_some() || frame.done.is_some()).await?;
        let layout = self.state.frame.layout.ok_or_else(|| failed("the compositor gives no picture of a screen"))?;
        let size = layout.bytes().ok_or_else(|| failed("the compositor's pixels are of an unknown form"))?;
        if u64::from(layout.width) * u64::from(layout.height) > MAX_PIXELS {
            return Err(failed("a screen of more than 64 million pixels"));
        }
        let memory = self.fill(frame, shm, layout, size).await?;
        let mut bytes = Zeroizing::new(vec![0; size]);
        memory.read_exact_at(&mut bytes, 0).map_err(|error| failed(&error.to_string()))?;
        let output = &self.state.outputs[index];
        let picture = pixels::picture(layout, &bytes, output.transform, self.state.frame.upside_down);
        let picture = picture.ok_or_else(|| failed("a screen without pixels"))?;
        let (width, height) = (picture.grey().width() as u32, picture.grey().height() as u32);
        Ok(Shot { screen: output.screen(width, height), picture })
    }

    /// Lets the compositor write a frame into memory that is shared with it.
    async fn fill(
        &mut self,
        frame: ZwlrScreencopyFrameV1,
        shm: WlShm,
        layout: Layout,
        size: usize,
    ) -> Result<File, ScanError> {
        let no_memory = |error: io::Error| ScanError::Capture(format!("no memory for the picture: {error}"));
        let length = i32::try_from(size).map_err(|_| no_memory(ErrorKind::OutOfMemory.into()))?;
        let memory = shared_memory(size as u64).map_err(no_memory)?;
        let pool = shm.create_pool(&mut self.connection, memory.try_clone().map_err(no_memory)?, length);
        let (width, height) = (layout.width.cast_signed(), layout.height.cast_signed());
        let stride = layout.stride.cast_signed();
        let buffer = pool.create_buffer(&mut self.connection, 0, width, height, stride, layout.format);
        frame.copy(&mut self.connection, buffer);
        let done = self.until(|frame| frame.done.is_some()).await;
        buffer.destroy(&mut self.connection);
        pool.destroy(&mut self.connection);
        frame.destroy(&mut self.connection);
        done?;
        if self.state.frame.done == Some(true) {
            Ok(memory.into())
        } else {
            Err(ScanError::Capture("the compositor took no picture of a screen".into()))
        }
    }

    /// Hears the compositor until the frame is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Frame) -> bool) -> Result<(), ScanError> {
        self.connection.async_flush().await.map_err(|error| lost(&error))?;
        while !wanted(&self.state.frame) {
            self.connection.async_recv_events().await.map_err(|error| lost(&error))?;
            self.connection.dispatch_events(&mut self.state);
        }
        Ok(())
    }
}

impl State {
    fn output(&mut self, proxy: WlOutput) -> Option<&mut Output> {
        self.outputs.iter_mut().find(|output| output.proxy == proxy)
    }
}

impl Frame {
    fn hear(&mut self, event: &zwlr_screencopy_frame_v1::Event) {
        match event {
            zwlr_screencopy_frame_v1::Event::Buffer(form) => {
                let (width, height, stride) = (form.width, form.height, form.stride);
                self.layout = Some(Layout { format: form.format, width, height, stride });
            }
            zwlr_screencopy_frame_v1::Event::Flags(flags) => {
                self.upside_down = flags.contains(zwlr_screencopy_frame_v1::Flags::YInvert);
            }
            zwlr_screencopy_frame_v1::Event::Ready(_) => self.done = Some(true),
            zwlr_screencopy_frame_v1::Event::Failed => self.done = Some(false),
            _ => {}
        }
    }
}

impl Output {
    fn screen(&self, width: u32, height: u32) -> Screen {
        // Whole numbers only in the protocol's own scale: 1.5 would be told as 2.
        let scale = if self.size.0 > 0 { width as f32 / self.size.0 as f32 } else { 1.0 };
        Screen { name: self.name.clone(), x: self.place.0, y: self.place.1, width, height, scale }
    }
}

fn shared_memory(size: u64) -> io::Result<OwnedFd> {
    let memory = memfd_create("countersign-scan", MemfdFlags::CLOEXEC)?;
    ftruncate(memory.as_fd(), size)?;
    Ok(memory)
}

fn text(name: &CString) -> String {
    name.to_string_lossy().chars().filter(|c| !c.is_control()).take(100).collect()
}

fn refused(error: ConnectError) -> ScanError {
    match error {
        ConnectError::NotEnoughEnvVars => ScanError::NoDisplay("XDG_RUNTIME_DIR is not set".into()),
        ConnectError::Io(error) if error.kind() == ErrorKind::PermissionDenied => ScanError::Permission,
        ConnectError::Io(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                ScanError::NoDisplay("no compositor answers at WAYLAND_DISPLAY".into())
            }
            _ => ScanError::Capture(format!("the compositor can't be reached: {error}")),
        },
    }
}

/// Says what the end of the connection means.
fn lost(error: &io::Error) -> ScanError {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => ScanError::Lost,
        _ => ScanError::Capture(format!("the compositor: {error}")),
    }
}

const NO_WINDOWS: &str = "this compositor does not say where windows are; use --region or --screen N";
const DEADLINE: Duration = Duration::from_secs(10);
