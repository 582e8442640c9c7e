//! Who is asking: the bus' word for it, or the kernel's.

use zbus::message::Header;

use crate::Error;

/// The other end of one private connection, as the kernel told it when the connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Counts up with every private connection of this daemon; never used twice.
    pub connection: u64,
    /// User id.
    pub uid: u32,
    /// Process id.
    pub pid: u32,
}

/// Who sent a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A client of the session bus, by its unique name, which the bus vouches for.
    Bus(String),
    /// The client at the other end of a private connection.
    Private(Peer),
}

/// Where an interface is served: it decides whom to believe about the caller.
///
/// On a private connection the sender in a message's header is whatever the client wrote there, and is never looked at.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    /// On the session bus.
    Bus,
    /// On a private connection.
    Private(Peer),
}

impl Origin {
    /// Returns who sent the message with this header.
    pub(crate) fn caller(self, header: &Header<'_>) -> Result<Caller, Error> {
        match self {
            Self::Private(peer) => Ok(Caller::Private(peer)),
            Self::Bus => {
                let sender = header.sender().ok_or_else(|| Error::Denied("the call names no sender".into()))?;
                Ok(Caller::Bus(sender.to_string()))
            }
        }
    }
}
