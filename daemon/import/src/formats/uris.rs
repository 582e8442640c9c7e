//! A list of URIs, one a line: `otpauth`, `otpauth-migration`, `motp`, `steam`. Many programs write it, and people number its
//! lines, put them in quotes, or write them as a list of JSON.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use countersign_core::{
    account::{Account, Kind},
    payload::{
        Payload, classify,
        migration::{Collector, Part},
    },
    secret::SecretText,
    uri::{self, UriError},
    vault::Portable,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    export::{self, Beside, ExportError, Sealing, Writer},
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError, Why},
    json::{flag, number, text, texts},
};

/// The format.
pub(super) struct Uris;

impl Format for Uris {
    fn name(&self) -> &'static str {
        "uris"
    }

    fn title(&self) -> &'static str {
        "otpauth URIs"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Export as plain text, or as a list of URIs", "Copy the file here"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let (mut all, mut uris) = (0_usize, 0);
        let text = text_of(file).unwrap_or_default();
        for (_, line) in lines(&text) {
            (all, uris) = (all + 1, uris + usize::from(is_uri(line)));
        }
        match uris {
            0 => Confidence::No,
            // A heading, and what people write beside, stands in lists too; other formats have URIs in their lines.
            _ if uris * 2 > all => Confidence::Sure,
            _ => Confidence::Likely,
        }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = text_of(file).ok_or_else(|| ImportError::damaged("it is not text"))?;
        Ok(match text {
            Cow::Borrowed(text) => read(text),
            Cow::Owned(text) => read(&Zeroizing::new(text)),
        })
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for Uris {
    fn sealing(&self) -> Sealing {
        Sealing::Never
    }

    fn fit(&self, account: Portable) -> Result<Portable, String> {
        fit(export::with(Beside::default(), account)?)
    }

    fn write(&self, accounts: &[Portable], _: Option<&SecretText>) -> Result<Zeroizing<Vec<u8>>, ExportError> {
        let mut text = Zeroizing::new(Vec::new());
        for one in accounts {
            text.extend_from_slice(print(&one.account).expose().as_bytes());
            text.push(b'\n');
        }
        Ok(text)
    }
}

/// Returns the account as its URI holds it.
pub(super) fn fit(account: Portable) -> Result<Portable, String> {
    let read = uri::parse(print(&account.account).expose()).map_err(|error| error.to_string())?;
    export::same_codes(account, Portable::new(read.account))
}

/// Prints an account's URI with all of its parameters: some readers take what is missing for 0, or for nothing.
pub(super) fn print(account: &Account) -> SecretText {
    let uri = uri::print(account);
    let digits = matches!(account.kind, Kind::Totp { .. } | Kind::Hotp { .. });
    let period = matches!(account.kind, Kind::Totp { .. });
    let usual = [("&algorithm=", "SHA1", digits), ("&digits=", "6", digits), ("&period=", "30", period)];
    let mut text = Zeroizing::new(String::with_capacity(uri.expose().len() + 40));
    text.push_str(uri.expose());
    for (name, value, _) in usual.iter().filter(|(name, _, has)| *has && !uri.expose().contains(name)) {
        text.push_str(name);
        text.push_str(value);
    }
    SecretText::new(std::mem::take(&mut *text))
}

/// Reads a list of URIs; lines that begin with `#` are remarks.
pub(super) fn read(text: &str) -> Import {
    let mut import = Import::default();
    let (mut parts, mut seen) = (Vec::new(), HashSet::new());
    for (number, line) in lines(text) {
        match classify(line) {
            Payload::Migration(part) => parts.extend(seen.insert(line).then_some(part)),
            payload => take(&mut import, &called(number, line), line, payload),
        }
    }
    take_parts(&mut import, parts);
    import
}

/// Takes the parts of Google exports, of as many as there are. No two parts are the same: a second first part is that of
/// another export, though it has no number that says so.
fn take_parts(import: &mut Import, parts: Vec<Part>) {
    let mut exports: Vec<Collector> = Vec::new();
    let mut places: HashMap<_, Vec<usize>> = HashMap::new();
    let mut counts: HashMap<_, usize> = HashMap::new();
    for part in parts {
        // What `Collector::fits` compares.
        let alike = places.entry((part.batch, part.size)).or_default();
        let count = counts.entry((part.batch, part.size, part.index)).or_default();
        if *count == alike.len() {
            alike.push(exports.len());
            exports.push(Collector::default());
        }
        exports[alike[*count]].add(part);
        *count += 1;
    }
    for export in exports {
        let missing: Vec<String> = export.missing().iter().map(ToString::to_string).collect();
        if let Some((last, others)) = missing.split_last() {
            let which = match others {
                [] => format!("part {last} is"),
                _ => format!("parts {} and {last} are", others.join(", ")),
            };
            import.note(&format!("Of an export in {} parts, {which} not in it.", export.size()));
        }
        for skipped in export.skipped() {
            let (name, reason) = skipped.rsplit_once(": ").unwrap_or((&skipped, "it can't be read"));
            import.leave_out(name, Why::Bad, reason);
        }
        for account in export.into_accounts() {
            import.take(&account.title(), Ok(Portable::new(account)));
        }
    }
}

/// Takes what one URI says.
fn take(import: &mut Import, name: &str, line: &str, payload: Payload) {
    if let Some(account) = steam(line) {
        return import.take(name, account);
    }
    match payload {
        Payload::Account(parsed) => import.take(name, Ok(beside(line, Portable::new(parsed.account)))),
        // A list need not come from QR codes that could be shown again.
        Payload::Broken(UriError::DamagedExport) => {
            import.leave_out(name, Why::Bad, "the export is damaged or cut off");
        }
        Payload::Broken(error) => import.leave_out(name, Why::Bad, error.to_string()),
        Payload::Vendor(activation) => import.leave_out(name, Why::NotExportable, activation.advice().what.text),
        other => import.leave_out(name, Why::NoCode, other.what()),
    }
}

/// `WinAuth` keeps a Steam account as Steam's own JSON in a parameter, and a dummy where others have the key. Its name is the
/// one that the person gave it.
fn steam(line: &str) -> Option<Result<Portable, String>> {
    let own: Value = serde_json::from_str(&uri::parameter(line, "data")?).ok()?;
    let key = Key::Base64(own["shared_secret"].as_str()?);
    let label = uri::label_of(line).unwrap_or_default();
    let given = label.split_once(':').map_or(label.as_str(), |(_, name)| name).trim();
    let name = if given.is_empty() { text(&own, "account_name") } else { given };
    Some(Fields { kind: "steam", key, issuer: "Steam", name, ..Fields::default() }.account())
}

/// Adds what Ente keeps beside an account, as JSON in a parameter.
fn beside(line: &str, account: Portable) -> Portable {
    // Its commas may be escaped twice.
    let own = uri::parameter(line, "codedisplay").map(|own| Zeroizing::new(own.replace("%2C", ",")));
    let own = own.and_then(|own| serde_json::from_str::<Value>(&own).ok());
    let Some(own) = own else { return account };
    Portable {
        note: text(&own, "note").to_owned(),
        tags: texts(&own, "tags"),
        pinned: flag(&own, "pinned"),
        trashed: flag(&own, "trashed"),
        uses: number(&own, "tapCount").unwrap_or_default(),
        ..account
    }
}

/// Returns a file's text; of a JSON list of texts these, one a line, and of objects with a `uri` each that, which scripts that
/// get accounts out of Authy's old program for desktops write.
fn text_of(file: &File) -> Option<Cow<'_, str>> {
    let list = file.json().and_then(Value::as_array);
    let texts = list.and_then(|list| {
        let uris = list.iter().map(|item| item.as_str().or(item["uri"].as_str()));
        uris.collect::<Option<Vec<_>>>()
    });
    match texts.filter(|texts| texts.iter().any(|text| is_uri(text))) {
        Some(texts) => Some(texts.join("\n").into()),
        None => file.text().map(Cow::Borrowed),
    }
}

/// Returns the lines that say something, with their numbers in the file; what stands side by side in one, apart.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines =
        (1..).zip(text.lines()).flat_map(|(number, line)| apart(line).into_iter().map(move |one| (number, one)));
    lines.map(|(number, line)| (number, bare(line))).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Takes the URIs of a line apart: a comma, a blank or the line's end of an old Mac is between them.
fn apart(line: &str) -> Vec<&str> {
    let begins = |(at, _): (usize, &str)| {
        let is_its = |scheme: &str| {
            let start = at.checked_sub(scheme.len())?;
            line.get(start..at).filter(|own| own.eq_ignore_ascii_case(scheme)).map(|_| start)
        };
        let start = SCHEMES.iter().find_map(|scheme| is_its(scheme))?;
        line[..start].ends_with(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"')).then_some(start)
    };
    if !is_uri(bare(line)) {
        return vec![line];
    }
    let mut from = 0;
    let mut all = Vec::new();
    for start in line.match_indices("://").skip(1).filter_map(begins) {
        all.push(&line[from..start]);
        from = start;
    }
    all.push(&line[from..]);
    all
}

/// Takes the number, the quotes and the remark away that a URI stands between; other lines stay as they are.
fn bare(line: &str) -> &str {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = if number.len() < line.len() {
        number.strip_prefix(['.', ')', ':'])
    } else {
        line.strip_prefix(['-', '*', '•'])
    };
    let text = marked.map_or(line, str::trim_start);
    let (quoted, text) = text.strip_prefix(['"', '\'', '`', '<']).map_or((false, text), |text| (true, text));
    if !is_uri(text) {
        return line;
    }
    let remark = text.find('?').and_then(|at| Some(at + text[at..].find(" # ")?));
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"') || quoted && matches!(c, '\'' | '`' | '>');
    text[..remark.unwrap_or(text.len())].trim_end_matches(ends)
}

/// Returns what a line's account is called by its label, where that can be read, else the line's number.
fn called(number: usize, line: &str) -> String {
    uri::label_of(line).unwrap_or_else(|| format!("line {number}"))
}

/// Says whether a text has the URI of an account in one of its lines.
pub(super) fn is_list(text: &str) -> bool {
    lines(text).any(|(_, line)| is_uri(line))
}

fn is_uri(line: &str) -> bool {
    let scheme = line.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    SCHEMES.contains(&scheme.as_str())
}

const SCHEMES: [&str; 5] = ["otpauth-migration", "apple-otpauth", "otpauth", "motp", "steam"];

#[cfg(test)]
mod tests {
    use countersign_core::{account::Algorithm, payload::migration};

    use super::*;

    fn names(text: &str) -> Vec<String> {
        read(text).accounts.into_iter().map(|one| one.account.name).collect()
    }

    #[test]
    fn a_list_is_one_however_its_lines_are_set_off() {
        let uri = |name: &str| format!("otpauth://totp/{name}?secret=JBSWY3DPEHPK3PXP&issuer=Shop");
        let (a, b) = (uri("a"), uri("b"));
        for text in [
            format!("  {a}\n\t{b}\n"),
            format!("1. {a}\n2. {b}\n"),
            format!("1) {a}\n10: {b}\n"),
            format!("- {a}\n* {b}\n"),
            format!("\"{a}\",\r\n\"{b}\"\r\n"),
            format!("'{a}';\n<{b}>\n"),
            format!("{a},\n\u{feff}{b},\n"),
            format!("{a},{b}"),
            format!("\"{a}\",\"{b}\""),
            format!("{a} {b}"),
            format!("{a}\r{b}\r"),
            format!("{a} # mine\n# {a}\n{b} # yours\n"),
            format!("[\"{a}\", \"{b}\"]"),
            format!(r#"[{{"name":"a","secret":"x","uri":"{a}"}},{{"uri":"{b}"}}]"#),
            format!("[\n  \"{}\",\n  \"{b}\"\n]\n", a.replace('/', "\\/").replace('&', "\\u0026")),
        ] {
            let file = File::new(text.clone().into());
            let (format, import) = super::super::read(&super::super::candidates(&file), &file, None).unwrap();
            let titles: Vec<_> = import.accounts.iter().map(|one| one.account.title()).collect();
            assert_eq!((format.name(), titles), ("uris", vec!["Shop – a".into(), "Shop – b".into()]), "{text}");
            assert!(import.left_out.is_empty(), "{text}");
        }
        for other in [format!(r#"{{"a":"{a}","b":"{b}"}}"#), format!("<p>{a} {b}</p>")] {
            assert_eq!(Uris.detect(&File::new(other.into())), Confidence::No);
        }
        // What only looks so is a name's own.
        for name in ["O' ", "a, otp", "steam", "C # 1", "Shop,"] {
            let line = format!("otpauth://totp/{name}?secret=JBSWY3DPEHPK3PXP&issuer=steam://x");
            assert_eq!(names(&line), [name.trim()], "{line}");
        }
    }

    #[test]
    fn a_steam_account_of_winauths_has_the_name_that_it_was_given() {
        for (label, name) in [("Steam:My%20games", "My games"), ("Steam:", "erin"), ("", "erin"), ("mine", "mine")] {
            let data = "%7B%22shared_secret%22%3A%22AQID%22%2C%22account_name%22%3A%22erin%22%7D";
            assert_eq!(
                names(&format!("otpauth://totp/{label}?secret=ASDF&issuer=Steam&data={data}")),
                [name],
                "{label}"
            );
        }
    }

    #[test]
    fn every_google_export_in_a_list_is_read_and_each_of_its_parts_once() {
        let part = |name: &str| {
            let account = uri::parse(&format!("otpauth://totp/{name}?secret=JBSWY3DPEHPK3PXP")).unwrap().account;
            migration::write(std::iter::once(&account), 0).parts.remove(0).text
        };
        let (a, b) = (part("a"), part("b"));
        assert_eq!(names(&format!("{0}\n{1}\n{0}\n{1}\n", a.expose(), b.expose())), ["a", "b"]);
    }

    #[test]
    fn the_parts_of_an_export_that_are_missing_are_named() {
        let account = |number| uri::parse(&format!("otpauth://totp/{number}?secret=JBSWY3DPEHPK3PXP")).unwrap().account;
        let all: Vec<_> = (0..35).map(account).collect();
        let parts = migration::write(all.iter(), 7).parts;
        let notes = |there: &[usize]| {
            read(&there.iter().map(|part| parts[*part].text.expose()).collect::<Vec<_>>().join("\n")).notes
        };
        assert_eq!(notes(&[0, 1, 3]), ["Of an export in 4 parts, part 3 is not in it."]);
        assert_eq!(notes(&[2]), ["Of an export in 4 parts, parts 1, 2 and 4 are not in it."]);
        assert!(notes(&[0, 1, 2, 3]).is_empty());
    }

    #[test]
    fn ente_reads_its_own_lists_of_any_version() {
        let read = |query: &str| {
            let import = read(&format!("otpauth://totp/Shop:me?secret=JBSWY3DPEHPK3PXP&{query}"));
            import.accounts.into_iter().next().unwrap()
        };
        for (query, kind) in [
            ("issuer=Shop&algorithm=Algorithm.sha256&digits=8&period=60", (Algorithm::Sha256, 8, 60)),
            ("algorithm=SHA1&digits=6&issuer=Shopperiod=60", (Algorithm::Sha1, 6, 60)),
            ("issuer=Shop&codeDisplay=%7B%22pinned%22%3Atrue%252C%22tapCount%22%3A2%7D", (Algorithm::Sha1, 6, 30)),
        ] {
            let own = read(query).account;
            let (algorithm, digits, period) = kind;
            assert_eq!((own.issuer.as_str(), own.kind), ("Shop", Kind::Totp { algorithm, digits, period }), "{query}");
        }
        let beside = read("codeDisplay=%7B%22pinned%22%3Atrue%252C%22tapCount%22%3A2%7D");
        assert_eq!((beside.pinned, beside.uses), (true, 2));
        let glued = read("issuer=period=x&period=30").account;
        assert_eq!(glued.issuer, "period=x", "no period of a number");
    }

    #[test]
    fn a_broken_export_in_a_list_is_told_in_words_of_its_own() {
        let reasons = |text: &str| read(text).left_out.remove(0).reason;
        assert_eq!(reasons("otpauth-migration://offline?data=!!"), "the export is damaged or cut off");
        let long = format!("otpauth-migration://offline?data={}", "A".repeat(300_000));
        assert_eq!(reasons(&long), "the export is too long: 262144 bytes are the most");
    }
}
