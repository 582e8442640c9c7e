//! `code NAME` without a runtime and before the argument parser: one write, one answer read.
//!
//! Scripts and status bars ask for codes often. Whatever is not the plain case (a flag, no daemon, an error) is left to
//! the ordinary client, which asks again and says what is wrong.

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use countersign_api::{BUS_NAME, PATH, connect};
use zbus::{
    message::{Header, Message, Type},
    zvariant::{
        LE,
        serialized::{Context, Data},
    },
};

type Unusual = Box<dyn std::error::Error>;

/// Returns the code that this command line asks for, or `None` where the ordinary client has to see to it.
pub(crate) fn code() -> Option<String> {
    // For a person the ordinary client also says how long the code lives.
    if io::stdout().is_terminal() {
        return None;
    }
    ask(&account(env::args_os().skip(1))?).ok().flatten()
}

/// Returns NAME of `code NAME`.
fn account(arguments: impl Iterator<Item = OsString>) -> Option<String> {
    let arguments: Vec<OsString> = arguments.take(3).collect();
    let [command, name] = arguments.as_slice() else { return None };
    let name = name.to_str()?;
    let plain = WORDS.contains(&command.to_str()?) && !name.is_empty() && !name.starts_with('-');
    plain.then(|| name.to_owned())
}

fn ask(account: &str) -> Result<Option<String>, Unusual> {
    let call = Message::method_call(PATH, "Code")?
        .interface("org.countersign.Accounts1")?
        .destination(BUS_NAME)?
        .build(&account)?;
    let mut stream = UnixStream::connect(connect::private_socket()?)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let user: Vec<String> = connect::own_uid()?.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let user = user.concat();
    let mut out = format!("\0AUTH EXTERNAL {user}\r\nBEGIN\r\n").into_bytes();
    out.extend_from_slice(call.data());
    stream.write_all(&out)?;
    let reply = read_reply(&mut stream)?;
    decode(&reply, call.primary_header().serial_num().get())
}

/// Reads the handshake's answer and the first message behind it.
fn read_reply(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut read = Vec::with_capacity(4096);
    let mut chunk = [0_u8; 1024];
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&chunk[..count]);
        if let Some(end) = read.windows(2).position(|pair| pair == b"\r\n") {
            if !read.starts_with(b"OK ") {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let message = &read[end + 2..];
            if let Some((_, length)) = frame(message)
                && message.len() >= length
            {
                return Ok(message[..length].to_vec());
            }
        }
        if read.len() > LONGEST_REPLY {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// Returns where the body begins and the whole length of the little-endian message that begins here.
///
/// `None` until its fixed head is there (D-Bus Specification, "Message Format").
fn frame(message: &[u8]) -> Option<(usize, usize)> {
    let head = message.get(..16).filter(|head| head[0] == b'l')?;
    let number = |at: usize| Some(u32::from_le_bytes(head[at..at + 4].try_into().ok()?) as usize);
    let body = 16 + number(12)?.checked_next_multiple_of(8)?;
    Some((body, body.checked_add(number(4)?)?))
}

/// Returns the code in an answer to this call; `None` for an error or any other message.
fn decode(reply: &[u8], serial: u32) -> Result<Option<String>, Unusual> {
    let (body, _) = frame(reply).ok_or("short reply")?;
    let data = Data::new(reply, Context::new_dbus(LE, 0));
    let (header, _): (Header<'_>, usize) = data.deserialize()?;
    let ours = header.reply_serial().map(std::num::NonZero::get) == Some(serial);
    if header.message_type() != Type::MethodReturn || !ours || header.signature() != "s" {
        return Ok(None);
    }
    let data = Data::new(reply.get(body..).ok_or("short reply")?, Context::new_dbus(LE, 0));
    let (code, _): (String, usize) = data.deserialize()?;
    Ok(Some(code))
}

/// The command and its aliases.
const WORDS: [&str; 4] = ["code", "otp", "totp", "get"];
/// How long an answer may take before the ordinary client tries.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REPLY: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Message {
        Message::method_call(PATH, "Code").unwrap().build(&"github").unwrap()
    }

    fn serial(call: &Message) -> u32 {
        call.primary_header().serial_num().get()
    }

    #[test]
    fn the_plain_command_line_is_taken_and_no_other() {
        let of = |words: &[&str]| account(words.iter().map(OsString::from));
        for word in WORDS {
            assert_eq!(of(&[word, "git hub"]).as_deref(), Some("git hub"));
        }
        for other in
            [&["code"][..], &["code", "a", "b"], &["code", "-c"], &["code", ""], &["list", "a"], &["--json", "x"]]
        {
            assert_eq!(of(other), None, "{other:?}");
        }
    }

    #[test]
    fn an_answer_is_read_however_it_is_cut() {
        let call = call();
        let answer = Message::method_return(&call.header()).unwrap().build(&"123456").unwrap();
        let mut bytes = b"OK 0123456789abcdef0123456789abcdef\r\n".to_vec();
        bytes.extend_from_slice(answer.data());
        bytes.extend_from_slice(b"what belongs to the next message");
        for size in [1, 7, 16, 40, bytes.len()] {
            let mut parts = Cut { bytes: &bytes, size };
            let reply = read_reply(&mut parts).unwrap();
            assert_eq!(decode(&reply, serial(&call)).unwrap().as_deref(), Some("123456"));
        }
    }

    #[test]
    fn what_is_no_plain_answer_is_left_to_the_ordinary_client() {
        let call = call();
        let error = Message::error(&call.header(), "org.countersign.Error.Locked").unwrap().build(&"locked").unwrap();
        assert_eq!(decode(error.data(), serial(&call)).unwrap(), None);
        let number = Message::method_return(&call.header()).unwrap().build(&5_u32).unwrap();
        assert_eq!(decode(number.data(), serial(&call)).unwrap(), None);
        let answer = Message::method_return(&call.header()).unwrap().build(&"123456").unwrap();
        assert_eq!(decode(answer.data(), serial(&call) + 1).unwrap(), None);
    }

    #[test]
    fn nonsense_is_an_error_and_no_panic() {
        for bytes in [&b"REJECTED EXTERNAL\r\n"[..], b"", b"OK x\r\nB", b"OK x\r\nl\x02\0\x01\xff\xff\xff\xff"] {
            assert!(read_reply(&mut &bytes[..]).is_err());
        }
        let mut huge = b"OK x\r\nl\x02\0\x01".to_vec();
        huge.extend_from_slice(&[0xff; 12]);
        huge.resize(LONGEST_REPLY + 4096, 0);
        assert!(read_reply(&mut huge.as_slice()).is_err());
        for length in 0..40 {
            let bytes = vec![b'l'; length];
            assert!(decode(&bytes, 1).map_or(true, |code| code.is_none()));
        }
    }

    /// Hands bytes out in parts.
    struct Cut<'a> {
        bytes: &'a [u8],
        size: usize,
    }

    impl Read for Cut<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.size.min(self.bytes.len()).min(into.len());
            into[..count].copy_from_slice(&self.bytes[..count]);
            self.bytes = &self.bytes[count..];
            Ok(count)
        }
    }
}
