//! What the capture library does not see: it asks for the outputs of one X screen, and there is more.
//!
//! A monitor can be named without an output (`xrandr --setmonitor`: half of a wide screen), heads can be joined by Xinerama,
//! and a server can have several X screens, which are monitors to the person.

use countersign_scan::report::Screen;
use x11rb::{
    connection::Connection,
    errors::ReplyError,
    protocol::{
        randr::ConnectionExt as _,
        xinerama::ConnectionExt as _,
        xproto::{self, ConnectionExt as _, ImageFormat, ImageOrder},
    },
    rust_connection::RustConnection,
};
use zeroize::Zeroizing;

/// The X server, and the parts of its screens.
pub(super) struct Rest {
    connection: RustConnection,
    parts: Vec<Part>,
    default: usize,
}

/// A part of an X screen that is a monitor to the person.
struct Part {
    /// The number of the X screen.
    number: usize,
    /// Where it stands; other X screens stand right of the first.
    screen: Screen,
    /// Where it is on its X screen.
    origin: (i16, i16),
}

impl Rest {
    /// Asks the X server for all that it has; nothing where it does not say.
    pub(super) fn of_server() -> Option<Self> {
        let (connection, default) = RustConnection::connect(None).ok()?;
        let mut order: Vec<usize> = (0..connection.setup().roots.len()).collect();
        order.swap(0, default);
        let (mut parts, mut right) = (Vec::new(), 0);
        for number in order {
            let root = &connection.setup().roots[number];
            for (name, (x, y, width, height)) in areas(&connection, root, number) {
                let screen = Screen {
                    name,
                    x: right + i32::from(x),
                    y: i32::from(y),
                    width: width.into(),
                    height: height.into(),
                    scale: 1.0,
                };
                parts.push(Part { number, screen, origin: (x, y) });
            }
            right += i32::from(root.width_in_pixels);
        }
        Some(Self { connection, parts, default })
    }

    /// Puts a screen where it stands to the pixel: the library's places are divided by the scale, and cut.
    pub(super) fn straighten(&self, screen: &mut Screen) {
        let near = |part: &&Part| {
            part.number == self.default
                && (part.screen.width, part.screen.height) == (screen.width, screen.height)
                && part.screen.x.abs_diff(screen.x).max(part.screen.y.abs_diff(screen.y)) as f32 <= screen.scale
        };
        if let Some(part) = self.parts.iter().find(near) {
            (screen.x, screen.y) = (part.screen.x, part.screen.y);
        }
    }

    /// Returns pictures of what none of these screens shows, each taken when it is asked for.
    pub(super) fn beside<'s>(
        &'s self,
        seen: &[Screen],
    ) -> impl Iterator<Item = (Screen, Zeroizing<Vec<u8>>)> + use<'s> {
        let scale = seen.first().map_or(1.0, |screen| screen.scale);
        let unseen = self.parts.iter().filter(|part| !seen.iter().any(|screen| holds(screen, &part.screen)));
        let unseen: Vec<&Part> = unseen.collect();
        let within = |one: &Part, other: &Part| !std::ptr::eq(one, other) && holds(&other.screen, &one.screen);
        let whole: Vec<&Part> =
            unseen.iter().filter(|part| !unseen.iter().any(|other| within(part, other))).copied().collect();
        whole.into_iter().filter_map(move |part| Some((Screen { scale, ..part.screen.clone() }, self.picture(part)?)))
    }

    fn picture(&self, part: &Part) -> Option<Zeroizing<Vec<u8>>> {
        let setup = self.connection.setup();
        let root = &setup.roots[part.number];
        let (width, height) = (part.screen.width as u16, part.screen.height as u16);
        let (x, y) = part.origin;
        let asked = self.connection.get_image(ImageFormat::Z_PIXMAP, root.root, x, y, width, height, u32::MAX).ok()?;
        let bytes = Zeroizing::new(asked.reply().ok()?.data);
        if !matches!(root.root_depth, 24 | 32) || bytes.len() != usize::from(width) * usize::from(height) * 4 {
            return None;
        }
        let first = setup.image_byte_order == ImageOrder::LSB_FIRST;
        let mut rgba = Zeroizing::new(Vec::with_capacity(bytes.len()));
        for pixel in bytes.chunks_exact(4) {
            rgba.extend(if first { [pixel[2], pixel[1], pixel[0], 255] } else { [pixel[1], pixel[2], pixel[3], 255] });
        }
        Some(rgba)
    }
}

/// Whether all of a screen is on another.
fn holds(outer: &Screen, inner: &Screen) -> bool {
    let within = |from: i32, size: u32, outer_from: i32, outer_size: u32| {
        from >= outer_from && i64::from(from) + i64::from(size) <= i64::from(outer_from) + i64::from(outer_size)
    };
    within(inner.x, inner.width, outer.x, outer.width) && within(inner.y, inner.height, outer.y, outer.height)
}

type Area = (i16, i16, u16, u16);

/// Returns the monitors of an X screen, by what its server knows of them: by `RandR`, by Xinerama, or as one.
fn areas(connection: &RustConnection, root: &xproto::Screen, number: usize) -> Vec<(String, Area)> {
    let mut areas: Vec<(String, Area)> = Vec::new();
    // A server with RandR tells its monitors as heads too.
    for (name, area) in monitors(connection, root.root).into_iter().chain(heads(connection, number)).flatten() {
        if areas.iter().all(|(_, other)| *other != area) {
            areas.push((name, area));
        }
    }
    if areas.is_empty() {
        areas.push((format!("screen {number}"), (0, 0, root.width_in_pixels, root.height_in_pixels)));
    }
    areas.retain(|(_, (.., width, height))| *width > 0 && *height > 0);
    areas
}

fn monitors(connection: &RustConnection, root: u32) -> Result<Vec<(String, Area)>, ReplyError> {
    let mut areas = Vec::new();
    for monitor in connection.randr_get_monitors(root, true)?.reply()?.monitors {
        let name = connection.get_atom_name(monitor.name)?.reply()?.name;
        let name = String::from_utf8_lossy(&name).chars().filter(|c| !c.is_control()).take(100).collect();
        areas.push((name, (monitor.x, monitor.y, monitor.width, monitor.height)));
    }
    Ok(areas)
}

/// Xinerama joins all X screens to the first.
fn heads(connection: &RustConnection, number: usize) -> Result<Vec<(String, Area)>, ReplyError> {
    if number != 0 || connection.xinerama_is_active()?.reply()?.state == 0 {
        return Ok(Vec::new());
    }
    let heads = connection.xinerama_query_screens()?.reply()?.screen_info;
    let head = |(at, head): (usize, &x11rb::protocol::xinerama::ScreenInfo)| {
        (format!("head {at}"), (head.x_org, head.y_org, head.width, head.height))
    };
    Ok(heads.iter().enumerate().map(head).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_screen_that_is_seen_is_seen() {
        let screen = |x: i32, width: u32| Screen { x, width, ..Screen::whole(0, 900) };
        assert!(holds(&screen(0, 1600), &screen(600, 1000)) && holds(&screen(0, 600), &screen(0, 600)));
        assert!(!holds(&screen(0, 600), &screen(600, 1000)) && !holds(&screen(0, 600), &screen(0, 601)));
    }
}
