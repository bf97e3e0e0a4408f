//! Comments on tasks, on items, and on projects.

use chorus_model::text::CommentText;
use chorus_model::{
    Body, Comment, CommentId, Invalid, ItemRef, Notice, ProjectId, Rule, TaskId, TaskRef, Topic,
    UserId,
};
use chorus_storage::NewComment as Row;

use crate::access::Action;
use crate::command::{Answer, NewComment};
use crate::doing::{Doing, expect_version, hide};
use crate::fault::{Fault, Noun};

pub(crate) fn add(
    doing: &mut Doing<'_, '_>,
    topic: Topic,
    new: &NewComment,
) -> Result<Answer, Fault> {
    let Place { project, task, item, assignee, .. } = place(doing, topic)?;
    doing.permit(project, Action::Comment)?;
    if let Some(parent) = new.parent
        && doing.tx.comment(parent)?.is_none_or(|parent| parent.topic() != topic)
    {
        let what = match topic {
            Topic::Task(_) => "a comment on the task",
            Topic::Project(_, Some(_)) => "a comment on the item",
            Topic::Project(_, None) => "a comment on the project",
        };
        return Err(Invalid::new("parent_id", Rule::Unknown(what)).into());
    }
    let comment = doing.tx.insert_comment(&Row {
        project_id: project,
        task_id: task.as_ref().map(|task| task.id),
        item_id: item.as_ref().map(|item| item.id),
        parent_id: new.parent,
        author_id: doing.user.id,
        body: new.body.as_str().to_owned(),
    })?;
    doing.append(Body::CommentCreated { comment: comment.clone(), task: task.clone(), item })?;
    if let Some(task) = task {
        let notice = Notice::CommentAdded { task, comment_id: comment.id };
        doing.notify(assignee, project, &notice)?;
    }
    Ok(Answer::Comment(comment))
}

pub(crate) fn edit(
    doing: &mut Doing<'_, '_>,
    id: CommentId,
    body: &CommentText,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let (old, Place { project, task, item, .. }) = visible(doing, id)?;
    doing.permit(project, Action::EditComment { author: old.author_id })?;
    expect_version(if_version, old.version)?;
    if old.body == body.as_str() {
        return Ok(Answer::Comment(old));
    }
    let new = Comment { body: body.as_str().to_owned(), is_edited: true, ..old };
    let comment = doing.tx.update_comment(&new)?;
    doing.append(Body::CommentUpdated { comment: comment.clone(), task, item })?;
    Ok(Answer::Comment(comment))
}

pub(crate) fn delete(doing: &mut Doing<'_, '_>, id: CommentId) -> Result<Answer, Fault> {
    let (comment, Place { project, task, item, maker, .. }) = visible(doing, id)?;
    doing.permit(project, Action::DeleteComment { author: comment.author_id, maker })?;
    doing.tx.delete_comment(id)?;
    doing.append(Body::CommentDeleted { comment, task, item })?;
    Ok(Answer::Deleted)
}

/// Whether somebody who claims that a comment was written is right.
pub(crate) fn announce(
    doing: &Doing<'_, '_>,
    task: TaskId,
    id: CommentId,
) -> Result<Answer, Fault> {
    let (comment, _) = visible(doing, id)?;
    if comment.task_id != Some(task) {
        return Err(Fault::NotFound(Noun::Comment));
    }
    Ok(Answer::Swallowed)
}

/// What a comment is on, as far as commenting asks.
struct Place {
    project: ProjectId,
    task: Option<TaskRef>,
    item: Option<ItemRef>,
    /// Who made the task or item.
    maker: Option<UserId>,
    /// Whose task it is.
    assignee: Option<UserId>,
}

/// What a comment is on, if the actor may see it.
fn place(doing: &Doing<'_, '_>, topic: Topic) -> Result<Place, Fault> {
    match topic {
        Topic::Task(id) => {
            let task = doing.task(id)?;
            Ok(Place {
                project: task.project_id,
                task: Some(task.to_ref()),
                item: None,
                maker: Some(task.creator_id),
                assignee: task.assignee_id,
            })
        }
        Topic::Project(project, item) => {
            doing.permit(project, Action::Read)?;
            let unknown = || Invalid::new("item_id", Rule::Unknown("an item of the project"));
            let found = |id| -> Result<_, Fault> {
                let found = doing.tx.item(id)?.filter(|item| item.head.project_id == project);
                Ok(found.ok_or_else(unknown)?)
            };
            let item = item.map(found).transpose()?;
            let maker = item.as_ref().map(|item| item.head.creator_id);
            let item = item.map(|item| item.to_ref());
            Ok(Place { project, task: None, item, maker, assignee: None })
        }
    }
}

/// The comment and what it is on, if the actor may see them.
fn visible(doing: &Doing<'_, '_>, id: CommentId) -> Result<(Comment, Place), Fault> {
    let missing = Fault::NotFound(Noun::Comment);
    let comment = doing.tx.comment(id)?.ok_or(missing.clone())?;
    let place = hide(place(doing, comment.topic()), missing)?;
    Ok((comment, place))
}
