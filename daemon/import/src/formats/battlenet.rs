//! Battle.net Authenticator (Android): its shared preferences, which only a rooted phone gives.

use countersign_core::{secret::SecretText, vault::Portable};
use data_encoding::HEXLOWER_PERMISSIVE;

use super::{Confidence, Format};
use crate::{
    fields::{Fields, Given, Key},
    file::File,
    import::{Import, ImportError},
    prefs,
};

/// The format.
pub(super) struct BattleNet;

impl Format for BattleNet {
    fn name(&self) -> &'static str {
        "battlenet"
    }

    fn title(&self) -> &'static str {
        "Battle.net Authenticator"
    }

    fn steps(&self) -> &'static [&'static str] {
        &[
            "A rooted phone: /data/data/com.blizzard.messenger/shared_prefs/com.blizzard.messenger.authenticator_preferences.xml",
        ]
    }

    fn detect(&self, file: &File) -> Confidence {
        let text = file.text().unwrap_or_default();
        let is_ours = prefs::is_map(Some(text)) && (text.contains(SECRET) || text.contains(OLD));
        if is_ours { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let all = prefs::strings(file.bytes())?;
        let value = |name: &str| all.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let mut import = Import::default();
        if let Some(secret) = value(SECRET) {
            let serial = unmasked(value(SERIAL).unwrap_or_default()).unwrap_or_default();
            import.take("Battle.net", unmasked(secret).and_then(|key| account(&key, &serial)));
        }
        // The older app keeps key and serial number in one.
        if let Some(both) = value(OLD) {
            let both = unmasked(both).and_then(|text| {
                let (key, serial) = text.split_at_checked(KEY).ok_or("it is shorter than such a key is")?;
                account(key, serial)
            });
            import.take("Battle.net", both);
        }
        Ok(import)
    }
}

fn account(key: &str, serial: &str) -> Result<Portable, String> {
    let fields = Fields { kind: "totp", key: Key::Hex(key), issuer: "Battle.net", name: serial, ..Fields::default() };
    Fields { digits: Given::Is(8), ..fields }.account()
}

/// Takes the mask away that the app hides texts under.
fn unmasked(text: &str) -> Result<String, String> {
    let hidden = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| "it is not hexadecimal")?;
    if hidden.len() > MASK.len() {
        return Err("it is longer than such a key is".into());
    }
    let plain = hidden.iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
    String::from_utf8(plain).map_err(|_| "it can't be read".into())
}

const SECRET: &str = "com.blizzard.messenger.AUTHENTICATOR_DEVICE_SECRET";
const SERIAL: &str = "com.blizzard.messenger.AUTHENTICATOR_SERIAL";
const OLD: &str = "com.blizzard.bma.AUTH_STORE.HASH";
/// Characters of the key.
const KEY: usize = 40;
/// What the app hides them under.
const MASK: [u8; 57] = [
    0x39, 0x8e, 0x27, 0xfc, 0x50, 0x27, 0x6a, 0x65, 0x60, 0x65, 0xb0, 0xe5, 0x25, 0xf4, 0xc0, 0x6c, 0x04, 0xc6, 0x10,
    0x75, 0x28, 0x6b, 0x8e, 0x7a, 0xed, 0xa5, 0x9d, 0xa9, 0x81, 0x3b, 0x5d, 0xd6, 0xc8, 0x0d, 0x2f, 0xb3, 0x80, 0x68,
    0x77, 0x3f, 0xa5, 0x9b, 0xa4, 0x7c, 0x17, 0xca, 0x6c, 0x64, 0x79, 0x01, 0x5c, 0x1d, 0x5b, 0x8b, 0x8f, 0x6b, 0x9a,
];
