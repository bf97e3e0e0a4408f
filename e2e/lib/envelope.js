// Clients of the Project Manager app: JSON envelopes on a raw WebSocket, read one by one in the
// order in which they come, as the app's own clients read them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { WebSocket } from 'ws';

import { deferred, within } from './deadline.js';

/** Where raw sockets of this dialect are served. */
const PATH = '/api/v1/ws/connect';

/** A moment as the Project Manager app writes it: UTC, six digits, an offset. */
export const offset = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/.test(value);

/** How the app names who came, went or spoke. */
export const who = (person) => ({ username: person.name, user_id: person.id });

/** What an app with tokens of its own puts into them. */
export const envelopeClaims = (more) => ({
  fresh: undefined,
  iss: 'project_manager',
  aud: 'project_manager_users',
  ...more,
});

/** The shape of something told to everyone in a room. */
export const inRoom = (type, room, person, content) => ({
  type,
  room,
  data: content,
  sender: person.name,
  timestamp: offset,
});

/** The shape of something told to one person alone. */
export const toOne = (type, content) => ({ type, data: content, timestamp: offset });

/** The shapes of the two frames that answer a join. */
export const joined = (room, person, name = String(room)) => [
  { ...toOne('joined_room', { message: `Joined room ${room}` }), room },
  inRoom('user_joined', name, person, who(person)),
];

/** The shapes of the two frames that answer leaving a room. */
export const left = (room, person, name = String(room)) => [
  { ...toOne('left_room', { message: `Left room ${room}` }), room },
  inRoom('user_left', name, person, who(person)),
];

/** Frames in the order in which they came. */
export class Lane {
  #frames = [];
  #waiting = [];

  push(frame) {
    if (this.#waiting.length > 0) this.#waiting.shift().resolve(frame);
    else this.#frames.push(frame);
  }

  /** The next frame, now or when it comes. */
  next(about) {
    if (this.#frames.length > 0) return Promise.resolve(this.#frames.shift());
    const waiting = deferred();
    this.#waiting.push(waiting);
    return within(waiting.promise, about);
  }

  /** Everything that was not read. */
  take() {
    return this.#frames.splice(0);
  }
}

/** The address of the socket on the server at `url`, with what follows the `?`. */
const address = (url, query) => `${url.replace(/^http/, 'ws')}${PATH}?${new URLSearchParams(query)}`;

export class Envelope {
  #socket;
  #frames = new Lane();
  #pings = new Lane();
  #closed = deferred();
  /** The room that `quiet` works in, where no test looks; what is heard there. */
  #corner;
  #cornered = new Lane();
  #settled = false;

  /** `token` is shown instead of the person's own. */
  constructor(person, { token = person.token, ...options } = {}) {
    this.person = person;
    const { home, name } = person;
    this.#corner = home ? `project:${home.id}` : `channel:the-corner-of-${name}`;
    this.#socket = new WebSocket(address(person.rest.url, { token }), options);
    this.#socket.on('message', (text) => this.#hear(JSON.parse(text)));
    this.#socket.on('ping', (payload) => this.#pings.push(payload));
    this.#socket.on('close', (code, reason) => {
      this.#closed.resolve({ code, reason: reason.toString() });
    });
    // A failure is told by `close`, or by the frame that does not come.
    this.#socket.on('error', () => {});
  }

  /** A client that has read its welcome. */
  static async connected(person, options) {
    const client = new Envelope(person, options);
    client.welcome = await client.next('connected');
    return client;
  }

  /** The first frame that was not read yet, now or when it comes; it must be of this type. */
  async next(type) {
    const frame = await this.#frames.next(`${type} for ${this.person.name}`);
    assert.equal(frame.type, type, JSON.stringify(frame));
    return frame;
  }

  /** Says a message. */
  say(message) {
    this.sayText(JSON.stringify(message));
  }

  /** Says a text, whatever it is. */
  sayText(text) {
    this.#socket.send(text);
  }

  /** Says bytes. */
  sayBytes(bytes) {
    this.#socket.send(bytes, { binary: true });
  }

  /** Enters a room and reads the two frames that answer it. */
  async join(room) {
    this.say({ type: 'join_room', room });
    return [await this.next('joined_room'), await this.next('user_joined')];
  }

  /** Leaves a room that it is in and reads the two frames that answer it. */
  async leave(room) {
    this.say({ type: 'leave_room', room });
    return [await this.next('left_room'), await this.next('user_left')];
  }

  /** Says something that must be answered by `error` with this text. */
  async refused(text, message) {
    this.say(message);
    await this.complaint(text);
  }

  /** The next frame must be an `error` with this text. */
  async complaint(text) {
    const { data } = await this.next('error');
    assert.deepEqual(data, { error: text });
  }

  /**
   * Proves that nothing is on its way to this client. Two barriers, because changes and signals
   * travel apart: a task in the person's own project, announced after every earlier change, and a
   * message to the same room, relayed after every earlier signal.
   */
  async quiet() {
    assert.deepEqual(await this.drain(), [], `${this.person.name} hears nothing`);
  }

  /** Waits for all that is on its way; takes and returns what was unread. */
  async drain() {
    const { home, rest } = this.person;
    if (!this.#settled) {
      this.#settled = true;
      this.say({ type: 'join_room', room: this.#corner });
      await this.#corneredThat((frame) => frame.type === 'joined_room');
    }
    if (home) {
      const { id } = await rest.post('/tasks', { project_id: home.id, title: 'marker' });
      await this.#corneredThat((frame) => frame.type === 'task.created' && frame.data.task_id === id);
    }
    const content = randomUUID();
    this.say({ type: 'send_message', room: this.#corner, data: { content } });
    await this.#corneredThat((frame) => frame.type === 'message' && frame.data.content === content);
    return this.#frames.take();
  }

  /** Takes and returns what came and was not read. */
  unread() {
    return this.#frames.take();
  }

  /** The payload of the next ping of the protocol; the library answers it. */
  pinged() {
    return this.#pings.next('a ping of the protocol');
  }

  /** Pings the server by the protocol; the payload of its answer. */
  ping(payload) {
    const answered = deferred();
    this.#socket.once('pong', (answer) => answered.resolve(answer.toString()));
    this.#socket.ping(payload);
    return within(answered.promise, 'a pong of the protocol');
  }

  /** Leaves as a page does that disconnects, or with another close code. */
  close(code = 1000) {
    this.#socket.close(code);
  }

  /** Loses the connection: the TCP stream ends in the middle, without a word. */
  lose() {
    this.#socket.terminate();
  }

  /** How the connection ended: `{ code, reason }`. */
  closed() {
    return within(this.#closed.promise, `the end of a socket of ${this.person.name}`);
  }

  async #corneredThat(test) {
    for (;;) {
      if (test(await this.#cornered.next(`a barrier of ${this.person.name}`))) return;
    }
  }

  #hear(frame) {
    if (frame.room === this.#corner) this.#cornered.push(frame);
    else this.#frames.push(frame);
  }
}

/** The HTTP answer that refuses a connection at `url`: `{ status, headers, body }`. */
export async function refusal(url, query, headers = {}) {
  const socket = new WebSocket(address(url, query), { headers });
  const answered = deferred();
  socket.on('error', answered.reject);
  socket.on('open', () => answered.reject(new Error('the connection was let in')));
  socket.on('unexpected-response', (_, response) => answered.resolve(response));
  try {
    const response = await within(answered.promise, 'the refusal');
    const chunks = await within(response.toArray(), 'the body of the refusal');
    const { statusCode: status, headers: told } = response;
    return { status, headers: told, body: JSON.parse(Buffer.concat(chunks)) };
  } finally {
    socket.terminate();
  }
}
