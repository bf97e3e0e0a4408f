//! One message of a client, read by every dialect: as it is, as on raw sockets, and as a Socket.IO
//! event, if it is one.

use chorus_collab::Fault;
use chorus_collab::resume::Resumed;
use chorus_gateway::dialect::{
    Decoded, Dialect, Echo, Envelope, Flux, Native, Prodsight, Reply, Skybuild, Taskmanager, To,
    Wire,
};
use chorus_gateway::engine::Said;
use chorus_model::{ProjectId, Timestamp, UserId, UserRef};
use chorus_protocol::socketio::{Limits, Offset, Packet};
use serde_json::value::RawValue;

/// Whatever is read is answered with JSON, also where the answer repeats what the client wrote.
pub(crate) fn check(input: &[u8]) {
    let taskmanager = Taskmanager::default();
    let flux = Flux::default();
    let envelope = Envelope::default();
    let prodsight = Prodsight::default();
    let skybuild = Skybuild::default();
    let dialects: [&dyn Dialect; 6] =
        [&taskmanager, &flux, &prodsight, &skybuild, &envelope, &Native];
    let text = str::from_utf8(input);
    let said = text.map_or(Said::Binary(input), Said::Text);
    for dialect in dialects {
        answer(dialect, Wire::Raw, dialect.read(said));
    }
    let Ok(Packet::Event { ns, args, .. }) =
        Packet::decode(text.unwrap_or_default(), &Limits::default())
    else {
        return;
    };
    for offset in [Offset::Unknown, Offset::Unplaced] {
        let wire = Wire::SocketIo { namespace: ns, offset };
        for dialect in dialects {
            answer(dialect, wire, dialect.decode(args.name().unwrap_or_default(), args.items()));
        }
    }
}

fn answer(dialect: &dyn Dialect, wire: Wire<'_>, decoded: Decoded) {
    let now = Timestamp::from_micros(0);
    let echo = match decoded {
        Decoded::Unknown | Decoded::Silent => return,
        Decoded::Wrong(complaint) => {
            assert!(complaint.len() < 2_000, "a complaint repeats little: {complaint}");
            if let Some(told) = dialect.complaint(&wire, &complaint, now) {
                parse(&wire, &told.bytes);
            }
            return;
        }
        Decoded::Refused(fault, echo) => {
            respond(dialect, &wire, &echo, Err(&fault));
            echo
        }
        Decoded::Ask(_, echo) => echo,
    };
    let joined = Reply::Joined { project: ProjectId(1), present: Vec::new() };
    let left = Reply::Left(ProjectId(1));
    let Ok(cursor) = "fuzz-1".parse() else { panic!("that is a cursor") };
    let resumed = Resumed { cursor, reset: Some("ahead"), refused: Vec::new() };
    let resumed = Reply::Resumed(resumed);
    for reply in [Reply::Done, Reply::Pong, Reply::Online(Vec::new()), joined, left, resumed] {
        respond(dialect, &wire, &echo, Ok(&reply));
    }
    for fault in [Fault::Forbidden, Fault::NotThere, Fault::Busy] {
        respond(dialect, &wire, &echo, Err(&fault));
    }
}

fn respond(dialect: &dyn Dialect, wire: &Wire<'_>, echo: &Echo, outcome: Result<&Reply, &Fault>) {
    let user =
        UserRef { id: UserId(1), username: "alice".into(), full_name: "Alice".into(), email: None };
    let to = To { user: &user, echo, now: Timestamp::from_micros(0) };
    let frames = match outcome {
        Ok(reply) => dialect.reply(wire, &to, reply),
        Err(fault) => dialect.fault(wire, &to, fault),
    };
    for frame in &frames {
        parse(wire, &frame.bytes);
    }
    let arguments = dialect.acknowledgement(&to, outcome);
    assert!(serde_json::from_str::<Vec<&RawValue>>(&arguments).is_ok(), "{arguments}");
}

/// The payload of a frame (RFC 6455, section 5.2), which must be JSON, after a packet's head.
fn parse(wire: &Wire<'_>, frame: &[u8]) {
    let head = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    let Ok(text) = str::from_utf8(&frame[head..]) else { panic!("a text frame is UTF-8") };
    let json = match wire {
        Wire::Raw | Wire::RawAt(_) => text,
        // A namespace may hold brackets of its own; the main one is not written.
        Wire::SocketIo { namespace, .. } => {
            let from = if *namespace == "/" { 0 } else { 2 + namespace.len() };
            &text[text[from..].find('[').map_or(text.len(), |at| from + at)..]
        }
    };
    // Numbers may be repeated that no float can hold.
    assert!(serde_json::from_str::<&RawValue>(json).is_ok(), "{text}");
}
