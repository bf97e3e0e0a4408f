use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::super::{Limits, Packet};
use super::*;

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut buf = Vec::new();
    write(&mut buf);
    String::from_utf8(buf).unwrap()
}

#[test]
fn packets_are_written_as_the_protocol_says() {
    let check = |expected: &str, write: &dyn Fn(&mut Vec<u8>)| {
        assert_eq!(written(|buf| write(buf)), expected);
    };
    check(r#"42["foo"]"#, &|buf| {
        write_event(buf, "/", None, "foo").finish().unwrap();
    });
    check(r#"42/ns,17["a\"b",1,{"x":[]},"Q7-1"]"#, &|buf| {
        let event = write_event(buf, "/ns", Some(17), "a\"b").arg(&1).raw(r#"{"x":[]}"#);
        event.offset(Offset::At("Q7-1")).finish().unwrap();
    });
    check(r#"42["foo",null]"#, &|buf| {
        write_event(buf, "/", None, "foo").raw("null").offset(Offset::Unknown).finish().unwrap();
    });
    check(r#"42["foo","bar"]"#, &|buf| {
        write_event(buf, "/", None, "foo").arg("bar").offset(Offset::Unknown).finish().unwrap();
    });
    check(r#"42["foo","bar",null]"#, &|buf| {
        write_event(buf, "/", None, "foo").arg("bar").offset(Offset::Unplaced).finish().unwrap();
    });
    check(r#"42["foo",null]"#, &|buf| {
        write_event(buf, "/", None, "foo").offset(Offset::Unplaced).finish().unwrap();
    });
    check(r#"42["foo",{"a":"b"}]"#, &|buf| {
        let event = write_event(buf, "/", None, "foo").arg(&json!({"a": "b"}));
        event.offset(Offset::Unplaced).finish().unwrap();
    });
    check(r#"40/ns,{"token":"t"}"#, &|buf| {
        write_connect_request(buf, "/ns", Some(&json!({"token": "t"}))).unwrap();
    });
    check("40/ns,", &|buf| {
        write_connect_request::<()>(buf, "/ns", None).unwrap();
    });
    check("40", &|buf| {
        write_connect_request::<()>(buf, "/", None).unwrap();
    });
    check("43/ns,0[]", &|buf| {
        write_ack(buf, "/ns", 0).finish().unwrap();
    });
    check(r#"4318446744073709551615["x",2]"#, &|buf| {
        write_ack(buf, "/", u64::MAX).arg("x").arg(&2).finish().unwrap();
    });
    check(r#"451-["bin",{"_placeholder":true,"num":0}]"#, &|buf| {
        let event = write_binary_event(buf, "/", None, 1, "bin");
        event.arg(&json!({"_placeholder": true, "num": 0})).finish().unwrap();
    });
    check(r"462-/ns,5[1]", &|buf| {
        write_binary_ack(buf, "/ns", 5, 2).arg(&1).finish().unwrap();
    });
    check(r#"40{"sid":"s"}"#, &|buf| {
        write_connect(buf, "/", "s", None);
    });
    check(r#"40/ns,{"sid":"s","pid":"\"p"}"#, &|buf| {
        write_connect(buf, "/ns", "s", Some("\"p"));
    });
    check(r#"44/random,{"message":"Invalid namespace"}"#, &|buf| {
        write_connect_error(buf, "/random", &json!({"message": "Invalid namespace"})).unwrap();
    });
    check("41", &|buf| write_disconnect(buf, "/"));
    check("41/ns,", &|buf| write_disconnect(buf, "/ns"));
}

#[test]
fn a_value_that_is_no_json_leaves_the_buffer_as_it_was() {
    let unwritable = BTreeMap::from([((1, 2), 3)]);
    let text = written(|buf| {
        buf.extend_from_slice(b"before");
        assert!(write_event(buf, "/", None, "x").arg(&unwritable).arg(&1).finish().is_err());
        assert!(write_connect_error(buf, "/", &unwritable).is_err());
    });
    assert_eq!(text, "before");
}

/// A namespace, an acknowledgement id, a name and some arguments.
type Parts = (String, Option<u64>, String, Vec<serde_json::Value>);

fn parts() -> impl Strategy<Value = Parts> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::collection::vec(".{0,4}", 0..3).prop_map(Value::from),
        (".{0,4}", any::<u32>()).prop_map(|(key, number)| json!({ key: number })),
    ];
    let id = prop::option::of(0_u64..1 << 53);
    let name = ".{0,12}".prop_filter("reserved", |name| !name.contains("connect"));
    ("/|/[a-z/?=]{0,12}", id, name, prop::collection::vec(value, 0..6))
}

fn values(args: &crate::socketio::Args<'_>) -> Vec<Value> {
    args.items().iter().map(|item| serde_json::from_str(item.get()).unwrap()).collect()
}

fn fill<'b>(writer: ArgsWriter<'b>, values: &[Value]) -> ArgsWriter<'b> {
    values.iter().fold(writer, super::ArgsWriter::arg)
}

proptest! {
    #[test]
    fn events_come_back((ns, id, name, args) in parts()) {
        let text = written(|buf| {
            fill(write_event(buf, &ns, id, &name), &args).finish().unwrap();
        });
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let Ok(Packet::Event { ns: to, ack, args: read }) = packet else {
            return Err(TestCaseError::fail(format!("{packet:?}")));
        };
        prop_assert_eq!((to, ack, read.name()), (&*ns, id, Some(&*name)));
        prop_assert_eq!(values(&read), args);
    }

    #[test]
    fn binary_events_come_back((ns, id, name, args) in parts(), count in 1_usize..=10) {
        let text = written(|buf| {
            fill(write_binary_event(buf, &ns, id, count, &name), &args).finish().unwrap();
        });
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let Ok(Packet::BinaryEvent { ns: to, ack, attachments, args: read }) = packet else {
            return Err(TestCaseError::fail(format!("{packet:?}")));
        };
        prop_assert_eq!((to, ack, attachments.get(), read.name()), (&*ns, id, count, Some(&*name)));
        prop_assert_eq!(values(&read), args);
    }

    #[test]
    fn acknowledgements_come_back((ns, id, _, args) in parts(), count in 1_usize..=10) {
        let id = id.unwrap_or_default();
        let text = written(|buf| fill(write_ack(buf, &ns, id), &args).finish().unwrap());
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let Ok(Packet::Ack { ns: to, id: of, args: read }) = packet else {
            return Err(TestCaseError::fail(format!("{packet:?}")));
        };
        prop_assert_eq!((to, of, values(&read)), (&*ns, id, args.clone()));

        let text = written(|buf| {
            fill(write_binary_ack(buf, &ns, id, count), &args).finish().unwrap();
        });
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let Ok(Packet::BinaryAck { ns: to, id: of, attachments, args: read }) = packet else {
            return Err(TestCaseError::fail(format!("{packet:?}")));
        };
        prop_assert_eq!((to, of, attachments.get(), values(&read)), (&*ns, id, count, args));
    }

    #[test]
    fn connections_come_back((ns, _, sid, _) in parts(), pid in prop::option::of(".{0,8}")) {
        let text = written(|buf| write_connect(buf, &ns, &sid, pid.as_deref()));
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let Ok(Packet::Connect { ns: to, payload: Some(payload) }) = packet else {
            return Err(TestCaseError::fail(format!("{packet:?}")));
        };
        let read: Value = serde_json::from_str(payload.get()).unwrap();
        prop_assert_eq!(to, &ns);
        prop_assert_eq!(read["sid"].as_str(), Some(&*sid));
        prop_assert_eq!(read.get("pid").and_then(Value::as_str), pid.as_deref());

        let text = written(|buf| write_disconnect(buf, &ns));
        let packet = Packet::decode(text.strip_prefix('4').unwrap(), &Limits::default());
        let left = matches!(packet, Ok(Packet::Disconnect { ns: from }) if from == ns);
        prop_assert!(left, "{:?}", text);
    }
}
