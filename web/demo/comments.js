// The comments of the open task: the list, and the field to write one.

import * as api from "./api.js";
import { avatar } from "./avatar.js";
import { fault } from "./toasts.js";
import { momentOf, timeOf } from "./words.js";

/** How often a sign of typing is repeated, and how long after the last key it is taken back. */
const REPEAT_MS = 2000;
const IDLE_MS = 3000;

const template = document.querySelector("#comment-template");

/** Fires `typing` with whether the person types. */
export class Comments extends EventTarget {
  #list;
  #form;
  #task = null;
  #typing = false;
  #repeatAt = 0;
  #idle = null;

  constructor(list, form) {
    super();
    this.#list = list;
    this.#form = form;
    const field = form.elements.body;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    field.addEventListener("input", () => this.#sign(field.value !== ""));
    field.addEventListener("blur", () => this.#sign(false));
  }

  /** Shows the comments of a task, or of none. */
  async show(task) {
    this.#sign(false);
    this.#task = task;
    this.#form.reset();
    this.#list.replaceChildren();
    if (task !== null) await this.reload();
  }

  /** Fetches the comments once more. */
  async reload() {
    const task = this.#task;
    try {
      const comments = await api.listComments(task);
      if (task === this.#task) this.#draw(comments);
    } catch (error) {
      fault(error);
    }
  }

  focus() {
    this.#form.elements.body.focus();
  }

  #draw(comments) {
    const known = new Map([...this.#list.children].map((item) => [item.dataset.id, item]));
    const fresh = known.size > 0 && comments.length > known.size;
    const items = comments.map((comment) => known.get(String(comment.id)) ?? itemOf(comment));
    this.#list.replaceChildren(...items);
    if (fresh) items.at(-1).scrollIntoView({ block: "nearest" });
  }

  async #send() {
    const field = this.#form.elements.body;
    const body = field.value.trim();
    if (!body) return;
    const task = this.#task;
    field.value = "";
    this.#sign(false);
    try {
      await api.createComment(task, body);
    } catch (error) {
      // What was written is not lost.
      if (task === this.#task && field.value === "") field.value = body;
      fault(error);
      return;
    }
    if (task === this.#task) await this.reload();
  }

  #sign(typing) {
    clearTimeout(this.#idle);
    if (typing) this.#idle = setTimeout(() => this.#sign(false), IDLE_MS);
    const due = typing && Date.now() >= this.#repeatAt;
    if (typing === this.#typing && !due) return;
    this.#typing = typing;
    this.#repeatAt = Date.now() + REPEAT_MS;
    this.dispatchEvent(new CustomEvent("typing", { detail: { task: this.#task, typing } }));
  }
}

function itemOf(comment) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.id = comment.id;
  item.dataset.testid = `comment-${comment.id}`;
  item.querySelector(".comment-face").replaceWith(avatar(comment.author));
  item.querySelector("b").textContent = comment.author.full_name;
  item.querySelector(".comment-body").textContent = comment.body;
  const time = item.querySelector("time");
  time.dateTime = comment.created_at;
  time.textContent = timeOf(comment.created_at);
  time.title = momentOf(comment.created_at);
  return item;
}
