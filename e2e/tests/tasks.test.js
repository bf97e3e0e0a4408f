// Tasks in full: what must be done before them, many at once, their places, when they go on, and
// what they come to.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { World } from '../lib/world.js';

const ids = (list) => list.map(({ id }) => id);

describe('tasks', () => {
  let world;
  let project;
  const make = (title, fields) => world.task(world.alice, project, { title, ...fields });

  before(async () => (world = await World.start(['alice', 'bob', 'carol', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => (project = await world.project(world.alice, world.bob, [world.carol, 'viewer'])));

  test('a task waits for others of its project, and never in a circle', async () => {
    const [one, two, three] = [await make('one'), await make('two'), await make('three')];
    const wait = (task, depends_on) => world.bob.rest.ask('PATCH', `/tasks/${task.id}`, { body: { depends_on } });
    assert.deepEqual((await wait(two, [one.id])).body.depends_on, [one.id]);
    assert.deepEqual((await wait(three, [two.id, one.id, two.id])).body.depends_on, [one.id, two.id]);
    for (const [task, others] of [[one, [one.id]], [one, [two.id]], [one, [three.id]], [two, [three.id]]]) {
      const { status, body } = await wait(task, others);
      assert.equal(status, 422);
      assert.deepEqual(body.error.fields, { depends_on: 'must be tasks that do not wait for this one' });
    }
    const elsewhere = await world.task(world.alice, world.alice.home);
    const { body } = await wait(one, [elsewhere.id]);
    assert.deepEqual(body.error.fields, { depends_on: 'must name tasks of the project' });
    assert.equal((await wait(one, [999_999])).status, 422);
    // One that is gone holds nobody up, and nobody in a circle.
    await world.alice.rest.delete(`/tasks/${two.id}`);
    assert.equal((await wait(three, [])).status, 200);
    assert.deepEqual((await wait(one, [three.id])).body.depends_on, [three.id]);
    const fresh = await make('fresh', { depends_on: [one.id] });
    assert.deepEqual(fresh.depends_on, [one.id]);
  });

  test('it is due after it begins', async () => {
    const task = await make('dated', { start_date: '2026-12-01', due_date: '2026-12-24' });
    const wrong = { body: { due_date: '2026-11-30' } };
    const { error } = await world.bob.rest.refused(422, 'PATCH', `/tasks/${task.id}`, wrong);
    assert.deepEqual(error.fields, { due_date: 'must be after start_date' });
    await world.bob.rest.refused(422, 'POST', '/tasks', { body: { project_id: project.id, title: 'x', start_date: '2027-01-02', due_date: '2027-01-01' } });
    await world.bob.rest.patch(`/tasks/${task.id}`, { start_date: null, due_date: '2026-11-30' });
  });

  test('each is told as its own change, in every dialect', async () => {
    const task = await make('T');
    const envelope = await world.envelope(world.bob);
    await envelope.join(`project:${project.id}`);
    const fields = { type: 'rfi', labels: ['roof'], start_date: '2026-12-01' };
    await world.alice.rest.patch(`/tasks/${task.id}`, fields);
    const { data } = await envelope.next('task.updated');
    assert.deepEqual(data.changes, { ...fields, start_date: '2026-12-01T00:00:00.000000+00:00' });
    await envelope.quiet();
    const { events } = await world.bob.rest.feed(`${(await world.bob.rest.cursor()).split('-')[0]}-0`);
    const { changes } = events.filter(({ kind }) => kind === 'task.updated').at(-1).payload;
    assert.deepEqual(changes.type, { old: 'task', new: 'rfi' });
  });

  test('many at once: each for itself, with the reasons of those that were not changed', async () => {
    const own = await Promise.all(Array.from({ length: 120 }, (_, n) => make(`task ${n}`)));
    const hidden = await world.task(world.mallory, world.mallory.home);
    const here = await world.task(world.carol, world.carol.home);
    await world.carol.rest.post(`/projects/${world.carol.home.id}/members`, { user_id: world.bob.id, role: 'viewer' });
    await world.alice.rest.patch(`/tasks/${own[7].id}`, { status: 'review' });
    const begun = await world.bob.rest.cursor();
    const body = { task_ids: [...ids(own), hidden.id, here.id, 999_999], status: 'review' };
    const headers = { 'idempotency-key': 'many' };
    const { body: told, status } = await world.bob.rest.ask('POST', '/tasks/bulk', { body, headers });
    assert.equal(status, 200, JSON.stringify(told));
    assert.deepEqual([told.total, told.updated, told.skipped, told.tasks.length], [123, 119, 4, 120]);
    const reasons = Object.fromEntries(told.errors.map(({ task_id, code }) => [task_id, code]));
    assert.deepEqual(reasons, { [hidden.id]: 'not_found', [here.id]: 'forbidden', 999_999: 'not_found' });
    assert.ok(told.tasks.every((task) => task.status === 'review'));
    const again = await world.bob.rest.ask('POST', '/tasks/bulk', { body, headers });
    assert.deepEqual([again.body, again.headers.get('idempotency-replayed')], [told, 'true']);
    const { events } = await world.bob.rest.feed(begun);
    assert.equal(events.filter(({ kind }) => kind === 'task.status_changed').length, 119);
    const assign = { task_ids: ids(own).slice(0, 2), assignee_id: world.mallory.id };
    const { body: refused } = await world.bob.rest.ask('POST', '/tasks/bulk', { body: assign });
    assert.deepEqual(refused.errors.map(({ code }) => code), ['invalid', 'invalid']);
    await world.bob.rest.refused(422, 'POST', '/tasks/bulk', { body: { task_ids: Array(501).fill(1), status: 'done' } });
  });

  test('places: one is moved, many are put in order', async () => {
    const [a, b, c] = [await make('a'), await make('b'), await make('c')];
    const orders = [c, a, b].map(({ id }, position) => ({ id, position }));
    const { body } = await world.bob.rest.ask('POST', '/tasks/reorder', { body: { orders, status: 'in_progress' } });
    assert.deepEqual([body.updated, body.skipped], [3, 0]);
    const board = async (status) => ids(await world.bob.rest.get(`/projects/${project.id}/tasks?status=${status}`));
    assert.deepEqual(await board('in_progress'), ids([c, a, b]));
    const moved = await world.bob.rest.ask('POST', `/tasks/${b.id}/move`, { body: { position: -1 } });
    assert.deepEqual([moved.status, moved.body.position, moved.body.status], [200, -1, 'in_progress']);
    assert.deepEqual(await board('in_progress'), ids([b, c, a]));
    await world.bob.rest.ask('POST', `/tasks/${c.id}/move`, { body: { position: 0.5, status: 'done' } });
    assert.deepEqual([await board('in_progress'), await board('done')], [ids([b, a]), [c.id]]);
    await world.carol.rest.refused(403, 'POST', `/tasks/${b.id}/move`, { body: { position: 1 } });
  });

  test('the time line, and lists by type, label and nobody', async () => {
    const spring = await make('spring', { start_date: '2027-03-01', due_date: '2027-05-31', type: 'milestone' });
    const may = await make('may', { due_date: '2027-05-01', labels: ['Roof'] });
    const summer = await make('summer', { start_date: '2027-06-01', assignee_id: world.bob.id });
    await make('never');
    const line = async (query = '') => ids(await world.carol.rest.get(`/projects/${project.id}/timeline${query}`));
    assert.deepEqual(await line(), ids([spring, may, summer]));
    assert.deepEqual(await line('?from=2027-05-15&until=2027-06-01'), [spring.id]);
    assert.deepEqual(await line('?from=2027-06-01'), [summer.id]);
    const some = async (query) => ids(await world.carol.rest.get(`/projects/${project.id}/tasks${query}`));
    assert.deepEqual(await some('?type=milestone'), [spring.id]);
    assert.deepEqual(await some('?label=Roof'), [may.id]);
    assert.equal((await some('?unassigned=true')).length, 3);
    await world.mallory.rest.refused(404, 'GET', `/projects/${project.id}/timeline`);
  });

  test('what they come to', async () => {
    const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
    await make('late', { due_date: day(-1), priority: 'high' });
    await make('soon', { due_date: day(3), assignee_id: world.bob.id, type: 'rfi' });
    await make('then', { due_date: day(10) });
    await make('done', { status: 'done', due_date: day(-3) });
    await make('not', { status: 'cancelled', due_date: day(-3) });
    const told = await world.carol.rest.get(`/projects/${project.id}/statistics`);
    const { average_hours: average, ...rest } = told;
    assert.deepEqual(rest, {
      total: 5,
      by_status: { todo: 3, in_progress: 0, review: 0, blocked: 0, done: 1, cancelled: 1 },
      by_priority: { low: 0, medium: 4, high: 1, critical: 0 },
      by_type: { task: 4, rfi: 1, change: 0, milestone: 0 },
      unassigned: 2,
      overdue: 1,
      due_this_week: 1,
      due_next_week: 1,
      done_percent: 25,
    });
    assert.equal(average, 0);
    const empty = await world.project(world.alice);
    const nothing = await world.alice.rest.get(`/projects/${empty.id}/statistics`);
    assert.deepEqual([nothing.total, nothing.done_percent, nothing.average_hours], [0, null, null]);
    await world.mallory.rest.refused(404, 'GET', `/projects/${project.id}/statistics`);
  });
});
