//! The little of HTTP/1.1 that polling clients and callers need: whole answers.

use crate::wire;

/// An answer at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// Where it ends.
    pub end: usize,
}

/// The first answer, if it is there whole.
pub fn first_answer(bytes: &[u8]) -> Option<Answer> {
    let head = wire::head_end(bytes)?;
    let status = status(bytes)?;
    let lower = bytes[..head].to_ascii_lowercase();
    if memchr::memmem::find(&lower, b"transfer-encoding: chunked").is_some() {
        let (body, end) = chunks(bytes, head)?;
        return Some(Answer { status, body, end });
    }
    let length = wire::number_after("content-length:", &lower).unwrap_or(0);
    let end = head.checked_add(usize::try_from(length).ok()?)?;
    Some(Answer { status, body: bytes.get(head..end)?.to_vec(), end })
}

/// The status of an answer whose first bytes these are.
pub fn status(bytes: &[u8]) -> Option<u16> {
    std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()
}

/// A body in chunks (RFC 9112, section 7.1), and where it ends; no trailers.
fn chunks(bytes: &[u8], mut at: usize) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    loop {
        let line = memchr::memmem::find(bytes.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let start = at + line + 2;
        let end = start.checked_add(size)?;
        body.extend_from_slice(bytes.get(start..end)?);
        at = end + 2;
        bytes.get(end..at)?;
        if size == 0 {
            return Some((body, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1";
        let answer = Answer { status: 200, body: b"abc".to_vec(), end: bytes.len() - 8 };
        assert_eq!(first_answer(bytes), Some(answer));
        assert_eq!(first_answer(&bytes[..39]), None);
        assert_eq!(first_answer(b"HTTP/1.1 204 No Content\r\n"), None);
    }

    #[test]
    fn chunks_are_put_together() {
        let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nA\r\n0123456789\r\n0\r\n\r\nHTTP";
        let whole = bytes.len() - 4;
        let answer = Answer { status: 200, body: b"ab0123456789".to_vec(), end: whole };
        assert_eq!(first_answer(bytes), Some(answer));
        for end in 0..whole {
            assert_eq!(first_answer(&bytes[..end]), None, "{end}");
        }
    }
}
