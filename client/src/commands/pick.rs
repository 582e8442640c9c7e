//! `countersign pick`: the person picks an account, and its code is copied.
//!
//! Where the person is asked: `--menu` names a menu program; on a terminal it is our own picker; else a menu program that is
//! installed, else our own picker in a terminal window. What is typed goes into the window from before all that, so `--type`
//! opens no terminal window.

use std::{env, ffi::OsString, io, os::unix::process::CommandExt, process};

use countersign_api::{
    Error as Answer,
    types::{AccountInfo, CodeOptions},
};

use super::{copy, list};
use crate::{
    args::{Copy, Destination, Global, Order, Pick},
    codes::Codes,
    error::Error,
    menus::{self, Menu},
    output,
    picker::{self, List},
    session::Session,
    terminal_window::{self, Job},
    typing::Typing,
};

/// Runs the command. The window to type into is noted first: what asks here takes the keyboard.
pub(crate) async fn run(args: Pick, global: &Global) -> Result<(), Error> {
    if global.no_prompt {
        return Err(Error::Usage("pick asks which account is meant, and --no-prompt forbids that".into()));
    }
    let typing = if args.to.typed { Some(Typing::begin(false).await?) } else { None };
    let mut session = Session::open(global).await?;
    let terminal = output::person_is_here() && session.asking.tty().is_some();
    let menu = match args.menu {
        Some(Some(menu)) => Some(menu),
        Some(None) => Some(Menu::find(terminal).ok_or_else(no_menu)?),
        None if terminal || args.linear => None,
        // What is wrong with a vault is told where there is room for it.
        None if matches!(session.status.state.as_str(), "absent" | "unusable") && typing.is_none() => {
            return in_window(&args);
        }
        None => match Menu::find(false) {
            Some(menu) => Some(menu),
            None if typing.is_some() => return Err(Error::Usage(NO_WINDOW_FOR_TYPING.into())),
            None => return in_window(&args),
        },
    };
    match session.unlock().await {
        // There is nothing here to ask the passphrase with: a terminal window has it.
        Err(Error::Daemon(Answer::Locked(_))) if !terminal && args.menu.is_none() && typing.is_none() => {
            return in_window(&args);
        }
        unlocked => unlocked?,
    }
    let mut list = List::new(list::accounts(&session, "", Order::Use).await?);
    if list.all() == 0 {
        return Err(Answer::NotFound("there is no account yet: countersign scan, or countersign add".into()).into());
    }
    let words = args.words.join(" ");
    list.search(&words);
    let account = match menu {
        Some(_) if list.count() == 0 => return Err(crate::session::no_account(&words)),
        Some(menu) => in_menu(menu, &list, &session).await?,
        None => picker::pick(list, args.linear, &mut session).await?,
    };
    if let Some(typing) = typing {
        return typing.finish(&account, &mut session).await;
    }
    if account.pin_needed && !terminal && args.to == Destination::default() {
        return terminal_window::run(Job::Run, &["copy", "--notify", "--", &account.id].map(OsString::from));
    }
    hand_over(&account.id, args.to, args.notify || !terminal, &mut session).await
}

/// Asks in a menu program, which goes when the vault is locked.
async fn in_menu(menu: Menu, list: &List, session: &Session) -> Result<AccountInfo, Error> {
    let titles = list.titles();
    let place = tokio::select! {
        place = menu.choose(&titles) => place?,
        () = session.closed() => return Err(Answer::Locked("the vault was locked".into()).into()),
    };
    list.account(place).cloned().ok_or_else(menus::cancelled)
}

/// Asks in a terminal window, in which this command is run again.
fn in_window(args: &Pick) -> Result<(), Error> {
    if args.to.print {
        return Err(Error::NoTerminal("there is neither a terminal nor a menu program to ask in".into()));
    }
    let has = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if !has("DISPLAY") && !has("WAYLAND_DISPLAY") {
        return Err(Error::NoTerminal("there is neither a terminal nor a screen to ask on".into()));
    }
    let flags = [(true, "--notify"), (args.to.large, "--large"), (true, "--")];
    let flags = flags.into_iter().filter_map(|(set, flag)| set.then_some(OsString::from(flag)));
    let arguments: Vec<OsString> =
        [OsString::from("pick")].into_iter().chain(flags).chain(args.words.iter().map(OsString::from)).collect();
    terminal_window::run(Job::Run, &arguments)
}

/// Copies the code of what was picked, or does with it what was asked for instead.
async fn hand_over(account: &str, to: Destination, notify: bool, session: &mut Session) -> Result<(), Error> {
    match to {
        Destination { print: true, .. } => {
            let (code, _) = Codes::of(account).ask(session, &CodeOptions::default()).await?;
            output::secret_line(&code)
        }
        Destination { large: true, .. } => {
            let own = env::current_exe().map_err(Error::io("countersign"))?;
            let failed: io::Error = process::Command::new(own).args(["code", "--large", account]).exec();
            Err(Error::io("countersign")(failed))
        }
        _ => {
            let words = vec![account.to_owned()];
            copy::run(Copy { words, notify, last: false, next: false, paste_once: false }, session).await
        }
    }
}

fn no_menu() -> Error {
    let text =
        "no menu program is installed that fits this screen: rofi, fuzzel, wofi, bemenu, dmenu, or fzf on a terminal";
    Error::Usage(text.into())
}

const NO_WINDOW_FOR_TYPING: &str = "typing needs a menu program (rofi, fuzzel, wofi, bemenu or dmenu) or a terminal to ask in: \
     a terminal window that opens for it would have the keyboard itself";
