// Clients of Socket.IO that show whatever a test wants to be shown, word by word.

import assert from 'node:assert/strict';

import { deferred, within } from './deadline.js';
import { RawSocket } from './raw.js';
import { CURSOR } from './traveller.js';

export class Caller {
  /** Titles of changes of tasks, with what stood last in each message. */
  told = [];
  /** Events that nobody waited for. */
  #unread = [];
  #waiting = new Map();

  /**
   * Connects to a namespace: `shown` is the payload beside the token, `query` and `headers` go with
   * the handshake. `answer` is what CONNECT was answered.
   */
  static async connected(person, { namespace = '/native', shown = {}, query = '', headers } = {}) {
    const caller = new Caller();
    const path = `/socket.io/?EIO=4&transport=websocket&token=${person.token}${query}`;
    caller.namespace = namespace;
    caller.link = await RawSocket.at(person.rest.url, path, headers);
    caller.link.sendText(`40${namespace},${JSON.stringify({ token: person.token, ...shown })}`);
    const head = `40${namespace},`;
    const answered = deferred();
    let first;
    caller.link.onMessage = (text) => {
      first ??= text.startsWith('0') ? undefined : text;
      if (text.startsWith(head)) answered.resolve(JSON.parse(text.slice(head.length)));
      else caller.#hear(text);
    };
    caller.answer = await within(answered.promise, 'the answer to CONNECT');
    assert.ok(first.startsWith(head), `CONNECT is answered before all else: ${first}`);
    return caller;
  }

  /** Says something that is to be acknowledged. */
  say(word, about) {
    this.link.sendText(`42${this.namespace},7${JSON.stringify([word, about])}`);
    return this.until((text) => text.startsWith(`43${this.namespace},7`));
  }

  /** The first message from now on that passes. */
  until(passes) {
    const waiting = deferred();
    this.#waiting.set(waiting, passes);
    return within(waiting.promise, () => `a message; told: ${JSON.stringify(this.told)}`);
  }

  /** The arguments of the first unread event of this name, now or when it comes. */
  async next(name) {
    const fits = (text) => text.startsWith(`42${this.namespace},["${name}"`);
    const at = this.#unread.findIndex(fits);
    const text = at >= 0 ? this.#unread.splice(at, 1)[0] : await this.until(fits);
    return JSON.parse(text.slice(text.indexOf('['))).slice(1);
  }

  /** Loses the link without a word. */
  lose() {
    this.link.onMessage = () => {};
    this.link.destroy();
  }

  #hear(text) {
    if (text.startsWith('42')) {
      const [, ...args] = JSON.parse(text.slice(text.indexOf('[')));
      const last = args.at(-1);
      if (typeof last === 'string' && CURSOR.test(last)) this.offset = last;
      const title = /"(change [^"]*)"/.exec(text)?.[1];
      if (title) this.told.push(title);
    }
    let read = false;
    for (const [waiting, passes] of this.#waiting) {
      if (!passes(text)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(text);
      read = true;
    }
    if (!read) this.#unread.push(text);
  }
}
