//! The commands, one file each, and which of them need the daemon to be started.

mod add;
mod check;
mod code;
mod completions;
mod doctor;
mod edit;
mod generations;
mod init;
mod list;
mod lock;
mod log;
mod passphrase;
mod qr;
mod recovery;
mod remove;
mod restart;
mod restore;
mod scan;
mod show;
mod slots;
mod status;
mod trash;
mod undo;
mod unlock;
mod unlocked;
mod uri;

use crate::{
    args::{Cli, Command},
    error::Error,
    help, output,
    session::Session,
};

/// Runs the command that was typed.
pub(crate) async fn run(cli: Cli) -> Result<(), Error> {
    let Cli { global, command } = cli;
    // These start no daemon.
    let command = match command {
        Command::Unlocked(_) => return unlocked::run(&global).await,
        Command::Status(args) => return status::run(args, &global).await,
        Command::Restart(_) => return restart::run(&global).await,
        Command::Doctor(args) => return doctor::run(&args),
        Command::Completions(args) => return completions::run(&args),
        Command::CompleteNames => return completions::names(&global).await,
        Command::Man { folder } => return help::write_pages(&folder),
        Command::HelpAll => return output::print(&help::all()),
        command => command,
    };
    let session = &mut Session::open(&global).await?;
    match command {
        Command::Init(args) => init::run(args, session).await,
        Command::Scan(args) => scan::run(args, session).await,
        Command::Add(args) => add::run(args, session).await,
        Command::Code(args) => code::run(args, session).await,
        Command::List(args) => list::run(args, session).await,
        Command::Show(args) => show::run(args, session).await,
        Command::Uri(args) => uri::run(args, session).await,
        Command::Qr(args) => qr::run(args, session).await,
        Command::Edit(args) => edit::run(args, session).await,
        Command::Remove(args) => remove::run(args, session).await,
        Command::Restore(args) => restore::run(args, session).await,
        Command::Undo(args) => undo::run(args, session).await,
        Command::Trash(args) => trash::run(args, session).await,
        Command::Lock(_) => lock::run(session).await,
        Command::Unlock(args) => unlock::run(args, session).await,
        Command::Passphrase(_) => passphrase::run(session).await,
        Command::Recovery(args) => recovery::run(args, session).await,
        Command::Slots(args) => slots::run(args, session).await,
        Command::Generations(args) => generations::run(args, session).await,
        Command::Check(args) => check::run(args, session).await,
        Command::Log(args) => log::run(args, session).await,
        Command::Unlocked(_)
        | Command::Status(_)
        | Command::Doctor(_)
        | Command::Restart(_)
        | Command::Completions(_)
        | Command::CompleteNames
        | Command::Man { .. }
        | Command::HelpAll => unreachable!("returned above"),
    }
}
