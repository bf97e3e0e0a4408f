//! The little of the protocol of NATS that its clients need: lines, and payloads with a length.

use crate::failure::Failure;
use crate::guests::Ticket;
use crate::{floor, wire};

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// It is there.
    Info,
    /// It wants to know whether the client is.
    Ping,
    /// It has done all that was asked before.
    Pong,
    /// Somebody published this.
    Message(&'a [u8]),
    /// What needs no answer.
    Fine,
}

/// What a server says first, and where it ends; nothing if it is not there whole.
pub fn first_said(bytes: &[u8]) -> Result<Option<(Said<'_>, usize)>, Failure> {
    let Some(line) = memchr::memmem::find(bytes, b"\r\n") else { return Ok(None) };
    let (text, after) = (&bytes[..line], line + 2);
    let word = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    Ok(match word {
        b"MSG" => message(text, &bytes[after..]).map(|(said, end)| (said, after + end)),
        b"INFO" => Some((Said::Info, after)),
        b"PING" => Some((Said::Ping, after)),
        b"PONG" => Some((Said::Pong, after)),
        b"+OK" => Some((Said::Fine, after)),
        _ => {
            let text = String::from_utf8_lossy(text);
            return Err(Failure::Server(format!("refused a connection: {text}")));
        }
    })
}

fn message<'a>(line: &[u8], bytes: &'a [u8]) -> Option<(Said<'a>, usize)> {
    let length = line.rsplit(|byte| *byte == b' ').next()?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let payload = bytes.get(..length)?;
    bytes.get(length..length + 2)?;
    Some((Said::Message(payload), length + 2))
}

/// How a client begins: it shows the secret, enters its room, and asks to be told when both are
/// done. What it says itself it does not hear.
pub fn greeting(secret: &str, ticket: &Ticket) -> Vec<u8> {
    let room = &ticket.room;
    format!(
        "CONNECT {{\"auth_token\":\"{secret}\",\"verbose\":false,\"pedantic\":false,\"echo\":false,\
         \"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}}\r\nSUB {room} 1\r\nPING\r\n"
    )
    .into_bytes()
}

/// What says something to a room. A server that only passes on is given what the others hear.
pub fn publish(room: &str, said: &str) -> Vec<u8> {
    let task = wire::number_after("\"task_id\":", said.as_bytes());
    let told = task.map_or_else(|| said.to_owned(), floor::typing);
    format!("PUB {room} {}\r\n{told}\r\n", told.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_when_it_is_whole() {
        let bytes = b"INFO {\"a\":1}\r\nMSG hall 1 4\r\nab\r\n\r\nPING\r\nPONG\r\n+OK\r\n";
        let mut at = 0;
        for said in [Said::Info, Said::Message(b"ab\r\n"), Said::Ping, Said::Pong, Said::Fine] {
            let (found, end) = first_said(&bytes[at..]).unwrap().unwrap();
            assert_eq!(found, said);
            for cut in 0..end {
                assert_eq!(first_said(&bytes[at..at + cut]).unwrap(), None, "{cut} of {end}");
            }
            at += end;
        }
        assert_eq!(at, bytes.len());
        assert!(first_said(b"-ERR 'Authorization Violation'\r\n").is_err());
    }

    #[test]
    fn what_is_published_is_what_the_others_hear() {
        let typed = publish("hall", r#"42["user_typing",{"task_id":7,"is_typing":true}]"#);
        let typed = String::from_utf8(typed).unwrap();
        assert!(typed.starts_with("PUB hall 2") && typed.contains("full_name"), "{typed}");
        assert_eq!(publish("r", "42[\"say\",1]"), b"PUB r 11\r\n42[\"say\",1]\r\n");
    }
}
