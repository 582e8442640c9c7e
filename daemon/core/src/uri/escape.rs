//! Percent escapes.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

use super::UriError;

/// Undoes percent escapes; with `plus`, a `+` is a space. What is no escape stays as it is.
pub(super) fn decode(text: &str, plus: bool) -> Result<Cow<'_, str>, UriError> {
    let plus = plus && text.contains('+');
    if !plus && !text.contains('%') {
        return Ok(text.into());
    }
    let spaced = plus.then(|| Zeroizing::new(text.replace('+', " ")));
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(percent_decode_str(spaced.as_deref().map_or(text, String::as_str)));
    str::from_utf8(&bytes).map(|text| text.to_owned().into()).map_err(|_| UriError::NotText)
}

/// Undoes the percent escapes of a name: of bytes that are no text, as of pages that escape Latin-1, U+FFFD is left.
pub(super) fn decode_name(text: &str, plus: bool) -> Cow<'_, str> {
    decode(text, plus).unwrap_or_else(|_| {
        let spaced = if plus { text.replace('+', " ") } else { text.to_owned() };
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned().into()
    })
}

/// Writes a text with everything escaped that has a meaning in a URI.
pub(super) fn encode(text: &str) -> Zeroizing<String> {
    // Of its full length at once: text that grows leaves pieces of itself behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 3));
    out.extend(utf8_percent_encode(text, ESCAPED));
    out
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');
