//! Saying something to a room: in that of a channel it is stored, in any other it is relayed to
//! who is there.

use chorus_model::signal::SignalBody;
use chorus_model::text::{MessageText, Rule};
use chorus_model::{Invalid, Room, Signal, UserRef};
use chorus_realtime::Connection;
use serde_json::{Map, Value};

use super::{ChatCommand, MAX_METADATA, NewMessage};
use crate::caller::Caller;
use crate::collab::Collab;
use crate::command::Command;
use crate::fault::Fault;
use crate::live::RoomName;

/// What the sender's own words for himself are: never believed.
const SENDER: [&str; 2] = ["username", "user_id"];

impl Collab {
    /// Says something to a room that the connection is in. `content` is the words, under
    /// `content`, and whatever else the client has to say.
    pub async fn say(
        &self,
        connection: &Connection,
        name: &RoomName,
        content: Map<String, Value>,
    ) -> Result<(), Fault> {
        let room = self.resolve(connection.user.id, name).await?;
        let (Room::Channel(_, channel) | Room::Private(_, channel)) = room else {
            return self.relay(connection, name, room, content).await;
        };
        if !self.parts.realtime.is_in(connection.id, room).await {
            return Err(Fault::NotThere);
        }
        let (content, metadata) = words(content)?;
        let new = NewMessage { channel, content, metadata, parent: None, spoken: true };
        let caller = Caller { user: connection.user.id, origin: Some(connection.id), key: None };
        self.execute(caller, Command::Chat(ChatCommand::PostMessage(new))).await?;
        Ok(())
    }

    /// Nobody keeps it.
    async fn relay(
        &self,
        connection: &Connection,
        name: &RoomName,
        room: Room,
        content: Map<String, Value>,
    ) -> Result<(), Fault> {
        let content = Value::Object(content).to_string().into();
        let signal = Signal {
            user: UserRef::clone(&connection.user.get()),
            at: self.parts.clock.now(),
            cause: Some(connection.id),
            body: SignalBody::Relay { room, name: name.as_str().into(), content },
        };
        if self.parts.realtime.relay(room, signal).await { Ok(()) } else { Err(Fault::NotThere) }
    }
}

/// The text, and all that comes with it.
fn words(
    mut content: Map<String, Value>,
) -> Result<(MessageText, Option<Map<String, Value>>), Fault> {
    let text = match content.remove("content") {
        None => MessageText::parse("content", "")?,
        Some(Value::String(text)) => MessageText::parse("content", &text)?,
        Some(_) => return Err(Invalid::new("content", Rule::Type("a string")).into()),
    };
    for own in SENDER {
        content.remove(own);
    }
    check_metadata(&content)?;
    Ok((text, (!content.is_empty()).then_some(content)))
}

/// What a client says beside the text has its limits.
pub(crate) fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Invalid> {
    let bytes = serde_json::to_vec(metadata).map_or(usize::MAX, |bytes| bytes.len());
    if bytes > MAX_METADATA {
        return Err(Invalid::new("metadata", Rule::Form("at most 16384 bytes of JSON")));
    }
    Ok(())
}
