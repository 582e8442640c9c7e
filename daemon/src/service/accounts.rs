//! `Accounts1`: lists and codes.

use std::{
    cmp::Ordering,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use countersign_api::{
    Caller, Error,
    accounts::AccountsBackend,
    types::{
        AccountInfo, CodeDetails, CodeOptions, ConfirmOptions, Confirmed, CopiedOptions, ListOptions, NoOptions,
        PinOptions, PromptOptions, Variation,
    },
};
use countersign_core::{
    account::{AccountId, Kind},
    code::code_at,
    secret::SecretText,
    text::visible,
    vault::{Entry, Vault},
};

use super::{Door, Service, proving};
use crate::{
    access_log::{Access, Given, decay},
    convert,
    vault_state::now,
};

impl AccountsBackend for Door {
    async fn list(&self, caller: Caller, options: ListOptions) -> Result<Vec<AccountInfo>, Error> {
        self.find(caller, "", ListOptions { order: options.order.or(Some("name".into())), ..options }).await
    }

    async fn find(&self, caller: Caller, words: &str, options: ListOptions) -> Result<Vec<AccountInfo>, Error> {
        self.admit(&caller, &[words])?;
        self.ensure_open(None, false).await?;
        let by_use = match options.order.as_deref() {
            None | Some("use") => true,
            Some("name") => false,
            Some(_) => return Err(Error::InvalidOption("order is `use` or `name`".into())),
        };
        let uses = self.log.lock().expect("no holder panics").uses(now());
        let mut found: Vec<(f64, AccountInfo)> = self.with_vault(|vault| {
            let fitting = matching(vault.entries(), words).into_iter();
            Ok(fitting
                .map(|entry| {
                    let own = uses.get(&entry.id()).copied().unwrap_or_default();
                    (own.weight + earlier_weight(entry, now()), convert::account_info(entry, own))
                })
                .collect())
        })?;
        found.sort_by(|(weight, a), (other, b)| {
            let by_use = |order: Ordering| if by_use { order } else { Ordering::Equal };
            by_use(b.pinned.cmp(&a.pinned).then(other.total_cmp(weight)))
                .then_with(|| a.title.to_lowercase().cmp(&b.title.to_lowercase()))
                .then_with(|| a.id.cmp(&b.id))
        });
        let limit = options.limit.unwrap_or(MAX_LIST).min(MAX_LIST) as usize;
        let page = found.into_iter().skip(options.offset.unwrap_or(0) as usize).take(limit);
        Ok(page.map(|(_, info)| info).collect())
    }

    async fn code(&self, caller: Caller, account: &str, options: CodeOptions) -> Result<(String, CodeDetails), Error> {
        self.give_code(caller, account, None, options).await
    }

    async fn variations(&self, caller: Caller, account: &str, _: NoOptions) -> Result<Vec<Variation>, Error> {
        self.admit(&caller, &[account])?;
        self.ensure_open(None, false).await?;
        let id = self.with_vault(|vault| the_one(vault, account).map(Entry::id))?;
        self.variations_of(id)
    }

    async fn confirm(&self, caller: Caller, account: &str, options: ConfirmOptions) -> Result<Confirmed, Error> {
        self.admit(&caller, &[account])?;
        if matches!(caller, Caller::Bus(_)) && options.variation.is_some() {
            let how = "an account is changed on the private connection only: countersign scan --accepted NAME --variation WORD";
            return Err(Error::Denied(how.into()));
        }
        self.ensure_open(None, false).await?;
        let id = self.with_vault(|vault| the_one(vault, account).map(Entry::id))?;
        self.confirm_account(id, options.variation.as_deref())
    }

    async fn pin(&self, caller: Caller, account: &str, options: PinOptions) -> Result<(), Error> {
        self.admit(&caller, &[account])?;
        self.ensure_open(None, false).await?;
        let id = self.with_vault(|vault| the_one(vault, account).map(Entry::id))?;
        self.change_vault(|vault| vault.pin(id, !options.unpin.unwrap_or(false)))
    }

    async fn copied(&self, caller: Caller, account: &str, options: CopiedOptions) -> Result<(), Error> {
        self.admit(&caller, &[account, options.failed.as_deref().unwrap_or_default()])?;
        if let Some(why) = &options.failed {
            self.show_not_copied(why);
            return Ok(());
        }
        let id = self.with_vault(|vault| the_one(vault, account).map(Entry::id))?;
        self.show_copied(id, options.expires)
    }
}

impl Service {
    /// Gives a code, with the account's PIN where the vault does not keep it.
    pub(super) async fn give_code(
        self: &Arc<Self>,
        caller: Caller,
        account: &str,
        pin: Option<SecretText>,
        options: CodeOptions,
    ) -> Result<(String, CodeDetails), Error> {
        self.admit(&caller, &[account])?;
        let prompt = options.prompt.unwrap_or(false).then(PromptOptions::default);
        self.ensure_open(prompt, false).await?;
        if matches!(caller, Caller::Bus(_)) && options.at.is_some_and(|at| at > now() + AHEAD) {
            return Err(Error::Denied("codes of the future are given on the private connection only".into()));
        }
        let program = self.callers.program(&caller).await;
        let id = self.with_vault(|vault| the_one(vault, account).map(Entry::id))?;
        self.wait_for_code(id, &options).await?;
        let answer = self.make_code(id, pin.as_ref(), &options)?;
        self.write_down(id, program);
        Ok(answer)
    }

    /// Waits until a code can be given that is fresh and unused enough.
    async fn wait_for_code(self: &Arc<Self>, id: AccountId, options: &CodeOptions) -> Result<(), Error> {
        if options.at.is_some() {
            return Ok(());
        }
        let variation = options.variation.as_deref();
        let period = self.with_vault(|vault| proving::period(entry(vault, id)?.account(), variation))?;
        if period == 0 {
            return Ok(());
        }
        let period = u64::from(period);
        let fresh = u64::from(options.fresh.unwrap_or(0));
        if fresh > period {
            return Err(Error::InvalidOption(format!("no code of this account lives longer than {period} s")));
        }
        let start = now();
        loop {
            let now = now();
            let ends = (now / period + 1) * period;
            let wait = {
                let mut given = self.given.lock().expect("no holder panics");
                let last = given.get(&id).copied().unwrap_or(0);
                if options.unused.unwrap_or(false) && last >= ends {
                    last - now
                } else if ends - now < fresh {
                    ends - now
                } else {
                    // Taken at once, so that another who waits too gets the one after.
                    given.insert(id, last.max(ends));
                    return Ok(());
                }
            };
            let most = options.max_wait.map_or(period, u64::from);
            if now + wait > start + most {
                return Err(Error::WouldWait(format!("the next code comes in {wait} s, and {most} s were allowed")));
            }
            sleep_until(now + wait).await;
        }
    }

    /// Makes the code, and puts a counter on disk before the code is shown.
    fn make_code(
        self: &Arc<Self>,
        id: AccountId,
        pin: Option<&SecretText>,
        options: &CodeOptions,
    ) -> Result<(String, CodeDetails), Error> {
        let variation = options.variation.as_deref();
        let (counts, period) = self.with_vault(|vault| {
            let account = entry(vault, id)?.account();
            Ok((matches!(account.kind, Kind::Hotp { .. }), proving::period(account, variation)?))
        })?;
        if counts && !options.advance.unwrap_or(false) {
            return Err(Error::CounterBased("each code asked for uses a counter up; say advance=true to do so".into()));
        }
        let shift = if options.next.unwrap_or(false) { u64::from(period) } else { 0 };
        let at = options.at.unwrap_or_else(now).saturating_add(shift);
        let code = self.with_vault(|vault| {
            let account = entry(vault, id)?.account();
            match variation {
                Some(word) => proving::varied_code(account, word, at, pin),
                None => code_at(account, at, pin).map_err(|error| convert::code_error(&error)),
            }
        })?;
        if counts {
            self.change_vault(|vault| vault.advance(id))?;
        } else if options.at.is_none() && variation.is_none() && !options.trial.unwrap_or(false) {
            self.note_use(id);
        }
        let expires = code.expires.unwrap_or(0);
        if options.at.is_none() {
            let mut given = self.given.lock().expect("no holder panics");
            let last = given.entry(id).or_default();
            *last = expires.max(*last);
        }
        Ok((code.expose().to_owned(), CodeDetails { expires, period, account: id.to_string() }))
    }

    fn write_down(&self, account: AccountId, program: String) {
        self.note_access(Access { time: now(), given: Given::Code(account), program });
        self.idle.touch();
    }

    /// Writes down what a program was given.
    pub(super) fn note_access(&self, access: Access) {
        if let Err(error) = self.log.lock().expect("no holder panics").add(access) {
            tracing::warn!("the access log can't be written: {error}");
        }
    }
}

/// Returns what uses before an import still weigh: as if they had all been at that time, and so many as habits are made of.
fn earlier_weight(entry: &Entry, now: u64) -> f64 {
    entry.earlier_uses().min(MOST_EARLIER) as f64 * decay(now.saturating_sub(entry.created()))
}

/// Returns an entry by its id.
pub(super) fn entry(vault: &Vault, id: AccountId) -> Result<&Entry, Error> {
    let gone = || Error::NotFound("the account has been removed meanwhile: countersign trash shows it".into());
    vault.entry(id).ok_or_else(gone)
}

/// Returns the one account that is meant.
pub(super) fn the_one<'a>(vault: &'a Vault, name: &str) -> Result<&'a Entry, Error> {
    only(vault.entries(), name, "", "countersign list")
}

/// Returns the one account in the trash that is meant.
pub(super) fn the_one_in_trash<'a>(vault: &'a Vault, name: &str) -> Result<&'a Entry, Error> {
    only(vault.trash(), name, " in the trash", "countersign trash")
}

/// Returns the only one that is meant; `place` and `list` say in an error where these are, and what shows them.
fn only<'a>(entries: impl Iterator<Item = &'a Entry>, name: &str, place: &str, list: &str) -> Result<&'a Entry, Error> {
    if name.trim().is_empty() {
        return Err(Error::InvalidArgument("an account is named by its id, by issuer:name, or by words of it".into()));
    }
    let found = matching(entries, name);
    let name = visible(&name.chars().take(MAX_ECHOED).collect::<String>());
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Error::NotFound(format!("no account{place} fits \"{name}\": {list} shows what is there"))),
        several => {
            let mut lines: Vec<String> = several
                .iter()
                .take(MAX_SHOWN)
                .map(|entry| format!("\n  {}  {}", entry.id(), visible(&entry.account().title())))
                .collect();
            if several.len() > MAX_SHOWN {
                lines.push(format!("\n  and {} more", several.len() - MAX_SHOWN));
            }
            let text = format!("\"{name}\" fits {} accounts{place}:{}", several.len(), lines.concat());
            Err(Error::Ambiguous(text))
        }
    }
}

/// Returns the accounts that are meant: by id, by exact `issuer:name`, else by words that all stand in the title.
fn matching<'a>(entries: impl Iterator<Item = &'a Entry>, name: &str) -> Vec<&'a Entry> {
    let (name, entries): (_, Vec<&Entry>) = (name.trim(), entries.collect());
    let id = name.parse().ok();
    if let Some(entry) = entries.iter().find(|entry| Some(entry.id()) == id) {
        return vec![entry];
    }
    let is_exact = |entry: &&Entry| {
        let account = entry.account();
        name.split_once(':').is_some_and(|(issuer, rest)| issuer == account.issuer && rest == account.name)
    };
    let exact: Vec<&Entry> = entries.iter().copied().filter(is_exact).collect();
    if !exact.is_empty() {
        return exact;
    }
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let fits = |entry: &&Entry| {
        let account = entry.account();
        let title = format!("{}:{} {}", account.issuer, account.name, account.prefix.as_deref().unwrap_or(""));
        let title = title.to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    entries.into_iter().filter(fits).collect()
}

/// Sleeps until the wall clock shows this Unix time.
async fn sleep_until(time: u64) {
    let target = UNIX_EPOCH + Duration::from_secs(time);
    while let Ok(left) = target.duration_since(SystemTime::now())
        && !left.is_zero()
    {
        // The clock may be set meanwhile: look again each second.
        tokio::time::sleep(left.min(Duration::from_secs(1))).await;
    }
}

/// The most uses before an import that count.
const MOST_EARLIER: u64 = 50;
/// How far ahead the bus may ask, in seconds.
const AHEAD: u64 = 300;
const MAX_LIST: u32 = 1000;
const MAX_SHOWN: usize = 10;
/// How much of a name that fits nothing is said again.
const MAX_ECHOED: usize = 100;
