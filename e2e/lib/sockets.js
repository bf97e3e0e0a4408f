// Stock socket.io-client clients with the options of the Task Manager app, and a record of all
// that they hear, in order.

import assert from 'node:assert/strict';

import { io } from 'socket.io-client';

import { deferred, within } from './deadline.js';

/** The ways to connect, by what `engine.transport.name` is in the end. */
export const TRANSPORTS = [
  { name: 'websocket only', options: { transports: ['websocket'] }, ends: 'websocket' },
  { name: 'polling only', options: { transports: ['polling'] }, ends: 'polling' },
  {
    name: 'polling, then upgraded',
    options: { transports: ['polling', 'websocket'] },
    ends: 'websocket',
    upgrades: true,
  },
];

/** What is heard of the coming and going of others, at times that a test does not choose. */
export const PRESENCE = ['user_connected', 'user_disconnected'];

/** What an offset looks like: the cursor of an event. */
const OFFSET = /^[A-Za-z0-9]{1,16}-\d+$/;

export class Client {
  /** What a client hears first, if anything. */
  static WELCOME = 'connected';

  #unread = [];
  #waiting = [];
  #markers = new Map();
  /** All that was heard, in order: `{ name, args }`. */
  heard = [];

  /** `options` are those of the socket, and `url`, another address than the person's own. */
  constructor(person, { url = person.rest.url, ...options } = {}) {
    this.person = person;
    this.socket = io(url, {
      path: '/socket.io/',
      transports: ['websocket', 'polling'],
      query: { token: person.token },
      timeout: 20_000,
      forceNew: true,
      reconnection: false,
      ...options,
    });
    this.socket.onAny((name, ...args) => this.#hear(name, this.#unplaced(name, args)));
    for (const name of ['connect', 'disconnect', 'connect_error']) {
      this.socket.on(name, (...args) => this.#hear(`(${name})`, args));
    }
  }

  /** A client that is connected, welcomed, and done with what it hears at once. */
  static async connected(person, { options, upgrades = false } = TRANSPORTS[0]) {
    const client = new this(person, options);
    await client.next('(connect)');
    if (this.WELCOME) client.welcome = await client.next(this.WELCOME);
    if (upgrades && client.engine.transport.name !== 'websocket') {
      const upgraded = deferred();
      client.engine.once('upgrade', upgraded.resolve);
      await within(upgraded.promise, 'the upgrade to a websocket');
    }
    await client.drain();
    return client;
  }

  /** The message of the refusal that a connection with these options meets. */
  static async refusal(person, options) {
    const client = new this(person, { ...TRANSPORTS[0].options, ...options });
    const outcome = deferred();
    client.socket.once('connect_error', outcome.resolve);
    client.socket.once('connect', () => outcome.reject(new Error('the connection was let in')));
    const error = await within(outcome.promise, 'the refusal').finally(() => client.close());
    return error.message;
  }

  /** The Engine.IO client below. */
  get engine() {
    return this.socket.io.engine;
  }

  /** The one argument of the first unread event of this name that passes, now or when it comes; the first one of `(disconnect)`. */
  async next(name, passes) {
    const [payload, ...more] = await this.nextArgs(name, passes);
    if (!name.startsWith('(')) assert.deepEqual(more, [], `${name} has one argument`);
    return payload;
  }

  /** All arguments of the first unread event of this name that passes. */
  async nextArgs(name, passes = () => true) {
    const fits = (event) => event.name === name && passes(...event.args);
    const at = this.#unread.findIndex(fits);
    if (at >= 0) return this.#unread.splice(at, 1)[0].args;
    const waiting = { fits, ...deferred() };
    this.#waiting.push(waiting);
    return within(waiting.promise, () => `${name} for ${this.person.name}, who has unread: ${this.unread().join(', ') || 'nothing'}`);
  }

  /** The names of all unread events, in order. */
  unread() {
    return this.#unread.map((event) => event.name);
  }

  /** Says something; resolves to the arguments of its acknowledgement. */
  say(name, ...args) {
    const acknowledged = deferred();
    this.socket.emit(name, ...args, (...answer) => acknowledged.resolve(answer));
    return within(acknowledged.promise, `the acknowledgement of ${name}`);
  }

  /** Says something that the dialect must acknowledge with `[]`. */
  async tell(name, ...args) {
    assert.deepEqual(await this.say(name, ...args), [], `${name} is acknowledged with []`);
  }

  /** Says something that must be answered by `error` with this text. */
  async refused(text, name, ...args) {
    await this.tell(name, ...args);
    assert.deepEqual(await this.next('error'), { message: text });
  }

  /**
   * Proves that nothing is on its way to this client. Two barriers, because changes and signals
   * reach the announcing task by two queues: a task in the person's own project, which is
   * announced after every earlier change, and a question that is answered after every earlier
   * signal. What came before them and was not read is the failure; comings and goings count only
   * if `presence`.
   */
  async quiet({ presence = false } = {}) {
    const unread = await this.drain();
    const counted = unread.filter((event) => presence || !PRESENCE.includes(event.name));
    assert.deepEqual(counted, [], `${this.person.name} hears nothing`);
  }

  /** Waits for all that is on its way; takes and returns what was unread. */
  async drain() {
    const marker = await this.mark();
    await within(this.#marked(marker.id), `the marker task for ${this.person.name}`);
    await this.askAfterSignals();
    return this.#unread.splice(0);
  }

  /** Makes a task in the person's own project that this client hears of. */
  mark() {
    const { home, rest } = this.person;
    return rest.post('/tasks', { project_id: home.id, title: 'marker' });
  }

  /**
   * The id of a task in the person's own project that an event tells of. What gives anything is not
   * counted among what was heard.
   */
  marker(name, args) {
    const task = name === 'task_created' && args[0].task;
    return task && task.project_id === this.person.home?.id ? task.id : null;
  }

  /** Asks what is answered after every earlier signal. */
  async askAfterSignals() {
    await this.tell('get_online_users', { project_id: this.person.home.id });
    await this.next('online_users');
  }

  /** Ends the connection as the app does: a DISCONNECT packet, then the transport. */
  close() {
    this.socket.disconnect();
  }

  /** Loses the connection: the TCP stream ends in the middle, without a word. */
  lose() {
    this.engine.transport.ws._socket.destroy();
  }

  /** Resolves when the marker with this id was heard, before or after the call. */
  #marked(id) {
    if (!this.#markers.has(id)) this.#markers.set(id, deferred());
    return this.#markers.get(id).promise;
  }

  /** What was said, without the offset of connection state recovery, which is noted. */
  #unplaced(name, args) {
    if (this.socket._pid === undefined) return args;
    const last = args.at(-1);
    const before = args.length > 1 ? args.at(-2) : name;
    if (typeof last === 'string') {
      assert.match(last, OFFSET, `${name} ends in an offset, or in no string`);
      this.offset = last;
    } else if (last !== null || typeof before !== 'string') {
      return args;
    }
    return args.slice(0, -1);
  }

  #hear(name, args) {
    // Every socket of a person hears the markers of the others too.
    const id = this.marker(name, args);
    if (id) {
      this.#marked(id);
      this.#markers.get(id).resolve();
      return;
    }
    const event = { name, args };
    this.heard.push(event);
    const at = this.#waiting.findIndex((waiting) => waiting.fits(event));
    if (at >= 0) this.#waiting.splice(at, 1)[0].resolve(args);
    else this.#unread.push(event);
  }
}
