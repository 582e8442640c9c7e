//! GNOME Shell's overview: `org.gnome.Shell.SearchProvider2`.

use std::collections::HashMap;

use countersign_api::Error;
use zbus::{interface, zvariant::Value};

use super::{ICON, SearchBackend};

/// The service object of the interface.
pub struct SearchProvider<B> {
    /// Who does the work.
    pub backend: B,
}

/// Of a meta: `id`, `name`, `gicon`. Never a `description` or a `clipboardText`, which other providers put codes into.
type Meta = HashMap<&'static str, Value<'static>>;

#[allow(clippy::needless_pass_by_value)] // arguments come off the wire
#[interface(name = "org.gnome.Shell.SearchProvider2")]
impl<B: SearchBackend> SearchProvider<B> {
    #[zbus(out_args("results"))]
    async fn get_initial_result_set(&self, terms: Vec<String>) -> Result<Vec<String>, Error> {
        Ok(self.backend.search(&terms).await?.into_iter().map(|hit| hit.id).collect())
    }

    #[zbus(out_args("results"))]
    #[allow(unused_variables)] // the names are the contract's
    async fn get_subsearch_result_set(
        &self,
        previous_results: Vec<String>,
        terms: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        self.get_initial_result_set(terms).await
    }

    #[zbus(out_args("metas"))]
    fn get_result_metas(&self, identifiers: Vec<String>) -> Vec<Meta> {
        let metas = self.backend.describe(&identifiers).into_iter();
        metas
            .map(|hit| Meta::from([("id", hit.id.into()), ("name", hit.title.into()), ("gicon", ICON.into())]))
            .collect()
    }

    #[allow(unused_variables)] // the names are the contract's
    fn activate_result(&self, identifier: &str, terms: Vec<String>, timestamp: u32) -> Result<(), Error> {
        self.backend.activate(identifier)
    }

    #[allow(unused_variables)] // the names are the contract's
    fn launch_search(&self, terms: Vec<String>, timestamp: u32) -> Result<(), Error> {
        self.backend.open_picker()
    }
}
