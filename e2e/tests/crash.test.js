// The process is killed in the middle of writing, again and again. What was acknowledged is there
// afterwards, what was not can be asked for again, and the log tells each change exactly once; so
// it is told to clients that come back with their cursor, stock socket.io-client among them.
//
// KILLS is how often (default 10). With a binary built with the feature `crash-points` the process
// ends itself at chosen points; without it, or where that point is not reached, it is killed from
// outside after some acknowledged writes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RawSocket } from '../lib/raw.js';
import { Returner } from '../lib/returner.js';
import { TRANSPORTS } from '../lib/sockets.js';
import { audit } from '../lib/store.js';
import { DIALECTS, Traveller } from '../lib/traveller.js';
import { World } from '../lib/world.js';

const KILLS = Number(process.env.KILLS ?? 10);
const WRITERS = 16;
/** Where the process ends itself; none: only from outside. */
const POINTS = [undefined, 'in-command', 'after-commit', 'before-answer', 'in-fan-out'];

describe('kill -9 under write load', () => {
  let world;
  let [project, since] = [];
  /** In each dialect that can resume, somebody who hears the project through all that happens. */
  let travellers;
  /** The same over Socket.IO, by each transport; they come back by themselves. */
  let returners;
  /** What every writer asked for: title → id of the task, or none while that is not known. */
  const asked = new Map();

  before(async () => {
    world = await World.start(['alice'], { env: { ACCESS_TOKEN_EXPIRE_MINUTES: '600' } });
    project = await world.project(world.alice);
    since = await world.alice.rest.cursor();
    const titles = /"(run-[^"]*)"/;
    const travel = (dialect) => new Traveller(dialect, world.alice, [`project:${project.id}`], titles);
    travellers = Object.values(DIALECTS).map(travel);
    await come();
    // Those who hear of every new task.
    returners = ['taskmanager', 'flux', 'native'].flatMap((dialect) =>
      TRANSPORTS.map(({ options }) => new Returner(dialect, world.alice, { titles, ...options })));
    await Promise.all(returners.map((one) => one.hearing(project)));
  });
  after(() => {
    travellers.forEach((one) => one.lose());
    returners.forEach((one) => one.close());
    return world.stop();
  });

  /** They come, and have lost nothing. */
  const come = async () => {
    for (const answer of await Promise.all(travellers.map((one) => one.come()))) {
      assert.equal(answer.reset, undefined);
    }
  };


  /**
   * Asks for a task; the same title is the same request. Whether it was done: a server that is
   * short of time or disk says 503, which promises nothing, and may be asked again.
   */
  const write = async (title) => {
    const answer = await world.alice.rest.ask('POST', '/tasks', {
      body: { project_id: project.id, title },
      headers: { 'idempotency-key': title },
    });
    if (answer.status === 503) return false;
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    const known = asked.get(title);
    assert.ok(known === undefined || known === answer.body.id, `${title} was made twice`);
    asked.set(title, answer.body.id);
    return true;
  };

  /** Writes with many hands until the process is gone; how many writes were acknowledged. */
  const writeUntilDead = async (run, limit) => {
    let [acknowledged, dead] = [0, false];
    world.server.exited.then(() => (dead = true));
    const hand = async (number) => {
      for (let count = 0; !dead; count += 1) {
        const title = `run-${run}/hand-${number}/write-${count}`;
        asked.set(title, undefined);
        try {
          if (!(await write(title))) continue;
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          // No answer: whether it was written is for the next run to tell.
          return;
        }
        acknowledged += 1;
        if (acknowledged === limit) world.server.kill();
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, number) => hand(number)));
    await world.server.exited;
    return acknowledged;
  };

  const check = async () => {
    const tasks = await world.alice.rest.all(`/tasks?project_id=${project.id}&sort=created_at&limit=200`);
    const stored = new Map(tasks.map((task) => [task.title, task.id]));
    assert.equal(stored.size, tasks.length, 'no title was stored twice');
    for (const [title, id] of asked) {
      if (id !== undefined) assert.equal(stored.get(title), id, `${title} was acknowledged`);
    }
    const { events } = await world.alice.rest.feed(since);
    const from = Number(since.split('-')[1]);
    assert.deepEqual(
      events.map((event) => event.sync_id),
      events.map((_, at) => from + 1 + at),
      'the log has no hole and nothing twice',
    );
    const titles = events.map((event) => event.payload.task.title);
    for (const one of [...travellers, ...returners]) {
      await one.hears(titles.length);
      assert.deepEqual(one.titles, titles, 'who came back heard each change once, in order');
    }
    assert.ok(returners.every(({ recovered }) => recovered.every((one) => one)), 'each recovered');
    const told = events.map((event) => event.payload.task.id);
    assert.deepEqual(told.sort((a, b) => a - b), [...stored.values()].sort((a, b) => a - b));
    await audit(world.server);
    return stored.size;
  };

  for (let run = 0; run < KILLS; run += 1) {
    const point = POINTS[run % POINTS.length];
    test(`run ${run}, ${point ?? 'from outside'}`, async (t) => {
      if (point) {
        await world.server.end('SIGTERM');
        await world.server.restart({ CHORUS_CRASH_AT: `${point}:${7 + 5 * run}` });
        await come();
      }
      // Somebody must listen, or nothing fans out.
      const hearers = await Promise.all([1, 2, 3, 4].map(() => RawSocket.connected(world.alice)));
      hearers.forEach((hearer) => (hearer.onMessage = () => {}));
      const limit = 40 + 23 * run + (point ? 400 : 0);
      const acknowledged = await writeUntilDead(run, limit);
      const ending = await world.server.exited;
      t.diagnostic(`${acknowledged} acknowledged, ended by ${ending.signal}`);
      assert.notEqual(ending.signal, null, 'it did not end by itself');
      await world.server.restart();
      await come();
      await check();
      const open = [...asked].filter(([, id]) => id === undefined).map(([title]) => title);
      await Promise.all(open.map(async (title) => {
        while (!(await write(title)));
      }));
      assert.equal(await check(), asked.size, 'each request was done once, asked for once or twice');
    });
  }
});
