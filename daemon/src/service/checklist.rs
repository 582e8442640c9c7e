//! The list of sites to enrol again, as the contract tells it.

use std::sync::Arc;

use countersign_api::{
    Error,
    types::{ChecklistOptions, SiteInfo},
};
use countersign_core::{
    text::visible,
    vault::{ChecklistEdit, Progress, Site, Vault},
};

use super::Service;
use crate::vault_state::now;

impl Service {
    /// Returns the sites to enrol again, and how far each is.
    pub(super) fn sites(&self) -> Result<Vec<SiteInfo>, Error> {
        let uses = self.log.lock().expect("no holder panics").uses(now());
        self.with_vault(|vault| {
            let list = vault.checklist(|id| uses.get(&id).map(|own| own.last));
            Ok(list.into_iter().map(|(site, progress)| info(site, progress)).collect())
        })
    }

    /// Puts sites on the list and takes others off it, in one change; returns the list of afterwards.
    pub(super) fn edit_sites(
        self: &Arc<Self>,
        add: Vec<String>,
        remove: Vec<String>,
        options: ChecklistOptions,
    ) -> Result<Vec<SiteInfo>, Error> {
        let edit = ChecklistEdit { add, remove, program: options.program.unwrap_or_default() };
        self.with_vault(|vault| all_listed(vault, &edit.remove))?;
        self.change_vault(|vault| vault.edit_checklist(&edit))?;
        self.sites()
    }
}

/// Names the sites that are not on the list.
fn all_listed(vault: &Vault, names: &[String]) -> Result<(), Error> {
    let missing = names.iter().filter(|name| !vault.is_on_checklist(name));
    let missing: Vec<String> = missing.map(|name| visible(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("not on the list of sites: {}; countersign import --checklist shows it", missing.join(", "));
    Err(Error::NotFound(text))
}

fn info(site: &Site, progress: Progress<'_>) -> SiteInfo {
    let (state, entry) = match progress {
        Progress::Open => ("open", None),
        Progress::Before(entry) => ("before", Some(entry)),
        Progress::Unproven(entry) => ("unproven", Some(entry)),
        Progress::Unused(entry) => ("unused", Some(entry)),
        Progress::Done(entry) => ("done", Some(entry)),
    };
    SiteInfo {
        site: visible(site.name()),
        program: visible(site.program()),
        created: site.created(),
        state: state.into(),
        account: entry.map(|entry| entry.id().to_string()).unwrap_or_default(),
        title: entry.map(|entry| visible(&entry.account().title())).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use countersign_api::{
        scanner::ScannerBackend,
        secrets::SecretsBackend,
        types::{KeepOptions, TextOptions},
    };

    use super::*;
    use crate::service::{
        Door,
        testing::{caller, with_vault},
    };

    async fn states(door: &Door) -> Vec<(String, String)> {
        let list = door.checklist(caller()).await.unwrap();
        list.into_iter().map(|site| (site.site, site.state)).collect()
    }

    async fn edit(door: &Door, add: &[&str], remove: &[&str]) -> Result<Vec<SiteInfo>, Error> {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        door.edit_checklist(caller(), texts(add), texts(remove), ChecklistOptions::default()).await
    }

    #[tokio::test]
    async fn a_site_is_ticked_once_its_account_is_kept_and_in_use() {
        let (_home, door) = with_vault().await;
        edit(&door, &["github.com", "Bank"], &[]).await.unwrap();
        let uri = "otpauth://totp/GitHub:alice?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";
        let found = door.scan_text(caller(), uri, TextOptions::default()).await.unwrap();
        door.keep(caller(), &found[0].id, KeepOptions::default()).await.unwrap();
        assert_eq!(states(&door).await, [("github.com".into(), "unproven".into()), ("Bank".into(), "open".into())]);
        let id = door.sites().unwrap()[0].account.parse().unwrap();
        door.confirm_account(id, None).unwrap();
        assert_eq!(states(&door).await[0].1, "done");
    }

    #[tokio::test]
    async fn a_site_that_is_not_on_the_list_can_not_be_taken_off() {
        let (_home, door) = with_vault().await;
        let refused = edit(&door, &["GitHub"], &["Bank"]).await;
        assert!(matches!(&refused, Err(Error::NotFound(text)) if text.contains("--checklist")), "{refused:?}");
        assert_eq!(states(&door).await, [], "nothing of it was done");
        edit(&door, &["Shop"], &[]).await.unwrap();
        let refused = edit(&door, &[], &["shop", "Bank"]).await;
        assert!(matches!(&refused, Err(Error::NotFound(text)) if text.contains("sites: Bank;")), "{refused:?}");
    }

    #[tokio::test]
    async fn an_undo_says_which_sites_it_was_about() {
        let (_home, door) = with_vault().await;
        edit(&door, &["GitHub"], &[]).await.unwrap();
        assert_eq!(door.undo(caller()).await.unwrap(), "the list of sites to enrol again was changed: GitHub");
        assert_eq!(states(&door).await, []);
    }
}
