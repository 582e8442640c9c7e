//! Draws the icons: `packaging/icons` is where they are made, the panel's pixels come of the same files.
//!
//! What is written is how much of each pixel an icon covers, a byte each; the colours are the tray's.

use std::{env, error::Error, fs, path::Path};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

fn main() -> Result<(), Box<dyn Error>> {
    let icons = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../packaging/icons");
    let out = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed={}", icons.display());
    println!("cargo::rustc-env=ICON_SIZE={SIZE}");
    // A fortieth of the relocations' size, all of which are read at the start and then stay in memory.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    for file in fs::read_dir(&icons)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(state) = name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX)) else { continue };
        let drawing = Tree::from_data(&fs::read(&path)?, &Options::default())?;
        let mut picture = Pixmap::new(SIZE, SIZE).ok_or("an icon has a size")?;
        let scale = SIZE as f32 / drawing.size().width();
        resvg::render(&drawing, Transform::from_scale(scale, scale), &mut picture.as_mut());
        let covered: Vec<u8> = picture.pixels().iter().map(|pixel| pixel.alpha()).collect();
        fs::write(Path::new(&out).join(state), covered)?;
    }
    Ok(())
}

/// Three pixels for each of the sixteen that the icons are drawn on: it scales to 16, 24 and 48 without a blur.
const SIZE: u32 = 48;
const PREFIX: &str = "org.countersign.Tray-";
const SUFFIX: &str = "-symbolic.svg";
