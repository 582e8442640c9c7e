//! Argon2 without threads, by the names that the crate `keepass` calls it.
//!
//! The crate that it calls by itself starts a thread for each lane, whatever it is asked for, and a worker that is shut in
//! can start none: every database of more than one lane, which is every one that `KeePassXC` makes, would end it.

/// What is derived, and at what price.
#[derive(Debug, Clone)]
pub struct Config<'a> {
    /// Data that goes in beside the password.
    pub ad: &'a [u8],
    /// Bytes of the result.
    pub hash_length: u32,
    /// Parts of the memory that do not wait for each other.
    pub lanes: u32,
    /// Memory in KiB.
    pub mem_cost: u32,
    /// A key that goes in beside the password.
    pub secret: &'a [u8],
    /// What the caller would like; there is one thread.
    pub thread_mode: ThreadMode,
    /// Passes over the memory.
    pub time_cost: u32,
    /// Which of the three.
    pub variant: Variant,
    /// Which of the two.
    pub version: Version,
}

/// How many threads a caller would like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadMode {
    /// One.
    Sequential,
    /// One for each lane.
    Parallel,
}

/// The three Argon2s of RFC 9106 §1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Argon2d.
    Argon2d,
    /// Argon2i.
    Argon2i,
    /// Argon2id.
    Argon2id,
}

/// The two versions that are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 1.0.
    Version10 = 0x10,
    /// 1.3, that of RFC 9106.
    Version13 = 0x13,
}

/// The parameters can't be, or ask for what is not done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameters of Argon2 can't be")]
pub struct Error;

/// Derives a key.
///
/// # Errors
/// [`Error`] for parameters out of their ranges, and for associated data, which no database has.
pub fn hash_raw(password: &[u8], salt: &[u8], config: &Config<'_>) -> Result<Vec<u8>, Error> {
    let variant = match config.variant {
        Variant::Argon2d => derivation::Algorithm::Argon2d,
        Variant::Argon2i => derivation::Algorithm::Argon2i,
        Variant::Argon2id => derivation::Algorithm::Argon2id,
    };
    let version = match config.version {
        Version::Version10 => derivation::Version::V0x10,
        Version::Version13 => derivation::Version::V0x13,
    };
    if !config.ad.is_empty() {
        return Err(Error);
    }
    let mut key = vec![0; config.hash_length as usize];
    let parameters = derivation::Params::new(config.mem_cost, config.time_cost, config.lanes, Some(key.len()));
    let parameters = parameters.map_err(|_| Error)?;
    derivation::Argon2::new_with_secret(config.secret, variant, version, parameters)
        .and_then(|argon2| argon2.hash_password_into(password, salt, &mut key))
        .map_err(|_| Error)?;
    Ok(key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(variant: Variant, lanes: u32, ad: &[u8]) -> Config<'_> {
        Config {
            ad,
            hash_length: 32,
            lanes,
            mem_cost: 32,
            secret: &[],
            thread_mode: ThreadMode::Parallel,
            time_cost: 3,
            variant,
            version: Version::Version13,
        }
    }

    #[test]
    fn four_lanes_give_the_keys_of_the_reference_implementation() {
        for (variant, key) in [
            (Variant::Argon2d, "9e34c31a47866ce0c30a90c69dd21022d5329a3b75f9c513722dd2541fe93a1a"),
            (Variant::Argon2i, "a9a7510e6db4d588ba3414cd0e094d480d683f97b9ccb612a544fe8ef65ba8e0"),
            (Variant::Argon2id, "03aab965c12001c9d7d0d2de33192c0494b684bb148196d73c1df1acaf6d0c2e"),
        ] {
            let derived = hash_raw(&[1; 32], &[2; 16], &config(variant, 4, &[])).unwrap();
            let key: Vec<u8> =
                (0..key.len()).step_by(2).map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap()).collect();
            assert_eq!(derived, key, "{variant:?}");
        }
    }

    #[test]
    fn what_cannot_be_or_is_not_done_is_refused() {
        assert_eq!(hash_raw(b"p", &[0; 32], &config(Variant::Argon2d, 0, &[])), Err(Error));
        assert_eq!(hash_raw(b"p", &[0; 32], &config(Variant::Argon2d, 4, &[4; 12])), Err(Error));
    }
}
