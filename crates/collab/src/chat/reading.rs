//! How far people have read.

use chorus_model::{Body, ChannelId, Cursor, MessageId, UserId};
use chorus_storage::{Page, Reads};
use schemars::JsonSchema;
use serde::Serialize;

use super::visible_channel;
use crate::command::Answer;
use crate::doing::Doing;
use crate::fault::{Fault, Noun};

/// What somebody has not read, at a place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unread {
    /// Which place: what happened later is not counted.
    pub cursor: Cursor,
    /// How many notifications.
    pub notifications: u64,
    /// Channels with something new, of his first 200.
    pub channels: Vec<UnreadChannel>,
}

/// What somebody has not read of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnreadChannel {
    /// Which.
    pub channel_id: ChannelId,
    /// How many messages of others. Not counted beyond 1,000.
    pub unread: u64,
}

/// Channels whose unread messages a welcome counts.
const MOST_COUNTED: Page = Page { limit: 200, offset: 0 };

/// What `user` has not read.
pub(crate) fn unread(reads: &Reads<'_>, user: UserId) -> Result<Unread, Fault> {
    let notifications = reads.unread_count(user)?;
    let markers = reads.read_markers(user, MOST_COUNTED)?;
    let news = markers.iter().filter(|marker| marker.unread > 0);
    let channels = news.map(|one| UnreadChannel { channel_id: one.channel_id, unread: one.unread });
    Ok(Unread { cursor: reads.head()?, notifications, channels: channels.collect() })
}

pub(super) fn mark(
    doing: &mut Doing<'_, '_>,
    id: ChannelId,
    upto: Option<MessageId>,
) -> Result<Answer, Fault> {
    visible_channel(doing.tx, &doing.user, id)?;
    let user = doing.user.id;
    let read = match doing.tx.last_message(id, upto)? {
        Some(message) => doing.tx.mark_channel_read(user, id, message)?,
        None => false,
    };
    let marker = doing.tx.read_marker(user, id)?.ok_or(Fault::NotFound(Noun::Channel))?;
    if read {
        doing.append(Body::ChannelRead { marker: marker.clone() })?;
    }
    Ok(Answer::Marker(marker))
}
