// One task as a card of the board.

import { paint } from "./avatar.js";
import { PRIORITIES, STATUSES, dayOf, isOverdue, label } from "./words.js";

const template = document.querySelector("#card-template");

/** A new, empty card; `fill` writes the task on it. */
export function makeCard(id) {
  const card = template.content.firstElementChild.cloneNode(true);
  card.dataset.id = id;
  card.dataset.testid = `task-${id}`;
  return card;
}

/** Writes the present state of a task on its card. */
export function fill(card, task) {
  card.dataset.status = task.status;
  card.dataset.priority = task.priority;
  card.querySelector(".card-title").textContent = task.title;
  card.querySelector(".priority span").textContent = label(PRIORITIES, task.priority);
  fillDue(card.querySelector(".due"), task);
  paint(card.querySelector(".card-assignee"), task.assignee);
  fillButtons(card, task);
}

/** The status that a card gets by one step to the left (-1) or right (+1); none at the edge. */
export function neighbour(status, step) {
  const index = STATUSES.findIndex((entry) => entry.word === status);
  return STATUSES[index + step] ?? null;
}

function fillDue(due, task) {
  due.hidden = !task.due_date;
  if (!task.due_date) return;
  const overdue = isOverdue(task);
  due.classList.toggle("overdue", overdue);
  due.title = overdue ? "Overdue" : "Due";
  const time = due.querySelector("time");
  time.dateTime = task.due_date;
  time.textContent = dayOf(task.due_date);
}

function fillButtons(card, task) {
  for (const [name, step] of [["back", -1], ["on", 1]]) {
    const button = card.querySelector(`.${name}`);
    const target = neighbour(task.status, step);
    const text = target ? `Move “${task.title}” to ${target.label}` : "No column there";
    // Not `disabled`: the button that was just pressed would lose the focus.
    button.setAttribute("aria-disabled", String(!target));
    button.tabIndex = target ? 0 : -1;
    caption(button, text, target ? `Move to ${target.label}` : text);
  }
  caption(card.querySelector(".talk"), `Comments on “${task.title}”`, "Comments");
}

function caption(button, spoken, shown) {
  button.setAttribute("aria-label", spoken);
  button.title = shown;
}
