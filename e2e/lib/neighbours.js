// People at work while something else goes on: a change every 100 milliseconds, and one client of
// each dialect who must hear each of them once.

import assert from 'node:assert/strict';

import { NativeSocket } from './native.js';

/** Milliseconds from one change to the next. */
const BETWEEN_MS = 100;

export class Neighbours {
  #project;
  #clients;

  /** `world` must have alice, who works, and bob, who looks on. */
  static async of(world) {
    const neighbours = new Neighbours();
    neighbours.world = world;
    neighbours.#project = await world.project(world.alice, world.bob);
    const room = `project:${neighbours.#project.id}`;
    const [taskmanager, envelope, native] = await Promise.all([
      world.client(world.bob),
      world.envelope(world.bob),
      NativeSocket.connected(world.bob),
    ]);
    await envelope.join(room);
    assert.equal((await native.ask('subscribe', { room })).ok, true);
    neighbours.native = native;
    neighbours.#clients = {
      taskmanager: async () => (await taskmanager.next('task_created')).task.id,
      envelope: async () => (await envelope.next('task.created')).data.task_id,
      native: async () => (await native.next('task.created')).payload.task.id,
    };
    return neighbours;
  }

  /**
   * `count` changes, and one more that shows that nothing came twice. Fails if a client did not hear
   * each once; resolves to the milliseconds of each delivery, from before the request.
   */
  async work(count) {
    const heard = Object.values(this.#clients).map((next) => listen(next, count + 1));
    const began = new Map();
    const change = async () => {
      const now = performance.now();
      began.set((await this.world.task(this.world.alice, this.#project)).id, now);
    };
    const made = [];
    const start = performance.now();
    while (made.length < count) {
      made.push(change());
      await at(start + made.length * BETWEEN_MS);
    }
    await Promise.all(made);
    await change();
    const ids = [...began.keys()].sort((a, b) => a - b);
    const dialects = Object.keys(this.#clients);
    const millis = [];
    for (const [nth, times] of (await Promise.all(heard)).entries()) {
      const told = times.map(([id]) => id).sort((a, b) => a - b);
      assert.deepEqual(told, ids, `${dialects[nth]} hears each change once`);
      millis.push(...times.map(([id, time]) => time - began.get(id)));
    }
    return millis;
  }

  /** Goes home. */
  close() {
    this.native.close();
  }
}

/** The next `count` changes that a client hears: `[id, time]`. */
async function listen(next, count) {
  const heard = [];
  while (heard.length < count) heard.push([await next(), performance.now()]);
  return heard;
}

/** The clock is what paces changes; nothing is waited for by it. */
const at = (time) => new Promise((resolve) => setTimeout(resolve, time - performance.now()));
