// The columns and their cards: what is where, and how it gets there.

import { fill, makeCard, neighbour } from "./card.js";
import { enableDragging } from "./drag.js";
import { STATUSES } from "./words.js";
import { flash, glide, places } from "./motion.js";

const template = document.querySelector("#column-template");

/** Fires `open` {id, talk}, `move` {id, status, above} and `add` {title, status, form}. */
export class Board extends EventTarget {
  #root;
  #tasks;
  #cards = new Map();
  #held = false;

  constructor(root, tasks) {
    super();
    this.#root = root;
    this.#tasks = tasks;
    root.replaceChildren(...STATUSES.map((status) => this.#makeColumn(status)));
    root.addEventListener("click", (event) => this.#click(event));
    enableDragging(root, {
      taken: () => (this.#held = true),
      dropped: (drop) => this.#dropped(drop),
    });
    tasks.addEventListener("change", () => this.draw());
  }

  /** Brings columns and cards up to date; cards glide to their new places. */
  draw() {
    // A card in somebody's hand must not be pulled out of it.
    if (this.#held) return;
    const before = places(this.#cards.values());
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    const kept = new Set(STATUSES.flatMap((status) => this.#fillColumn(status.word)));
    for (const [id, card] of this.#cards) {
      if (kept.has(id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    if (focused !== document.activeElement) focused?.focus({ preventScroll: true });
    glide(this.#cards.values(), before);
  }

  /** Shows that somebody else changed a card. */
  flash(id) {
    const card = this.#cards.get(id);
    if (card) flash(card);
  }

  /** Shows on the cards which tasks somebody is typing about. */
  markTyping(ids) {
    for (const [id, card] of this.#cards) card.classList.toggle("typed-on", ids.has(id));
  }

  #makeColumn({ word, label }) {
    const column = template.content.firstElementChild.cloneNode(true);
    column.dataset.status = word;
    column.dataset.testid = `column-${word}`;
    column.setAttribute("aria-label", label);
    column.querySelector(".column-name").textContent = label;
    column.querySelector(".cards").setAttribute("aria-label", label);
    const form = column.querySelector("form");
    form.elements.title.setAttribute("aria-label", `Add a task to ${label}`);
    form.elements.title.dataset.testid = `add-${word}`;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const title = form.elements.title.value.trim();
      if (title) this.#say("add", { title, status: word, form });
    });
    return column;
  }

  #fillColumn(status) {
    const column = this.#root.querySelector(`.column[data-status="${status}"]`);
    const list = column.querySelector(".cards");
    const tasks = this.#tasks.column(status);
    column.querySelector(".count").textContent = tasks.length;
    let next = list.firstElementChild;
    for (const task of tasks) {
      const card = this.#cardOf(task);
      // Only cards out of order are moved: the others keep their focus and their motion.
      if (card === next) next = next.nextElementSibling;
      else list.insertBefore(card, next);
    }
    return tasks.map((task) => task.id);
  }

  #cardOf(task) {
    const card = this.#cards.get(task.id) ?? makeCard(task.id);
    this.#cards.set(task.id, card);
    fill(card, task);
    return card;
  }

  #click(event) {
    const button = event.target.closest("button");
    const card = button?.closest(".card");
    if (!card) return;
    const id = Number(card.dataset.id);
    if (button.matches(".card-title, .talk")) {
      this.#say("open", { id, talk: button.matches(".talk") });
      return;
    }
    const target = neighbour(card.dataset.status, button.matches(".on") ? 1 : -1);
    if (!target) return;
    this.#say("move", { id, status: target.word, above: null });
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #dropped(drop) {
    this.#held = false;
    const card = this.#cards.get(drop.id);
    // Its task may have been deleted while it was in the hand.
    if (drop.status && this.#tasks.get(drop.id)) this.#say("move", drop);
    this.draw();
    if (card) glide([card], new Map([[card, drop.from]]));
  }

  #say(word, detail) {
    this.dispatchEvent(new CustomEvent(word, { detail }));
  }
}
