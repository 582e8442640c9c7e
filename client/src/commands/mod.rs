//! The commands, one file each, and which of them need the daemon to be started.

mod add;
mod backup;
mod check;
mod code;
mod completions;
mod copy;
mod doctor;
mod edit;
mod generations;
mod hotkey;
mod import;
mod init;
mod large;
mod list;
mod lock;
mod log;
mod open;
mod passphrase;
mod pick;
mod pin;
mod qr;
mod recovery;
mod remove;
mod restart;
mod restore;
mod run;
mod scan;
mod show;
mod slots;
mod status;
mod trash;
mod r#type;
mod undo;
mod unlock;
mod unlocked;
mod uri;
mod watch;

pub(crate) use run::Otp;

pub(crate) use open::hide_link;

use crate::{
    args::{Cli, Command},
    error::Error,
    help, output,
    session::Session,
    terminal_window,
};

/// Runs the command that was typed. The first ones start no daemon; the others are given a session with one.
pub(crate) async fn run(cli: Cli) -> Result<(), Error> {
    let Cli { global, command } = cli;
    let session = || Session::open(&global);
    match command {
        Command::Unlocked => unlocked::run(&global).await,
        Command::Status(args) => status::run(args, &global).await,
        Command::Restart => restart::run(&global).await,
        Command::Doctor(args) => doctor::run(&args),
        Command::Hotkey(args) => hotkey::run(args).await,
        Command::Type(args) => r#type::run(args, &global).await,
        Command::Watch => watch::run(&global).await,
        Command::Pick(args) => pick::run(args, &global).await,
        Command::Terminal { job, arguments } => terminal_window::run(job, &arguments),
        Command::Completions(args) => completions::run(&args),
        Command::CompleteNames => completions::names(&global).await,
        Command::Man { folder } => help::write_pages(&folder),
        Command::HelpAll => output::print(&help::all()),
        Command::Init(args) => init::run(args, &mut session().await?).await,
        Command::Scan(args) => scan::run(args, &mut session().await?).await,
        Command::Import(args) => match import::told(&args).await {
            Some(told) => told,
            None => import::run(args, &mut session().await?).await,
        },
        Command::Open(args) => open::run(args, &mut session().await?).await,
        Command::Add(args) => add::run(args, &mut session().await?).await,
        Command::Code(args) => code::run(args, &mut session().await?).await,
        Command::Run(args) => run::run(args, &mut session().await?).await,
        Command::Copy(args) => copy::run(args, &mut session().await?).await,
        Command::List(args) => list::run(args, &mut session().await?).await,
        Command::Show(args) => show::run(args, &mut session().await?).await,
        Command::Uri(args) => uri::run(args, &mut session().await?).await,
        Command::Qr(args) => qr::run(args, &mut session().await?).await,
        Command::Edit(args) => edit::run(args, &mut session().await?).await,
        Command::Pin(args) => pin::run(args, &mut session().await?).await,
        Command::Remove(args) => remove::run(args, &mut session().await?).await,
        Command::Restore(args) => restore::run(args, &mut session().await?).await,
        Command::Undo(args) => undo::run(args, &mut session().await?).await,
        Command::Trash(args) => trash::run(args, &mut session().await?).await,
        Command::Lock => lock::run(&mut session().await?).await,
        Command::Unlock(args) => unlock::run(args, &mut session().await?).await,
        Command::Passphrase => passphrase::run(&mut session().await?).await,
        Command::Recovery(args) => recovery::run(args, &mut session().await?).await,
        Command::Slots(args) => slots::run(args, &mut session().await?).await,
        Command::Generations(args) => generations::run(args, &mut session().await?).await,
        Command::Backup(args) => match backup::ended(&args).await {
            Some(ended) => ended,
            None => backup::run(args, &mut session().await?).await,
        },
        Command::Drill(args) => backup::drill(args, &mut session().await?).await,
        Command::Check(args) => check::run(args, &mut session().await?).await,
        Command::Log(args) => log::run(args, &mut session().await?).await,
    }
}
