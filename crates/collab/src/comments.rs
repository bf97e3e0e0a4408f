//! Comments on tasks.

use chorus_model::text::CommentText;
use chorus_model::{Body, Comment, CommentId, Invalid, Notice, Rule, TaskId};
use chorus_storage::NewComment as Row;

use crate::access::Action;
use crate::command::{Answer, NewComment};
use crate::doing::{Doing, expect_version};
use crate::fault::{Fault, Noun};

pub(crate) fn add(
    doing: &mut Doing<'_, '_>,
    task: TaskId,
    new: &NewComment,
) -> Result<Answer, Fault> {
    let task = doing.task(task)?;
    doing.permit(task.project_id, Action::Comment)?;
    if let Some(parent) = new.parent
        && doing.tx.comment(parent)?.is_none_or(|parent| parent.task_id != task.id)
    {
        return Err(Invalid::new("parent_id", Rule::Unknown("a comment on the task")).into());
    }
    let comment = doing.tx.insert_comment(&Row {
        task_id: task.id,
        parent_id: new.parent,
        author_id: doing.user.id,
        body: new.body.as_str().to_owned(),
    })?;
    doing.append(Body::CommentCreated { comment: comment.clone(), task: task.to_ref() })?;
    let notice = Notice::CommentAdded { task: task.to_ref(), comment_id: comment.id };
    doing.notify(task.assignee_id, task.project_id, &notice)?;
    Ok(Answer::Comment(comment))
}

pub(crate) fn edit(
    doing: &mut Doing<'_, '_>,
    id: CommentId,
    body: &CommentText,
    if_version: Option<i64>,
) -> Result<Answer, Fault> {
    let (old, task) = doing.comment(id)?;
    doing.permit(task.project_id, Action::EditComment { author: old.author_id })?;
    expect_version(if_version, old.version)?;
    if old.body == body.as_str() {
        return Ok(Answer::Comment(old));
    }
    let new = Comment { body: body.as_str().to_owned(), is_edited: true, ..old };
    let comment = doing.tx.update_comment(&new)?;
    doing.append(Body::CommentUpdated { comment: comment.clone(), task: task.to_ref() })?;
    Ok(Answer::Comment(comment))
}

pub(crate) fn delete(doing: &mut Doing<'_, '_>, id: CommentId) -> Result<Answer, Fault> {
    let (comment, task) = doing.comment(id)?;
    let action = Action::DeleteComment { author: comment.author_id, task_creator: task.creator_id };
    doing.permit(task.project_id, action)?;
    doing.tx.delete_comment(id)?;
    doing.append(Body::CommentDeleted { comment, task: task.to_ref() })?;
    Ok(Answer::Deleted)
}

/// Whether somebody who claims that a comment was written is right.
pub(crate) fn announce(
    doing: &Doing<'_, '_>,
    task: TaskId,
    id: CommentId,
) -> Result<Answer, Fault> {
    let (comment, _) = doing.comment(id)?;
    if comment.task_id != task {
        return Err(Fault::NotFound(Noun::Comment));
    }
    Ok(Answer::Swallowed)
}
