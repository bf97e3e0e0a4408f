//! Invitations: into a project, one's own, accepted, declined, taken back.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::forms::invitations as forms;
use chorus_collab::invitations::Shown;
use chorus_collab::{Collab, Command, Fields, InvitationCommand};
use chorus_model::{Invitation, InvitationId, Member, ProjectId};
use http::Uri;

use crate::auth::Caller;
use crate::body::Object;
use crate::change::Change;
use crate::document::{self, About, Routes, delete, get, post, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;

const NOT_FOUND: &[&str] = &["not_found"];
const FORBIDDEN: &[&str] = &["forbidden"];
const OVER: &[&str] =
    &["invitation_accepted", "invitation_declined", "invitation_revoked", "invitation_expired"];

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let of_project = About::new("list_project_invitations", "The invitations into a project.")
        .pages(document::list::<Invitation>)
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND);
    let made = About::new(
        "create_invitation",
        "Asks somebody into a project. The link's secret is in this answer and nowhere else.",
    )
    .form(document::new_invitation)
    .answers(201, document::made_invitation)
    .refuses(403, FORBIDDEN)
    .refuses(404, NOT_FOUND)
    .refuses(409, &["already_member", "already_invited"]);
    let own = About::new("list_invitations", "The invitations that one can accept.")
        .pages(document::list::<Invitation>);
    let revoked = settled("revoke_invitation", "Takes an invitation back.")
        .answers_nothing()
        .refuses(403, FORBIDDEN);
    let accepted = |id| {
        settled(id, "Comes into a project by an invitation.")
            .answers(200, written::<Member>)
            .refuses(409, &["already_member"])
    };
    let declined = |id| settled(id, "Turns an invitation down.").answers_nothing();
    let by_secret = |about: About| about.form(document::secret).refuses(403, &["not_invited"]);
    Routes::new()
        .at("/projects/{id}/invitations", [get(list_of_project, of_project), post(create, made)])
        .at("/invitations", [get(list, own)])
        .at("/invitations/{id}", [delete(revoke, revoked)])
        .at("/invitations/{id}/accept", [post(accept, accepted("accept_invitation"))])
        .at("/invitations/{id}/decline", [post(decline, declined("decline_invitation"))])
        .at(
            "/invitations/accept",
            [post(accept_secret, by_secret(accepted("accept_invitation_by_token")))],
        )
        .at(
            "/invitations/decline",
            [post(decline_secret, by_secret(declined("decline_invitation_by_token")))],
        )
}

fn settled(id: &'static str, text: &'static str) -> About {
    About::new(id, text).refuses(404, NOT_FOUND).refuses(410, OVER)
}

async fn list_of_project(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let found = collab.invitations_of(caller.user.id, project, window.page()).await?;
    Ok(window.answer(&uri, found))
}

async fn create(
    change: Change,
    At(project): At<ProjectId>,
    Object(object): Object,
) -> Result<Response, Refusal> {
    change.invite(forms::new_invitation(&object, project)?).await
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let found = collab.own_invitations(caller.user.id, window.page()).await?;
    Ok(window.answer(&uri, found))
}

async fn revoke(change: Change, At(id): At<InvitationId>) -> Result<Response, Refusal> {
    change.make(Command::Invitation(InvitationCommand::Revoke { id })).await
}

async fn accept(change: Change, At(id): At<InvitationId>) -> Result<Response, Refusal> {
    change.make(Command::Invitation(InvitationCommand::Accept(Shown::Id(id)))).await
}

async fn decline(change: Change, At(id): At<InvitationId>) -> Result<Response, Refusal> {
    change.make(Command::Invitation(InvitationCommand::Decline(Shown::Id(id)))).await
}

async fn accept_secret(change: Change, Object(object): Object) -> Result<Response, Refusal> {
    let shown = forms::shown(&object)?;
    change.make(Command::Invitation(InvitationCommand::Accept(shown))).await
}

async fn decline_secret(change: Change, Object(object): Object) -> Result<Response, Refusal> {
    let shown = forms::shown(&object)?;
    change.make(Command::Invitation(InvitationCommand::Decline(shown))).await
}
