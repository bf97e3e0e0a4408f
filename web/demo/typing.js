// Who is typing about which task.

/** How long a sign of typing holds without another one; its sender repeats it sooner. */
const HOLDS_MS = 4000;

/** Fires `change` when somebody begins or stops. */
export class Typing extends EventTarget {
  #typists = new Map();

  /** Takes in one sign: `user` {user_id, full_name} types, or no longer types, about a task. */
  hear({ user_id, full_name, task_id, is_typing }) {
    const task = Number(task_id);
    const key = `${user_id}/${task}`;
    clearTimeout(this.#typists.get(key)?.timer);
    if (!is_typing) {
      this.#stop(key);
      return;
    }
    const timer = setTimeout(() => this.#stop(key), HOLDS_MS);
    this.#typists.set(key, { user_id, full_name, task, timer });
    this.#changed();
  }

  /** Somebody went away: they type nowhere. */
  forget(user_id) {
    for (const [key, typist] of this.#typists) if (typist.user_id === user_id) this.#stop(key);
  }

  /** The tasks that somebody is typing about. */
  tasks() {
    return new Set([...this.#typists.values()].map((typist) => typist.task));
  }

  /** Who is typing about a task, as a sentence; empty if nobody is. */
  sentence(task) {
    const names = [...this.#typists.values()]
      .filter((typist) => typist.task === task)
      .map((typist) => typist.full_name);
    if (names.length === 0) return "";
    if (names.length === 1) return `${names[0]} is typing…`;
    if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
    return `${names[0]} and ${names.length - 1} others are typing…`;
  }

  #stop(key) {
    clearTimeout(this.#typists.get(key)?.timer);
    if (this.#typists.delete(key)) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
