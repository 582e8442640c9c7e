//! The program: what it takes, what it prints, how it ends.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawing;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use drawing::{PEN, WHITE, draw, file, page, with_code};
use image::ImageFormat;
use qrcode::QrCode;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

const SECRET: &str = "JBSWY3DPEHPK3PXP";

fn uri() -> String {
    format!("otpauth://totp/Example:alice?secret={SECRET}&issuer=Example")
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-scan"));
    command.env_clear();
    command
}

fn run(argument: impl AsRef<std::ffi::OsStr>) -> Output {
    program().arg(argument).stdin(Stdio::null()).output().expect("the program runs")
}

fn run_on(name: &str, bytes: &[u8]) -> Output {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    run(path)
}

fn ended(output: &Output) -> (i32, String) {
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A refused picture: exit 4, one line of reason, nothing printed.
fn assert_refused(output: &Output, reason: &str) {
    let (code, told) = ended(output);
    assert_eq!(code, 4, "{told}");
    assert!(told.contains(reason) && told.lines().count() == 1, "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_code_is_one_line_of_json() {
    let output = run_on("page.png", &file(&with_code(&uri()), ImageFormat::Png));
    assert_eq!(ended(&output), (0, String::new()));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["text"], uri());
    assert_eq!(line["screen"], serde_json::Value::Null);
    let corner = &line["corners"][0];
    assert!((corner[0].as_i64().unwrap() - 56).abs() < 4 && (corner[1].as_i64().unwrap() - 46).abs() < 4, "{corner}");
    assert_eq!(line["corners"].as_array().unwrap().len(), 4);
    assert!(line.get("binary").is_none());
}

#[test]
fn two_codes_are_two_lines() {
    let mut picture = page(700, 300, WHITE);
    draw(&mut picture, &QrCode::new("one").unwrap(), PEN);
    draw(&mut picture, &QrCode::new("two").unwrap(), drawing::Pen { x: 300, ..PEN });
    let output = run_on("page.png", &file(&picture, ImageFormat::Png));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 2);
}

#[test]
fn looking_harder_takes_the_same_pictures() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.png");
    fs::write(&path, file(&with_code(&uri()), ImageFormat::Png)).unwrap();
    let output = program().arg("--harder").arg(&path).output().unwrap();
    assert_eq!(ended(&output), (0, String::new()));
    assert_eq!(output.stdout, run(&path).stdout);
    assert_eq!(ended(&program().args(["--harder", "a", "b"]).output().unwrap()).0, 64);
    assert_eq!(ended(&program().arg("--").arg("--harder").current_dir(folder.path()).output().unwrap()).0, 4);
}

#[test]
fn standard_input_is_read() {
    let mut child =
        program().arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&file(&with_code(&uri()), ImageFormat::Jpeg)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(ended(&output), (0, String::new()));
    assert!(String::from_utf8(output.stdout).unwrap().contains(SECRET));
}

#[test]
fn no_code_is_exit_1_and_silence() {
    let output = run_on("page.png", &file(&page(300, 200, WHITE), ImageFormat::Png));
    assert_eq!(ended(&output), (1, String::new()));
    assert!(output.stdout.is_empty());
}

#[test]
fn bytes_are_told_as_such() {
    let mut picture = page(400, 300, WHITE);
    draw(&mut picture, &QrCode::new([0u8, 0xff, 0xfe, 1, 2, 0x80]).unwrap(), PEN);
    let output = run_on("page.png", &file(&picture, ImageFormat::Png));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["text"], &line["binary"]), (&"\0ÿþ\u{1}\u{2}\u{80}".into(), &true.into()));
}

#[test]
fn what_is_no_picture_is_refused() {
    assert_refused(&run_on("x", b""), "empty");
    assert_refused(&run_on("x", b"otpauth://totp/a?secret=JBSWY3DPEHPK3PXP"), "no picture");
    assert_refused(&run_on("x", &[0; 4096]), "no picture");
    assert_refused(&run_on("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "no picture");
}

#[test]
fn a_cut_picture_is_refused() {
    let whole = file(&with_code(&uri()), ImageFormat::Png);
    for length in [8, 20, 33, whole.len() / 2, whole.len() - 20] {
        assert_refused(&run_on("cut.png", &whole[..length]), "damaged");
    }
    let mut flipped = whole;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    assert_refused(&run_on("flipped.png", &flipped), "damaged");
}

#[test]
fn a_claimed_size_is_judged_before_anything_is_decoded() {
    assert_refused(&run_on("huge.ppm", b"P6 65535 65535 255\n"), "too big");
    assert_refused(&run_on("huge.png", &png_of(65_535, 65_535)), "too big");
    assert_refused(&run_on("wide.png", &png_of(100_000_000, 1)), "too big");
    assert_refused(&run_on("none.png", &png_of(0, 0)), "damaged");
    assert_refused(&run_on("all.png", &png_of(u32::MAX, u32::MAX)), "");
}

/// A PNG that claims a size and holds nothing.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT");
    bytes.extend(crc32(b"IDAT").to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1)))
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn a_file_over_64_mib_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("big.png");
    File::create(&path).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_refused(&run(path), "64 MiB");
}

#[test]
fn only_regular_files_are_opened() {
    let folder = TempDir::new().unwrap();
    assert_refused(&run(folder.path()), "not a regular file");
    assert_refused(&run(folder.path().join("missing.png")), "can't be read");
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_refused(&run(pipe), "not a regular file");
    assert_refused(&run(Path::new("/dev/zero")), "not a regular file");
}

#[test]
fn a_wayland_session_is_not_captured_through_its_x_server() {
    // No compositor at that place; a session that names none, and has no bus to ask a portal on.
    let rows =
        [("WAYLAND_DISPLAY", "/nonexistent/wayland-0", 3, "no display"), ("XDG_SESSION_TYPE", "wayland", 6, "portal")];
    for (name, value, code, reason) in rows {
        let output = program().env(name, value).env("XDG_RUNTIME_DIR", "/nonexistent").env("DISPLAY", ":0").output();
        let (ended, told) = ended(&output.unwrap());
        assert_eq!((ended, told.contains(reason)), (code, true), "{told}");
    }
}

#[test]
fn without_a_display_there_is_nothing_to_capture() {
    let (code, told) = ended(&program().output().unwrap());
    assert_eq!((code, told.contains("no display")), (3, true), "{told}");
}

#[test]
fn a_wrong_command_line_is_exit_64() {
    for arguments in [&["a", "b"][..], &["--frobnicate"], &["-x"], &["--", "a", "b"]] {
        let (code, told) = ended(&program().args(arguments).output().unwrap());
        assert_eq!(code, 64, "{arguments:?}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn help_and_version_are_printed() {
    let help = String::from_utf8(run("--help").stdout).unwrap();
    assert!(help.starts_with("Read every QR code"));
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    let version = String::from_utf8(run("-V").stdout).unwrap();
    assert_eq!(version, concat!("countersign-scan ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_report_that_can_not_be_written_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.png");
    fs::write(&path, file(&with_code(&uri()), ImageFormat::Png)).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program().arg(path).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let (code, told) = ended(&output);
    assert_eq!(code, 70);
    assert!(!told.contains(SECRET), "{told}");
}
