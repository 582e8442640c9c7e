//! Is the vault absent, locked, unlocked or unusable, since when and why: the only owner of an open vault.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::vault::{Look, Unusable, Vault};

use crate::lock_triggers::Trigger;

/// Where the vault stands.
#[derive(Debug)]
pub enum Phase {
    /// There is none yet.
    Absent,
    /// It is there, and no key is in memory.
    Locked,
    /// It is open.
    Unlocked(Box<Vault>),
    /// It is there, and can't be used; nothing of it is changed.
    Unusable(Unusable),
}

/// Why the vault is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The daemon has just begun.
    Start,
    /// Somebody asked for it.
    ByHand,
    /// Something else locked it.
    Trigger(Trigger),
    /// A passphrase or recovery key was given.
    Opened,
    /// The login keyring opened it.
    Keyring,
    /// What lies on disk can't be used.
    Disk,
    /// A vault was put where there was none, as a backup is.
    Found,
}

impl Why {
    /// Returns the stable word for it.
    pub fn id(self) -> &'static str {
        match self {
            // To programs the two are one: no vault has been open yet.
            Self::Start | Self::Found => "start",
            Self::ByHand => "by-hand",
            Self::Trigger(Trigger::Idle) => "idle",
            Self::Trigger(Trigger::Session) => "session",
            Self::Trigger(Trigger::Sleep) => "sleep",
            Self::Trigger(Trigger::ScreenSaver) => "screen-saver",
            Self::Opened => "opened",
            Self::Keyring => "keyring",
            Self::Disk => "disk",
        }
    }

    /// Returns it in English.
    pub fn text(self) -> &'static str {
        match self {
            Self::Start => "the daemon has just been started",
            Self::ByHand => "it was asked for",
            Self::Trigger(Trigger::Idle) => "nothing was asked for some time",
            Self::Trigger(Trigger::Session) => "the session was locked",
            Self::Trigger(Trigger::Sleep) => "the machine went to sleep",
            Self::Trigger(Trigger::ScreenSaver) => "the screen saver came on",
            Self::Opened => "the passphrase or recovery key was given",
            Self::Keyring => "the login keyring opened it",
            Self::Disk => "what lies on disk can't be used",
            Self::Found => "it was put there",
        }
    }
}

/// The state, and when and why it began.
#[derive(Debug)]
pub struct VaultState {
    phase: Phase,
    why: Why,
    since: u64,
    epoch: u64,
}

impl VaultState {
    /// Takes what a look at the disk gave.
    pub fn new(look: Look) -> Self {
        let (phase, why) = match look {
            Look::Absent => (Phase::Absent, Why::Start),
            Look::Present => (Phase::Locked, Why::Start),
            Look::Unusable(what) => (Phase::Unusable(what), Why::Disk),
        };
        Self { phase, why, since: now(), epoch: 0 }
    }

    /// Looks at the disk where there was no vault, and says whether there is one now. Half a copy of one is none yet.
    pub fn look_again(&mut self, look: impl FnOnce() -> Look) -> bool {
        let found = matches!(self.phase, Phase::Absent) && matches!(look(), Look::Present);
        if found {
            // Of the same epoch: whoever has just made that vault goes on to open it.
            (self.phase, self.why, self.since) = (Phase::Locked, Why::Found, now());
        }
        found
    }

    /// Returns where the vault stands.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns the open vault.
    pub fn vault(&self) -> Option<&Vault> {
        match &self.phase {
            Phase::Unlocked(vault) => Some(vault),
            _ => None,
        }
    }

    /// Returns the open vault, to change it.
    pub fn vault_mut(&mut self) -> Option<&mut Vault> {
        match &mut self.phase {
            Phase::Unlocked(vault) => Some(vault),
            _ => None,
        }
    }

    /// Opens.
    pub fn unlocked(&mut self, vault: Vault, why: Why) {
        self.enter(Phase::Unlocked(Box::new(vault)), why);
    }

    /// Locks; a vault that is open is dropped, which wipes it. Says whether it was open.
    pub fn lock(&mut self, why: Why) -> bool {
        match self.phase {
            Phase::Unlocked(_) => {
                self.enter(Phase::Locked, why);
                true
            }
            Phase::Locked => {
                // A lock by hand forbids the keyring, also when something else locked before.
                if why == Why::ByHand {
                    self.why = why;
                }
                // A key that is being derived just now does not open it any more.
                self.epoch += 1;
                false
            }
            Phase::Absent | Phase::Unusable(_) => {
                // A vault that is being made or restored just now is not opened by that.
                self.epoch += 1;
                false
            }
        }
    }

    /// A vault that can be used was written while something locked: it is locked, and as if by hand, so that no keyring
    /// opens it unasked.
    pub fn written_while_locked(&mut self) {
        self.enter(Phase::Locked, Why::ByHand);
    }

    /// What lies on disk turned out to be of no use.
    pub fn unusable(&mut self, what: Unusable) {
        self.enter(Phase::Unusable(what), Why::Disk);
    }

    /// Returns the word for the phase.
    pub fn name(&self) -> &'static str {
        match self.phase {
            Phase::Absent => "absent",
            Phase::Locked => "locked",
            Phase::Unlocked(_) => "unlocked",
            Phase::Unusable(_) => "unusable",
        }
    }

    /// Returns why it began.
    pub fn why(&self) -> Why {
        self.why
    }

    /// Returns when it began, Unix seconds.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// Returns a number that counts up with every change of phase: an answer made in an earlier epoch is not sent.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    fn enter(&mut self, phase: Phase, why: Why) {
        self.phase = phase;
        self.why = why;
        self.since = now();
        self.epoch += 1;
    }
}

/// Returns the Unix time in seconds; 0 for a clock before 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
