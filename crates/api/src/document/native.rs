//! What is asked and told in the native protocol, apart from the events of the log.

use chorus_collab::Fault;
use chorus_collab::chat::Unread;
use chorus_collab::command::{NewComment, NewProject, NewTask, ProjectPatch, TaskPatch};
use chorus_collab::items::{Bulk, MOST_AT_ONCE};
use chorus_collab::resume::MOST_ROOMS;
use chorus_model::kind::KINDS;
use chorus_model::{
    Comment, CommentId, Cursor, Item, ItemId, Member, Project, ProjectId, Task, TaskId, Timestamp,
    UserId, UserRef,
};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::schemas::{self, Plain, Schemas, object, read, written};

/// A request: its name, the schemas of its argument and of its answer's `data`, and whether it
/// is a command, answered with a cursor.
pub(super) struct Request {
    pub(super) name: &'static str,
    pub(super) argument: Plain,
    pub(super) data: Option<Plain>,
    pub(super) command: bool,
    /// Whether only raw sockets have it.
    pub(super) raw: bool,
}

/// Something told: its name, and the schema of its argument.
pub(super) type Told = (&'static str, Plain);

/// All requests.
pub(super) fn requests() -> Vec<Request> {
    let ask = |name, argument: Plain, data: Option<Plain>| Request {
        name,
        argument,
        data,
        command: false,
        raw: false,
    };
    let own = vec![
        subscribe(),
        Request { raw: true, ..ask("resume", resume, Some(resumed)) },
        ask("unsubscribe", room, Some(room)),
        ask("who", |s| object([("project_id", nullable::<ProjectId>(s), false)]), Some(present)),
        ask("typing", typing, None),
        ask("ping", |_| object([]), None),
        command("project.create", read::<NewProject>, written::<Project>),
        command(
            "project.update",
            |s| {
                let own = [("project_id", id::<ProjectId>(s), true), if_version()];
                both(read::<ProjectPatch>(s), own)
            },
            written::<Project>,
        ),
        command(
            "project.delete",
            |s| object([("project_id", id::<ProjectId>(s), true)]),
            nothing(),
        ),
        command(
            "member.add",
            |s| both(schemas::new_member(s), [("project_id", id::<ProjectId>(s), true)]),
            written::<Member>,
        ),
        command("member.update", |s| both(schemas::role(s), member(s)), written::<Member>),
        command("member.remove", |s| object(member(s)), nothing()),
        command("task.create", read::<NewTask>, written::<Task>),
        command(
            "task.update",
            |s| both(read::<TaskPatch>(s), [("task_id", id::<TaskId>(s), true), if_version()]),
            written::<Task>,
        ),
        command(
            "task.delete",
            |s| object([("task_id", id::<TaskId>(s), true), if_version()]),
            nothing(),
        ),
        command("comment.create", commented, written::<Comment>),
        command(
            "comment.update",
            |s| {
                let own = [("comment_id", id::<CommentId>(s), true), if_version()];
                both(schemas::comment(s), own)
            },
            written::<Comment>,
        ),
        command(
            "comment.delete",
            |s| object([("comment_id", id::<CommentId>(s), true)]),
            nothing(),
        ),
        command("notification.read", schemas::notifications, schemas::marked),
    ];
    own.into_iter().chain(of_other_nouns()).collect()
}

fn of_other_nouns() -> impl Iterator<Item = Request> {
    let invitations = super::invitations::requests();
    of_items().into_iter().chain(super::chat::requests()).chain(invitations)
}

/// Commands about items of every kind.
fn of_items() -> [Request; 4] {
    [
        command("item.create", item_create, written::<Item>),
        command(
            "item.update",
            |s| open(object([kind(s), item_id(s), if_version()])),
            written::<Item>,
        ),
        command("item.delete", |s| object([kind(s), item_id(s), if_version()]), nothing()),
        command("items.update", items_update, written::<Bulk>),
    ]
}

/// A command: answered with a cursor.
pub(super) fn command(name: &'static str, argument: Plain, data: Plain) -> Request {
    Request { name, argument, data: Some(data), command: true, raw: false }
}

/// Of what is gone.
fn nothing() -> Plain {
    |_| json!({ "type": "null" })
}

fn subscribe() -> Request {
    let argument: Plain = |s| both(room(s), [("since", text(), false)]);
    let data: Plain = |s| json!({ "anyOf": [room(s), resumed(s)] });
    Request { name: "subscribe", argument, data: Some(data), command: false, raw: false }
}

/// Beside these the fields of the kind, as in the forms of REST.
fn item_create(s: &mut Schemas) -> Value {
    let (project, parent) = (nullable::<ProjectId>(s), nullable::<ItemId>(s));
    open(object([kind(s), ("project_id", project, false), ("parent_id", parent, false)]))
}

fn items_update(s: &mut Schemas) -> Value {
    let one = open(object([("id", id::<ItemId>(s), true), if_version()]));
    let items = json!({ "type": "array", "minItems": 1, "maxItems": MOST_AT_ONCE, "items": one });
    object([kind(s), ("items", items, true)])
}

fn kind(_: &mut Schemas) -> (&'static str, Value, bool) {
    let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    ("kind", json!({ "type": "string", "enum": names }), true)
}

fn item_id(s: &mut Schemas) -> (&'static str, Value, bool) {
    ("item_id", id::<ItemId>(s), true)
}

/// An object that may have more fields.
fn open(mut object: Value) -> Value {
    object["additionalProperties"] = json!(true);
    object
}

/// What is told on every transport beside the events of the log.
pub(super) fn signals() -> [Told; 9] {
    [
        ("connected", |s| {
            let cursor = written::<Cursor>(s);
            let unread = ("unread", written::<Unread>(s), true);
            object([("user", user(s), true), ("cursor", cursor, true), ("at", at(s), true), unread])
        }),
        ("head", |s| object([("cursor", written::<Cursor>(s), true), ("at", at(s), true)])),
        ("presence", |s| {
            object([
                ("room", text(), true),
                ("user", user(s), true),
                ("present", flag(), true),
                ("at", at(s), true),
            ])
        }),
        ("typing", |s| {
            object([
                ("user", user(s), true),
                ("task_id", id::<TaskId>(s), true),
                ("project_id", id::<ProjectId>(s), true),
                ("typing", flag(), true),
                ("at", at(s), true),
            ])
        }),
        ("upload", upload),
        ("passing", |s| {
            let any = || json!({ "description": "Any JSON." });
            object([
                ("room", text(), true),
                ("event", text(), true),
                ("data", any(), true),
                ("at", at(s), true),
            ])
        }),
        ("message", |s| {
            object([
                ("room", text(), true),
                ("user", user(s), true),
                ("content", json!({ "type": "object", "additionalProperties": true }), true),
                ("at", at(s), true),
            ])
        }),
        ("unsubscribed", |s| {
            object([("room", text(), true), ("error", error(), true), ("at", at(s), true)])
        }),
        ("error", |s| {
            let request = json!({
                "type": "string",
                "description": "The name of the request that was refused.",
            });
            both(refusal(s), [("request", request, false)])
        }),
    ]
}

/// How far a file is that comes in.
fn upload(s: &mut Schemas) -> Value {
    let received = json!({ "type": "integer", "minimum": 1 });
    let total = json!({ "type": ["integer", "null"], "minimum": 1 });
    object([
        ("upload", text(), true),
        ("user", user(s), true),
        ("project_id", id::<ProjectId>(s), true),
        ("name", text(), true),
        ("received", received, true),
        ("total", total, true),
        ("state", json!({ "enum": ["arriving", "done", "failed"] }), true),
        ("item_id", nullable::<ItemId>(s), true),
        ("at", at(s), true),
    ])
}

/// An answer that is a refusal.
pub(super) fn refusal(schemas: &mut Schemas) -> Value {
    schemas.named("NativeRefusal", |_| {
        object([("ok", json!({ "const": false }), true), ("error", error(), true)])
    })
}

fn error() -> Value {
    let fields = json!({ "type": "object", "additionalProperties": text() });
    object([("code", code(), true), ("message", text(), true), ("fields", fields, false)])
}

/// An answer to a request that was done.
pub(super) fn done(request: &Request, schemas: &mut Schemas) -> Value {
    let ok = ("ok", json!({ "const": true }), true);
    match request.data {
        None => object([ok]),
        Some(data) if request.command => {
            let cursor = written::<Cursor>(schemas);
            let replayed = ("replayed", json!({ "const": true }), false);
            object([ok, ("data", data(schemas), true), ("cursor", cursor, true), replayed])
        }
        Some(data) if matches!(request.name, "subscribe" | "resume") => {
            let cursor = ("cursor", written::<Cursor>(schemas), false);
            object([ok, ("data", data(schemas), false), cursor])
        }
        Some(data) => object([ok, ("data", data(schemas), true)]),
    }
}

/// What a request is asked with. Commands may have a name under which they are done once.
pub(super) fn argument(request: &Request, schemas: &mut Schemas) -> Value {
    let argument = (request.argument)(schemas);
    if !request.command {
        return argument;
    }
    let key = json!({ "type": "string", "pattern": "^[!-~]{1,128}$" });
    both(argument, [("mutation_id", key, false)])
}

/// `one` and these fields.
pub(super) fn both<const N: usize>(one: Value, fields: [(&str, Value, bool); N]) -> Value {
    json!({ "allOf": vec![one, object(fields)] })
}

/// A comment to write: on a task, on an item of a project, or on a project.
fn commented(schemas: &mut Schemas) -> Value {
    let task = read::<Option<TaskId>>(schemas);
    let project = read::<Option<ProjectId>>(schemas);
    let item = read::<Option<ItemId>>(schemas);
    let on = [("task_id", task, false), ("project_id", project, false), ("item_id", item, false)];
    both(read::<NewComment>(schemas), on)
}

/// The codes of refusals that can come over a socket; `refused` is of what was no request.
fn code() -> Value {
    let codes: Vec<_> = Fault::OF_REQUESTS.into_iter().chain(["refused"]).collect();
    json!({ "type": "string", "enum": codes })
}

fn room(_: &mut Schemas) -> Value {
    object([("room", room_name(), true)])
}

fn room_name() -> Value {
    json!({ "type": "string", "pattern": "^(project|task|channel):[0-9]+$" })
}

fn resume(_: &mut Schemas) -> Value {
    object([("since", text(), false), ("rooms", room_names(), false)])
}

/// What becomes of a cursor.
fn resumed(_: &mut Schemas) -> Value {
    let reasons = ["not_a_cursor", "unknown_epoch", "ahead", "rewritten", "trimmed"];
    let reset = json!({ "enum": reasons });
    object([("reset", reset, false), ("refused", room_names(), false)])
}

fn room_names() -> Value {
    json!({ "type": "array", "maxItems": MOST_ROOMS, "items": room_name() })
}

fn present(s: &mut Schemas) -> Value {
    let person =
        object([("user", user(s), true), ("since", at(s), true), ("last_activity", at(s), true)]);
    json!({ "type": "array", "items": person })
}

fn typing(s: &mut Schemas) -> Value {
    let typing = json!({ "type": "boolean", "default": true });
    object([("task_id", id::<TaskId>(s), true), ("typing", typing, false)])
}

fn member(s: &mut Schemas) -> [(&'static str, Value, bool); 2] {
    [("project_id", id::<ProjectId>(s), true), ("user_id", id::<UserId>(s), true)]
}

pub(super) fn if_version() -> (&'static str, Value, bool) {
    ("if_version", json!({ "type": ["integer", "null"], "minimum": 1 }), false)
}

fn id<T: JsonSchema>(s: &mut Schemas) -> Value {
    read::<T>(s)
}

fn nullable<T: JsonSchema>(s: &mut Schemas) -> Value {
    read::<Option<T>>(s)
}

fn user(s: &mut Schemas) -> Value {
    written::<UserRef>(s)
}

fn at(s: &mut Schemas) -> Value {
    written::<Timestamp>(s)
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}
