use proptest::prelude::*;

use super::*;

fn decode(text: &str) -> Result<Packet<'_>, DecodeError> {
    Packet::decode(text, &Limits::default())
}

fn items<'a>(args: &Args<'a>) -> Vec<&'a str> {
    args.items().iter().map(|item| item.get()).collect()
}

/// One line per packet, so that expectations can be read as a table.
fn show(packet: &Packet<'_>) -> String {
    let payload = |payload: Option<&RawValue>| payload.map_or("-", RawValue::get).to_owned();
    let args = |args: &Args<'_>| format!("{:?} {}", args.name(), items(args).join(" "));
    match packet {
        Packet::Connect { ns, payload: value } => format!("connect {ns} {}", payload(*value)),
        Packet::Disconnect { ns } => format!("disconnect {ns}"),
        Packet::Event { ns, ack, args: a } => format!("event {ns} {ack:?} {}", args(a)),
        Packet::Ack { ns, id, args: a } => format!("ack {ns} {id} {}", args(a)),
        Packet::ConnectError { ns, payload: value } => format!("refused {ns} {}", payload(*value)),
        Packet::BinaryEvent { ns, ack, attachments, args: a } => {
            format!("binary event {ns} {ack:?} +{attachments} {}", args(a))
        }
        Packet::BinaryAck { ns, id, attachments, args: a } => {
            format!("binary ack {ns} {id} +{attachments} {}", args(a))
        }
    }
}

#[test]
fn the_examples_of_the_protocol_decode() {
    let check = |text: &str, expected: &str| {
        assert_eq!(show(&decode(text).unwrap()), expected, "{text:?}");
    };
    check("0", "connect / -");
    check(r#"0{"token":"123"}"#, r#"connect / {"token":"123"}"#);
    check("0/admin,", "connect /admin -");
    check("0/admin", "connect /admin -");
    check(
        r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#,
        r#"connect /admin {"sid":"oSO0OpakMV_3jnilAAAA"}"#,
    );
    check("0/?a=/b,{}", "connect /?a=/b {}");
    check("1", "disconnect /");
    check("1/admin,", "disconnect /admin");
    check(r#"2["foo"]"#, r#"event / None Some("foo") "#);
    check(r#"2/admin,["bar",1,{"a":[2]}]"#, r#"event /admin None Some("bar") 1 {"a":[2]}"#);
    check(r#"212["foo"]"#, r#"event / Some(12) Some("foo") "#);
    check(r#"2/admin,0["foo",null]"#, r#"event /admin Some(0) Some("foo") null"#);
    check(r#"2 [ "foo" , 1 ] "#, r#"event / None Some("foo") 1"#);
    check(r#"2["a\u0062\n"]"#, r#"event / None Some("ab\n") "#);
    check(r#"2[1,"a",{}]"#, r#"event / None Some("1") "a" {}"#);
    check(r#"3/admin,13["bar"]"#, r#"ack /admin 13 None "bar""#);
    check("39007199254740991[]", "ack / 9007199254740991 None ");
    check(r#"4{"message":"Not authorized"}"#, r#"refused / {"message":"Not authorized"}"#);
    check(r#"4/admin,"Unauthorized""#, r#"refused /admin "Unauthorized""#);
    check(
        r#"51-["baz",{"_placeholder":true,"num":0}]"#,
        r#"binary event / None +1 Some("baz") {"_placeholder":true,"num":0}"#,
    );
    check(
        r#"52-/admin,7["baz",{"_placeholder":true,"num":1}]"#,
        r#"binary event /admin Some(7) +2 Some("baz") {"_placeholder":true,"num":1}"#,
    );
    check(
        r#"61-/admin,15[{"_placeholder":true,"num":0}]"#,
        r#"binary ack /admin 15 +1 None {"_placeholder":true,"num":0}"#,
    );
}

#[test]
fn malformed_packets_are_refused() {
    use DecodeError as E;
    let check = |text: &str, expected: DecodeError| {
        assert_eq!(decode(text).unwrap_err(), expected, "{text:?}");
    };
    check("", E::Empty);
    check("abc", E::UnknownType('a'));
    check("999", E::UnknownType('9'));
    check("€", E::UnknownType('€'));
    check("0[]", E::NotAnObject);
    check("0/admin,\"invalid\"", E::NotAnObject);
    check("0{} {}", E::NotAnObject);
    check("07{}", E::NotAnObject);
    check("1{}", E::UnexpectedPayload);
    check("1/admin,{}", E::UnexpectedPayload);
    check("2", E::MissingPayload);
    check("2{}", E::NotAnArray);
    check("2/admin,{}", E::NotAnArray);
    check("2abc[\"x\"]", E::NotAnArray);
    check("2/admin[\"x\"]", E::MissingPayload);
    check("2/admin,\"invalid", E::NotAnArray);
    check("2[\"some\",\"data\"", E::NotAnArray);
    check("2[\"a\"]x", E::NotAnArray);
    check("2[\"a\",]", E::NotAnArray);
    check("2[\"a\nb\"]", E::NotAnArray);
    check("2[]", E::BadEventName);
    check("2[{\"toString\":\"foo\"}]", E::BadEventName);
    check("2[true,\"foo\"]", E::BadEventName);
    check("2[null,\"bar\"]", E::BadEventName);
    check(r#"2["\ud800"]"#, E::BadEventName);
    check("2-1[\"x\"]", E::NotAnArray);
    check("29007199254740992[\"x\"]", E::AckIdTooLarge);
    check("2123456789012345678901234567890[\"x\"]", E::AckIdTooLarge);
    check("3[\"x\"]", E::MissingAckId);
    check("31", E::MissingPayload);
    check("31{}", E::NotAnArray);
    check("442[\"some\",\"data\"", E::NotAnObject);
    check("4[]", E::NotAnObject);
    check("5", E::BadAttachments);
    check("51", E::BadAttachments);
    check("5-[\"x\"]", E::BadAttachments);
    check("50-[\"x\"]", E::BadAttachments);
    check("5a-[\"x\"]", E::BadAttachments);
    check("51.23-[\"x\"]", E::BadAttachments);
    check("511-[\"x\"]", E::TooManyAttachments { limit: 10 });
    check("599999999999999999999999-[\"x\"]", E::TooManyAttachments { limit: 10 });
    check(r#"51-["x",{"_placeholder":true,"num":1}]"#, E::BadPlaceholder);
    check(r#"61-3[{"_placeholder":true,"num":"splice"}]"#, E::BadPlaceholder);
}

#[test]
fn reserved_names_are_refused_however_they_are_written() {
    let names = [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ];
    for name in names {
        let text = format!(r#"2["{name}",1]"#);
        assert_eq!(decode(&text).unwrap_err(), DecodeError::ReservedEventName, "{text}");
    }
    assert_eq!(decode(r#"2["c\u006fnnect"]"#).unwrap_err(), DecodeError::ReservedEventName);
    assert!(decode(r#"2["connected"]"#).is_ok());
}

#[test]
fn limits_hold_at_their_edge() {
    let limits = Limits { max_attachments: 1, max_depth: 3, max_namespace_len: 4, max_args: 2 };
    let check = |good: &str, bad: &str, expected: DecodeError| {
        assert!(Packet::decode(good, &limits).is_ok(), "{good:?}");
        assert_eq!(Packet::decode(bad, &limits).unwrap_err(), expected, "{bad:?}");
    };
    check(r#"51-["x"]"#, r#"52-["x"]"#, DecodeError::TooManyAttachments { limit: 1 });
    check(r#"2["x",[[1]]]"#, r#"2["x",[[[]]]]"#, DecodeError::TooDeep { limit: 3 });
    check(r#"2["[[[[",[[1]]]"#, r#"0{"a":[{"b":{}}]}"#, DecodeError::TooDeep { limit: 3 });
    check("0/abc,", "0/abcd,", DecodeError::NamespaceTooLong { limit: 4 });
    check("2[\"x\",1]", "2[\"x\",1,2]", DecodeError::TooManyArgs { limit: 2 });
    check("31[1,2]", "31[1,2,3,4]", DecodeError::TooManyArgs { limit: 2 });
    check("31[1,2]", "31[1,2,3,}", DecodeError::NotAnArray);
}

#[test]
fn arguments_are_slices_of_the_packet() {
    let text = r#"2["plain",{"a": 1}]"#;
    let Ok(Packet::Event { args, .. }) = decode(text) else { panic!("{text} is an event") };
    let within = text.as_bytes().as_ptr_range();
    assert!(within.contains(&args.name().unwrap().as_ptr()));
    assert!(within.contains(&args.items()[0].get().as_ptr()));
    assert_eq!(args.raw(), r#"["plain",{"a": 1}]"#);
}

#[test]
fn errors_stay_small() {
    assert!(size_of::<DecodeError>() <= 16);
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_refused(text in "[0-6]?([0-9]{1,2}-)?(/[a-z]{0,3},?)?[0-9]{0,3}.{0,40}") {
        let limits = Limits::default();
        if let Ok(Packet::BinaryEvent { attachments, .. }) = Packet::decode(&text, &limits) {
            prop_assert!(attachments.get() <= limits.max_attachments);
        }
    }
}
