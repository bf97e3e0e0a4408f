// Who is here now: a row of discs.

import { avatar } from "./avatar.js";
import { session } from "./session.js";

/** The people present in the open project. */
export class People {
  #list;
  #present = new Map();
  #discs = new Map();

  constructor(list) {
    this.#list = list;
  }

  /** Shows exactly these people. */
  set(users) {
    this.#present = new Map(users.map((user) => [user.user_id, user]));
    this.#draw();
  }

  /** Shows somebody more; false if they were here already. */
  add(user) {
    if (this.#present.has(user.user_id)) return false;
    this.#present.set(user.user_id, user);
    this.#draw();
    return true;
  }

  /** Shows somebody no longer; who it was, or none. */
  remove(id) {
    const user = this.#present.get(id) ?? null;
    if (this.#present.delete(id)) this.#draw();
    return user;
  }

  #draw() {
    for (const [id, item] of this.#discs) {
      if (this.#present.has(id)) continue;
      item.remove();
      this.#discs.delete(id);
    }
    for (const [id, user] of this.#present) {
      if (this.#discs.has(id)) continue;
      const item = this.#item(user);
      this.#discs.set(id, item);
      if (id === session.user?.id) this.#list.prepend(item);
      else this.#list.append(item);
    }
  }

  #item(user) {
    const item = document.createElement("li");
    item.dataset.testid = `present-${user.username}`;
    const mine = user.user_id === session.user?.id;
    const full_name = mine ? `${user.full_name} (you)` : user.full_name;
    const disc = avatar(user);
    disc.title = full_name;
    disc.setAttribute("aria-label", full_name);
    item.classList.toggle("mine", mine);
    item.append(disc);
    return item;
  }
}
