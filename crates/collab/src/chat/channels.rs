//! Channels, and who belongs to private ones.

use chorus_model::channel::ChannelChanges;
use chorus_model::task::Change;
use chorus_model::text::{Name, Rule};
use chorus_model::{Body, Channel, ChannelId, Invalid, ProjectId, TaskId, UserId};
use chorus_storage::NewChannel as Row;

use super::{ChannelPatch, MOST_CHANNELS, NewChannel, visible_channel};
use crate::access::{self, Action};
use crate::command::Answer;
use crate::doing::{Doing, expect_version};
use crate::fault::{Fault, Noun};

pub(super) fn create(doing: &mut Doing<'_, '_>, new: &NewChannel) -> Result<Answer, Fault> {
    doing.permit(new.project, Action::MakeChannels)?;
    if let Some(task) = new.task
        && doing.tx.task(task)?.is_none_or(|task| task.project_id != new.project)
    {
        return Err(Invalid::new("task_id", Rule::Unknown("a task of the project")).into());
    }
    if doing.tx.channel_count(new.project)? >= MOST_CHANNELS {
        let room = Rule::Unknown("a project with fewer than 1000 channels");
        return Err(Invalid::new("project_id", room).into());
    }
    if !new.is_private {
        check_name(doing, new.project, new.task, &new.name, None)?;
    }
    let channel = doing.tx.insert_channel(&Row {
        project_id: new.project,
        task_id: new.task,
        name: new.name.as_str().to_owned(),
        description: new.description.as_ref().map(|text| text.as_str().to_owned()),
        is_private: new.is_private,
        creator_id: doing.user.id,
    })?;
    let at = doing.append(Body::ChannelCreated { channel: channel.clone() })?;
    if channel.is_private {
        let user = doing.user.id;
        doing.tx.open_channel_membership(channel.id, user, at)?;
        tell_added(doing, &channel, user)?;
    }
    Ok(Answer::Channel(channel))
}

pub(super) fn update(
    doing: &mut Doing<'_, '_>,
    id: ChannelId,
    patch: &ChannelPatch,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let old = editable(doing, id)?;
    expect_version(if_version, old.version)?;
    let mut new = old.clone();
    if let Some(name) = &patch.name {
        name.as_str().clone_into(&mut new.name);
    }
    if let Some(description) = &patch.description {
        new.description = description.as_ref().map(|text| text.as_str().to_owned());
    }
    let changes = ChannelChanges {
        name: Change::between(&old.name, &new.name),
        description: Change::between(&old.description, &new.description),
    };
    if changes == ChannelChanges::default() {
        return Ok(Answer::Channel(old));
    }
    if let Some(name) = patch.name.as_ref().filter(|_| !old.is_private) {
        check_name(doing, old.project_id, old.task_id, name, Some(id))?;
    }
    let channel = doing.tx.update_channel(&new)?;
    doing.append(Body::ChannelUpdated { channel: channel.clone(), changes })?;
    Ok(Answer::Channel(channel))
}

pub(super) fn delete(doing: &mut Doing<'_, '_>, id: ChannelId) -> Result<Answer, Fault> {
    let channel = editable(doing, id)?;
    let at = doing.append(Body::ChannelDeleted { channel })?;
    doing.tx.close_channel_memberships(id, at)?;
    doing.tx.delete_channel(id)?;
    Ok(Answer::Deleted)
}

pub(super) fn add(doing: &mut Doing<'_, '_>, id: ChannelId, user: UserId) -> Result<Answer, Fault> {
    let channel = private(doing, id)?;
    doing.permit(channel.project_id, Action::MakeChannels)?;
    if doing.tx.channel_member(id, user)?.is_some() {
        return Err(Fault::AlreadyMember);
    }
    let person = doing.tx.user(user)?.filter(|person| person.is_active);
    let person = person.ok_or(Fault::NotFound(Noun::User))?;
    if access::role(doing.tx, &person, channel.project_id)?.is_none() {
        return Err(Invalid::new("user_id", Rule::Unknown("a member of the project")).into());
    }
    // The event comes first in the membership that it begins.
    let at = doing.tx.head().next();
    doing.tx.open_channel_membership(id, user, at)?;
    let member = tell_added(doing, &channel, user)?;
    Ok(Answer::ChannelMember(member))
}

pub(super) fn remove(
    doing: &mut Doing<'_, '_>,
    id: ChannelId,
    user: UserId,
) -> Result<Answer, Fault> {
    let channel = private(doing, id)?;
    if user != doing.user.id {
        let creator = channel.creator_id;
        doing.permit(channel.project_id, Action::EditChannel { creator })?;
    }
    let member = doing.tx.channel_member(id, user)?.ok_or(Fault::NotFound(Noun::Member))?;
    let at = doing.append(Body::ChannelMemberRemoved { channel, member })?;
    doing.tx.close_channel_membership(id, user, at)?;
    Ok(Answer::Deleted)
}

fn tell_added(
    doing: &mut Doing<'_, '_>,
    channel: &Channel,
    user: UserId,
) -> Result<chorus_model::ChannelMember, Fault> {
    let member = doing.tx.channel_member(channel.id, user)?;
    let member = member.ok_or(Fault::NotFound(Noun::Member))?;
    let (channel, told) = (channel.clone(), member.clone());
    doing.append(Body::ChannelMemberAdded { channel, member: told })?;
    Ok(member)
}

/// The channel, if the actor may change it.
fn editable(doing: &Doing<'_, '_>, id: ChannelId) -> Result<Channel, Fault> {
    let (channel, _) = visible_channel(doing.tx, &doing.user, id)?;
    let creator = channel.creator_id;
    doing.permit(channel.project_id, Action::EditChannel { creator })?;
    Ok(channel)
}

/// The private channel, if the actor is one of its members. Others have no members of their own.
fn private(doing: &Doing<'_, '_>, id: ChannelId) -> Result<Channel, Fault> {
    let (channel, _) = visible_channel(doing.tx, &doing.user, id)?;
    if !channel.is_private {
        return Err(Invalid::new("channel_id", Rule::Unknown("a private channel")).into());
    }
    Ok(channel)
}

fn check_name(
    doing: &Doing<'_, '_>,
    project: ProjectId,
    task: Option<TaskId>,
    name: &Name,
    own: Option<ChannelId>,
) -> Result<(), Fault> {
    let found = doing.tx.channel_named(project, task, name.as_str())?;
    if found.is_some_and(|found| Some(found) != own) {
        return Err(Fault::NameTaken);
    }
    Ok(())
}
