// Stock socket.io-client clients with the options of Flux Studio, and a record of all that they
// hear, in order.

import assert from 'node:assert/strict';

import { io } from 'socket.io-client';

import { deferred, within } from './deadline.js';
import { assertShape, text } from './shapes.js';
import { nowSeconds } from './tokens.js';

/** A moment as `toISOString` writes it. */
export const iso = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);

/** What the app's own server puts into a token for the user with this id. */
export const fluxClaims = (person, more) => {
  const now = nowSeconds();
  const { id, email } = person;
  return { id: String(id), email, userType: 'client', iat: now, exp: now + 3600, ...more };
};

/** How the app names who did something, and when. */
export const doneBy = (person) => ({
  userId: String(person.id),
  userName: person.fullName,
  timestamp: iso,
});

/** The shape of a task; `fields` are those that matter. */
export const taskShape = (creator, fields) => ({
  id: (value) => /^[1-9]\d*$/.test(value),
  title: 'Pour concrete',
  description: '',
  status: 'todo',
  priority: 'medium',
  assignedTo: null,
  dueDate: null,
  createdBy: String(creator.id),
  createdAt: iso,
  updatedAt: iso,
  completedAt: null,
  ...fields,
});

/** The shape of a line of the history. */
export const activityShape = (person, task, what, metadata, title = task.title) => ({
  type: `task.${what}`,
  userId: String(person.id),
  userName: person.fullName,
  userEmail: person.email,
  userAvatar: null,
  entityType: 'task',
  entityId: String(task.id),
  entityTitle: title,
  action: `${what} task "${title}"`,
  metadata: Object.keys(metadata).length > 0 ? metadata : {},
});

export class Flux {
  #unread = [];
  #waiting = [];
  #markers = new Map();
  #homecoming = deferred();
  /** All that was heard, in order: `{ name, args }`. */
  heard = [];

  /** `namespace` and `token` are the client's; the other options are those of its socket. */
  constructor(person, { namespace = '/', auth = { token: person.token }, ...options } = {}) {
    this.person = person;
    this.socket = io(`${person.rest.url}${namespace}`, {
      path: '/socket.io/',
      auth,
      transports: ['websocket', 'polling'],
      withCredentials: true,
      timeout: 20_000,
      forceNew: true,
      reconnection: false,
      ...options,
    });
    this.socket.onAny((name, ...args) => this.#hear(name, args));
    for (const name of ['connect', 'disconnect', 'connect_error']) {
      this.socket.on(name, (...args) => this.#hear(`(${name})`, args));
    }
  }

  /** A client that is connected, and in the room of its person's own project, for `drain`. */
  static async connected(person, { upgrades = false, ...options } = {}) {
    const client = new Flux(person, options);
    await client.next('(connect)');
    if (upgrades && client.engine.transport.name !== 'websocket') {
      const upgraded = deferred();
      client.engine.once('upgrade', upgraded.resolve);
      await within(upgraded.promise, 'the upgrade to a websocket');
    }
    await client.drain();
    return client;
  }

  /** The Engine.IO client below. */
  get engine() {
    return this.socket.io.engine;
  }

  /** The one argument of the first unread event of this name, now or when it comes. */
  async next(name, passes = () => true) {
    const fits = (event) => event.name === name && passes(event.args[0]);
    const at = this.#unread.findIndex(fits);
    if (at >= 0) return this.#unread.splice(at, 1)[0].args[0];
    const waiting = { fits, ...deferred() };
    this.#waiting.push(waiting);
    const unread = () => this.#unread.map((event) => event.name).join(', ') || 'nothing';
    const about = () => `${name} for ${this.person.name}, who has unread: ${unread()}`;
    const args = await within(waiting.promise, about);
    if (!name.startsWith('(')) assert.equal(args.length, 1, `${name} has one argument`);
    return args[0];
  }

  /** The names of all unread events, in order. */
  unread() {
    return this.#unread.map((event) => event.name);
  }

  say(name, ...args) {
    this.socket.emit(name, ...args);
  }

  /** Says something that must be answered by `error` with this text. */
  async refused(text, name, ...args) {
    this.say(name, ...args);
    assert.deepEqual(await this.next('error'), { message: text });
  }

  /** Joins as the app does; the list of who is there. */
  async join(project, names = {}) {
    const userId = String(this.person.id);
    this.say('join:project', { projectId: String(project.id), userId, userName: 'Somebody', ...names });
    return this.list(project);
  }

  /** The first unread list of who is in a project. */
  async list(project) {
    const list = await this.next('presence:update', (told) => told.projectId === String(project.id));
    assertShape(list, { projectId: String(project.id), users: Array.isArray });
    return list.users;
  }

  /** Reads lists until one has exactly these people, longest there first. */
  async sees(project, ...people) {
    const expected = people.map((person) => [String(person.id), person.fullName]);
    for (;;) {
      const users = await this.list(project);
      users.forEach((user) => assertShape(user, { id: text, name: text, joinedAt: iso }));
      const found = users.map((user) => [user.id, user.name]);
      if (JSON.stringify(found) === JSON.stringify(expected)) return users;
      assert.notEqual(found.length, 0, 'nobody is told that nobody is there');
    }
  }

  /** A change: the line of the history and right after it the event, with exactly these shapes. */
  async hears(name, shape, activity) {
    const line = await this.next('activity:new');
    assertShape(line, activity, 'activity:new');
    const told = await this.next(name);
    assertShape(told, shape, name);
    const at = this.heard.findIndex((event) => event.args[0] === told);
    assert.equal(this.heard[at - 1].args[0], line, 'the line of the history comes just before');
    return told;
  }

  /**
   * Proves that nothing is on its way to this client: a task in the person's own project is
   * announced after every earlier change, and joining that project is answered after everything
   * that was said. Lists of who is there come when they come, and do not count.
   */
  async quiet() {
    const unread = (await this.drain()).filter((event) => event.name !== 'presence:update');
    assert.deepEqual(unread, [], `${this.person.name} hears nothing`);
  }

  /** Waits for all that is on its way; takes and returns what was unread. */
  async drain() {
    const { home, rest } = this.person;
    this.#homecoming = deferred();
    this.say('join:project', { projectId: String(home.id) });
    await within(this.#homecoming.promise, `${this.person.name} joining the own project`);
    const marker = await rest.post('/tasks', { project_id: home.id, title: 'marker' });
    await within(this.#marked(String(marker.id)), `the marker task for ${this.person.name}`);
    return this.#unread.splice(0);
  }

  /** Ends the connection as the app does: a DISCONNECT packet, then the transport. */
  close() {
    this.socket.disconnect();
  }

  /** Loses the connection: the TCP stream ends in the middle, without a word. */
  lose() {
    this.engine.transport.ws._socket.destroy();
  }

  #marked(id) {
    if (!this.#markers.has(id)) this.#markers.set(id, deferred());
    return this.#markers.get(id).promise;
  }

  /** Whether it is about the person's own project, where no test looks. */
  #isMarker(name, [told]) {
    if (name === 'activity:new') return told.entityTitle === 'marker';
    if (told?.projectId !== String(this.person.home?.id)) return false;
    if (name === 'presence:update') this.#homecoming.resolve();
    if (name === 'task:created') {
      this.#marked(told.task.id);
      this.#markers.get(told.task.id).resolve();
    }
    return true;
  }

  #hear(name, args) {
    if (!name.startsWith('(') && this.#isMarker(name, args)) return;
    const event = { name, args };
    this.heard.push(event);
    const at = this.#waiting.findIndex((waiting) => waiting.fits(event));
    if (at >= 0) this.#waiting.splice(at, 1)[0].resolve(args);
    else this.#unread.push(event);
  }
}

/** The message of the refusal that a connection with these options meets. */
export async function refusal(person, options) {
  const client = new Flux(person, { transports: ['websocket'], ...options });
  const outcome = deferred();
  client.socket.once('connect_error', outcome.resolve);
  client.socket.once('connect', () => outcome.reject(new Error('the connection was let in')));
  const error = await within(outcome.promise, 'the refusal').finally(() => client.close());
  return error.message;
}
