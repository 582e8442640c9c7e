//! Dictionaries with known keys: `a{sv}` on the wire, structs in the code.
//!
//! `options!` makes the dictionary at the end of a method's arguments: every key optional, an unknown one refused by name.
//! `record!` makes one that is answered: every key has a value, unknown ones are ignored, so that later daemons may add some.

use std::collections::HashMap;

use zbus::zvariant::{OwnedValue, Value};

use crate::Error;

/// A dictionary as it travels.
pub type Dict = HashMap<String, OwnedValue>;

/// Puts a value into a dictionary.
pub(crate) fn put<'a>(dict: &mut Dict, key: &str, value: impl Into<Value<'a>>) {
    let owned =
        value.into().try_into_owned().expect("only file descriptors fail to be copied, and none is in a record");
    dict.insert(key.to_owned(), owned);
}

/// Takes an option out of a dictionary.
pub(crate) fn take_option<T: TryFrom<OwnedValue>>(dict: &mut Dict, key: &str) -> Result<Option<T>, Error> {
    let Some(value) = dict.remove(key) else { return Ok(None) };
    let signature = value.value_signature().to_string();
    let wrong = |_| Error::InvalidOption(format!("the option {key:?} can't be of type {signature}"));
    T::try_from(value).map(Some).map_err(wrong)
}

/// Refuses what is left of the options.
pub(crate) fn refuse_unknown(dict: &Dict) -> Result<(), Error> {
    match dict.keys().min() {
        None => Ok(()),
        Some(key) => {
            let shown: String = key.chars().take(40).flat_map(char::escape_debug).collect();
            Err(Error::InvalidOption(format!("there is no option \"{shown}\" here")))
        }
    }
}

macro_rules! options {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name { $($(#[$doc])* pub $field: Option<$type>,)* }

        impl From<$name> for $crate::Dict {
            #[allow(unused_mut, unused_variables)] // `NoOptions` has no key
            fn from(options: $name) -> Self {
                let mut dict = Self::new();
                $(if let Some(value) = options.$field { $crate::dict::put(&mut dict, stringify!($field), value); })*
                dict
            }
        }

        impl TryFrom<$crate::Dict> for $name {
            type Error = $crate::Error;

            #[allow(unused_mut)] // `NoOptions` has no key
            fn try_from(mut dict: $crate::Dict) -> Result<Self, $crate::Error> {
                let options = Self { $($field: $crate::dict::take_option(&mut dict, stringify!($field))?,)* };
                $crate::dict::refuse_unknown(&dict)?;
                Ok(options)
            }
        }
    };
}

macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl From<$name> for $crate::Dict {
            fn from(record: $name) -> Self {
                let mut dict = Self::new();
                $($crate::dict::put(&mut dict, stringify!($field), record.$field);)*
                dict
            }
        }

        impl From<$crate::Dict> for $name {
            fn from(mut dict: $crate::Dict) -> Self {
                Self { $($field: $crate::dict::take_option(&mut dict, stringify!($field)).ok().flatten().unwrap_or_default(),)* }
            }
        }
    };
}

pub(crate) use {options, record};
