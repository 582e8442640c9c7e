//! Whether the desktop asks the person while a scan looks on, as the program that captures says of this session.

use std::{process::Stdio, time::Duration};

use countersign_api::connect::program;
use serde::Deserialize;
use tokio::{process::Command, time::timeout};

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct LookingOn {
    known: Option<Asks>,
    is_settled: bool,
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
    /// Finds out, before a look, unless it is settled; returns what the person should know now.
    pub(crate) async fn learn(&mut self) -> Option<String> {
        if self.is_settled {
            return None;
        }
        self.is_settled = true;
        self.note(examine().await)
    }

    fn note(&mut self, told: Option<Told>) -> Option<String> {
        let told = match told? {
            // They have answered, and would be asked again.
            Told { asks: Asks::Once, .. } if self.known == Some(Asks::Once) => {
                Told { asks: Asks::Each, told: "what was chosen could not be written down".into() }
            }
            told => told,
        };
        self.known = Some(told.asks);
        told.sentence()
    }

    /// Says that a look was taken: what is asked once has its answer, and only now it shows whether that is remembered.
    pub(crate) fn looked(&mut self) {
        self.is_settled &= self.known != Some(Asks::Once);
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
    // No camera's light goes on at a look at the screens.
    worker.args(["--doctor", "--screens", "--json"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let written = timeout(LIMIT, worker.output()).await.ok()?.ok()?.stdout;
    serde_json::from_slice::<Diagnosis>(&written).ok()?.looking_on
}

/// How long the search waits to learn it: nothing is said of a portal that takes longer to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The time between two looks where each asks.
pub(crate) const PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(asks: &str) -> Option<String> {
        serde_json::from_str::<Told>(&format!(r#"{{"asks":"{asks}","told":"why"}}"#)).unwrap().sentence()
    }

    #[test]
    fn what_is_asked_once_is_looked_into_again_when_it_was_answered() {
        let told = |asks| Some(Told { asks, told: "why".into() });
        let mut looking_on = LookingOn { known: None, is_settled: true };
        assert!(looking_on.note(told(Asks::Once)).unwrap().contains("asks once"));
        assert!(looking_on.is_settled, "a look that was refused changes nothing");
        looking_on.looked();
        assert!(!looking_on.is_settled);
        looking_on.is_settled = true;
        assert!(looking_on.note(told(Asks::Once)).unwrap().contains("could not be written down"));
        looking_on.looked();
        assert!(looking_on.is_settled && looking_on.asks_each_time());
    }

    #[test]
    fn only_what_asks_is_said() {
        assert_eq!(sentence("never"), None);
        assert!(sentence("once").unwrap().contains("asks once"));
        let each = sentence("each").unwrap();
        assert!(each.contains("Each look asks") && each.contains("(why)") && each.contains("10 s between"), "{each}");
    }
}
