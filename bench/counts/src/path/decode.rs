//! From the bytes of a client to what it asks for.

use std::hint::black_box;
use std::ops::ControlFlow;

use chorus_gateway::dialect::{Decoded, Dialect as _, Native, Taskmanager};
use chorus_gateway::engine::Said;
use chorus_protocol::engineio;
use chorus_protocol::socketio::{Limits, Packet};
use chorus_protocol::websocket::{Message, Reader};

use crate::failure::Failure;

const EVENT: &str = r#"42["task_status_changed",{"task_id":1042,"old_status":"todo","new_status":"in_progress","project_id":1007}]"#;
const REQUEST: &str = r#"{"type":"task.update","id":17,"data":{"task_id":1042,"status":"in_progress","priority":"high"}}"#;

/// The key of RFC 6455, section 5.7: a server must undo any.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// What a server takes unless it is told otherwise.
const LARGEST: usize = 1 << 20;

/// A Socket.IO event in the words of the Task Manager app.
pub fn taskmanager(turns: u64) -> Result<(), Failure> {
    let (dialect, limits) = (Taskmanager::default(), Limits::default());
    decode("decode-taskmanager", EVENT, turns, |text| {
        let Ok(engineio::Packet::Message(text)) = engineio::Packet::decode_text(text) else {
            return Decoded::Unknown;
        };
        match Packet::decode(text, &limits) {
            Ok(Packet::Event { args, .. }) => {
                dialect.decode(args.name().unwrap_or_default(), args.items())
            }
            _ => Decoded::Unknown,
        }
    })
}

/// A request in our own, on a raw socket.
pub fn native(turns: u64) -> Result<(), Failure> {
    decode("decode-native", REQUEST, turns, |text| Native.read(Said::Text(text)))
}

fn decode(
    path: &'static str,
    text: &str,
    turns: u64,
    mut read: impl FnMut(&str) -> Decoded,
) -> Result<(), Failure> {
    let frame = masked(path, text)?;
    let (mut reader, mut buffer) = (Reader::new(LARGEST), frame.clone());
    for _ in 0..turns {
        // Reading unmasks in place.
        buffer.copy_from_slice(&frame);
        let mut decoded = None;
        let outcome = reader.read(black_box(&mut buffer), &mut |message| {
            if let Message::Text(text) = message {
                decoded = Some(read(text));
            }
            ControlFlow::Continue(())
        });
        outcome.map_err(|violation| Failure::walk(path, format!("{violation:?}")))?;
        let Some(Decoded::Ask(ask, echo)) = decoded else {
            return Err(Failure::walk(path, format!("not an ask: {decoded:?}")));
        };
        black_box((ask, echo));
    }
    Ok(())
}

/// A text frame as clients send it.
fn masked(path: &'static str, text: &str) -> Result<Vec<u8>, Failure> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
    let length = length.ok_or_else(|| Failure::walk(path, "too long for the short header"))?;
    let head = [0x81, 0x80 | length].into_iter().chain(MASK);
    let payload = text.bytes().zip(MASK.into_iter().cycle()).map(|(byte, key)| byte ^ key);
    Ok(head.chain(payload).collect())
}
