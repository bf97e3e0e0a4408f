// Stock clients of Socket.IO that come back by themselves and recover their connection.

import { io } from 'socket.io-client';

import { deferred, within } from './deadline.js';
import { CURSOR } from './traveller.js';

/** Asks for something, and waits for the word that says it is so. */
const asked = (socket, word, about, answer) => {
  const answered = new Promise((resolve) => socket.once(answer, resolve));
  socket.emit(word, about);
  return within(answered, answer);
};

/** How a client of each dialect comes to hear a project; none where it does so by itself. */
export const JOIN = {
  taskmanager: undefined,
  prodsight: undefined,
  skybuild: (socket, id) => asked(socket, 'join_project', { project_id: `${id}` }, 'joined_project'),
  flux: (socket, id) => asked(socket, 'join:project', { projectId: `${id}` }, 'presence:update'),
  native: (socket, id) => socket.emitWithAck('subscribe', { room: `project:${id}` }),
};

/** Those in whose words everyone in a project hears everything. */
export const WORDS = Object.keys(JOIN).filter((dialect) => dialect !== 'prodsight');

/**
 * Longer than interval and timeout of the heartbeat, 45 s together: a client whose upgrade is cut in
 * the middle, its polling paused already, notices only by those that it is alone.
 */
const PATIENCE_MS = 75_000;

export class Returner {
  /** Titles of tasks in the order in which they were told, once per event that has a place. */
  titles = [];
  /** Whether each connection after the first has recovered the one before. */
  recovered = [];
  /** Each id that it was known by. */
  ids = new Set();
  #waiting = new Map();

  constructor(dialect, person, { url = person.rest.url, titles = /"(change [^"]*)"/, ...options } = {}) {
    Object.assign(this, { dialect, person, pattern: titles });
    this.socket = io(`${url}/${dialect}`, {
      transports: ['websocket'],
      auth: { token: person.token },
      query: { token: person.token },
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      randomizationFactor: 0.5,
      ...options,
    });
    this.socket.onAny((_, ...args) => this.#hear(args));
    this.socket.on('connect', () => {
      if (this.ids.size > 0) this.recovered.push(this.socket.recovered);
      this.ids.add(this.socket.id);
      this.#wake();
    });
  }

  /** Waits until it has come, hears a project, and knows where it is in the log. */
  async hearing(project) {
    await this.until(() => this.socket.connected, 'connected');
    await JOIN[this.dialect]?.(this.socket, project.id);
    await this.until(() => this.offset !== undefined, 'a first offset');
    return this;
  }

  /** Waits until so many changes were told, or one with this title. */
  hears(what) {
    const there = () => (typeof what === 'number' ? this.titles.length >= what : this.titles.includes(what));
    return this.until(there, () => `${what}, after ${this.titles.length}: ${this.titles.at(-1)}`);
  }

  /** Waits until it has come back so often. */
  returns(times) {
    return this.until(() => this.recovered.length >= times, `${times} returns`);
  }

  /** Waits until something is so that only what it hears can make so. */
  until(there, what) {
    if (there()) return Promise.resolve();
    const waiting = deferred();
    this.#waiting.set(waiting, there);
    return within(waiting.promise, () => `${this}: ${typeof what === 'function' ? what() : what}`, PATIENCE_MS);
  }

  close() {
    this.socket.disconnect();
  }

  /** What it is and how it is, for the report of a failure. */
  toString() {
    const { connected, active, io: manager } = this.socket;
    const { engine, _readyState: state, _reconnecting: reconnecting } = manager;
    const how = JSON.stringify({ connected, active, state, reconnecting, engine: engine?.readyState, by: engine?.transport?.name });
    return `${this.dialect} over ${manager.opts.transports.join(' and ')}, ${this.recovered.length} times back, ${how}`;
  }

  #hear(all) {
    const last = all.at(-1);
    const offset = typeof last === 'string' && CURSOR.test(last) ? last : undefined;
    this.offset = offset ?? this.offset;
    const title = offset && this.pattern.exec(JSON.stringify(all))?.[1];
    if (title) this.titles.push(title);
    this.#wake();
  }

  #wake() {
    for (const [waiting, there] of this.#waiting) {
      if (!there()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
