// Stock socket.io-client clients with the options of Flux Studio, and a record of all that they
// hear, in order.

import assert from 'node:assert/strict';

import { deferred, within } from './deadline.js';
import { assertShape, text } from './shapes.js';
import { Client } from './sockets.js';
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
export const activityShape = (person, { id, title: called, kind = 'task' }, what, metadata, title = called) => ({
  type: `${kind}.${what}`,
  userId: String(person.id),
  userName: person.fullName,
  userEmail: person.email,
  userAvatar: null,
  entityType: kind,
  entityId: String(id),
  entityTitle: title,
  action: `${what} ${kind} "${title}"`,
  metadata: Object.keys(metadata).length > 0 ? metadata : {},
});

export class Flux extends Client {
  static WELCOME = undefined;

  #homecoming = deferred();

  /** `namespace` and `auth` are the client's; the other options are those of its socket. */
  constructor(person, { namespace = '/', auth = { token: person.token }, ...options } = {}) {
    super(person, {
      url: `${person.rest.url}${namespace}`,
      query: {},
      auth,
      withCredentials: true,
      ...options,
    });
  }

  /** Says something; the app's server acknowledges nothing. */
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

  /** Nothing is heard. Lists of who is there come when they come, and do not count. */
  async quiet() {
    const unread = (await this.drain()).filter((event) => event.name !== 'presence:update');
    assert.deepEqual(unread, [], `${this.person.name} hears nothing`);
  }

  /** Enters the person's own project, where tasks are heard, before it makes one there. */
  async mark() {
    await this.askAfterSignals();
    return super.mark();
  }

  /** What happens at home is heard for the sake of markers alone. */
  marker(name, [told]) {
    if (name.startsWith('(')) return null;
    if (name === 'activity:new') return told.entityTitle === 'marker' ? name : null;
    if (told?.projectId !== String(this.person.home?.id)) return null;
    if (name === 'presence:update') this.#homecoming.resolve();
    return name === 'task:created' ? Number(told.task.id) : name;
  }

  /** Enters the person's own project, which is answered after everything that was said. */
  async askAfterSignals() {
    this.#homecoming = deferred();
    this.say('join:project', { projectId: String(this.person.home.id) });
    await within(this.#homecoming.promise, `${this.person.name} joining the own project`);
  }
}
