// Random edits of a bill and a budget by many at once (`EDITS`, 1,000): at every event item and
// totals agree to the cent, and at the end they are the sums of their parts.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { within } from '../lib/deadline.js';
import { Ledger } from '../lib/ledger.js';
import { NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

const EDITS = Number(process.env.EDITS ?? 1000);
const WRITERS = 8;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const KINDS = ['boq_item', 'budget_category', 'budget_entry'];
const PATHS = { boq_item: 'boq', budget_category: 'budget', budget_entry: 'entries' };

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('money', () => {
  let world;
  let [project, watcher, page] = [];
  const [ledger, heard] = [new Ledger(), { events: 0, wholes: 0, head: 0 }];

  before(async () => {
    world = await World.start(['alice', 'bob', 'carol', 'paula'], { listen: ['prodsight'] });
    await world.setRole(world.paula, 'producer');
    project = await world.project(world.alice, [world.bob, 'admin'], [world.carol, 'admin'], world.paula);
    watcher = await NativeSocket.connected(world.paula);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
    page = await world.prodsight(world.paula);
  });
  after(() => {
    watcher?.close();
    return world.stop();
  });

  test(`${EDITS} edits by ${WRITERS} at once, seed ${SEED}`, async (t) => {
    const failures = [];
    const check = (what) => (...told) => {
      try {
        what(...told);
      } catch (error) {
        failures.push(error);
      }
    };
    watcher.socket.onAny(check((_, event) => {
      if (!event?.kind?.startsWith('item')) return;
      assert.ok(event.sync_id > heard.head, 'in order');
      heard.head = event.sync_id;
      heard.events += 1;
      ledger.take(event);
    }));
    page.socket.on('budget_update', check(({ budget }) => {
      heard.wholes += 1;
      const of = (field) => budget.categories.reduce((all, category) => all + Math.round(category[field] * 100), 0);
      assert.equal(Math.round(budget.total * 100), of('budgeted'), 'the budget is that of its categories');
      assert.equal(Math.round(budget.spent * 100), of('spent'), 'what was spent is that of its categories');
      assert.equal(Math.round(budget.remaining * 100), of('remaining'));
    }));
    const done = { made: 0, refused: 0 };
    let left = EDITS;
    const write = async (person, random) => {
      while (left > 0) {
        left -= 1;
        const { status, body } = await edit(person.rest, random);
        // A busy machine may refuse with 503: then nothing has changed.
        assert.ok([200, 201, 204, 404, 422, 503].includes(status), `${status} ${JSON.stringify(body)}`);
        done[status < 300 ? 'made' : 'refused'] += 1;
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, n) =>
      write([world.alice, world.bob, world.carol][n % 3], randomness(SEED + n)));
    await Promise.all(writers);
    assert.deepEqual(failures.slice(0, 1), []);
    const { events } = await world.paula.rest.feed(watcher.welcome.cursor);
    const last = events.filter(({ kind }) => kind.startsWith('item')).at(-1).sync_id;
    await within(heardUpTo(last), () => `event ${last}; heard up to ${heard.head}`);
    await page.drain();
    assert.deepEqual(failures.slice(0, 1), []);
    for (const kind of KINDS) {
      const path = `/projects/${project.id}/${PATHS[kind]}/totals`;
      assert.deepEqual(await world.paula.rest.get(path), ledger.totals(kind), kind);
    }
    const listed = await world.paula.rest.all(`/projects/${project.id}/boq?limit=200`);
    assert.deepEqual(new Map(listed.map((item) => [item.id, item])), new Map(ledger.of('boq_item').map((item) => [item.id, item])));
    assert.ok(done.made > EDITS / 2 && heard.events > EDITS / 2, JSON.stringify(done));
    t.diagnostic(`told: ${heard.events} events of ${done.made} edits, ${heard.wholes} whole budgets, ${done.refused} refused`);
  });

  /** Resolves when the watcher has heard this event. */
  const heardUpTo = (last) =>
    new Promise((resolve) => {
      const look = () => heard.head >= last && resolve();
      watcher.socket.onAny(look);
      look();
    });

  /** One random edit, whatever comes of it. */
  async function edit(rest, random) {
    const pick = (list) => list[Math.floor(random() * list.length)];
    const number = (most, decimals) => (random() * most).toFixed(decimals);
    const amount = () => number(2_000_000, 2);
    const [items, categories, entries] = KINDS.map((kind) => ledger.of(kind));
    const line = () => ({ qty: number(5000, 3), unit_price: number(999, 4), section: pick(['Roof', 'Frame', null]) });
    const ways = [
      () => rest.ask('POST', `/projects/${project.id}/boq`, { body: { description: 'x', ...line(), allowance_amount: amount() } }),
      () => rest.ask('POST', `/projects/${project.id}/budget`, { body: { name: `c${Math.floor(random() * 40)}`, budgeted: amount() } }),
    ];
    const some = (list, way) => list.length > 0 && ways.push(way, way);
    some(items, () => rest.ask('PATCH', `/boq/${pick(items).id}`, { body: line() }));
    some(items, () => rest.ask('PATCH', `/boq/${pick(items).id}`, { body: { qty: Number(number(100, 3)) } }));
    some(items, () => rest.ask('POST', '/boq/bulk', { body: { items: [pick(items), pick(items), pick(items)].map(({ id }) => ({ id, ...line() })) } }));
    some(categories, () => rest.ask('PATCH', `/budget/${pick(categories).id}`, { body: { budgeted: amount(), forecast: pick([null, amount()]) } }));
    some(categories, () => rest.ask('POST', `/budget/${pick(categories).id}/entries`, { body: { amount: `${pick(['', '-'])}${amount()}`, description: 'y' } }));
    some(entries, () => rest.ask('PATCH', `/entries/${pick(entries).id}`, { body: { amount: Number(amount()) } }));
    if (items.length > 10) ways.push(() => rest.ask('DELETE', `/boq/${pick(items).id}`));
    if (entries.length > 10) ways.push(() => rest.ask('DELETE', `/entries/${pick(entries).id}`));
    if (categories.length > 10) ways.push(() => rest.ask('DELETE', `/budget/${pick(categories).id}`));
    return pick(ways)();
  }
});
