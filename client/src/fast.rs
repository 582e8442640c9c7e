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

use countersign_api::{PATH, connect};

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

fn ask(account: &str) -> io::Result<Option<String>> {
    let mut stream = UnixStream::connect(connect::private_socket()?)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let user: Vec<String> = connect::own_uid()?.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let user = user.concat();
    let mut out = format!("\0AUTH EXTERNAL {user}\r\nBEGIN\r\n").into_bytes();
    out.extend_from_slice(&call(account));
    stream.write_all(&out)?;
    Ok(decode(&read_reply(&mut stream)?))
}

/// Returns the call `Code(account)` as it goes over the wire (D-Bus Specification, "Message Protocol").
///
/// Written by hand: the library's way touches so many pages for the first time that it costs a tenth of the whole.
fn call(account: &str) -> Vec<u8> {
    let mut body = Vec::new();
    push_text(&mut body, account);
    let mut message = vec![b'l', METHOD_CALL, 0, 1];
    message.extend_from_slice(&(body.len() as u32).to_le_bytes());
    message.extend_from_slice(&1_u32.to_le_bytes());
    message.extend_from_slice(&[0; 4]); // the length of the fields, known below
    for (field, kind, text) in [(1, b'o', PATH), (2, b's', "org.countersign.Accounts1"), (3, b's', "Code")] {
        message.resize(message.len().next_multiple_of(8), 0);
        message.extend_from_slice(&[field, 1, kind, 0]);
        push_text(&mut message, text);
    }
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend_from_slice(&[8, 1, b'g', 0, 1, b's', 0]); // the body's signature
    let fields = (message.len() - 16) as u32;
    message[12..16].copy_from_slice(&fields.to_le_bytes());
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend_from_slice(&body);
    message
}

fn push_text(into: &mut Vec<u8>, text: &str) {
    into.extend_from_slice(&(text.len() as u32).to_le_bytes());
    into.extend_from_slice(text.as_bytes());
    into.push(0);
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

/// Returns the code in an answer; `None` for an error or any other message.
fn decode(reply: &[u8]) -> Option<String> {
    let (body, _) = frame(reply)?;
    let (length, text) = reply.get(body..)?.split_first_chunk()?;
    let text = text.strip_suffix(&[0])?;
    let plain = reply[1] == METHOD_RETURN && u32::from_le_bytes(*length) as usize == text.len();
    plain.then(|| String::from_utf8(text.to_vec()).ok())?
}

/// The command and its aliases.
const WORDS: [&str; 4] = ["code", "otp", "totp", "get"];
/// How long an answer may take before the ordinary client tries.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_REPLY: usize = 64 * 1024;
const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    use zbus::{
        message::{Header, Message},
        zvariant::{
            LE,
            serialized::{Context, Data},
        },
    };

    /// A message, for the library's own reader.
    fn data(message: &[u8]) -> Data<'_, '_> {
        Data::new(message, Context::new_dbus(LE, 0))
    }

    fn answer(to: &[u8]) -> Message {
        let to = data(to);
        let header: Header<'_> = to.deserialize().unwrap().0;
        Message::method_return(&header).unwrap().build(&"123456").unwrap()
    }

    #[test]
    fn what_is_written_by_hand_is_read_by_the_library() {
        for name in ["", "a", "github", "Grün & Söhne: ä@b", "x".repeat(300).as_str()] {
            let call = call(name);
            let whole = data(&call);
            let header: Header<'_> = whole.deserialize().unwrap().0;
            let (body, length) = frame(&call).unwrap();
            let account: String = data(&call[body..]).deserialize().unwrap().0;
            assert_eq!((account.as_str(), length), (name, call.len()));
            assert_eq!(header.signature(), "s");
            assert_eq!(header.message_type(), zbus::message::Type::MethodCall);
            assert_eq!(header.path().unwrap(), PATH);
            assert_eq!(header.interface().unwrap(), "org.countersign.Accounts1");
            assert_eq!(header.member().unwrap(), "Code");
        }
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
        let answer = answer(&call("github"));
        let mut bytes = b"OK 0123456789abcdef0123456789abcdef\r\n".to_vec();
        bytes.extend_from_slice(answer.data());
        bytes.extend_from_slice(b"what belongs to the next message");
        for size in [1, 7, 16, 40, bytes.len()] {
            let mut parts = Cut { bytes: &bytes, size };
            let reply = read_reply(&mut parts).unwrap();
            assert_eq!(decode(&reply).as_deref(), Some("123456"));
        }
    }

    #[test]
    fn what_is_no_plain_answer_is_left_to_the_ordinary_client() {
        let call = call("github");
        let whole = data(&call);
        let header: Header<'_> = whole.deserialize().unwrap().0;
        let error = Message::error(&header, "org.countersign.Error.Locked").unwrap().build(&"locked").unwrap();
        assert_eq!(decode(error.data()), None);
        let number = Message::method_return(&header).unwrap().build(&5_u32).unwrap();
        assert_eq!(decode(number.data()), None);
        assert_eq!(decode(&call), None);
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
            assert_eq!(decode(&bytes), None);
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
