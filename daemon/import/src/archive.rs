//! Zip archives: members of them, plain or with a password, of a bounded size altogether.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use countersign_core::secret::SecretText;
use zip::{ZipArchive, result::ZipError};

use crate::{file::File, import::ImportError, keys};

/// An archive.
pub struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// How many bytes may still be unpacked.
    room: u64,
}

impl<'a> Archive<'a> {
    /// Opens one; `None` where the file is none.
    pub fn open(file: &'a File) -> Option<Self> {
        if !file.bytes().starts_with(b"PK") {
            return None;
        }
        Some(Self { zip: ZipArchive::new(Cursor::new(file.bytes())).ok()?, room: MAX_UNPACKED })
    }

    /// Returns the names of its files.
    pub fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().filter_map(Result::ok);
        names.filter(|name| !name.ends_with('/')).map(Cow::into_owned).collect()
    }

    /// Returns the name of the first file for which this holds.
    pub fn find(&self, fits: impl Fn(&str) -> bool) -> Option<String> {
        self.names().into_iter().find(|name| fits(name))
    }

    /// Unpacks one file, which may need a password.
    ///
    /// # Errors
    /// [`ImportError::PassphraseNeeded`], [`ImportError::WrongPassphrase`], [`ImportError::TooLarge`] where all that was unpacked
    /// is more than 64 MiB, or this is packed as tightly as only bombs are.
    pub fn unpack(&mut self, name: &str, passphrase: Option<&SecretText>) -> Result<Vec<u8>, ImportError> {
        let index = self.zip.index_for_name(name).ok_or_else(|| ImportError::damaged("a file in it is missing"))?;
        let is_locked = self.zip.by_index_raw(index).map_err(|_| damaged())?.encrypted();
        let member = if is_locked {
            self.zip.by_index_decrypt(index, keys::needed(passphrase)?)
        } else {
            self.zip.by_index(index)
        };
        let mut member = member.map_err(|error| match error {
            ZipError::InvalidPassword => ImportError::WrongPassphrase,
            _ => damaged(),
        })?;
        let mut bytes = Vec::new();
        let read = (&mut member).take(self.room + 1).read_to_end(&mut bytes);
        self.room = self
            .room
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| ImportError::TooLarge(format!("more than {} MiB unpacked", MAX_UNPACKED >> 20)))?;
        if bytes.len() as u64 > MIN_OF_BOMBS.max(member.compressed_size().saturating_mul(MAX_RATIO)) {
            return Err(ImportError::TooLarge(format!("packed to less than a {MAX_RATIO}th, as only bombs are")));
        }
        match read {
            Ok(_) => Ok(bytes),
            // An old zip knows its password by one byte: a wrong one comes that far in one case of 256.
            Err(_) if is_locked => Err(ImportError::WrongPassphrase),
            Err(_) => Err(damaged()),
        }
    }
}

fn damaged() -> ImportError {
    ImportError::damaged("its archive")
}

/// Exports come to a twentieth of their size, repetitive as they are.
const MAX_RATIO: u64 = 200;
/// Small files may be packed as tightly as they like.
const MIN_OF_BOMBS: u64 = 1 << 20;
const MAX_UNPACKED: u64 = 64 << 20;
