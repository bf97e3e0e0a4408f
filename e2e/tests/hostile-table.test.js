// The table of bad input: every row at every door is answered as documented and counted, nothing
// is left of it, the server does not grow, and a neighbour at every door hears each change once.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { stageOf } from '../lib/hostile/commands.js';
import { DOORS } from '../lib/hostile/doors.js';
import { page } from '../lib/hostile/page.js';
import { SLOW } from '../lib/hostile/slow.js';
import { SECTIONS, countsOf, rowsAt } from '../lib/hostile/table.js';
import { UNREAD } from '../lib/hostile/unread.js';
import { Street, comesTo, counted, gauges, resident, together } from '../lib/hostile/watch.js';
import { Metrics } from '../lib/metrics.js';
import { World } from '../lib/world.js';

const PAGE = new URL('../../docs/protocol/bad-input.md', import.meta.url);
/** Cells that are run at a time. */
const WIDTH = 8;
/** How often the whole table is sent again, and how many KiB the server may grow by that. */
const AGAIN = Number(process.env.AGAIN ?? 3);
const GROWTH_KIB = 24 * 1024;
/** How long figures are looked at that are known to be wrong. */
const KNOWN_MS = 500;

describe('the table of bad input', () => {
  let world;
  let street;
  let [pid, quiet, left] = [];

  before(async () => {
    // All come from one address and are one person, far more often than a client would.
    const env = {
      CHORUS_HANDSHAKES_PER_SECOND: '100000',
      CHORUS_HANDSHAKE_BURST: '100000',
      CHORUS_REFUSAL_BURST: '100000',
      CHORUS_USER_REQUESTS_PER_SECOND: '1000000',
      CHORUS_USER_REQUEST_BURST: '1000000',
      WS_MAX_CONNECTIONS_PER_USER: '64',
    };
    world = await World.start(['alice', 'mallory'], { env });
    pid = world.server.pid;
    const project = await world.project(world.alice, world.mallory);
    world.stage = await stageOf(world);
    left = await stored();
    street = await Street.of(world, { owner: world.alice, rude: [world.mallory], project, doors: DOORS });
    quiet = gauges(await Metrics.of(world.server.url));
  });
  after(async () => {
    street?.leave();
    await world.stop();
  });

  /** What commands could have changed. */
  const stored = async () => {
    const { rest } = world.alice;
    const { project, strange, open, closed } = world.stage;
    const at = (id) => ['channels', 'invitations', 'members', 'activity'].map((list) => rest.get(`/projects/${id}/${list}`));
    const said = [open, closed].map((id) => rest.get(`/channels/${id}/messages`));
    const all = await Promise.all([...at(project), ...at(strange), ...said, rest.get(`/channels/${closed}/members`)]);
    assert.ok(all.every((list) => Array.isArray(list)));
    return all;
  };
  const clean = async (figures, counts, earlier, ms) => {
    await comesTo(world.server, counts, counted(figures, earlier, counts), 'each refusal is counted by its reason', ms);
    await comesTo(world.server, quiet, gauges, 'nothing is left');
    await street.undisturbed();
  };

  for (const section of SECTIONS) {
    for (const door of section.doors) {
      const rows = rowsAt(section, door);
      const good = rows.filter(({ todo }) => !todo);

      describe(`${section.title}: ${door.name}`, { concurrency: WIDTH }, () => {
        let earlier;
        before(async () => (earlier = await Metrics.of(world.server.url)));
        after(() => clean(section.figures, countsOf(good, door), earlier));
        for (const row of good) test(row.what, () => row.run(door, world));
      });

      for (const row of rows.filter(({ todo }) => todo)) {
        test(`${section.title}: ${door.name}: ${row.what}`, { todo: row.todo }, async () => {
          const earlier = await Metrics.of(world.server.url);
          await row.run(door, world);
          await clean(section.figures, row.counts(door), earlier, KNOWN_MS);
        });
      }
    }
  }

  test(`sent ${AGAIN} times more, it does not make the server grow`, async (t) => {
    const cells = SECTIONS.flatMap((section) =>
      section.doors.flatMap((door) =>
        rowsAt(section, door)
          .filter(({ todo }) => !todo)
          .map((row) => () => row.run(door, world)),
      ),
    );
    const first = await resident(pid);
    const then = [];
    for (let time = 0; time < AGAIN; time += 1) {
      await together(WIDTH, cells);
      await comesTo(world.server, quiet, gauges, 'nothing is left');
      then.push(await resident(pid));
    }
    t.diagnostic(`resident KiB after each time: ${[first, ...then].join(', ')}`);
    assert.ok(then.at(-1) - first < GROWTH_KIB, `KiB: ${[first, ...then].join(', ')}`);
  });

  test('the server is the same, and the neighbours have heard everything once', async () => {
    await street.undisturbed();
    street.heardOnce();
    assert.equal(world.server.pid, pid);
    assert.deepEqual(await stored(), left);
    assert.deepEqual((await Metrics.of(world.server.url)).family('chorus_sessions_ended_total').panicked, 0);
  });

  test('the page tells what is tested', async () => {
    const told = page([...UNREAD, ...SLOW]);
    if (process.env.UPDATE) await writeFile(PAGE, told);
    assert.equal(await readFile(PAGE, 'utf8'), told, 'UPDATE=1 node --test tests/hostile-table.test.js');
  });
});
