//! Secrets on standard input, and never as an argument.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    os::fd::AsFd,
};

use zeroize::Zeroizing;

use crate::{error::Error, output};

/// Lets nothing pass as an argument but `-`.
pub(crate) fn only_dash(argument: Option<&str>) -> Result<(), Error> {
    match argument {
        None | Some("-") => Ok(()),
        Some(_) => Err(Error::Usage(
            "a secret or URI can't be given as an argument, where `ps` and the shell's history show it: type it when \
             asked, or pipe it in"
                .into(),
        )),
    }
}

/// Reads standard input to its end.
///
/// # Errors
/// Nothing, more than 64 KiB, and what is no UTF-8 are refused.
pub(crate) fn all(what: &str) -> Result<Zeroizing<String>, Error> {
    if io::stdin().is_terminal() {
        output::say(&format!("Type {what}, then Enter and Ctrl-D:"));
    }
    read(stdin()?, what)
}

/// Returns standard input; not by way of `stdin().lock()`, whose buffer nobody wipes.
pub(crate) fn stdin() -> Result<File, Error> {
    let input = io::stdin().as_fd().try_clone_to_owned().map_err(Error::io("standard input can't be read"))?;
    Ok(input.into())
}

fn read(from: impl Read, what: &str) -> Result<Zeroizing<String>, Error> {
    // Room for all of it and one byte more, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX + 1));
    from.take(MAX as u64 + 1).read_to_end(&mut bytes).map_err(Error::io("standard input can't be read"))?;
    if bytes.len() > MAX {
        return Err(Error::Usage(format!("more than {} KiB on standard input", MAX >> 10)));
    }
    let text = str::from_utf8(&bytes).map_err(|_| Error::Usage("standard input is no text".into()))?;
    if text.trim().is_empty() {
        let empty = io::Error::new(io::ErrorKind::UnexpectedEof, format!("it is empty: pipe in {what}"));
        return Err(Error::io("standard input")(empty));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// The most that is read.
const MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_an_argument() {
        assert!(only_dash(None).is_ok() && only_dash(Some("-")).is_ok());
        for argument in ["otpauth://totp/a?secret=AAAA", "AAAA", ""] {
            let error = only_dash(Some(argument)).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(argument.is_empty() || !error.to_string().contains(argument), "the error repeats the secret");
        }
    }

    #[test]
    fn only_a_text_of_reasonable_length_is_read() {
        let read = |from: &mut dyn Read| read(from, "a URI");
        assert_eq!(read(&mut &b"otpauth://x\n"[..]).unwrap().as_str(), "otpauth://x\n");
        assert!(read(&mut &b"\xff"[..]).is_err());
        assert!(read(&mut &b" \n"[..]).unwrap_err().to_string().ends_with("it is empty: pipe in a URI"));
        assert!(read(&mut io::repeat(b'a').take(MAX as u64 + 1)).is_err());
        assert!(read(&mut io::repeat(b'a').take(MAX as u64)).is_ok());
    }
}
