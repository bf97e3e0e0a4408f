// A session of Engine.IO over long-polling with the face of `RawSocket`: it answers heartbeats and
// polls again and again, and says whatever it is told.

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';

import { deferred, within } from '../deadline.js';

const SEPARATOR = '\x1e';
/** Packets in one body; the server takes 1,024. */
const PACKETS = 1000;

/** One request; resolves to `{ status, body }`, whose status is null if there was no answer. */
export function http(url, { method = 'GET', body, agent = false, headers = {} } = {}) {
  const answer = deferred();
  const asked = request(url, { method, agent, headers });
  asked.on('error', () => answer.resolve({ status: null, body: '' }));
  asked.on('response', (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('error', () => answer.resolve({ status: response.statusCode, body: '' }));
    response.on('end', () => answer.resolve({ status: response.statusCode, body: `${Buffer.concat(chunks)}` }));
  });
  asked.end(body);
  return answer.promise;
}

export class PolledSession {
  #agent = new Agent({ keepAlive: true });
  #messages = [];
  #waiting = [];
  #posted = Promise.resolve();
  #refused = null;
  #gone = deferred();
  #polling = false;
  #over = false;
  /** Called with the text of every message instead of keeping it for `next`. */
  onMessage = null;

  /** Opens a session; polls from now on, unless it is to be `idle`. */
  static async open(url, token, { idle = false } = {}) {
    const session = new PolledSession();
    const path = `${url}/socket.io/?EIO=4&transport=polling&token=${encodeURIComponent(token)}`;
    const { status, body } = await within(http(path, { agent: session.#agent }), 'a handshake');
    assert.equal(status, 200, body);
    session.sid = JSON.parse(body.slice(1)).sid;
    session.url = `${url}/socket.io/?EIO=4&transport=polling&sid=${session.sid}`;
    if (!idle) session.poll();
    return session;
  }

  /** Polls until the session ends. */
  async poll() {
    this.#polling = true;
    while (this.#polling) {
      const { status, body } = await this.ask();
      if (status !== 200) {
        this.#over = true;
        this.#gone.resolve(status);
        break;
      }
      for (const packet of body.split(SEPARATOR)) this.#hear(packet);
    }
    this.#waiting.splice(0).forEach((one) => one.reject(new Error('the session is gone')));
  }

  /** Polls no more; a poll that is held is answered yet. */
  pause() {
    this.#polling = false;
  }

  /** One request to the session: a poll, or a post of `body`. */
  ask(body, method = body === undefined ? 'GET' : 'POST') {
    return http(this.url, { method, body, agent: this.#agent });
  }

  /** Posts a packet after those before it. */
  sendText(text) {
    this.#post(text);
  }

  /** Posts many, as few bodies. */
  sendAll(texts) {
    for (let at = 0; at < texts.length; at += PACKETS) {
      this.#post(texts.slice(at, at + PACKETS).join(SEPARATOR));
    }
  }

  sendBinary(bytes) {
    this.#post(`b${bytes.toString('base64')}`);
  }

  /** When all that was said is read. */
  async read() {
    await within(this.#posted, 'the answers to posts');
  }

  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    const waiting = deferred();
    this.#waiting.push(waiting);
    return within(waiting.promise, 'a message of a polled session');
  }

  async nextThat(test) {
    for (;;) {
      const message = await this.next();
      if (test(message)) return message;
    }
  }

  /** Resolves to the status of the poll that found the session ended. */
  get ended() {
    return this.#gone.promise;
  }

  /** The status that ended the session: of the post that was refused, else of the poll. */
  async closed() {
    const status = await within(this.#gone.promise, 'the end of a polled session');
    await this.read();
    return this.#refused ?? status;
  }

  /** Ends the session with a close packet. */
  destroy() {
    this.#polling = false;
    if (!this.#over) this.#post('1');
    this.#posted.then(() => this.#agent.destroy());
  }

  #post(body) {
    this.#posted = this.#posted.then(async () => {
      const { status } = await this.ask(body);
      if (status !== 200) this.#refused ??= status;
    });
  }

  #hear(packet) {
    if (packet === '2') this.sendText('3');
    else if (packet === '1' || packet === '6') return;
    else if (this.onMessage) this.onMessage(packet);
    else if (this.#waiting.length > 0) this.#waiting.shift().resolve(packet);
    else this.#messages.push(packet);
  }
}
