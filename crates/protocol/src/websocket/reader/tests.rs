use proptest::prelude::*;

use super::*;

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const MORE: u8 = 0x0;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const FIN: u8 = 0x80;

/// A frame as a client sends it.
fn masked(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => frame.push(0x80 | short),
        (_, Ok(medium)) => {
            frame.push(0x80 | 0x7e);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 0x7f);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    masked(first, payload, [0x37, 0xfa, 0x21, 0x3d])
}

/// A message that owns its content, so that a whole conversation can be compared.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Message<'_>> for Heard {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Message::Close(said) => Self::Close(said.map(|(code, why)| (code, why.to_owned()))),
        }
    }
}

/// Reads `pieces` one after another, holding the reader to its bound.
fn hear<'p>(
    reader: &mut Reader,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Heard>, Result<(), Violation>) {
    let mut heard = Vec::new();
    for piece in pieces {
        let mut scratch = piece.to_vec();
        let read = reader.read(&mut scratch, &mut |message| {
            heard.push(message.into());
            ControlFlow::Continue(())
        });
        if read.is_err() {
            return (heard, read);
        }
        assert!(reader.buffered() <= reader.max_message + MAX_OVERHEAD);
    }
    (heard, Ok(()))
}

fn hear_once(bytes: &[u8], max_message: usize) -> (Vec<Heard>, Result<(), Violation>) {
    hear(&mut Reader::new(max_message), [bytes])
}

fn text(text: &str) -> Heard {
    Heard::Text(text.to_owned())
}

#[test]
fn the_masked_example_of_the_rfc_is_read() {
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(hear_once(&bytes, 5), (vec![text("Hello")], Ok(())));
}

#[test]
fn fragments_are_joined_and_control_frames_come_between() {
    let bytes = [
        frame(TEXT, b"Hel"),
        frame(FIN | PING, b"?"),
        frame(MORE, b""),
        frame(FIN | MORE, b"lo"),
        frame(BINARY, b"\xff"),
        frame(FIN | MORE, b"\xfe"),
    ]
    .concat();
    let expected =
        vec![Heard::Ping(b"?".to_vec()), text("Hello"), Heard::Binary(b"\xff\xfe".to_vec())];
    assert_eq!(hear_once(&bytes, 5), (expected, Ok(())));
}

#[test]
fn violations_are_found_and_what_came_before_is_heard() {
    let check = |bad: &[u8], expected: Violation, code: u16| {
        let bytes = [&frame(FIN | TEXT, b"ok"), bad].concat();
        assert_eq!(hear_once(&bytes, 200), (vec![text("ok")], Err(expected)), "{bad:02x?}");
        assert_eq!(expected.close_code(), code);
    };
    check(b"\x81\x05Hello", Violation::Unmasked, 1002);
    check(&frame(0xc1, b""), Violation::ReservedBits, 1002);
    check(&frame(FIN | 0x3, b""), Violation::BadOpcode, 1002);
    check(&frame(FIN | 0xf, b""), Violation::BadOpcode, 1002);
    check(&frame(FIN | MORE, b""), Violation::BadContinuation, 1002);
    check(&frame(MORE, b""), Violation::BadContinuation, 1002);
    check(&[frame(TEXT, b""), frame(FIN | TEXT, b"")].concat(), Violation::BadContinuation, 1002);
    check(&frame(FIN | PING, &[0; 126]), Violation::ControlTooLong, 1002);
    check(&frame(PING, b""), Violation::ControlFragmented, 1002);
    check(&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], Violation::BadLength, 1002);
    check(&frame(FIN | CLOSE, b"\x03"), Violation::BadClose, 1002);
    check(&frame(FIN | CLOSE, b"\x03\xed"), Violation::BadClose, 1002);
    check(&frame(FIN | CLOSE, b"\x03\xe8\xff"), Violation::BadUtf8, 1007);
    check(&frame(FIN | TEXT, b"\xc0\x80"), Violation::BadUtf8, 1007);
    check(&frame(TEXT, b"\xff"), Violation::BadUtf8, 1007);
    check(&[frame(TEXT, b"\xe2"), frame(FIN | MORE, b"")].concat(), Violation::BadUtf8, 1007);
    check(&frame(FIN | TEXT, &[b'a'; 201]), Violation::TooBig, 1009);
}

#[test]
fn a_large_frame_is_refused_by_its_header() {
    let header = [0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4];
    assert_eq!(hear_once(&header, 1 << 20), (vec![], Err(Violation::TooBig)));
    let huge = [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4];
    assert_eq!(hear_once(&huge, 1 << 20), (vec![], Err(Violation::TooBig)));
}

#[test]
fn fragments_count_together() {
    let fits = [frame(BINARY, &[1; 60]), frame(FIN | MORE, &[1; 40])].concat();
    assert_eq!(hear_once(&fits, 100), (vec![Heard::Binary(vec![1; 100])], Ok(())));
    let over = [frame(BINARY, &[1; 60]), frame(MORE, &[1; 41])].concat();
    assert_eq!(hear_once(&over, 100), (vec![], Err(Violation::TooBig)));
}

#[test]
fn what_follows_a_close_frame_is_dropped() {
    let bytes =
        [frame(TEXT, b"half"), frame(FIN | CLOSE, b"\x03\xe8done"), vec![0xff; 40]].concat();
    let mut reader = Reader::new(100);
    let heard = hear(&mut reader, bytes.chunks(3));
    assert_eq!(heard, (vec![Heard::Close(Some((1000, "done".to_owned())))], Ok(())));
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn a_reader_between_messages_owns_no_memory() {
    let bytes = [frame(FIN | BINARY, &vec![7; 70_000]), frame(TEXT, b"a"), frame(FIN | MORE, b"b")];
    let mut reader = Reader::new(1 << 20);
    for frame in &bytes {
        let (heard, read) = hear(&mut reader, frame.chunks(1000));
        assert_eq!(read, Ok(()));
        assert_eq!(reader.held.capacity(), 0);
        assert_eq!(reader.fragments.is_some(), heard.is_empty());
    }
    assert!(reader.fragments.is_none());
    assert!(size_of::<Reader>() <= 48);
}

#[test]
fn a_visitor_that_breaks_off_goes_on_where_it_was() {
    let bytes =
        [frame(FIN | TEXT, b"1"), frame(FIN | TEXT, b"2"), frame(FIN | TEXT, b"3")].concat();
    let mut reader = Reader::new(10);
    let mut heard = Vec::new();
    let mut one = |message: Message<'_>| {
        heard.push(Heard::from(message));
        ControlFlow::Break(())
    };
    reader.read(&mut bytes.clone(), &mut one).unwrap();
    reader.read(&mut bytes.clone(), &mut one).unwrap();
    for _ in 0..4 {
        reader.read(&mut [], &mut one).unwrap();
    }
    assert_eq!(heard, ["1", "2", "3", "1", "2", "3"].map(text));
    assert_eq!((reader.buffered(), reader.held.capacity()), (0, 0));
}

/// A message, how long its fragments are, and the pings between them.
type Spoken = (Heard, usize, bool, [u8; 4]);

fn spoken() -> impl Strategy<Value = Vec<Spoken>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..125);
    let message = prop_oneof![
        3 => ".{0,40}".prop_map(Heard::Text),
        2 => bytes().prop_map(Heard::Binary),
        1 => bytes().prop_map(|bytes| Heard::Binary(bytes.repeat(9))),
        1 => bytes().prop_map(Heard::Ping),
        1 => bytes().prop_map(Heard::Pong),
    ];
    prop::collection::vec((message, 1_usize..60, any::<bool>(), any::<[u8; 4]>()), 0..8)
}

/// What a client sends to say all this, and what a server hears.
fn speak(spoken: &[Spoken]) -> (Vec<u8>, Vec<Heard>) {
    let (mut bytes, mut heard) = (Vec::new(), Vec::new());
    for (message, fragment, pings, key) in spoken {
        let (opcode, payload) = match message {
            Heard::Text(text) => (TEXT, text.as_bytes()),
            Heard::Binary(payload) => (BINARY, payload.as_slice()),
            Heard::Ping(payload) => (PING, payload.as_slice()),
            Heard::Pong(payload) => (0xa, payload.as_slice()),
            Heard::Close(_) => unreachable!("no close is spoken"),
        };
        if opcode >= CLOSE || payload.is_empty() {
            bytes.extend(masked(FIN | opcode, payload, *key));
        } else {
            let last = payload.len().div_ceil(*fragment) - 1;
            for (index, part) in payload.chunks(*fragment).enumerate() {
                if *pings && index > 0 {
                    bytes.extend(masked(FIN | PING, b"still there?", *key));
                    heard.push(Heard::Ping(b"still there?".to_vec()));
                }
                let fin = if index == last { FIN } else { 0 };
                let opcode = if index == 0 { opcode } else { MORE };
                bytes.extend(masked(fin | opcode, part, *key));
            }
        }
        heard.push(message.clone());
    }
    (bytes, heard)
}

fn cut<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, tail) = rest.split_at((*size).min(rest.len()));
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

proptest! {
    #[test]
    fn the_same_is_heard_however_the_bytes_arrive(
        spoken in spoken(),
        sizes in prop::collection::vec(1_usize..80, 1..6),
    ) {
        let (bytes, expected) = speak(&spoken);
        let mut reader = Reader::new(2000);
        let heard = hear(&mut reader, cut(&bytes, &sizes));
        prop_assert_eq!(heard, (expected, Ok(())));
        prop_assert_eq!(reader.buffered(), 0);
    }

    #[test]
    fn the_same_is_heard_by_a_visitor_that_breaks_off(
        spoken in spoken(),
        sizes in prop::collection::vec(1_usize..80, 1..6),
        breaks in prop::collection::vec(any::<bool>(), 1..6),
    ) {
        let (bytes, expected) = speak(&spoken);
        let mut reader = Reader::new(2000);
        let mut heard = Vec::new();
        let mut breaks = breaks.iter().cycle();
        let mut pieces = cut(&bytes, &sizes).into_iter();
        let mut piece: Option<&[u8]> = Some(&[]);
        while let Some(bytes) = piece {
            let mut broke = false;
            reader.read(&mut bytes.to_vec(), &mut |message| {
                heard.push(Heard::from(message));
                broke = *breaks.next().unwrap();
                if broke { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }).unwrap();
            // The rest is gone on with before more is read.
            piece = if broke { Some(&[]) } else { pieces.next() };
        }
        prop_assert_eq!(heard, expected);
        prop_assert_eq!(reader.buffered(), 0);
    }

    #[test]
    fn arbitrary_bytes_are_judged_the_same_however_they_arrive(
        start in spoken(),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        sizes in prop::collection::vec(1_usize..40, 1..6),
        max_message in 0_usize..300,
    ) {
        let bytes = [speak(&start).0, noise].concat();
        let whole = hear_once(&bytes, max_message);
        let pieces = hear(&mut Reader::new(max_message), cut(&bytes, &sizes));
        prop_assert_eq!(whole, pieces);
    }
}
