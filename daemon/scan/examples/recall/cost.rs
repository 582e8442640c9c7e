//! What a look at a whole screen costs: processor time, from RGB pixels to texts, and memory over the pixels' own.

use std::{fs, path::Path, process::Command};

use countersign_scan::{decode::Effort, pixels::Pixels};
use rustix::time::{ClockId, clock_gettime};
use zeroize::Zeroizing;

use crate::{
    corpus::{self, Reading},
    zxing::Readings,
};

/// Prints the cost of the screens of a set, and how it stands to zxing-cpp's.
pub(crate) fn print(readings: &[Reading], effort: Effort, zxing: Option<&Readings>) {
    println!(
        "{:24}{:>9}{:>9}{:>12}{:>8}{:>10}",
        "median processor time", "pictures", "ours ms", "zxing-cpp ms", "ratio", "memory MB"
    );
    for (name, size) in [("full HD", (1920, 1080)), ("4K", (3840, 2160))] {
        for (kind, has_code) in [("with a code", true), ("without", false)] {
            let fits = |one: &&Reading| one.size == size && one.entry.payloads.is_empty() != has_code;
            let screens: Vec<&Reading> = readings.iter().filter(fits).collect();
            if !screens.is_empty() {
                print_row(&format!("{name}, {kind}"), &screens, effort, zxing);
            }
        }
    }
}

fn print_row(name: &str, screens: &[&Reading], effort: Effort, zxing: Option<&Readings>) {
    let ours = median(screens.iter().map(|one| measure(&one.entry.path(), effort)).collect());
    let memory = screens.iter().filter_map(|one| memory(&one.entry.path())).fold(0.0, f64::max);
    let theirs = zxing.map(|all| median(screens.iter().map(|one| all[&one.entry.file].ms).collect()));
    let (theirs, ratio) = match theirs {
        Some(theirs) => (format!("{theirs:.1}"), format!("{:.2}", ours / theirs)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    println!("{name:24}{:>9}{ours:>9.1}{theirs:>12}{ratio:>8}{memory:>10.1}", screens.len());
}

/// The pixels as a screen gives them.
fn rgb(path: &Path) -> (usize, usize, Zeroizing<Vec<u8>>) {
    let picture = image::open(path).expect("it is a picture").into_rgb8();
    (picture.width() as usize, picture.height() as usize, Zeroizing::new(picture.into_raw()))
}

/// Returns the processor time in ms, the least of some runs.
fn measure(path: &Path, effort: Effort) -> f64 {
    let (width, height, rgb) = rgb(path);
    let run = |_| {
        let rgb = rgb.clone();
        let start = clock_gettime(ClockId::ThreadCPUTime);
        let pixels = Pixels::from_rgb(width, height, rgb).expect("it has pixels");
        corpus::scan(&pixels, effort);
        let end = clock_gettime(ClockId::ThreadCPUTime);
        (end.tv_sec - start.tv_sec) as f64 * 1e3 + (end.tv_nsec - start.tv_nsec) as f64 / 1e6
    };
    (0..RUNS).map(run).fold(f64::INFINITY, f64::min)
}

/// Returns the memory in MB, of a process of its own: this one's heap has holes that would hide it.
fn memory(path: &Path) -> Option<f64> {
    let output = Command::new(std::env::current_exe().ok()?).arg("--memory").arg(path).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Prints how far the memory of this process rises, in MB, when a picture is looked at whose pixels it has.
pub(crate) fn print_memory(path: &Path) {
    let (width, height, rgb) = rgb(path);
    fs::write("/proc/self/clear_refs", "5").expect("the peak is reset");
    let before = peak();
    corpus::scan(&Pixels::from_rgb(width, height, rgb).expect("it has pixels"), Effort::Whole);
    println!("{:.1}", (peak() - before) / 1024.0);
}

/// Returns the most memory that this process had, in KiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const RUNS: usize = 3;
