//! The header of a client's frame (RFC 6455, section 5.2).

use super::frame::Opcode;
use super::violation::Violation;

/// The longest header a client sends: two bytes, a 64-bit length, the mask.
pub(super) const MAX_LEN: usize = 14;

/// The most a control frame may carry (RFC 6455, section 5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// A valid header of a masked frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    /// The bytes of the header itself.
    pub(super) len: usize,
    /// The bytes that follow it; `usize::MAX` when there are more than this machine can count.
    pub(super) payload: usize,
}

/// What the first bytes of a frame tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parsed {
    /// At least this many bytes are missing.
    Missing(usize),
    /// The header is whole.
    Whole(Header),
}

/// Reads a header, and refuses it with the first byte that makes it wrong.
///
/// A length in more bytes than it needs is taken, against the letter of section 5.2: nothing hangs
/// on it, and other servers take it too.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Violation> {
    let Some(first) = bytes.first() else {
        return Ok(Parsed::Missing(2));
    };
    let (fin, opcode) = kind(*first)?;
    let Some(second) = bytes.get(1) else {
        return Ok(Parsed::Missing(1));
    };
    let len = length_end(opcode, *second)? + 4;
    if bytes.len() < len {
        return Ok(Parsed::Missing(len - bytes.len()));
    }
    let (length, mask) = bytes[2..len].split_at(len - 6);
    let payload = match length {
        [] => usize::from(second & 0x7f),
        _ => big_endian(length)?,
    };
    Ok(Parsed::Whole(Header {
        fin,
        opcode,
        mask: [mask[0], mask[1], mask[2], mask[3]],
        len,
        payload,
    }))
}

fn kind(first: u8) -> Result<(bool, Opcode), Violation> {
    if first & 0x70 != 0 {
        return Err(Violation::ReservedBits);
    }
    let fin = first & 0x80 != 0;
    let opcode = Opcode::from_bits(first & 0x0f).ok_or(Violation::BadOpcode)?;
    if opcode.is_control() && !fin {
        return Err(Violation::ControlFragmented);
    }
    Ok((fin, opcode))
}

/// Where the length ends and the mask begins.
fn length_end(opcode: Opcode, second: u8) -> Result<usize, Violation> {
    if second & 0x80 == 0 {
        return Err(Violation::Unmasked);
    }
    match second & 0x7f {
        126.. if opcode.is_control() => Err(Violation::ControlTooLong),
        126 => Ok(4),
        127 => Ok(10),
        _ => Ok(2),
    }
}

fn big_endian(length: &[u8]) -> Result<usize, Violation> {
    let value = length.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    if value >> 63 == 1 {
        return Err(Violation::BadLength);
    }
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [9, 8, 7, 6];

    fn whole(fin: bool, opcode: Opcode, len: usize, payload: usize) -> Parsed {
        Parsed::Whole(Header { fin, opcode, mask: MASK, len, payload })
    }

    fn check(start: &[u8], expected: Result<Parsed, Violation>) {
        let bytes = [start, &MASK].concat();
        assert_eq!(parse(&bytes), expected, "{start:02x?}");
    }

    #[test]
    fn lengths_of_all_sizes_are_read() {
        check(&[0x81, 0x85], Ok(whole(true, Opcode::Text, 6, 5)));
        check(&[0x02, 0x80], Ok(whole(false, Opcode::Binary, 6, 0)));
        check(&[0x80, 0xfe, 0x01, 0x00], Ok(whole(true, Opcode::Continuation, 8, 256)));
        check(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0], Ok(whole(true, Opcode::Binary, 14, 65_536)));
        check(&[0x82, 0xfe, 0, 5], Ok(whole(true, Opcode::Binary, 8, 5)));
        check(&[0x89, 0xfd], Ok(whole(true, Opcode::Ping, 6, 125)));
    }

    #[test]
    fn wrong_headers_are_refused() {
        check(&[0xc1, 0x80], Err(Violation::ReservedBits));
        check(&[0x83, 0x80], Err(Violation::BadOpcode));
        check(&[0x8b, 0x80], Err(Violation::BadOpcode));
        check(&[0x81, 0x05], Err(Violation::Unmasked));
        check(&[0x09, 0x80], Err(Violation::ControlFragmented));
        check(&[0x88, 0xfe, 0, 126], Err(Violation::ControlTooLong));
        check(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], Err(Violation::BadLength));
    }

    #[test]
    fn a_short_header_says_how_much_is_missing_or_what_is_wrong_already() {
        let bytes = [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 9, 8, 7, 6];
        for have in 0..bytes.len() {
            let missing = match have {
                0 => 2,
                1 => 1,
                _ => bytes.len() - have,
            };
            assert_eq!(parse(&bytes[..have]), Ok(Parsed::Missing(missing)), "{have}");
        }
        assert_eq!(parse(&[0xf0]), Err(Violation::ReservedBits));
        assert_eq!(parse(&[0x81, 0x00]), Err(Violation::Unmasked));
    }
}
