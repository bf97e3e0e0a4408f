//! What an operation is about: its part of the OpenAPI document.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use http::Uri;
use serde_json::{Value, json};

use super::schemas::{Give, Schemas};
use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Backend, Change};
use crate::cookies::SessionCookies;
use crate::health::Health;
use crate::path::At;
use crate::query::Asked;
use crate::upload::Upload;

/// A parameter of the query or of the headers.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) description: &'static str,
    pub(super) schema: Give,
    pub(super) needed: bool,
}

/// An answer that is no refusal.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) schema: Option<Give>,
    pub(super) media: &'static str,
    pub(super) headers: Vec<&'static str>,
}

/// What an operation takes and answers. What its handler extracts is told by the extractors
/// ([`Parts`]); what the handler does with it is told here.
pub(crate) struct About {
    pub(super) id: Cow<'static, str>,
    pub(super) summary: Cow<'static, str>,
    /// The security schemes of which one is needed; none means nobody is asked who he is.
    pub(super) security: &'static [&'static str],
    pub(super) form: Option<Give>,
    pub(super) form_required: bool,
    pub(super) takes_file: bool,
    pub(super) parameters: Vec<Parameter>,
    pub(super) successes: Vec<Success>,
    pub(super) refusals: BTreeMap<u16, BTreeSet<&'static str>>,
    changes: bool,
}

impl About {
    /// An operation of this id. `summary`: what it does, in one sentence.
    pub(crate) fn new(
        id: impl Into<Cow<'static, str>>,
        summary: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: id.into(),
            summary: summary.into(),
            security: &[],
            form: None,
            form_required: false,
            takes_file: false,
            parameters: Vec::new(),
            successes: Vec::new(),
            refusals: BTreeMap::from([(500, BTreeSet::from(["internal"]))]),
            changes: false,
        }
    }

    /// It answers with this status and JSON.
    pub(crate) fn answers(
        mut self,
        status: u16,
        schema: impl Fn(&mut Schemas) -> Value + 'static,
    ) -> Self {
        let schema: Option<Give> = Some(Box::new(schema));
        let media = "application/json";
        self.successes.push(Success { status, schema, media, headers: Vec::new() });
        self
    }

    /// It answers with this status and no body.
    pub(crate) fn answers_nothing(mut self) -> Self {
        self.successes.push(Success { status: 204, schema: None, media: "", headers: Vec::new() });
        self
    }

    /// It answers with 200 and a body of this media type; `*/*` is any.
    pub(crate) fn answers_text(mut self, media: &'static str) -> Self {
        let schema: Give = Box::new(|_| json!({ "type": "string" }));
        self.successes.push(Success {
            status: 200,
            schema: Some(schema),
            media,
            headers: Vec::new(),
        });
        self
    }

    /// Its answers have this header.
    pub(crate) fn tells(mut self, header: &'static str) -> Self {
        self.successes.iter_mut().for_each(|success| success.headers.push(header));
        self
    }

    /// The form of its body.
    pub(crate) fn form(mut self, form: impl Fn(&mut Schemas) -> Value + 'static) -> Self {
        self.form = Some(Box::new(form));
        self.refuses(422, &["invalid"])
    }

    /// Its body is a file.
    pub(crate) fn takes_file(mut self) -> Self {
        self.takes_file = true;
        self
    }

    /// A parameter of the query that must be there.
    pub(crate) fn needs(
        self,
        name: &'static str,
        about: &'static str,
        schema: impl Fn(&mut Schemas) -> Value + 'static,
    ) -> Self {
        let mut all = self.query(name, about, schema);
        all.parameters.iter_mut().filter(|one| one.name == name).for_each(|one| one.needed = true);
        all
    }

    /// A parameter of the query.
    pub(crate) fn query(
        mut self,
        name: &'static str,
        about: &'static str,
        schema: impl Fn(&mut Schemas) -> Value + 'static,
    ) -> Self {
        let schema = Box::new(schema);
        let (place, needed) = ("query", false);
        self.parameters.push(Parameter { name, place, description: about, schema, needed });
        self
    }

    /// It answers with a list in parts.
    pub(crate) fn pages(self, list: impl Fn(&mut Schemas) -> Value + 'static) -> Self {
        self.query("limit", "Most entries of the answer.", |_| crate::paging::limit_schema())
            .query("offset", "Entries to leave out.", |_| crate::paging::offset_schema())
            .answers(200, list)
            .tells("Link")
    }

    /// It may be made on condition of a version.
    pub(crate) fn conditional(self) -> Self {
        self.header("If-Match", "Only if the entity still has this version.", |_| {
            let tag = r#"^(\*|(W/)?("\d+"|\d+))$"#;
            json!({ "type": "string", "pattern": tag, "examples": ["\"3\""] })
        })
        .refuses(412, &["version_conflict"])
    }

    /// It may be refused with this status, for these reasons.
    pub(crate) fn refuses(mut self, status: u16, codes: &[&'static str]) -> Self {
        self.refusals.entry(status).or_default().extend(codes);
        self
    }

    /// It needs a token of one of these schemes.
    fn secured(mut self, schemes: &'static [&'static str]) -> Self {
        self.security = schemes;
        self.asks().refuses(
            401,
            &[
                "not_authenticated",
                "invalid_token",
                "token_expired",
                "wrong_token_type",
                "token_revoked",
                "unknown_user",
            ],
        )
    }

    /// It is a change, which is made once per key.
    fn repeatable(mut self) -> Self {
        self.changes = true;
        self.refuses(422, &["invalid", "key_reused", "key_expired"]).header(
            "Idempotency-Key",
            "Repeated, it gets the first answer again.",
            |_| json!({ "type": "string", "pattern": "^[!-~]{1,128}$" }),
        )
    }

    /// It asks the database.
    fn asks(self) -> Self {
        self.refuses(503, &["busy", "unavailable"])
    }

    fn header(
        mut self,
        name: &'static str,
        about: &'static str,
        schema: impl Fn(&mut Schemas) -> Value + 'static,
    ) -> Self {
        let schema = Box::new(schema);
        let (place, needed) = ("header", false);
        self.parameters.push(Parameter { name, place, description: about, schema, needed });
        self
    }

    /// After everything else was told.
    pub(super) fn complete(mut self) -> Self {
        if self.changes {
            if !self.parameters.iter().any(|parameter| parameter.name == "If-Match") {
                self = self.refuses(400, &["unknown_precondition"]);
            }
            self = self.tells("Chorus-Cursor").tells("Idempotency-Replayed");
        }
        self
    }
}

/// An extractor tells what it takes of a request, and why it refuses one.
pub(crate) trait Part {
    fn tell(about: About) -> About;
}

impl Part for State<chorus_collab::Collab> {
    fn tell(about: About) -> About {
        about.asks()
    }
}

macro_rules! silent {
    ($($part:ty),+ $(,)?) => {$(
        impl Part for $part {
            fn tell(about: About) -> About {
                about
            }
        }
    )+};
}

silent! {
    Health,
    Uri,
    SessionCookies,
    State<crate::cookies::CookieRules>,
    State<crate::exposition::Figures>,
    State<crate::state::Build>,
}

impl Part for Caller {
    fn tell(about: About) -> About {
        about.secured(&["bearer", "cookie"]).refuses(403, &["deactivated"])
    }
}

impl Part for Change {
    fn tell(about: About) -> About {
        Caller::tell(about).repeatable()
    }
}

impl Part for Backend {
    fn tell(about: About) -> About {
        about.secured(&["service"]).repeatable()
    }
}

impl Part for Object {
    fn tell(mut about: About) -> About {
        about.form_required = true;
        <Option<Self>>::tell(about)
    }
}

impl Part for Option<Object> {
    fn tell(about: About) -> About {
        about
            .refuses(400, &["malformed_json", "json_too_deep", "body_incomplete"])
            .refuses(408, &["body_too_slow"])
            .refuses(413, &["body_too_large"])
            .refuses(415, &["unsupported_media_type"])
            .refuses(422, &["invalid"])
    }
}

impl Part for Upload {
    fn tell(about: About) -> About {
        about
            .refuses(400, &["body_incomplete"])
            .refuses(408, &["body_too_slow"])
            .refuses(415, &["unsupported_media_type"])
    }
}

impl Part for Asked {
    fn tell(about: About) -> About {
        about.refuses(422, &["invalid"])
    }
}

impl<T> Part for At<T> {
    fn tell(about: About) -> About {
        about.refuses(404, &["no_such_path"])
    }
}

/// The extractors of a handler, in the form in which axum names them.
pub(crate) trait Parts {
    fn tell(about: About) -> About;
}

impl Parts for ((),) {
    fn tell(about: About) -> About {
        about
    }
}

macro_rules! parts {
    ($($($part:ident)+;)+) => {$(
        impl<M, $($part: Part),+> Parts for (M, $($part),+) {
            fn tell(about: About) -> About {
                $(let about = $part::tell(about);)+
                about
            }
        }
    )+};
}

parts! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
}

/// A parameter as OpenAPI writes it.
impl Parameter {
    pub(super) fn write(&self, schemas: &mut Schemas) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "required": self.needed,
            "description": self.description,
            "schema": (self.schema)(schemas),
        })
    }
}
