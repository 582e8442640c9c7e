//! `countersign pin`: puts an account at the head of lists that are in the order of use.

use countersign_api::types::PinOptions;

use crate::{args::Pin, error::Error, output, session::Session};

/// Runs the command.
pub(crate) async fn run(args: Pin, session: &mut Session) -> Result<(), Error> {
    let account = session.account(&args.name.text()).await?;
    let options = PinOptions { unpin: args.remove.then_some(true) };
    session.accounts().await?.pin(&account.id, options.into()).await?;
    let title = output::one_line(&account.title);
    output::line(&if args.remove {
        format!("{title} stands where its use puts it again")
    } else {
        format!("{title} stands at the head of menus and lists by use")
    })
}
