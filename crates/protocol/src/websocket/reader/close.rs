//! What a close frame says.

use super::super::violation::Violation;
use super::utf8;

/// Reads the code and reason, if there are any (RFC 6455, section 5.5.1).
pub(super) fn parse(payload: &[u8]) -> Result<Option<(u16, &str)>, Violation> {
    let [high, low, reason @ ..] = payload else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::BadClose) };
    };
    let code = u16::from_be_bytes([*high, *low]);
    if !may_be_sent(code) {
        return Err(Violation::BadClose);
    }
    Ok(Some((code, utf8(reason)?)))
}

/// Section 7.4.1, with the codes registered since (1012 to 1014); 1004 is unused, 1005, 1006 and 1015
/// are for local use only.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_reasons_are_read() {
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(b"\x03\xe8"), Ok(Some((1000, ""))));
        assert_eq!(parse("\u{3}\u{e9}".as_bytes()), Err(Violation::BadClose));
        assert_eq!(parse(b"\x03\xe9bye \xe2\x82\xac"), Ok(Some((1001, "bye €"))));
        assert_eq!(parse(b"\x03"), Err(Violation::BadClose));
        assert_eq!(parse(b"\x03\xe8\xff"), Err(Violation::BadUtf8));
    }

    #[test]
    fn only_codes_a_peer_may_send_are_taken() {
        for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3999, 4999] {
            assert!(may_be_sent(code), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
            assert!(!may_be_sent(code), "{code}");
        }
    }
}
