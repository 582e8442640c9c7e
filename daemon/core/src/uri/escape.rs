//! Percent escapes.

use std::{borrow::Cow, fmt::Write as _};

use zeroize::Zeroizing;

use super::UriError;

/// Undoes percent escapes; with `plus`, a `+` is a space. What is no escape stays as it is.
pub(super) fn decode(text: &str, plus: bool) -> Result<Cow<'_, str>, UriError> {
    let plus = plus && text.contains('+');
    if !plus && !text.contains('%') {
        return Ok(text.into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten().filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let byte = hex.and_then(|hex| str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() { &tail[2..] } else { tail };
        bytes.push(byte.unwrap_or(if plus && first == b'+' { b' ' } else { first }));
    }
    str::from_utf8(&bytes).map(|text| text.to_owned().into()).map_err(|_| UriError::NotText)
}

/// Writes a text with everything escaped that has a meaning in a URI.
pub(super) fn encode(text: &str) -> Zeroizing<String> {
    // Of its full length at once: text that grows leaves pieces of itself behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 3));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}
