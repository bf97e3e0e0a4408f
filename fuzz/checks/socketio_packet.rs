//! One Socket.IO packet.

use chorus_protocol::socketio::{
    Args, ArgsWriter, EncodeError, Limits, Packet, write_ack, write_binary_ack, write_binary_event,
    write_event,
};

/// What decodes stays within its limits, and reads the same after it was written again.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let limits = Limits::default();
    let Ok(packet) = Packet::decode(text, &limits) else {
        return;
    };
    let mut buf = Vec::new();
    let (args, written) = match &packet {
        Packet::Event { ns, ack, args } => {
            let writer = write_event(&mut buf, ns, *ack, args.name().unwrap_or_default());
            (args, copy(writer, args))
        }
        Packet::BinaryEvent { ns, ack, attachments, args } => {
            assert!(attachments.get() <= limits.max_attachments);
            let name = args.name().unwrap_or_default();
            (args, copy(write_binary_event(&mut buf, ns, *ack, attachments.get(), name), args))
        }
        Packet::Ack { ns, id, args } => (args, copy(write_ack(&mut buf, ns, *id), args)),
        Packet::BinaryAck { ns, id, attachments, args } => {
            assert!(attachments.get() <= limits.max_attachments);
            (args, copy(write_binary_ack(&mut buf, ns, *id, attachments.get()), args))
        }
        Packet::Connect { .. } | Packet::Disconnect { .. } | Packet::ConnectError { .. } => return,
    };
    assert!(written.is_ok());
    assert!(args.items().len() <= limits.max_args);
    compare(&packet, args, &buf, &limits);
}

fn copy(writer: ArgsWriter<'_>, args: &Args<'_>) -> Result<(), EncodeError> {
    args.items().iter().fold(writer, |writer, item| writer.raw(item.get())).finish()
}

fn compare(packet: &Packet<'_>, args: &Args<'_>, written: &[u8], limits: &Limits) {
    let Some(Ok(text)) = written.strip_prefix(b"4").map(str::from_utf8) else {
        panic!("a message is text and begins with 4");
    };
    let (again, same_head) = match (packet, Packet::decode(text, limits)) {
        (Packet::Event { ns, ack, .. }, Ok(Packet::Event { ns: ns_2, ack: ack_2, args })) => {
            (args, (*ns, *ack) == (ns_2, ack_2))
        }
        (
            Packet::BinaryEvent { ns, ack, attachments: n, .. },
            Ok(Packet::BinaryEvent { ns: ns_2, ack: ack_2, attachments: n_2, args }),
        ) => (args, (*ns, *ack, *n) == (ns_2, ack_2, n_2)),
        (Packet::Ack { ns, id, .. }, Ok(Packet::Ack { ns: ns_2, id: id_2, args })) => {
            (args, (*ns, *id) == (ns_2, id_2))
        }
        (
            Packet::BinaryAck { ns, id, attachments: n, .. },
            Ok(Packet::BinaryAck { ns: ns_2, id: id_2, attachments: n_2, args }),
        ) => (args, (*ns, *id, *n) == (ns_2, id_2, n_2)),
        (_, other) => panic!("{packet:?} was written as {text:?}, which is {other:?}"),
    };
    assert!(same_head, "{packet:?} was written as {text:?}");
    assert_eq!(again.name(), args.name());
    let texts =
        |args: &Args<'_>| args.items().iter().map(|item| item.get().to_owned()).collect::<Vec<_>>();
    assert_eq!(texts(&again), texts(args));
}
