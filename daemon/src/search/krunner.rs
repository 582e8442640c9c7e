//! The search box of KDE Plasma, `KRunner`: `org.kde.krunner1`.

use std::collections::HashMap;

use countersign_api::Error;
use zbus::{interface, zvariant::Value};

use super::{Hit, ICON, SearchBackend, words::SHORTEST};

/// The service object of the interface.
pub struct Runner<B> {
    /// Who does the work.
    pub backend: B,
}

/// Id, text, icon, type, relevance, properties. The properties stay empty: `subtext` is where others put codes.
type Match = (String, String, &'static str, u32, f64, Properties);
type Properties = HashMap<&'static str, Value<'static>>;

#[allow(clippy::unused_self)] // methods on the bus have one
#[interface(name = "org.kde.krunner1")]
impl<B: SearchBackend> Runner<B> {
    /// There is nothing to do with a result but to activate it.
    #[zbus(out_args("actions"))]
    fn actions(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }

    #[zbus(name = "Match", out_args("matches"))]
    async fn find(&self, query: &str) -> Result<Vec<Match>, Error> {
        let words: Vec<String> = query.split_whitespace().map(str::to_owned).collect();
        Ok(self.backend.search(&words).await?.into_iter().map(as_match).collect())
    }

    #[allow(unused_variables)] // the names are the contract's
    fn run(&self, match_id: &str, action_id: &str) -> Result<(), Error> {
        self.backend.activate(match_id)
    }

    /// Spares both sides queries that find nothing.
    #[zbus(out_args("config"))]
    fn config(&self) -> Properties {
        Properties::from([("MinLetterCount", Value::from(MIN_LETTERS))])
    }

    /// The person has closed it. The results end by themselves: another search box may be open.
    fn teardown(&self) {}
}

fn as_match(hit: Hit) -> Match {
    let kind = if hit.relevance >= 1.0 { EXACT } else { POSSIBLE };
    (hit.id, hit.title, ICON, kind, hit.relevance, Properties::new())
}

/// [`SHORTEST`], as it goes over the wire.
#[allow(clippy::cast_possible_wrap)] // it is a small number
const MIN_LETTERS: i32 = SHORTEST as i32;
/// `Plasma::QueryMatch::ExactMatch`, and `PossibleMatch`.
const EXACT: u32 = 100;
const POSSIBLE: u32 = 30;
