// Clients of raw sockets that keep the cursor of what they have heard last, and come back with it.

import assert from 'node:assert/strict';

import { deferred, within } from './deadline.js';
import { RawSocket } from './raw.js';

export const CURSOR = /^[A-Za-z0-9]{1,16}-\d+$/;

/** What differs: where the socket is, how it resumes, and what it is answered. */
export const DIALECTS = {
  envelope: {
    path: '/api/v1/ws/connect',
    resume: (data) => ({ type: 'resume', data }),
    answer: ({ type, data }) => (type === 'resumed' ? data : undefined),
    join: (room) => ({ type: 'join_room', room }),
  },
  native: {
    path: '/api/v1/ws/native',
    resume: (data) => ({ type: 'resume', id: 1, data }),
    answer: ({ type, id, cursor, data }) => (type === 'reply' && id === 1 ? { cursor, ...data } : undefined),
    join: (room) => ({ type: 'subscribe', id: 2, data: { room } }),
  },
};

/** Somebody who keeps the cursor of what he has heard last, over all his connections. */
export class Traveller {
  /** Titles of tasks in the order in which they were told. */
  titles = [];
  /** Whole messages that tell of a change. */
  told = [];
  cursor;
  #waiting = new Map();

  /** `titles`: what those titles look like that count, as they stand in a message. */
  constructor(dialect, person, rooms, titles = /"(change [^"]*)"/) {
    Object.assign(this, { dialect, person, rooms, pattern: titles });
  }

  /** Connects and resumes; what was answered. */
  async come(since = this.cursor, rooms = this.rooms) {
    await this.connect();
    return this.resume({ ...(since && { since }), rooms });
  }

  async connect() {
    const { rest, token } = this.person;
    this.link = await RawSocket.at(rest.url, `${this.dialect.path}?token=${encodeURIComponent(token)}`);
    const welcome = this.link.nextThat((message) => JSON.parse(message).type === 'connected');
    await Promise.race([welcome, this.#cutOff()]);
  }

  async resume(data) {
    const answered = deferred();
    this.link.onMessage = (message) => this.#hear(JSON.parse(message), message, answered);
    this.say(this.dialect.resume(data));
    const answer = await within(Promise.race([answered.promise, this.#cutOff()]), 'the answer to resume');
    assert.match(answer.cursor, CURSOR);
    this.cursor ??= answer.cursor;
    return answer;
  }

  /** Fails when the connection ends. */
  async #cutOff() {
    throw new Error(`cut off with ${await this.link.ended}`);
  }

  say(message) {
    this.link.sendText(JSON.stringify(message));
  }

  /** Loses the connection without a word; what is on its way is lost. */
  lose() {
    this.link.onMessage = () => {};
    this.link.destroy();
  }

  /** Waits until so many changes were told, or one with this title. */
  hears(what) {
    const there = () => (typeof what === 'number' ? this.titles.length >= what : this.titles.includes(what));
    if (there()) return Promise.resolve();
    const waiting = deferred();
    this.#waiting.set(waiting, there);
    return within(waiting.promise, () => `${what}, after ${this.titles.length}: ${this.titles.at(-1)}`);
  }

  #hear(message, text, answered) {
    const answer = this.dialect.answer(message);
    if (answer) answered.resolve(answer);
    if (message.cursor !== undefined && !answer) this.cursor = message.cursor;
    const title = this.pattern.exec(text)?.[1];
    if (title === undefined) return;
    this.titles.push(title);
    this.told.push(message);
    for (const [waiting, there] of this.#waiting) {
      if (!there()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
