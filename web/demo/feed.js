// What just happened: one line at the bottom, the last ones in a list.

import { timeOf } from "./words.js";

/** How many lines the list keeps. */
const KEPT = 50;

/** The line and the list. */
export class Feed {
  #line;
  #list;

  constructor(line, list) {
    this.#line = line;
    this.#list = list;
  }

  /** Tells something; the same thing twice in a row is told once. */
  tell(text) {
    if (this.#line.textContent === text) return;
    this.#line.textContent = text;
    this.#line.classList.remove("fresh");
    void this.#line.offsetWidth;
    this.#line.classList.add("fresh");
    this.#list.prepend(entry(text));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }

  /** Forgets what was told, for another project or person. */
  clear() {
    this.#line.textContent = "Nothing has happened yet.";
    this.#list.replaceChildren();
  }
}

function entry(text) {
  const now = new Date();
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = now.toISOString();
  time.textContent = timeOf(now);
  item.append(time, text);
  return item;
}
