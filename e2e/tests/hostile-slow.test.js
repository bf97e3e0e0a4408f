// The rows of the table of bad input that take their time: all are begun at once, against a server
// that limits no pace, and none may disturb another.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { DOORS } from '../lib/hostile/doors.js';
import { PROJECTS, SLOW } from '../lib/hostile/slow.js';
import { countsOf, rowsAt } from '../lib/hostile/table.js';
import { Street, comesTo, counted, gauges, together } from '../lib/hostile/watch.js';
import { Metrics } from '../lib/metrics.js';
import { World } from '../lib/world.js';

const UNLIMITED = '4000000';
const FIGURES = ['sessions_ended', 'requests_refused'];

describe('bad input that takes its time', () => {
  let world;
  let street;
  let [pid, quiet, earlier] = [];
  const running = new Map();
  const cells = SLOW.flatMap((section) =>
    section.doors.flatMap((door) => rowsAt(section, door).map((row) => ({ section, door, row }))),
  );
  /** Makes more projects of a person than a connection may enter; their ids. */
  const projectsOf = async ({ rest, home }) => {
    const ids = [home.id];
    const make = async () => ids.push((await rest.post('/projects', { name: 'One of many' })).id);
    await together(16, Array.from({ length: PROJECTS - 1 }, () => make));
    return ids;
  };
  const nameOf = ({ section, door, row }) => `${section.title}: ${door.name}: ${row.what}`;

  before(async () => {
    const env = {
      CHORUS_MESSAGES_PER_SECOND: UNLIMITED,
      CHORUS_MESSAGE_BURST: UNLIMITED,
      CHORUS_KIB_PER_SECOND: UNLIMITED,
      CHORUS_KIB_BURST: UNLIMITED,
      CHORUS_USER_REQUESTS_PER_SECOND: UNLIMITED,
      CHORUS_USER_REQUEST_BURST: UNLIMITED,
      WS_MAX_CONNECTIONS_PER_USER: '64',
    };
    world = await World.start(['alice', 'bob', 'carol', 'dora'], { env });
    pid = world.server.pid;
    const project = await world.project(world.alice);
    street = await Street.of(world, { owner: world.alice, rude: [world.bob, world.carol], project, doors: DOORS });
    const metrics = await Metrics.of(world.server.url);
    [quiet, earlier] = [gauges(metrics), metrics];
    world.projects = projectsOf(world.dora);
    world.projects.catch(() => {});
    for (const cell of cells) {
      const run = cell.row.run(cell.door, world);
      run.catch(() => {});
      running.set(cell, run);
    }
  });
  after(async () => {
    street?.leave();
    await world.stop();
  });

  for (const cell of cells) {
    test(nameOf(cell), { todo: cell.row.todo }, async () => {
      await running.get(cell);
    });
  }

  test('each end and each refusal was counted by its reason, and nothing is left', async () => {
    const all = {};
    for (const { door, row } of cells) {
      for (const [figure, times] of Object.entries(countsOf([row], door))) all[figure] = (all[figure] ?? 0) + times;
    }
    await comesTo(world.server, all, counted(FIGURES, earlier, all), 'each end is counted by its reason', 60_000);
    for (const [{ row }, run] of running) if (!row.todo) await (await run)?.();
    await comesTo(world.server, quiet, gauges, 'nothing is left');
    await street.undisturbed();
    street.heardOnce();
    assert.equal(world.server.pid, pid);
  });
});
