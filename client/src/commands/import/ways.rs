//! `countersign import --from PROGRAM`: the way out of it, step by step.

use std::fmt::Write as _;

use countersign_api::Error as Answer;

use crate::{
    error::Error,
    foreign::{self, Format, Way},
    output,
};

/// Tells the way out of a program.
pub(super) async fn tell(program: &str, json: bool) -> Result<(), Error> {
    let all = foreign::ways().await?;
    let found = find(&all, program);
    if found.is_empty() {
        return Err(Answer::NotFound(unknown(&all, program)).into());
    }
    if json {
        return output::json(&found);
    }
    if found.len() > FEW {
        let rows: Vec<Vec<String>> = found.iter().map(|way| vec![way.program.clone(), way.title.clone()]).collect();
        return output::print(
            &("Several fit. Ask for one of:\n".to_owned() + &output::table(&rows, output::columns())),
        );
    }
    let texts: Vec<String> = found.iter().map(|way| text(way, output::width())).collect();
    output::print(&texts.join("\n"))
}

/// Returns what a program is called that people name in their own words; as they did, where it is not known.
pub(super) async fn title(program: &str) -> Result<String, Error> {
    let all = foreign::ways().await?;
    let title = match find(&all, program).as_slice() {
        [way] => &way.title,
        several => {
            if several.is_empty() {
                output::say(&format!(
                    "countersign: no program is known as \"{}\"; it is taken as you say",
                    output::one_line(program)
                ));
            }
            program.trim()
        }
    };
    Ok(title.to_owned())
}

/// Returns the programs that are meant: those called just so, else those with all the words.
fn find<'w>(all: &'w [Way], program: &str) -> Vec<&'w Way> {
    let wanted = plain(program);
    let names = |way: &Way| {
        let own = [way.program.clone(), way.title.clone()];
        own.into_iter().chain(way.aliases.iter().cloned()).map(|name| plain(&name)).collect::<Vec<_>>()
    };
    if wanted.is_empty() {
        return Vec::new();
    }
    let exact: Vec<&Way> = all.iter().filter(|way| names(way).contains(&wanted)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let has_all = |way: &&Way| {
        let names = names(way).join(" ");
        wanted.split(' ').all(|word| names.contains(word))
    };
    all.iter().filter(has_all).collect()
}

/// Returns a name in lower case, its words parted by one space; a + is part of a name.
fn plain(name: &str) -> String {
    let name: String =
        name.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '+' { c } else { ' ' }).collect();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unknown(all: &[Way], program: &str) -> String {
    let known: Vec<&str> = all.iter().map(|way| way.program.as_str()).collect();
    format!(
        "nothing is known of \"{}\". If it exports otpauth URIs or shows QR codes: countersign import FILE, countersign scan; if \
         it lets nothing out: countersign import --checklist. Known are {}",
        output::one_line(program),
        known.join(", ")
    )
}

fn text(way: &Way, width: usize) -> String {
    let how = match way.out.as_str() {
        "file" => "by a file",
        "qr" => "by QR codes",
        "keys" => "account by account",
        _ => "nothing gets out; each site is enrolled again",
    };
    let mut text = format!("{}: {how}\n", output::one_line(&way.title));
    let (of_formats, rooted): (&[Format], &[Format]) =
        if matches!(way.out.as_str(), "nothing" | "qr") { (&[], &way.formats) } else { (&way.formats, &[]) };
    let own = way.steps.iter().chain(of_formats.iter().take(1).flat_map(|format| &format.steps));
    text += &numbered(own, width);
    for format in of_formats.iter().skip(1) {
        let _ = write!(text, "Or ({}):\n{}", format.title, numbered(format.steps.iter(), width));
    }
    if way.out == "file" && !text.contains("countersign import") {
        text += "Then: countersign import FILE\n";
    }
    if way.out == "nothing" {
        let _ = writeln!(
            text,
            "Sites to do, ticked off as they are kept and used: countersign import --checklist --from {}",
            way.program
        );
    }
    for format in rooted {
        let _ = write!(
            text,
            "Only where the telephone is rooted, and then: countersign import FILE\n{}",
            numbered(format.steps.iter(), width)
        );
    }
    text
}

fn numbered<'s>(steps: impl Iterator<Item = &'s String>, width: usize) -> String {
    let step = |(number, step): (usize, &String)| {
        let lines = output::wrap(step, width.saturating_sub(5).max(20), "     ");
        format!("{number:>3}. {}", lines.trim_start())
    };
    (1..).zip(steps).map(step).collect()
}

/// How many ways are told in one go.
const FEW: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn way(program: &str, title: &str, aliases: &[&str], out: &str) -> Way {
        let steps = vec!["A rooted phone: /data".into()];
        let format = Format { name: "f".into(), title: "F".into(), steps, encrypts: None };
        Way {
            program: program.into(),
            title: title.into(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            out: out.into(),
            steps: vec!["One step".into()],
            formats: vec![format],
        }
    }

    #[test]
    fn a_program_is_found_by_the_words_that_people_use() {
        let all = [
            way("google-authenticator", "Google Authenticator", &["google"], "qr"),
            way("microsoft-authenticator", "Microsoft Authenticator", &["ms authenticator"], "nothing"),
            way("freeotp", "FreeOTP", &["freeotp+"], "file"),
        ];
        let found = |words: &str| find(&all, words).iter().map(|way| way.program.clone()).collect::<Vec<_>>();
        assert_eq!(found("Google"), ["google-authenticator"]);
        assert_eq!(found(" MS-Authenticator "), ["microsoft-authenticator"]);
        assert_eq!(found("FreeOTP+"), ["freeotp"]);
        assert_eq!(found("authenticator").len(), 2, "what fits several is told of all");
        assert_eq!(found("micro auth"), ["microsoft-authenticator"]);
        assert!(found("nonesuch").is_empty() && found(" - ").is_empty());
    }

    #[test]
    fn what_needs_root_is_told_apart_and_last() {
        let told = text(&way("authy", "Authy", &[], "nothing"), 80);
        let place = |part: &str| told.find(part).unwrap_or_else(|| panic!("{part}: {told}"));
        assert!(place("nothing gets out") < place("  1. One step"));
        assert!(place("--checklist --from authy") < place("Only where the telephone is rooted"));
        assert!(!text(&way("pass", "pass", &[], "keys"), 80).contains("rooted, and then"));
        let told = text(&way("aegis", "Aegis", &[], "file"), 80);
        assert!(told.contains("  2. A rooted") && told.ends_with("countersign import FILE\n"), "{told}");
        let own = Way { steps: vec!["countersign import ~/.store".into()], ..way("pass", "pass", &[], "file") };
        assert!(!text(&own, 80).contains("Then"), "a step of its own says it");
    }
}
