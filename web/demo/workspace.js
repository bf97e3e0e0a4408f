// The view of a signed-in person: the board, who is here, and what others do.

import * as api from "./api.js";
import { Board } from "./board.js";
import { Detail } from "./detail.js";
import { Feed } from "./feed.js";
import { Live } from "./live.js";
import * as news from "./news.js";
import { People } from "./people.js";
import { session } from "./session.js";
import { Tasks } from "./tasks.js";
import { fault, toast } from "./toasts.js";
import { Typing } from "./typing.js";

const STATES = { connecting: "Connecting", connected: "Live", reconnecting: "Reconnecting" };

const $ = (selector) => document.querySelector(selector);
const view = $("#workspace");
const picker = $("#project");

const tasks = new Tasks();
const typing = new Typing();
const board = new Board($("#board"), tasks);
const detail = new Detail(tasks, typing);
const people = new People($("#present"));
const feed = new Feed($("#feed"), $("#activity-list"));

let live = null;
let project = null;
let members = new Map();

/** Shows the view for the person of this tab; what it returns hides it again. */
export function openWorkspace() {
  view.hidden = false;
  document.title = `${session.user.full_name} · Chorus`;
  live = new Live();
  listen(live);
  live.open();
  refresh();
  return close;
}

function close() {
  live.close();
  live = null;
  project = null;
  detail.close();
  people.set([]);
  feed.clear();
  tasks.clear();
  view.hidden = true;
  document.title = "Chorus";
}

/** Fetches the projects and the board of the chosen one. */
async function refresh() {
  await attempt(async () => {
    const projects = await api.listProjects();
    if (!live) return;
    const chosen = projects.find((one) => one.id === project) ?? projects[0];
    picker.replaceChildren(...projects.map((one) => new Option(one.name, one.id)));
    if (!chosen) {
      toast("You are in no project yet.");
      return;
    }
    picker.value = chosen.id;
    await openProject(chosen.id);
  });
}

async function openProject(id) {
  if (project !== null && project !== id) live.ask("unsubscribe", { room: roomOf(project) });
  project = id;
  hearProject();
  const load = tasks.load(id);
  const list = await api.listMembers(id);
  if (project === id) {
    members = new Map(list.map((member) => [member.user_id, member.user]));
    detail.members = list;
  }
  await load;
}

const roomOf = (id) => `project:${id}`;

/** Hears the open project from now on, and shows who is there. */
async function hearProject() {
  const id = project;
  await live.ask("subscribe", { room: roomOf(id) });
  const there = await live?.ask("who", { project_id: id });
  if (there && project === id) people.set(there.map((one) => person(one.user)));
}

/** A person as the views know him. */
const person = ({ id, ...rest }) => ({ user_id: id, id, ...rest });

function listen(socket) {
  const on = (word, act) => socket.addEventListener(word, (event) => act(event.detail));
  on("state", connection);
  on("task.created", ({ payload, actor }) => heardCreated(payload.task, actor));
  on("task.updated", ({ payload, actor }) => {
    // Status and assignee are told in events of their own.
    const { status, assignee, ...changes } = payload.changes;
    heardChanged(payload.task.id, changes, actor);
  });
  on("task.status_changed", ({ payload, actor }) =>
    heardChanged(payload.task.id, { status: payload.task.status }, actor),
  );
  on("task.assigned", ({ payload, actor }) =>
    heardChanged(payload.task.id, { assignee: payload.task.assignee }, actor),
  );
  on("task.deleted", ({ payload, actor }) => heardDeleted(payload.task, actor));
  on("comment.created", ({ payload }) => heardComment(payload));
  on("project.updated", ({ payload }) => {
    for (const option of picker.options) {
      if (Number(option.value) === payload.project.id) option.textContent = payload.project.name;
    }
  });
  on("presence", ({ room, user, present }) => {
    if (room !== roomOf(project)) return;
    if (present) heardArrival(person(user));
    else heardDeparture(person(user));
  });
  on("typing", ({ user, task_id, typing: is_typing }) =>
    typing.hear({ ...person(user), task_id, is_typing }),
  );
  on("notification.created", ({ payload: { notification } }) =>
    heardNotification(notification.kind, notification.task.id),
  );
  on("error", ({ error }) => fault(error));
}

let lost = false;

function connection(state) {
  $("#connection").dataset.state = state;
  $("#connection-text").textContent = STATES[state];
  if (state === "reconnecting") lost = true;
  if (state !== "connected") return;
  if (project !== null) hearProject();
  // What happened meanwhile was told to those who were here: look it up.
  if (lost && project !== null) {
    refresh();
    if (detail.id !== null) detail.reloadComments();
  }
  lost = false;
}

async function heardCreated({ id }, by) {
  const task = await tasks.refetch(id);
  if (!task) return;
  feed.tell(news.created(nameOf(by), task));
  flash(id, by);
}

async function heardChanged(id, changes, by) {
  const task = await tasks.refetch(id);
  if (!task) return;
  for (const sentence of news.changesOf(nameOf(by), changes, task)) feed.tell(sentence);
  flash(task.id, by);
}

function heardDeleted({ id, title, project_id }, by) {
  if (project_id !== project) return;
  feed.tell(news.deleted(nameOf(by), title));
  tasks.drop(id);
}

function heardComment({ comment, task: { id, project_id } }) {
  const task = tasks.get(id);
  if (project_id !== project || !task) return;
  feed.tell(news.commented(nameOf(comment.author), task));
  flash(id, comment.author);
  if (detail.id === id) detail.reloadComments();
}

function heardArrival(user) {
  if (members.has(user.user_id) && people.add(user)) feed.tell(news.cameIn(nameOf(user)));
}

function heardDeparture({ user_id }) {
  typing.forget(user_id);
  const user = people.remove(user_id);
  if (user) feed.tell(news.left(nameOf(user)));
}

async function heardNotification(kind, id) {
  const task = await tasks.refetch(id);
  const text = task && news.noticeOf(kind, task);
  if (text) toast(text);
}

function flash(id, by) {
  if (by.id !== session.user.id) board.flash(id);
}

/** How the feed calls somebody: as REST knows them, or else as the event does. */
function nameOf(person) {
  const id = person.id ?? person.user_id;
  if (id === session.user.id) return "You";
  return (members.get(id) ?? person).full_name;
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    // Who is signed out is told so by the first view.
    if (session.user) fault(error);
  }
}

tasks.addEventListener("failure", (event) => fault(event.detail));
typing.addEventListener("change", () => board.markTyping(typing.tasks()));
board.addEventListener("open", ({ detail: { id, talk } }) => detail.open(id, talk));
board.addEventListener("move", ({ detail: { id, status, above } }) =>
  attempt(() => tasks.move(id, status, above)),
);
board.addEventListener("add", ({ detail: { title, status, form } }) =>
  attempt(async () => {
    await tasks.add(title, status);
    form.reset();
  }),
);
detail.addEventListener("typing", ({ detail: { task, typing: is_typing } }) =>
  live?.ask("typing", { task_id: task, typing: is_typing }),
);
picker.addEventListener("change", () => {
  detail.close();
  people.set([]);
  attempt(() => openProject(Number(picker.value)));
});
$("#leave").addEventListener("click", () => api.logout());
