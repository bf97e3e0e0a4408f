//! Channels: of a project, who belongs to private ones, how far they were read.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::chat::{ChannelPatch, NewChannel};
use chorus_collab::forms::chat as forms;
use chorus_collab::{ChannelFilter, ChatCommand, Collab, Command, Fields};
use chorus_model::{Channel, ChannelId, ChannelMember, ProjectId, ReadMarker, TaskId, UserId};
use http::Uri;
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::body::Object;
use crate::change::{Change, versioned};
use crate::document::{self, About, Plain, Routes, delete, get, patch, post, put, read, written};
use crate::error::Refusal;
use crate::origins::Origins;
use crate::paging::Window;
use crate::path::At;
use crate::query::Asked;

const NOT_FOUND: &[&str] = &["not_found"];
const FORBIDDEN: &[&str] = &["forbidden"];

pub(crate) fn routes<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let listed = |id, text| {
        About::new(id, text)
            .query("task_id", "About this task.", read::<TaskId>)
            .pages(document::list::<Channel>)
            .refuses(404, NOT_FOUND)
    };
    let all = listed("list_channels", "Channels that one may see.").query(
        "project_id",
        "Of this project.",
        read::<ProjectId>,
    );
    let some = listed("list_project_channels", "Channels of a project that one may see.");
    // As the Project Manager app asks for it.
    let same = listed("list_channels_of_project", "The same as `/projects/{id}/channels`.");
    let made = |id, form: Plain| {
        About::new(id, "Makes a channel. One that is private is for its members alone, for good.")
            .form(form)
            .answers(201, written::<Channel>)
            .tells("ETag")
            .refuses(403, FORBIDDEN)
            .refuses(404, NOT_FOUND)
            .refuses(409, &["name_taken"])
    };
    let shown = About::new("show_channel", "A channel.")
        .answers(200, written::<Channel>)
        .tells("ETag")
        .refuses(404, NOT_FOUND);
    let removed = About::new("delete_channel", "Deletes a channel with all that was said there.")
        .answers_nothing()
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND);
    Routes::new()
        .at("/channels", [get(list, all), post(create, made("create_channel", read::<NewChannel>))])
        .at(
            "/projects/{id}/channels",
            [
                get(list_of_project, some),
                post(create_here, made("create_project_channel", document::new_channel_here)),
            ],
        )
        .at("/channels/project/{id}", [get(list_of_project, same)])
        .at(
            "/channels/{id}",
            [
                get(show, shown),
                patch(update, updated()),
                put(update, updated()),
                delete(remove, removed),
            ],
        )
        .merge(members())
        .merge(reading())
}

fn members<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let listed = About::new("list_channel_members", "Who belongs to a private channel.")
        .answers(200, document::list::<ChannelMember>)
        .refuses(404, NOT_FOUND);
    let added = About::new("add_channel_member", "Takes somebody into a private channel.")
        .form(document::channel_member)
        .answers(201, written::<ChannelMember>)
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND)
        .refuses(409, &["already_member"]);
    let removed = About::new(
        "remove_channel_member",
        "Takes somebody out of a private channel, or lets the caller leave.",
    )
    .answers_nothing()
    .refuses(403, FORBIDDEN)
    .refuses(404, NOT_FOUND)
    .refuses(422, &["invalid"]);
    Routes::new()
        .at("/channels/{id}/members", [get(list_members, listed), post(add_member, added)])
        .at("/channels/{id}/members/{user}", [delete(remove_member, removed)])
}

fn reading<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let shown = About::new("show_read_marker", "How far one has read a channel.")
        .answers(200, written::<ReadMarker>)
        .refuses(404, NOT_FOUND);
    let marked = || {
        About::new("read_channel", "Notes that one has read a channel, up to a message.")
            .form(document::read_form)
            .answers(200, written::<ReadMarker>)
            .refuses(404, NOT_FOUND)
    };
    let all =
        About::new("list_read_markers", "How far one has read the channels of one's projects.")
            .pages(document::read_markers);
    Routes::new()
        .at("/channels/{id}/read", [get(show_marker, shown), post(mark_read, marked())])
        .at("/channels/read", [get(list_markers, all)])
}

fn updated() -> About {
    About::new("update_channel", "Changes name or description of a channel.")
        .form(read::<ChannelPatch>)
        .conditional()
        .answers(200, written::<Channel>)
        .tells("ETag")
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND)
        .refuses(409, &["name_taken"])
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    found(&collab, &caller, &uri, &asked, None).await
}

async fn list_of_project(
    State(collab): State<Collab>,
    caller: Caller,
    At(project): At<ProjectId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    found(&collab, &caller, &uri, &asked, Some(project)).await
}

async fn found(
    collab: &Collab,
    caller: &Caller,
    uri: &Uri,
    asked: &Map<String, Value>,
    project: Option<ProjectId>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(asked);
    let filter = ChannelFilter {
        project: project.or_else(|| fields.nullable_id("project_id").flatten().map(ProjectId)),
        task: fields.nullable_id("task_id").flatten().map(TaskId),
    };
    let window = Window::read(&mut fields);
    fields.finish()?;
    let channels = collab.channels(caller.user.id, filter, window.page()).await?;
    Ok(window.answer(uri, channels))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ChannelId>,
) -> Result<Response, Refusal> {
    let channel = collab.channel(caller.user.id, id).await?;
    Ok(versioned(&channel, channel.version))
}

async fn create(change: Change, body: Object) -> Result<Response, Refusal> {
    let new = forms::new_channel(&body.0, None)?;
    change.make(Command::Chat(ChatCommand::CreateChannel(new))).await
}

async fn create_here(
    change: Change,
    At(project): At<ProjectId>,
    body: Object,
) -> Result<Response, Refusal> {
    let new = forms::new_channel(&body.0, Some(project))?;
    change.make(Command::Chat(ChatCommand::CreateChannel(new))).await
}

async fn update(
    change: Change,
    At(channel): At<ChannelId>,
    body: Object,
) -> Result<Response, Refusal> {
    let patch = forms::channel_patch(&body.0)?;
    let command = |if_version| ChatCommand::UpdateChannel { channel, patch, if_version };
    change.make_if(|if_version| Command::Chat(command(if_version))).await
}

async fn remove(change: Change, At(channel): At<ChannelId>) -> Result<Response, Refusal> {
    change.make(Command::Chat(ChatCommand::DeleteChannel { channel })).await
}

async fn list_members(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ChannelId>,
) -> Result<Json<Vec<ChannelMember>>, Refusal> {
    Ok(Json(collab.channel_members(caller.user.id, id).await?))
}

async fn add_member(
    change: Change,
    At(channel): At<ChannelId>,
    body: Object,
) -> Result<Response, Refusal> {
    let user = forms::channel_member(&body.0)?;
    change.make(Command::Chat(ChatCommand::AddToChannel { channel, user })).await
}

async fn remove_member(
    change: Change,
    At((channel, user)): At<(ChannelId, UserId)>,
) -> Result<Response, Refusal> {
    change.make(Command::Chat(ChatCommand::RemoveFromChannel { channel, user })).await
}

async fn show_marker(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<ChannelId>,
) -> Result<Json<ReadMarker>, Refusal> {
    Ok(Json(collab.read_marker(caller.user.id, id).await?))
}

async fn mark_read(
    change: Change,
    At(channel): At<ChannelId>,
    body: Option<Object>,
) -> Result<Response, Refusal> {
    let upto = body.map(|Object(object)| forms::upto(&object)).transpose()?.flatten();
    change.make(Command::Chat(ChatCommand::ReadChannel { channel, upto })).await
}

async fn list_markers(
    State(collab): State<Collab>,
    caller: Caller,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let window = Window::read(&mut fields);
    fields.finish()?;
    let markers = collab.read_markers(caller.user.id, window.page()).await?;
    Ok(window.answer(&uri, markers))
}
