//! The native form of commands on invitations.

use chorus_model::text::{Email, Rule};
use chorus_model::{InvitationId, ProjectId, ProjectRole};

use super::{Object, id};
use crate::command::Command;
use crate::fault::Fault;
use crate::fields::Fields;
use crate::invitations::{InvitationCommand, LONGEST, NewInvitation, Shown, USUAL};

/// Letters of a secret that is read, at most: ours are shorter.
const MOST_LETTERS: usize = 256;

/// The command of this name; none if there is no such command. None makes an invitation: its
/// secret is told over REST alone.
pub(super) fn command(name: &str, object: &Object) -> Option<Result<Command, Fault>> {
    let command = match name {
        "invitation.accept" => shown(object).map(InvitationCommand::Accept),
        "invitation.decline" => shown(object).map(InvitationCommand::Decline),
        "invitation.revoke" => {
            let id = id(object, "invitation_id").map(InvitationId);
            id.map(|id| InvitationCommand::Revoke { id })
        }
        _ => return None,
    };
    Some(command.map(Command::Invitation))
}

/// An invitation to make in `project`.
pub fn new_invitation(object: &Object, project: ProjectId) -> Result<NewInvitation, Fault> {
    let mut fields = Fields::new(object);
    let email = fields.nullable_text("email", |_, text| Email::parse(text)).flatten();
    let role = fields.word("role", ProjectRole::parse).unwrap_or(ProjectRole::Member);
    let most = i32::try_from(LONGEST).unwrap_or(i32::MAX);
    let seconds = fields.nullable_number("expires_in", 1, most).flatten();
    let seconds = seconds.map_or(USUAL, |seconds| {
        if seconds.fract() != 0.0 {
            fields.note("expires_in", Rule::Type("a whole number of seconds"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the longest"
        )]
        let whole = seconds as u32;
        whole
    });
    fields.finish()?;
    // The secret is made where the command is given.
    Ok(NewInvitation { project, email, role, seconds, hash: [0; 32] })
}

/// An invitation as whom it is for names it: by its secret, or by its id.
pub fn shown(object: &Object) -> Result<Shown, Fault> {
    if matches!(object.get("token"), None | Some(serde_json::Value::Null))
        && object.contains_key("invitation_id")
    {
        return id(object, "invitation_id").map(|id| Shown::Id(InvitationId(id)));
    }
    let mut fields = Fields::new(object);
    let token = fields.required("token", secret);
    fields.finish_with(token).map(|token| Shown::secret(&token))
}

/// The secret of an invitation.
pub fn secret(field: &'static str, text: &str) -> Result<String, chorus_model::Invalid> {
    if text.len() > MOST_LETTERS {
        return Err(chorus_model::Invalid::new(field, Rule::TooLong(MOST_LETTERS)));
    }
    Ok(text.to_owned())
}
