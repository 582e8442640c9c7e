//! `countersign completions`: what the shells need to complete commands, flags and names of accounts.

use clap::CommandFactory;
use clap_complete::{generate, shells};
use countersign_api::types::AccountInfo;

use super::list;
use crate::{
    args::{Cli, Completions, Global, Order, Shell},
    error::Error,
    output,
    session::Session,
};

/// Runs the command.
pub(crate) fn run(args: &Completions) -> Result<(), Error> {
    output::print(&script(args.shell))
}

/// Prints `issuer:name` of each account if the vault is open; starts nothing, asks nothing, and has no bad end.
pub(crate) async fn names(global: &Global) -> Result<(), Error> {
    let Ok(session) = Session::open_running(global).await else { return Ok(()) };
    if session.status.state != "unlocked" {
        return Ok(());
    }
    let accounts = list::accounts(&session, "", Order::Use).await.unwrap_or_default();
    let lines: Vec<String> = accounts.iter().map(|account| output::one_line(&full_name(account)) + "\n").collect();
    output::print(&lines.concat())
}

/// Returns what names an account exactly.
fn full_name(account: &AccountInfo) -> String {
    match account.issuer.as_str() {
        "" => account.name.clone(),
        issuer => format!("{issuer}:{}", account.name),
    }
}

fn script(shell: Shell) -> String {
    let mut command = Cli::command();
    let mut bytes = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, NAME, &mut bytes),
        Shell::Zsh => generate(shells::Zsh, &mut command, NAME, &mut bytes),
        Shell::Fish => generate(shells::Fish, &mut command, NAME, &mut bytes),
    }
    let generated = String::from_utf8(bytes).expect("clap writes its scripts in UTF-8");
    match shell {
        Shell::Bash => {
            let options: Vec<String> = options_of_names().iter().map(|option| format!("--{option}")).collect();
            let own = BASH.replace("@COMMANDS@", &with_names("|")).replace("@OPTIONS@", &options.join("|"));
            format!("{generated}\n{own}")
        }
        Shell::Zsh => generated.replace("_email_addresses", "_countersign_names").replacen("\n\n", ZSH, 1),
        Shell::Fish => {
            let options = options_of_names().into_iter().map(|option| FISH_OPTION.replace("@OPTION@", &option));
            format!("{generated}\n{}{}", FISH.replace("@COMMANDS@", &with_names(" ")), options.collect::<String>())
        }
    }
}

/// Returns the commands that take the name of an account.
fn with_names(between: &str) -> String {
    let takes_name = |command: &&clap::Command| command.get_positionals().any(is_name);
    let command = Cli::command();
    let words = command.get_subcommands().filter(takes_name).flat_map(|command| {
        std::iter::once(command.get_name().to_owned()).chain(command.get_visible_aliases().map(ToOwned::to_owned))
    });
    words.collect::<Vec<_>>().join(between)
}

/// Returns the options that take the name of an account.
fn options_of_names() -> Vec<String> {
    let command = Cli::command();
    let options = command.get_subcommands().flat_map(|command| command.get_opts().filter(|option| is_name(option)));
    options.filter_map(clap::Arg::get_long).map(ToOwned::to_owned).collect()
}

/// The parser's table marks names of accounts as addresses, which no argument of ours is.
fn is_name(argument: &clap::Arg) -> bool {
    argument.get_value_hint() == clap::ValueHint::EmailAddress
}

const NAME: &str = "countersign";

const BASH: &str = r#"_countersign_names() {
    local typed=${COMP_LINE:0:COMP_POINT} before command name
    before=${typed%"${typed##*[[:space:]]}"}
    typed=${typed##*[[:space:]]}
    before=${before%"${before##*[![:space:]]}"}
    for command in "${COMP_WORDS[@]:1}"; do
        [[ $command == -* ]] || break
    done
    case ${before##*[[:space:]]} in
        @OPTIONS@) command=get ;;
    esac
    case $command in
        @COMMANDS@) [[ $typed == -* ]] || {
            COMPREPLY=()
            while IFS= read -r name; do
                printf -v name %q "$name"
                # The shell parts words at colons: what stands before the last one is typed already.
                [[ $name == "$typed"* ]] && COMPREPLY+=("${name#"${typed%"${typed##*:}"}"}")
            done < <("${COMP_WORDS[0]}" __complete-names 2>/dev/null)
            return
        } ;;
    esac
    _countersign "$@"
}
complete -F _countersign_names -o bashdefault -o default countersign
"#;

const ZSH: &str = r#"

_countersign_names() {
    local -a names
    names=("${(@f)$(countersign __complete-names 2>/dev/null)}")
    [[ -n $names ]] && compadd -a names
}

"#;

const FISH: &str = r#"complete -c countersign -n "__fish_seen_subcommand_from @COMMANDS@" -f -a "(countersign __complete-names 2>/dev/null)"
"#;

const FISH_OPTION: &str = r#"complete -c countersign -l @OPTION@ -x -a "(countersign __complete-names 2>/dev/null)"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_take_a_name_are_known() {
        assert_eq!(
            with_names(" "),
            "code otp totp get copy cp type pick list ls show uri qr edit pin remove rm restore"
        );
        assert_eq!(options_of_names(), ["refused", "accepted"]);
    }

    #[test]
    fn each_shell_asks_for_names() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            assert!(
                script.contains("countersign __complete-names") || script.contains("__complete-names 2>"),
                "{shell:?}"
            );
            assert!(!script.contains("_email_addresses"), "{shell:?}");
        }
        assert!(script(Shell::Zsh).matches("_countersign_names").count() > 5);
        assert!(script(Shell::Zsh).starts_with("#compdef countersign"));
    }
}
