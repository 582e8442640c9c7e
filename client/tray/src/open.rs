//! The launcher in the application grid: it leads to what the tray leads to, also where no panel shows the tray.

use std::{env, process::Stdio};

use tokio::process::Command;

use crate::{
    actions, follow,
    menu::{Action, Model},
};

/// Leads on from where things are: starts the daemon, sets up, unlocks, explains, and at last lets an account be chosen.
pub(crate) async fn run() -> Result<(), String> {
    start_tray();
    let mut done = Vec::new();
    loop {
        let mut model = Model::default();
        model.set_view(follow::look().await);
        let action = next(&model);
        // A question that was dismissed leaves everything as it was.
        if done.contains(&action) {
            return Ok(());
        }
        actions::run(&action).await?;
        if !matches!(action, Action::Start | Action::Unlock) {
            return Ok(());
        }
        done.push(action);
    }
}

fn next(model: &Model) -> Action {
    let choose = if model.has_accounts() { Action::Search } else { Action::Scan };
    model.way_on().unwrap_or(choose)
}

/// Starts the tray, which ends by itself where one runs already.
fn start_tray() {
    let Ok(own) = env::current_exe() else { return };
    let quiet = |command: &mut Command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().map(drop)
    };
    // Without it the launcher is of use all the same.
    let _ = quiet(&mut Command::new(own));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::menu::{Account, State, View};

    #[test]
    fn each_state_leads_on() {
        let rows = [
            (State::NoDaemon, 0, Action::Start),
            (State::NoVault, 0, Action::SetUp),
            (State::Locked, 0, Action::Unlock),
            (State::Unusable, 0, Action::Explain),
            (State::Unlocked, 0, Action::Scan),
            (State::Unlocked, 1, Action::Search),
        ];
        for (state, accounts, action) in rows {
            let mut model = Model::default();
            model.set_view(View { state, accounts: vec![Account::default(); accounts], ..View::default() });
            assert_eq!(next(&model), action, "{state:?}");
        }
    }
}
