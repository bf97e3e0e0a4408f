// Milestones: over REST, in native words, and as lines of the history of Flux Studio's projects.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { activityShape, Flux } from '../lib/flux.js';
import { NativeSocket } from '../lib/native.js';
import { Proxy } from '../lib/proxy.js';
import { Returner } from '../lib/returner.js';
import { assertShape } from '../lib/shapes.js';
import { World } from '../lib/world.js';

const KIND = 'milestone';

describe('milestones', () => {
  let world;
  let [project, watcher] = [];

  before(async () => {
    world = await World.start(['alice', 'bob', 'vera', 'mallory'], { dialect: 'flux' });
  });
  after(() => world.stop());
  beforeEach(async () => {
    watcher?.close();
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    watcher = await NativeSocket.connected(world.vera);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
  });

  const list = () => `/projects/${project.id}/milestones`;
  const make = (fields = {}) => world.bob.rest.post(list(), { title: 'Roof on', ...fields });

  test('one is made, changed, listed, shown and deleted, and each is told', async () => {
    const milestone = await make({ due_date: '2026-12-31', description: 'Slated, dry' });
    const { id, created_at, updated_at, creator, ...rest } = milestone;
    assert.equal(creator.id, world.bob.id);
    assert.ok(id > 0 && created_at === updated_at);
    assert.deepEqual(rest, {
      kind: KIND, project_id: project.id, parent_id: null, position: 1, version: 1, creator_id: world.bob.id,
      title: 'Roof on', description: 'Slated, dry', status: 'todo', due_date: '2026-12-31T00:00:00.000000Z',
    });
    const made = await watcher.next('item.created');
    assert.deepEqual(made.payload, { item: milestone, totals: { [KIND]: { items: 1 } } });

    const changed = await world.bob.rest.patch(`/milestones/${id}`, { status: 'DONE', due_date: null });
    assert.deepEqual([changed.status, changed.due_date, changed.version], ['done', null, 2]);
    const told = await watcher.next('item.updated');
    assert.deepEqual(told.payload.changes, {
      status: { old: 'todo', new: 'done' },
      due_date: { old: '2026-12-31T00:00:00.000000Z', new: null },
    });
    assert.deepEqual(await world.vera.rest.get(`/milestones/${id}`), changed);
    assert.deepEqual(await world.vera.rest.get(list()), [changed]);
    assert.deepEqual(await world.vera.rest.get(`${list()}/totals`), { items: 1 });
    const { items, totals } = await world.vera.rest.get(`/projects/${project.id}/snapshot`);
    assert.deepEqual([items, totals[KIND]], [[changed], { items: 1 }]);

    await world.bob.rest.delete(`/milestones/${id}`);
    assert.deepEqual((await watcher.next('item.deleted')).payload, { item: changed, totals: { [KIND]: { items: 0 } } });
    await world.bob.rest.refused(404, 'GET', `/milestones/${id}`);
    assert.deepEqual(await world.vera.rest.get(list()), []);
  });

  test('what breaks a rule is refused with its field and changes nothing', async () => {
    const refused = async (fields, expected) => {
      const { error } = await world.bob.rest.refused(422, 'POST', list(), { body: { title: 'Roof on', ...fields } });
      assert.deepEqual(error.fields, expected);
    };
    await refused({ title: ' ' }, { title: 'is required' });
    await refused({ title: 'x'.repeat(501), description: 5 }, { title: 'must be 500 characters or less', description: 'must be a string' });
    await refused({ status: 'reached' }, { status: 'must be one of: todo, in_progress, done' });
    await refused({ due_date: 'soon', position: 'x' }, { due_date: 'must be an ISO 8601 date or date-time', position: 'must be a number' });
    assert.deepEqual(await world.bob.rest.get(list()), []);
  });

  test('members make and change them, viewers see them, and strangers do not', async () => {
    const { id } = await make();
    for (const [person, status] of [[world.vera, 403], [world.mallory, 404]]) {
      await person.rest.refused(status, 'POST', list(), { body: { title: 'Mine' } });
      await person.rest.refused(status, 'PATCH', `/milestones/${id}`, { body: { title: 'Mine' } });
      await person.rest.refused(status, 'DELETE', `/milestones/${id}`);
    }
    await world.mallory.rest.refused(404, 'GET', `/milestones/${id}`);
    await world.mallory.rest.refused(404, 'GET', list());
    await world.bob.rest.refused(404, 'GET', `/assets/${id}`);
    assert.equal((await world.vera.rest.get(`/milestones/${id}`)).title, 'Roof on');
  });

  test('who saw an older version is told so, and a key is answered once', async () => {
    const key = { headers: { 'idempotency-key': `roof-${project.id}` } };
    const first = await world.bob.rest.post(list(), { title: 'Roof on' }, key);
    assert.deepEqual(await world.bob.rest.post(list(), { title: 'Roof on' }, key), first);
    const headers = { 'if-match': '"1"' };
    await world.bob.rest.patch(`/milestones/${first.id}`, { status: 'in_progress' }, { headers });
    const { error } = await world.alice.rest.refused(412, 'PATCH', `/milestones/${first.id}`, { headers, body: { status: 'done' } });
    assert.equal(error.code, 'version_conflict');
    await world.alice.rest.refused(412, 'DELETE', `/milestones/${first.id}`, { headers });
    assert.deepEqual((await world.vera.rest.get(list())).map(({ status }) => status), ['in_progress']);
  });

  test('commands of the native protocol do the same, and say what is wrong', async () => {
    const native = await NativeSocket.connected(world.bob);
    const made = await native.ask('item.create', { kind: KIND, project_id: project.id, title: 'Roof on' });
    const { id } = made.data;
    const changed = await native.ask('item.update', { kind: KIND, item_id: id, status: 'done', if_version: 1 });
    assert.equal(changed.data.status, 'done');
    const conflict = await native.ask('item.update', { kind: KIND, item_id: id, status: 'todo', if_version: 1 });
    assert.equal(conflict.error.code, 'version_conflict');
    const wrong = await native.ask('item.create', { kind: KIND, project_id: project.id, status: 'reached' });
    assert.deepEqual(wrong.error.fields, { title: 'is required', status: 'must be one of: todo, in_progress, done' });
    const many = await native.ask('items.update', { kind: KIND, items: [{ id, status: 'todo' }] });
    assert.equal(many.error.code, 'not_found', 'this kind has no bulk');
    assert.deepEqual((await native.ask('item.delete', { kind: KIND, item_id: id })).data, null);
    for (const kind of ['item.created', 'item.updated', 'item.deleted']) await watcher.next(kind);
    native.close();
  });

  test('Flux Studio is told lines of the history, of what it shows', async () => {
    const [bob, alice] = await Promise.all([Flux.connected(world.bob), Flux.connected(world.alice)]);
    await bob.join(project);
    await bob.drain();
    // alice belongs to it, and has not joined.
    const milestone = { ...(await make({ due_date: '2026-12-31' })), kind: KIND };
    const told = async (what, metadata, title) =>
      assertShape(await bob.next('activity:new'), activityShape(world.bob, milestone, what, metadata, title));
    const change = (fields) => world.bob.rest.patch(`/milestones/${milestone.id}`, fields);
    const status = (oldValue, newValue) => ({ field: 'status', oldValue, newValue });
    await told('created', { status: 'todo' });
    await change({ title: 'Roof <b>closed</b>' });
    await told('updated', {}, 'Roof &lt;b>closed&lt;/b>');
    await change({ title: 'Roof on', status: 'in_progress' });
    await told('updated', status('todo', 'in_progress'));
    await change({ status: 'done', due_date: null });
    await told('completed', status('in_progress', 'completed'));
    await change({ description: 'Dry' });
    await told('updated', {});
    await change({ status: 'todo' });
    await told('updated', status('completed', 'todo'));
    await change({ position: 7 });
    await world.bob.rest.delete(`/milestones/${milestone.id}`);
    for (const client of [bob, alice]) {
      await client.quiet();
      client.close();
    }
  });

  test('Flux Studio is told what it missed, once and in order', async () => {
    const network = await Proxy.to(world.server.port);
    const titles = /"entityTitle":"(\d+)"/;
    const page = await new Returner('flux', world.alice, { url: network.url, titles }).hearing(project);
    await make({ title: '1' });
    await page.hears('1');
    network.cut();
    for (const title of ['2', '3']) await make({ title });
    network.mend();
    await page.returns(1);
    await make({ title: '4' });
    await page.hears('4');
    assert.deepEqual([page.titles, page.recovered], [['1', '2', '3', '4'], [true]]);
    page.close();
    network.close();
  });
});
