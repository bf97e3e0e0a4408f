// Clients that stop reading while much is told, and read on later: each hears every change once and
// in order, from the log where it could not follow, and its neighbours notice nothing.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { deferred, within } from '../lib/deadline.js';
import { DOORS } from '../lib/hostile/doors.js';
import { Street, comesTo, enterProject } from '../lib/hostile/watch.js';
import { Metrics } from '../lib/metrics.js';
import { World } from '../lib/world.js';

/** Each transport, raw sockets among them, and each dialect: of a dialect after the first, one door in turn. */
const ALL = [...new Set(DOORS.map(({ dialect }) => dialect))].flatMap((dialect, nth) => {
  const doors = DOORS.filter((door) => door.dialect === dialect);
  const raw = doors.filter((door) => door.transport === 'raw socket');
  const others = doors.filter((door) => !raw.includes(door));
  return nth === 0 ? doors : [...others.slice(nth % 3, (nth % 3) + 1), ...raw];
});
/** Nobody is let go, however slow the machine is that this runs on. */
const PATIENCE = { CHORUS_STALLED_SECONDS: '3600' };
/** A description of almost the greatest length, in characters of four bytes. */
const LONG = '🌉'.repeat(4_980);
/** Changes that are made before it is looked who is behind, and more than any buffer holds. */
const [BATCH, MOST] = [20, 3_000];
/** Bytes that the system may hold back for a connection, of what is told to it. */
const HELD_BACK = 2 ** 19;
/** To read all that was told meanwhile. */
const LONG_MS = 60_000;

/** Somebody at a door who hears of changes in a project, and does not always read. */
class Sleeper {
  /** The titles of changes in the order in which they were told. */
  titles = [];
  #awaited = null;

  static async at(door, person, project) {
    const sleeper = new Sleeper();
    sleeper.door = door;
    sleeper.link = await enterProject(door, person, project);
    sleeper.link.onMessage = (message) => sleeper.#hear(message);
    sleeper.link.ended.then((code) => sleeper.#awaited?.reject(new Error(`cut off with ${code}`)));
    return sleeper;
  }

  sleep() {
    this.link.pause();
  }

  wake() {
    if (this.door.polled) this.link.poll();
    else this.link.resume();
  }

  /** Waits until it has heard of a title. */
  hears(title) {
    this.#awaited = { title, ...deferred() };
    if (this.titles.includes(title)) this.#awaited.resolve();
    return within(this.#awaited.promise, () => `${title} at ${this.door.name}, after ${this.titles.at(-1)}`, LONG_MS);
  }

  #hear(message) {
    const title = /"(after [^"]*)"/.exec(message)?.[1];
    if (title === undefined || !(this.door.dialect.isNews?.(message) ?? true)) return;
    this.titles.push(title);
    if (title === this.#awaited?.title) this.#awaited.resolve();
  }
}

describe('slow clients', () => {
  let world;
  let street;
  let sleepers;
  let changes = 0;
  const figure = async (name) => (await Metrics.of(world.server.url)).value(`chorus_${name}`);
  const titles = (upto) => Array.from({ length: upto }, (_, n) => `after ${n + 1}`);

  before(async () => {
    world = await World.start(['alice', 'bob'], { env: PATIENCE });
    await world.setRole(world.bob, 'producer');
    const bridge = await world.project(world.alice, world.bob);
    street = await Street.of(world, { owner: world.alice, rude: [world.bob], project: bridge, doors: ALL });
    sleepers = await Promise.all(ALL.map((door) => Sleeper.at(door, world.bob, bridge)));
  });
  after(async () => {
    street?.leave();
    sleepers?.forEach(({ link }) => link.destroy());
    await world.stop();
  });

  test('they fall behind, and their neighbours hear each change once', async (t) => {
    sleepers.forEach((sleeper) => sleeper.sleep());
    for (; (await figure('connections_behind')) < ALL.length && changes < MOST; changes += BATCH) {
      await street.much(BATCH, LONG);
    }
    t.diagnostic(`${changes} changes`);
    assert.equal(await figure('connections_behind'), ALL.length);
    street.heardOnce();
  });

  test('what they do not read waits where the server sees it, not in the system', async (t) => {
    // proc(5): `tx_queue` is what was taken for a socket and has not arrived.
    const port = Number(new URL(world.server.url).port).toString(16).toUpperCase().padStart(4, '0');
    const lines = (await readFile(`/proc/${world.server.pid}/net/tcp`, 'utf8')).split('\n');
    const own = lines.map((line) => line.trim().split(/\s+/)).filter(([, local]) => local?.endsWith(`:${port}`));
    const held = own.map(([, , , , queues]) => parseInt(queues.split(':')[0], 16)).sort((a, b) => b - a);
    t.diagnostic(`held back: ${held.slice(0, ALL.length).map((bytes) => `${bytes >> 10}`).join(', ')} KiB`);
    assert.ok(held.length > ALL.length && held[0] > 0 && held[0] < HELD_BACK, `${held[0]} bytes`);
  });

  test('they read on, and hear each change once and in order', async () => {
    const heard = sleepers.map((sleeper) => sleeper.hears(`after ${changes}`));
    sleepers.forEach((sleeper) => sleeper.wake());
    await Promise.all(heard);
    for (const { door, titles: told } of sleepers) assert.deepEqual(told, titles(changes), door.name);
  });

  test('they hear on as everyone, and nobody was let go', async () => {
    await comesTo(world.server, 0, (metrics) => metrics.value('chorus_connections_behind'), 'nobody is behind');
    changes += 1;
    const heard = sleepers.map((sleeper) => sleeper.hears(`after ${changes}`));
    await street.undisturbed();
    await Promise.all(heard);
    for (const { door, titles: told } of sleepers) assert.deepEqual(told, titles(changes), door.name);
    street.heardOnce();
    assert.ok((await figure('events_replayed_total')) >= ALL.length);
    assert.ok((await figure('fell_behind_total')) >= ALL.length);
    assert.equal(await figure('slow_sessions_closed_total'), 0);
  });
});
