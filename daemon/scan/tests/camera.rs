//! The program over films: what it reports of a telephone held to a camera, and of a file that is none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use qrcode::{Color, EcLevel, QrCode};
use tempfile::TempDir;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;

/// A picture of 8-bit grey, as a camera would send it.
type Picture = Vec<u8>;

fn nothing() -> Picture {
    (0..WIDTH * HEIGHT).map(|at| 90 + (at % WIDTH / 16) as u8).collect()
}

/// A telephone in a hand: its screen lies aslant, nearer on one side, somewhere in the picture.
struct Pose {
    x: f32,
    y: f32,
    module: f32,
    turn: f32,
    tilt: f32,
    /// Over how many pixels light runs, each way.
    blur: usize,
}

const STILL: Pose = Pose { x: 330.0, y: 230.0, module: 6.0, turn: 0.15, tilt: 0.0004, blur: 0 };

fn held(text: &str, pose: &Pose) -> Picture {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
    let (side, colours) = (code.width() as f32, code.to_colors());
    let mut picture = nothing();
    for (at, pixel) in picture.iter_mut().enumerate() {
        let (x, y) = ((at % WIDTH) as f32 - pose.x, (at / WIDTH) as f32 - pose.y);
        let (sin, cos) = pose.turn.sin_cos();
        let (x, y) = (x * cos + y * sin, y * cos - x * sin);
        let near = 1.0 + pose.tilt * x;
        let (column, row) = (x / near / pose.module + side / 2.0, y / near / pose.module + side / 2.0);
        let is_on = |margin: f32| (-margin..side + margin).contains(&column) && (-margin..side + margin).contains(&row);
        if is_on(0.0) {
            let dark = colours[row as usize * code.width() + column as usize] == Color::Dark;
            *pixel = if dark { 40 } else { 215 };
        } else if is_on(4.0) {
            *pixel = 215;
        }
    }
    (0..2).fold(picture, |picture, _| blurred(&picture, pose.blur))
}

/// The mean over a few pixels, along the rows and then along the columns.
fn blurred(picture: &[u8], by: usize) -> Picture {
    let along = |picture: &[u8], step: usize| -> Picture {
        let mean = |at: usize| {
            let around = (at.saturating_sub(by * step)..=at + by * step).step_by(step).filter(|at| *at < picture.len());
            let (sum, count) = around.fold((0u32, 0u32), |(sum, count), at| (sum + u32::from(picture[at]), count + 1));
            (sum / count) as u8
        };
        (0..picture.len()).map(mean).collect()
    };
    along(&along(picture, 1), WIDTH)
}

fn film(pictures: &[Picture]) -> Vec<u8> {
    let mut film = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip C420jpeg\n").into_bytes();
    for picture in pictures {
        film.extend(b"FRAME\n");
        film.extend(picture);
        film.extend(vec![128; WIDTH * HEIGHT / 2]);
    }
    film
}

fn look_at(film: &[u8], options: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("film.y4m");
    fs::write(&path, film).unwrap();
    look(&path, options)
}

fn look(path: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-scan"));
    command.env_clear().args(["--camera", "--seconds", "600"]).args(options).arg(path).stdin(Stdio::null());
    command.output().unwrap()
}

/// Returns the exit code, and the texts of each picture with something new on it.
fn told(output: &Output) -> (i32, Vec<Vec<String>>) {
    let report = String::from_utf8(output.stdout.clone()).unwrap();
    let mut pictures = vec![Vec::new()];
    for line in report.lines().skip(1) {
        if line.is_empty() {
            pictures.push(Vec::new());
        } else {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            pictures.last_mut().unwrap().push(line["text"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(pictures.pop(), Some(Vec::new()), "an empty line ends a picture: {report}");
    (output.status.code().unwrap(), pictures)
}

#[test]
fn a_telephone_in_a_hand_is_read_once_it_is_in_focus() {
    let uri = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";
    let moving = (0..6).map(|n| {
        let n = n as f32;
        // It comes into view from the left, is turned and tilted meanwhile, and the camera finds its focus.
        Pose { x: 60.0 + 50.0 * n, turn: 0.5 - 0.07 * n, tilt: 0.0009, blur: 6 - n as usize, ..STILL }
    });
    let mut pictures = vec![nothing()];
    pictures.extend(moving.map(|pose| held(uri, &pose)));
    let output = look_at(&film(&pictures[..3]), &[]);
    assert_eq!(told(&output), (1, vec![]), "that blurred, nobody reads it: the film is no easy one");
    let output = look_at(&film(&pictures), &[]);
    assert_eq!(told(&output), (0, vec![vec![uri.to_owned()]]));
}

#[test]
fn codes_shown_in_turn_are_reported_in_turn() {
    let part = |n: u8| format!("otpauth-migration://offline?data=part{n}");
    let shown = |text: &str| [held(text, &STILL), nothing(), held(text, &STILL)];
    let pictures: Vec<Picture> = (1..=3).flat_map(|n| shown(&part(n))).collect();
    let output = look_at(&film(&pictures), &[]);
    assert_eq!(told(&output), (0, (1..=3).map(|n| vec![part(n)]).collect()));
}

#[test]
fn codes_side_by_side_are_those_of_one_picture() {
    let pose = |x| Pose { x, module: 4.0, turn: 0.0, ..STILL };
    let (left, right) = (held("left", &pose(160.0)), held("right", &pose(480.0)));
    let both: Picture = (0..left.len()).map(|at| if at % WIDTH < WIDTH / 2 { left[at] } else { right[at] }).collect();
    let (exit, mut pictures) = told(&look_at(&film(&[both]), &[]));
    pictures[0].sort();
    assert_eq!((exit, pictures), (0, vec![vec!["left".into(), "right".into()]]));
}

#[test]
fn a_film_without_a_code_ends_with_1() {
    let output = look_at(&film(&[nothing(), nothing()]), &[]);
    assert_eq!(told(&output), (1, vec![]));
    assert!(output.stderr.is_empty());
    let cut = &film(&[nothing()])[..WIDTH * HEIGHT];
    assert_eq!(told(&look_at(cut, &[])), (1, vec![]), "one that is cut off");
}

#[test]
fn a_film_that_is_none_ends_with_4() {
    let rows: [(&[u8], &str); 4] = [
        (b"", "no film"),
        (b"\x89PNG\r\n\x1a\n", "no film"),
        (b"YUV4MPEG2 W99999999 H99999999\nFRAME\n", "no size"),
        (b"YUV4MPEG2 W2 H2 C420p10\nFRAME\n", "-pix_fmt"),
    ];
    for (film, why) in rows {
        let output = look_at(film, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(why) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn what_is_no_camera_ends_with_9() {
    for path in ["/dev/null", "/dev/video9999", "/"] {
        let output = look(Path::new(path), &[]);
        assert_eq!(output.status.code(), Some(9), "{path}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn wrong_usage_ends_with_64() {
    for arguments in [
        &["--camera", "a", "b"][..],
        &["--camera", "--seconds"],
        &["--camera", "--seconds", "0", "a"],
        &["--camera", "-"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-scan"));
        assert_eq!(command.env_clear().args(arguments).output().unwrap().status.code(), Some(64), "{arguments:?}");
    }
}
