// Comments that answer others, and comments on items and projects: over REST and in native words.
// What SkyBuild Pro hears of them is in skybuild-events.test.js.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { NativeSocket } from '../lib/native.js';
import { World } from '../lib/world.js';

describe('comments that answer others', () => {
  let world;
  let [project, task, first, watcher] = [];

  before(async () => (world = await World.start(['alice', 'bob', 'vera', 'mallory'])));
  after(() => world.stop());
  beforeEach(async () => {
    watcher?.close();
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    task = await world.task(world.alice, project);
    first = await world.alice.rest.post(list(), { body: 'Wet?' });
    watcher = await NativeSocket.connected(world.vera);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
  });

  const list = (of = task) => `/tasks/${of.id}/comments`;
  const refused = async (parent, status, fields, person = world.bob) => {
    const body = { body: 'Dry', parent_id: parent };
    const { error } = await person.rest.refused(status, 'POST', list(), { body });
    assert.deepEqual(error.fields, fields);
  };
  const unknown = { parent_id: 'must name a comment on the task' };

  test('an answer names what it answers, and is told, listed, found and changed with that', async () => {
    const answer = await world.vera.rest.post(list(), { body: 'Dry enough', parent_id: String(first.id) });
    assert.deepEqual([first.parent_id, answer.parent_id], [null, first.id]);
    assert.deepEqual((await watcher.next('comment.created')).payload.comment, answer);
    const again = await world.bob.rest.post(list(), { body: 'Said who?', parent_id: answer.id });
    assert.equal(again.parent_id, answer.id, 'an answer can be answered');
    assert.deepEqual(await world.bob.rest.get(list()), [first, answer, again]);
    assert.deepEqual(await world.bob.rest.get(`/comments/${answer.id}`), answer);
    const { comments } = await world.bob.rest.get('/search?q=enough');
    assert.deepEqual(comments.map(({ id, parent_id }) => [id, parent_id]), [[answer.id, first.id]]);
    const edited = await world.vera.rest.patch(`/comments/${answer.id}`, { body: 'Dry', parent_id: again.id });
    assert.deepEqual([edited.body, edited.parent_id], ['Dry', first.id], 'what it answers stays');
  });

  test('only a comment on the same task that is there can be answered', async () => {
    const elsewhere = await world.task(world.alice, project);
    const other = await world.alice.rest.post(list(elsewhere), { body: 'Other' });
    const mine = await world.task(world.mallory, world.mallory.home);
    const hidden = await world.mallory.rest.post(list(mine), { body: 'Hidden' });
    const cursor = await world.alice.rest.cursor();
    for (const parent of [other.id, hidden.id, 999_999_999]) await refused(parent, 422, unknown);
    for (const odd of [0, -1, 1.5, '', 'x', [first.id], { id: first.id }, true, '99999999999999999999']) {
      await refused(odd, 422, { parent_id: 'must be an id' });
    }
    await refused(first.id, 404, undefined, world.mallory);
    assert.deepEqual((await world.alice.rest.feed(cursor)).events, [], 'nothing was stored');
    assert.equal((await world.bob.rest.post(list(), { body: 'Dry', parent_id: null })).parent_id, null);
  });

  test('what answers a comment stays when that is deleted, which cannot be answered any more', async () => {
    const answer = await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id });
    await world.alice.rest.delete(`/comments/${first.id}`);
    assert.deepEqual(await world.bob.rest.get(list()), [answer]);
    await refused(first.id, 422, unknown);
    const native = await NativeSocket.connected(world.bob);
    const wrong = await native.ask('comment.create', { task_id: task.id, body: 'Dry', parent_id: first.id });
    assert.deepEqual([wrong.error.code, wrong.error.fields], ['invalid', unknown]);
    const { data } = await native.ask('comment.create', { task_id: task.id, body: 'Dry', parent_id: answer.id });
    assert.equal(data.parent_id, answer.id);
    native.close();
  });

  test('a key that is sent again brings the same answer, and another one under it none', async () => {
    const key = { headers: { 'idempotency-key': `answer-${task.id}` } };
    const answer = await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id }, key);
    assert.deepEqual(await world.bob.rest.post(list(), { body: 'Dry', parent_id: first.id }, key), answer);
    const { error } = await world.bob.rest.refused(422, 'POST', list(), { ...key, body: { body: 'Dry' } });
    assert.equal(error.code, 'key_reused');
    assert.equal((await world.bob.rest.get(list())).length, 2);
  });
});

describe('comments on items and projects', () => {
  let world;
  let [project, line, watcher] = [];

  before(async () => (world = await World.start(['alice', 'bob', 'vera', 'mallory'], { dialect: 'taskmanager' })));
  after(() => world.stop());
  beforeEach(async () => {
    watcher?.close();
    world.closeClients();
    project = await world.project(world.alice, world.bob, [world.vera, 'viewer']);
    line = await world.bob.rest.post(`/projects/${project.id}/boq`, { description: 'Concrete' });
    watcher = await NativeSocket.connected(world.vera);
    await watcher.ask('subscribe', { room: `project:${project.id}` });
  });

  const list = (item) => `/projects/${project.id}/comments${item ? `?item_id=${item.id}` : ''}`;
  const say = (person, fields) => person.rest.post(list(), { body: 'Too dear', ...fields });
  const ids = (comments) => comments.map(({ id }) => id);

  test('are told with what they are on, listed apart, shown, found and changed', async () => {
    const page = await world.client(world.bob);
    await page.drain();
    const begun = await world.bob.rest.cursor();
    const on_line = await say(world.vera, { item_id: line.id });
    const on_all = await say(world.bob, { item_id: null });
    const about = ({ task_id, item_id, project_id, parent_id }) => [task_id, item_id, project_id, parent_id];
    assert.deepEqual([on_line, on_all].map(about), [[null, line.id, project.id, null], [null, null, project.id, null]]);
    const item = { id: line.id, kind: 'boq_item', project_id: project.id };
    assert.deepEqual((await watcher.next('comment.created')).payload, { comment: on_line, item });
    assert.deepEqual((await watcher.next('comment.created')).payload, { comment: on_all });
    assert.deepEqual(await world.alice.rest.get(list()), [on_all]);
    assert.deepEqual(await world.alice.rest.get(list(line)), [on_line]);
    assert.deepEqual(await world.alice.rest.get(`/comments/${on_line.id}`), on_line);
    assert.deepEqual(ids((await world.alice.rest.get('/search?q=dear&limit=2')).comments), [on_all.id, on_line.id]);
    const edited = await world.vera.rest.patch(`/comments/${on_line.id}`, { body: 'Cheap' }, { headers: { 'if-match': '"1"' } });
    assert.deepEqual((await watcher.next('comment.updated')).payload, { comment: edited, item });
    assert.deepEqual((await world.alice.rest.get('/search?q=cheap')).comments, [edited]);
    const activity = await world.alice.rest.get(`/projects/${project.id}/activity?kind=comment`);
    assert.deepEqual(activity.map(({ kind }) => kind), ['comment.updated', 'comment.created', 'comment.created']);
    const { events } = await world.vera.rest.feed(begun);
    assert.deepEqual(events.map(({ kind }) => kind), activity.map(({ kind }) => kind).reverse());
    // Comments are about tasks there, and nobody is notified of others.
    await page.quiet();
    assert.deepEqual(await world.bob.rest.get('/notifications'), []);
  });

  test('who may: whoever sees the project writes, the author changes, and also who made the item and admins delete', async () => {
    const body = { body: 'Mine', item_id: line.id };
    await world.mallory.rest.refused(404, 'POST', list(), { body });
    await world.mallory.rest.refused(404, 'GET', list());
    await world.mallory.rest.refused(404, 'GET', list(line));
    const first = await say(world.vera, { item_id: line.id });
    await world.mallory.rest.refused(404, 'GET', `/comments/${first.id}`);
    for (const person of [world.alice, world.bob]) {
      await person.rest.refused(403, 'PATCH', `/comments/${first.id}`, { body: { body: 'x' } });
    }
    await world.mallory.rest.refused(404, 'DELETE', `/comments/${first.id}`);
    await world.bob.rest.delete(`/comments/${first.id}`);
    const second = await say(world.vera);
    await world.bob.rest.refused(403, 'DELETE', `/comments/${second.id}`);
    await world.alice.rest.delete(`/comments/${second.id}`);
    await world.vera.rest.delete(`/comments/${(await say(world.vera)).id}`);
    const lines = ids(await world.alice.rest.get(list(line)));
    assert.deepEqual([lines, await world.alice.rest.get(list())], [[], []]);
  });

  test('what is odd is refused and stores nothing', async () => {
    const other = await world.project(world.alice, world.bob);
    const elsewhere = await world.alice.rest.post(`/projects/${other.id}/boq`, { description: 'Sand' });
    const task = await world.task(world.alice, project);
    const on_task = await world.alice.rest.post(`/tasks/${task.id}/comments`, { body: 'Dig' });
    const on_line = await say(world.vera, { item_id: line.id });
    const on_all = await say(world.vera);
    const cursor = await world.alice.rest.cursor();
    const refused = async (fields, expected) => {
      const body = { body: 'Odd', ...fields };
      const { error } = await world.bob.rest.refused(422, 'POST', list(), { body });
      assert.deepEqual(error.fields, expected, JSON.stringify(fields));
    };
    for (const item_id of [elsewhere.id, 999_999_999]) await refused({ item_id }, { item_id: 'must name an item of the project' });
    await refused({ item_id: 'x', parent_id: {}, body: ' ' }, { item_id: 'must be an id', parent_id: 'must be an id', body: 'is required' });
    for (const parent_id of [on_task.id, on_all.id]) {
      await refused({ item_id: line.id, parent_id }, { parent_id: 'must name a comment on the item' });
    }
    for (const parent_id of [on_task.id, on_line.id]) {
      await refused({ parent_id }, { parent_id: 'must name a comment on the project' });
    }
    const { error } = await world.bob.rest.refused(422, 'POST', `/tasks/${task.id}/comments`, { body: { body: 'Odd', parent_id: on_line.id } });
    assert.deepEqual(error.fields, { parent_id: 'must name a comment on the task' });
    await world.bob.rest.refused(422, 'GET', `${list()}?item_id=x`);
    assert.deepEqual((await world.alice.rest.feed(cursor)).events, []);
  });

  test('commands of the native protocol do the same, and say what is wrong', async () => {
    const native = await NativeSocket.connected(world.bob);
    const about = { project_id: project.id, item_id: line.id };
    const first = await native.ask('comment.create', { ...about, body: 'Dear' });
    const second = await native.ask('comment.create', { ...about, body: 'Very', parent_id: first.data.id });
    assert.deepEqual([second.data.item_id, second.data.parent_id], [line.id, first.data.id]);
    const third = await native.ask('comment.create', { project_id: project.id, body: 'Late' });
    assert.deepEqual([third.data.item_id, third.data.task_id], [null, null]);
    assert.equal((await native.ask('comment.update', { comment_id: third.data.id, body: 'Soon' })).data.body, 'Soon');
    assert.equal((await native.ask('comment.delete', { comment_id: third.data.id })).data, null);
    for (const [fields, expected] of [
      [{}, { task_id: 'is required' }],
      [{ item_id: line.id }, { project_id: 'is required' }],
      [{ project_id: project.id, item_id: 999_999_999 }, { item_id: 'must name an item of the project' }],
    ]) {
      const { error } = await native.ask('comment.create', { body: 'Odd', ...fields });
      assert.deepEqual([error.code, error.fields], ['invalid', expected]);
    }
    const { error } = await native.ask('comment.create', { body: 'Odd', project_id: world.mallory.home.id });
    assert.equal(error.code, 'not_found');
    native.close();
  });

  test('they go with what they are on', async () => {
    const on_line = await say(world.vera, { item_id: line.id });
    const on_all = await say(world.vera);
    await world.bob.rest.delete(`/boq/${line.id}`);
    for (const method of ['GET', 'DELETE']) await world.vera.rest.refused(404, method, `/comments/${on_line.id}`);
    assert.deepEqual(await world.bob.rest.get(list(line)), []);
    assert.deepEqual(ids((await world.bob.rest.get(`/search?q=dear&project_id=${project.id}`)).comments), [on_all.id]);
    const body = { body: 'Late', item_id: line.id };
    await world.bob.rest.refused(422, 'POST', list(), { body });
    await world.alice.rest.delete(`/projects/${project.id}`);
    await world.vera.rest.refused(404, 'GET', `/comments/${on_all.id}`);
  });
});
