// Moving cards with the mouse or a pen. Fingers scroll; they move cards with their buttons.

/** How far a pressed pointer travels before it drags, in pixels. */
const SLOP = 6;
/** How near to the board's edge a dragged card makes it scroll, in pixels. */
const EDGE = 48;

/**
 * Lets the cards of a board be dragged into other columns. Calls `taken()` when one is lifted
 * and `dropped({id, status, above, from})` when it is let go: `status` is none if it stays where
 * it was, `above` is the id of the task under it, `from` where the hand left it.
 */
export function enableDragging(board, { taken, dropped }) {
  board.addEventListener("pointerdown", (event) => {
    const card = event.target.closest(".card");
    const elsewhere = event.target.closest(".icon, input");
    if (!card || elsewhere || event.button !== 0 || event.pointerType === "touch") return;
    new Drag(board, card, event, { taken, dropped });
  });
}

/** One pressed card, from press to release. */
class Drag {
  #board;
  #card;
  #listeners;
  #ghost = null;
  #home;
  #start;
  #end = new AbortController();

  constructor(board, card, press, listeners) {
    this.#board = board;
    this.#card = card;
    this.#listeners = listeners;
    this.#start = press;
    this.#home = { list: card.parentElement, next: card.nextElementSibling };
    const { signal } = this.#end;
    addEventListener("pointermove", (event) => this.#move(event), { signal });
    addEventListener("pointerup", () => this.#release(true), { signal });
    addEventListener("pointercancel", () => this.#release(false), { signal });
    addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
  }

  #key(event) {
    if (event.key !== "Escape" || !this.#ghost) return;
    event.preventDefault();
    this.#release(false);
  }

  #move(event) {
    const { clientX: x, clientY: y } = event;
    const [right, down] = [x - this.#start.clientX, y - this.#start.clientY];
    if (!this.#ghost) {
      if (Math.hypot(right, down) < SLOP) return;
      this.#lift();
    }
    this.#ghost.style.transform = `translate(${right}px, ${down}px) rotate(1.5deg)`;
    this.#scroll(x);
    this.#place(x, y);
  }

  #lift() {
    const { left, top, width } = this.#card.getBoundingClientRect();
    this.#ghost = this.#card.cloneNode(true);
    delete this.#ghost.dataset.testid;
    this.#ghost.classList.add("ghost");
    this.#ghost.inert = true;
    Object.assign(this.#ghost.style, { left: `${left}px`, top: `${top}px`, width: `${width}px` });
    document.body.append(this.#ghost);
    document.body.classList.add("dragging");
    this.#card.classList.add("lifted");
    this.#listeners.taken();
  }

  #scroll(x) {
    const { left, right } = this.#board.getBoundingClientRect();
    if (x < left + EDGE) this.#board.scrollBy({ left: -16 });
    if (x > right - EDGE) this.#board.scrollBy({ left: 16 });
  }

  #place(x, y) {
    const column = this.#columnAt(x);
    if (!column) return;
    const list = column.querySelector(".cards");
    // Within its own column a card has one place: the order there is nobody's news.
    const next = list === this.#home.list ? this.#home.next : this.#cardBelow(list, y);
    if (this.#card.parentElement === list && this.#card.nextElementSibling === next) return;
    list.insertBefore(this.#card, next);
  }

  #columnAt(x) {
    const columns = [...this.#board.querySelectorAll(".column")];
    return columns.find((column) => {
      const { left, right } = column.getBoundingClientRect();
      return x >= left && x <= right;
    });
  }

  #cardBelow(list, y) {
    const others = [...list.children].filter((card) => card !== this.#card);
    const below = (card) => {
      const { top, height } = card.getBoundingClientRect();
      return y < top + height / 2;
    };
    return others.find(below) ?? null;
  }

  #release(kept) {
    this.#end.abort();
    if (!this.#ghost) return;
    const from = this.#ghost.getBoundingClientRect();
    this.#ghost.remove();
    document.body.classList.remove("dragging");
    this.#card.classList.remove("lifted");
    if (!kept) this.#home.list.insertBefore(this.#card, this.#home.next);
    swallowNextClick();
    const list = this.#card.parentElement;
    const status = list === this.#home.list ? null : list.parentElement.dataset.status;
    const above = Number(this.#card.nextElementSibling?.dataset.id) || null;
    this.#listeners.dropped({ id: Number(this.#card.dataset.id), status, above, from });
  }
}

/** The release of a drag is no click on the card. */
function swallowNextClick() {
  const swallow = (event) => event.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  // If no click comes of it, the next one is meant.
  setTimeout(() => removeEventListener("click", swallow, { capture: true }));
}
