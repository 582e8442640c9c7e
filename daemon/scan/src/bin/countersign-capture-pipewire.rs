//! Writes the next picture of each given video stream to standard output, for `countersign-scan`.
//!
//! Standard input is a connection to `PipeWire`, as the `ScreenCast` portal gives it; the arguments are the numbers of the
//! streams, which come back as names of the screens. The format is that of `capture/frames.rs`. With `--version` it only
//! proves that it starts. Exit codes: 0 written, 3 no stream gave a picture, 127 (the loader's) libpipewire is missing.

use std::{
    cell::RefCell,
    env,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    process::ExitCode,
    rc::Rc,
    time::Duration,
};

use countersign_scan::{capture::frames, report::Screen};
use pipewire::{
    context::ContextRc,
    core::CoreRc,
    keys,
    main_loop::MainLoopRc,
    properties::properties,
    spa::{
        param::{
            ParamType,
            format::{FormatProperties, MediaSubtype, MediaType},
            video::{VideoFormat, VideoInfoRaw},
        },
        pod::{ChoiceValue, Pod, Property, PropertyFlags, Value, object, property, serialize::PodSerializer},
        utils::{Choice, ChoiceEnum, ChoiceFlags, Direction, Fraction, Id, Rectangle, SpaTypes},
    },
    stream::{Stream, StreamBox, StreamFlags, StreamListener, StreamState},
};
use rustix::process::{Signal, set_parent_process_death_signal};
use zeroize::Zeroizing;

fn main() -> ExitCode {
    // A hung PipeWire must not leave this program behind when the one that asked is killed.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments == ["--version"] {
        let _ = writeln!(io::stdout(), "countersign-capture-pipewire {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let nodes: Option<Vec<u32>> = arguments.iter().map(|argument| argument.parse().ok()).collect();
    let nodes = nodes.filter(|nodes| !nodes.is_empty() && !io::stdin().is_terminal() && !io::stdout().is_terminal());
    let Some(nodes) = nodes else {
        eprintln!("countersign-capture-pipewire writes pictures for countersign-scan; run that one");
        return ExitCode::from(NOTHING);
    };
    match run(&nodes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(NOTHING)
        }
    }
}

/// What became of the streams so far.
#[derive(Default)]
struct Progress {
    written: usize,
    open: usize,
    failed: Option<String>,
}

fn run(nodes: &[u32]) -> Result<(), String> {
    let broken = |error: pipewire::Error| format!("PipeWire can't be reached: {error}");
    let connection = io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?;
    let main_loop = MainLoopRc::new(None).map_err(broken)?;
    let context = ContextRc::new(&main_loop, None).map_err(broken)?;
    let core = context.connect_fd_rc(connection, None).map_err(broken)?;
    let progress = Rc::new(RefCell::new(Progress { open: nodes.len(), ..Progress::default() }));
    let (lost, on_error) = (progress.clone(), main_loop.clone());
    let _core_listener = core
        .add_listener_local()
        .error(move |_, _, _, message| {
            lost.borrow_mut().failed = Some(format!("PipeWire says: {message}"));
            on_error.quit();
        })
        .register();
    let streams: Result<Vec<_>, pipewire::Error> =
        nodes.iter().map(|node| open(&core, *node, &progress, &main_loop)).collect();
    let _streams = streams.map_err(broken)?;
    let at_the_end = main_loop.clone();
    let clock = main_loop.loop_().add_timer(move |_| at_the_end.quit());
    let _ = clock.update_timer(Some(DEADLINE), None);
    main_loop.run();
    let progress = progress.take();
    match progress.failed {
        _ if progress.written > 0 => Ok(()),
        Some(why) => Err(why),
        None => Err("no picture came in time".into()),
    }
}

/// Joins one stream, whose first picture is written.
fn open<'c>(
    core: &'c CoreRc,
    node: u32,
    progress: &Rc<RefCell<Progress>>,
    main_loop: &MainLoopRc,
) -> Result<(StreamBox<'c>, StreamListener<State>), pipewire::Error> {
    let role = properties! {
        *keys::MEDIA_TYPE => "Video", *keys::MEDIA_CATEGORY => "Capture", *keys::MEDIA_ROLE => "Screen",
    };
    let stream = StreamBox::new(core, "countersign", role)?;
    let state = State {
        node,
        format: VideoInfoRaw::new(),
        done: false,
        progress: progress.clone(),
        main_loop: main_loop.clone(),
    };
    let listener = stream
        .add_local_listener_with_user_data(state)
        .state_changed(|_, state, _, new| {
            if let StreamState::Error(why) = new {
                state.end(Err(format!("the stream failed: {why}")));
            }
        })
        .param_changed(|_, state, id, param| {
            if let Some(param) = param.filter(|_| id == ParamType::Format.as_raw()) {
                // One that can't be read stays without a size, and no picture comes of it.
                let _ = state.format.parse(param);
            }
        })
        .process(|stream, state| state.take(stream))
        .register()?;
    let wanted = wanted();
    let mut parameters = [Pod::from_bytes(&wanted).expect("it was serialized just now")];
    // This stream or none: where it is gone, PipeWire would else give another one, such as the camera's.
    let flags = StreamFlags::AUTOCONNECT | StreamFlags::DONT_RECONNECT | StreamFlags::MAP_BUFFERS;
    stream.connect(Direction::Input, Some(node), flags, &mut parameters)?;
    Ok((stream, listener))
}

/// One stream, until its first picture.
struct State {
    node: u32,
    format: VideoInfoRaw,
    done: bool,
    progress: Rc<RefCell<Progress>>,
    main_loop: MainLoopRc,
}

impl State {
    /// Writes the picture that has come; a buffer without one (the mouse alone moved) is passed over.
    fn take(&mut self, stream: &Stream) {
        let Some(mut buffer) = stream.dequeue_buffer() else { return };
        let Some(data) = buffer.datas_mut().first_mut().filter(|_| !self.done) else { return };
        let (offset, size, stride) = (data.chunk().offset(), data.chunk().size(), data.chunk().stride());
        let Some(bytes) = data.data().filter(|_| size > 0) else { return };
        let (width, height) = (self.format.size().width, self.format.size().height);
        let layout = Layout { format: self.format.format(), width, height, stride };
        let picture = bytes.get(offset as usize..).and_then(|bytes| layout.rgba(bytes));
        let written = match picture {
            Some(rgba) => {
                let name = self.node.to_string();
                let screen = Screen { name, x: 0, y: 0, width, height, scale: 1.0 };
                frames::write(&mut io::stdout().lock(), &screen, &rgba).map_err(|error| error.to_string())
            }
            None => Err(format!("a picture in an unknown form came ({:?}, {width} × {height})", layout.format)),
        };
        self.end(written);
    }

    fn end(&mut self, written: Result<(), String>) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let mut progress = self.progress.borrow_mut();
        progress.open -= 1;
        match written {
            Ok(()) => progress.written += 1,
            Err(why) => progress.failed = Some(why),
        }
        if progress.open == 0 {
            self.main_loop.quit();
        }
    }
}

/// A buffer of pixels as the stream describes it.
struct Layout {
    format: VideoFormat,
    width: u32,
    height: u32,
    /// Bytes from one row to the next.
    stride: i32,
}

impl Layout {
    /// Returns its pixels as RGBA; `None` where the buffer is too short or its form not understood.
    fn rgba(&self, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (_, size, [red, green, blue]) = FORMATS.iter().find(|(format, ..)| *format == self.format)?;
        let (width, height) = (self.width as usize, self.height as usize);
        let row = width.checked_mul(*size)?;
        let stride = usize::try_from(self.stride).ok().filter(|stride| *stride >= row && row > 0)?;
        // The last row may end with its last pixel.
        let needed = stride.checked_mul(height.checked_sub(1)?)?.checked_add(row)?;
        let mut rgba = Zeroizing::new(Vec::with_capacity(width.checked_mul(height)?.checked_mul(4)?));
        for line in bytes.get(..needed)?.chunks(stride) {
            for pixel in line[..row].chunks_exact(*size) {
                rgba.extend([pixel[*red], pixel[*green], pixel[*blue], u8::MAX]);
            }
        }
        Some(rgba)
    }
}

/// Returns what the stream is asked for: pixels of one of the known forms, in memory that can be read, of any size and rate.
fn wanted() -> Vec<u8> {
    let formats = FORMATS.map(|(format, ..)| Id(format.as_raw())).to_vec();
    let formats = ChoiceEnum::Enum { default: formats[0], alternatives: formats };
    let mut wanted = object!(
        SpaTypes::ObjectParamFormat,
        ParamType::EnumFormat,
        property!(FormatProperties::MediaType, Id, MediaType::Video),
        property!(FormatProperties::MediaSubtype, Id, MediaSubtype::Raw),
        property!(
            FormatProperties::VideoSize,
            Choice,
            Range,
            Rectangle,
            Rectangle { width: 1920, height: 1080 },
            Rectangle { width: 1, height: 1 },
            Rectangle { width: 32768, height: 32768 }
        ),
        property!(
            FormatProperties::VideoFramerate,
            Choice,
            Range,
            Fraction,
            Fraction { num: 25, denom: 1 },
            Fraction { num: 0, denom: 1 },
            Fraction { num: 1000, denom: 1 }
        ),
    );
    wanted.properties.push(Property {
        key: FormatProperties::VideoFormat.as_raw(),
        flags: PropertyFlags::empty(),
        value: Value::Choice(ChoiceValue::Id(Choice(ChoiceFlags::empty(), formats))),
    });
    let written = PodSerializer::serialize(io::Cursor::new(Vec::new()), &Value::Object(wanted));
    written.expect("memory takes all that is written").0.into_inner()
}

/// The forms that are understood: bytes a pixel, and where in them red, green and blue stand.
const FORMATS: [(VideoFormat, usize, [usize; 3]); 10] = [
    (VideoFormat::BGRx, 4, [2, 1, 0]),
    (VideoFormat::BGRA, 4, [2, 1, 0]),
    (VideoFormat::RGBx, 4, [0, 1, 2]),
    (VideoFormat::RGBA, 4, [0, 1, 2]),
    (VideoFormat::xRGB, 4, [1, 2, 3]),
    (VideoFormat::ARGB, 4, [1, 2, 3]),
    (VideoFormat::xBGR, 4, [3, 2, 1]),
    (VideoFormat::ABGR, 4, [3, 2, 1]),
    (VideoFormat::RGB, 3, [0, 1, 2]),
    (VideoFormat::BGR, 3, [2, 1, 0]),
];
const NOTHING: u8 = 3;
const DEADLINE: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: VideoFormat, stride: i32, bytes: &[u8]) -> Option<Vec<u8>> {
        Layout { format, width: 2, height: 2, stride }.rgba(bytes).map(|rgba| rgba.to_vec())
    }

    #[test]
    fn each_form_is_read_and_padding_left_out() {
        let rgba = [[1, 2, 3, 255], [4, 5, 6, 255], [7, 8, 9, 255], [10, 11, 12, 255]].concat();
        let rgb = [1, 2, 3, 4, 5, 6, 99, 99, 7, 8, 9, 10, 11, 12];
        assert_eq!(read(VideoFormat::RGB, 8, &rgb), Some(rgba.clone()));
        let bgrx = [[3, 2, 1, 0], [6, 5, 4, 0], [9, 8, 7, 0], [12, 11, 10, 0]].concat();
        assert_eq!(read(VideoFormat::BGRx, 8, &bgrx), Some(rgba.clone()));
        let argb = [[0, 1, 2, 3], [0, 4, 5, 6], [0, 7, 8, 9], [0, 10, 11, 12]].concat();
        assert_eq!(read(VideoFormat::ARGB, 8, &argb), Some(rgba));
    }

    #[test]
    fn what_does_not_fit_is_no_picture() {
        assert_eq!(read(VideoFormat::RGBA, 8, &[0; 15]), None);
        for stride in [-8, 0, 7, i32::MAX] {
            assert_eq!(read(VideoFormat::RGBA, stride, &[0; 16]), None, "{stride}");
        }
        assert_eq!(read(VideoFormat::NV12, 8, &[0; 16]), None);
        assert!(Layout { format: VideoFormat::RGBA, width: 0, height: 0, stride: 8 }.rgba(&[0; 16]).is_none());
    }
}
