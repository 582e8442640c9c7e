//! `countersign type`: a fresh code, typed into the window that has the keyboard.

use crate::{
    args::{Global, Type},
    error::Error,
    session::Session,
    typing::Typing,
};

/// Runs the command. The window is noted first: what asks for a passphrase or among several would be taken for it.
pub(crate) async fn run(args: Type, global: &Global) -> Result<(), Error> {
    let typing = Typing::begin(args.enter).await?;
    let mut session = Session::open(global).await?;
    let account = session.account(&args.name.text()).await?;
    typing.finish(&account, &mut session).await
}
