// The open card: everything about one task, changed where it stands.

import { Comments } from "./comments.js";
import { fault } from "./toasts.js";
import { PRIORITIES, STATUSES, momentOf } from "./words.js";

const SURE = "Delete for good?";

/** The dialog; fires `typing` {task, typing} while the person writes a comment. */
export class Detail extends EventTarget {
  #dialog = document.querySelector("#detail");
  #delete = document.querySelector("#detail-delete");
  #fields = [...this.#dialog.querySelectorAll("[name]:not(#comment-form *)")];
  #comments = new Comments(
    document.querySelector("#comments"),
    document.querySelector("#comment-form"),
  );
  #tasks;
  #typing;
  #members = [];
  #id = null;

  constructor(tasks, typing) {
    super();
    this.#tasks = tasks;
    this.#typing = typing;
    offer(this.#field("status"), STATUSES.map(({ word, label }) => [word, label]));
    offer(this.#field("priority"), PRIORITIES.map(({ word, label }) => [word, label]));
    for (const field of this.#fields) field.addEventListener("change", () => this.#save(field));
    this.#field("title").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.target.blur();
    });
    this.#delete.addEventListener("click", () => this.#remove());
    this.#dialog.addEventListener("close", () => this.#closed());
    this.#dialog.addEventListener("click", (event) => {
      // Outside of the article is the backdrop.
      if (event.target === this.#dialog) this.close();
    });
    document.querySelector("#detail-close").addEventListener("click", () => this.close());
    this.#comments.addEventListener("typing", ({ detail }) =>
      this.dispatchEvent(new CustomEvent("typing", { detail })),
    );
    tasks.addEventListener("change", () => this.#draw());
    typing.addEventListener("change", () => this.#drawTyping());
  }

  /** The task that is open, if one is. */
  get id() {
    return this.#id;
  }

  /** Who can be given a task. */
  set members(members) {
    this.#members = members.map((member) => member.user);
    const people = this.#members.map((user) => [String(user.id), user.full_name]);
    offer(this.#field("assignee_id"), [["", "Nobody"], ...people]);
  }

  /** Opens a task; `talk` puts the cursor where comments are written. */
  open(id, talk) {
    this.#id = id;
    this.#draw();
    this.#drawTyping();
    this.#comments.show(id);
    this.#dialog.showModal();
    if (talk) this.#comments.focus();
    else document.querySelector("#detail-close").focus();
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  /** Somebody commented on the open task. */
  reloadComments() {
    return this.#comments.reload();
  }

  #closed() {
    this.#comments.show(null);
    this.#id = null;
  }

  #draw() {
    if (this.#id === null) return;
    const task = this.#tasks.get(this.#id);
    if (!task) {
      this.close();
      return;
    }
    for (const field of this.#fields) {
      // What the person is writing is theirs until they leave the field.
      if (field === document.activeElement && field.matches("textarea, input")) continue;
      field.value = written(field.name, task);
    }
    this.#delete.textContent = "Delete task";
    document.querySelector("#detail-made").textContent =
      `Made by ${task.creator.full_name}, ${momentOf(task.created_at)}`;
  }

  #drawTyping() {
    const line = document.querySelector("#typing-line");
    line.textContent = this.#id === null ? "" : this.#typing.sentence(this.#id);
  }

  async #save(field) {
    const task = this.#tasks.get(this.#id);
    if (!task) return;
    const value = read(field);
    if (field.name === "title" && !value) {
      field.value = task.title;
      return;
    }
    if (field.value === written(field.name, task)) return;
    try {
      await this.#change(task, field.name, value);
    } catch (error) {
      fault(error);
    }
  }

  #change(task, name, value) {
    if (name === "status") return this.#tasks.move(task.id, value);
    if (name !== "assignee_id") return this.#tasks.change(task.id, { [name]: value });
    const assignee = this.#members.find((user) => user.id === value) ?? null;
    return this.#tasks.change(task.id, { assignee_id: value }, { assignee_id: value, assignee });
  }

  async #remove() {
    if (this.#delete.textContent !== SURE) {
      this.#delete.textContent = SURE;
      return;
    }
    try {
      await this.#tasks.remove(this.#id);
    } catch (error) {
      fault(error);
    }
  }

  #field(name) {
    return this.#fields.find((field) => field.name === name);
  }
}

function offer(select, choices) {
  select.replaceChildren(...choices.map(([value, text]) => new Option(text, value)));
}

/** A field of a task as its input shows it. */
function written(name, task) {
  const value = task[name] ?? "";
  return name === "due_date" ? value.slice(0, 10) : String(value);
}

/** What an input says, as the server wants it. */
function read(field) {
  if (field.name === "assignee_id") return field.value ? Number(field.value) : null;
  if (field.name === "due_date") return field.value ? `${field.value}T00:00:00Z` : null;
  return field.value.trim() || null;
}
