//! A page to print: each account with its QR, its names and its key in groups of four. HTML of one piece, without a script
//! and without anything from elsewhere. The URI stands in it once more, unseen, for who imports the file.

use std::fmt::Write as _;

use data_encoding::{BASE32_NOPAD, BASE64};
use serde_json::Value;
use zeroize::Zeroizing;

use super::loss::title;
use crate::{error::Error, output, qr::Matrix, time};

/// Returns the page of accounts, whose URIs are these lines.
pub(super) fn page<'a>(accounts: &[Value], uris: impl Iterator<Item = &'a str>) -> Result<Zeroizing<Vec<u8>>, Error> {
    // Of a size that is enough: text that grows leaves pieces of itself behind.
    let mut page = Zeroizing::new(String::with_capacity(STYLE.len() + 2048 + accounts.len() * CARD));
    head(&mut page, accounts.len());
    for (account, uri) in accounts.iter().zip(uris) {
        card(&mut page, account, uri)?;
    }
    page.push_str("</main>\n</td></tr></tbody>\n</table>\n</body>\n</html>\n");
    Ok(Zeroizing::new(std::mem::take(&mut *page).into_bytes()))
}

/// Returns the pictures that stand in a page.
pub(super) fn pictures(page: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
    let odd = |_| Error::io("the page can't be read back")(std::io::ErrorKind::InvalidData.into());
    let text = str::from_utf8(page).map_err(|error| odd(error.to_string()))?;
    let data = text.split(PICTURE).skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    let decoded = data.map(|data| BASE64.decode(data.as_bytes()).map(Zeroizing::new));
    decoded.collect::<Result<_, _>>().map_err(|error| odd(error.to_string()))
}

fn head(page: &mut String, count: usize) {
    let date = time::iso(time::now());
    let (date, accounts) = (&date[..10], if count == 1 { "1 account".into() } else { format!("{count} accounts") });
    let title = format!("countersign, {accounts}, {date}");
    let _ = writeln!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<table>\n<thead><tr><td><p class=\"running\">Two-factor accounts · {date} · \
         <b>Whoever has this sheet can make these codes.</b></p></td></tr></thead>\n<tbody><tr><td>\n<header>\n<h1>Two-factor accounts</h1>\n\
         <p class=\"facts\">{accounts} · {date} · by countersign</p>\n\
         <p class=\"warning\"><b>Whoever has this sheet can make these codes.</b> Keep it where you keep your passport, \
         never as a photo or in a cloud; shred it when it is out of date, and remove the file that it was printed from.</p>\n\
         <p>Way back: hold each QR code to the camera of <i>countersign scan --camera</i> or of another authenticator, or \
         type the key in.</p>\n</header>\n<main>"
    );
}

fn card(page: &mut String, account: &Value, uri: &str) -> Result<(), Error> {
    let text = |name: &str| escaped(&output::one_line(account[name].as_str().unwrap_or_default()));
    let mut picture = Zeroizing::new(Vec::with_capacity(4096));
    let matrix = Matrix::of(uri)?;
    matrix.write_png(&mut *picture).map_err(Error::io("a QR code can't be drawn"))?;
    let width = width(matrix.rows().count());
    let data = Zeroizing::new(BASE64.encode(&picture));
    let (issuer, prefix, name) = (text("issuer"), text("prefix"), text("name"));
    let (heading, below) = if issuer.is_empty() { (name, String::new()) } else { (issuer, name) };
    let heading = if heading.is_empty() { escaped(&title(account)) } else { heading };
    let prefix = if prefix.is_empty() { prefix } else { format!(" <span class=\"prefix\">({prefix})</span>") };
    write!(
        page,
        "<article data-uri=\"{}\">\n<img alt=\"QR code\" style=\"width: {width:.1}mm; margin-right: {:.1}mm\" {PICTURE}{}\">\n<div>\n<h2><bdi>{heading}</bdi>{prefix}</h2>\n\
         <p class=\"name\"><bdi>{below}</bdi></p>\n<p class=\"key\">{}</p>\n",
        *Zeroizing::new(escaped(uri)),
        WIDEST - width,
        *data,
        *groups(&key(account)),
    )
    .and_then(|()| {
        let unusual = unusual(account);
        if unusual.is_empty() { Ok(()) } else { writeln!(page, "<p class=\"unusual\">{unusual}</p>") }
    })
    .expect("a String takes all");
    page.push_str("</div>\n</article>\n");
    Ok(())
}

/// Returns how wide a picture is in mm, so that its dark part is as large as every other's, whatever its margin takes.
fn width(modules: usize) -> f32 {
    #[allow(clippy::cast_precision_loss)] // a QR has 177 at the most
    let modules = modules as f32;
    28.0 * (modules + 8.0) / modules
}

/// Returns the key as it is typed: base32, or of mOTP the text itself.
fn key(account: &Value) -> Zeroizing<String> {
    let key = account["secret"].as_str().unwrap_or_default();
    let text = || String::from_utf8(BASE32_NOPAD.decode(key.as_bytes()).ok()?).ok();
    let text = if account["type"] == "motp" { text() } else { None };
    Zeroizing::new(text.unwrap_or_else(|| key.to_owned()))
}

/// Returns a key in groups of four, each of which stays in one piece.
fn groups(key: &str) -> Zeroizing<String> {
    let signs: Zeroizing<Vec<char>> = Zeroizing::new(key.chars().collect());
    let mut text = Zeroizing::new(String::with_capacity(key.len() * 5));
    for group in signs.chunks(4) {
        text.push_str("<span>");
        for sign in group {
            text.push_str(&escaped(sign.encode_utf8(&mut [0; 4])));
        }
        text.push_str("</span> ");
    }
    text
}

/// Returns what has to be chosen where the key is typed in; nothing where all is as everywhere.
fn unusual(account: &Value) -> String {
    let number = |name: &str| account[name].as_u64();
    let mut words = Vec::new();
    match account["type"].as_str().unwrap_or_default() {
        "hotp" => words.push(format!("by a counter, which stood at {}", number("counter").unwrap_or_default())),
        "steam" => words.push("Steam".into()),
        "motp" => words.push("mOTP, with a PIN that is not on this sheet".into()),
        "yandex" => words.push("Yandex, with a PIN that is not on this sheet".into()),
        _ => {}
    }
    if let Some(algorithm) = account["algorithm"].as_str().filter(|name| *name != "SHA1") {
        words.push(escaped(algorithm));
    }
    if let Some(digits) = number("digits").filter(|digits| *digits != 6) {
        words.push(format!("{digits} digits"));
    }
    if let Some(period) = number("period").filter(|period| *period != 30) {
        words.push(format!("every {period} seconds"));
    }
    words.join(" · ")
}

fn escaped(text: &str) -> String {
    // Room for the longest: text that grows leaves pieces of itself behind.
    let mut out = String::with_capacity(text.len() * "&quot;".len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const PICTURE: &str = "src=\"data:image/png;base64,";
/// The width in mm of the smallest QR, whose margin is the widest: all texts stand in one line below each other.
const WIDEST: f32 = 38.7;
/// Bytes of a usual account on the page.
const CARD: usize = 4096;

/// A4 and Letter: the card is as wide as the narrower, and no account is parted. The table's head is what every printed page
/// begins with: not every browser prints what `@page` says.
const STYLE: &str = "\
@page { margin: 14mm; @bottom-right { content: counter(page) ' / ' counter(pages); font: 8pt sans-serif; color: #555; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 182mm; padding: 8mm 0; color: #000; background: #fff; font: 10pt/1.35 sans-serif; }
@media print { body { padding: 0; } }
table { width: 100%; border-collapse: collapse; }
td { padding: 0; }
thead { display: none; }
.running { margin: 0 0 3mm; font-size: 8pt; color: #444; }
@media print { thead { display: table-header-group; } }
header { break-after: avoid; border-bottom: 0.6mm solid #000; padding-bottom: 2mm; }
h1 { margin: 0; font-size: 17pt; font-weight: 600; letter-spacing: -0.01em; }
header p { margin: 1mm 0; }
.facts { color: #444; }
.warning { border-left: 1mm solid #000; padding-left: 3mm; }
article { display: flex; align-items: center; gap: 6mm; padding: 1mm 0; border-bottom: 0.2mm solid #aaa;
  break-inside: avoid; page-break-inside: avoid; }
img { flex: none; image-rendering: pixelated; }
article div { flex: 1; min-width: 0; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 13pt; font-weight: 600; line-height: 1.2; }
.prefix { font-weight: 400; }
.name { margin: 0 0 1.5mm; color: #222; }
.key { margin: 0; font: 11pt/1.5 monospace; }
.key span { display: inline-block; margin-right: 1mm; }
.unusual { margin: 1mm 0 0; font-size: 9pt; font-weight: 600; }
";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page_of(account: &Value, uri: &str) -> String {
        String::from_utf8(page(std::slice::from_ref(account), uri.lines()).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_name_is_no_markup_and_steers_nothing() {
        let account = json!({"type": "totp", "issuer": "<script>\"x\"&'", "name": "a\u{202e}b\n</bdi>"});
        let page = page_of(&account, "otpauth://totp/x?secret=ABCDEFGH");
        assert!(page.contains("&lt;script&gt;&quot;x&quot;&amp;&#39;"), "{page}");
        assert!(!page.contains("<script") && !page.contains('\u{202e}') && page.contains("b\\n&lt;/bdi&gt;"));
    }

    #[test]
    fn the_uri_is_in_it_for_who_imports_the_file() {
        let page = page_of(&json!({"type": "totp"}), "otpauth://totp/a?secret=ABCD&issuer=b");
        assert!(page.contains("data-uri=\"otpauth://totp/a?secret=ABCD&amp;issuer=b\">"), "{page}");
    }

    #[test]
    fn a_page_has_nothing_from_elsewhere() {
        let page = page_of(&json!({"type": "totp", "name": "a"}), "otpauth://totp/a?secret=ABCD");
        for word in ["http:", "https:", "url(", "<script", "<link", "@import"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn a_key_stands_in_groups_of_four() {
        let account = json!({"type": "totp", "secret": "ABCDEFGHIJ"});
        let page = page_of(&account, "otpauth://totp/a?secret=ABCDEFGHIJ");
        assert!(page.contains("<span>ABCD</span> <span>EFGH</span> <span>IJ</span>"), "{page}");
        let text = json!({"type": "motp", "secret": BASE32_NOPAD.encode(b"ab+c/d<")});
        let page = page_of(&text, "motp://x:y?secret=ab%2Bc%2Fd%3C");
        assert!(page.contains("<span>ab+c</span> <span>/d&lt;</span>"), "{page}");
    }

    #[test]
    fn every_page_says_what_it_is_and_all_codes_are_of_one_size() {
        let page = page_of(&json!({"type": "totp"}), "otpauth://totp/a?secret=ABCD");
        let head = page.split("<thead>").nth(1).unwrap().split("</thead>").next().unwrap();
        assert!(head.contains("Two-factor accounts · 20") && head.contains("can make these codes"), "{head}");
        for modules in [21, 45, 177] {
            let dark = width(modules) * modules as f32 / (modules + 8) as f32;
            assert!((dark - 28.0).abs() < 0.01 && width(modules) <= WIDEST, "{modules}");
        }
    }

    #[test]
    fn only_what_is_unusual_is_told() {
        let usual = json!({"type": "totp", "algorithm": "SHA1", "digits": 6, "period": 30});
        assert_eq!(unusual(&usual), "");
        let odd = json!({"type": "totp", "algorithm": "SHA512", "digits": 8, "period": 60});
        assert_eq!(unusual(&odd), "SHA512 · 8 digits · every 60 seconds");
        assert!(unusual(&json!({"type": "hotp", "digits": 6, "counter": 7})).contains("at 7"));
        assert!(unusual(&json!({"type": "motp"})).contains("PIN"));
    }

    #[test]
    fn the_pictures_come_out_as_they_went_in() {
        let page = page(&[json!({}), json!({})], ["one", "two"].into_iter()).unwrap();
        let pictures = pictures(&page).unwrap();
        let drawn = |text: &str| {
            let mut png = Vec::new();
            Matrix::of(text).unwrap().write_png(&mut png).unwrap();
            png
        };
        assert_eq!(pictures.iter().map(|png| png.to_vec()).collect::<Vec<_>>(), [drawn("one"), drawn("two")]);
    }
}
