// Clients of the native protocol, over stock socket.io-client and over a raw socket, with the
// same face: `ask` for what is answered, `next` for what is told.

import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

import { deferred, within } from './deadline.js';

/** What was heard and not read. */
export class Ear {
  #unread = [];
  #waiting = [];

  hear(name, told) {
    const at = this.#waiting.findIndex((waiting) => waiting.name === name);
    if (at >= 0) this.#waiting.splice(at, 1)[0].resolve(told);
    else this.#unread.push({ name, told });
  }

  /** The first unread message of this name, now or when it comes. */
  next(name) {
    const at = this.#unread.findIndex((heard) => heard.name === name);
    if (at >= 0) return Promise.resolve(this.#unread.splice(at, 1)[0].told);
    const waiting = { name, ...deferred() };
    this.#waiting.push(waiting);
    return within(waiting.promise, () => `${name}; unread: ${this.names().join(', ') || 'nothing'}`);
  }

  names() {
    return this.#unread.map(({ name }) => name);
  }
}

export class NativeSocket extends Ear {
  static async connected(person) {
    const client = NativeSocket.#begin(person, '/native');
    client.welcome = await client.next('connected');
    return client;
  }

  /** Why the server does not let this person in. */
  static async refused(person) {
    const client = NativeSocket.#begin(person, '/native');
    const reason = await client.next('(refused)');
    client.close();
    return reason;
  }

  static #begin(person, namespace) {
    const client = new NativeSocket();
    client.socket = io(`${person.rest.url}${namespace}`, {
      transports: ['websocket'],
      auth: { token: person.token },
      forceNew: true,
      reconnection: false,
    });
    client.socket.onAny((name, told) => client.hear(name, told));
    client.socket.on('disconnect', (reason) => client.hear('(disconnected)', reason));
    client.socket.on('connect_error', (error) => client.hear('(refused)', error.message));
    return client;
  }

  ask(name, data = {}) {
    return within(this.socket.emitWithAck(name, data), `the answer to ${name}`);
  }

  close() {
    this.socket.disconnect();
  }
}

export class NativeRaw extends Ear {
  #answers = new Map();
  #count = 0;

  static async connected(person) {
    const client = new NativeRaw();
    const url = person.rest.url.replace('http', 'ws');
    client.socket = new WebSocket(`${url}/api/v1/ws/native?token=${person.token}`);
    client.socket.on('message', (text) => client.#read(JSON.parse(text)));
    client.socket.on('close', (code, reason) => client.hear('(closed)', { code, reason: `${reason}` }));
    client.welcome = await client.next('connected');
    return client;
  }

  #read(message) {
    if (message.type !== 'reply') return this.hear(message.type, message.data);
    const waiting = this.#answers.get(message.id);
    this.#answers.delete(message.id);
    const { type, id, ...answer } = message;
    if (waiting) return waiting.resolve(answer);
    return this.hear('(stray reply)', { id, ...answer });
  }

  ask(name, data = {}) {
    const id = (this.#count += 1);
    const waiting = deferred();
    this.#answers.set(id, waiting);
    this.socket.send(JSON.stringify({ id, type: name, data }));
    return within(waiting.promise, `the answer to ${name}`);
  }

  close() {
    this.socket.close();
  }
}
