//! Messages in channels, and the signs under them.

use axum::extract::{FromRef, State};
use axum::response::Response;
use chorus_collab::chat::NewMessage;
use chorus_collab::forms::chat as forms;
use chorus_collab::{ChatCommand, Collab, Command, Fields, MessageFilter};
use chorus_model::{ChannelId, Message, MessageId};
use http::Uri;

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
            .query("before", "Said before this message.", read::<MessageId>)
            .query("parent_id", "That answer this message.", read::<MessageId>)
            .pages(document::list::<Message>)
            .refuses(404, NOT_FOUND)
    };
    let some = listed("list_messages", "What was said in a channel, newest first.");
    // As the Project Manager app asks for it.
    let same = listed("list_messages_of_channel", "The same as `/channels/{id}/messages`.");
    let said = |id, form: Plain| {
        About::new(id, "Says something in a channel.")
            .form(form)
            .answers(201, written::<Message>)
            .tells("ETag")
            .refuses(404, NOT_FOUND)
    };
    let shown = About::new("show_message", "A message.")
        .answers(200, written::<Message>)
        .tells("ETag")
        .refuses(404, NOT_FOUND);
    let removed = About::new("delete_message", "Deletes a message; what answers it stays.")
        .answers_nothing()
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND);
    Routes::new()
        .at("/messages", [post(create, said("create_message", read::<NewMessage>))])
        .at("/messages/channel/{id}", [get(list, same)])
        .at(
            "/channels/{id}/messages",
            [
                get(list, some),
                post(create_here, said("create_channel_message", document::new_message_here)),
            ],
        )
        .at(
            "/messages/{id}",
            [get(show, shown), patch(edit, edited()), put(edit, edited()), delete(remove, removed)],
        )
        .merge(reactions())
}

fn reactions<S>() -> Routes<S>
where
    Collab: FromRef<S>,
    Origins: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let about = |id, text| {
        About::new(id, text)
            .answers(200, written::<Message>)
            .tells("ETag")
            .refuses(404, NOT_FOUND)
            .refuses(422, &["invalid"])
    };
    let left = about("add_reaction", "Leaves a sign under a message.").form(document::emoji);
    let taken = about("remove_reaction", "Takes a sign back.");
    Routes::new()
        .at("/messages/{id}/reactions", [post(react, left)])
        .at("/messages/{id}/reactions/{emoji}", [delete(take_back, taken)])
}

fn edited() -> About {
    About::new("edit_message", "Changes a message that one wrote.")
        .form(document::content)
        .conditional()
        .answers(200, written::<Message>)
        .tells("ETag")
        .refuses(403, FORBIDDEN)
        .refuses(404, NOT_FOUND)
}

async fn list(
    State(collab): State<Collab>,
    caller: Caller,
    At(channel): At<ChannelId>,
    uri: Uri,
    Asked(asked): Asked,
) -> Result<Response, Refusal> {
    let mut fields = Fields::new(&asked);
    let filter = MessageFilter {
        before: fields.nullable_id("before").flatten().map(MessageId),
        parent: fields.nullable_id("parent_id").flatten().map(MessageId),
    };
    let window = Window::read(&mut fields);
    fields.finish()?;
    let messages = collab.messages(caller.user.id, channel, filter, window.page()).await?;
    Ok(window.answer(&uri, messages))
}

async fn show(
    State(collab): State<Collab>,
    caller: Caller,
    At(id): At<MessageId>,
) -> Result<Response, Refusal> {
    let message = collab.message(caller.user.id, id).await?;
    Ok(versioned(&message, message.version))
}

async fn create(change: Change, body: Object) -> Result<Response, Refusal> {
    let new = forms::new_message(&body.0, None)?;
    change.make(Command::Chat(ChatCommand::PostMessage(new))).await
}

async fn create_here(
    change: Change,
    At(channel): At<ChannelId>,
    body: Object,
) -> Result<Response, Refusal> {
    let new = forms::new_message(&body.0, Some(channel))?;
    change.make(Command::Chat(ChatCommand::PostMessage(new))).await
}

async fn edit(
    change: Change,
    At(message): At<MessageId>,
    body: Object,
) -> Result<Response, Refusal> {
    let content = forms::content(&body.0)?;
    let command = |if_version| ChatCommand::EditMessage { message, content, if_version };
    change.make_if(|if_version| Command::Chat(command(if_version))).await
}

async fn remove(change: Change, At(message): At<MessageId>) -> Result<Response, Refusal> {
    change.make(Command::Chat(ChatCommand::DeleteMessage { message })).await
}

async fn react(
    change: Change,
    At(message): At<MessageId>,
    body: Object,
) -> Result<Response, Refusal> {
    let emoji = forms::emoji(&body.0)?;
    change.make(Command::Chat(ChatCommand::React { message, emoji, on: true })).await
}

async fn take_back(
    change: Change,
    At((message, emoji)): At<(MessageId, String)>,
) -> Result<Response, Refusal> {
    let emoji = chorus_model::Emoji::parse("emoji", &emoji)?;
    change.make(Command::Chat(ChatCommand::React { message, emoji, on: false })).await
}
