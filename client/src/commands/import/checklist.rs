//! `countersign import --checklist`: the sites to enrol again, ticked off as their accounts are kept and used.
//!
//! The list stands in the vault. It comes from names that are given, typed or piped, or from what an import had to leave
//! out; typed or piped, they stand in no shell's history either.

use std::{collections::BTreeSet, path::Path};

use countersign_api::types::{ChecklistOptions, SiteInfo};
use serde::Serialize;

use super::{reading::Found, ways};
use crate::{
    args::Import,
    error::Error,
    foreign::LeftOut,
    input,
    output::{self, count},
    session::{Session, none},
};

/// Runs the command.
pub(super) async fn run(args: &Import, session: &mut Session) -> Result<(), Error> {
    session.unlock().await?;
    let program = match &args.from {
        Some(program) => ways::title(program).await?,
        None => String::new(),
    };
    let names = names(args, session, &program).await?;
    let list = if names.is_empty() {
        session.secrets().await?.checklist(none()).await?.into_iter().map(SiteInfo::from).collect()
    } else if args.remove {
        edit(session, Vec::new(), names, "").await?
    } else {
        edit(session, names, Vec::new(), &program).await?
    };
    if args.json {
        return output::json(&Report::new(&list));
    }
    output::print(&text(&list, output::columns()))
}

/// Offers to put on the list what can't be exported; `kept` says whether accounts were kept just before.
pub(super) async fn offer(session: &mut Session, found: &Found, yes: bool, kept: bool) -> Result<(), Error> {
    let sites = sites(&found.left_out);
    if sites.is_empty() {
        return Ok(());
    }
    let several = count(sites.len(), "account that can't be exported", "accounts that can't be exported");
    let Some(tty) = session.asking.tty().filter(|_| !yes) else {
        output::say(&format!("Keep account of the {several}: countersign import --checklist SITES"));
        return Ok(());
    };
    if tty.yes(&format!("Put the {several} on the list of sites to enrol again?"), true).await? {
        let programs: BTreeSet<&String> = sites.iter().map(|(program, _)| program).collect();
        let mut list: Vec<SiteInfo> =
            session.secrets().await?.checklist(none()).await?.into_iter().map(SiteInfo::from).collect();
        let mut changes = 0;
        for own in programs {
            let of_one = sites.iter().filter(|(program, _)| program == own).map(|(_, site)| site.clone());
            let before = list.len();
            list = edit(session, of_one.collect(), Vec::new(), own).await?;
            changes += usize::from(list.len() > before);
        }
        output::print(&text(&list, output::columns()))?;
        output::say(&undoing(changes, kept));
    }
    Ok(())
}

/// Says how the list is taken back: each program's part of it is a change of its own.
fn undoing(changes: usize, kept: bool) -> String {
    let times = match changes {
        0 => return "All of them are on the list from before.".into(),
        1 => "countersign undo".to_owned(),
        several => format!("countersign undo, {several} times"),
    };
    let accounts = if kept { ", and the accounts by another one" } else { "" };
    format!("Take the list back by: {times}{accounts}")
}

/// Returns what can't be exported, by the program that holds it: each account with a site is an item of its own. Of those
/// without a name the second is `SITE:2`, which stays open until the person takes it off.
fn sites(left_out: &[LeftOut]) -> Vec<(String, String)> {
    let mut sites: Vec<(String, String)> = Vec::new();
    for left in left_out.iter().filter(|left| left.why == "not-exportable") {
        let name: String = match (left.name.trim(), left.user.trim()) {
            (site, account) if account.is_empty() || site == account => site.to_owned(),
            ("", account) => account.to_owned(),
            (site, account) => format!("{site}:{account}"),
        };
        // One that is longer could not be ticked off by its account, and one of its site can.
        let name = if name.len() > LONGEST { left.name.trim().chars().take(LONGEST / 4).collect() } else { name };
        if name.is_empty() {
            continue;
        }
        let is_new = |name: &str| sites.iter().all(|(of, site)| *of != left.program || folded(site) != folded(name));
        let one = Some(name.clone()).filter(|name| is_new(name));
        let another = || (2..=sites.len() + 2).map(|number| format!("{name}:{number}")).find(|name| is_new(name));
        let site = if left.user.trim().is_empty() { one.or_else(another) } else { one };
        sites.extend(site.map(|site| (left.program.clone(), site)));
    }
    sites
}

/// Returns what the vault compares of a name, or less.
fn folded(site: &str) -> String {
    site.chars().filter(|c| c.is_alphanumeric() || *c == ':').flat_map(char::to_lowercase).collect()
}

async fn edit(
    session: &mut Session,
    add: Vec<String>,
    remove: Vec<String>,
    program: &str,
) -> Result<Vec<SiteInfo>, Error> {
    let options = ChecklistOptions { program: (!program.is_empty()).then(|| program.to_owned()) };
    let list = session.secrets().await?.edit_checklist(add, remove, options.into()).await?;
    Ok(list.into_iter().map(SiteInfo::from).collect())
}

/// Returns the sites that are meant: given, piped, or typed where a program is named and none is given.
async fn names(args: &Import, session: &mut Session, program: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for name in &args.files {
        if name == Path::new("-") {
            let lines = input::all("the sites, one a line")?;
            names.extend(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        } else {
            names.push(name.to_str().ok_or_else(|| Error::Usage("a site's name is no UTF-8".into()))?.to_owned());
        }
    }
    if names.is_empty() && args.remove {
        return Err(Error::Usage("--remove wants the sites to take off the list".into()));
    }
    if !names.is_empty() || program.is_empty() {
        return Ok(names);
    }
    let Some(tty) = session.asking.tty() else { return Ok(names) };
    tty.show(&format!("The sites in {program}, one a line; Enter alone ends.\n"))?;
    loop {
        let line = tty.ask(&format!("{:>3}. ", names.len() + 1)).await?;
        match line.trim() {
            "" => return Ok(names),
            name => names.push(name.to_owned()),
        }
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'l> {
    sites: &'l [SiteInfo],
    done: usize,
    /// Whether every site is done: the old app may go.
    may_go: bool,
}

impl<'l> Report<'l> {
    fn new(sites: &'l [SiteInfo]) -> Self {
        let done = done(sites);
        Self { sites, done, may_go: !sites.is_empty() && done == sites.len() }
    }
}

fn done(sites: &[SiteInfo]) -> usize {
    sites.iter().filter(|site| site.state == "done").count()
}

/// Returns the list, program by program, and whether each may go.
fn text(list: &[SiteInfo], columns: usize) -> String {
    if list.is_empty() {
        return "No site is on the list. Put some there: countersign import --checklist GitHub Example\n".into();
    }
    let mut programs: Vec<&str> = Vec::new();
    for site in list {
        if !programs.contains(&site.program.as_str()) {
            programs.push(&site.program);
        }
    }
    let of = |program: &str| list.iter().filter(|site| site.program == program).cloned().collect::<Vec<SiteInfo>>();
    let mut parts: Vec<String> = programs.into_iter().map(|program| part(program, &of(program), columns)).collect();
    parts.extend((done(list) < list.len()).then(|| output::wrap(HOW, columns, "")));
    parts.join("\n")
}

fn part(program: &str, sites: &[SiteInfo], columns: usize) -> String {
    let app = if program.is_empty() { "the old app".to_owned() } else { output::one_line(program) };
    let rows: Vec<Vec<String>> = sites.iter().map(row).collect();
    let (done, all) = (done(sites), sites.len());
    let verdict = if done == all {
        format!(
            "{} kept here and in use: {app} may go. Before it does, print a recovery key if you have none (countersign \
             recovery), and see that the sites' own recovery codes are kept.",
            if all == 1 { "The site is".to_owned() } else { format!("All {all} sites are") }
        )
    } else {
        format!("{done} of {} done. Keep {app} until all are.", count(all, "site", "sites"))
    };
    let head = if program.is_empty() { "To enrol again:".to_owned() } else { format!("To enrol again, out of {app}:") };
    format!("{head}\n{}{}", output::table(&rows, columns), output::wrap(&verdict, columns, ""))
}

fn row(site: &SiteInfo) -> Vec<String> {
    let (mark, what) = match site.state.as_str() {
        "done" => ("[x]", format!("in use: {}", site.title)),
        "unproven" => ("[~]", format!("kept, but does the site accept its codes? {}", site.title)),
        "unused" => ("[~]", format!("kept, not used yet: {}", site.title)),
        "before" => ("[ ]", format!("here from before: {}", site.title)),
        _ => ("[ ]", String::new()),
    };
    vec![format!("{mark} {}", site.site), what]
}

/// The most bytes of a name, as the vault has it, and with room for a number.
const LONGEST: usize = 248;
/// What to do with a site on the list.
const HOW: &str = "At each: sign in, set up an authenticator app anew, then countersign scan. When the site has accepted a code: \
                   countersign scan --accepted NAME. One that is not needed: countersign import --checklist --remove SITE.";

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str, program: &str, state: &str) -> SiteInfo {
        SiteInfo {
            site: name.into(),
            program: program.into(),
            state: state.into(),
            title: name.into(),
            ..SiteInfo::default()
        }
    }

    #[test]
    fn each_app_may_go_when_all_its_sites_are_done() {
        let list = [site("GitHub", "Authy", "done"), site("Bank", "Duo", "open"), site("Shop", "Duo", "done")];
        let told = text(&list, 200);
        assert!(told.contains("The site is kept here and in use: Authy may go"), "{told}");
        assert!(told.contains("1 of 2 sites done. Keep Duo until all are."), "{told}");
        assert!(told.contains("[x] GitHub  in use: GitHub") && told.contains("[ ] Bank"), "{told}");
        assert_eq!(text(&[list.as_slice(), &[site("Mail", "Authy", "open")]].concat(), 500).matches(HOW).count(), 1);
        assert!(!text(&list[..1], 500).contains(HOW), "there is nothing left to do");
        let report = Report::new(&list);
        assert_eq!((report.done, report.may_go), (2, false));
        crate::help::assert_has_members(crate::help::IMPORT_ABOUT, &report);
    }

    #[test]
    fn what_is_kept_and_not_proven_does_not_let_the_app_go() {
        for state in ["unproven", "unused", "before", "open", "of a later version"] {
            let list = [site("GitHub", "", state)];
            assert!(text(&list, 200).contains("Keep the old app") && !Report::new(&list).may_go, "{state}");
        }
    }

    #[test]
    fn two_accounts_with_one_site_are_two_items() {
        let left = |program: &str, name: &str, account: &str| LeftOut {
            name: name.into(),
            user: account.into(),
            why: "not-exportable".into(),
            program: program.into(),
            ..LeftOut::default()
        };
        let all = [
            left("Microsoft", "University", "alice"),
            left("Microsoft", "University", "bob"),
            left("Microsoft", "Technische Universität", "maximilian.mustermann.the.third@campus.example.org"),
            left("Microsoft", "University", "ALICE"),
            left("Duo", "Acme", ""),
            left("Duo", "Acme", ""),
            left("Duo", "bob", "bob"),
            left("Duo", "", " "),
            LeftOut { why: "bad".into(), ..left("Duo", "x", "") },
            left("Duo", &"ü".repeat(200), ""),
        ];
        let sites = sites(&all);
        let names: Vec<&str> = sites[..6].iter().map(|(_, site)| site.as_str()).collect();
        let long = "Technische Universität:maximilian.mustermann.the.third@campus.example.org";
        assert_eq!(names, ["University:alice", "University:bob", long, "Acme", "Acme:2", "bob"]);
        assert_eq!((sites.len(), sites[6].1.chars().count()), (7, LONGEST / 4));
    }

    #[test]
    fn the_way_back_is_as_long_as_what_was_done() {
        assert!(undoing(0, true).contains("from before"));
        assert_eq!(undoing(1, false), "Take the list back by: countersign undo");
        assert!(undoing(2, true).ends_with("countersign undo, 2 times, and the accounts by another one"));
    }

    #[test]
    fn an_empty_list_lets_nothing_go() {
        assert!(!Report::new(&[]).may_go && text(&[], 80).contains("No site is on the list"));
    }
}
