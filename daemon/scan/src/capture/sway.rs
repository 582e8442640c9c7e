//! Where windows stand on sway, which tells it to whoever asks on its own socket: what i3 calls its IPC.
//!
//! The socket is the one of the very compositor behind `WAYLAND_DISPLAY`: its name holds that process' number. No variable
//! has to be passed on for it, and another session's sway is never asked.

use std::{
    env,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use rustix::net::sockopt::socket_peercred;
use serde_json::Value;

use super::select::Area;

/// Returns where the windows stand that can be seen and have these words in their titles; `None` where this is no sway.
pub(super) fn windows(words: &str) -> Option<Vec<Area>> {
    let tree = ask(&control_socket()?)?;
    let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut areas = Vec::new();
    collect(&tree, &wanted, &mut areas);
    Some(areas)
}

/// Returns the path of the compositor's own socket.
fn control_socket() -> Option<PathBuf> {
    let runtime = PathBuf::from(env::var_os("XDG_RUNTIME_DIR").unwrap_or_default());
    let display = runtime.join(env::var_os("WAYLAND_DISPLAY")?);
    let owner = socket_peercred(UnixStream::connect(&display).ok()?).ok()?;
    let name = format!("sway-ipc.{}.{}.sock", owner.uid.as_raw(), owner.pid.as_raw_nonzero());
    // It may run under a folder of its own.
    let beside = display.with_file_name(&name);
    [runtime.join(&name), beside].into_iter().find(|path| path.exists())
}

/// Asks for the tree of all windows.
fn ask(socket: &PathBuf) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    let question = [&MAGIC[..], &0_u32.to_ne_bytes(), &GET_TREE.to_ne_bytes()].concat();
    stream.write_all(&question).ok()?;
    let mut head = [0; MAGIC.len() + 8];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_ne_bytes(head[MAGIC.len()..MAGIC.len() + 4].try_into().ok()?);
    if !head.starts_with(MAGIC) || length > MOST {
        return None;
    }
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer).ok()?;
    serde_json::from_slice(&answer).ok()
}

fn collect(node: &Value, wanted: &[String], areas: &mut Vec<Area>) {
    let title = node["name"].as_str().unwrap_or_default().to_lowercase();
    // Only a window has a program behind it; one on another workspace or under a tab can't be seen.
    let is_seen = node["pid"].is_number() && node["visible"].as_bool().unwrap_or(false);
    if is_seen && wanted.iter().all(|word| title.contains(word.as_str())) {
        areas.extend(area(node));
    }
    for below in ["nodes", "floating_nodes"].iter().filter_map(|key| node[*key].as_array()).flatten() {
        collect(below, wanted, areas);
    }
}

/// Returns what the program itself draws, without the frame around it.
fn area(node: &Value) -> Option<Area> {
    let number = |area: &str, key: &str| node[area][key].as_f64().map(|number| number as f32);
    Some(Area {
        x: number("rect", "x")? + number("window_rect", "x")?,
        y: number("rect", "y")? + number("window_rect", "y")?,
        width: number("window_rect", "width")?,
        height: number("window_rect", "height")?,
    })
}

const MAGIC: &[u8; 6] = b"i3-ipc";
const GET_TREE: u32 = 4;
/// Bytes of the longest answer that is read.
const MOST: u32 = 16 << 20;
const LIMIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_window_that_is_seen_is_found_by_words_of_its_title() {
        let window = |name: &str, visible: bool, x: i32| {
            json!({"name": name, "pid": 7, "visible": visible, "nodes": [], "rect": {"x": x, "y": -5},
                   "window_rect": {"x": 2, "y": 2, "width": 90, "height": 80}})
        };
        let tree = json!({"name": "a page", "nodes": [
            {"name": "DP-1", "nodes": [window("A Page", true, 10), window("page", false, 20)],
             "floating_nodes": [window("another page", true, 30), window("mail", true, 40)]}]});
        let found = |words: &str| {
            let mut areas = Vec::new();
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            collect(&tree, &words, &mut areas);
            areas
        };
        let at = |x: f32| Area { x, y: -3.0, width: 90.0, height: 80.0 };
        assert_eq!(found("page"), [at(12.0), at(32.0)]);
        assert_eq!(found("page another"), [at(32.0)]);
        assert_eq!(found("nothing"), []);
    }
}
