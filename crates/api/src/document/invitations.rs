//! What is asked of invitations, over REST and in the native protocol.

use chorus_collab::invitations::{LONGEST, USUAL};
use chorus_model::text::Email;
use chorus_model::{Invitation, InvitationId, Member, ProjectRole};
use serde_json::{Value, json};

use super::native::{Request, both, command};
use super::schemas::{Schemas, given_role, object, read, written};

/// The form of a new invitation.
pub(crate) fn new_invitation(schemas: &mut Schemas) -> Value {
    schemas.named("NewInvitation", |s| {
        let mut role = given_role(s);
        role["default"] = json!(ProjectRole::Member);
        let email = json!({
            "anyOf": [read::<Option<Email>>(s)],
            "description": "Whom; without it, whoever holds the link.",
        });
        let seconds = json!({
            "type": ["integer", "null"], "minimum": 1, "maximum": LONGEST, "default": USUAL,
            "description": "Seconds.",
        });
        object([("email", email, false), ("role", role, false), ("expires_in", seconds, false)])
    })
}

/// An invitation that has just been made.
pub(crate) fn made_invitation(schemas: &mut Schemas) -> Value {
    let token = json!({
        "type": ["string", "null"],
        "description": "The link's secret; null where the answer is that of an earlier request.",
    });
    both(written::<Invitation>(schemas), [("token", token, true)])
}

/// The form that shows a link's secret.
pub(crate) fn secret(schemas: &mut Schemas) -> Value {
    schemas.named("InvitationSecret", |_| {
        object([("token", json!({ "type": "string", "maxLength": 256 }), true)])
    })
}

fn shown(schemas: &mut Schemas) -> Value {
    let id = read::<InvitationId>(schemas);
    let mut form = object([
        ("token", json!({ "type": ["string", "null"], "maxLength": 256 }), false),
        ("invitation_id", id, false),
    ]);
    form["anyOf"] = json!([{ "required": ["token"] }, { "required": ["invitation_id"] }]);
    form
}

/// The commands of the native protocol.
pub(super) fn requests() -> Vec<Request> {
    let nothing = |_: &mut Schemas| json!({ "type": "null" });
    let named = |s: &mut Schemas| object([("invitation_id", read::<InvitationId>(s), true)]);
    vec![
        command("invitation.accept", shown, written::<Member>),
        command("invitation.decline", shown, nothing),
        command("invitation.revoke", named, nothing),
    ]
}
