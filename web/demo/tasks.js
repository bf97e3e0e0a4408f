// The tasks of the open project: the page's copy of what the server holds.

import * as api from "./api.js";

/** Events of one burst (a change and its companions) are answered by one fetch. */
const BURST_MS = 40;

/** Fires `change` after the copy changed, and `failure` when a fetch did not succeed. */
export class Tasks extends EventTarget {
  #project = null;
  #byId = new Map();
  #unconfirmed = new Map();
  #heard = new Map();
  #gone = new Set();
  #loads = 0;
  #timer = null;

  get(id) {
    return this.#byId.get(id) ?? null;
  }

  /** The tasks of a column from top to bottom. */
  column(status) {
    const tasks = [...this.#byId.values()].filter((task) => task.status === status);
    return tasks.sort((a, b) => a.position - b.position || a.id - b.id);
  }

  /** Fetches all tasks of a project in place of what is held. */
  async load(project) {
    this.#project = project;
    this.#gone.clear();
    this.#loads += 1;
    try {
      const tasks = await api.listTasks(project);
      if (this.#project !== project) return;
      const there = tasks.filter((task) => !this.#gone.has(task.id));
      this.#byId = new Map(there.map((task) => [task.id, task]));
      this.#changed();
    } finally {
      this.#loads -= 1;
      this.#fetchSoon();
    }
  }

  /** Forgets the project and its tasks. */
  clear() {
    this.#project = null;
    this.#byId.clear();
    this.#changed();
  }

  /** Fetches a task that something happened to; resolves to it, or to none if it is not here. */
  refetch(id) {
    if (!this.#heard.has(id)) {
      const waiting = {};
      waiting.done = new Promise((resolve) => (waiting.resolve = resolve));
      this.#heard.set(id, waiting);
      this.#fetchSoon();
    }
    return this.#heard.get(id).done;
  }

  /**
   * Changes a task, here at once (as `shown`) and then on the server, whose word counts in the
   * end.
   */
  async change(id, patch, shown = patch) {
    const before = this.#byId.get(id);
    if (!before) return;
    this.#byId.set(id, { ...before, ...shown });
    this.#unconfirmed.set(id, (this.#unconfirmed.get(id) ?? 0) + 1);
    this.#changed();
    try {
      const task = await api.updateTask(id, patch);
      this.#confirm(id);
      this.#accept(task);
    } catch (error) {
      this.#confirm(id);
      if (this.#byId.has(id)) this.#byId.set(id, before);
      this.#changed();
      this.refetch(id);
      throw error;
    }
  }

  /** Moves a task into another column, above the task `above` or to the end. */
  move(id, status, above = null) {
    return this.change(id, { status, position: this.#positionIn(status, above) });
  }

  async add(title, status) {
    this.#accept(await api.createTask(this.#project, { title, status }));
  }

  async remove(id) {
    await api.deleteTask(id);
    this.drop(id);
  }

  /** Takes out a task that was deleted; an answer still on its way does not bring it back. */
  drop(id) {
    this.#gone.add(id);
    if (this.#byId.delete(id)) this.#changed();
  }

  #positionIn(status, above) {
    const column = this.column(status);
    const index = column.findIndex((task) => task.id === above);
    if (column.length === 0) return 1;
    if (index === -1) return column.at(-1).position + 1;
    if (index === 0) return column[0].position - 1;
    return (column[index - 1].position + column[index].position) / 2;
  }

  #fetchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetchHeard(), BURST_MS);
  }

  #fetchHeard() {
    // A list on its way may be older than what was heard: `load` comes back here after it.
    if (this.#loads > 0) return;
    const heard = this.#heard;
    this.#heard = new Map();
    for (const [id, waiting] of heard) this.#fetch(id).then(waiting.resolve);
  }

  async #fetch(id) {
    try {
      return this.#accept(await api.getTask(id));
    } catch (error) {
      if (error.status === 404 || error.status === 403) this.drop(id);
      else this.dispatchEvent(new CustomEvent("failure", { detail: error }));
      return null;
    }
  }

  #accept(task) {
    if (task.project_id !== this.#project || this.#gone.has(task.id)) return null;
    const known = this.#byId.get(task.id);
    const older = known && task.version < known.version;
    // While a change of ours is on its way, the state before it is no news.
    const same = known?.version === task.version && this.#unconfirmed.has(task.id);
    if (older || same) return known;
    this.#byId.set(task.id, task);
    this.#changed();
    return task;
  }

  #confirm(id) {
    const left = this.#unconfirmed.get(id) - 1;
    if (left > 0) this.#unconfirmed.set(id, left);
    else this.#unconfirmed.delete(id);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
