// Bills of quantities: over REST, in native words, and in those of the SkyBuild Pro app.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

describe('bills of quantities', () => {
  let world;
  let [project, watcher, page] = [];

  before(async () => {
    world = await World.start(['alice', 'bob', 'vera', 'mallory'], { dialect: 'skybuild' });
  });
  after(() => world.stop());
  beforeEach(async () => {
    world.closeClients();
    watcher?.close();
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    watcher = await NativeSocket.connected(world.vera);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
    page = await world.skybuild(world.bob);
    await page.enter(project);
  });

  const list = () => `/projects/${project.id}/boq`;
  const concrete = { section: 'Frame', code: '03.1', description: 'Concrete C30', unit: 'm3' };
  const make = (fields = {}) => world.bob.rest.post(list(), { ...concrete, ...fields });

  test('an item is made with its price, changed, listed, shown and deleted; totals follow each', async () => {
    const item = await make({ qty: 150, unit_price: '45.5' });
    const { id, created_at, updated_at, creator, ...rest } = item;
    assert.equal(creator.id, world.bob.id);
    assert.ok(id > 0 && created_at === updated_at);
    assert.deepEqual(rest, {
      kind: 'boq_item', project_id: project.id, parent_id: null, position: 1, version: 1,
      creator_id: world.bob.id, ...concrete, source_ref: null, qty: '150.000',
      unit_price: '45.5000', allowance_amount: '0.00', total_price: '6825.00',
    });
    const sums = (items, total) => ({ items, total, allowance: '0.00' });
    const whole = (items, total) => ({ ...sums(items, total), sections: [{ section: 'Frame', ...sums(items, total) }] });
    const made = await watcher.next('item.created');
    assert.deepEqual(made.payload, { item, totals: { boq_item: whole(1, '6825.00') } });

    const changed = await world.bob.rest.patch(`/boq/${id}`, { qty: '0.333', unit_price: 0.05, total_price: 9 });
    assert.deepEqual([changed.total_price, changed.version], ['0.02', 2]);
    const told = await watcher.next('item.updated');
    assert.deepEqual(told.payload.changes, {
      qty: { old: '150.000', new: '0.333' },
      unit_price: { old: '45.5000', new: '0.0500' },
      total_price: { old: '6825.00', new: '0.02' },
    });
    assert.deepEqual(told.payload.totals, { boq_item: whole(1, '0.02') });
    assert.deepEqual(await world.vera.rest.get(`/boq/${id}`), changed);
    assert.deepEqual(await world.vera.rest.get(list()), [changed]);
    assert.deepEqual(await world.vera.rest.get(`${list()}/totals`), whole(1, '0.02'));

    assert.deepEqual(await world.bob.rest.patch(`/boq/${id}`, { qty: '0.3330' }), changed, 'nothing differs');
    await world.bob.rest.delete(`/boq/${id}`);
    const gone = await watcher.next('item.deleted');
    assert.deepEqual(gone.payload.item, changed);
    assert.deepEqual(gone.payload.totals, { boq_item: { ...sums(0, '0.00'), sections: [{ section: 'Frame', ...sums(0, '0.00') }] } });
    assert.deepEqual(await world.vera.rest.get(`${list()}/totals`), sums(0, '0.00'));
    await world.bob.rest.refused(404, 'GET', `/boq/${id}`);
  });

  test('an item that moves to another section moves its price', async () => {
    const item = await make({ qty: 2, unit_price: 10 });
    await make({ section: 'Roof', qty: 1, unit_price: 5 });
    await make({ section: null, qty: 1, unit_price: 1 });
    await world.bob.rest.patch(`/boq/${item.id}`, { section: 'Roof' });
    const sums = (items, total) => ({ items, total, allowance: '0.00' });
    assert.deepEqual(await world.bob.rest.get(`${list()}/totals`), {
      ...sums(3, '26.00'),
      sections: [{ section: 'Roof', ...sums(2, '25.00') }],
    });
    const { sections } = (await watcher.next('item.updated')).payload.totals.boq_item;
    assert.deepEqual(sections.map(({ section, total }) => [section, total]).sort(), [['Frame', '0.00'], ['Roof', '25.00']]);
  });

  test('what breaks a rule is refused with its field and changes nothing', async () => {
    const refused = async (fields, expected) => {
      const { error } = await world.bob.rest.refused(422, 'POST', list(), { body: { ...concrete, ...fields } });
      assert.deepEqual(error.fields, expected);
    };
    await refused({ description: ' ' }, { description: 'is required' });
    await refused({ qty: -1 }, { qty: 'must be between 0 and 100000000' });
    await refused({ qty: 0.0001 }, { qty: 'must be a number with at most 3 decimals' });
    await refused({ qty: 'many' }, { qty: 'must be a number with at most 3 decimals' });
    await refused({ unit_price: true }, { unit_price: 'must be a number or its digits in a string' });
    await refused({ qty: 1e8, unit_price: 1e8 }, { total_price: 'must be between 0 and 999999999999' });
    await refused({ code: 'x'.repeat(51), unit: 5 }, { code: 'must be 50 characters or less', unit: 'must be a string' });
    assert.deepEqual(await world.bob.rest.get(list()), []);
    for (const [person, status] of [[world.vera, 403], [world.mallory, 404]]) {
      await person.rest.refused(status, 'POST', list(), { body: concrete });
    }
    const item = await make();
    for (const [person, status] of [[world.vera, 403], [world.mallory, 404]]) {
      await person.rest.refused(status, 'PATCH', `/boq/${item.id}`, { body: { qty: 1 } });
      await person.rest.refused(status, 'DELETE', `/boq/${item.id}`);
    }
    await world.mallory.rest.refused(404, 'GET', `/boq/${item.id}`);
    await world.mallory.rest.refused(404, 'GET', list());
    await world.bob.rest.refused(404, 'GET', `/budget/${item.id}`);
  });

  test('who saw an older version is told so', async () => {
    const { id } = await make();
    const headers = { 'if-match': '"1"' };
    await world.bob.rest.patch(`/boq/${id}`, { qty: 1 }, { headers });
    const { error } = await world.alice.rest.refused(412, 'PATCH', `/boq/${id}`, { headers, body: { qty: 2 } });
    assert.equal(error.code, 'version_conflict');
    await world.alice.rest.refused(412, 'DELETE', `/boq/${id}`, { headers });
    const key = { headers: { 'idempotency-key': 'boq-1', 'if-match': '"2"' } };
    const first = await world.alice.rest.patch(`/boq/${id}`, { qty: 2 }, key);
    assert.deepEqual(await world.alice.rest.patch(`/boq/${id}`, { qty: 2 }, key), first);
  });

  test('many at once: each by itself kept or refused, told by one event', async () => {
    const items = [];
    for (const qty of [1, 2, 3]) items.push(await make({ qty, unit_price: 10 }));
    const elsewhere = await world.mallory.rest.post(`/projects/${world.mallory.home.id}/boq`, concrete);
    await page.drain();
    const body = {
      items: [
        { id: items[0].id, qty: 10, if_version: 1 },
        { id: items[1].id, qty: 'x' },
        { id: items[2].id, qty: 3 },
        { id: items[2].id, unit: 't', if_version: 9 },
        { id: elsewhere.id, qty: 5 },
        { id: items[1].id, unit_price: '20' },
      ],
    };
    const { status, body: answer } = await world.bob.rest.ask('POST', '/boq/bulk', { body });
    assert.equal(status, 200);
    const { items: changed, ...rest } = answer;
    assert.deepEqual(changed.map(({ id, total_price }) => [id, total_price]), [[items[0].id, '100.00'], [items[1].id, '40.00']]);
    assert.deepEqual(rest, {
      total: 6, updated: 2, skipped: 4,
      errors: [
        { item_id: items[1].id, code: 'invalid', error: 'qty must be a number with at most 3 decimals', field: 'qty' },
        { item_id: items[2].id, code: 'version_conflict', error: 'The version is 1 now' },
        { item_id: elsewhere.id, code: 'not_found', error: 'Item not found' },
      ],
    });
    const told = (await watcher.next('items.updated')).payload;
    assert.deepEqual(told.items.map(({ item }) => item), changed);
    assert.deepEqual(told.summary, { total: 5, updated: 2, skipped: 3 });
    assert.equal(told.totals.boq_item.total, '170.00');
    assert.deepEqual(await page.next('boq:bulk:updated'), {
      project_id: String(project.id), summary: told.summary, updated_by: String(world.bob.id),
    });
    await world.vera.rest.ask('POST', '/boq/bulk', { body: { items: [{ id: items[0].id, qty: 1 }] } }).then(({ body }) => {
      assert.deepEqual(body, {
        total: 1, updated: 0, skipped: 1, items: [],
        errors: [{ item_id: items[0].id, code: 'forbidden', error: 'Access denied' }],
      });
    });
    const { error } = await world.bob.rest.refused(422, 'POST', '/boq/bulk', { body: { items: [] } });
    assert.deepEqual(error.fields, { items: 'must be a list of 1 to 500 objects' });
    await page.quiet();
  });

  test('five hundred at once are one change', async () => {
    const begun = await world.bob.rest.cursor();
    const ids = [];
    for (let n = 0; n < 500; n += 25) {
      const some = Array.from({ length: 25 }, (_, m) => make({ code: `${n + m}`, qty: 1, section: `part ${n % 4}` }));
      ids.push(...(await Promise.all(some)).map(({ id }) => id));
    }
    const items = ids.map((id, n) => ({ id, unit_price: `${n}.01` }));
    const { status, body } = await world.bob.rest.ask('POST', '/boq/bulk', { body: { items } });
    assert.deepEqual([status, body.updated, body.errors], [200, 500, []]);
    const total = (await world.bob.rest.get(`${list()}/totals`)).total;
    assert.equal(total, '124755.00');
    const { events } = await world.bob.rest.feed(begun);
    assert.deepEqual([events.length, events.at(-1).kind, events.at(-1).payload.totals.boq_item.total], [501, 'items.updated', total]);
  });

  test('the app is told the new values of what it knows, in numbers', async () => {
    const item = await make({ qty: 1 });
    await page.drain();
    const change = (fields) => world.alice.rest.patch(`/boq/${item.id}`, fields);
    await change({ qty: '150', unit_price: 45.5, section: 'Roof' });
    const told = (updates) => ({
      project_id: String(project.id), item_id: String(item.id), updates, updated_by: String(world.alice.id),
    });
    assert.deepEqual(await page.next('boq:item:updated'), told({ qty: 150, unit_price: 45.5 }));
    await change({ section: 'Cellar', source_ref: 'A-7', position: 4 });
    await change({ code: null, description: 'Lean concrete', allowance_amount: '99.95' });
    assert.deepEqual(await page.next('boq:item:updated'), told({ code: null, description: 'Lean concrete', allowance_amount: 99.95 }));
    await world.alice.rest.delete(`/boq/${item.id}`);
    await page.quiet();
  });

  test('commands of the native protocol do the same, and say what is wrong', async () => {
    const native = await NativeSocket.connected(world.bob);
    const made = await native.ask('item.create', { kind: 'boq_item', project_id: project.id, ...concrete, qty: 2, mutation_id: 'b-1' });
    const { id } = made.data;
    assert.equal(made.data.qty, '2.000');
    const many = await native.ask('items.update', { kind: 'boq_item', items: [{ id, unit_price: 3 }] });
    assert.deepEqual([many.data.updated, many.data.items[0].total_price], [1, '6.00']);
    const conflict = await native.ask('item.update', { kind: 'boq_item', item_id: id, qty: 1, if_version: 1 });
    assert.equal(conflict.error.code, 'version_conflict');
    const wrong = await native.ask('item.update', { kind: 'budget_category', item_id: id, name: 'x' });
    assert.equal(wrong.error.code, 'not_found');
    const unknown = await native.ask('item.create', { kind: 'ghost', project_id: project.id });
    assert.deepEqual(unknown.error.fields, { kind: 'must name a kind of items' });
    assert.deepEqual((await native.ask('item.delete', { kind: 'boq_item', item_id: id, if_version: 2 })).data, null);
    for (const kind of ['item.created', 'items.updated', 'item.deleted']) await watcher.next(kind);
    native.close();
  });

  test('the snapshot has items and totals, in parts, and the feed goes on from there', async () => {
    const task = await world.task(world.alice, project);
    const made = [];
    for (const qty of [1, 2, 3]) made.push(await make({ qty, unit_price: 1 }));
    const parts = [];
    for (let next = `/projects/${project.id}/snapshot?limit=2`; next; ) {
      const { body, headers } = await world.vera.rest.ask('GET', next);
      parts.push(body);
      const found = /<([^>]*)>/.exec(headers.get('link') ?? '');
      next = found?.[1].replace(/^\/api\/v1/, '');
    }
    assert.deepEqual(parts.map(({ tasks, items }) => [tasks.length, items.length]), [[1, 1], [0, 2]]);
    assert.equal(parts[0].tasks[0].id, task.id);
    assert.deepEqual(parts.flatMap(({ items }) => items), made);
    assert.equal(parts[1].totals.boq_item.total, '6.00');
    await world.bob.rest.patch(`/boq/${made[0].id}`, { qty: 4 });
    const { events } = await world.vera.rest.feed(parts[0].cursor);
    assert.deepEqual(events.map(({ kind, payload }) => [kind, payload.totals.boq_item.total]), [['item.updated', '9.00']]);
  });
});
