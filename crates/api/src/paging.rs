//! Lists in parts: `limit`, `offset`, and the next part in `Link` (RFC 8288).

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use chorus_collab::{Fields, Page};
use chorus_model::{Invalid, Rule};
use http::header::LINK;
use http::{HeaderValue, Uri};
use serde::Serialize;
use serde_json::{Value, json};

/// Entries of one answer where the caller names no number.
const USUAL: u32 = 50;
/// Most entries of one answer.
const MOST: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    limit: u32,
    offset: u32,
}

impl Window {
    /// Reads `limit` (1 to 200; 50 if absent) and `offset` (0 if absent).
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let limit = fields.text("limit", |name, text| number(name, text, 1, MOST));
        let offset = fields.text("offset", |name, text| number(name, text, 0, u32::MAX));
        Self { limit: limit.unwrap_or(USUAL), offset: offset.unwrap_or(0) }
    }

    /// The rows to ask for: one more than wanted tells whether there are more.
    pub(crate) fn page(self) -> Page {
        Page { limit: self.limit + 1, offset: self.offset }
    }

    /// Answers with the wanted ones of `rows`, asked for with [`page`](Self::page) by a request
    /// for `uri`.
    pub(crate) fn answer<T: Serialize>(self, uri: &Uri, mut rows: Vec<T>) -> Response {
        let wanted = self.limit as usize;
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let mut response = Json(rows).into_response();
        if let Some(link) = self.next(uri).filter(|_| more) {
            response.headers_mut().insert(LINK, link);
        }
        response
    }

    /// The link to the part after this one; none beyond the greatest offset.
    fn next(self, uri: &Uri) -> Option<HeaderValue> {
        let Self { limit, offset } = self;
        let offset = offset.checked_add(limit)?;
        linked(uri, ["limit", "offset"], &format!("limit={limit}&offset={offset}"))
    }
}

/// How much of a list is wanted that goes on from the id of its last entry: a place in it stays
/// what it is while there are new ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    limit: u32,
}

impl Rest {
    /// Reads `limit`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let limit = fields.text("limit", |name, text| number(name, text, 1, MOST));
        Self { limit: limit.unwrap_or(USUAL) }
    }

    /// Entries that are wanted.
    pub(crate) fn limit(self) -> u32 {
        self.limit
    }

    /// Answers with the wanted ones of `rows`, of which there is one more if there are more, and
    /// with the link to those before the last of them.
    pub(crate) fn answer<T: Serialize>(
        self,
        uri: &Uri,
        mut rows: Vec<T>,
        id: impl Fn(&T) -> i64,
    ) -> Response {
        let wanted = self.limit as usize;
        let last = (rows.len() > wanted).then(|| rows.truncate(wanted));
        let last = last.and_then(|()| rows.last()).map(id);
        let mut response = Json(rows).into_response();
        let limit = self.limit;
        let link = last.and_then(|last| {
            linked(uri, ["limit", "before"], &format!("limit={limit}&before={last}"))
        });
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

/// A link to the same list with another part of it, in which `names` say which.
fn linked(uri: &Uri, names: [&str; 2], part: &str) -> Option<HeaderValue> {
    let mut query = String::new();
    for pair in uri.query().unwrap_or_default().split('&') {
        let name = pair.split('=').next().unwrap_or_default();
        if !name.is_empty() && !names.contains(&name) {
            query.push_str(pair);
            query.push('&');
        }
    }
    // The target ends at the first `>`.
    let target = format!("{}?{query}", uri.path()).replace('>', "%3E");
    HeaderValue::try_from(format!("<{target}{part}>; rel=\"next\"")).ok()
}

/// What `limit` may be.
pub(crate) fn limit_schema() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL })
}

/// What `offset` may be.
pub(crate) fn offset_schema() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 0 })
}

/// A number of a query, within bounds.
pub(crate) fn number(name: &'static str, text: &str, low: u32, high: u32) -> Result<u32, Invalid> {
    let number = text.parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or(Invalid::new(name, Rule::Range(low.into(), high.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(query: &serde_json::Value) -> Result<Window, String> {
        let mut fields = Fields::new(query.as_object().unwrap());
        let window = Window::read(&mut fields);
        fields.finish().map(|()| window).map_err(|fault| fault.to_string())
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(window(&json!({})), Ok(Window { limit: 50, offset: 0 }));
        let given = window(&json!({"limit": "200", "offset": "7"}));
        assert_eq!(given, Ok(Window { limit: 200, offset: 7 }));
        for limit in ["0", "201", "-1", "many", "99999999999"] {
            let said = window(&json!({"limit": limit}));
            assert_eq!(said, Err("limit must be between 1 and 200".into()), "{limit}");
        }
    }

    #[test]
    fn the_next_part_is_linked_with_the_same_filters() {
        let uri = "/api/v1/tasks?offset=10&q=a%20b&limit=10&sort=-due_date".parse().unwrap();
        let window = Window { limit: 10, offset: 10 };
        let answer = window.answer(&uri, vec![0; 11]);
        assert_eq!(
            answer.headers()[LINK],
            "</api/v1/tasks?q=a%20b&sort=-due_date&limit=10&offset=20>; rel=\"next\""
        );
        assert!(!window.answer(&uri, vec![0; 10]).headers().contains_key(LINK));
    }

    #[test]
    fn there_is_no_link_beyond_the_greatest_offset() {
        let window = Window { limit: 50, offset: u32::MAX - 10 };
        assert_eq!(window.next(&"/tasks".parse().unwrap()), None);
    }
}
