//! The dictionaries of scans, and of what they find.

use crate::dict::{options, record};

options! {
    /// The caller's screen and terminal, and how to go about a scan or a prompt.
    pub struct ScanOptions {
        /// The caller's `DISPLAY`.
        display: String,
        /// The caller's `WAYLAND_DISPLAY`.
        wayland_display: String,
        /// The caller's `XAUTHORITY`.
        xauthority: String,
        /// The caller's `XDG_SESSION_TYPE`.
        session_type: String,
        /// The caller's `XDG_CURRENT_DESKTOP`.
        current_desktop: String,
        /// No terminal shows the result: tell it by a notification with buttons, and keep the only account found.
        notify: bool,
        /// Look at one screen only: its number from the left, beginning with 1, or its name.
        screen: String,
        /// Look at a frame only that the person draws.
        region: bool,
        /// Look at the windows only whose titles hold these words.
        window: String,
        /// Look at the clipboard instead: a picture or a text.
        clipboard: bool,
        /// Walk all the decoder's steps, even when one has read something.
        harder: bool,
        /// This is one look of many: a desktop that asks the person does so at the first one only, where it can.
        looks_on: bool,
    }
}

options! {
    /// Options of `ScanText`.
    pub struct TextOptions {
        /// The caller's `DISPLAY`.
        display: String,
        /// The caller's `WAYLAND_DISPLAY`.
        wayland_display: String,
        /// The caller's `XAUTHORITY`.
        xauthority: String,
        /// The caller's `XDG_SESSION_TYPE`.
        session_type: String,
        /// The caller's `XDG_CURRENT_DESKTOP`.
        current_desktop: String,
        /// No terminal asks what to do: ask by a notification with buttons.
        notify: bool,
    }
}

options! {
    /// Options of `ScanCamera`.
    pub struct CameraOptions {
        /// The camera's device, such as `/dev/video2`, or a film in its place (YUV4MPEG2); unset: the first camera.
        device: String,
        /// Seconds that it is looked through at the most; 600 at the very most, 120 unless told.
        seconds: u32,
        /// Look at each picture until all the decoder's steps are walked, however long that takes.
        harder: bool,
    }
}

options! {
    /// Options of `ScanImage`.
    pub struct ImageOptions {
        /// Walk all the decoder's steps, even when one has read something.
        harder: bool,
    }
}

record! {
    /// A QR that a scan found, or a text looked at: what it is, and whether it can be kept. Never its text.
    pub struct Candidate {
        /// What to give to `Keep` or `Discard`; empty where there is neither.
        id: String,
        /// `otpauth`, `steam`, `motp`, `yandex`, `bare-secret`, `migration`, `one-time-activation`, `two-step-otpauth`, `vendor-seed`, `vendor-login`, `passkey`, `wifi`, `url`, `other`, or `unreadable` (sealed, and can't be opened).
        class: String,
        /// Id of the vendor of a one-time code, such as `microsoft-work`; else empty.
        vendor: String,
        /// `screen`, `image`, `clipboard`, `camera`, `text` or `inbox`.
        origin: String,
        /// Name of the screen it stood on.
        screen: String,
        /// Which of two or three screens that is for a person: `left`, `middle`, `right`, `upper` or `lower`; else empty.
        side: String,
        /// Where on that screen, such as `top left`.
        place: String,
        /// Pixel of its middle, from the left of all screens.
        x: i32,
        /// Pixel of its middle, from the top of all screens.
        y: i32,
        /// Who the account is with.
        issuer: String,
        /// The account's name.
        name: String,
        /// Issuer and name in one, hostile characters made visible.
        title: String,
        /// `totp`, `hotp`, `steam`, `motp` or `yandex`.
        kind: String,
        /// Length of a code.
        digits: u32,
        /// Seconds that a code lives.
        period: u32,
        /// `new`, `kept` (the same secret is there), `other-secret` (the name is there with another one) or `unknown` (locked).
        known: String,
        /// Id of the account that is there already.
        known_account: String,
        /// The known issuer that this one looks like without being it; else empty.
        look_alike: String,
        /// What is odd about it: ids, in the order of `notes`.
        note_ids: Vec<String>,
        /// What is odd about it, in English.
        notes: Vec<String>,
        /// Migration: titles of the accounts in this part.
        accounts: Vec<String>,
        /// Migration: what was left out of this part and why.
        skipped: Vec<String>,
        /// Migration: which part this is, from 1.
        part: u32,
        /// Migration: of how many.
        parts: u32,
        /// Migration: parts that have not been seen yet, from 1.
        missing_parts: Vec<u32>,
        /// Id of the advice, such as `microsoft-work`; else empty.
        advice: String,
        /// What it is, in one sentence.
        what: String,
        /// Why it can't be kept or used on a second device.
        reason: String,
        /// The clicks to a reusable QR, in order.
        steps: Vec<String>,
        /// The plain page where the clicks begin; nothing of it comes from the QR.
        page: String,
        /// What to do when the option is missing there.
        missing: Vec<String>,
        /// What has not happened to the QR by looking at it.
        unspent: String,
        /// Unix time at which a one-time code dies, where it tells; else 0.
        expires: u64,
    }
}

options! {
    /// Options of `Keep` and `Add`.
    pub struct KeepOptions {
        /// For a name that is there with another secret: `replace` (the old one stays in the history) or `keep-both`.
        if_exists: String,
        /// Another issuer than the one found.
        issuer: String,
        /// Another account name than the one found.
        name: String,
    }
}

record! {
    /// What became of what was to be kept.
    pub struct Kept {
        /// `kept`, `already-kept`, `replaced`, `kept-both`, `waiting` (for other parts or for the vault to be unlocked).
        outcome: String,
        /// Ids of the accounts.
        accounts: Vec<String>,
        /// Titles of the accounts.
        titles: Vec<String>,
        /// Migration: of how many parts; else 0.
        parts: u32,
        /// Parts that have not been seen yet, from 1.
        missing_parts: Vec<u32>,
        /// Migration: what was left out of the parts seen, and why.
        skipped: Vec<String>,
    }
}
