// What an event says, as a sentence for the feed.

import { PRIORITIES, STATUSES, dayOf, label } from "./words.js";

/**
 * The sentences for what changed of a task. `changes` has the fields that the event names, `task`
 * is the state that the server holds now.
 */
export function changesOf(who, changes, task) {
  const title = quote(task.title);
  const sentences = {
    status: () => `${who} moved ${title} to ${label(STATUSES, task.status)}`,
    assignee: () =>
      task.assignee
        ? `${who} gave ${title} to ${task.assignee.full_name}`
        : `${who} left ${title} to nobody`,
    title: () => `${who} renamed a task to ${title}`,
    description: () => `${who} described ${title}`,
    priority: () =>
      `${who} set ${title} to ${label(PRIORITIES, task.priority).toLowerCase()} priority`,
    due_date: () =>
      task.due_date
        ? `${who} set ${title} due on ${dayOf(task.due_date)}`
        : `${who} took the due date off ${title}`,
  };
  return Object.keys(changes).flatMap((field) => sentences[field]?.() ?? []);
}

export const created = (who, task) => `${who} added ${quote(task.title)}`;
export const deleted = (who, title) => `${who} deleted ${quote(title)}`;
export const commented = (who, task) => `${who} commented on ${quote(task.title)}`;
export const cameIn = (who) => `${who} came in`;
export const left = (who) => `${who} left`;

/** What a notification tells the person who is to do a task; none if the feed says enough. */
export function noticeOf(kind, task) {
  const title = quote(task.title);
  if (kind === "comment_added") return `New comment on your task ${title}`;
  if (kind === "task_status_changed") {
    return `Your task ${title} is now in ${label(STATUSES, task.status)}`;
  }
  return null;
}

function quote(title) {
  return `“${title}”`;
}
