//! What can be read of channels and messages.

use chorus_model::{
    Channel, ChannelId, ChannelMember, Message, MessageId, ReadMarker, UserId, WorkspaceRole,
};
use chorus_storage::{ChannelFilter, MessageFilter, Page};

use super::visible_channel;
use crate::access::{self, Action};
use crate::collab::Collab;
use crate::doing::hide;
use crate::fault::{Fault, Noun};
use crate::queries::visible_task;

impl Collab {
    /// The channels that the caller may see, by id.
    pub async fn channels(
        &self,
        user: UserId,
        filter: ChannelFilter,
        page: Page,
    ) -> Result<Vec<Channel>, Fault> {
        self.query(user, move |reads, user| {
            if let Some(project) = filter.project {
                access::permit(reads, user, project, Action::Read)?;
            }
            if let Some(task) = filter.task {
                visible_task(reads, user, task)?;
            }
            let sees_all = user.role == WorkspaceRole::Admin;
            Ok(reads.channels(user.id, sees_all, filter, page)?)
        })
        .await
    }

    /// A channel.
    pub async fn channel(&self, user: UserId, id: ChannelId) -> Result<Channel, Fault> {
        self.query(user, move |reads, user| Ok(visible_channel(reads, user, id)?.0)).await
    }

    /// Who belongs to a private channel; nobody in particular to any other.
    pub async fn channel_members(
        &self,
        user: UserId,
        id: ChannelId,
    ) -> Result<Vec<ChannelMember>, Fault> {
        self.query(user, move |reads, user| {
            visible_channel(reads, user, id)?;
            Ok(reads.channel_members(id)?)
        })
        .await
    }

    /// What was said in a channel, newest first.
    pub async fn messages(
        &self,
        user: UserId,
        channel: ChannelId,
        filter: MessageFilter,
        page: Page,
    ) -> Result<Vec<Message>, Fault> {
        self.query(user, move |reads, user| {
            visible_channel(reads, user, channel)?;
            Ok(reads.messages_of(channel, filter, page)?)
        })
        .await
    }

    /// A message.
    pub async fn message(&self, user: UserId, id: MessageId) -> Result<Message, Fault> {
        self.query(user, move |reads, user| {
            let missing = Fault::NotFound(Noun::Message);
            let message = reads.message(id)?.ok_or(missing.clone())?;
            hide(visible_channel(reads, user, message.channel_id), missing)?;
            Ok(message)
        })
        .await
    }

    /// How far the caller has read a channel.
    pub async fn read_marker(&self, user: UserId, id: ChannelId) -> Result<ReadMarker, Fault> {
        self.query(user, move |reads, user| {
            visible_channel(reads, user, id)?;
            reads.read_marker(user.id, id)?.ok_or(Fault::NotFound(Noun::Channel))
        })
        .await
    }

    /// How far the caller has read the channels of his projects, by id.
    pub async fn read_markers(&self, user: UserId, page: Page) -> Result<Vec<ReadMarker>, Fault> {
        self.query(user, move |reads, user| Ok(reads.read_markers(user.id, page)?)).await
    }
}
