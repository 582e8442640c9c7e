//! Landlock: no file, no TCP, no abstract socket, no signal to a process outside, as far as the kernel's version of it goes.
//!
//! Behind the list of system calls it is the second wall; where that one is missing, the only one.

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

/// Shuts everything that Landlock knows to shut; returns its version, `None` where the kernel has none.
pub(crate) fn shut() -> Result<Option<u32>, RulesetError> {
    // No rule follows: what is handled is refused. What a kernel does not know yet is left out of the set.
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => Some(effective_abi as u32),
        _ => None,
    })
}

/// The newest version whose rights are handled: a refusal more can't break what opens nothing.
const NEWEST: ABI = ABI::V10;
