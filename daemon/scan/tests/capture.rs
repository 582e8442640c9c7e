//! The screen, with capture programs that behave in all the ways one can: each a script beside a copy of the program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawing;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use drawing::{page, with_code};
use image::{DynamicImage, RgbImage};
use tempfile::TempDir;

/// Runs the program beside a capture program with this body; `frames` lies at `$0.frames` for it.
fn scan(script: Option<&str>, frames: &[u8]) -> Output {
    // One at a time: a child started meanwhile would hold our files open for writing, and they could not be run.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("countersign-scan");
    fs::copy(env!("CARGO_BIN_EXE_countersign-scan"), &program).unwrap();
    let capture = folder.path().join("countersign-capture-x11");
    fs::write(folder.path().join("countersign-capture-x11.frames"), frames).unwrap();
    if let Some(body) = script {
        fs::write(&capture, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&capture, Permissions::from_mode(0o755)).unwrap();
    }
    Command::new(program).env_clear().env("DISPLAY", ":4711").env("SECRET", "x").output().unwrap()
}

static ALONE: Mutex<()> = Mutex::new(());

fn frame(name: &str, x: i32, picture: RgbImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut bytes =
        format!(r#"{{"name":"{name}","x":{x},"y":0,"width":{width},"height":{height},"scale":1.0}}"#).into_bytes();
    bytes.push(b'\n');
    bytes.extend(DynamicImage::ImageRgb8(picture).into_rgba8().into_raw());
    bytes
}

fn assert_ends(output: &Output, code: i32, reason: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(reason) && told.lines().count() == 1, "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_code_is_told_with_its_screen() {
    let mut frames = frame("DP-1", -500, page(500, 300, drawing::WHITE));
    frames.extend(frame("HDMI-1", 0, with_code("on the second")));
    let output = scan(Some("cat \"$0.frames\""), &frames);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["text"], "on the second");
    let mut expected = serde_json::json!({"name": "HDMI-1", "x": 0, "y": 0, "width": 400, "height": 300, "scale": 1.0});
    expected["side"] = "right".into();
    assert_eq!(line["screen"], expected);
}

#[test]
fn each_screen_has_its_own_codes() {
    let mut frames = frame("DP-1", -400, with_code("left"));
    frames.extend(frame("DP-2", 0, with_code("right")));
    let output = scan(Some("cat \"$0.frames\""), &frames);
    let lines: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|line| (&line["text"], &line["screen"]["x"])).collect();
    assert_eq!(told, [(&"left".into(), &(-400).into()), (&"right".into(), &0.into())]);
}

#[test]
fn screens_without_a_code_are_exit_1() {
    let output = scan(Some("cat \"$0.frames\""), &frame("DP-1", 0, page(300, 300, drawing::WHITE)));
    assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(1), 0, 0));
}

#[test]
fn a_missing_library_names_the_packages() {
    let output = scan(Some("echo libgbm.so.1: cannot open >&2; exit 127"), b"");
    assert_ends(&output, 8, "install libgbm1 libwayland-client0 libxcb1");
}

#[test]
fn a_missing_capture_program_is_told() {
    assert_ends(&scan(None, b""), 8, "is missing; install countersign again");
}

#[test]
fn a_refusing_server_is_exit_2() {
    let output = scan(Some("echo Authorization required, but no >&2; echo >&2; echo no display >&2; exit 3"), b"");
    assert_ends(&output, 2, "refuses");
}

#[test]
fn behind_xwayland_only_a_portal_sees() {
    assert_ends(&scan(Some("exit 5"), b""), 6, "no session bus");
}

#[test]
fn a_failing_capture_gives_its_reason() {
    assert_ends(&scan(Some("echo first >&2; echo 'the display is gone' >&2; exit 3"), b""), 8, "the display is gone");
    assert_ends(&scan(Some("kill -9 $$"), b""), 8, "killed by signal 9");
    assert_ends(&scan(Some("exit 0"), b""), 8, "no screen");
    let cut = frame("DP-1", 0, with_code("cut"));
    assert_ends(&scan(Some("cat \"$0.frames\""), &cut[..cut.len() - 1]), 8, "can't be captured");
}

#[test]
fn a_mad_capture_is_cut_off() {
    assert_ends(&scan(Some("exec cat /dev/zero"), b""), 8, "endless header");
    let huge = br#"{"name":"X","x":0,"y":0,"width":65535,"height":65535,"scale":1.0}"#;
    assert_ends(&scan(Some("cat \"$0.frames\"; echo; exec cat /dev/zero"), huge), 8, "64 million pixels");
}

#[test]
fn the_capture_gets_a_closed_environment() {
    let output = scan(
        Some("test -z \"$SECRET\" && test \"$DISPLAY\" = :4711 || exit 9; cat \"$0.frames\""),
        &frame("DP-1", 0, page(9, 9, drawing::BLACK)),
    );
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}
