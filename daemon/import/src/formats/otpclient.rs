//! `OTPClient` (Linux): its encrypted database, of the versions 1 to 3.
//!
//! The traps: version 1 has no mark at all; version 2 is a structure as it lay in memory, with a gap of three bytes and numbers
//! the other way round than in version 3; and of passwords that are not ASCII, old programs hashed as many *bytes* as there are
//! characters.

use countersign_core::{secret::SecretText, vault::Portable};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Key},
    file::File,
    import::{Import, ImportError},
    json::{self, called, count, maybe, text, word},
    keys,
};

/// The format.
pub(super) struct OtpClient;

impl Format for OtpClient {
    fn name(&self) -> &'static str {
        "otpclient"
    }

    fn title(&self) -> &'static str {
        "OTPClient"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "Its database: the .enc file whose place otpclient --show-config or the settings tell",
            "Its password is asked for",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        match file.bytes().starts_with(NAME) {
            true => Confidence::Sure,
            false if file.is_unmarked() && file.bytes().len() > FIRST.length + TAG => Confidence::Perhaps,
            false => Confidence::No,
        }
    }

    fn read(&self, file: &File, passphrase: Option<&SecretText>) -> Result<Import, ImportError> {
        let bytes = file.bytes();
        let header = header(bytes)?;
        if bytes.len() <= header.layout.length + TAG {
            return Err(ImportError::damaged("it ends too early"));
        }
        let json = decrypt(bytes, &header, keys::needed(passphrase)?)?;
        let tokens = json::parse_list(&json)?;
        let mut import = Import::default();
        for token in &tokens {
            import.take(called(token, &["issuer", "label"]), account(token));
        }
        Ok(import)
    }
}

/// Where things are in a header: nonce, salt behind it, and the whole length. All of it is authenticated.
struct Layout {
    nonce: usize,
    length: usize,
}

struct Header {
    layout: Layout,
    /// Rounds, memory in KiB and lanes of Argon2id; PBKDF2 where there are none.
    costs: Option<[u32; 3]>,
}

fn header(bytes: &[u8]) -> Result<Header, ImportError> {
    if !bytes.starts_with(NAME) {
        return Ok(Header { layout: FIRST, costs: None });
    }
    let at = |place: usize| {
        let four = bytes.get(place..place + 4).and_then(|bytes| bytes.try_into().ok());
        four.ok_or_else(|| ImportError::damaged("it ends too early"))
    };
    let (layout, read): (Layout, fn([u8; 4]) -> u32) = match u32::from_be_bytes(at(NAME.len())?) {
        // The number of version 2 lies behind the gap, and only its beginning is seen here.
        0..=2 => (SECOND, u32::from_le_bytes),
        3 => (THIRD, u32::from_be_bytes),
        other => return Err(ImportError::Newer(format!("OTPClient database {other}"))),
    };
    let costs = layout.length - 12;
    let costs = [read(at(costs)?), read(at(costs + 4)?), read(at(costs + 8)?)];
    let [rounds, memory, lanes] = costs;
    if !(1..=64).contains(&rounds) || !(8192..=1 << 20).contains(&memory) || !(1..=16).contains(&lanes) {
        return Err(ImportError::damaged("the parameters of its key derivation are none that OTPClient takes"));
    }
    Ok(Header { layout, costs: Some(costs) })
}

fn decrypt(bytes: &[u8], header: &Header, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let characters = str::from_utf8(passphrase).map_or(passphrase.len(), |text| text.chars().count());
    // As it is hashed now, and as it was.
    let whole = (header.costs.is_some() || characters == passphrase.len()).then_some(passphrase);
    let cut = (characters < passphrase.len()).then(|| &passphrase[..characters]);
    for passphrase in whole.into_iter().chain(cut) {
        if let Some(json) = open(bytes, header, passphrase)? {
            return Ok(json);
        }
    }
    Err(ImportError::WrongPassphrase)
}

fn open(bytes: &[u8], header: &Header, passphrase: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, ImportError> {
    let (head, sealed) = bytes.split_at(header.layout.length);
    let (nonce, rest) = head[header.layout.nonce..].split_at(NONCE);
    let salt = &rest[..SALT];
    let key = match header.costs {
        Some([rounds, memory, lanes]) => keys::argon2id(passphrase, salt, memory, rounds, lanes)?,
        None => keys::pbkdf2(keys::Hash::Sha512, passphrase, salt, 100_000),
    };
    let nonce = nonce.try_into().expect("the nonce has its length");
    Ok(keys::open_gcm_long(&key, nonce, sealed, head))
}

fn account(token: &Value) -> Result<Portable, String> {
    let issuer = text(token, "issuer");
    // It has no type of its own for Steam, and goes by the name.
    let is_steam = issuer.eq_ignore_ascii_case("steam");
    let fields = Fields {
        kind: if is_steam { "steam" } else { text(token, "type") },
        key: Key::Base32(text(token, "secret")),
        issuer,
        name: text(token, "label"),
        algorithm: word(token, "algo"),
        digits: count(token, "digits"),
        period: count(token, "period"),
        counter: count(token, "counter"),
        pin: None,
    };
    let tags = maybe(token, "group").map(str::to_owned).into_iter().collect();
    Ok(Portable { tags, ..fields.account()? })
}

const NAME: &[u8] = b"OTPClient";
const NONCE: usize = 16;
const SALT: usize = 32;
const TAG: usize = 16;
const FIRST: Layout = Layout { nonce: 0, length: NONCE + SALT };
const SECOND: Layout = Layout { nonce: 16, length: 16 + NONCE + SALT + 12 };
const THIRD: Layout = Layout { nonce: 13, length: 13 + NONCE + SALT + 12 };
