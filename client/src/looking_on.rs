//! Whether the desktop asks the person while a scan looks on, as the program that captures says of this session.

use std::{process::Stdio, time::Duration};

use countersign_api::connect::program;
use serde::Deserialize;
use tokio::process::Command;

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct LookingOn {
    known: Option<Asks>,
}

/// How often the person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Asks {
    Never,
    Once,
    Each,
}

impl LookingOn {
    /// Finds out, before a look, until it is settled; returns what the person should know now.
    pub(crate) async fn learn(&mut self) -> Option<String> {
        if !matches!(self.known, None | Some(Asks::Once)) {
            return None;
        }
        let (asks, sentence) = examine().await.map_or((Asks::Never, None), |told| (told.asks, told.sentence()));
        let is_news = self.known != Some(asks);
        self.known = Some(asks);
        sentence.filter(|_| is_news)
    }

    /// Whether the person is asked at each look: they should have time between two.
    pub(crate) fn asks_each_time(&self) -> bool {
        self.known == Some(Asks::Each)
    }
}

/// The part of a diagnosis that is about it.
#[derive(Debug, Deserialize)]
struct Told {
    asks: Asks,
    told: String,
}

impl Told {
    fn sentence(&self) -> Option<String> {
        let Self { asks, told } = self;
        match asks {
            Asks::Never => None,
            Asks::Once => Some(
                "The desktop asks once which screens to look at; let it remember the choice, and no later look asks."
                    .into(),
            ),
            Asks::Each => Some(format!(
                "Each look asks you anew here ({told}), so there are {} s between two; a no ends the search. More about \
                 it: countersign doctor capture",
                PAUSE.as_secs()
            )),
        }
    }
}

/// Asks the program that captures, in the environment that the daemon gives it with each scan.
async fn examine() -> Option<Told> {
    #[derive(Deserialize)]
    struct Diagnosis {
        looking_on: Option<Told>,
    }
    let mut worker = Command::new(program("countersign-scan")?);
    worker.args(["--doctor", "--json"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let written = worker.output().await.ok()?.stdout;
    serde_json::from_slice::<Diagnosis>(&written).ok()?.looking_on
}

/// The time between two looks where each asks.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(asks: &str) -> Option<String> {
        serde_json::from_str::<Told>(&format!(r#"{{"asks":"{asks}","told":"why"}}"#)).unwrap().sentence()
    }

    #[test]
    fn only_what_asks_is_said() {
        assert_eq!(sentence("never"), None);
        assert!(sentence("once").unwrap().contains("asks once"));
        let each = sentence("each").unwrap();
        assert!(each.contains("Each look asks") && each.contains("(why)") && each.contains("10 s between"), "{each}");
    }
}
