// Clients that do not read what they are told: they are let go when they have read nothing for some
// time, and their neighbours hear all of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { deferred } from '../lib/deadline.js';
import { DOORS } from '../lib/hostile/doors.js';
import { UNREAD } from '../lib/hostile/unread.js';
import { Street, comesTo, counted, gauges } from '../lib/hostile/watch.js';
import { Metrics } from '../lib/metrics.js';
import { World } from '../lib/world.js';

/** A description of almost the greatest length, in characters of four bytes. */
const LONG = '🌉'.repeat(4_980);
/** Changes that are made before the neighbours are waited for, and more than any buffer holds. */
const [BATCH, MOST] = [20, 3_000];

describe('clients that do not read', () => {
  let world;
  let street;
  let [quiet, earlier] = [];
  const [{ rows: [row], doors }] = UNREAD;
  const running = new Map();

  before(async () => {
    world = await World.start(['alice', 'mallory'], { env: { CHORUS_STALLED_SECONDS: '1' } });
    await world.setRole(world.mallory, 'producer');
    world.bridge = await world.project(world.alice, world.mallory);
    world.told = deferred();
    street = await Street.of(world, { owner: world.alice, rude: [world.mallory], project: world.bridge, doors: DOORS });
    earlier = await Metrics.of(world.server.url);
    quiet = gauges(earlier);
    for (const door of doors) {
      const run = row.run(door, world);
      run.catch(() => {});
      running.set(door, run);
    }
  });
  after(async () => {
    street?.leave();
    await world.stop();
  });

  test('much is told: the neighbours hear each of it once', async (t) => {
    const gone = async () => (await Metrics.of(world.server.url)).value('chorus_slow_sessions_closed_total');
    let changes = 0;
    try {
      for (; (await gone()) < doors.length && changes < MOST; changes += BATCH) await street.much(BATCH, LONG);
    } finally {
      world.told.resolve();
    }
    t.diagnostic(`${changes} changes`);
    assert.equal(await gone(), doors.length, `after ${changes} changes`);
    street.heardOnce();
  });

  for (const door of doors) {
    test(`${door.name}: it is let go`, async () => {
      await running.get(door);
    });
  }

  /** So many ends were counted as those of slow readers. */
  const counts = (times, ms) => {
    const expected = { 'sessions_ended/slow': times };
    return comesTo(world.server, expected, counted(['sessions_ended'], earlier, expected), 'each end is counted', ms);
  };

  test('each was counted, and nothing is left', async () => {
    await counts(doors.length);
    for (const run of running.values()) await (await run)?.();
    await comesTo(world.server, quiet, gauges, 'nothing is left');
    await street.undisturbed();
    street.heardOnce();
  });

});
