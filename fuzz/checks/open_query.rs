//! The query string of a request.

use chorus_protocol::engineio::{MAX_PAIRS, OpenQuery};

/// The pairs are bounded, and asking for a name finds the first value under it.
pub(crate) fn check(input: &[u8]) {
    let Ok(raw) = str::from_utf8(input) else {
        return;
    };
    let Ok(query) = OpenQuery::parse(raw) else {
        return;
    };
    let pairs: Vec<_> = query.pairs().collect();
    assert!(pairs.len() <= MAX_PAIRS);
    for (name, _) in &pairs {
        let first = pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        assert_eq!(query.get(name), first);
    }
    assert_eq!(query.is_protocol_4(), query.get("EIO").as_deref() == Some("4"));
    assert_eq!(query.sid, query.get("sid"));
}
