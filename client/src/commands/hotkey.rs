//! `countersign hotkey`: the keys that start countersign, on each desktop in its own way.
//!
//! What hears keys differs: GNOME and KDE have settings of their own, which `install` writes; sway, i3, Hyprland and sxhkd
//! read a file that is the person's, for which lines are printed; everywhere else the tray hears them. None is on unless
//! turned on: a program that takes keys unasked takes them from another.

mod desktop;
mod gnome;
mod kde;
mod lines;
mod once;
mod tray;

use countersign_keys::{Action, Choice, ChoiceError, Keys};

use crate::{
    args::{Desktop, Hotkey, HotkeyAction, How},
    error::Error,
    output,
};

/// Runs the command.
pub(crate) async fn run(args: Hotkey) -> Result<(), Error> {
    let detected = || desktop::detect(&|name| std::env::var(name).ok());
    match args.action {
        None => tell(&args.how, args.how.place.desktop.unwrap_or_else(detected)).await,
        Some(HotkeyAction::Install(how)) => install(&how, how.place.desktop.unwrap_or_else(detected)).await,
        Some(HotkeyAction::Remove(place)) => remove(place.desktop).await,
        Some(HotkeyAction::Run { action }) => once::run(action),
    }
}

/// A hotkey that is in force, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    action: Action,
    /// As a person reads them.
    keys: String,
    /// What is wrong with it; nothing where it is in force.
    wrong: String,
    /// Keys that are free instead.
    instead: Option<Keys>,
}

impl Bound {
    fn fine(action: Action, keys: &Keys) -> Self {
        Self { action, keys: keys.to_string(), wrong: String::new(), instead: None }
    }
}

/// Tells what is in force, and how to have it otherwise.
async fn tell(how: &How, desktop: Desktop) -> Result<(), Error> {
    let choice = choose(how)?;
    if let Some(lines) = lines::of(desktop, &choice) {
        output::line(&format!("For {}:\n", lines::file(desktop)))?;
        output::print(&lines)?;
    }
    let mut any = false;
    for (name, bound) in [(gnome::NAME, gnome::bound()), (kde::NAME, kde::bound()), (tray::NAME, tray::bound().await?)]
    {
        if !bound.is_empty() {
            any = true;
            output::line(&format!("In force by {name}:\n"))?;
            report(&bound)?;
        }
    }
    if lines::of(desktop, &choice).is_none() && !any {
        let wanted: Vec<_> = choice.iter().map(|(action, keys)| Bound::fine(action, keys)).collect();
        output::line("No hotkey is in force. This turns these on: countersign hotkey install\n")?;
        report(&wanted)?;
    }
    Ok(())
}

async fn install(how: &How, desktop: Desktop) -> Result<(), Error> {
    let choice = choose(how)?;
    if choice.is_empty() {
        return Err(Error::Usage(
            "no action has keys any more: countersign hotkey remove takes all of them away".into(),
        ));
    }
    if let Some(lines) = lines::of(desktop, &choice) {
        output::say(&format!("countersign: that file is yours: put these lines into {}", lines::file(desktop)));
        output::print(&lines)?;
        return Err(Error::Said(1));
    }
    let (bound, when) = match desktop {
        Desktop::Gnome => (gnome::install(&choice)?, ""),
        Desktop::Kde => (kde::install(&choice).await?, kde::WHEN),
        _ => tray::install(&choice).await?,
    };
    report(&bound)?;
    if !when.is_empty() {
        output::line(when)?;
    }
    refuse(&bound)
}

/// Takes away what an installation on any desktop left, unless one is named.
async fn remove(desktop: Option<Desktop>) -> Result<(), Error> {
    let here = |one| desktop.is_none_or(|named| named == one);
    let mut gone = Vec::new();
    if here(Desktop::Gnome) && gnome::remove()? {
        gone.push(gnome::NAME);
    }
    if here(Desktop::Kde) && kde::remove().await? {
        gone.push(kde::NAME);
    }
    if here(Desktop::Tray) && tray::remove().await? {
        gone.push(tray::NAME);
    }
    match gone.as_slice() {
        [] => output::line("No hotkey was installed."),
        names => output::line(&format!("The hotkeys are gone from {}.", names.join(" and "))),
    }
}

/// Returns the usual keys, with what the person wants otherwise.
fn choose(how: &How) -> Result<Choice, Error> {
    let mut choice = Choice::usual();
    for (action, keys) in &how.keys {
        choice.set(*action, keys.clone());
    }
    match choice.clash() {
        Some((one, other)) => Err(Error::Usage(format!("{one} and {other} can't have the same keys"))),
        None => Ok(choice),
    }
}

/// Prints a line for each.
fn report(bound: &[Bound]) -> Result<(), Error> {
    let row =
        |one: &Bound| vec![one.keys.clone(), one.action.to_string(), one.action.about().into(), one.wrong.clone()];
    output::print(&output::listing(&bound.iter().map(row).collect::<Vec<_>>()))
}

/// Says which keys were taken, and offers others.
fn refuse(bound: &[Bound]) -> Result<(), Error> {
    let refused: Vec<_> = bound.iter().filter(|one| !one.wrong.is_empty()).collect();
    for Bound { action, keys, wrong, instead } in &refused {
        output::say(&format!("countersign: {keys} ({action}): {wrong}"));
        if let Some(other) = instead {
            output::say(&format!("  hint: {other} is free: countersign hotkey install --key {action}={other}"));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Error::Said(1)) }
}

impl From<ChoiceError> for Error {
    fn from(error: ChoiceError) -> Self {
        match error {
            ChoiceError::Line(..) => {
                Self::Usage(format!("{error}; mend that line, or take all of them away: countersign hotkey remove"))
            }
            _ => Self::Usage(error.to_string()),
        }
    }
}

/// Returns the command line that a desktop runs for an action: this program, and its own arguments or, where the desktop
/// repeats a held key, those that let it start one.
fn command_line(action: Action, repeats: bool) -> String {
    let program = std::env::current_exe().ok().and_then(|path| path.to_str().map(str::to_owned));
    let program = program.unwrap_or_else(|| "countersign".into());
    let arguments = if repeats { format!("hotkey run {action}") } else { action.arguments().join(" ") };
    format!("{} {arguments}", quoted(&program))
}

/// Returns a word as a shell reads it again.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_stays_one_word() {
        assert_eq!(quoted("/usr/bin/countersign"), "/usr/bin/countersign");
        assert_eq!(quoted("/home/Ann O'Neil/x"), r"'/home/Ann O'\''Neil/x'");
    }

    #[test]
    fn one_press_can_t_do_two_things() {
        let how = How { keys: vec![(Action::Lock, Some(Action::Scan.usual_keys()))], ..How::default() };
        assert!(matches!(choose(&how), Err(Error::Usage(_))));
        let how = How { keys: vec![(Action::Lock, None)], ..How::default() };
        assert_eq!(choose(&how).unwrap().iter().count(), 3);
    }
}
